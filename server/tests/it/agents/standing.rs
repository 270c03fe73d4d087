//! Sessions that would not be begun any more, found without anybody's message.

use domfleet_server::db::entity::appliance;
use domfleet_server::db::{Stored, appliances, welcome};
use domfleet_server::tasks::Task as _;
use domfleet_server::tasks::sessions::Sessions;
use domfleet_shared::id::ApplianceId;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};

use super::client::Agent;
use super::harness::Server;

async fn set_state(server: &Server, id: ApplianceId, state: &str) {
    appliance::Entity::update_many()
        .col_expr(appliance::Column::State, Expr::value(state))
        .filter(appliance::Column::Id.eq(id.0))
        .exec(server.app.db.write())
        .await
        .unwrap();
}

async fn look(server: &Server) {
    Sessions(server.app.clone()).run().await.unwrap();
}

#[tokio::test]
async fn a_revocation_of_which_no_message_came_through_ends_the_session_all_the_same() {
    let server = Server::start().await;
    let (mut revoked, mut stays) = (Agent::joined(&server).await, Agent::joined(&server).await);
    let (mut its_socket, _) = revoked.connect().await;
    let (mut other_socket, _) = stays.connect().await;
    let (db, id) = (server.app.db.write(), revoked.enrolled.appliance);

    appliances::revoke_credentials(db, id, server.app.clock.now()).await.unwrap();
    look(&server).await;

    assert_eq!(its_socket.refused().await, "revoked");
    other_socket.settle().await;
}

#[tokio::test]
async fn one_that_was_rejected_or_decommissioned_meanwhile_is_sent_away() {
    let server = Server::start().await;
    for state in ["rejected", "decommissioned"] {
        let mut agent = Agent::joined(&server).await;
        let (mut socket, _) = agent.connect().await;

        set_state(&server, agent.enrolled.appliance, state).await;
        look(&server).await;

        assert_eq!(socket.refused().await, "not_admitted", "{state}");
    }
}

#[tokio::test]
async fn one_that_was_accepted_or_put_in_doubt_meanwhile_comes_again_for_a_new_welcome() {
    let server = Server::start().await;
    let mut agent = Agent::joined(&server).await;
    let id = agent.enrolled.appliance;
    set_state(&server, id, "pending").await;
    let (mut socket, welcome) = agent.connect().await;
    assert!(!welcome.accepted);

    set_state(&server, id, "accepted").await;
    look(&server).await;

    assert_eq!(socket.refused().await, "replaced");
    let (mut socket, welcome) = agent.connect().await;
    assert!(welcome.accepted);

    let stored = welcome::make_read_only(server.app.db.write(), id, "two of it").await.unwrap();
    assert_eq!(stored, Stored::Yes);
    look(&server).await;

    assert_eq!(socket.refused().await, "replaced");
    let (mut socket, welcome) = agent.connect().await;
    assert_eq!(welcome.read_only.as_deref(), Some("two of it"));
    look(&server).await;
    socket.settle().await;
}
