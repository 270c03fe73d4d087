//! Uploads by a tus client that we did not write, interrupted twice: by an operator, and by an appliance's
//! identity.

use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;

use domfleet_agent::identity::{Identity, KEY};
use domfleet_agent::storage::Files as _;
use domfleet_shared::enrolment::{ALPN_AGENT, BUNDLES_PATH, SERVER_NAME};
use domfleet_shared::id::BundleId;
use domfleet_tests::fleet::{EMAIL, Fleet, PASSWORD, Plan};
use domfleet_tests::link::{Link, Place, Way};
use domfleet_tests::on_both_databases;
use hyper::Method;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::process::{Child, Command};
use tokio::time::timeout;

on_both_databases![
    an_operator_s_client_brings_a_file_however_often_it_is_interrupted,
    an_appliance_s_identity_brings_a_bundle_with_a_client_that_is_not_ours,
];

/// As long as a piece of work of the client's takes at most, on a busy machine.
const PATIENCE: Duration = Duration::from_mins(2);

/// Nothing that could be mixed up.
fn content() -> Vec<u8> {
    (0..150_000_u32).flat_map(u32::to_le_bytes).collect()
}

fn python() -> PathBuf {
    let cache = std::env::var_os("DOMFLEET_CACHE").map_or_else(
        || {
            let home = PathBuf::from(std::env::var_os("HOME").unwrap());
            let cache = std::env::var_os("XDG_CACHE_HOME");
            cache.map_or_else(|| home.join(".cache"), PathBuf::from).join("domfleet")
        },
        PathBuf::from,
    );
    cache.join("oracles/bin/python")
}

/// Starts the client.
async fn begin(asked: &Value) -> Child {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fleet/tus_client.py");
    let mut child = Command::new(python())
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap_or_else(|error| panic!("{error}; `deploy/dev/setup test` installs the client"));
    child.stdin.take().unwrap().write_all(asked.to_string().as_bytes()).await.unwrap();
    child
}

/// What it has said when it has ended.
async fn end(child: Child) -> (Output, Vec<String>) {
    let output = timeout(PATIENCE, child.wait_with_output()).await.unwrap().unwrap();
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    let lines = text.lines().map(str::to_owned).collect();
    (output, lines)
}

/// Brings what is asked for over `link`, which is cut the first time; the second time the client is killed.
async fn interrupted_twice(link: &Link, mut asked: Value) {
    let file = asked["file"].as_str().unwrap().to_owned();
    let whole = std::fs::metadata(file).unwrap().len();
    link.arm(Way::ToServer, 30, Place::Bytes(1000));
    let first = begin(&asked).await;
    timeout(PATIENCE, link.struck()).await.unwrap();
    link.cut();
    let (output, lines) = end(first).await;
    assert!(!output.status.success());
    asked["location"] = json!(lines[0]);

    link.arm(Way::ToServer, 30, Place::Bytes(1));
    let mut second = begin(&asked).await;
    timeout(PATIENCE, link.struck()).await.unwrap();
    second.start_kill().unwrap();
    let (_, lines) = end(second).await;
    link.cut();
    let after_one: u64 = lines[1].parse().unwrap();

    let (output, lines) = end(begin(&asked).await).await;

    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let after_two: u64 = lines[1].parse().unwrap();
    assert!(0 < after_one && after_one < after_two && after_two < whole, "{after_one} {after_two}");
    assert_eq!(lines[2], whole.to_string());
}

async fn is_whole(fleet: &Fleet, bundle: &str, trigger: &str) {
    let seen = fleet.api.get(&format!("/api/v1/bundles/{bundle}")).await;
    assert_eq!((&seen["state"], &seen["trigger"]), (&json!("complete"), &json!(trigger)));
    let path = format!("/api/v1/bundles/{bundle}/content");
    let stored = fleet.api.send(Method::GET, &path, None).await;
    assert_eq!(stored.body.to_vec(), content());
}

async fn an_operator_s_client_brings_a_file_however_often_it_is_interrupted(fleet: &mut Fleet) {
    let appliance = fleet.add_appliance().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("kern.log");
    std::fs::write(&file, content()).unwrap();
    let login = json!({ "email": EMAIL, "password": PASSWORD });
    let login = fleet.api.post("/api/v1/login", login).await.ok();
    let link = fleet.link().await;
    let port = link.address().port();

    let asked = json!({
        "url": format!("https://localhost:{port}{}/uploads", appliance.path()),
        "ca": fleet.data_dir().join("pki/ca.pem"),
        "headers": { "authorization": format!("Bearer {}", login["access_token"].as_str().unwrap()) },
        "metadata": { "filename": "kern.log" },
        "file": file,
        "chunk_bytes": 60_000,
        "has_checksums": true,
    });
    interrupted_twice(&link, asked).await;

    let page = fleet.api.get("/api/v1/bundles?trigger=upload").await;
    assert_eq!((&page["total"], &page["bundles"][0]["file_name"]), (&json!(1), &json!("kern.log")));
    is_whole(fleet, page["bundles"][0]["id"].as_str().unwrap(), "upload").await;
}

async fn an_appliance_s_identity_brings_a_bundle_with_a_client_that_is_not_ours(fleet: &mut Fleet) {
    let token = fleet.token(json!({})).await;
    let machine = fleet.join(&Plan::default(), &token).await.unwrap();
    let identity = Identity::load(&machine.files).await.unwrap();
    let key = machine.files.read(KEY, 1 << 16).await.unwrap().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    let (file, bundle) = (put("bundle.tar.zst", &content()), BundleId::new());
    let link = fleet.link().await;
    let port = link.address().port();

    let asked = json!({
        "url": format!("https://{SERVER_NAME}:{port}{BUNDLES_PATH}"),
        "ca": put("ca.pem", identity.trust_bundle_pem.as_bytes()),
        "certificate": [put("agent.pem", identity.certificate_pem.as_bytes()), put("key.pem", &key)],
        "alpn": std::str::from_utf8(ALPN_AGENT).unwrap(),
        "metadata": {
            "bundle": bundle.to_string(),
            "blake3": blake3::hash(&content()).to_hex().to_string(),
            "trigger": "unclean_boot",
        },
        "file": file,
        "chunk_bytes": 60_000,
        "has_checksums": false,
    });
    interrupted_twice(&link, asked).await;

    is_whole(fleet, &bundle.to_string(), "unclean_boot").await;
}
