//! The server itself: which it is, and whether it waits after a restore.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use domfleet_shared::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::appliances::Confirm;
use super::error::{ApiError, ApiResult};
use super::extract::Body;
use crate::app::App;
use crate::auth::Caller;
use crate::db::audit::{self, Change};
use crate::db::{appliances, organisations, server_state};
use crate::domain::people::Role;

/// An appliance that was not seen for so long is not waited for.
pub const RECENT: Duration = Duration::from_hours(7 * 24);

/// What must be typed to release a hold.
const RELEASE: &str = "release";

/// The server.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ServerView {
    /// Its version.
    pub version: String,
    /// Counts the restores of its database from a backup, from 1.
    pub incarnation: u64,
    /// Whether it was restored and waits: it shows everything and asks nothing of appliances.
    pub held: bool,
    /// Since when.
    pub held_since: Option<Timestamp>,
    /// How many of the appliances that it waits for have reported since the restore.
    pub appliances_reconciled: u64,
    /// How many it waits for: accepted, and seen in the week before.
    pub appliances_total: u64,
    /// When this process began.
    pub started_at: Timestamp,
}

/// Which server this is, and whether it waits after a restore.
#[utoipa::path(
    get, path = "/server", tag = "server",
    responses((status = 200, description = "The server.", body = ServerView))
)]
pub(super) async fn show(State(app): State<App>, caller: Caller) -> ApiResult<Json<ServerView>> {
    view(&app, &caller).await.map(Json)
}

async fn view(app: &App, caller: &Caller) -> ApiResult<ServerView> {
    let db = app.db.read();
    let incarnation = server_state::incarnation(db).await?;
    let hold = server_state::hold(db).await?;
    let since = hold.as_ref().map_or_else(|| app.clock.now(), |hold| hold.since) - RECENT;
    let (done, total) = appliances::reconciled(db, Some(&caller.scope), incarnation, since).await?;
    Ok(ServerView {
        version: env!("CARGO_PKG_VERSION").into(),
        incarnation,
        held: hold.is_some(),
        held_since: hold.map(|hold| hold.since),
        appliances_reconciled: done,
        appliances_total: total,
        started_at: app.started_at,
    })
}

/// Ends the waiting after a restore, whoever has not reported yet. An appliance that then gets an
/// operation which it had already done refuses it by its own journal.
#[utoipa::path(
    post, path = "/server/release-hold", tag = "server", request_body = Confirm,
    responses((status = 200, description = "The server as it is now.", body = ServerView))
)]
pub(super) async fn release_hold(
    State(app): State<App>,
    caller: Caller,
    Body(body): Body<Confirm>,
) -> ApiResult<Json<ServerView>> {
    caller.needs(Role::Admin)?;
    let now = app.clock.now();
    let txn = app.db.begin().await?;
    // It concerns everybody: only the topmost organisation may.
    let topmost = organisations::topmost(&txn).await?;
    if topmost != Some(caller.organisation_id()) {
        return Err(ApiError::NotFound("server"));
    }
    if body.confirm != RELEASE {
        return Err(ApiError::ConfirmRequired(RELEASE.into()));
    }
    if !server_state::release_hold(&txn).await? {
        return Err(ApiError::Conflict("the server is not held".into()));
    }
    let change = Change {
        organisation: caller.organisation_id(),
        action: "server.release_hold",
        kind: "server",
        id: "server".into(),
        before: Some(json!({ "held": true })),
        after: Some(json!({ "held": false })),
    };
    audit::record(&txn, &caller.actor(), change, now).await?;
    txn.commit().await?;
    app.bus.dispatcher.wake();
    view(&app, &caller).await.map(Json)
}
