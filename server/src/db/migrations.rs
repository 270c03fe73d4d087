//! Migrations: what is wanted of each, and what its appliance has told of it.

use domfleet_shared::Timestamp;
use domfleet_shared::hash::Hash;
use domfleet_shared::id::{ApplianceId, DriveId, MigrationId, OperationId, OrganisationId};
use domfleet_shared::migration::Record;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel as _, QueryFilter,
    QueryOrder, QuerySelect,
};
use uuid::Uuid;

use super::Stored;
use super::entity::migration::{Column, Entity, Model};
use super::entity::migration_record as record;
use super::events::{self, EventKind, NewEvent};
use super::operations::{from_json, to_json};
use super::scope::{count, known, within};
use crate::auth::Scope;
use crate::domain::migration::view::MigrationPhase;
use crate::domain::migration::{Standing, Story};

/// How many records are put in at once.
const AT_ONCE: usize = 200;

pub(super) fn standing(row: Model) -> Result<Standing, DbErr> {
    let time = Timestamp::from_millis;
    let phase = known(MigrationPhase::parse(&row.phase), "phase", &row.phase)?;
    let chain = row.chain.map(|chain| from_json::<Hash>(chain.into())).transpose()?;
    Ok(Standing {
        id: MigrationId(row.id),
        organisation: OrganisationId(row.organisation_id),
        appliance: ApplianceId(row.appliance_id),
        plan: from_json(row.plan)?,
        drive: row.drive_id.map(DriveId),
        wanted: from_json(row.wanted)?,
        revision: count(row.revision),
        records: count(row.records),
        chain,
        phase,
        now: row.now.map(from_json).transpose()?,
        started_by: row.started_by,
        started_at: time(row.started_at),
        changed_at: time(row.changed_at),
        heard_at: row.heard_at.map(time),
        ended_at: row.ended_at.map(time),
        version: count(row.version),
    })
}

fn whole(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn few(number: usize) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

/// The row of `standing`, of whose records `story` is what they come to.
fn row(standing: &Standing, story: &Story, preflight: Option<Uuid>) -> Result<Model, DbErr> {
    let now = standing.now.as_ref();
    let (settled, failed) = story.counts();
    let waits = now.and_then(|now| now.waits).map(|waits| to_json(&waits)).transpose()?;
    Ok(Model {
        id: standing.id.0,
        organisation_id: standing.organisation.0,
        appliance_id: standing.appliance.0,
        open_for: standing.is_open().then_some(standing.appliance.0),
        drive_id: standing.drive.map(|drive| drive.0),
        preflight_id: preflight,
        epoch: i32::try_from(standing.plan.epoch).unwrap_or(i32::MAX),
        plan: to_json(&standing.plan)?,
        wanted: to_json(&standing.wanted)?,
        revision: whole(standing.revision),
        phase: standing.phase.as_str().into(),
        is_past_the_point: story.journey.is_past_the_point(),
        waits: waits.and_then(|word| word.as_str().map(str::to_owned)),
        now: now.map(to_json).transpose()?,
        trouble: story.trouble.clone(),
        records: whole(standing.records),
        chain: standing.chain.map(|chain| chain.to_string()),
        vms_total: few(standing.plan.vms.len()),
        vms_settled: few(settled),
        vms_failed: few(failed),
        started_by: standing.started_by.clone(),
        started_at: standing.started_at.as_millis(),
        changed_at: standing.changed_at.as_millis(),
        heard_at: standing.heard_at.map(Timestamp::as_millis),
        soaking_until: story.journey.soaking.map(Timestamp::as_millis),
        ended_at: standing.ended_at.map(Timestamp::as_millis),
        version: whole(standing.version),
    })
}

/// Adds one. Fails by the constraint `migration_open_once` where another is under way.
pub async fn insert(
    txn: &impl ConnectionTrait,
    standing: &Standing,
    story: &Story,
    preflight: Option<OperationId>,
) -> Result<(), DbErr> {
    let row = row(standing, story, preflight.map(|id| id.0))?;
    Entity::insert(row.into_active_model()).exec_without_returning(txn).await?;
    Ok(())
}

/// Stores it as it is now, if it is still as it was read. Whoever does so tells of it: [`event`].
pub async fn store(
    txn: &impl ConnectionTrait,
    standing: &mut Standing,
    story: &Story,
) -> Result<Stored, DbErr> {
    let read = whole(standing.version);
    let before = standing.version;
    standing.version = before + 1;
    let row = row(standing, story, None)?;
    let result = Entity::update_many()
        .col_expr(Column::OpenFor, Expr::value(row.open_for))
        .col_expr(Column::DriveId, Expr::value(row.drive_id))
        .col_expr(Column::Wanted, Expr::value(row.wanted))
        .col_expr(Column::Revision, Expr::value(row.revision))
        .col_expr(Column::Phase, Expr::value(row.phase))
        .col_expr(Column::IsPastThePoint, Expr::value(row.is_past_the_point))
        .col_expr(Column::Waits, Expr::value(row.waits))
        .col_expr(Column::Now, Expr::value(row.now))
        .col_expr(Column::Trouble, Expr::value(row.trouble))
        .col_expr(Column::Records, Expr::value(row.records))
        .col_expr(Column::Chain, Expr::value(row.chain))
        .col_expr(Column::VmsSettled, Expr::value(row.vms_settled))
        .col_expr(Column::VmsFailed, Expr::value(row.vms_failed))
        .col_expr(Column::ChangedAt, Expr::value(row.changed_at))
        .col_expr(Column::HeardAt, Expr::value(row.heard_at))
        .col_expr(Column::SoakingUntil, Expr::value(row.soaking_until))
        .col_expr(Column::EndedAt, Expr::value(row.ended_at))
        .col_expr(Column::Version, Expr::value(row.version))
        .filter(Column::Id.eq(standing.id.0))
        .filter(Column::Version.eq(read))
        .exec(txn)
        .await?;
    let stored = Stored::from_rows(result.rows_affected);
    if stored == Stored::Stale {
        standing.version = before;
    }
    Ok(stored)
}

/// That it was heard of, where nothing else is new. Whoever writes to it meanwhile does not care.
pub async fn heard(
    db: &impl ConnectionTrait,
    id: MigrationId,
    now: Timestamp,
) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::HeardAt, Expr::value(now.as_millis()))
        .filter(Column::Id.eq(id.0))
        .exec(db)
        .await?;
    Ok(())
}

/// What to tell about it.
pub fn event(standing: &Standing) -> NewEvent {
    NewEvent {
        kind: EventKind::Migration,
        organisation: standing.organisation.0,
        subject: standing.id.0,
        version: whole(standing.version),
        appliance: Some(standing.appliance.0),
        operation: None,
        document: None,
    }
}

/// Tells that it has changed. The end of a transaction.
pub async fn changed(
    txn: &impl ConnectionTrait,
    standing: &Standing,
    now: Timestamp,
) -> Result<(), DbErr> {
    events::append(txn, vec![event(standing)], now).await.map(|_| ())
}

/// The one of that id.
pub async fn by_id(db: &impl ConnectionTrait, id: MigrationId) -> Result<Option<Standing>, DbErr> {
    Entity::find_by_id(id.0).one(db).await?.map(standing).transpose()
}

/// The one of that id, in the scope.
pub async fn find(
    db: &impl ConnectionTrait,
    scope: &Scope,
    id: MigrationId,
) -> Result<Option<Standing>, DbErr> {
    let select = Entity::find_by_id(id.0).filter(within(scope, Column::OrganisationId));
    select.one(db).await?.map(standing).transpose()
}

/// The one that is under way for an appliance, and in which phase it is.
pub async fn open_of(
    db: &impl ConnectionTrait,
    appliance: ApplianceId,
) -> Result<Option<(MigrationId, String)>, DbErr> {
    let row = Entity::find()
        .select_only()
        .columns([Column::Id, Column::Phase])
        .filter(Column::OpenFor.eq(appliance.0))
        .into_tuple::<(Uuid, String)>()
        .one(db)
        .await?;
    Ok(row.map(|(id, phase)| (MigrationId(id), phase)))
}

/// All that are under way.
pub async fn all_open(db: &impl ConnectionTrait) -> Result<Vec<Standing>, DbErr> {
    let rows = Entity::find()
        .filter(Column::OpenFor.is_not_null())
        .order_by_asc(Column::Id)
        .all(db)
        .await?;
    rows.into_iter().map(standing).collect()
}

/// Its records after the first `after`, at most `limit`.
pub async fn records(
    db: &impl ConnectionTrait,
    id: MigrationId,
    after: u64,
    limit: Option<u64>,
) -> Result<Vec<Record>, DbErr> {
    let rows: Vec<serde_json::Value> = record::Entity::find()
        .select_only()
        .column(record::Column::Document)
        .filter(record::Column::MigrationId.eq(id.0))
        .filter(record::Column::Number.gt(whole(after)))
        .order_by_asc(record::Column::Number)
        .limit(limit)
        .into_tuple()
        .all(db)
        .await?;
    rows.into_iter().map(from_json).collect()
}

/// What its records come to.
pub async fn story(
    db: &impl ConnectionTrait,
    standing: &Standing,
) -> Result<(Vec<Record>, Story), DbErr> {
    let records = records(db, standing.id, 0, None).await?;
    let story = Story::of(&standing.plan, &records)
        .ok_or_else(|| DbErr::Custom(format!("the plan of {} cannot be one", standing.id)))?;
    Ok((records, story))
}

/// Forgets its records.
pub async fn forget_records(txn: &impl ConnectionTrait, id: MigrationId) -> Result<(), DbErr> {
    let all = record::Entity::delete_many().filter(record::Column::MigrationId.eq(id.0));
    all.exec(txn).await.map(|_| ())
}

/// Adds records after the first `after`.
pub async fn add_records(
    txn: &impl ConnectionTrait,
    standing: &Standing,
    after: u64,
    new: &[Record],
) -> Result<(), DbErr> {
    let mut rows = Vec::with_capacity(new.len());
    for (number, told) in (after + 1..).zip(new) {
        rows.push(record::ActiveModel {
            migration_id: Set(standing.id.0),
            number: Set(whole(number)),
            organisation_id: Set(standing.organisation.0),
            document: Set(to_json(told)?),
        });
    }
    for rows in rows.chunks(AT_ONCE) {
        record::Entity::insert_many(rows.to_vec()).exec_without_returning(txn).await?;
    }
    Ok(())
}
