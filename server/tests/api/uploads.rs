//! Files that operators bring, by tus.

use std::time::Duration;

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domfleet_server::db::uploads::{self, Announced};
use domfleet_server::domain::bundle::BundleTrigger;
use domfleet_server::tasks::Task as _;
use domfleet_server::tasks::uploads::Abandoned;
use domfleet_shared::id::{ApplianceId, BundleId, OrganisationId};
use serde_json::{Value, json};

use crate::client::{ADMIN, Answer, Api, PASSWORD, User};
use crate::database::{TestDatabase, on_both};
use crate::fleet;

on_both! {
    a_file_comes_in_pieces_and_is_there_as_it_was
    a_piece_that_is_damaged_on_its_way_does_not_count
    to_begin_again_with_the_same_file_is_to_go_on
    an_upload_may_rest_for_a_week_and_not_for_ever
    what_does_not_fit_is_refused_by_name_and_changes_nothing
    of_two_who_send_the_same_at_once_nothing_is_mixed_up
    where_nothing_but_post_comes_through_post_will_do
    what_an_appliance_sends_is_not_touched_by_hand
    there_is_an_end_to_what_one_appliance_may_have_here
}

pub(crate) fn tus(
    user: &User<'_>,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Request<Body> {
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header("authorization", format!("Bearer {}", user.token))
        .header("tus-resumable", "1.0.0");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Body::from(body.to_vec())).unwrap()
}

fn metadata(pairs: &[(&str, &str)]) -> String {
    let pairs = pairs.iter().map(|(key, value)| format!("{key} {}", STANDARD.encode(value)));
    pairs.collect::<Vec<_>>().join(",")
}

async fn create(user: &User<'_>, appliance: &str, length: usize, pairs: &[(&str, &str)]) -> Answer {
    let (length, metadata) = (length.to_string(), metadata(pairs));
    let headers = [("upload-length", length.as_str()), ("upload-metadata", metadata.as_str())];
    let path = format!("/api/v1/appliances/{appliance}/uploads");
    user.api.send(tus(user, Method::POST, &path, &headers, b"")).await
}

fn location(created: &Answer) -> String {
    assert_eq!(created.status, StatusCode::CREATED, "{created:?}");
    created.headers["location"].to_str().unwrap().to_owned()
}

fn id(path: &str) -> String {
    path.rsplit('/').next().unwrap().to_owned()
}

/// Begins to bring `content`; returns the id of the bundle.
pub(crate) async fn begin(user: &User<'_>, appliance: &str, content: &[u8]) -> String {
    id(&location(&create(user, appliance, content.len(), &[]).await))
}

/// Brings `content`; returns the id of the bundle.
pub(crate) async fn bring(user: &User<'_>, appliance: &str, content: &[u8]) -> String {
    let id = begin(user, appliance, content).await;
    let sent = send(user, &format!("/api/v1/uploads/{id}"), 0, content, None).await;
    assert_eq!(sent.status, StatusCode::NO_CONTENT, "{sent:?}");
    id
}

async fn send(
    user: &User<'_>,
    path: &str,
    offset: usize,
    bytes: &[u8],
    checksum: Option<&str>,
) -> Answer {
    let offset = offset.to_string();
    let mut headers = vec![
        ("upload-offset", offset.as_str()),
        ("content-type", "application/offset+octet-stream"),
    ];
    headers.extend(checksum.map(|checksum| ("upload-checksum", checksum)));
    user.api.send(tus(user, Method::PATCH, path, &headers, bytes)).await
}

async fn head(user: &User<'_>, path: &str) -> Answer {
    user.api.send(tus(user, Method::HEAD, path, &[], b"")).await
}

fn header<'a>(answer: &'a Answer, name: &str) -> &'a str {
    answer.headers.get(name).map_or("", |value| value.to_str().unwrap())
}

fn blake3(content: &[u8]) -> String {
    blake3::hash(content).to_hex().to_string()
}

/// An appliance of the vendor's.
async fn appliance(api: &Api) -> (User<'_>, String, String) {
    let admin = api.admin().await;
    let me = admin.get("/api/v1/me").await.ok();
    let organisation = me["organisation"]["id"].as_str().unwrap().to_owned();
    let appliance = fleet::appliance(api, &organisation, "box").await.id.to_string();
    (admin, organisation, appliance)
}

async fn a_file_comes_in_pieces_and_is_there_as_it_was(db: TestDatabase) {
    let api = Api::start(db).await;
    let (admin, _, appliance) = appliance(&api).await;
    let content = vec![7; 300_000];
    let said = [("filename", "kern log.txt"), ("note", "from the USB stick")];

    let created = create(&admin, &appliance, content.len(), &said).await;
    let path = location(&created);
    let first = send(&admin, &path, 0, &content[..100_000], None).await;
    let asked = head(&admin, &path).await;
    let last = send(&admin, &path, 100_000, &content[100_000..], None).await;

    assert_eq!(
        (header(&created, "upload-offset"), header(&created, "tus-resumable")),
        ("0", "1.0.0")
    );
    assert_eq!(header(&first, "upload-offset"), "100000");
    assert!(header(&first, "upload-expires").ends_with("GMT"));
    let standing = ["upload-offset", "upload-length", "upload-complete", "cache-control"];
    assert_eq!(standing.map(|name| header(&asked, name)), ["100000", "300000", "?0", "no-store"]);
    assert_eq!(
        (header(&last, "upload-offset"), header(&last, "upload-complete")),
        ("300000", "?1")
    );
    let bundle = admin.get(&format!("/api/v1/bundles/{}", id(&path))).await.ok();
    let seen = ["state", "trigger", "kind", "file_name", "note"].map(|key| bundle[key].clone());
    assert_eq!(
        seen,
        ["complete", "upload", "file", "kern log.txt", "from the USB stick"].map(Value::from)
    );
    assert_eq!(bundle["blake3"], blake3(&content));
    let stored = admin.get(&format!("/api/v1/bundles/{}/content", id(&path))).await;
    assert_eq!(stored.body, content);
    assert_eq!(header(&stored, "content-disposition"), "attachment; filename=\"kern_log.txt\"");
    let entry = &admin.get("/api/v1/audit?action=bundle.upload").await.ok()["audit"][0];
    assert_eq!((&entry["actor"], &entry["object_id"]), (&json!(ADMIN), &json!(id(&path))));
}

async fn a_piece_that_is_damaged_on_its_way_does_not_count(db: TestDatabase) {
    let api = Api::start(db).await;
    let (admin, _, appliance) = appliance(&api).await;
    let path = location(&create(&admin, &appliance, 11, &[]).await);
    send(&admin, &path, 0, b"hello", None).await;
    // Of " world", by sha1sum.
    let checksum = format!(
        "sha1 {}",
        STANDARD.encode(hex::decode("3f822726a0c9fb556618e9cb97fb642f7ef62d6f").unwrap())
    );

    let damaged = send(&admin, &path, 5, b" w0rld", Some(&checksum)).await;
    let unknown = send(&admin, &path, 5, b" world", Some("md5 AAAA")).await;
    let asked = head(&admin, &path).await;
    let options = format!("/api/v1/appliances/{appliance}/uploads");
    let options = api.send(tus(&admin, Method::OPTIONS, &options, &[], b"")).await;

    assert_eq!((damaged.status.as_u16(), damaged.code().as_str()), (460, "checksum_mismatch"));
    assert_eq!((unknown.status.as_u16(), unknown.code().as_str()), (400, "checksum_algorithm"));
    assert_eq!(header(&damaged, "tus-resumable"), "1.0.0");
    assert_eq!(header(&asked, "upload-offset"), "5");
    let can = ["tus-version", "tus-extension", "tus-checksum-algorithm", "tus-max-size"];
    assert_eq!(
        can.map(|name| header(&options, name)),
        [
            "1.0.0",
            "creation,creation-with-upload,checksum,expiration,termination",
            "sha1,sha256,blake3",
            "104857600"
        ]
    );
}

async fn to_begin_again_with_the_same_file_is_to_go_on(db: TestDatabase) {
    let api = Api::start(db).await;
    let (admin, _, appliance) = appliance(&api).await;
    let content = b"hello world";
    let hash = blake3(content);
    let again = async || create(&admin, &appliance, content.len(), &[("blake3", &hash)]).await;

    let first = location(&again().await);
    send(&admin, &first, 0, b"hello", None).await;
    let second = again().await;
    send(&admin, &first, 5, b" world", None).await;
    let third = again().await;
    admin.delete(&format!("/api/v1/bundles/{}", id(&first))).await.ok();
    let fourth = location(&again().await);

    assert_eq!((location(&second), header(&second, "upload-offset")), (first.clone(), "5"));
    assert_eq!((location(&third), header(&third, "upload-complete")), (first.clone(), "?1"));
    assert_ne!(fourth, first);
    // Another content than the one that was announced is thrown away.
    let wrong = send(&admin, &fourth, 0, b"HELLO WORLD", None).await;
    assert_eq!((wrong.status.as_u16(), wrong.code().as_str()), (422, "hash_mismatch"));
    assert_eq!(header(&head(&admin, &fourth).await, "upload-offset"), "0");
}

async fn an_upload_may_rest_for_a_week_and_not_for_ever(db: TestDatabase) {
    let api = Api::start(db).await;
    let day = Duration::from_hours(24);
    let (admin, _, appliance) = appliance(&api).await;
    let kept = location(&create(&admin, &appliance, 11, &[]).await);
    let left = location(&create(&admin, &appliance, 11, &[]).await);
    send(&admin, &kept, 0, b"hello", None).await;
    send(&admin, &left, 0, b"hello", None).await;

    api.app.clock.advance(7 * day);
    let admin = api.admin().await;
    let after_a_week = send(&admin, &kept, 5, b" wor", None).await;
    api.app.clock.advance(8 * day);
    Abandoned(api.app.clone()).run().await.unwrap();
    let admin = User { api: &api, token: api.token(ADMIN, PASSWORD).await };
    let kept_on = send(&admin, &kept, 9, b"ld", None).await;
    let over = head(&admin, &left).await;
    let late = send(&admin, &left, 5, b" world", None).await;

    assert_eq!(header(&after_a_week, "upload-offset"), "9");
    assert_eq!(header(&kept_on, "upload-complete"), "?1");
    assert_eq!(over.status, StatusCode::GONE);
    assert_eq!((late.status, late.code().as_str()), (StatusCode::GONE, "upload_over"));
    let parts = std::fs::read_dir(api.app.config.data_dir.join("uploads")).unwrap();
    assert_eq!(parts.count(), 0);
    let bundle = admin.get(&format!("/api/v1/bundles/{}", id(&left))).await.ok();
    assert_eq!(bundle["state"], "failed");
}

async fn what_does_not_fit_is_refused_by_name_and_changes_nothing(db: TestDatabase) {
    let api = Api::start_with(db, "bundles.max_bytes = 20").await;
    let (admin, _, appliance) = appliance(&api).await;
    let path = location(&create(&admin, &appliance, 11, &[]).await);
    send(&admin, &path, 0, b"hello", None).await;

    let large = create(&admin, &appliance, 21, &[]).await;
    let text = create(&admin, &appliance, 5, &[("note", "a\0b")]).await;
    let gap = send(&admin, &path, 7, b"orld", None).await;
    let back = send(&admin, &path, 0, b"hello", None).await;
    let more = send(&admin, &path, 5, b" world and more", None).await;
    let mut old = tus(&admin, Method::HEAD, &path, &[], b"");
    old.headers_mut().insert("tus-resumable", "0.2.2".parse().unwrap());
    let old = api.send(old).await;
    let plain = [("upload-offset", "5"), ("content-type", "text/plain")];
    let plain = api.send(tus(&admin, Method::PATCH, &path, &plain, b" world")).await;

    let refused = [
        (&large, 413, "too_large"),
        (&text, 422, "invalid"),
        (&gap, 409, "offset"),
        (&back, 409, "offset"),
        (&more, 413, "too_large"),
        (&plain, 415, "media_type"),
    ];
    for (answer, status, code) in refused {
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (status, code));
    }
    assert_eq!((old.status.as_u16(), header(&old, "tus-version")), (412, "1.0.0"));
    assert_eq!(header(&head(&admin, &path).await, "upload-offset"), "5");
    // What is over is over.
    let ended = api.send(tus(&admin, Method::DELETE, &path, &[], b"")).await;
    assert_eq!(ended.status, StatusCode::NO_CONTENT);
    assert_eq!(head(&admin, &path).await.status, StatusCode::GONE);
    let again = api.send(tus(&admin, Method::DELETE, &path, &[], b"")).await;
    assert_eq!(again.status, StatusCode::GONE);
}

async fn of_two_who_send_the_same_at_once_nothing_is_mixed_up(db: TestDatabase) {
    let api = Api::start(db).await;
    let (admin, _, appliance) = appliance(&api).await;
    let content: Vec<u8> = (0..400_000_u32).map(|n| n.to_le_bytes()[n as usize % 3]).collect();
    let path = location(&create(&admin, &appliance, content.len(), &[]).await);

    let answers =
        futures_util::future::join_all((0..4).map(|_| send(&admin, &path, 0, &content, None)))
            .await;

    assert!(
        answers.iter().all(|answer| [204, 409].contains(&answer.status.as_u16())),
        "{answers:?}"
    );
    let here = header(&head(&admin, &path).await, "upload-offset").parse().unwrap();
    send(&admin, &path, here, &content[here..], None).await;
    let bundle = admin.get(&format!("/api/v1/bundles/{}", id(&path))).await.ok();
    assert_eq!(
        (&bundle["state"], &bundle["blake3"]),
        (&json!("complete"), &json!(blake3(&content)))
    );
}

async fn where_nothing_but_post_comes_through_post_will_do(db: TestDatabase) {
    let api = Api::start(db).await;
    let (admin, _, appliance) = appliance(&api).await;
    let path = format!("/api/v1/appliances/{appliance}/uploads");
    let whole = [("upload-length", "11"), ("content-type", "application/offset+octet-stream")];

    // The beginning comes with the announcement.
    let created = api.send(tus(&admin, Method::POST, &path, &whole, b"hello")).await;
    let path = location(&created);
    let piece = [
        ("x-http-method-override", "PATCH"),
        ("upload-offset", "5"),
        ("content-type", "application/offset+octet-stream"),
    ];
    let sent = api.send(tus(&admin, Method::POST, &path, &piece, b" world")).await;

    assert_eq!(header(&created, "upload-offset"), "5");
    assert_eq!((sent.status, header(&sent, "upload-complete")), (StatusCode::NO_CONTENT, "?1"));
    // What is here is not ended any more, whatever it is called.
    let end = [("x-http-method-override", "DELETE")];
    let ended = api.send(tus(&admin, Method::POST, &path, &end, b"")).await;
    assert_eq!((ended.status, ended.code().as_str()), (StatusCode::CONFLICT, "finished"));
}

async fn what_an_appliance_sends_is_not_touched_by_hand(db: TestDatabase) {
    let api = Api::start(db).await;
    let (admin, organisation, appliance) = appliance(&api).await;
    let now = api.app.clock.now();
    let sent = Announced {
        id: BundleId::new(),
        appliance: ApplianceId(appliance.parse().unwrap()),
        organisation: OrganisationId(organisation.parse().unwrap()),
        trigger: BundleTrigger::UncleanBoot,
        length: 5,
        blake3: Some(blake3(b"hello")),
        file_name: None,
        note: String::new(),
        keep_until: now,
        expires_at: now + Duration::from_hours(1),
    };
    let path = format!("/api/v1/uploads/{}", sent.id);
    uploads::insert(api.app.db.write(), sent, now).await.unwrap();

    let answers = [
        head(&admin, &path).await.status,
        send(&admin, &path, 0, b"hello", None).await.status,
        api.send(tus(&admin, Method::DELETE, &path, &[], b"")).await.status,
    ];

    assert_eq!(answers, [StatusCode::NOT_FOUND; 3]);
}

async fn there_is_an_end_to_what_one_appliance_may_have_here(db: TestDatabase) {
    let api = Api::start_with(db, "bundles.keep_per_appliance = 2").await;
    let (admin, _, appliance) = appliance(&api).await;
    for n in 0..4_u8 {
        bring(&admin, &appliance, &[n]).await;
    }

    let crowded = create(&admin, &appliance, 1, &[]).await;
    let page = format!("/api/v1/bundles?appliance={appliance}&sort=created_at");
    let oldest = admin.get(&page).await.ok()["bundles"][0]["id"].as_str().unwrap().to_owned();
    admin.delete(&format!("/api/v1/bundles/{oldest}")).await.ok();
    let mut last = create(&admin, &appliance, 1, &[]).await.status;
    for _ in 0..7 {
        last = create(&admin, &appliance, 1, &[]).await.status;
    }
    let unfinished = create(&admin, &appliance, 1, &[]).await;

    assert_eq!((crowded.status.as_u16(), crowded.code().as_str()), (429, "too_many"));
    assert_eq!(header(&crowded, "retry-after"), "600");
    assert_eq!(last, StatusCode::CREATED);
    assert_eq!((unfinished.status.as_u16(), unfinished.code().as_str()), (429, "too_many"));
}
