//! Who is served what on the one port.

use std::sync::Arc;
use std::time::Duration;

use domfleet_server::accept::gates::Limits;
use domfleet_shared::enrolment::{JOIN_PATH, SOCKET_PATH};
use domfleet_shared::protocol::{ToAgent, ToServer};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::client::{Agent, Socket, request};
use super::harness::{PATIENCE, Server};

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
        Arc::new(server.app.pki.roots().unwrap()),
        Arc::new(rustls::crypto::aws_lc_rs::default_provider()),
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
async fn a_fleet_comes_back_no_faster_than_it_is_welcomed_and_one_address_only_holds_up_itself() {
    let server = Server::start().await;
    let agent = Arc::new(Agent::joined(&server).await);
    let other = Agent::joined(&server).await;
    let mut opening = Vec::new();
    for _ in 0..Limits::default().opening_per_address {
        opening.push(agent.socket().await);
    }
    let next = server.app.tracker.spawn({
        let agent = Arc::clone(&agent);
        async move { agent.dial().await }
    });

    // Someone elsewhere is served meanwhile, and at length.
    let line = other.dial_from("127.0.0.2".parse().unwrap()).await.unwrap();
    let mut elsewhere = Socket::open(line).await.unwrap();
    elsewhere.say(ToServer::Hello(Box::new(other.hello()))).await;
    assert!(matches!(elsewhere.hear().await, Some(ToAgent::Welcome(_))));
    for _ in 0..10 {
        elsewhere.settle().await;
    }

    assert!(!next.is_finished());
    opening[0].say(ToServer::Hello(Box::new(agent.hello()))).await;
    assert!(matches!(opening[0].hear().await, Some(ToAgent::Welcome(_))));
    assert!(timeout(PATIENCE, next).await.expect("its turn comes").unwrap().is_ok());
    // Everyone who is welcome stays, and is in nobody's way.
    opening[0].settle().await;
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
