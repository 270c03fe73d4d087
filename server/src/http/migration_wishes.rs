//! Migrations: starting one, and what people want of it.

use axum::Json;
use axum::extract::State;
use axum::http::header::LOCATION;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{AppendHeaders, IntoResponse};
use domfleet_shared::id::{MigrationId, VmId};
use domfleet_shared::migration::phase::End;
use serde::Deserialize;
use utoipa::ToSchema;

use super::error::{ApiError, ApiResult};
use super::extract::{Body, Id};
use super::migrations::{find, view};
use crate::app::App;
use crate::auth::Caller;
use crate::domain::migration::change::Wish;
use crate::domain::migration::start;
use crate::domain::migration::view::MigrationView;
use crate::domain::people::Role;
use crate::migrations as made;

/// Why it is given up.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = MigrationCancelRequest)]
pub struct CancelRequest {
    /// Why, in words.
    pub reason: String,
    /// Only for now.
    #[serde(default)]
    pub defer: bool,
}

/// Why it is to go back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = MigrationRollbackRequest)]
pub struct RollbackRequest {
    /// Why, in words.
    pub reason: String,
}

/// Why the appliance is not expected back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = MigrationLoseRequest)]
pub struct LoseRequest {
    /// Why, in words.
    pub reason: String,
}

/// How a VM is tried again.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = MigrationRetryRequest)]
pub struct RetryRequest {
    /// Whether its disks are written anew, and what it has written since is lost.
    #[serde(default)]
    pub afresh: bool,
}

/// Starts a migration. The answer says that it is wanted: the appliance begins as soon as it hears of it.
#[utoipa::path(
    post, path = "/migrations", tag = "migrations", request_body = start::Asked,
    responses((status = 201, description = "It is wanted.", body = MigrationView))
)]
pub(super) async fn start(
    State(app): State<App>,
    caller: Caller,
    Body(asked): Body<start::Asked>,
) -> ApiResult<impl IntoResponse> {
    caller.needs(Role::Operator)?;
    let id = made::start(&app, &caller.scope, &caller.actor(), &asked).await?;
    let location =
        HeaderValue::from_str(&format!("/api/v1/migrations/{id}")).map_err(anyhow::Error::from)?;
    let view = view(&app, &caller, id).await?;
    Ok((StatusCode::CREATED, AppendHeaders([(LOCATION, location)]), Json(view)))
}

type Accepted = (StatusCode, Json<MigrationView>);

async fn wish(app: &App, caller: &Caller, id: MigrationId, wish: Wish) -> ApiResult<Accepted> {
    caller.needs(Role::Operator)?;
    find(app, caller, id).await?;
    made::wish(app, &caller.actor(), id, wish).await?;
    Ok((StatusCode::ACCEPTED, Json(view(app, caller, id).await?)))
}

/// Gives it up, before the system disk may be overwritten: the appliance starts its VMs again.
#[utoipa::path(
    post, path = "/migrations/{id}/cancel", tag = "migrations", params(("id" = MigrationId, Path)),
    request_body = CancelRequest,
    responses((status = 202, description = "It is given up.", body = MigrationView))
)]
pub(super) async fn cancel(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<MigrationId>,
    Body(request): Body<CancelRequest>,
) -> ApiResult<Accepted> {
    let end = if request.defer { End::Deferred } else { End::Cancelled };
    wish(&app, &caller, id, Wish::GiveUp { end, reason: request.reason }).await
}

/// Goes back to the system before, by another reset.
#[utoipa::path(
    post, path = "/migrations/{id}/rollback", tag = "migrations",
    params(("id" = MigrationId, Path)), request_body = RollbackRequest,
    responses((status = 202, description = "It is wanted.", body = MigrationView))
)]
pub(super) async fn rollback(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<MigrationId>,
    Body(request): Body<RollbackRequest>,
) -> ApiResult<Accepted> {
    wish(&app, &caller, id, Wish::RollBack { reason: request.reason }).await
}

/// Stays after all, where it was to go back and has not been reset yet.
#[utoipa::path(
    post, path = "/migrations/{id}/stay", tag = "migrations", params(("id" = MigrationId, Path)),
    responses((status = 202, description = "It is wanted.", body = MigrationView))
)]
pub(super) async fn stay(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<MigrationId>,
) -> ApiResult<Accepted> {
    wish(&app, &caller, id, Wish::Stay).await
}

/// Says that the appliance is not expected back, after a reset: the migration is over, and the appliance free for
/// another one. As soon as the appliance tells of it, it goes on.
#[utoipa::path(
    post, path = "/migrations/{id}/lose", tag = "migrations", params(("id" = MigrationId, Path)),
    request_body = LoseRequest,
    responses((status = 202, description = "It is over.", body = MigrationView))
)]
pub(super) async fn lose(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<MigrationId>,
    Body(request): Body<LoseRequest>,
) -> ApiResult<Accepted> {
    wish(&app, &caller, id, Wish::Lose { reason: request.reason }).await
}

/// Has a VM tried again that failed.
#[utoipa::path(
    post, path = "/migrations/{id}/vms/{vm}/retry", tag = "migrations",
    params(("id" = MigrationId, Path), ("vm" = VmId, Path)), request_body = RetryRequest,
    responses((status = 202, description = "It is wanted.", body = MigrationView))
)]
pub(super) async fn retry(
    State(app): State<App>,
    caller: Caller,
    Id((id, vm)): Id<(MigrationId, VmId)>,
    Body(request): Body<RetryRequest>,
) -> ApiResult<Accepted> {
    wish(&app, &caller, id, Wish::Retry { vm, afresh: request.afresh }).await
}

/// Goes without a VM that failed, or takes it as it is.
#[utoipa::path(
    post, path = "/migrations/{id}/vms/{vm}/waive", tag = "migrations",
    params(("id" = MigrationId, Path), ("vm" = VmId, Path)),
    responses((status = 202, description = "It is wanted.", body = MigrationView))
)]
pub(super) async fn waive(
    State(app): State<App>,
    caller: Caller,
    Id((id, vm)): Id<(MigrationId, VmId)>,
) -> ApiResult<Accepted> {
    wish(&app, &caller, id, Wish::Waive { vm }).await
}

impl From<made::Failed> for ApiError {
    fn from(failed: made::Failed) -> Self {
        match failed {
            made::Failed::Refused(refused) => Self::Migration(refused),
            made::Failed::Admission(refusal) => Self::Refused(refusal),
            made::Failed::NotFound(what) => Self::NotFound(what),
            made::Failed::Stale => Self::Conflict("the migration has just changed".into()),
            made::Failed::Db(error) => error.into(),
            made::Failed::Internal(error) => Self::Internal(error),
        }
    }
}
