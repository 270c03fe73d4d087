//! Versions of components, and what is known of them.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::json;
use uuid::Uuid;

use super::error::{ApiError, ApiResult};
use super::extract::{Body, Id};
use super::page::{Asked, pages};
use crate::app::App;
use crate::auth::Caller;
use crate::db::audit::{self, Change};
use crate::db::{self, organisations, releases};
use crate::domain::people::Role;
use crate::domain::release::{Release, Said};

pages! {
    /// All releases.
    Releases { releases: Release }
}

/// What is said of versions: by component, and newest first.
#[utoipa::path(
    get, path = "/releases", tag = "reliability",
    responses((status = 200, description = "All of them.", body = Releases))
)]
pub(super) async fn list(
    State(app): State<App>,
    _caller: Caller,
    asked: Asked,
) -> ApiResult<Json<Releases>> {
    asked.nothing_else()?;
    let revision = db::events::newest(app.db.read()).await?;
    Ok(Json(Releases::whole(releases::all(app.db.read()).await?, revision)))
}

/// Says something of a version, in place of what was said before. Appliances that run it show it. Only the topmost
/// organisation may.
#[utoipa::path(
    put, path = "/releases", tag = "reliability", request_body = Said,
    responses((status = 200, description = "What is known now.", body = Release))
)]
pub(super) async fn put(
    State(app): State<App>,
    caller: Caller,
    Body(said): Body<Said>,
) -> ApiResult<Json<Release>> {
    caller.needs(Role::Admin)?;
    said.check().map_err(|(field, why)| ApiError::invalid(field, why))?;
    let now = app.clock.now();
    let txn = app.db.begin().await?;
    topmost_only(&txn, &caller).await?;
    let before = releases::of_version(&txn, said.component, &said.version).await?;
    releases::put(&txn, caller.organisation_id(), &said, now).await?;
    let after = releases::of_version(&txn, said.component, &said.version).await?;
    let after = after.ok_or(ApiError::NotFound("release"))?;
    let change = Change {
        organisation: caller.organisation_id(),
        action: "release.put",
        kind: "release",
        id: after.id.to_string(),
        before: before.map(|before| json!(before)),
        after: Some(json!(after)),
    };
    audit::record(&txn, &caller.actor(), change, now).await?;
    txn.commit().await?;
    Ok(Json(after))
}

/// Forgets what was said of a version. Only the topmost organisation may.
#[utoipa::path(
    delete, path = "/releases/{id}", tag = "reliability", params(("id" = Uuid, Path)),
    responses((status = 204, description = "Nothing is said of it any more."))
)]
pub(super) async fn remove(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<Uuid>,
) -> ApiResult<StatusCode> {
    caller.needs(Role::Admin)?;
    let txn = app.db.begin().await?;
    topmost_only(&txn, &caller).await?;
    let before = releases::find(&txn, id).await?.ok_or(ApiError::NotFound("release"))?;
    releases::remove(&txn, id).await?;
    let change = Change {
        organisation: caller.organisation_id(),
        action: "release.remove",
        kind: "release",
        id: id.to_string(),
        before: Some(json!(before)),
        after: None,
    };
    audit::record(&txn, &caller.actor(), change, app.clock.now()).await?;
    txn.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What is said of a version is said to everybody.
async fn topmost_only(txn: &impl sea_orm::ConnectionTrait, caller: &Caller) -> ApiResult<()> {
    if organisations::topmost(txn).await? == Some(caller.organisation_id()) {
        Ok(())
    } else {
        Err(ApiError::NotFound("release"))
    }
}
