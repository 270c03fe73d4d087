//! A server that was restored from a backup.

use domfleet_server::db::entity::{alarm, appliance, credential, hardware_part};
use domfleet_server::db::server_state::{self, Hold};
use domfleet_shared::protocol::ToAgent;
use sea_orm::{ActiveModelTrait as _, EntityTrait as _, ModelTrait as _};

use super::client::{Agent, hardware};
use super::harness::Server;

async fn hold(server: &Server) {
    let app = &server.app;
    server_state::set_incarnation(app.db.write(), 2).await.unwrap();
    let hold = Hold { since: app.clock.now() };
    server_state::set_hold(app.db.write(), &hold).await.unwrap();
}

#[tokio::test]
async fn one_that_joined_after_the_backup_is_taken_in_as_pending_and_not_refused() {
    let server = Server::start().await;
    let agent = Agent::joined(&server).await;
    let db = server.app.db.write();
    credential::Entity::delete_many().exec(db).await.unwrap();
    hardware_part::Entity::delete_many().exec(db).await.unwrap();
    appliance::Entity::delete_many().exec(db).await.unwrap();
    assert_eq!(agent.refused().await, "unknown_key");

    hold(&server).await;
    let (_, answer) = agent.greet().await;

    let ToAgent::Welcome(welcome) = answer else { panic!("{answer:?}") };
    assert!(!welcome.accepted);
    assert_eq!((welcome.appliance, welcome.incarnation), (agent.enrolled.appliance, 2));
    let alarms = alarm::Entity::find().all(server.app.db.read()).await.unwrap();
    assert_eq!(alarms[0].kind, "unreconciled");
}

#[tokio::test]
async fn one_that_joined_again_after_the_backup_is_in_its_newer_epoch_and_older_keys_are_not() {
    let server = Server::start().await;
    let secret = server.token(2).await;
    let old = Agent::joined_with(&server, &secret, hardware("a")).await;
    let before = credential::Entity::find().one(server.app.db.read()).await.unwrap().unwrap();
    let row = appliance::Entity::find().one(server.app.db.read()).await.unwrap().unwrap();
    let mut new = Agent::joined_with(&server, &secret, hardware("a")).await;
    // As it was when the backup was made.
    let db = server.app.db.write();
    credential::Entity::delete_many().exec(db).await.unwrap();
    hardware_part::Entity::delete_many().exec(db).await.unwrap();
    row.clone().delete(db).await.unwrap();
    let row: appliance::ActiveModel = row.into();
    appliance::Entity::insert(row.reset_all()).exec_without_returning(db).await.unwrap();
    let before: credential::ActiveModel = before.into();
    credential::Entity::insert(before.reset_all()).exec_without_returning(db).await.unwrap();

    hold(&server).await;
    let (mut socket, welcome) = new.connect().await;
    socket.settle().await;

    assert!(welcome.accepted);
    assert_eq!(old.refused().await, "revoked");
    let row = appliance::Entity::find().one(server.app.db.read()).await.unwrap().unwrap();
    assert_eq!((row.epoch, row.incarnation), (2, 2));
}

#[tokio::test]
async fn an_agent_that_was_given_later_numbers_is_no_clone() {
    let server = Server::start().await;
    let mut agent = Agent::joined(&server).await;
    agent.session = 40;

    let (_, welcome) = agent.connect().await;

    assert_eq!((welcome.session, welcome.read_only), (41, None));
}
