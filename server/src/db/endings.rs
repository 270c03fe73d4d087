//! How boots ended in the light of their sites. What an appliance told stays as it is beside what is shown, so that
//! this can be worked out again whenever more is known.

use std::collections::HashMap;
use std::time::Duration;

use domfleet_shared::Timestamp;
use domfleet_shared::boot::{Ending, SiteFacts, refine};
use domfleet_shared::id::ApplianceId;
use sea_orm::sea_query::{Condition, Expr};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};
use serde_json::Value;
use uuid::Uuid;

use super::boots::{seconds, told, word};
use super::entity::{appliance, boot};
use super::{Db, appliances};
use crate::domain::appliance::ApplianceState;
use crate::domain::neighbours::{Course, Run, TOGETHER, beside, distance, last_sign, look_again};

/// What an end may be told from lies no farther from it, and neither does what may be told from it.
const AROUND: Duration = Duration::from_mins(10);

/// Works out the end of the boot that has been due for longest, and the ends beside it; gives how many are shown
/// otherwise now. Nothing where none is due.
pub async fn refine_next(db: &Db, now: Timestamp) -> Result<Option<usize>, DbErr> {
    let due = boot::Entity::find()
        .filter(boot::Column::RefineAt.lte(now.as_millis()))
        .order_by_asc(boot::Column::RefineAt)
        .one(db.read())
        .await?;
    let Some(due) = due else { return Ok(None) };
    let members = members(db.read(), due.appliance_id).await?;
    let followed = followed(db.read(), &due, &members).await?;
    let runs: Vec<Run> = followed.iter().map(|(_, run)| *run).collect();
    let is_due =
        |row: &boot::Model| (row.appliance_id, row.boot_id) == (due.appliance_id, due.boot_id);
    let at = followed.iter().find(|(row, _)| is_due(row)).map(|(_, run)| run.until);
    let mut changed = 0;
    for (row, run) in &followed {
        let is_beside = at.is_some_and(|at| distance(at, run.until) <= TOGETHER * 2);
        if is_beside && run.course == Course::Guessed && !is_due(row) {
            changed += refine_one(db, row, run, &runs, now).await?;
        }
    }
    // The last: what is cut short here is still due.
    match followed.iter().find(|(row, run)| is_due(row) && run.course == Course::Guessed) {
        Some((row, run)) => changed += refine_one(db, row, run, &runs, now).await?,
        None => look_at(db.write(), &due, None).await?,
    }
    Ok(Some(changed))
}

async fn refine_one(
    db: &Db,
    row: &boot::Model,
    run: &Run,
    runs: &[Run],
    now: Timestamp,
) -> Result<usize, DbErr> {
    let Some(told) = told(row) else { return Ok(0) };
    let beside = beside(run, runs);
    let facts = SiteFacts { heard_after_seconds: heard_after(row), ..beside.facts };
    let refined = refine(&told, &facts);
    let next = beside.is_open.then(|| look_again(run.until, now)).flatten();
    let refined = stored(&refined).map_err(|error| DbErr::Json(error.to_string()))?;
    if refined == (row.ending.clone(), row.confidence.clone(), row.evidence.clone()) {
        look_at(db.write(), row, next).await?;
        return Ok(0);
    }
    let txn = db.begin().await?;
    show(&txn, row, refined).await?;
    look_at(&txn, row, next).await?;
    appliances::changed(&txn, ApplianceId(row.appliance_id), now).await?;
    txn.commit().await?;
    Ok(1)
}

/// Its end, its confidence and its evidence as they stand in a row.
type Stored = (Option<String>, Option<String>, Value);

fn stored(ending: &Ending) -> serde_json::Result<Stored> {
    let evidence = serde_json::to_value(&ending.evidence)?;
    Ok((word(Some(ending.end))?, word(Some(ending.confidence))?, evidence))
}

async fn show(
    txn: &impl ConnectionTrait,
    row: &boot::Model,
    (ending, confidence, evidence): Stored,
) -> Result<(), DbErr> {
    use boot::{Column, Entity};
    Entity::update_many()
        .col_expr(Column::Ending, Expr::value(ending))
        .col_expr(Column::Confidence, Expr::value(confidence))
        .col_expr(Column::Evidence, Expr::value(evidence))
        .filter(Column::ApplianceId.eq(row.appliance_id))
        .filter(Column::BootId.eq(row.boot_id))
        .exec(txn)
        .await?;
    Ok(())
}

/// When the end of a boot is to be looked at again, if ever.
async fn look_at(
    db: &impl ConnectionTrait,
    row: &boot::Model,
    next: Option<Timestamp>,
) -> Result<(), DbErr> {
    use boot::{Column, Entity};
    let next = next.map(Timestamp::as_millis);
    if row.refine_at == next {
        return Ok(());
    }
    Entity::update_many()
        .col_expr(Column::RefineAt, Expr::value(next))
        .filter(Column::ApplianceId.eq(row.appliance_id))
        .filter(Column::BootId.eq(row.boot_id))
        .exec(db)
        .await?;
    Ok(())
}

/// For how long heartbeats came after the last sign of life on disk.
fn heard_after(row: &boot::Model) -> Option<u64> {
    let (heard, seen) = row.heard_uptime_seconds.zip(row.last_seen_seconds)?;
    seconds(heard).checked_sub(seconds(seen))
}

/// An appliance, and the boot that it was last heard of in.
struct Member {
    boot: Option<Uuid>,
    seen: Option<Timestamp>,
    up: Option<Duration>,
}

type MemberRow = (Uuid, Option<Uuid>, Option<i64>, Option<i64>);

/// The appliance, and all others of its site that were accepted.
async fn members(
    db: &impl ConnectionTrait,
    appliance: Uuid,
) -> Result<HashMap<Uuid, Member>, DbErr> {
    use appliance::{Column, Entity};
    let site: Option<Option<Uuid>> = Entity::find_by_id(appliance)
        .select_only()
        .column(Column::SiteId)
        .into_tuple()
        .one(db)
        .await?;
    let mut which = Condition::any().add(Column::Id.eq(appliance));
    if let Some(site) = site.flatten() {
        which = which.add(
            Condition::all()
                .add(Column::SiteId.eq(site))
                .add(Column::State.eq(ApplianceState::Accepted.as_str())),
        );
    }
    let rows: Vec<MemberRow> = Entity::find()
        .select_only()
        .columns([Column::Id, Column::BootId, Column::LastSeenAt, Column::UptimeSeconds])
        .filter(which)
        .into_tuple()
        .all(db)
        .await?;
    let member = |(id, boot, seen, up): MemberRow| {
        (id, Member { boot, seen: seen.map(Timestamp::from_millis), up: up.map(duration) })
    };
    Ok(rows.into_iter().map(member).collect())
}

/// The boots of `members` that the server has heard of, as far as they may have lasted until `due` ended.
async fn followed(
    db: &impl ConnectionTrait,
    due: &boot::Model,
    members: &HashMap<Uuid, Member>,
) -> Result<Vec<(boot::Model, Run)>, DbErr> {
    use boot::{Column, Entity};
    // What ended then was told of later.
    let ended = until(due).unwrap_or(Timestamp::from_millis(due.received_at));
    let told_later = Column::ReceivedAt.gte((ended - AROUND).as_millis());
    let rows = Entity::find()
        .filter(Column::ApplianceId.is_in(members.keys().copied()))
        .filter(Condition::any().add(told_later).add(Column::EndedAt.is_null()))
        .all(db)
        .await?;
    let followed = |row: boot::Model| {
        let run = run(&row, members.get(&row.appliance_id)?)?;
        Some((row, run))
    };
    Ok(rows.into_iter().filter_map(followed).collect())
}

/// Nothing where the server never heard of the appliance in it.
fn run(row: &boot::Model, member: &Member) -> Option<Run> {
    let appliance = ApplianceId(row.appliance_id);
    // By its own clock, and so only where its uptime is not known.
    let started_at = Timestamp::from_millis(row.started_at);
    if row.ended_at.is_none() && member.boot == Some(row.boot_id) {
        let until = member.seen?;
        let from = member.up.map_or(started_at, |up| until - up);
        return Some(Run { appliance, from, until, course: Course::Newest });
    }
    let until = until(row)?;
    let course = match told(row) {
        Some(told) if told.is_guess() => Course::Guessed,
        Some(_) => Course::Recorded,
        None => Course::Untold,
    };
    let up = row.last_seen_seconds.max(row.heard_uptime_seconds).map(duration);
    let from = up.map_or(started_at, |up| until - up);
    Some(Run { appliance, from, until, course })
}

/// The last sign of life in a boot that is over. It was told of no earlier than that.
fn until(row: &boot::Model) -> Option<Timestamp> {
    let heard_at = Timestamp::from_millis(row.heard_at?);
    let up = (row.heard_uptime_seconds.map(duration), row.last_seen_seconds.map(duration));
    let until = last_sign(heard_at, up.0, up.1);
    let told_at = row.ended_at.map(|_| Timestamp::from_millis(row.received_at).max(heard_at));
    Some(told_at.map_or(until, |told_at| until.min(told_at)))
}

fn duration(stored: i64) -> Duration {
    Duration::from_secs(seconds(stored))
}
