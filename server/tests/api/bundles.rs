//! What is in bundles, who holds them, and how long they stay.

use std::time::Duration;

use axum::http::{Method, StatusCode};
use domfleet_server::db::entity::bundle;
use domfleet_server::tasks::Task as _;
use domfleet_server::tasks::retention::Retention;
use object_store::{ObjectStoreExt as _, PutPayload};
use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait as _, EntityTrait as _};
use serde_json::{Value, json};

use crate::client::{Api, User, request};
use crate::database::{TestDatabase, on_both};
use crate::{fleet, uploads};

on_both! {
    the_files_in_a_bundle_can_be_looked_through_and_read_a_part_at_a_time
    a_bundle_that_is_cut_says_so_and_shows_what_there_is
    a_text_is_found_in_the_files_of_a_bundle
    a_download_goes_on_where_it_was
    what_is_held_stays_until_it_is_released
    the_oldest_go_when_there_are_too_many_and_none_that_is_held
}

/// A tar archive, compressed by zstd.
pub(crate) fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (path, content) in files {
        let mut header = tar::Header::new_ustar();
        header.set_size(content.len() as u64);
        header.set_mode(0o600);
        // As a stranger writes it: the library refuses names that lead out of the archive.
        header.as_old_mut().name[..path.len()].copy_from_slice(path.as_bytes());
        header.set_cksum();
        builder.append(&header, *content).unwrap();
    }
    zstd::encode_all(builder.into_inner().unwrap().as_slice(), 3).unwrap()
}

/// Makes `content` what came as `bundle`.
pub(crate) async fn fill(api: &Api, bundle: &str, content: &[u8]) {
    let name = format!("bundles/{bundle}");
    let object = object_store::path::Path::from(name.clone());
    api.app.objects.put(&object, PutPayload::from(content.to_vec())).await.unwrap();
    let row = bundle::Entity::find_by_id(bundle.parse::<uuid::Uuid>().unwrap())
        .one(api.app.db.read())
        .await
        .unwrap()
        .unwrap();
    let mut row = bundle::ActiveModel::from(row);
    row.state = Set("complete".into());
    row.object = Set(Some(name));
    row.size_bytes = Set(Some(i64::try_from(content.len()).unwrap()));
    row.update(api.app.db.write()).await.unwrap();
}

async fn appliance(api: &Api) -> (User<'_>, String) {
    let admin = api.admin().await;
    let me = admin.get("/api/v1/me").await.ok();
    let organisation = me["organisation"]["id"].as_str().unwrap();
    let appliance = fleet::appliance(api, organisation, "box").await.id.to_string();
    (admin, appliance)
}

fn manifest() -> String {
    let entries = [json!({ "path": "xen/dmesg.txt", "truncated": true, "redactions": 3 })];
    json!({ "format": "domfleet-bundle/1", "is_whole": true, "entries": entries }).to_string()
}

async fn the_files_in_a_bundle_can_be_looked_through_and_read_a_part_at_a_time(db: TestDatabase) {
    let api = Api::start(db).await;
    let (admin, appliance) = appliance(&api).await;
    let content = archive(&[
        ("xen/dmesg.txt", b"one\ntwo\nthree \xff\n"),
        ("../../etc/passwd", b"not ours"),
        ("empty", b""),
        ("manifest.json", manifest().as_bytes()),
    ]);
    let bundle = format!("/api/v1/bundles/{}", uploads::bring(&admin, &appliance, &content).await);

    let seen = admin.get(&bundle).await.ok();
    let files = admin.get(&format!("{bundle}/files")).await.ok();
    let file = format!("{bundle}/files/xen%2Fdmesg.txt");
    let first = admin.get(&format!("{file}?limit=10")).await;
    let next = first.headers["x-next-offset"].to_str().unwrap().to_owned();
    let rest = admin.get(&format!("{file}?limit=10&offset={next}")).await;
    let raw = admin.get(&format!("{file}?raw=1")).await;

    assert_eq!((&seen["kind"], &seen["manifest"]["is_whole"]), (&json!("bundle"), &json!(true)));
    assert_eq!((&files["format"], &files["troubles"]), (&json!("tar.zst"), &json!([])));
    let described = &files["files"][0];
    assert_eq!(
        described,
        &json!({ "path": "xen/dmesg.txt", "size_bytes": 16, "truncated": true, "redactions": 3, "error": null })
    );
    assert_eq!((first.body.as_slice(), next.as_str()), (b"one\ntwo\n".as_slice(), "8"));
    assert_eq!(String::from_utf8(rest.body).unwrap(), "three \u{fffd}\n");
    assert!(!rest.headers.contains_key("x-next-offset"));
    assert_eq!(rest.headers["content-type"], "text/plain; charset=utf-8");
    assert_eq!(rest.headers["x-content-type-options"], "nosniff");
    assert_eq!(raw.body, b"one\ntwo\nthree \xff\n");
    assert_eq!(raw.headers["content-type"], "application/octet-stream");
    assert_eq!(raw.headers["content-disposition"], "attachment; filename=\"dmesg.txt\"");
    // A name is only a name, and an empty file is a file.
    let escape = admin.get(&format!("{bundle}/files/..%2F..%2Fetc%2Fpasswd")).await;
    assert_eq!(escape.body, b"not ours");
    let empty = admin.get(&format!("{bundle}/files/empty?raw=1")).await;
    assert_eq!((empty.status, empty.body.len()), (StatusCode::OK, 0));
    for missing in ["files/none", "files/none?raw=1", "files/xen"] {
        assert_eq!(admin.get(&format!("{bundle}/{missing}")).await.code(), "not_found");
    }
    let too_much = admin.get(&format!("{file}?limit=9999999999")).await;
    assert_eq!(too_much.code(), "invalid");
}

async fn a_bundle_that_is_cut_says_so_and_shows_what_there_is(db: TestDatabase) {
    let api = Api::start(db).await;
    let (admin, appliance) = appliance(&api).await;
    let noise: Vec<u8> = (0..60_000_u32)
        .flat_map(|n| blake3::hash(&n.to_le_bytes()).as_bytes()[..4].to_vec())
        .collect();
    let content = archive(&[("first", b"hello"), ("second", &noise)]);
    let cut = &content[..content.len() / 2];
    let bundle = format!("/api/v1/bundles/{}", uploads::bring(&admin, &appliance, cut).await);

    let files = admin.get(&format!("{bundle}/files")).await.ok();
    let first = admin.get(&format!("{bundle}/files/first")).await;
    let third = admin.get(&format!("{bundle}/files/third")).await;

    assert_eq!(files["kind"], "archive");
    assert!(files["troubles"][0].as_str().unwrap().contains("cut"), "{files:#}");
    assert_eq!(first.body, b"hello");
    assert_eq!((third.status.as_u16(), third.code().as_str()), (422, "unreadable"));
}

async fn a_text_is_found_in_the_files_of_a_bundle(db: TestDatabase) {
    let api = Api::start(db).await;
    let (admin, appliance) = appliance(&api).await;
    let content = archive(&[
        ("kern.log", b"fine\ntask qemu blocked for more than 120 seconds\nBlocked again\n"),
        ("other.log", b"fine\n"),
    ]);
    let bundle = format!("/api/v1/bundles/{}", uploads::bring(&admin, &appliance, &content).await);

    let found = admin.get(&format!("{bundle}/search?q=BLOCKED")).await.ok();
    let first = admin.get(&format!("{bundle}/search?q=blocked&limit=1")).await.ok();

    assert_eq!(
        found["hits"],
        json!([
            { "file": "kern.log", "line": 2, "text": "task qemu blocked for more than 120 seconds" },
            { "file": "kern.log", "line": 3, "text": "Blocked again" },
        ])
    );
    assert_eq!((&found["more"], &first["more"]), (&json!(false), &json!(true)));
    for wrong in ["q=", "q=a%0Ab", "q=x&limit=0"] {
        assert_eq!(
            admin.get(&format!("{bundle}/search?{wrong}")).await.code(),
            "invalid",
            "{wrong}"
        );
    }
}

async fn a_download_goes_on_where_it_was(db: TestDatabase) {
    let api = Api::start(db).await;
    let (admin, appliance) = appliance(&api).await;
    let id = uploads::bring(&admin, &appliance, b"hello world").await;
    let path = format!("/api/v1/bundles/{id}/content");
    let ranged = async |range: &str| {
        let mut request = request(Method::GET, &path, Some(&admin.token), None);
        request.headers_mut().insert("range", range.parse().unwrap());
        api.send(request).await
    };

    let part = ranged("bytes=6-").await;
    let beyond = ranged("bytes=11-").await;
    let whole = admin.get(&path).await;

    assert_eq!(
        (part.status, part.body.as_slice()),
        (StatusCode::PARTIAL_CONTENT, b"world".as_slice())
    );
    assert_eq!(part.headers["content-range"], "bytes 6-10/11");
    assert_eq!(beyond.status, StatusCode::RANGE_NOT_SATISFIABLE);
    assert_eq!(beyond.headers["content-range"], "bytes */11");
    assert_eq!((whole.status, whole.body.as_slice()), (StatusCode::OK, b"hello world".as_slice()));
    assert_eq!(
        (&whole.headers["accept-ranges"], &whole.headers["etag"]),
        (&"bytes".parse().unwrap(), &part.headers["etag"])
    );
}

async fn what_is_held_stays_until_it_is_released(db: TestDatabase) {
    let api = Api::start(db).await;
    let (admin, appliance) = appliance(&api).await;
    let id = uploads::bring(&admin, &appliance, b"evidence").await;
    let path = format!("/api/v1/bundles/{id}");

    let unsaid = admin.post(&format!("{path}/hold"), &json!({ "note": " " })).await;
    let held = admin.post(&format!("{path}/hold"), &json!({ "note": "case 7" })).await.ok();
    let removed = admin.delete(&path).await;
    let held_ones = admin.get("/api/v1/bundles?held=yes").await.ok();
    api.app.clock.advance(Duration::from_hours(24 * 181));
    Retention(api.app.clone()).run().await.unwrap();
    let admin = api.admin().await;
    let still = admin.get(&path).await.ok();
    let released = admin.post(&format!("{path}/release"), &Value::Null).await.ok();
    let again = admin.post(&format!("{path}/release"), &Value::Null).await.ok();
    Retention(api.app.clone()).run().await.unwrap();

    assert_eq!(unsaid.code(), "invalid");
    assert_eq!(
        (&held["hold"]["note"], &held["hold"]["by"]),
        (&json!("case 7"), &json!("admin@domfleet.local"))
    );
    assert_eq!((removed.status, removed.code().as_str()), (StatusCode::CONFLICT, "on_hold"));
    assert_eq!((&held_ones["total"], &still["state"]), (&json!(1), &json!("complete")));
    assert_eq!((&released["hold"], &again["hold"]), (&Value::Null, &Value::Null));
    let gone = admin.get(&path).await.ok();
    assert_eq!(gone["state"], "expired");
    assert_eq!(admin.get(&format!("{path}/content")).await.code(), "conflict");
    assert_eq!(admin.get(&format!("{path}/files")).await.code(), "conflict");
    assert_eq!(
        admin.post(&format!("{path}/hold"), &json!({ "note": "n" })).await.code(),
        "conflict"
    );
    let actions: Vec<Value> = admin.get("/api/v1/audit").await.ok()["audit"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|entry| entry["object_id"] == id)
        .map(|entry| entry["action"].clone())
        .collect();
    assert_eq!(actions, ["bundle.release", "bundle.hold", "bundle.upload"].map(Value::from));
}

async fn the_oldest_go_when_there_are_too_many_and_none_that_is_held(db: TestDatabase) {
    let api = Api::start_with(db, "bundles.keep_per_appliance = 3").await;
    let (admin, appliance) = appliance(&api).await;
    let mut ids = Vec::new();
    for n in 0..5_u8 {
        ids.push(uploads::bring(&admin, &appliance, &[n]).await);
        api.app.clock.advance(Duration::from_secs(1));
    }
    admin.post(&format!("/api/v1/bundles/{}/hold", ids[0]), &json!({ "note": "n" })).await.ok();
    // What only begins pushes nothing out.
    for _ in 0..3 {
        uploads::begin(&admin, &appliance, b"x").await;
    }

    Retention(api.app.clone()).run().await.unwrap();

    let mut states = Vec::new();
    for id in &ids {
        let bundle = admin.get(&format!("/api/v1/bundles/{id}")).await.ok();
        states.push(bundle["state"].as_str().unwrap().to_owned());
    }
    assert_eq!(states, ["complete", "expired", "complete", "complete", "complete"]);
}
