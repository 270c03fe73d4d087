//! Asking for the backups whose time has come, each appliance in a transaction of its own.

use std::time::Duration;

use domfleet_shared::Timestamp;
use domfleet_shared::id::{ApplianceId, DriveId};
use domfleet_shared::inventory::Section;
use domfleet_shared::operation::Priority;
use domfleet_shared::usb::{Usage, UsbDrive};
use sea_orm::{ConnectionTrait, DbErr};

use crate::app::App;
use crate::auth::Scope;
use crate::db::asking::{self, AskError, Confirmed, Wanted};
use crate::db::audit::Actor;
use crate::db::schedules::{self, NewRun, Outcome, Schedule};
use crate::db::{Stored, appliances, operators, reported};
use crate::domain::people::Role;
use crate::domain::schedule::{Due, due};
use crate::domain::zone::Zone;

/// An appliance may be away for so long, and is backed up when it is back.
const WAIT: Duration = Duration::from_hours(12);
/// What only waits for another operation to end is tried again for so long.
const TRY_AGAIN: Duration = Duration::from_hours(1);
/// Where the clock says that a schedule was made in the future, so far back is looked.
const LOOK_BACK: Duration = Duration::from_mins(15);
const DAY: Duration = Duration::from_hours(24);

/// Asks for what is due by `schedule`; says of how many appliances that was decided.
pub async fn proceed(app: &App, schedule: &Schedule) -> anyhow::Result<usize> {
    let now = app.clock.now();
    let db = app.db.read();
    let author = operators::enabled(db, schedule.created_by).await?;
    let author = author.filter(|author| author.operator.role >= Role::Operator);
    let Some(author) = author else {
        let why = "whoever wrote it may not ask for anything any more: change it, and it is yours";
        return trouble(app, schedule, why).await;
    };
    let scope = Scope::of_absent(&author);
    let chosen = match schedules::chosen(db, &scope, &schedule.plan, now).await {
        Ok(chosen) => chosen,
        Err(schedules::ChooseError::Filter(error)) => {
            return trouble(app, schedule, &format!("its filter cannot be used: {error}")).await;
        }
        Err(schedules::ChooseError::Db(error)) => return Err(error.into()),
    };
    if schedule.trouble.is_some() {
        schedules::note_trouble(app.db.write(), schedule.id, None).await?;
    }
    let actor = Actor {
        id: Some(schedule.created_by),
        name: author.operator.email,
        address: None,
        request_id: Some(format!("backup-schedule/{}", schedule.id)),
    };
    let decided = schedules::decided(db, schedule.id, now).await?;
    let mut done = 0;
    for (appliance, zone) in chosen {
        let last = decided.get(&appliance.id).copied();
        let since = last.into_iter().chain([schedule.since]).filter(|at| *at <= now).max();
        let since = since.unwrap_or(now - LOOK_BACK);
        let of = (schedule.id, appliance.id);
        let due = due(&schedule.plan.when, &Zone::or_utc(&zone), of, since, now);
        if let Some(due) = due
            && decide(app, (schedule, &actor), appliance.id, due, now).await?
        {
            done += 1;
        }
    }
    if done > 0 {
        app.bus.events_appended();
        app.bus.dispatcher.wake();
    }
    Ok(done)
}

async fn trouble(app: &App, schedule: &Schedule, why: &str) -> anyhow::Result<usize> {
    if schedule.trouble.as_deref() != Some(why) {
        tracing::warn!(schedule = %schedule.id, why, "a schedule asks nothing");
        schedules::note_trouble(app.db.write(), schedule.id, Some(why)).await?;
    }
    Ok(0)
}

/// Asks one appliance, and records what came of it: both or nothing, and once, whoever else does the same at
/// the same time.
async fn decide(
    app: &App,
    (schedule, actor): (&Schedule, &Actor),
    id: ApplianceId,
    due: Due,
    now: Timestamp,
) -> anyhow::Result<bool> {
    let txn = app.db.begin().await?;
    // Holds its row: of two servers, the second sees what the first has decided.
    let Some((appliance, organisation)) = appliances::lock_chosen(&txn, id).await? else {
        return Ok(false);
    };
    if schedules::is_decided(&txn, (schedule.id, id, due.at)).await? {
        return Ok(false);
    }
    let run = |outcome| NewRun {
        schedule: schedule.id,
        appliance: id,
        organisation,
        due_at: due.at,
        missed: due.missed,
        outcome,
        now,
    };
    let drive = match only_drive(&txn, id).await? {
        Ok(drive) => drive,
        Err(outcome) => {
            let stored = schedules::record(&txn, run(outcome)).await?;
            txn.commit().await?;
            return Ok(stored == Stored::Yes);
        }
    };
    let wanted = Wanted {
        operation: schedule.plan.operation(drive),
        confirm: Confirmed::Typed(None),
        wait: WAIT,
        priority: Priority::Bulk,
        note: None,
        bulk: None,
        request_key: None,
        keep_bundles: DAY * app.config.bundles.keep_days,
        set_keys: app.set_keys.clone(),
    };
    let asked = asking::ask(&txn, actor, (&appliance, organisation), wanted, now).await;
    let outcome = match asked {
        Ok(operation) => Outcome::Asked(operation),
        Err(AskError::Refused(refusal)) => {
            let waits = ["locked", "too_many_waiting", "held"].contains(&refusal.code());
            if waits && now < due.at + TRY_AGAIN {
                return Ok(false);
            }
            refused(refusal.code(), refusal.to_string(), refusal.what_to_do())
        }
        // Somebody was faster by a moment: the next look says what it waits for.
        Err(AskError::Race | AskError::KeyUsed | AskError::Again(_)) => return Ok(false),
        Err(AskError::Db(error)) => return Err(error.into()),
    };
    if schedules::record(&txn, run(outcome)).await? == Stored::Stale {
        // Then nothing was asked either.
        return Ok(false);
    }
    txn.commit().await?;
    Ok(true)
}

/// The one drive of ours that is plugged in; else why it cannot be said which.
async fn only_drive(
    txn: &impl ConnectionTrait,
    appliance: ApplianceId,
) -> Result<Result<DriveId, Outcome>, DbErr> {
    let found = reported::section::<Vec<UsbDrive>>(txn, appliance, Section::Usb).await?;
    let drives = found.map(|found| found.content).unwrap_or_default();
    let ours: Vec<DriveId> = drives
        .iter()
        .filter_map(|drive| match drive.usage {
            Usage::Ours { drive } => Some(drive),
            _ => None,
        })
        .collect();
    Ok(match ours.as_slice() {
        [drive] => Ok(*drive),
        [] => Err(refused(
            "no_drive",
            "no prepared USB drive is plugged in".to_owned(),
            "Plug one in, or prepare one that is.".to_owned(),
        )),
        several => Err(refused(
            "several_drives",
            format!("{} prepared USB drives are plugged in", several.len()),
            "Leave only the one plugged in that backups go to.".to_owned(),
        )),
    })
}

fn refused(code: &str, message: String, what_to_do: String) -> Outcome {
    Outcome::Refused { code: code.to_owned(), message, what_to_do }
}
