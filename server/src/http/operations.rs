//! Operations: asking for one, seeing how far it is, and no longer wanting it.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::header::LOCATION;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{AppendHeaders, IntoResponse};
use domfleet_shared::id::{ApplianceId, BundleId, OperationId};
use domfleet_shared::operation::{Change as Step, Operation, OperationState, Priority};
use sea_orm::DatabaseTransaction;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::appliances::Confirm;
use super::error::{ApiError, ApiResult};
use super::extract::{Body, Id};
use super::page::{Asked, PageParams, pages};
use crate::app::App;
use crate::auth::Caller;
use crate::db::asking::{self, AskError, Confirmed, Wanted};
use crate::db::audit::{self, Change};
use crate::db::operations::{self, KEYS, SORTS};
use crate::db::progress::{self, ChangeError, Work};
use crate::db::{self, Stored, appliances};
use crate::domain::admission::Refusal;
use crate::domain::operation::OperationView;
use crate::domain::people::Role;

/// How long an operation may wait for its appliance: where nothing is said, and at most.
const USUAL_WAIT: u32 = 60 * 60;
const LONGEST_WAIT: u32 = 30 * 24 * 60 * 60;

const IDEMPOTENCY_KEY: &str = "idempotency-key";

pub(super) const DAY: Duration = Duration::from_hours(24);

pages! {
    /// A part of the table of operations.
    Operations { operations: OperationView }
}

/// What is asked of an appliance.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OperationRequest {
    /// What.
    pub operation: Operation,
    /// The name of what is ended or destroyed, where something is.
    #[serde(default)]
    pub confirm: Option<String>,
    /// How long it may wait for the appliance; an hour where it is not said.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 2_592_000)]
    pub expires_in_seconds: Option<u32>,
    /// What of it that waits for the appliance is offered first. No lock is broken for it.
    #[serde(default)]
    pub priority: Priority,
}

/// Debug files are asked for.
#[derive(Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BundleRequest {
    /// Why, for whoever finds the bundle.
    #[serde(default)]
    pub note: String,
}

/// The table of operations.
#[utoipa::path(
    get, path = "/operations", tag = "operations",
    params(
        PageParams,
        ("appliance" = Option<ApplianceId>, Query, description = "Of this appliance."),
        ("state" = Option<OperationState>, Query, description = "In this state, or one of \
            several with commas between them."),
        ("kind" = Option<String>, Query, description = "Of this kind."),
    ),
    responses((status = 200, description = "The part that was asked for.", body = Operations))
)]
pub(super) async fn list(
    State(app): State<App>,
    caller: Caller,
    asked: Asked,
) -> ApiResult<Json<Operations>> {
    let window = asked.window(&KEYS, &SORTS, "-created_at")?;
    let revision = db::events::newest(app.db.read()).await?;
    let rows = operations::list(app.db.read(), &caller.scope, &window, app.clock.now()).await?;
    Ok(Json(Operations::new(window.offset, rows, revision)))
}

/// One operation.
#[utoipa::path(
    get, path = "/operations/{id}", tag = "operations", params(("id" = OperationId, Path)),
    responses((status = 200, description = "The operation.", body = OperationView))
)]
pub(super) async fn show(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<OperationId>,
) -> ApiResult<Json<OperationView>> {
    read(&app, &caller, id).await.map(Json)
}

/// With what the server knows and nobody has said.
pub(super) fn completed(app: &App, mut operation: Operation) -> Operation {
    if let Operation::MigrationPreflight(assumptions) = &mut operation
        && assumptions.permit_keys.is_empty()
    {
        assumptions.permit_keys = app.permit_keys.ids();
    }
    operation
}

async fn read(app: &App, caller: &Caller, id: OperationId) -> ApiResult<OperationView> {
    operations::find(app.db.read(), &caller.scope, id).await?.ok_or(ApiError::NotFound("operation"))
}

/// Asks an appliance for something. The answer says that it is asked for, not that it is done.
#[utoipa::path(
    post, path = "/appliances/{id}/operations", tag = "operations",
    params(
        ("id" = ApplianceId, Path),
        ("Idempotency-Key" = Option<String>, Header, description = "What you call this request: \
            asked again with the same key, it is the same operation."),
    ),
    request_body = OperationRequest,
    responses((status = 202, description = "It is asked for.", body = OperationView))
)]
pub(super) async fn create(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    Id(appliance): Id<ApplianceId>,
    Body(request): Body<OperationRequest>,
) -> ApiResult<impl IntoResponse> {
    if matches!(request.operation, Operation::DebugBundle { .. }) {
        let message = "ask for debug files at /appliances/{id}/bundles";
        return Err(ApiError::invalid("operation", message));
    }
    let wait = wait(request.expires_in_seconds)?;
    let asked = Wanted {
        operation: completed(&app, request.operation),
        confirm: Confirmed::Typed(request.confirm),
        wait,
        priority: request.priority,
        note: None,
        bulk: None,
        request_key: request_key(&headers)?,
        keep_bundles: DAY * app.config.bundles.keep_days,
        set_keys: app.set_keys.clone(),
    };
    ask(&app, &caller, appliance, asked).await
}

/// How long an operation may wait for its appliance.
pub(super) fn wait(seconds: Option<u32>) -> ApiResult<Duration> {
    let wait = seconds.unwrap_or(USUAL_WAIT);
    if wait == 0 || wait > LONGEST_WAIT {
        return Err(ApiError::invalid("expires_in_seconds", format!("1 to {LONGEST_WAIT}")));
    }
    Ok(Duration::from_secs(u64::from(wait)))
}

/// What whoever asks calls the request, so that asking twice is asking once.
pub(super) fn request_key(headers: &HeaderMap) -> ApiResult<Option<String>> {
    let Some(key) = headers.get(IDEMPOTENCY_KEY) else { return Ok(None) };
    let key = key.to_str().ok().filter(|key| (1..=200).contains(&key.len()));
    match key {
        Some(key) => Ok(Some(key.to_owned())),
        None => Err(ApiError::invalid("Idempotency-Key", "1 to 200 plain letters")),
    }
}

/// Asks an appliance for its debug files.
#[utoipa::path(
    post, path = "/appliances/{id}/bundles", tag = "bundles",
    params(("id" = ApplianceId, Path)), request_body = BundleRequest,
    responses((status = 202, description = "They are asked for.", body = OperationView))
)]
pub(super) async fn create_bundle(
    State(app): State<App>,
    caller: Caller,
    Id(appliance): Id<ApplianceId>,
    Body(request): Body<BundleRequest>,
) -> ApiResult<impl IntoResponse> {
    if request.note.len() > 2000 {
        return Err(ApiError::invalid("note", "at most 2000 letters"));
    }
    let asked = Wanted {
        operation: Operation::DebugBundle { bundle: BundleId::new() },
        confirm: Confirmed::Typed(None),
        wait: DAY * 7,
        priority: Priority::Normal,
        note: Some(request.note),
        bulk: None,
        request_key: None,
        keep_bundles: DAY * app.config.bundles.keep_days,
        set_keys: app.set_keys.clone(),
    };
    ask(&app, &caller, appliance, asked).await
}

/// Asks for it, in one transaction that holds the appliance's row.
async fn ask(
    app: &App,
    caller: &Caller,
    appliance: ApplianceId,
    wanted: Wanted,
) -> ApiResult<impl IntoResponse + use<>> {
    caller.needs(Role::Operator)?;
    let txn = app.db.begin().await?;
    let (found, organisation) = appliances::lock(&txn, &caller.scope, appliance)
        .await?
        .ok_or(ApiError::NotFound("appliance"))?;
    let actor = caller.actor();
    let now = app.clock.now();
    let id = match asking::ask(&txn, &actor, (&found, organisation), wanted, now).await {
        Ok(id) => {
            txn.commit().await?;
            app.bus.events_appended();
            app.bus.dispatcher.wake();
            id
        }
        Err(AskError::Again(id)) => {
            drop(txn);
            id
        }
        Err(error) => return Err(error.into()),
    };
    let location =
        HeaderValue::from_str(&format!("/api/v1/operations/{id}")).map_err(anyhow::Error::from)?;
    let view = read(app, caller, id).await?;
    Ok((StatusCode::ACCEPTED, AppendHeaders([(LOCATION, location)]), Json(view)))
}

/// No longer wants an operation. Once it was offered, only the appliance's word ends it; one that
/// runs is stopped where nothing is left half done, or goes on to its end.
#[utoipa::path(
    post, path = "/operations/{id}/cancel", tag = "operations",
    params(("id" = OperationId, Path)),
    responses((status = 200, description = "The operation as it is now.", body = OperationView))
)]
pub(super) async fn cancel(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<OperationId>,
) -> ApiResult<Json<OperationView>> {
    caller.needs(Role::Operator)?;
    change(&app, &caller, id, Step::Cancel, "operation.cancel").await.map(Json)
}

/// Gives up an operation that is lost. Frees what it held at the server, and nothing else: should
/// the appliance speak of it later, that is kept.
#[utoipa::path(
    post, path = "/operations/{id}/write-off", tag = "operations",
    params(("id" = OperationId, Path)), request_body = Confirm,
    responses((status = 200, description = "The operation as it is now.", body = OperationView))
)]
pub(super) async fn write_off(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<OperationId>,
    Body(body): Body<Confirm>,
) -> ApiResult<Json<OperationView>> {
    caller.needs(Role::Operator)?;
    let view = read(&app, &caller, id).await?;
    if body.confirm != view.appliance.name {
        return Err(Refusal::Confirm(view.appliance.name).into());
    }
    change(&app, &caller, id, Step::WriteOff, "operation.write_off").await.map(Json)
}

async fn change(
    app: &App,
    caller: &Caller,
    id: OperationId,
    step: Step,
    action: &'static str,
) -> ApiResult<OperationView> {
    let now = app.clock.now();
    read(app, caller, id).await?;
    let txn = app.db.begin().await?;
    let work = progress::find(&txn, id).await?.ok_or(ApiError::NotFound("operation"))?;
    match progress::change(&txn, &work, step, now).await {
        Ok((Stored::Yes, after)) => {
            note(&txn, caller, &work, after, action, app).await?;
        }
        Ok((Stored::Stale, _)) => {
            return Err(ApiError::Conflict("the operation has just changed".into()));
        }
        Err(ChangeError::Illegal(illegal)) => {
            return Err(ApiError::Conflict(format!("the operation is {}", illegal.state.as_str())));
        }
        Err(ChangeError::Db(error)) => return Err(error.into()),
    }
    txn.commit().await?;
    app.bus.events_appended();
    app.bus.dispatcher.wake();
    read(app, caller, id).await
}

async fn note(
    txn: &DatabaseTransaction,
    caller: &Caller,
    work: &Work,
    after: OperationState,
    action: &'static str,
    app: &App,
) -> ApiResult<()> {
    let change = Change {
        organisation: work.organisation,
        action,
        kind: "operation",
        id: work.id.to_string(),
        before: Some(json!({ "state": work.state })),
        after: Some(json!({ "state": after })),
    };
    Ok(audit::record(txn, &caller.actor(), change, app.clock.now()).await?)
}
