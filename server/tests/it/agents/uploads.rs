//! Bundles on their way to the server.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use domfleet_server::db::entity::bundle;
use domfleet_server::db::{Stored, keeping};
use domfleet_shared::enrolment::BUNDLES_PATH;
use domfleet_shared::id::BundleId;
use http_body_util::Full;
use sea_orm::EntityTrait as _;
use tokio::io::AsyncWriteExt as _;

use super::client::{Agent, Answer};
use super::harness::{Server, eventually};

pub(crate) struct Bundle {
    pub(crate) id: BundleId,
    pub(crate) content: Vec<u8>,
}

impl Bundle {
    pub(crate) fn new(content: &[u8]) -> Self {
        Self { id: BundleId::new(), content: content.to_vec() }
    }

    pub(crate) fn path(&self) -> String {
        format!("{BUNDLES_PATH}/{}", self.id)
    }
}

type Request = hyper::Request<Full<Bytes>>;

pub(crate) fn tus(method: &str, path: &str, headers: &[(&str, String)], body: &[u8]) -> Request {
    let mut request = hyper::Request::builder()
        .method(method)
        .uri(path)
        .header("host", "server")
        .header("tus-resumable", "1.0.0");
    for (name, value) in headers {
        request = request.header(*name, value);
    }
    request.body(Full::new(Bytes::copy_from_slice(body))).unwrap()
}

pub(crate) fn creation(bundle: &Bundle) -> Request {
    let metadata = format!(
        "bundle {},blake3 {},trigger {}",
        STANDARD.encode(bundle.id.to_string()),
        STANDARD.encode(blake3::hash(&bundle.content).to_hex().as_str()),
        STANDARD.encode("unclean_boot"),
    );
    let length = bundle.content.len().to_string();
    tus("POST", BUNDLES_PATH, &[("upload-length", length), ("upload-metadata", metadata)], b"")
}

pub(crate) fn piece(bundle: &Bundle, offset: usize, bytes: &[u8]) -> Request {
    let headers = [
        ("upload-offset", offset.to_string()),
        ("content-type", "application/offset+octet-stream".to_owned()),
    ];
    tus("PATCH", &bundle.path(), &headers, bytes)
}

async fn offset(agent: &Agent, bundle: &Bundle) -> Answer {
    agent.request(tus("HEAD", &bundle.path(), &[], b"")).await
}

async fn row(server: &Server, bundle: &Bundle) -> bundle::Model {
    let found = bundle::Entity::find_by_id(bundle.id.0).one(server.app.db.read()).await;
    found.unwrap().unwrap()
}

#[tokio::test]
async fn a_bundle_comes_in_pieces_and_counts_once_it_is_verified_and_stored() {
    let server = Server::start().await;
    let agent = Agent::joined(&server).await;
    let bundle = Bundle::new(&vec![7; 300_000]);

    let created = agent.request(creation(&bundle)).await;
    let first = agent.request(piece(&bundle, 0, &bundle.content[..100_000])).await;
    let asked = offset(&agent, &bundle).await;
    let state = row(&server, &bundle).await;
    let last = agent.request(piece(&bundle, 100_000, &bundle.content[100_000..])).await;

    assert_eq!((created.status, created.header("location")), (201, bundle.path().as_str()));
    assert_eq!((first.status, first.header("upload-offset")), (204, "100000"));
    assert_eq!(
        (asked.header("upload-offset"), asked.header("upload-length")),
        ("100000", "300000")
    );
    assert_eq!(asked.header("upload-complete"), "?0");
    assert!(asked.header("upload-expires").ends_with("GMT"));
    assert_eq!((state.state.as_str(), state.received_bytes), ("uploading", 100_000));
    assert_eq!((last.header("upload-offset"), last.header("upload-complete")), ("300000", "?1"));
    let row = row(&server, &bundle).await;
    assert_eq!((row.state.as_str(), row.trigger.as_str()), ("complete", "unclean_boot"));
    let stored = server.dir.path().join("data/objects").join(row.object.unwrap());
    assert_eq!(std::fs::read(stored).unwrap(), bundle.content);
    // To announce it again is to be told that it is there.
    let again = agent.request(creation(&bundle)).await;
    assert_eq!((again.status, again.header("upload-complete")), (201, "?1"));
}

#[tokio::test]
async fn an_upload_that_breaks_off_goes_on_where_it_was() {
    let server = Server::start().await;
    let agent = Agent::joined(&server).await;
    let bundle = Bundle::new(&vec![3; 50_000]);
    agent.request(creation(&bundle)).await;
    let mut line = agent.dial().await.unwrap();
    let head = format!(
        "PATCH {} HTTP/1.1\r\nhost: s\r\ntus-resumable: 1.0.0\r\nupload-offset: 0\r\n\
         content-type: application/offset+octet-stream\r\ncontent-length: 50000\r\n\r\n",
        bundle.path()
    );
    line.write_all(head.as_bytes()).await.unwrap();
    line.write_all(&bundle.content[..20_000]).await.unwrap();
    line.flush().await.unwrap();
    let file = server.dir.path().join(format!("data/uploads/{}.part", bundle.id));
    eventually("the first bytes", async || file.exists().then_some(())).await;

    // The line is not closed, as when its other end is gone without a word.
    let here: usize = offset(&agent, &bundle).await.header("upload-offset").parse().unwrap();
    let rest = agent.request(piece(&bundle, here, &bundle.content[here..])).await;

    assert!(here <= 20_000);
    assert_eq!((rest.status, rest.header("upload-complete")), (204, "?1"));
    drop(line);
}

#[tokio::test]
async fn what_is_not_what_was_announced_is_thrown_away_and_may_come_again() {
    let server = Server::start().await;
    let agent = Agent::joined(&server).await;
    let bundle = Bundle::new(b"right");
    agent.request(creation(&bundle)).await;

    let wrong = agent.request(piece(&bundle, 0, b"wrong")).await;
    let asked = offset(&agent, &bundle).await;
    let right = agent.request(piece(&bundle, 0, b"right")).await;

    assert_eq!((wrong.status, wrong.code().as_str()), (422, "hash_mismatch"));
    assert_eq!(asked.header("upload-offset"), "0");
    assert_eq!(right.header("upload-complete"), "?1");
}

#[tokio::test]
async fn a_piece_that_does_not_fit_changes_nothing() {
    let server = Server::start().await;
    let agent = Agent::joined(&server).await;
    let bundle = Bundle::new(b"hello world");
    agent.request(creation(&bundle)).await;
    agent.request(piece(&bundle, 0, b"hello")).await;

    let gap = agent.request(piece(&bundle, 7, b"orld")).await;
    let back = agent.request(piece(&bundle, 0, b"hello")).await;
    let mut plain = piece(&bundle, 5, b" world");
    plain.headers_mut().insert("content-type", "text/plain".parse().unwrap());
    let plain = agent.request(plain).await;
    let mut old = piece(&bundle, 5, b" world");
    old.headers_mut().insert("tus-resumable", "0.2.2".parse().unwrap());
    let old = agent.request(old).await;

    assert_eq!([gap.status, back.status, plain.status, old.status], [409, 409, 415, 412]);
    assert_eq!(offset(&agent, &bundle).await.header("upload-offset"), "5");
}

#[tokio::test]
async fn the_bundles_of_another_do_not_exist() {
    let server = Server::start().await;
    let (mine, theirs) = (Agent::joined(&server).await, Agent::joined(&server).await);
    let bundle = Bundle::new(b"hello");
    theirs.request(creation(&bundle)).await;
    theirs.request(piece(&bundle, 0, b"he")).await;

    let answers = [
        mine.request(creation(&bundle)).await,
        mine.request(piece(&bundle, 2, b"xxx")).await,
        offset(&mine, &bundle).await,
        mine.request(tus("DELETE", &bundle.path(), &[], b"")).await,
    ];

    assert_eq!(answers.map(|answer| answer.status), [404; 4]);
    assert_eq!(offset(&theirs, &bundle).await.header("upload-offset"), "2");
}

#[tokio::test]
async fn a_bundle_that_is_too_large_or_one_too_many_is_refused() {
    let server = Server::start().await;
    let agent = Agent::joined(&server).await;
    let mut large = creation(&Bundle::new(b"x"));
    large.headers_mut().insert("upload-length", "104857601".parse().unwrap());
    let large = agent.request(large).await;

    let mut last = None;
    for _ in 0..9 {
        last = Some(agent.request(creation(&Bundle::new(b"hello"))).await);
    }

    assert_eq!((large.status, large.code().as_str()), (413, "too_large"));
    let last = last.unwrap();
    assert_eq!((last.status, last.code().as_str()), (429, "too_many"));
}

#[tokio::test]
async fn a_bundle_that_is_given_up_leaves_nothing_behind() {
    let server = Server::start().await;
    let agent = Agent::joined(&server).await;
    let bundle = Bundle::new(b"hello");
    agent.request(creation(&bundle)).await;
    agent.request(piece(&bundle, 0, b"he")).await;

    let ended = agent.request(tus("DELETE", &bundle.path(), &[], b"")).await;

    assert_eq!(ended.status, 204);
    assert_eq!(row(&server, &bundle).await.state, "failed");
    let asked = offset(&agent, &bundle).await;
    assert_eq!((asked.status, asked.header("tus-resumable")), (410, "1.0.0"));
    let left = std::fs::read_dir(server.dir.path().join("data/uploads")).unwrap().count();
    assert_eq!(left, 0);
}

#[tokio::test]
async fn a_last_piece_whose_answer_was_lost_is_finished_by_whoever_asks() {
    let server = Server::start().await;
    let agent = Agent::joined(&server).await;
    let bundle = Bundle::new(b"hello");
    agent.request(creation(&bundle)).await;
    // The server died between the last byte and the answer.
    let file = server.dir.path().join(format!("data/uploads/{}.part", bundle.id));
    std::fs::write(file, b"hello").unwrap();

    let asked = offset(&agent, &bundle).await;

    assert_eq!((asked.header("upload-offset"), asked.header("upload-complete")), ("5", "?1"));
    assert_eq!(row(&server, &bundle).await.state, "complete");
}

#[tokio::test]
async fn what_was_given_up_may_be_announced_anew_and_what_was_removed_may_not() {
    let server = Server::start().await;
    let agent = Agent::joined(&server).await;
    let bundle = Bundle::new(b"hello");
    agent.request(creation(&bundle)).await;
    agent.request(tus("DELETE", &bundle.path(), &[], b"")).await;

    let anew = agent.request(creation(&bundle)).await;
    agent.request(piece(&bundle, 0, b"hello")).await;
    let due = keeping::to_remove(server.app.db.read(), bundle.id).await.unwrap().unwrap();
    let now = server.app.clock.now();
    let expired = keeping::expire(server.app.db.write(), &due, now).await.unwrap();
    let removed = agent.request(creation(&bundle)).await;

    assert_eq!((anew.status, anew.header("upload-offset")), (201, "0"));
    assert_eq!(expired, Stored::Yes);
    // Not what says that it is to be begun anew: it would come again for ever.
    assert_eq!((removed.status, removed.code().as_str()), (403, "removed"));
}

#[tokio::test]
async fn an_appliance_brings_nothing_by_hand() {
    let server = Server::start().await;
    let agent = Agent::joined(&server).await;
    let bundle = Bundle::new(b"hello");
    let mut by_hand = creation(&bundle);
    let metadata = by_hand.headers()["upload-metadata"].to_str().unwrap().to_owned();
    let metadata = metadata.replace(&STANDARD.encode("unclean_boot"), &STANDARD.encode("upload"));
    by_hand.headers_mut().insert("upload-metadata", metadata.parse().unwrap());

    let answer = agent.request(by_hand).await;

    assert_eq!((answer.status, answer.code().as_str()), (422, "invalid"));
}
