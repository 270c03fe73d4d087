//! Alarms: the table.

use axum::Json;
use axum::extract::State;
use domfleet_shared::id::ApplianceId;

use super::error::ApiResult;
use super::page::{Asked, PageParams, pages};
use crate::app::App;
use crate::auth::Caller;
use crate::db::alarm_list::{KEYS, SORTS};
use crate::db::{self, alarm_list};
use crate::domain::alarm::Alarm;

pages! {
    /// A part of the table of alarms.
    Alarms { alarms: Alarm }
}

/// What a person must look at, and what a person had to look at once.
#[utoipa::path(
    get, path = "/alarms", tag = "alarms",
    params(
        PageParams,
        ("appliance" = Option<ApplianceId>, Query, description = "About this appliance."),
        ("kind" = Option<String>, Query, description = "Of this kind."),
        ("over" = Option<String>, Query, description = "`no` for those that are not over, `yes` for \
            those that are."),
    ),
    responses((status = 200, description = "The part that was asked for.", body = Alarms))
)]
pub(super) async fn list(
    State(app): State<App>,
    caller: Caller,
    asked: Asked,
) -> ApiResult<Json<Alarms>> {
    let window = asked.window(&KEYS, &SORTS, "-raised_at")?;
    let revision = db::events::newest(app.db.read()).await?;
    let rows = alarm_list::list(app.db.read(), &caller.scope, &window, app.clock.now()).await?;
    Ok(Json(Alarms::new(window.offset, rows, revision)))
}
