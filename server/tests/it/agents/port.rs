//! Who is served what on the one port.

use std::time::Duration;

use domfleet_server::pki::{Csr, Pki};
use domfleet_shared::enrolment::{ALPN_AGENT, ALPN_ENROL, BUNDLES_PATH, JOIN_PATH, SOCKET_PATH};
use domfleet_shared::id::ApplianceId;
use rcgen::KeyPair;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::client::{Agent, Dial, Socket, csr, dial, exchange, new_key, request, trust};
use super::harness::{PATIENCE, Server};

/// Whether anything at all is served to whoever dials so.
async fn is_served(server: &Server, identity: Option<(&str, &KeyPair)>) -> bool {
    let trust = trust(server);
    for path in [SOCKET_PATH, BUNDLES_PATH, "/agent/v1/artifacts"] {
        let dialled = Dial { alpn: &[ALPN_AGENT], trust: &trust, identity };
        // In TLS 1.3 a client learns only with the first answer that its certificate will not do.
        let Ok(stream) = dial(server.address, &dialled).await else { continue };
        if exchange(stream, request("GET", path, "")).await.is_ok() {
            return true;
        }
    }
    false
}

fn issued(pki: &Pki, key: &KeyPair, now: domfleet_shared::Timestamp) -> String {
    let csr = Csr::parse(&csr(key)).unwrap();
    pki.issue(&csr, ApplianceId::new(), now).unwrap().certificate_pem
}

#[tokio::test]
async fn without_a_certificate_that_is_good_now_no_route_of_agents_is_served() {
    let server = Server::start().await;
    let now = server.app.clock.now();
    let key = new_key();
    let elsewhere = tempfile::tempdir().unwrap();
    let foreign = Pki::open(elsewhere.path(), None, now).unwrap();
    let day = Duration::from_hours(24);

    let ours = issued(&server.app.pki, &key, now);
    let cases = [
        ("none", None),
        ("a foreign CA's", Some(issued(&foreign, &key, now))),
        ("an expired one", Some(issued(&server.app.pki, &key, now - day * 91))),
        ("one that is not good yet", Some(issued(&server.app.pki, &key, now + day * 3))),
        ("the server's own", Some(server_certificate(&server))),
    ];

    for (what, certificate) in cases {
        let identity = certificate.as_deref().map(|pem| (pem, &key));
        if what == "the server's own" {
            let key = server_key(&server);
            assert!(!is_served(&server, Some((identity.unwrap().0, &key))).await, "{what}");
        } else {
            assert!(!is_served(&server, identity).await, "{what}");
        }
    }
    assert!(is_served(&server, Some((&ours, &key))).await);
}

fn server_pem(server: &Server) -> String {
    std::fs::read_to_string(server.dir.path().join("data/pki/server.pem")).unwrap()
}

fn server_certificate(server: &Server) -> String {
    server_pem(server)
}

fn server_key(server: &Server) -> KeyPair {
    let pem = server_pem(server);
    KeyPair::from_pem(&pem[pem.find("-----BEGIN PRIVATE KEY").unwrap()..]).unwrap()
}

#[tokio::test]
async fn the_other_faces_serve_no_route_of_agents_but_joining() {
    let server = Server::start().await;
    let trust = trust(&server);

    let faces: [&[&[u8]]; 3] = [&[ALPN_ENROL], &[b"http/1.1"], &[]];
    for alpn in faces {
        for path in [SOCKET_PATH, BUNDLES_PATH] {
            let dialled = Dial { alpn, trust: &trust, identity: None };
            let stream = dial(server.address, &dialled).await.unwrap();
            let answer = exchange(stream, request("GET", path, "")).await.unwrap();
            assert_eq!(answer.status, 404, "{alpn:?} {path}");
        }
        let dialled = Dial { alpn, trust: &trust, identity: None };
        let stream = dial(server.address, &dialled).await.unwrap();
        let answer = exchange(stream, request("POST", JOIN_PATH, "{}")).await.unwrap();
        assert_eq!(answer.status, 422, "{alpn:?}");
    }
}

#[tokio::test]
async fn the_face_of_agents_serves_no_joining() {
    let server = Server::start().await;
    let agent = Agent::joined(&server).await;

    for path in [JOIN_PATH, "/api/v1/appliances", "/"] {
        assert_eq!(agent.request(request("POST", path, "{}")).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn an_agent_s_certificate_cannot_pose_as_the_server() {
    use rustls::client::danger::ServerCertVerifier as _;
    let server = Server::start().await;
    let agent = Agent::joined(&server).await;
    let der = {
        use rustls::pki_types::pem::PemObject as _;
        let pem = agent.enrolled.certificate_pem.as_bytes();
        rustls::pki_types::CertificateDer::from_pem_slice(pem).unwrap()
    };
    let verifier = rustls::client::WebPkiServerVerifier::builder_with_provider(
        std::sync::Arc::new(server.app.pki.roots().unwrap()),
        std::sync::Arc::new(rustls::crypto::aws_lc_rs::default_provider()),
    )
    .build()
    .unwrap();
    let name = domfleet_shared::enrolment::SERVER_NAME.try_into().unwrap();
    let now = rustls::pki_types::UnixTime::now();

    let outcome = verifier.verify_server_cert(&der, &[], &name, &[], now);

    assert!(outcome.is_err());
}

#[tokio::test]
async fn a_thousand_handshakes_that_go_nowhere_are_in_nobody_s_way() {
    let server = Server::start().await;
    let agent = Agent::joined(&server).await;
    let mut slow = Vec::new();
    for n in 0..300 {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        if n % 2 == 0 {
            // The beginning of a ClientHello, and no more.
            stream.write_all(&[0x16, 0x03, 0x01, 0x02, 0x00, 0x01]).await.unwrap();
        }
        slow.push(stream);
    }

    let connected = timeout(Duration::from_secs(5), agent.dial()).await;

    assert!(connected.expect("at once").is_ok());
    // And in the end they are sent away.
    let mut first = slow.swap_remove(0);
    let ended = timeout(PATIENCE, first.read(&mut [0; 64])).await;
    assert!(ended.is_ok());
}

#[tokio::test]
async fn a_certificate_of_our_ca_that_nobody_knows_opens_no_session() {
    let server = Server::start().await;
    let mut agent = Agent::joined(&server).await;
    agent.key = new_key();
    agent.enrolled.certificate_pem = issued(&server.app.pki, &agent.key, server.app.clock.now());

    assert_eq!(agent.refused().await, "unknown_key");
    let mut request = request("POST", BUNDLES_PATH, "");
    request.headers_mut().insert("tus-resumable", "1.0.0".parse().unwrap());
    let answer = agent.request(request).await;
    assert_eq!((answer.status, answer.code().as_str()), (403, "unknown_key"));
}

#[tokio::test]
async fn when_the_server_goes_down_agents_are_told_to_come_back() {
    let server = Server::start().await;
    let mut agent = Agent::joined(&server).await;
    let (mut socket, _) = agent.connect().await;

    server.app.stop.cancel();

    assert_eq!(socket.refused().await, "going_down");
    server.app.tracker.close();
    timeout(PATIENCE, server.app.tracker.wait()).await.expect("everything ends");
}

#[tokio::test]
async fn a_socket_needs_a_websocket_s_handshake() {
    let server = Server::start().await;
    let agent = Agent::joined(&server).await;

    let answer = agent.request(request("GET", SOCKET_PATH, "")).await;

    assert_eq!(answer.status, 400);
    assert!(Socket::open(agent.dial().await.unwrap()).await.is_ok());
}
