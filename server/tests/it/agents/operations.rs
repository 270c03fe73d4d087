//! What is asked of appliances, and what they say of it.

use std::time::Duration;

use domfleet_server::db::entity::{alarm, operation};
use domfleet_server::db::operations::{self, NewOperation};
use domfleet_server::db::{progress, server_state, welcome};
use domfleet_shared::Timestamp;
use domfleet_shared::id::{OperationId, VmId};
use domfleet_shared::operation::{Change, Operation, Priority, Report, Reported};
use domfleet_shared::protocol::{Offer, ToAgent, ToServer};
use sea_orm::EntityTrait as _;

use super::client::{Agent, Socket};
use super::harness::{Server, eventually};

async fn ask(server: &Server, agent: &Agent, operation: Operation) -> OperationId {
    let now = server.app.clock.now();
    let new = NewOperation {
        id: OperationId::new(),
        organisation: server.organisation,
        appliance: agent.enrolled.appliance,
        epoch: agent.enrolled.epoch,
        locks: operation.locks(),
        operation,
        requested_by: None,
        bundle: None,
        priority: Priority::Normal,
        bulk: None,
        request_key: None,
        expires_at: now + Duration::from_hours(1),
        now,
    };
    let id = new.id;
    let txn = server.app.db.begin().await.unwrap();
    operations::insert(&txn, new).await.unwrap();
    txn.commit().await.unwrap();
    server.app.bus.dispatcher.wake();
    id
}

fn start() -> Operation {
    Operation::VmStart { vm: VmId::new() }
}

fn report(id: OperationId, report: u64, state: Reported) -> Report {
    let at = Timestamp::now();
    Report { id, report, state, at, reason: None, progress: None, result: None }
}

async fn state(server: &Server, id: OperationId) -> String {
    let row = operation::Entity::find_by_id(id.0).one(server.app.db.read()).await.unwrap();
    row.unwrap().state
}

async fn offered(socket: &mut Socket) -> Offer {
    match socket.hear().await {
        Some(ToAgent::Offer(offer)) => offer,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_operation_is_offered_reported_and_acknowledged_to_its_end() {
    let server = Server::start().await;
    let mut agent = Agent::joined(&server).await;
    let (mut socket, _) = agent.connect().await;

    let id = ask(&server, &agent, start()).await;
    let offer = offered(&mut socket).await;

    assert_eq!((offer.id, offer.epoch), (id, 1));
    assert!((3590..=3700).contains(&offer.start_before_seconds));
    assert_eq!(state(&server, id).await, "offered");
    let words = [Reported::Accepted, Reported::Running, Reported::Succeeded];
    for (number, word) in (1..).zip(words) {
        socket.say(ToServer::Report(Box::new(report(id, number, word)))).await;
        let acknowledged = ToAgent::Acknowledge { id, report: number };
        assert_eq!(socket.hear().await, Some(acknowledged));
    }
    assert_eq!(state(&server, id).await, "succeeded");
}

#[tokio::test]
async fn what_was_offered_is_offered_in_each_session_until_the_agent_says_something() {
    let server = Server::start().await;
    let mut agent = Agent::joined(&server).await;
    let id = ask(&server, &agent, start()).await;

    for _ in 0..2 {
        let (mut socket, _) = agent.connect().await;
        assert_eq!(offered(&mut socket).await.id, id);
        // Once in a session.
        server.app.bus.dispatcher.wake();
        socket.settle().await;
    }
    agent.journal = vec![report(id, 1, Reported::Accepted)];
    let (mut socket, _) = agent.connect().await;

    assert_eq!(socket.hear().await, Some(ToAgent::Acknowledge { id, report: 1 }));
    socket.settle().await;
    assert_eq!(state(&server, id).await, "accepted");
}

#[tokio::test]
async fn a_report_in_a_hello_is_stored_before_it_is_acknowledged_even_of_what_is_unknown() {
    let server = Server::start().await;
    let mut agent = Agent::joined(&server).await;
    let known = ask(&server, &agent, start()).await;
    let unknown = OperationId::new();
    agent.journal =
        vec![report(known, 3, Reported::Succeeded), report(unknown, 2, Reported::Failed)];

    let (mut socket, _) = agent.connect().await;

    for (id, number) in [(known, 3), (unknown, 2)] {
        assert_eq!(socket.hear().await, Some(ToAgent::Acknowledge { id, report: number }));
    }
    assert_eq!(state(&server, known).await, "succeeded");
}

#[tokio::test]
async fn another_s_operation_is_not_moved_by_a_report() {
    let server = Server::start().await;
    let (mut mine, theirs) = (Agent::joined(&server).await, Agent::joined(&server).await);
    let id = ask(&server, &theirs, start()).await;
    let (mut socket, _) = mine.connect().await;

    socket.say(ToServer::Report(Box::new(report(id, 1, Reported::Succeeded)))).await;
    socket.hear().await;

    assert_eq!(state(&server, id).await, "queued");
}

#[tokio::test]
async fn a_withdrawal_reaches_an_agent_that_was_offered_it() {
    let server = Server::start().await;
    let mut agent = Agent::joined(&server).await;
    let (mut socket, _) = agent.connect().await;
    let id = ask(&server, &agent, start()).await;
    offered(&mut socket).await;

    let (app, now) = (&server.app, server.app.clock.now());
    let work = progress::find(app.db.read(), id).await.unwrap().unwrap();
    let txn = app.db.begin().await.unwrap();
    assert!(progress::change(&txn, &work, Change::Cancel, now).await.is_ok());
    txn.commit().await.unwrap();
    app.bus.dispatcher.wake();

    assert_eq!(socket.hear().await, Some(ToAgent::Withdraw { id }));
    socket.say(ToServer::Report(Box::new(report(id, 1, Reported::Cancelled)))).await;
    socket.hear().await;
    assert_eq!(state(&server, id).await, "cancelled");
}

#[tokio::test]
async fn nothing_is_offered_to_one_that_is_pending_or_anywhere_while_the_server_is_held() {
    let server = Server::start().await;
    let app = &server.app;
    let hour = Duration::from_hours(1);
    let secret = server.token_of(server.organisation, 1, false, hour).await;
    let hardware = super::client::hardware("pending");
    let mut pending = Agent::joined_with(&server, &secret, hardware).await;
    let mut accepted = Agent::joined(&server).await;
    let hold = server_state::Hold { since: app.clock.now() };
    server_state::set_hold(app.db.write(), &hold).await.unwrap();
    let (mut first, _) = pending.connect().await;
    let (mut second, _) = accepted.connect().await;

    let ids = [ask(&server, &pending, start()).await, ask(&server, &accepted, start()).await];
    for _ in 0..3 {
        app.bus.dispatcher.wake();
        first.settle().await;
        second.settle().await;
    }
    server_state::release_hold(app.db.write()).await.unwrap();
    app.bus.dispatcher.wake();

    assert_eq!(offered(&mut second).await.id, ids[1]);
    first.settle().await;
    assert_eq!(state(&server, ids[0]).await, "queued");
}

#[tokio::test]
async fn one_that_may_be_a_clone_is_asked_for_nothing_that_changes_anything() {
    let server = Server::start().await;
    let mut agent = Agent::joined(&server).await;
    let app = &server.app;
    let stored =
        welcome::make_read_only(app.db.write(), agent.enrolled.appliance, "two").await.unwrap();
    assert_eq!(stored, domfleet_server::db::Stored::Yes);
    let (mut socket, _) = agent.connect().await;
    let changing = ask(&server, &agent, start()).await;
    let bundle = domfleet_shared::id::BundleId::new();

    let reading = ask(&server, &agent, Operation::DebugBundle { bundle }).await;

    assert_eq!(offered(&mut socket).await.id, reading);
    socket.settle().await;
    assert_eq!(state(&server, changing).await, "queued");
}

#[tokio::test]
async fn an_accepted_operation_that_the_agent_has_lost_is_not_repeated_and_a_person_is_told() {
    let server = Server::start().await;
    let mut agent = Agent::joined(&server).await;
    let (mut socket, _) = agent.connect().await;
    let id = ask(&server, &agent, Operation::ApplianceReboot).await;
    offered(&mut socket).await;
    socket.say(ToServer::Report(Box::new(report(id, 1, Reported::Accepted)))).await;
    socket.hear().await;
    drop(socket);

    for _ in 0..2 {
        let (mut socket, _) = agent.connect().await;
        server.app.bus.dispatcher.wake();
        socket.settle().await;
    }

    let alarms = alarm::Entity::find().all(server.app.db.read()).await.unwrap();
    assert_eq!(alarms.len(), 1);
    assert_eq!(alarms[0].kind, "operation_forgotten");
    assert_eq!(state(&server, id).await, "accepted");
}

#[tokio::test]
async fn what_nobody_could_be_offered_expires_and_what_falls_silent_is_lost_until_it_speaks() {
    let server = Server::start().await;
    let mut agent = Agent::joined(&server).await;
    let away = Agent::joined(&server).await;
    let (mut socket, _) = agent.connect().await;
    let never = ask(&server, &away, start()).await;
    let silent = ask(&server, &agent, start()).await;
    offered(&mut socket).await;
    socket.say(ToServer::Report(Box::new(report(silent, 1, Reported::Running)))).await;
    socket.hear().await;
    drop(socket);

    server.app.clock.advance(Duration::from_hours(2));

    for (id, expected) in [(never, "expired"), (silent, "lost")] {
        eventually(expected, async || (state(&server, id).await == expected).then_some(())).await;
    }
    agent.journal = vec![report(silent, 2, Reported::Succeeded)];
    agent.connect().await.0.hear().await;
    assert_eq!(state(&server, silent).await, "succeeded");
}
