//! Bundles in S3, on a server of it that we did not write (moto), also when that is away.

use std::net::TcpListener;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use axum::http::{Method, StatusCode};
use domfleet_server::tasks::Task as _;
use domfleet_server::tasks::uploads::Store;
use serde_json::json;
use tokio::process::{Child, Command};

use crate::client::{Api, request};
use crate::database::TestDatabase;
use crate::{fleet, uploads};

const BUCKET: &str = "domfleet-bundles";

/// A server of S3. It ends with its test.
struct Moto {
    port: u16,
    child: Option<Child>,
    http: reqwest::Client,
}

impl Moto {
    fn new() -> Self {
        let _same = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        Self { port: free.local_addr().unwrap().port(), child: None, http: reqwest::Client::new() }
    }

    fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// Starts it, with an empty bucket.
    async fn start(&mut self) {
        let server = oracles().join("moto_server");
        let child = Command::new(&server)
            .args(["-H", "127.0.0.1", "-p", &self.port.to_string()])
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap_or_else(|error| {
                panic!("{}: {error}; `deploy/dev/setup test` installs it", server.display())
            });
        self.child = Some(child);
        let until = Instant::now() + Duration::from_mins(1);
        let bucket = self.url(&format!("/{BUCKET}"));
        while self.http.put(&bucket).send().await.is_err() {
            assert!(Instant::now() < until, "moto does not begin to answer");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn get(&self, path: &str) -> (StatusCode, Vec<u8>) {
        let answer = self.http.get(self.url(path)).send().await.unwrap();
        (answer.status(), answer.bytes().await.unwrap().to_vec())
    }
}

fn oracles() -> PathBuf {
    let cache = std::env::var_os("DOMFLEET_CACHE").map_or_else(
        || {
            let home = PathBuf::from(std::env::var_os("HOME").unwrap());
            let cache = std::env::var_os("XDG_CACHE_HOME");
            cache.map_or_else(|| home.join(".cache"), PathBuf::from).join("domfleet")
        },
        PathBuf::from,
    );
    cache.join("oracles/bin")
}

async fn api(moto: &Moto) -> Api {
    let lines = format!(
        "objects_url = 's3://{BUCKET}/fleet/one'\nobjects.s3.endpoint = '{}'\n\
         objects.s3.access_key = 'key'\nobjects.s3.secret_key = 'secret'\n\
         objects.s3.allow_http = true",
        moto.url("")
    );
    Api::start_with(TestDatabase::sqlite(), &lines).await
}

/// More than one part of an object, and nothing that could be mixed up.
fn large() -> Vec<u8> {
    (0..5_000_000_u32).flat_map(u32::to_le_bytes).collect()
}

#[tokio::test]
async fn a_bundle_is_whole_in_s3_and_is_read_and_removed_there() {
    let mut moto = Moto::new();
    moto.start().await;
    let api = api(&moto).await;
    let admin = api.admin().await;
    let me = admin.get("/api/v1/me").await.ok();
    let organisation = me["organisation"]["id"].as_str().unwrap();
    let appliance = fleet::appliance(&api, organisation, "box").await.id.to_string();
    let content = large();

    let id = uploads::bring(&admin, &appliance, &content).await;
    let small = uploads::bring(&admin, &appliance, b"panic: here\n").await;

    let object = |id: &str| format!("/{BUCKET}/fleet/one/bundles/{appliance}/{id}");
    assert_eq!(admin.get(&format!("/api/v1/bundles/{id}")).await.ok()["state"], "complete");
    let (status, stored) = moto.get(&object(&id)).await;
    assert_eq!((status, stored == content), (StatusCode::OK, true));
    let path = format!("/api/v1/bundles/{id}/content");
    let mut part = request(Method::GET, &path, Some(&admin.token), None);
    part.headers_mut().insert("range", "bytes=9000000-9000009".parse().unwrap());
    let part = api.send(part).await;
    assert_eq!(part.status, StatusCode::PARTIAL_CONTENT);
    assert_eq!(part.body, content[9_000_000..9_000_010]);
    let found = admin.get(&format!("/api/v1/bundles/{small}/search?q=PANIC")).await.ok();
    assert_eq!(found["hits"][0]["text"], "panic: here");
    // Nothing is left that would be charged for.
    let (_, unfinished) = moto.get(&format!("/{BUCKET}?uploads")).await;
    assert!(!String::from_utf8(unfinished).unwrap().contains("<UploadId>"));
    admin.delete(&format!("/api/v1/bundles/{id}")).await.ok();
    assert_eq!(moto.get(&object(&id)).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn while_s3_is_away_nothing_is_lost_and_all_is_stored_when_it_is_back() {
    let mut moto = Moto::new();
    let api = api(&moto).await;
    let admin = api.admin().await;
    let me = admin.get("/api/v1/me").await.ok();
    let organisation = me["organisation"]["id"].as_str().unwrap();
    let appliance = fleet::appliance(&api, organisation, "box").await.id.to_string();

    let id = uploads::bring(&admin, &appliance, b"evidence").await;
    let path = format!("/api/v1/bundles/{id}");
    let upload = format!("/api/v1/uploads/{id}");
    let head = || api.send(uploads::tus(&admin, Method::HEAD, &upload, &[], b""));
    let waiting = (admin.get(&path).await.ok(), head().await);
    let ready = api.send(request(Method::GET, "/readyz", None, None)).await;
    let left = Store(api.app.clone()).run().await.unwrap();
    let unread = admin.get(&format!("{path}/content")).await;
    moto.start().await;
    let stored = Store(api.app.clone()).run().await.unwrap();

    assert_eq!(waiting.0["state"], "received");
    assert_eq!(waiting.1.headers["upload-offset"], "8");
    assert_eq!(waiting.1.headers["upload-complete"], "?0");
    assert_eq!(ready.status, StatusCode::OK);
    assert!(String::from_utf8(ready.body).unwrap().contains("object store does not answer"));
    assert_eq!((left, stored), (1, 0));
    assert_eq!(unread.code(), "conflict");
    assert_eq!(head().await.headers["upload-complete"], "?1");
    assert_eq!(admin.get(&format!("{path}/content")).await.body, b"evidence");
    assert_eq!(admin.get(&path).await.ok()["state"], "complete");
    let ready = api.send(request(Method::GET, "/readyz", None, None)).await;
    assert_eq!(ready.body, b"ready\n");
    let parts = std::fs::read_dir(api.app.config.data_dir.join("uploads")).unwrap();
    assert_eq!(parts.count(), 0);
    assert_eq!(admin.get("/api/v1/bundles").await.ok()["bundles"][0]["file_name"], json!(null));
}
