//! How an appliance gets in, and stays in.

use std::time::Duration;

use domfleet_server::db::entity::{appliance, audit, credential, join_token};
use domfleet_server::db::{appliances, join_tokens};
use domfleet_shared::enrolment::{ALPN_ENROL, Enrolled, JoinToken, RENEW_PATH, RenewRequest};
use domfleet_shared::protocol::{ToAgent, ToServer};
use sea_orm::{EntityTrait as _, PaginatorTrait as _};

use super::client::{
    Agent, csr, enrol, enrolment_line, exchange, hardware, join, join_on, new_key, renew, request,
};
use super::harness::Server;

const DAY: Duration = Duration::from_hours(24);

#[tokio::test]
async fn a_token_that_is_no_good_lets_nobody_in() {
    let server = Server::start().await;
    let app = &server.app;
    let used = server.token(1).await;
    join(&server, &used, &new_key(), &hardware("first")).await;
    let expired = server.token_of(server.organisation, 1, true, Duration::from_mins(1)).await;
    let revoked = server.token(1).await;
    let row = join_token::Entity::find().all(app.db.read()).await.unwrap();
    let hash = join_tokens::hash(&revoked);
    let id = row.iter().find(|row| row.secret_hash == hash).unwrap().id;
    join_tokens::revoke(app.db.write(), id, app.clock.now()).await.unwrap();
    let fresh = server.token(1).await;
    let elsewhere = Server::start().await.token(1).await;
    let whole = JoinToken {
        server: "https://fleet.test".into(),
        ca_sha256: "ab".repeat(32),
        secret: fresh.clone(),
    };
    app.clock.advance(Duration::from_mins(2));

    let cases = [
        (used, "token_used"),
        (expired, "token_expired"),
        (revoked, "token_revoked"),
        (elsewhere, "token_unknown"),
        (join_tokens::new_secret(), "token_unknown"),
        (fresh[..fresh.len() - 1].to_owned(), "token_unknown"),
        (format!("{fresh}x"), "token_unknown"),
        (format!("{fresh}\0"), "token_unknown"),
        (whole.encode(), "token_unknown"),
        (join_tokens::hash(&fresh), "token_unknown"),
        ("x".repeat(30_000), "token_unknown"),
        (String::new(), "token_unknown"),
    ];

    for (secret, code) in cases {
        for face in [ALPN_ENROL, b"http/1.1"] {
            let answer = join_on(&server, face, &secret, &new_key(), &hardware("other")).await;
            assert_eq!((answer.status, answer.code().as_str()), (403, code), "{secret:.40}");
            assert!(!String::from_utf8_lossy(&answer.body).contains("CERTIFICATE"), "{secret:.40}");
        }
    }
    assert_eq!(appliance::Entity::find().count(app.db.read()).await.unwrap(), 1);
    assert_eq!(join(&server, &fresh, &new_key(), &hardware("other")).await.status, 200);
}

#[tokio::test]
async fn the_same_key_with_the_same_token_gets_the_same_answer_and_uses_it_once() {
    let server = Server::start().await;
    let secret = server.token(1).await;
    let key = new_key();

    let first = join(&server, &secret, &key, &hardware("a")).await;
    let second = join(&server, &secret, &key, &hardware("a")).await;

    assert_eq!((first.status, second.status), (200, 200));
    let read = |body: &[u8]| serde_json::from_slice::<Enrolled>(body).unwrap();
    let (first, second) = (read(&first.body), read(&second.body));
    assert_eq!(first.certificate_pem, second.certificate_pem);
    assert_eq!((first.appliance, first.epoch), (second.appliance, second.epoch));
    let other = server.token(1).await;
    let answer = join(&server, &other, &key, &hardware("a")).await;
    assert_eq!((answer.status, answer.code().as_str()), (409, "key_known"));
}

#[tokio::test]
async fn hardware_that_is_known_comes_back_under_its_id_in_a_new_epoch() {
    let server = Server::start().await;
    let secret = server.token(2).await;
    let old = Agent::joined_with(&server, &secret, hardware("a")).await;
    let mut repaired = hardware("a");
    repaired.disks = ["another".to_owned()].into();

    let new = Agent::joined_with(&server, &secret, repaired).await;

    assert_eq!(new.enrolled.appliance, old.enrolled.appliance);
    assert_eq!(new.enrolled.epoch, 2);
    assert_eq!(old.refused().await, "revoked");
    assert!(matches!(new.greet().await.1, ToAgent::Welcome(welcome) if welcome.accepted));
    assert!(audit::Entity::find().count(server.app.db.read()).await.unwrap() >= 2);
}

#[tokio::test]
async fn whoever_shows_the_fingerprint_of_one_that_is_there_waits_for_a_person() {
    let server = Server::start().await;
    let secret = server.token(2).await;
    let mut old = Agent::joined_with(&server, &secret, hardware("a")).await;
    let (_socket, _) = old.connect().await;

    let new = Agent::joined_with(&server, &secret, hardware("a")).await;

    assert!(matches!(new.greet().await.1, ToAgent::Welcome(welcome) if !welcome.accepted));
}

#[tokio::test]
async fn a_token_of_one_customer_does_not_reach_the_appliances_of_another() {
    let server = Server::start().await;
    let (ann, bob) = (server.customer("ann").await, server.customer("bob").await);
    let hour = Duration::from_hours(1);
    let token_a = server.token_of(ann, 1, true, hour).await;
    let token_b = server.token_of(bob, 1, true, hour).await;
    let first = Agent::joined_with(&server, &token_a, hardware("a")).await;

    let second = Agent::joined_with(&server, &token_b, hardware("a")).await;

    assert_ne!(second.enrolled.appliance, first.enrolled.appliance);
    assert!(matches!(first.greet().await.1, ToAgent::Welcome(_)));
}

#[tokio::test]
async fn without_authority_beforehand_an_appliance_is_pending() {
    let server = Server::start().await;
    let secret = server.token_of(server.organisation, 1, false, Duration::from_hours(1)).await;
    let agent = Agent::joined_with(&server, &secret, hardware("a")).await;

    assert!(matches!(agent.greet().await.1, ToAgent::Welcome(welcome) if !welcome.accepted));
    let answer = agent.request(super::uploads::creation(&super::uploads::Bundle::new(b"x"))).await;
    assert_eq!(answer.code(), "not_admitted");
}

#[tokio::test]
async fn nonsense_is_refused_before_a_token_is_used() {
    let server = Server::start().await;
    let secret = server.token(1).await;
    let zero = serde_json::json!({ "board_serial": "a\0b", "macs": [], "disks": [] });
    let csr_pem = csr(&new_key());
    let bodies = [
        serde_json::json!({}),
        serde_json::json!({"secret": 7, "csr_pem": csr_pem, "fingerprint": {}, "hostname": "h"}),
        serde_json::json!({
            "secret": secret, "csr_pem": csr_pem, "fingerprint": zero, "hostname": "h"
        }),
        serde_json::json!({"secret": secret, "csr_pem": "x", "fingerprint": {}, "hostname": "h"}),
    ];

    for body in bodies {
        assert_eq!(enrol(&server, "/agent/v1/join", &body).await.status, 422, "{body}");
    }
    // Who sends more may be cut off before reading why.
    let long = request("POST", "/agent/v1/join", "x".repeat(1_000_000));
    let answer = exchange(enrolment_line(&server).await, long).await;
    assert!(answer.is_err() || answer.is_ok_and(|answer| answer.status == 413));
    assert_eq!(join(&server, &secret, &new_key(), &hardware("a")).await.status, 200);
}

#[tokio::test]
async fn a_certificate_that_has_expired_opens_nothing_and_is_renewed_by_its_key() {
    let server = Server::start().await;
    let mut agent = Agent::joined(&server).await;
    server.app.clock.advance(DAY * 91);
    let stream = agent.dial().await;
    if let Ok(stream) = stream {
        let path = "/agent/v1/socket";
        assert!(exchange(stream, request("GET", path, "")).await.is_err());
    }

    let answer = renew(&server, &agent.key).await;

    assert_eq!(answer.status, 200, "{:?}", answer.body);
    agent.enrolled = serde_json::from_slice(&answer.body).unwrap();
    assert!(matches!(agent.greet().await.1, ToAgent::Welcome(_)));
    // The answer may be lost: it is the same certificate, and nothing is written.
    let again: Enrolled = serde_json::from_slice(&renew(&server, &agent.key).await.body).unwrap();
    assert_eq!(again.certificate_pem, agent.enrolled.certificate_pem);
}

#[tokio::test]
async fn a_key_that_is_not_current_is_not_renewed() {
    let server = Server::start().await;
    let secret = server.token(2).await;
    let old = Agent::joined_with(&server, &secret, hardware("a")).await;
    Agent::joined_with(&server, &secret, hardware("a")).await;
    let revoked = Agent::joined(&server).await;
    let app = &server.app;
    appliances::revoke_credentials(app.db.write(), revoked.enrolled.appliance, app.clock.now())
        .await
        .unwrap();

    let cases = [(&new_key(), "unknown_key"), (&old.key, "revoked"), (&revoked.key, "revoked")];

    for (key, code) in cases {
        let answer = renew(&server, key).await;
        assert_eq!((answer.status, answer.code().as_str()), (403, code));
    }
    let nonsense = RenewRequest { csr_pem: "x".into() };
    assert_eq!(enrol(&server, RENEW_PATH, &nonsense).await.status, 422);
}

#[tokio::test]
async fn a_session_renews_its_own_key_and_no_other() {
    let server = Server::start().await;
    let mut agent = Agent::joined(&server).await;
    let (mut socket, _) = agent.connect().await;
    server.app.clock.advance(DAY * 45);

    socket.say(ToServer::Renew { csr_pem: csr(&agent.key) }).await;
    let Some(ToAgent::Renewed { certificate_pem, .. }) = socket.hear().await else {
        panic!("not renewed")
    };
    socket.say(ToServer::Renew { csr_pem: csr(&new_key()) }).await;

    assert_ne!(certificate_pem, agent.enrolled.certificate_pem);
    assert_eq!(socket.refused().await, "protocol");
    let rows = credential::Entity::find().all(server.app.db.read()).await.unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].certificate_pem, certificate_pem);
}

#[tokio::test]
async fn a_revocation_ends_a_session_that_is_open_and_lets_no_other_begin() {
    let server = Server::start().await;
    let mut agent = Agent::joined(&server).await;
    let (mut socket, _) = agent.connect().await;
    let (app, id) = (&server.app, agent.enrolled.appliance);

    appliances::revoke_credentials(app.db.write(), id, app.clock.now()).await.unwrap();
    app.registry.close(id, domfleet_server::agents::refusal::Refusal::revoked());

    assert_eq!(socket.refused().await, "revoked");
    assert_eq!(agent.refused().await, "revoked");
    let answer = agent.request(super::uploads::creation(&super::uploads::Bundle::new(b"x"))).await;
    assert_eq!((answer.status, answer.code().as_str()), (403, "revoked"));
}
