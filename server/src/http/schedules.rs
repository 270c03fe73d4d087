//! Backups on a schedule.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use domfleet_shared::Timestamp;
use domfleet_shared::id::ScheduleId;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::error::{ApiError, ApiResult};
use super::extract::{Body, Id};
use super::page::{Asked, PageParams, pages};
use crate::app::App;
use crate::auth::{Caller, Scope};
use crate::db::audit::{self, Change};
use crate::db::schedules::{self, ChooseError, Schedule};
use crate::db::{self, Stored, operators, schedule_runs};
use crate::domain::appliance::Appliance;
use crate::domain::operation::Requester;
use crate::domain::people::Role;
use crate::domain::schedule::{BackupSchedule, NextTimes, SchedulePlan, ScheduleRun, next};
use crate::domain::zone::Zone;

/// So many next times are told.
const NEXT: usize = 3;

pages! {
    /// The schedules.
    BackupSchedules { schedules: BackupSchedule }
    /// A part of what came of a schedule's times.
    ScheduleRuns { runs: ScheduleRun }
}

/// What is changed of a schedule.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SchedulePatch {
    /// What it says, all of it.
    #[serde(default)]
    pub plan: Option<SchedulePlan>,
    /// Whether nothing is asked for the time being. What passes meanwhile is not made up for.
    #[serde(default)]
    pub paused: Option<bool>,
}

/// What a schedule would choose, and when.
#[derive(Debug, Serialize, ToSchema)]
pub struct SchedulePreview {
    /// How many appliances it would choose now.
    pub appliances: u64,
    /// The next times, in each time zone in which there is one of them.
    pub next: Vec<NextTimes>,
}

/// The schedules, oldest first.
#[utoipa::path(
    get, path = "/backup-schedules", tag = "backups", params(PageParams),
    responses((status = 200, description = "All of them.", body = BackupSchedules))
)]
pub(super) async fn list(
    State(app): State<App>,
    caller: Caller,
    asked: Asked,
) -> ApiResult<Json<BackupSchedules>> {
    asked.nothing_else()?;
    let revision = db::events::newest(app.db.read()).await?;
    let mut rows = Vec::new();
    for schedule in schedules::list(app.db.read(), &caller.scope).await? {
        rows.push(view(&app, schedule).await?);
    }
    Ok(Json(BackupSchedules::whole(rows, revision)))
}

/// Makes a schedule. Times before this moment do not count.
#[utoipa::path(
    post, path = "/backup-schedules", tag = "backups", request_body = SchedulePlan,
    responses((status = 201, description = "The schedule.", body = BackupSchedule))
)]
pub(super) async fn create(
    State(app): State<App>,
    caller: Caller,
    Body(plan): Body<SchedulePlan>,
) -> ApiResult<(StatusCode, Json<BackupSchedule>)> {
    caller.needs(Role::Operator)?;
    let now = app.clock.now();
    check(&app, &caller, &plan, now).await?;
    let schedule = Schedule {
        id: ScheduleId::new(),
        organisation: caller.organisation_id(),
        created_by: caller.id,
        plan,
        paused: false,
        trouble: None,
        since: now,
        created_at: now,
        version: 1,
    };
    let txn = app.db.begin().await?;
    schedules::insert(&txn, &schedule).await?;
    let change = Change {
        organisation: schedule.organisation,
        action: "backup_schedule.create",
        kind: "backup_schedule",
        id: schedule.id.to_string(),
        before: None,
        after: Some(json!(schedule.plan)),
    };
    audit::record(&txn, &caller.actor(), change, now).await?;
    txn.commit().await?;
    Ok((StatusCode::CREATED, Json(view(&app, schedule).await?)))
}

/// What a schedule would choose, and when, if it were made.
#[utoipa::path(
    post, path = "/backup-schedules/preview", tag = "backups", request_body = SchedulePlan,
    responses((status = 200, description = "What it would choose.", body = SchedulePreview))
)]
pub(super) async fn preview(
    State(app): State<App>,
    caller: Caller,
    Body(plan): Body<SchedulePlan>,
) -> ApiResult<Json<SchedulePreview>> {
    let now = app.clock.now();
    let chosen = check(&app, &caller, &plan, now).await?;
    Ok(Json(SchedulePreview {
        appliances: chosen.len() as u64,
        next: next_times(&plan, &chosen, now),
    }))
}

/// A schedule.
#[utoipa::path(
    get, path = "/backup-schedules/{id}", tag = "backups", params(("id" = ScheduleId, Path)),
    responses((status = 200, description = "The schedule.", body = BackupSchedule))
)]
pub(super) async fn show(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<ScheduleId>,
) -> ApiResult<Json<BackupSchedule>> {
    let found = schedules::find(app.db.read(), &caller.scope, id).await?;
    let schedule = found.ok_or(ApiError::NotFound("schedule"))?;
    Ok(Json(view(&app, schedule).await?))
}

/// Changes a schedule, pauses it or has it go on. Where it belongs to one's own organisation, it is done in
/// one's own name from then on. Times before a change of what it says, and those that pass while it is
/// paused, are not made up for.
#[utoipa::path(
    patch, path = "/backup-schedules/{id}", tag = "backups", params(("id" = ScheduleId, Path)),
    request_body = SchedulePatch,
    responses((status = 200, description = "The schedule as it is now.", body = BackupSchedule))
)]
pub(super) async fn update(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<ScheduleId>,
    Body(patch): Body<SchedulePatch>,
) -> ApiResult<Json<BackupSchedule>> {
    caller.needs(Role::Operator)?;
    let now = app.clock.now();
    if let Some(plan) = &patch.plan {
        check(&app, &caller, plan, now).await?;
    }
    let txn = app.db.begin().await?;
    let before = schedules::find(&txn, &caller.scope, id).await?;
    let before = before.ok_or(ApiError::NotFound("schedule"))?;
    let mut schedule = before.clone();
    if let Some(plan) = patch.plan {
        if plan.when != schedule.plan.when {
            schedule.since = now;
        }
        schedule.plan = plan;
    }
    if let Some(paused) = patch.paused
        && paused != schedule.paused
    {
        (schedule.paused, schedule.since) = (paused, now);
    }
    if caller.organisation_id() == schedule.organisation {
        schedule.created_by = caller.id;
    }
    // Said again if it still is so.
    schedule.trouble = None;
    if schedules::update(&txn, &schedule).await? == Stored::Stale {
        return Err(ApiError::Conflict("the schedule has just changed".into()));
    }
    schedule.version += 1;
    let said = |schedule: &Schedule| json!({ "plan": schedule.plan, "paused": schedule.paused });
    let change = Change {
        organisation: schedule.organisation,
        action: "backup_schedule.change",
        kind: "backup_schedule",
        id: id.to_string(),
        before: Some(said(&before)),
        after: Some(said(&schedule)),
    };
    audit::record(&txn, &caller.actor(), change, now).await?;
    txn.commit().await?;
    Ok(Json(view(&app, schedule).await?))
}

/// Removes a schedule. What it has asked goes on, and its backups stay.
#[utoipa::path(
    delete, path = "/backup-schedules/{id}", tag = "backups", params(("id" = ScheduleId, Path)),
    responses((status = 204, description = "It is gone."))
)]
pub(super) async fn remove(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<ScheduleId>,
) -> ApiResult<StatusCode> {
    caller.needs(Role::Operator)?;
    let txn = app.db.begin().await?;
    let found = schedules::find(&txn, &caller.scope, id).await?;
    let schedule = found.ok_or(ApiError::NotFound("schedule"))?;
    schedules::remove(&txn, id).await?;
    let change = Change {
        organisation: schedule.organisation,
        action: "backup_schedule.remove",
        kind: "backup_schedule",
        id: id.to_string(),
        before: Some(json!(schedule.plan)),
        after: None,
    };
    audit::record(&txn, &caller.actor(), change, app.clock.now()).await?;
    txn.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What came of a schedule's times, newest first; with `latest=true` of the newest of each appliance, what
/// came to nothing first.
#[utoipa::path(
    get, path = "/backup-schedules/{id}/runs", tag = "backups",
    params(
        ("id" = ScheduleId, Path),
        ("latest" = Option<bool>, Query, description = "Only the newest of each appliance."),
        ("limit" = Option<u64>, Query, description = "How many, at most 500."),
        ("offset" = Option<u64>, Query, description = "How many are skipped."),
        ("next" = Option<String>, Query, description = "`next` of the page before."),
    ),
    responses((status = 200, description = "The part that was asked for.", body = ScheduleRuns))
)]
pub(super) async fn runs(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<ScheduleId>,
    mut asked: Asked,
) -> ApiResult<Json<ScheduleRuns>> {
    let latest = match asked.take("latest").as_deref() {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => return Err(ApiError::invalid("latest", "true or false")),
    };
    asked.nothing_else()?;
    let db = app.db.read();
    let revision = db::events::newest(db).await?;
    if schedules::find(db, &caller.scope, id).await?.is_none() {
        return Err(ApiError::NotFound("schedule"));
    }
    let (offset, limit) = asked.part();
    let rows = if latest {
        let all = schedule_runs::last(db, id).await?;
        let total = all.len() as u64;
        let (skipped, most) = (usize::try_from(offset), usize::try_from(limit));
        let part = all.into_iter().skip(skipped.unwrap_or(usize::MAX)).take(most.unwrap_or(0));
        (part.collect(), total)
    } else {
        schedule_runs::list(db, id, (offset, limit)).await?
    };
    Ok(Json(ScheduleRuns::new(offset, rows, revision)))
}

/// The appliances that a plan chooses, if it can be meant.
async fn check(
    app: &App,
    caller: &Caller,
    plan: &SchedulePlan,
    now: Timestamp,
) -> ApiResult<Vec<(Appliance, String)>> {
    plan.check().map_err(|(field, why)| ApiError::invalid(field, why))?;
    let chosen = match schedules::chosen(app.db.read(), &caller.scope, plan, now).await {
        Ok(chosen) => chosen,
        Err(ChooseError::Filter(error)) => return Err(error.into()),
        Err(ChooseError::Db(error)) => return Err(error.into()),
    };
    if let Some(named) = &plan.appliances
        && named.iter().any(|id| !chosen.iter().any(|(found, _)| found.id == *id))
    {
        let why = "some of them are not there, or not part of the fleet";
        return Err(ApiError::invalid("appliances", why));
    }
    Ok(chosen)
}

fn next_times(
    plan: &SchedulePlan,
    chosen: &[(Appliance, String)],
    now: Timestamp,
) -> Vec<NextTimes> {
    let mut zones = std::collections::BTreeMap::new();
    for (_, zone) in chosen {
        *zones.entry(zone.clone()).or_insert(0) += 1;
    }
    let times = zones.into_iter().map(|(time_zone, appliances)| NextTimes {
        at: next(&plan.when, &Zone::or_utc(&time_zone), now, NEXT),
        time_zone,
        appliances,
    });
    times.collect()
}

async fn view(app: &App, schedule: Schedule) -> ApiResult<BackupSchedule> {
    let (db, now) = (app.db.read(), app.clock.now());
    let (email, organisation) = schedules::names(db, &schedule).await?;
    // What it reaches is what its author may see, whoever looks.
    let chosen = match operators::enabled(db, schedule.created_by).await? {
        Some(author) => {
            let scope = Scope::of_absent(&author);
            match schedules::chosen(db, &scope, &schedule.plan, now).await {
                Ok(chosen) => chosen,
                Err(ChooseError::Filter(_)) => Vec::new(),
                Err(ChooseError::Db(error)) => return Err(error.into()),
            }
        }
        None => Vec::new(),
    };
    let paused = schedule.paused;
    let runs = schedule_runs::last(db, schedule.id).await?;
    Ok(BackupSchedule {
        id: schedule.id,
        organisation,
        created_by: Requester { id: schedule.created_by, email },
        paused,
        trouble: schedule.trouble,
        created_at: schedule.created_at,
        version: schedule.version,
        appliances: chosen.len() as u64,
        next: if paused { Vec::new() } else { next_times(&schedule.plan, &chosen, now) },
        last: schedule_runs::counted(&runs),
        plan: schedule.plan,
    })
}
