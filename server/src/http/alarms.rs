//! Alarms: the table.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use domfleet_shared::id::ApplianceId;
use serde_json::json;
use uuid::Uuid;

use super::error::{ApiError, ApiResult};
use super::extract::Id;
use super::page::{Asked, PageParams, pages};
use crate::app::App;
use crate::auth::Caller;
use crate::db::alarm_list::{KEYS, SORTS};
use crate::db::alarms::{self, AlarmKind};
use crate::db::audit::{self, Change};
use crate::db::{alarm_list, events};
use crate::domain::alarm::Alarm;
use crate::domain::people::Role;

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
    let revision = events::newest(app.db.read()).await?;
    let rows = alarm_list::list(app.db.read(), &caller.scope, &window, app.clock.now()).await?;
    Ok(Json(Alarms::new(window.offset, rows, revision)))
}

/// Ends an alarm that does not end by itself: someone has looked into what was found.
#[utoipa::path(
    post, path = "/alarms/{id}/clear", tag = "alarms", params(("id" = Uuid, Path)),
    responses((status = 204, description = "It is over."))
)]
pub(super) async fn clear(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<Uuid>,
) -> ApiResult<StatusCode> {
    caller.needs(Role::Operator)?;
    let now = app.clock.now();
    let txn = app.db.begin().await?;
    let found = alarms::find_open(&txn, &caller.scope, id).await?;
    let (organisation, kind, subject) = found.ok_or(ApiError::NotFound("alarm"))?;
    if kind != AlarmKind::FatalFinding.as_str() {
        let why = "this alarm ends by itself, once what it tells of is over";
        return Err(ApiError::Conflict(why.into()));
    }
    let news = alarms::clear(&txn, AlarmKind::FatalFinding, &subject, now).await?;
    let change = Change {
        organisation,
        action: "alarm.clear",
        kind: "alarm",
        id: id.to_string(),
        before: Some(json!({ "kind": kind, "subject": subject })),
        after: None,
    };
    audit::record(&txn, &caller.actor(), change, now).await?;
    if let Some(event) = news {
        events::append(&txn, vec![event], now).await?;
    }
    txn.commit().await?;
    app.bus.events_appended();
    Ok(StatusCode::NO_CONTENT)
}
