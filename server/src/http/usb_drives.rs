//! USB drives of the fleet: the table.

use axum::Json;
use axum::extract::State;
use domfleet_shared::id::{ApplianceId, DriveId};

use super::error::ApiResult;
use super::page::{Asked, PageParams, pages};
use crate::app::App;
use crate::auth::Caller;
use crate::db::usb_drives::{KEYS, SORTS};
use crate::db::{self, usb_drives};
use crate::domain::usb_drive::FleetDrive;

pages! {
    /// A part of the table of USB drives.
    FleetDrives { drives: FleetDrive }
}

/// The USB drives that are plugged into appliances, as these last told of them. Ask for `usb_list` to
/// have one look again.
#[utoipa::path(
    get, path = "/usb-drives", tag = "backups",
    params(
        PageParams,
        ("appliance" = Option<ApplianceId>, Query, description = "Of this appliance."),
        ("drive" = Option<DriveId>, Query, description = "This drive of ours, wherever it is."),
        ("serial" = Option<String>, Query, description = "Of this serial number."),
        ("use" = Option<String>, Query, description = "That may be used so: ours, unfinished, \
            empty, foreign, system or unknown, or several of them with commas between them."),
    ),
    responses((status = 200, description = "The part that was asked for.", body = FleetDrives))
)]
pub(super) async fn list(
    State(app): State<App>,
    caller: Caller,
    asked: Asked,
) -> ApiResult<Json<FleetDrives>> {
    let window = asked.window(&KEYS, &SORTS, "-told_at")?;
    let revision = db::events::newest(app.db.read()).await?;
    let rows = usb_drives::list(app.db.read(), &caller.scope, &window, app.clock.now()).await?;
    Ok(Json(FleetDrives::new(window.offset, rows, revision)))
}
