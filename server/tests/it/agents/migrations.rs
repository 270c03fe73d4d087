//! A migration over the agents' socket, and how an appliance that was reset comes back.

use std::time::Duration;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use domfleet_server::db::entity::appliance;
use domfleet_server::db::migrations;
use domfleet_server::domain::migration::Standing;
use domfleet_server::domain::migration::change::Wish;
use domfleet_shared::enrolment::Enrolled;
use domfleet_shared::id::ApplianceId;
use domfleet_shared::inventory::Fingerprint;
use domfleet_shared::migration::Permit;
use domfleet_shared::migration::permit::Proof;
use domfleet_shared::migration::phase::End;
use domfleet_shared::migration::talk::{Heard, Intent, Now, REJOIN_PATH, Rejoin, Told, Waits};
use domfleet_shared::protocol::{ToAgent, ToServer};
use rcgen::KeyPair;
use sea_orm::EntityTrait as _;

use super::client::{Agent, Answer, Socket, csr, enrol, new_key};
use super::harness::{Server, eventually};
use crate::story::{Book, NONCE, plan};

/// The key on the drive.
fn carried() -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[3; 32]).unwrap()
}

fn public() -> String {
    hex::encode(carried().public_key().as_ref())
}

async fn next(socket: &mut Socket, mut wanted: impl FnMut(&ToAgent) -> bool) -> ToAgent {
    loop {
        let heard = socket.hear().await.expect("the session goes on");
        if wanted(&heard) {
            return heard;
        }
    }
}

async fn heard(socket: &mut Socket) -> Heard {
    match next(socket, |said| matches!(said, ToAgent::Heard(_))).await {
        ToAgent::Heard(heard) => heard,
        _ => unreachable!(),
    }
}

/// What is wanted, from this revision on.
async fn intent(socket: &mut Socket, revision: u64) -> Intent {
    let newer =
        |said: &ToAgent| matches!(said, ToAgent::Migrate(intent) if intent.revision >= revision);
    match next(socket, newer).await {
        ToAgent::Migrate(intent) => *intent,
        _ => unreachable!(),
    }
}

async fn tell(socket: &mut Socket, told: Told) -> Heard {
    socket.say(ToServer::Migration(Box::new(told))).await;
    heard(socket).await
}

fn book(agent: &Agent) -> Book {
    let Enrolled { appliance, epoch, .. } = agent.enrolled;
    Book::new(plan(appliance, epoch, agent.fingerprint.clone())).armed()
}

async fn stored(server: &Server, book: &Book) -> Standing {
    migrations::by_id(server.app.db.read(), book.plan.migration).await.unwrap().unwrap()
}

async fn state(server: &Server, id: ApplianceId) -> (String, i32) {
    let row = appliance::Entity::find_by_id(id.0).one(server.app.db.read()).await.unwrap();
    row.map(|row| (row.state, row.epoch)).unwrap()
}

/// An appliance with a permit that it has put on record; the session is over.
async fn permitted(server: &Server) -> (Agent, Book) {
    let mut agent = Agent::joined(server).await;
    let (mut socket, _) = agent.connect().await;
    let book = book(&agent);
    tell(&mut socket, book.asking(NONCE, &public())).await;
    let permit = stored(server, &book).await.wanted.permit.unwrap().id;
    let book = book.permitted(permit);
    tell(&mut socket, book.told(0)).await;
    drop(socket);
    gone(server, &agent).await;
    (agent, book)
}

async fn gone(server: &Server, agent: &Agent) {
    let id = agent.enrolled.appliance;
    eventually("the session is over", async || server.app.registry.get(id).is_none().then_some(()))
        .await;
}

struct Back<'a> {
    key: &'a KeyPair,
    fingerprint: &'a Fingerprint,
    signer: Ed25519KeyPair,
}

async fn rejoin(server: &Server, book: &Book, back: &Back<'_>) -> Answer {
    let (migration, csr_pem) = (book.plan.migration, csr(back.key));
    let signature = hex::encode(back.signer.sign(&Rejoin::signed_bytes(migration, &csr_pem)));
    let body = Rejoin {
        migration,
        csr_pem,
        fingerprint: back.fingerprint.clone(),
        hostname: "xen-2".into(),
        signature,
    };
    enrol(server, REJOIN_PATH, &body).await
}

#[tokio::test]
async fn what_is_wanted_is_said_after_each_welcome_and_each_change() {
    let server = Server::start().await;
    let mut agent = Agent::joined(&server).await;
    let (mut socket, _) = agent.connect().await;
    let book = book(&agent);

    let first = tell(&mut socket, book.asking(NONCE, &public())).await;
    let wanted = intent(&mut socket, first.revision).await;
    let permit: Permit = serde_json::from_str(&wanted.permit.unwrap().permit).unwrap();
    drop(socket);
    gone(&server, &agent).await;
    let (mut socket, _) = agent.connect().await;
    let again = intent(&mut socket, first.revision).await;
    let actor = domfleet_server::db::audit::Actor::local("ada");
    let wish = Wish::GiveUp { end: End::Cancelled, reason: "not today".into() };
    domfleet_server::migrations::wish(&server.app, &actor, book.plan.migration, wish)
        .await
        .unwrap();
    let given_up = intent(&mut socket, again.revision + 1).await;

    assert_eq!(again.permit_keys.len(), 2);
    assert_eq!(permit.proof, Proof::Nonce { nonce: NONCE });
    assert_eq!(permit.epoch, agent.enrolled.epoch);
    assert_eq!((again.plan, again.revision), (book.plan.clone(), first.revision));
    assert_eq!(given_up.give_up.unwrap().end, End::Cancelled);
    tell(&mut socket, book.clone().given_up(End::Cancelled).told(0)).await;
    assert!(!stored(&server, &book).await.is_open());
}

#[tokio::test]
async fn an_appliance_that_was_reset_is_taken_in_under_its_old_id_and_goes_on() {
    let server = Server::start().await;
    let (old, book) = permitted(&server).await;
    let permit = stored(&server, &book).await.wanted.permit.unwrap().id;
    let key = new_key();
    let back = Back { key: &key, fingerprint: &old.fingerprint, signer: carried() };

    let first = rejoin(&server, &book, &back).await;
    let again = rejoin(&server, &book, &back).await;
    let enrolled: Enrolled = serde_json::from_slice(&first.body).unwrap();
    let same: Enrolled = serde_json::from_slice(&again.body).unwrap();
    let mut new = old.copied();
    new.key = key;
    new.session = 0;
    new.enrolled = enrolled;
    let (mut socket, welcome) = new.connect().await;
    let book = book.one_failed(permit);
    let heard = tell(&mut socket, book.told(0)).await;

    assert_eq!((first.status, again.status), (200, 200));
    assert_eq!(new.enrolled.appliance, old.enrolled.appliance);
    assert_eq!((new.enrolled.epoch, same.epoch), (2, 2));
    assert_eq!(new.enrolled.certificate_pem, same.certificate_pem);
    assert!(welcome.accepted);
    assert_eq!(old.refused().await, "revoked");
    assert_eq!((heard.records, heard.refused), (book.records.len() as u64, None));
}

#[tokio::test]
async fn without_the_key_on_the_drive_or_a_permit_or_while_it_still_speaks_nobody_is_taken_in() {
    let server = Server::start().await;
    let (mut old, book) = permitted(&server).await;
    let mut other = Agent::joined(&server).await;
    let (mut socket, _) = other.connect().await;
    let unpermitted = self::book(&other);
    tell(&mut socket, unpermitted.told(0)).await;
    let key = new_key();
    let with = |signer| Back { key: &key, fingerprint: &old.fingerprint, signer };
    let stranger = Ed25519KeyPair::from_seed_unchecked(&[4; 32]).unwrap();

    let wrong = rejoin(&server, &book, &with(stranger)).await;
    let early = rejoin(&server, &unpermitted, &with(carried())).await;
    let unknown = rejoin(&server, &self::book(&other), &with(carried())).await;
    let id = old.enrolled.appliance;
    let fingerprint = old.fingerprint.clone();
    let (mut socket, _) = old.connect().await;
    let speaks = async {
        while socket.hear().await.is_some() {}
        std::future::pending::<()>().await;
    };
    let back = Back { key: &key, fingerprint: &fingerprint, signer: carried() };
    let there = tokio::select! {
        there = rejoin(&server, &book, &back) => there,
        () = speaks => unreachable!(),
    };

    assert_eq!((wrong.status, wrong.code()), (403, "wrong_key".into()));
    assert_eq!((early.status, early.code()), (403, "wrong_key".into()), "none was named");
    assert_eq!((unknown.status, unknown.code()), (403, "migration_unknown".into()));
    assert_eq!((there.status, there.code()), (403, "still_there".into()));
    assert_eq!(state(&server, id).await, ("accepted".into(), 1));
}

#[tokio::test]
async fn a_box_that_is_not_in_every_part_the_same_waits_for_a_person() {
    let server = Server::start().await;
    let (old, book) = permitted(&server).await;
    let key = new_key();
    let mut other = old.fingerprint.clone();
    other.board_serial = Some("another".into());
    let back = Back { key: &key, fingerprint: &other, signer: carried() };

    assert_eq!(rejoin(&server, &book, &back).await.status, 200);

    assert_eq!(state(&server, old.enrolled.appliance).await, ("pending".into(), 2));
}

#[tokio::test]
async fn a_second_that_comes_back_by_the_same_reset_waits_for_a_person() {
    let server = Server::start().await;
    let (old, book) = permitted(&server).await;
    let (one, two) = (new_key(), new_key());
    let with = |key| Back { key, fingerprint: &old.fingerprint, signer: carried() };
    assert_eq!(rejoin(&server, &book, &with(&one)).await.status, 200);

    assert_eq!(rejoin(&server, &book, &with(&two)).await.status, 200);

    assert_eq!(state(&server, old.enrolled.appliance).await, ("pending".into(), 3));
}

#[tokio::test]
async fn silence_with_a_permit_calls_a_person_and_is_over_with_the_first_word() {
    use domfleet_server::db::entity::alarm;
    use domfleet_server::tasks::Task as _;
    use domfleet_server::tasks::migrations::Migrations;
    let server = Server::start().await;
    let (mut old, book) = permitted(&server).await;
    let phase = async || {
        let row = domfleet_server::db::entity::migration::Entity::find_by_id(book.plan.migration.0);
        row.one(server.app.db.read()).await.unwrap().unwrap().phase
    };
    let alarms = async || alarm::Entity::find().all(server.app.db.read()).await.unwrap();
    let later = async |minutes| {
        server.app.clock.advance(Duration::from_mins(minutes));
        Migrations(server.app.clone()).run().await.unwrap();
    };

    later(1).await;
    assert_eq!(phase().await, "permitted");
    later(4).await;
    assert_eq!((phase().await, alarms().await.len()), ("resetting".into(), 0));
    later(26).await;
    assert_eq!(phase().await, "awaiting_return");
    assert_eq!(alarms().await[0].kind, "migration_silent");
    later(10).await;
    assert_eq!(alarms().await.len(), 1);

    let (mut socket, _) = old.connect().await;
    tell(&mut socket, Told { now: Some(waiting()), ..book.told(0) }).await;
    assert_eq!(phase().await, "permitted");
    assert!(alarms().await[0].cleared_at.is_some());
}

fn waiting() -> Now {
    Now {
        waits: Some(Waits::Reset),
        what: "waits for the stick".into(),
        done: None,
        total: None,
        trouble: None,
    }
}

#[tokio::test]
async fn one_that_goes_to_be_reset_is_expected_to_be_silent_for_longer() {
    let server = Server::start().await;
    let (mut agent, _) = permitted(&server).await;
    let (mut socket, _) = agent.connect().await;
    socket.say(ToServer::Goodbye { returning: true }).await;
    drop(socket);
    gone(&server, &agent).await;

    server.app.clock.advance(Duration::from_mins(50));
    let presence = async || {
        server.app.bus.presence.wake();
        let row = appliance::Entity::find_by_id(agent.enrolled.appliance.0);
        let row = row.one(server.app.db.read()).await.unwrap().unwrap();
        (row.presence == "expected_offline").then_some(())
    };
    eventually("silence is expected", presence).await;
}

#[tokio::test]
async fn the_permits_key_is_the_one_that_media_are_told_of() {
    let server = Server::start().await;
    let (_, book) = permitted(&server).await;
    let signed = stored(&server, &book).await.wanted.permit.unwrap();

    let public = server.app.permit_keys.public();
    let key = hex::decode(public.split(' ').next().unwrap()).unwrap();
    let signature = hex::decode(&signed.signed.signature).unwrap();
    aws_lc_rs::signature::UnparsedPublicKey::new(&aws_lc_rs::signature::ED25519, key)
        .verify(&Permit::signed_bytes(&signed.signed.permit), &signature)
        .unwrap();
    let permit: Permit = serde_json::from_str(&signed.signed.permit).unwrap();
    assert_eq!(permit.id, signed.id);
}
