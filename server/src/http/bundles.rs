//! Debug bundles: the table, one of them, who holds it, and its end.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use domfleet_shared::id::{ApplianceId, BundleId, OrganisationId};
use sea_orm::DatabaseTransaction;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::error::{ApiError, ApiResult};
use super::extract::{Body, Id};
use super::page::{Asked, PageParams, pages};
use crate::app::App;
use crate::auth::Caller;
use crate::db::audit::{self, Change};
use crate::db::bundles::{KEYS, SORTS};
use crate::db::{self, Stored, appliances, bundles, keeping};
use crate::domain::bundle::Bundle;
use crate::domain::people::Role;
use crate::uploads;

pages! {
    /// A part of the table of bundles.
    Bundles { bundles: Bundle }
}

/// The table of bundles.
#[utoipa::path(
    get, path = "/bundles", tag = "bundles",
    params(
        PageParams,
        ("appliance" = Option<ApplianceId>, Query, description = "Of this appliance."),
    ),
    responses((status = 200, description = "The part that was asked for.", body = Bundles))
)]
pub(super) async fn list(
    State(app): State<App>,
    caller: Caller,
    asked: Asked,
) -> ApiResult<Json<Bundles>> {
    let window = asked.window(&KEYS, &SORTS, "-created_at")?;
    let revision = db::events::newest(app.db.read()).await?;
    let rows = bundles::list(app.db.read(), &caller.scope, &window, app.clock.now()).await?;
    Ok(Json(Bundles::new(window.offset, rows, revision)))
}

/// One bundle.
#[utoipa::path(
    get, path = "/bundles/{id}", tag = "bundles", params(("id" = BundleId, Path)),
    responses((status = 200, description = "The bundle.", body = Bundle))
)]
pub(super) async fn show(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<BundleId>,
) -> ApiResult<Json<Bundle>> {
    read(&app, &caller, id).await.map(Json)
}

pub(super) async fn read(app: &App, caller: &Caller, id: BundleId) -> ApiResult<Bundle> {
    bundles::find(app.db.read(), &caller.scope, id).await?.ok_or(ApiError::NotFound("bundle"))
}

/// What a bundle is held for.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HoldRequest {
    /// For whoever wonders why it is still there.
    pub note: String,
}

/// Keeps a bundle from going, until it is released.
#[utoipa::path(
    post, path = "/bundles/{id}/hold", tag = "bundles", params(("id" = BundleId, Path)),
    request_body = HoldRequest,
    responses((status = 200, description = "The bundle as it is now.", body = Bundle))
)]
pub(super) async fn hold(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<BundleId>,
    Body(request): Body<HoldRequest>,
) -> ApiResult<Json<Bundle>> {
    let (txn, bundle) = begin(&app, &caller, id).await?;
    if request.note.trim().is_empty() || request.note.len() > 2000 {
        return Err(ApiError::invalid("note", "1 to 2000 letters"));
    }
    let now = app.clock.now();
    let stored = keeping::hold(&txn, id, &caller.email, &request.note, now).await?;
    if stored == Stored::Stale {
        return Err(ApiError::Conflict(format!("the bundle is {}", bundle.state.as_str())));
    }
    let after = json!({ "note": request.note });
    finish(&app, &caller, txn, &bundle, "bundle.hold", Some(after)).await?;
    read(&app, &caller, id).await.map(Json)
}

/// Lets a bundle go when its time comes, which may be at once.
#[utoipa::path(
    post, path = "/bundles/{id}/release", tag = "bundles", params(("id" = BundleId, Path)),
    responses((status = 200, description = "The bundle as it is now.", body = Bundle))
)]
pub(super) async fn release(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<BundleId>,
) -> ApiResult<Json<Bundle>> {
    let (txn, bundle) = begin(&app, &caller, id).await?;
    if bundle.hold.is_some() && keeping::release(&txn, id, app.clock.now()).await? == Stored::Yes {
        finish(&app, &caller, txn, &bundle, "bundle.release", None).await?;
    }
    read(&app, &caller, id).await.map(Json)
}

/// Removes the bytes of a bundle that nobody holds; that there was one stays known.
#[utoipa::path(
    delete, path = "/bundles/{id}", tag = "bundles", params(("id" = BundleId, Path)),
    responses((status = 204, description = "They are gone."))
)]
pub(super) async fn remove(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<BundleId>,
) -> ApiResult<StatusCode> {
    let (txn, bundle) = begin(&app, &caller, id).await?;
    if let Some(hold) = bundle.hold {
        return Err(ApiError::OnHold(hold.by));
    }
    let due = keeping::to_remove(&txn, id).await?.ok_or(ApiError::NotFound("bundle"))?;
    if keeping::expire(&txn, &due, app.clock.now()).await? == Stored::Stale {
        return Err(ApiError::Conflict("the bundle has just changed".into()));
    }
    finish(&app, &caller, txn, &bundle, "bundle.remove", None).await?;
    app.objects.remove(due.object.as_deref()).await;
    uploads::discard(&app, id);
    Ok(StatusCode::NO_CONTENT)
}

async fn begin(
    app: &App,
    caller: &Caller,
    id: BundleId,
) -> ApiResult<(DatabaseTransaction, Bundle)> {
    caller.needs(Role::Operator)?;
    let txn = app.db.begin().await?;
    let found = bundles::find(&txn, &caller.scope, id).await?;
    Ok((txn, found.ok_or(ApiError::NotFound("bundle"))?))
}

async fn finish(
    app: &App,
    caller: &Caller,
    txn: DatabaseTransaction,
    before: &Bundle,
    action: &str,
    after: Option<Value>,
) -> ApiResult<()> {
    let owner = ApplianceId(before.appliance.id);
    let appliance =
        appliances::find(&txn, &caller.scope, owner).await?.ok_or(ApiError::NotFound("bundle"))?;
    let change = Change {
        organisation: OrganisationId(appliance.organisation.id),
        action,
        kind: "bundle",
        id: before.id.to_string(),
        before: Some(json!({
            "state": before.state, "blake3": before.blake3, "hold": before.hold,
        })),
        after,
    };
    audit::record(&txn, &caller.actor(), change, app.clock.now()).await?;
    txn.commit().await?;
    app.bus.events_appended();
    Ok(())
}
