//! Who is there.

use std::time::Duration;

use domfleet_server::db::entity::{alarm, appliance};
use domfleet_shared::inventory::Digests;
use domfleet_shared::protocol::ToServer;
use sea_orm::EntityTrait as _;

use super::client::{Agent, hardware};
use super::harness::{Server, eventually};

async fn is(server: &Server, agent: &Agent, presence: &str) {
    let id = agent.enrolled.appliance.0;
    eventually(presence, async || {
        let row = appliance::Entity::find_by_id(id).one(server.app.db.read()).await.unwrap();
        row.filter(|row| row.presence == presence)
    })
    .await;
}

#[tokio::test]
async fn an_appliance_is_online_then_stale_then_offline_and_online_again() {
    let server = Server::start().await;
    let mut agent = Agent::joined(&server).await;
    is(&server, &agent, "offline").await;
    let (mut socket, _) = agent.connect().await;
    is(&server, &agent, "online").await;

    server.app.clock.advance(Duration::from_secs(100));
    is(&server, &agent, "stale").await;
    socket.say(ToServer::Heartbeat { uptime_seconds: 1, digests: Digests::new() }).await;
    is(&server, &agent, "online").await;
    server.app.clock.advance(Duration::from_secs(400));
    is(&server, &agent, "offline").await;

    // Its connection must be dead by now, and is ended.
    assert_eq!(socket.refused().await, "protocol");
    let (_socket, _) = agent.connect().await;
    is(&server, &agent, "online").await;
}

#[tokio::test]
async fn a_heartbeat_is_on_record_before_long() {
    let server = Server::start().await;
    let mut agent = Agent::joined(&server).await;
    let (mut socket, _) = agent.connect().await;
    is(&server, &agent, "online").await;
    server.app.clock.advance(Duration::from_secs(20));
    let before = server.app.clock.now().as_millis();

    socket.say(ToServer::Heartbeat { uptime_seconds: 1, digests: Digests::new() }).await;

    let id = agent.enrolled.appliance.0;
    eventually("the heartbeat on record", async || {
        let row = appliance::Entity::find_by_id(id).one(server.app.db.read()).await.unwrap();
        row?.last_seen_at.filter(|seen| *seen >= before)
    })
    .await;
}

#[tokio::test]
async fn a_goodbye_excuses_for_as_long_as_a_restart_may_take() {
    let server = Server::start().await;
    let mut agent = Agent::joined(&server).await;
    let (mut socket, _) = agent.connect().await;
    is(&server, &agent, "online").await;

    socket.say(ToServer::Goodbye { returning: true }).await;
    is(&server, &agent, "expected_offline").await;
    drop(socket);
    server.app.clock.advance(Duration::from_mins(30));
    is(&server, &agent, "offline").await;

    let (mut socket, _) = agent.connect().await;
    is(&server, &agent, "online").await;
    socket.say(ToServer::Goodbye { returning: false }).await;
    drop(socket);
    is(&server, &agent, "expected_offline").await;
}

#[tokio::test]
async fn when_all_fall_silent_at_once_one_alarm_says_that_it_is_the_server() {
    let server = Server::start().await;
    let secret = server.token(12).await;
    let mut sockets = Vec::new();
    let mut agents = Vec::new();
    for n in 0..12 {
        let mut agent = Agent::joined_with(&server, &secret, hardware(&n.to_string())).await;
        sockets.push(agent.connect().await.0);
        agents.push(agent);
    }
    for agent in &agents {
        is(&server, agent, "online").await;
    }

    server.app.clock.advance(Duration::from_secs(100));

    let raised = eventually("an alarm", async || {
        let alarms = alarm::Entity::find().all(server.app.db.read()).await.unwrap();
        (!alarms.is_empty()).then_some(alarms)
    })
    .await;
    assert_eq!(raised.len(), 1);
    assert_eq!(raised[0].kind, "server_suspect");
    for socket in &mut sockets {
        socket.say(ToServer::Heartbeat { uptime_seconds: 1, digests: Digests::new() }).await;
    }
    eventually("its end", async || {
        let alarms = alarm::Entity::find().all(server.app.db.read()).await.unwrap();
        alarms[0].cleared_at
    })
    .await;
}
