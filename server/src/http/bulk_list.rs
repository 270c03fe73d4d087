//! What was asked of many appliances: the table, and taking one back.

use axum::Json;
use axum::extract::State;
use domfleet_shared::id::BulkId;
use serde::Deserialize;
use utoipa::ToSchema;

use super::error::{ApiError, ApiResult};
use super::extract::{Body, Id};
use super::page::{Asked, PageParams, pages};
use crate::app::App;
use crate::auth::Caller;
use crate::bulk;
use crate::db;
use crate::db::bulk_list::{self, KEYS, SORTS};
use crate::domain::bulk::{BulkCancelled, BulkSummary};
use crate::domain::people::Role;

pages! {
    /// A part of the table of what was asked of many appliances.
    Bulks { bulks: BulkSummary }
}

/// What of a request is no longer wanted.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CancelRequest {
    /// What has begun, too: it is stopped where nothing is left half done, or goes on to its end.
    #[serde(default)]
    pub begun: bool,
}

/// The table of what was asked of many appliances.
#[utoipa::path(
    get, path = "/bulks", tag = "operations",
    params(
        PageParams,
        ("kind" = Option<String>, Query, description = "Of this kind."),
    ),
    responses((status = 200, description = "The part that was asked for.", body = Bulks))
)]
pub(super) async fn list(
    State(app): State<App>,
    caller: Caller,
    asked: Asked,
) -> ApiResult<Json<Bulks>> {
    let window = asked.window(&KEYS, &SORTS, "-created_at")?;
    let revision = db::events::newest(app.db.read()).await?;
    let rows = bulk_list::list(app.db.read(), &caller.scope, &window, app.clock.now()).await?;
    Ok(Json(Bulks::new(window.offset, rows, revision)))
}

/// No longer wants what was asked of many: those that were not asked yet are not, and what nobody has
/// begun with is cancelled. The answer says of how many that is so.
#[utoipa::path(
    post, path = "/bulks/{id}/cancel", tag = "operations", params(("id" = BulkId, Path)),
    request_body = CancelRequest,
    responses((status = 200, description = "What was cancelled.", body = BulkCancelled))
)]
pub(super) async fn cancel(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<BulkId>,
    Body(request): Body<CancelRequest>,
) -> ApiResult<Json<BulkCancelled>> {
    caller.needs(Role::Operator)?;
    let organisation = bulk_list::owner(app.db.read(), &caller.scope, id).await?;
    let organisation = organisation.ok_or(ApiError::NotFound("bulk"))?;
    let about = (id, organisation);
    Ok(Json(bulk::cancel(&app, &caller.actor(), about, request.begun).await?))
}
