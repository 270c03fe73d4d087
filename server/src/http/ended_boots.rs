//! The fleet's boots that have ended. Those of one appliance are in `reported`.

use axum::Json;
use axum::extract::State;
use domfleet_shared::boot::{BootEnd, Confidence};
use domfleet_shared::id::ApplianceId;

use super::error::ApiResult;
use super::page::{Asked, PageParams, pages};
use crate::app::App;
use crate::auth::Caller;
use crate::db;
use crate::db::ended_boots::{self, KEYS, SORTS};
use crate::domain::ended_boot::EndedBoot;

pages! {
    /// A part of the table of boots that have ended.
    EndedBoots { boots: EndedBoot }
}

/// Which boots have ended, how, and on what evidence: the last to end first.
#[utoipa::path(
    get, path = "/boots", tag = "appliances",
    params(
        PageParams,
        ("appliance" = Option<ApplianceId>, Query, description = "Of this appliance."),
        ("end" = Option<BootEnd>, Query, description = "Ended so, or in one of several ways with commas between them."),
        ("confidence" = Option<Confidence>, Query, description = "Where it is as sure as that."),
        ("ended" = Option<u32>, Query, description = "So many whole hours ago. The last day is `q=ended<24`."),
    ),
    responses((status = 200, description = "The part that was asked for.", body = EndedBoots))
)]
pub(super) async fn list(
    State(app): State<App>,
    caller: Caller,
    asked: Asked,
) -> ApiResult<Json<EndedBoots>> {
    let window = asked.window(&KEYS, &SORTS, "-ended_at")?;
    let revision = db::events::newest(app.db.read()).await?;
    let rows = ended_boots::list(app.db.read(), &caller.scope, &window, app.clock.now()).await?;
    Ok(Json(EndedBoots::new(window.offset, rows, revision)))
}
