//! Migrations: looking at them.

use axum::Json;
use axum::extract::State;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{AppendHeaders, IntoResponse};
use domfleet_shared::id::{ApplianceId, MigrationId};
use domfleet_shared::migration::permit::SignedPermit;
use domfleet_shared::migration::talk::Waits;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::error::{ApiError, ApiResult};
use super::extract::{Id, Params};
use super::page::{Asked, PageParams, pages};
use crate::app::App;
use crate::auth::Caller;
use crate::db;
use crate::db::migration_list::{self, KEYS, SORTS};
use crate::domain::cursor;
use crate::domain::migration::Standing;
use crate::domain::migration::change::Refused;
use crate::domain::migration::view::{MigrationPhase, MigrationRow, MigrationView, RecordView};
use crate::migrations as shown;

/// How many records there are where nothing is said, and at most.
const USUAL: u64 = 100;
const MOST: u64 = 500;

pages! {
    /// A part of the table of migrations.
    Migrations { migrations: MigrationRow }
}

/// Which part of a journal.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct RecordParams {
    /// Those after this number.
    #[serde(default)]
    after: u64,
    /// How many, at most 500.
    #[serde(default)]
    #[param(minimum = 1, maximum = 500, default = 100)]
    limit: Option<u64>,
}

/// A part of a migration's journal.
#[derive(Debug, Serialize, ToSchema)]
pub struct MigrationRecords {
    /// The records.
    pub records: Vec<RecordView>,
    /// How many the server has in all.
    pub total: u64,
    /// What to send as `after` to go on; nothing at the end.
    pub next: Option<u64>,
}

/// Which permit.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct PermitParams {
    /// That for the way back.
    #[serde(default)]
    way_back: bool,
}

/// The table of migrations, the newest first.
#[utoipa::path(
    get, path = "/migrations", tag = "migrations",
    params(
        PageParams,
        ("after" = Option<String>, Query, description = "As `next`."),
        ("appliance" = Option<ApplianceId>, Query, description = "Of this appliance."),
        ("site" = Option<String>, Query, description = "Of appliances there."),
        ("phase" = Option<MigrationPhase>, Query, description = "In this phase, or in one of several \
            with commas between them."),
        ("waits" = Option<Waits>, Query, description = "Waiting for this."),
        ("ended" = Option<String>, Query, description = "`yes` or `no`: whether it is over."),
        ("started" = Option<u32>, Query, description = "So many whole hours ago. The last day is \
            `q=started<24`."),
    ),
    responses((status = 200, description = "The part that was asked for.", body = Migrations))
)]
pub(super) async fn list(
    State(app): State<App>,
    caller: Caller,
    mut asked: Asked,
) -> ApiResult<Json<Migrations>> {
    let after = asked.take("after").filter(|after| !after.is_empty());
    let mut window = asked.window(&KEYS, &SORTS, "-started_at")?;
    if let Some(after) = after {
        window.offset = cursor::offset_of(&after)
            .ok_or_else(|| ApiError::invalid("after", "this is no cursor of ours"))?;
    }
    let revision = db::events::newest(app.db.read()).await?;
    let rows = migration_list::list(app.db.read(), &caller.scope, &window, app.clock.now()).await?;
    Ok(Json(Migrations::new(window.offset, rows, revision)))
}

/// One migration.
#[utoipa::path(
    get, path = "/migrations/{id}", tag = "migrations", params(("id" = MigrationId, Path)),
    responses((status = 200, description = "The migration.", body = MigrationView))
)]
pub(super) async fn show(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<MigrationId>,
) -> ApiResult<Json<MigrationView>> {
    view(&app, &caller, id).await.map(Json)
}

/// It, as it is now.
pub(super) async fn view(app: &App, caller: &Caller, id: MigrationId) -> ApiResult<MigrationView> {
    let found = shown::view(app, &caller.scope, id).await?;
    found.ok_or(ApiError::NotFound("migration"))
}

/// It, as it is stored.
pub(super) async fn find(app: &App, caller: &Caller, id: MigrationId) -> ApiResult<Standing> {
    let found = db::migrations::find(app.db.read(), &caller.scope, id).await?;
    found.ok_or(ApiError::NotFound("migration"))
}

/// What its journal tells, as far as the server has it.
#[utoipa::path(
    get, path = "/migrations/{id}/records", tag = "migrations",
    params(("id" = MigrationId, Path), RecordParams),
    responses((status = 200, description = "The part that was asked for.", body = MigrationRecords))
)]
pub(super) async fn records(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<MigrationId>,
    Params(params): Params<RecordParams>,
) -> ApiResult<Json<MigrationRecords>> {
    let total = find(&app, &caller, id).await?.records;
    let limit = params.limit.unwrap_or(USUAL).clamp(1, MOST);
    let after = params.after;
    let found = db::migrations::records(app.db.read(), id, after, Some(limit)).await?;
    let end = after.saturating_add(u64::try_from(found.len()).unwrap_or(u64::MAX));
    let records = (after + 1..).zip(&found).filter_map(|(number, record)| {
        let view = RecordView::of(number, record);
        if view.is_none() {
            tracing::error!(migration = %id, number, "a record cannot be shown");
        }
        view
    });
    let records = records.collect();
    let next = (!found.is_empty() && end < total).then_some(end);
    Ok(Json(MigrationRecords { records, total, next }))
}

/// A permit as the file that belongs on the drive, for an appliance that the server does not reach.
#[utoipa::path(
    get, path = "/migrations/{id}/permit", tag = "migrations",
    params(("id" = MigrationId, Path), PermitParams),
    responses((status = 200, description = "The file.", body = SignedPermit))
)]
pub(super) async fn permit(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<MigrationId>,
    Params(params): Params<PermitParams>,
) -> ApiResult<impl IntoResponse> {
    caller.needs(crate::domain::people::Role::Operator)?;
    find(&app, &caller, id).await?;
    let signed = shown::permit_file(&app, &caller.actor(), id, params.way_back).await?;
    let Some(signed) = signed else {
        let todo = if params.way_back {
            "Ask for the way back first (rollback)."
        } else {
            "Wait until the appliance has proved its backup and asked for one."
        };
        return Err(Refused::now("no_permit", "there is no such permit", todo).into());
    };
    let body = serde_json::to_string(&signed).map_err(anyhow::Error::from)?;
    let name = if params.way_back { "way-back.json" } else { "permit.json" };
    let headers = AppendHeaders([
        (CONTENT_TYPE, "application/json".to_owned()),
        (CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
    ]);
    Ok((headers, body))
}
