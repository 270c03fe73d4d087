//! Every route of agents, asked with every certificate that is no good.

use std::time::Duration;

use domfleet_server::db::appliances;
use domfleet_server::db::entity::{appliance, bundle};
use domfleet_server::pki::{Csr, Pki};
use domfleet_shared::enrolment::{
    ALPN_AGENT, ALPN_ENROL, BUNDLES_PATH, JOIN_PATH, RENEW_PATH, SOCKET_PATH,
};
use domfleet_shared::id::ApplianceId;
use rcgen::{CertificateParams, ExtendedKeyUsagePurpose, Issuer, KeyPair};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait as _, EntityTrait as _, PaginatorTrait as _, QueryFilter as _};

use super::client::{
    Agent, Answer, Dial, Socket, csr, dial, exchange, hardware, new_key, renew, request, trust,
};
use super::harness::Server;
use super::uploads::{Bundle, creation, piece, tus};

/// Where artifacts will be: there is nothing yet, and outsiders are not to learn that.
const ARTIFACTS_PATH: &str = "/agent/v1/artifacts";

type Request = hyper::Request<http_body_util::Full<bytes::Bytes>>;

/// One request to each route of agents, as an agent would make it for that bundle. All are good
/// ones, so that only who asks can be what is wrong.
fn requests(bundle: &Bundle) -> Vec<Request> {
    let handshake = [
        ("connection", "upgrade"),
        ("upgrade", "websocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];
    let mut socket = request("GET", SOCKET_PATH, "");
    for (name, value) in handshake {
        socket.headers_mut().insert(name, value.parse().unwrap());
    }
    let mut all = vec![socket];
    all.extend(requests_with_a_sender(bundle));
    all
}

/// The same, less the socket.
fn requests_with_a_sender(bundle: &Bundle) -> Vec<Request> {
    vec![
        tus("OPTIONS", BUNDLES_PATH, &[], b""),
        creation(bundle),
        tus("HEAD", &bundle.path(), &[], b""),
        piece(bundle, 0, &bundle.content),
        tus("DELETE", &bundle.path(), &[], b""),
        // Not even that a request is wrong is said.
        request("POST", BUNDLES_PATH, "{"),
        request("PATCH", &format!("{BUNDLES_PATH}/x"), ""),
        request("PUT", BUNDLES_PATH, ""),
        request("GET", ARTIFACTS_PATH, ""),
        request("GET", &format!("{ARTIFACTS_PATH}/agent-2.0.0"), ""),
        request("POST", JOIN_PATH, "{}"),
        request("GET", "/", ""),
    ]
}

fn name(request: &Request) -> String {
    format!("{} {}", request.method(), request.uri())
}

/// A certificate and its key.
type Identity = (String, KeyPair);

fn issued(pki: &Pki, now: domfleet_shared::Timestamp) -> Identity {
    let key = new_key();
    let csr = Csr::parse(&csr(&key)).unwrap();
    (pki.issue(&csr, ApplianceId::new(), now).unwrap().certificate_pem, key)
}

/// What the server shows, as if it were an appliance's.
fn of_the_server(server: &Server, file: &str) -> Identity {
    let pem = std::fs::read_to_string(server.dir.path().join("data/pki").join(file)).unwrap();
    let key = KeyPair::from_pem(&pem[pem.find("-----BEGIN PRIVATE KEY").unwrap()..]).unwrap();
    (pem, key)
}

fn params() -> CertificateParams {
    let mut params = CertificateParams::default();
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    params
}

fn self_signed() -> Identity {
    let key = new_key();
    (params().self_signed(&key).unwrap().pem(), key)
}

/// Signed with the key of `agent`, which is an authority in nobody's eyes but its own.
fn signed_by(agent: &Agent) -> Identity {
    let key = new_key();
    let issuer = Issuer::from_ca_cert_pem(&agent.enrolled.certificate_pem, &agent.key).unwrap();
    (params().signed_by(&key, &issuer).unwrap().pem(), key)
}

/// What becomes of a request of someone who connects so; nothing where TLS comes to nothing.
async fn ask(server: &Server, identity: Option<&Identity>, asked: Request) -> Option<Answer> {
    let trust = trust(server);
    let identity = identity.map(|(certificate, key)| (certificate.as_str(), key));
    let dialled = Dial { alpn: &[ALPN_AGENT], trust: &trust, identity };
    // In TLS 1.3 a client learns only with the first answer that its certificate will not do.
    let stream = dial(server.address, &dialled).await.ok()?;
    exchange(stream, asked).await.ok()
}

#[tokio::test]
async fn without_a_certificate_that_is_good_now_no_route_of_agents_is_served() {
    let server = Server::start().await;
    let (pki, now) = (&server.app.pki, server.app.clock.now());
    let elsewhere = tempfile::tempdir().unwrap();
    let foreign = Pki::open(elsewhere.path(), None, now).unwrap();
    let day = Duration::from_hours(24);
    let agent = Agent::joined(&server).await;
    let bundle = Bundle::new(b"hello");

    let cases = [
        ("none", None),
        ("one signed by itself", Some(self_signed())),
        ("a foreign CA's", Some(issued(&foreign, now))),
        ("an expired one", Some(issued(pki, now - day * 91))),
        ("one that is not good yet", Some(issued(pki, now + day * 3))),
        ("the one that the server shows agents", Some(of_the_server(&server, "server.pem"))),
        ("the one that it shows browsers", Some(of_the_server(&server, "browsers.pem"))),
        ("one that an appliance has signed", Some(signed_by(&agent))),
    ];

    for (what, identity) in &cases {
        for asked in requests(&bundle) {
            let asked_what = name(&asked);
            let answer = ask(&server, identity.as_ref(), asked).await;
            assert!(answer.is_none(), "{what}: {asked_what}: {answer:?}");
        }
    }
    assert_eq!(bundle::Entity::find().count(server.app.db.read()).await.unwrap(), 0);
    // So it is those certificates, and not how they were shown.
    let good = (agent.enrolled.certificate_pem.clone(), agent.copied().key);
    for asked in requests(&bundle) {
        let asked_what = name(&asked);
        let answer = ask(&server, Some(&good), asked).await.unwrap();
        assert!(![401, 403].contains(&answer.status), "{asked_what}: {answer:?}");
    }
}

/// An agent that joined, and of which this was made.
async fn made(server: &Server, what: &str) -> Agent {
    let secret = server.token(2).await;
    let mut agent = Agent::joined_with(server, &secret, hardware(what)).await;
    let (db, id) = (server.app.db.write(), agent.enrolled.appliance);
    match what {
        "revoked" => {
            appliances::revoke_credentials(db, id, server.app.clock.now()).await.unwrap();
        }
        "superseded" => {
            Agent::joined_with(server, &secret, hardware(what)).await;
        }
        "unknown" => {
            (agent.enrolled.certificate_pem, agent.key) =
                issued(&server.app.pki, server.app.clock.now());
        }
        state => {
            appliance::Entity::update_many()
                .col_expr(appliance::Column::State, Expr::value(state))
                .filter(appliance::Column::Id.eq(id.0))
                .exec(db)
                .await
                .unwrap();
        }
    }
    agent
}

#[tokio::test]
async fn a_certificate_of_our_ca_that_is_not_of_the_fleet_is_served_nothing_but_the_reason() {
    let server = Server::start().await;
    let cases = [
        // What was made of it, what its requests are told, and what is said on its socket.
        ("revoked", "revoked", Some("revoked")),
        ("superseded", "revoked", Some("revoked")),
        ("unknown", "unknown_key", Some("unknown_key")),
        ("rejected", "not_admitted", Some("not_admitted")),
        ("decommissioned", "not_admitted", Some("not_admitted")),
        // It waits on its socket for an operator.
        ("pending", "not_admitted", None),
    ];

    for (what, code, on_its_socket) in cases {
        let agent = made(&server, what).await;
        for asked in requests_with_a_sender(&Bundle::new(b"hello")) {
            let (asked_what, has_body) = (name(&asked), asked.method() != "HEAD");
            let answer = agent.request(asked).await;
            assert_eq!(answer.status, 403, "{what}: {asked_what}: {answer:?}");
            if has_body {
                assert_eq!(answer.code(), code, "{what}: {asked_what}");
                assert_eq!(answer.header("content-type"), "application/problem+json");
            }
        }
        let renewed = renew(&server, &agent.key).await;
        if let Some(code) = on_its_socket {
            assert_eq!(agent.refused().await, code, "{what}");
            assert_eq!((renewed.status, renewed.code().as_str()), (403, code), "{what}");
        } else {
            assert_eq!(renewed.status, 200, "{what}");
        }
        assert_eq!(agent.request(request("POST", SOCKET_PATH, "")).await.status, 405, "{what}");
    }
    assert_eq!(bundle::Entity::find().count(server.app.db.read()).await.unwrap(), 0);
}

#[tokio::test]
async fn artifacts_of_which_there_are_none_yet_are_not_found_by_the_fleet() {
    let server = Server::start().await;
    let agent = Agent::joined(&server).await;

    for path in [ARTIFACTS_PATH.to_owned(), format!("{ARTIFACTS_PATH}/agent-2.0.0")] {
        let answer = agent.request(request("GET", &path, "")).await;

        assert_eq!((answer.status, answer.code().as_str()), (404, "not_found"), "{path}");
        assert_eq!(answer.header("content-type"), "application/problem+json");
    }
}

#[tokio::test]
async fn on_the_other_faces_a_good_certificate_opens_no_route_of_agents_either() {
    let server = Server::start().await;
    let agent = Agent::joined(&server).await;
    let trust = trust(&server);

    let faces: [&[&[u8]]; 4] = [&[ALPN_ENROL], &[b"http/1.1"], &[], &[b"http/1.1", ALPN_ENROL]];
    for alpn in faces {
        let dialled = Dial {
            alpn,
            trust: &trust,
            identity: Some((&agent.enrolled.certificate_pem, &agent.key)),
        };
        for asked in requests(&Bundle::new(b"hello")) {
            let (asked_what, path) = (name(&asked), asked.uri().path().to_owned());
            if !path.starts_with("/agent/") || path == JOIN_PATH {
                continue;
            }
            let stream = dial(server.address, &dialled).await.unwrap();
            let answer = exchange(stream, asked).await.unwrap();
            assert_eq!(answer.status, 404, "{alpn:?}: {asked_what}: {answer:?}");
        }
        for path in [JOIN_PATH, RENEW_PATH] {
            let stream = dial(server.address, &dialled).await.unwrap();
            let answer = exchange(stream, request("POST", path, "{}")).await.unwrap();
            assert_eq!(answer.status, 422, "{alpn:?}: {path}");
        }
    }
    // A version of the agents' protocol that nobody speaks is not taken for a browser.
    let dialled = Dial { alpn: &[b"domfleet-agent/2"], trust: &trust, identity: None };
    assert!(dial(server.address, &dialled).await.is_err());
    assert!(Socket::open(agent.dial().await.unwrap()).await.is_ok());
}
