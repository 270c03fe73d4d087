//! Backup sets: the table.

use axum::Json;
use axum::extract::State;
use domfleet_shared::id::{ApplianceId, DriveId};

use super::error::ApiResult;
use super::page::{Asked, PageParams, pages};
use crate::app::App;
use crate::auth::Caller;
use crate::db::backup_sets::{KEYS, SORTS};
use crate::db::{self, backup_sets};
use crate::domain::backup_set::BackupSet;

pages! {
    /// A part of the table of backup sets.
    BackupSets { sets: BackupSet }
}

/// The table of backup sets, as the appliances last told of them. Ask for `backup_list` to have what
/// is on a drive told anew.
#[utoipa::path(
    get, path = "/backup-sets", tag = "backups",
    params(
        PageParams,
        ("appliance" = Option<ApplianceId>, Query, description = "Of this appliance."),
        ("drive" = Option<DriveId>, Query, description = "On this drive."),
    ),
    responses((status = 200, description = "The part that was asked for.", body = BackupSets))
)]
pub(super) async fn list(
    State(app): State<App>,
    caller: Caller,
    asked: Asked,
) -> ApiResult<Json<BackupSets>> {
    let window = asked.window(&KEYS, &SORTS, "-created_at")?;
    let revision = db::events::newest(app.db.read()).await?;
    let rows = backup_sets::list(app.db.read(), &caller.scope, &window, app.clock.now()).await?;
    Ok(Json(BackupSets::new(window.offset, rows, revision)))
}
