//! Appliances: the table, one of them, and what operators decide of it.

use axum::Json;
use axum::extract::State;
use domfleet_shared::Timestamp;
use domfleet_shared::id::{ApplianceId, OrganisationId, SiteId};
use sea_orm::DatabaseTransaction;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::error::{ApiError, ApiResult};
use super::extract::{Body, Id};
use super::page::{Asked, PageParams, pages};
use crate::agents::refusal::Refusal;
use crate::app::App;
use crate::auth::Caller;
use crate::db::alarms::{self, AlarmKind};
use crate::db::appliance_list::{self, KEYS, SORTS};
use crate::db::appliances::{self, ApplianceChange};
use crate::db::audit::{self, Change};
use crate::db::{self, Stored, events, welcome};
use crate::domain::appliance::{Appliance, ApplianceDetail, ApplianceState, Presence};
use crate::domain::people::Role;

pages! {
    /// A part of the table of appliances.
    Appliances { appliances: Appliance }
}

/// The table of appliances.
#[utoipa::path(
    get, path = "/appliances", tag = "appliances",
    params(PageParams, ("presence" = Option<Presence>, Query, description = "As in q; every \
        other key of the filter language can be said so, too.")),
    responses((status = 200, description = "The part that was asked for.", body = Appliances))
)]
pub(super) async fn list(
    State(app): State<App>,
    caller: Caller,
    asked: Asked,
) -> ApiResult<Json<Appliances>> {
    let window = asked.window(&KEYS, &SORTS, "name")?;
    // Read first: what is shown is then at least as new.
    let revision = events::newest(app.db.read()).await?;
    let rows = appliance_list::list(app.db.read(), &caller.scope, &window, app.clock.now()).await?;
    Ok(Json(Appliances::new(window.offset, rows, revision)))
}

/// One appliance, and all that is known of it.
#[utoipa::path(
    get, path = "/appliances/{id}", tag = "appliances", params(("id" = ApplianceId, Path)),
    responses((status = 200, description = "The appliance.", body = ApplianceDetail))
)]
pub(super) async fn show(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<ApplianceId>,
) -> ApiResult<Json<ApplianceDetail>> {
    read(&app, &caller, id).await.map(Json)
}

pub(super) async fn read(
    app: &App,
    caller: &Caller,
    id: ApplianceId,
) -> ApiResult<ApplianceDetail> {
    appliances::detail(app.db.read(), &caller.scope, id, app.clock.now())
        .await?
        .ok_or(ApiError::NotFound("appliance"))
}

/// What can be changed of an appliance by hand.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AppliancePatch {
    /// Its name.
    #[serde(default)]
    pub name: Option<String>,
    /// Where it stands; `null` takes it from its site.
    #[serde(default, deserialize_with = "super::extract::said::deserialize")]
    #[schema(value_type = Option<SiteId>)]
    pub site_id: Option<Option<SiteId>>,
}

/// Renames an appliance, or says where it stands.
#[utoipa::path(
    patch, path = "/appliances/{id}", tag = "appliances", params(("id" = ApplianceId, Path)),
    request_body = AppliancePatch,
    responses((status = 200, description = "The appliance as it is now.", body = ApplianceDetail))
)]
pub(super) async fn update(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<ApplianceId>,
    Body(patch): Body<AppliancePatch>,
) -> ApiResult<Json<ApplianceDetail>> {
    caller.needs(Role::Operator)?;
    let name = patch.name.map(|name| checked_name(&name)).transpose()?;
    let (txn, appliance, organisation) = begin(&app, &caller, id).await?;
    if let Some(Some(site)) = patch.site_id {
        let there = db::sites::find(&txn, &caller.scope, site).await?;
        if there.is_none_or(|site| site.organisation_id != organisation) {
            return Err(ApiError::invalid("site_id", "the organisation has no such site"));
        }
    }
    let change = ApplianceChange { name, site: patch.site_id, ..ApplianceChange::default() };
    finish(&app, &caller, txn, &appliance, organisation, "appliance.change", change).await?;
    read(&app, &caller, id).await.map(Json)
}

/// A name that can be shown: not blank, not endless, in one line.
pub(super) fn checked_name(name: &str) -> ApiResult<String> {
    let name = name.trim();
    let fits = !name.is_empty() && name.len() <= 200 && !name.chars().any(char::is_control);
    if fits { Ok(name.to_owned()) } else { Err(ApiError::invalid("name", "1 to 200 letters")) }
}

/// That a person means it.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Confirm {
    /// The name of what it is about.
    pub confirm: String,
}

/// Takes a pending appliance into the fleet.
#[utoipa::path(
    post, path = "/appliances/{id}/accept", tag = "appliances",
    params(("id" = ApplianceId, Path)),
    responses((status = 200, description = "The appliance as it is now.", body = ApplianceDetail))
)]
pub(super) async fn accept(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<ApplianceId>,
) -> ApiResult<Json<ApplianceDetail>> {
    caller.needs(Role::Operator)?;
    let states = [ApplianceState::Pending, ApplianceState::Rejected];
    decide(&app, &caller, id, &states, ApplianceState::Accepted, "appliance.accept").await
}

/// Keeps a pending appliance out.
#[utoipa::path(
    post, path = "/appliances/{id}/reject", tag = "appliances",
    params(("id" = ApplianceId, Path)),
    responses((status = 200, description = "The appliance as it is now.", body = ApplianceDetail))
)]
pub(super) async fn reject(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<ApplianceId>,
) -> ApiResult<Json<ApplianceDetail>> {
    caller.needs(Role::Operator)?;
    let states = [ApplianceState::Pending];
    decide(&app, &caller, id, &states, ApplianceState::Rejected, "appliance.reject").await
}

/// Takes an appliance out of the fleet; what is known of it stays.
#[utoipa::path(
    post, path = "/appliances/{id}/decommission", tag = "appliances",
    params(("id" = ApplianceId, Path)), request_body = Confirm,
    responses((status = 200, description = "The appliance as it is now.", body = ApplianceDetail))
)]
pub(super) async fn decommission(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<ApplianceId>,
    Body(body): Body<Confirm>,
) -> ApiResult<Json<ApplianceDetail>> {
    caller.needs(Role::Admin)?;
    confirmed(&app, &caller, id, &body).await?;
    let states = [ApplianceState::Pending, ApplianceState::Accepted, ApplianceState::Rejected];
    let to = ApplianceState::Decommissioned;
    decide(&app, &caller, id, &states, to, "appliance.decommission").await
}

/// Revokes an appliance's keys: it is cut off, and must join again.
#[utoipa::path(
    post, path = "/appliances/{id}/revoke", tag = "appliances",
    params(("id" = ApplianceId, Path)), request_body = Confirm,
    responses((status = 200, description = "The appliance as it is now.", body = ApplianceDetail))
)]
pub(super) async fn revoke(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<ApplianceId>,
    Body(body): Body<Confirm>,
) -> ApiResult<Json<ApplianceDetail>> {
    caller.needs(Role::Admin)?;
    confirmed(&app, &caller, id, &body).await?;
    let (txn, appliance, organisation) = begin(&app, &caller, id).await?;
    appliances::revoke_credentials(&txn, id, app.clock.now()).await?;
    let change = ApplianceChange::default();
    finish(&app, &caller, txn, &appliance, organisation, "appliance.revoke", change).await?;
    app.registry.close(id, Refusal::revoked());
    read(&app, &caller, id).await.map(Json)
}

/// Says that the doubt whether there are two of an appliance is resolved: the one that is
/// connected, or comes next, is the right one.
#[utoipa::path(
    post, path = "/appliances/{id}/clones/resolve", tag = "appliances",
    params(("id" = ApplianceId, Path)), request_body = Confirm,
    responses((status = 200, description = "The appliance as it is now.", body = ApplianceDetail))
)]
pub(super) async fn resolve_clones(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<ApplianceId>,
    Body(body): Body<Confirm>,
) -> ApiResult<Json<ApplianceDetail>> {
    caller.needs(Role::Admin)?;
    confirmed(&app, &caller, id, &body).await?;
    let (txn, appliance, organisation) = begin(&app, &caller, id).await?;
    if appliance.read_only.is_none() {
        return Err(ApiError::Conflict("the appliance is not in doubt".into()));
    }
    let now = app.clock.now();
    welcome::forget(&txn, id).await?;
    if let Some(event) = alarms::clear(&txn, AlarmKind::Clone, &id.to_string(), now).await? {
        events::append(&txn, vec![event], now).await?;
    }
    let change = ApplianceChange { read_only: Some(None), ..ApplianceChange::default() };
    let action = "appliance.resolve_clones";
    finish(&app, &caller, txn, &appliance, organisation, action, change).await?;
    read(&app, &caller, id).await.map(Json)
}

async fn confirmed(app: &App, caller: &Caller, id: ApplianceId, body: &Confirm) -> ApiResult<()> {
    let appliance = appliances::find(app.db.read(), &caller.scope, id)
        .await?
        .ok_or(ApiError::NotFound("appliance"))?;
    if body.confirm == appliance.name {
        return Ok(());
    }
    Err(ApiError::ConfirmRequired(appliance.name))
}

/// Moves an appliance to another state, if it is in one of `from`. Asking for the state that it
/// is in changes nothing.
async fn decide(
    app: &App,
    caller: &Caller,
    id: ApplianceId,
    from: &[ApplianceState],
    to: ApplianceState,
    action: &'static str,
) -> ApiResult<Json<ApplianceDetail>> {
    let (txn, appliance, organisation) = begin(app, caller, id).await?;
    if appliance.state == to {
        drop(txn);
        return read(app, caller, id).await.map(Json);
    }
    if !from.contains(&appliance.state) {
        return Err(ApiError::Conflict(format!("the appliance is {}", appliance.state.as_str())));
    }
    let accepted_at = (to == ApplianceState::Accepted).then(|| app.clock.now());
    let change = ApplianceChange { state: Some(to), accepted_at, ..ApplianceChange::default() };
    finish(app, caller, txn, &appliance, organisation, action, change).await?;
    read(app, caller, id).await.map(Json)
}

async fn begin(
    app: &App,
    caller: &Caller,
    id: ApplianceId,
) -> ApiResult<(DatabaseTransaction, Appliance, OrganisationId)> {
    let txn = app.db.begin().await?;
    let (appliance, organisation) =
        appliances::lock(&txn, &caller.scope, id).await?.ok_or(ApiError::NotFound("appliance"))?;
    Ok((txn, appliance, organisation))
}

/// Writes the change, with its audit entry and its event, and tells whom it concerns.
async fn finish(
    app: &App,
    caller: &Caller,
    txn: DatabaseTransaction,
    appliance: &Appliance,
    organisation: OrganisationId,
    action: &'static str,
    change: ApplianceChange,
) -> ApiResult<()> {
    let now: Timestamp = app.clock.now();
    let new_terms = change.state.is_some() || change.read_only.is_some();
    let after = json!({
        "name": change.name, "site_id": change.site, "state": change.state,
        "read_only": change.read_only,
    });
    let entry = Change {
        organisation,
        action,
        kind: "appliance",
        id: appliance.id.to_string(),
        before: Some(json!({
            "name": appliance.name,
            "site_id": appliance.site.as_ref().map(|site| site.id),
            "state": appliance.state,
            "read_only": appliance.read_only,
        })),
        after: Some(after),
    };
    audit::record(&txn, &caller.actor(), entry, now).await?;
    if appliances::change(&txn, appliance, change, now).await? == Stored::Stale {
        return Err(ApiError::Conflict("the appliance has just changed".into()));
    }
    txn.commit().await?;
    app.bus.events_appended();
    if new_terms {
        // It comes again at once, and is welcomed on other terms, or not any more.
        app.registry.close(appliance.id, Refusal::changed());
    }
    Ok(())
}
