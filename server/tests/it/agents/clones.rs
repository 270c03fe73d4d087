//! Two of one appliance.

use domfleet_server::db::entity::{alarm, appliance, audit};
use domfleet_server::db::welcome;
use domfleet_shared::id::InstanceId;
use domfleet_shared::protocol::{ToAgent, ToServer};
use sea_orm::EntityTrait as _;

use super::client::{Agent, csr, hardware};
use super::harness::Server;

async fn read_only(server: &Server, agent: &Agent) -> Option<String> {
    let id = agent.enrolled.appliance.0;
    let row = appliance::Entity::find_by_id(id).one(server.app.db.read()).await.unwrap();
    row.unwrap().read_only
}

#[tokio::test]
async fn an_agent_that_restarts_and_an_agent_that_misses_welcomes_are_no_clones() {
    let server = Server::start().await;
    let mut agent = Agent::joined(&server).await;
    for _ in 0..3 {
        // Welcomes that never reach the disk: power cuts between two writes.
        agent.instance = InstanceId::new();
        let (_, answer) = agent.greet().await;
        assert!(matches!(answer, ToAgent::Welcome(welcome) if welcome.read_only.is_none()));
    }
    for _ in 0..3 {
        agent.instance = InstanceId::new();
        let (mut socket, welcome) = agent.connect().await;
        assert_eq!(welcome.read_only, None);
        socket.settle().await;
    }

    assert_eq!(read_only(&server, &agent).await, None);
}

#[tokio::test]
async fn a_disk_that_was_put_back_from_a_backup_makes_the_appliance_read_only() {
    let server = Server::start().await;
    let mut agent = Agent::joined(&server).await;
    let backup = agent.copied();
    for _ in 0..3 {
        let (mut socket, _) = agent.connect().await;
        socket.settle().await;
    }

    let mut old = backup;
    let (mut socket, welcome) = old.connect().await;

    assert!(welcome.read_only.is_some());
    assert!(read_only(&server, &agent).await.is_some());
    // It does not get the number of the other, nor a certificate.
    assert_eq!(welcome.session, 0);
    socket.say(ToServer::Renew { csr_pem: csr(&old.key) }).await;
    socket.settle().await;
    let alarms = alarm::Entity::find().all(server.app.db.read()).await.unwrap();
    assert_eq!(alarms.iter().filter(|alarm| alarm.kind == "clone").count(), 1);
    let trail = audit::Entity::find().all(server.app.db.read()).await.unwrap();
    assert!(trail.iter().any(|entry| entry.action == "appliance.clone_found"));
}

#[tokio::test]
async fn both_are_read_only_and_one_alarm_is_raised_however_often_they_come() {
    let server = Server::start().await;
    let mut agent = Agent::joined(&server).await;
    let (mut socket, _) = agent.connect().await;
    socket.settle().await;
    drop(socket);
    let mut copy = agent.copied();
    copy.session -= 1;

    for _ in 0..2 {
        for each in [&mut copy, &mut agent] {
            let (mut socket, welcome) = each.connect().await;
            if each.session == 0 {
                assert!(welcome.read_only.is_some());
            }
            socket.settle().await;
        }
    }
    let (_, welcome) = agent.connect().await;

    assert!(welcome.read_only.is_some());
    let alarms = alarm::Entity::find().all(server.app.db.read()).await.unwrap();
    assert_eq!(alarms.len(), 1);
}

#[tokio::test]
async fn two_that_answer_at_the_same_time_are_found_though_both_show_the_right_number() {
    let server = Server::start().await;
    let mut agent = Agent::joined(&server).await;
    let (mut socket, _) = agent.connect().await;
    socket.settle().await;
    let copy = agent.copied();

    // Reading is what answers the server's ping.
    let (first, second) = tokio::join!(socket.hear(), copy.greet());

    assert!(matches!(first, Some(ToAgent::Refused { code, .. }) if code == "replaced"));
    assert!(matches!(second.1, ToAgent::Welcome(welcome) if welcome.read_only.is_some()));
    assert!(read_only(&server, &agent).await.unwrap().contains("same time"));
}

#[tokio::test]
async fn a_hello_whose_process_has_died_before_it_is_read_is_no_second_agent() {
    let server = Server::start().await;
    let mut agent = Agent::joined(&server).await;
    let (mut socket, _) = agent.connect().await;
    socket.settle().await;

    let mut died = agent.copied().socket().await;
    died.say(ToServer::Hello(Box::new(agent.copied().hello()))).await;
    drop(died);
    socket.answer_ping().await;
    socket.settle().await;

    let (_, welcome) = agent.connect().await;
    assert_eq!(welcome.read_only, None);
    assert_eq!(read_only(&server, &agent).await, None);
}

#[tokio::test]
async fn a_dead_connection_is_no_second_agent() {
    let server = Server::start().await;
    let mut agent = Agent::joined(&server).await;
    // Nobody reads from this one any more: it answers nothing.
    let (_dead, _) = agent.connect().await;

    agent.instance = InstanceId::new();
    let (_socket, welcome) = agent.connect().await;

    assert_eq!(welcome.read_only, None);
}

#[tokio::test]
async fn an_identity_on_other_hardware_is_a_clone_and_a_new_disk_is_not() {
    let server = Server::start().await;
    let mut agent = Agent::joined(&server).await;
    agent.fingerprint.disks = ["new".to_owned()].into();
    let (mut socket, welcome) = agent.connect().await;
    assert_eq!(welcome.read_only, None);
    socket.settle().await;
    drop(socket);

    agent.fingerprint = hardware("elsewhere");
    let (_, welcome) = agent.connect().await;

    assert!(welcome.read_only.unwrap().contains("hardware"));
}

#[tokio::test]
async fn once_a_person_has_looked_whoever_comes_first_is_the_one() {
    let server = Server::start().await;
    let mut agent = Agent::joined(&server).await;
    let mut old = agent.copied();
    for _ in 0..3 {
        let (mut socket, _) = agent.connect().await;
        socket.settle().await;
    }
    old.connect().await;

    welcome::forget(server.app.db.write(), old.enrolled.appliance).await.unwrap();

    for _ in 0..2 {
        let (mut socket, welcome) = old.connect().await;
        assert_eq!(welcome.read_only, None);
        socket.settle().await;
    }
}
