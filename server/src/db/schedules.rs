//! Schedules of backups, and what came of their times.

use std::collections::HashMap;

use domfleet_shared::Timestamp;
use domfleet_shared::id::{ApplianceId, OperationId, OperatorId, OrganisationId, ScheduleId};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, ExprTrait, QueryFilter, QueryOrder,
    QuerySelect, TryInsertResult,
};
use uuid::Uuid;

use super::appliance_list::{self, KEYS, Sort, Window};
use super::entity::backup_schedule::{ActiveModel, Column, Entity, Model};
use super::entity::{backup_schedule_run as run, site};
use super::operations::{from_json, to_json};
use super::scope::{Names, count, within};
use super::{Stored, appliances};
use crate::auth::Scope;
use crate::domain::appliance::{Appliance, ApplianceState};
use crate::domain::filter::{self, FilterError};
use crate::domain::people::Named;
use crate::domain::schedule::{RunOutcome, SchedulePlan};

/// No fleet is larger.
const MOST_CHOSEN: u64 = 100_000;

/// A schedule, as it is in the table.
#[derive(Clone, Debug)]
pub struct Schedule {
    pub id: ScheduleId,
    pub organisation: OrganisationId,
    pub created_by: OperatorId,
    pub plan: SchedulePlan,
    pub paused: bool,
    pub trouble: Option<String>,
    /// From when on its times count.
    pub since: Timestamp,
    pub created_at: Timestamp,
    pub version: u64,
}

/// Adds one. Its `version` is taken for 1.
pub async fn insert(txn: &impl ConnectionTrait, new: &Schedule) -> Result<(), DbErr> {
    let row = ActiveModel {
        id: Set(new.id.0),
        organisation_id: Set(new.organisation.0),
        created_by: Set(new.created_by.0),
        document: Set(to_json(&new.plan)?),
        paused: Set(new.paused),
        trouble: Set(None),
        since: Set(new.since.as_millis()),
        created_at: Set(new.created_at.as_millis()),
        version: Set(1),
    };
    Entity::insert(row).exec_without_returning(txn).await.map(|_| ())
}

/// Writes `schedule`, if it is still at the version that was read.
pub async fn update(txn: &impl ConnectionTrait, schedule: &Schedule) -> Result<Stored, DbErr> {
    let version = i64::try_from(schedule.version).unwrap_or(i64::MAX);
    let result = Entity::update_many()
        .col_expr(Column::CreatedBy, Expr::value(schedule.created_by.0))
        .col_expr(Column::Document, Expr::value(to_json(&schedule.plan)?))
        .col_expr(Column::Paused, Expr::value(schedule.paused))
        .col_expr(Column::Trouble, Expr::value(schedule.trouble.clone()))
        .col_expr(Column::Since, Expr::value(schedule.since.as_millis()))
        .col_expr(Column::Version, Expr::col(Column::Version).add(1))
        .filter(Column::Id.eq(schedule.id.0))
        .filter(Column::Version.eq(version))
        .exec(txn)
        .await?;
    Ok(Stored::from_rows(result.rows_affected))
}

/// Notes why nothing is asked by it, or that there is no such reason.
pub async fn note_trouble(
    db: &impl ConnectionTrait,
    id: ScheduleId,
    trouble: Option<&str>,
) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::Trouble, Expr::value(trouble.map(str::to_owned)))
        .filter(Column::Id.eq(id.0))
        .exec(db)
        .await
        .map(|_| ())
}

/// Removes one, with all that came of it; what it has asked stays.
pub async fn remove(txn: &impl ConnectionTrait, id: ScheduleId) -> Result<(), DbErr> {
    Entity::delete_by_id(id.0).exec(txn).await.map(|_| ())
}

/// Those that are not paused, whoever's they are.
pub async fn active(db: &impl ConnectionTrait) -> Result<Vec<Schedule>, DbErr> {
    let rows = Entity::find().filter(Column::Paused.eq(false)).order_by_asc(Column::Id);
    rows.all(db).await?.into_iter().map(schedule).collect()
}

/// Those in the scope, oldest first.
pub async fn list(db: &impl ConnectionTrait, scope: &Scope) -> Result<Vec<Schedule>, DbErr> {
    let rows = Entity::find()
        .filter(within(scope, Column::OrganisationId))
        .order_by_asc(Column::Id)
        .all(db)
        .await?;
    rows.into_iter().map(schedule).collect()
}

/// One in the scope.
pub async fn find(
    db: &impl ConnectionTrait,
    scope: &Scope,
    id: ScheduleId,
) -> Result<Option<Schedule>, DbErr> {
    let row = Entity::find_by_id(id.0).filter(within(scope, Column::OrganisationId)).one(db);
    row.await?.map(schedule).transpose()
}

fn schedule(row: Model) -> Result<Schedule, DbErr> {
    Ok(Schedule {
        id: ScheduleId(row.id),
        organisation: OrganisationId(row.organisation_id),
        created_by: OperatorId(row.created_by),
        plan: from_json(row.document)?,
        paused: row.paused,
        trouble: row.trouble,
        since: Timestamp::from_millis(row.since),
        created_at: Timestamp::from_millis(row.created_at),
        version: count(row.version),
    })
}

/// What people call whoever wrote it, and whose it is.
pub async fn names(
    db: &impl ConnectionTrait,
    schedule: &Schedule,
) -> Result<(String, Named), DbErr> {
    let emails = Names::operators(db, [schedule.created_by.0]).await?;
    let organisations = Names::organisations(db, [schedule.organisation.0]).await?;
    let organisation = organisations.named(schedule.organisation.0);
    Ok((emails.text(schedule.created_by.0), organisation))
}

/// Why it cannot be said which appliances a plan chooses.
#[derive(Debug, thiserror::Error)]
pub enum ChooseError {
    #[error(transparent)]
    Filter(#[from] FilterError),
    #[error("the database failed")]
    Db(#[from] DbErr),
}

/// The filter of a plan, if it has one and it can be understood.
pub fn filter_of(plan: &SchedulePlan) -> Result<Option<filter::Filter>, FilterError> {
    let Some(text) = &plan.filter else { return Ok(None) };
    let filter = filter::parse(text)?;
    filter.check(&KEYS)?;
    Ok(Some(filter))
}

/// The appliances that a plan chooses now, by name: those of the fleet that are in the scope. Each with the
/// time zone of its site.
pub async fn chosen(
    db: &impl ConnectionTrait,
    scope: &Scope,
    plan: &SchedulePlan,
    now: Timestamp,
) -> Result<Vec<(Appliance, String)>, ChooseError> {
    let found = match filter_of(plan)? {
        Some(filter) => {
            let sort = Sort { by: "name".into(), descending: false };
            let window = Window { filter, sort, offset: 0, limit: MOST_CHOSEN };
            appliance_list::list(db, scope, &window, now).await?.0
        }
        None => {
            appliances::by_names(db, scope, plan.appliances.as_deref().unwrap_or_default()).await?
        }
    };
    let zones: HashMap<Uuid, String> = site::Entity::find()
        .select_only()
        .columns([site::Column::Id, site::Column::TimeZone])
        .into_tuple::<(Uuid, String)>()
        .all(db)
        .await?
        .into_iter()
        .collect();
    let accepted = found.into_iter().filter(|found| found.state == ApplianceState::Accepted);
    let with_zone = accepted.map(|appliance| {
        let zone = appliance.site.as_ref().and_then(|site| zones.get(&site.id));
        let zone = zone.cloned().unwrap_or_else(|| "UTC".into());
        (appliance, zone)
    });
    Ok(with_zone.collect())
}

/// The newest time that has come and was decided, of each appliance.
pub async fn decided(
    db: &impl ConnectionTrait,
    id: ScheduleId,
    now: Timestamp,
) -> Result<HashMap<ApplianceId, Timestamp>, DbErr> {
    let rows: Vec<(Uuid, i64)> = run::Entity::find()
        .select_only()
        .column(run::Column::ApplianceId)
        .column_as(run::Column::DueAt.max(), "newest")
        .filter(run::Column::ScheduleId.eq(id.0))
        // A clock that was ahead has left some that are still to come.
        .filter(run::Column::DueAt.lte(now.as_millis()))
        .group_by(run::Column::ApplianceId)
        .into_tuple()
        .all(db)
        .await?;
    let newest = rows.into_iter();
    Ok(newest.map(|(id, at)| (ApplianceId(id), Timestamp::from_millis(at))).collect())
}

/// A time that is decided.
#[derive(Clone, Debug)]
pub struct NewRun {
    pub schedule: ScheduleId,
    pub appliance: ApplianceId,
    pub organisation: OrganisationId,
    pub due_at: Timestamp,
    pub missed: u32,
    pub outcome: Outcome,
    pub now: Timestamp,
}

/// What came of it.
#[derive(Clone, Debug)]
pub enum Outcome {
    Asked(OperationId),
    Refused { code: String, message: String, what_to_do: String },
}

/// Records it, once: stale where somebody else has decided the same time.
pub async fn record(txn: &impl ConnectionTrait, new: NewRun) -> Result<Stored, DbErr> {
    let (outcome, operation, refused) = match new.outcome {
        Outcome::Asked(operation) => (RunOutcome::Asked, Some(operation.0), None),
        Outcome::Refused { code, message, what_to_do } => {
            (RunOutcome::Refused, None, Some((code, message, what_to_do)))
        }
    };
    let (code, message, what_to_do) = match refused {
        Some((code, message, what_to_do)) => (Some(code), Some(message), Some(what_to_do)),
        None => (None, None, None),
    };
    let row = run::ActiveModel {
        schedule_id: Set(new.schedule.0),
        appliance_id: Set(new.appliance.0),
        due_at: Set(new.due_at.as_millis()),
        organisation_id: Set(new.organisation.0),
        decided_at: Set(new.now.as_millis()),
        missed: Set(i32::try_from(new.missed).unwrap_or(i32::MAX)),
        outcome: Set(outcome.as_str().into()),
        operation_id: Set(operation),
        code: Set(code),
        message: Set(message),
        what_to_do: Set(what_to_do),
    };
    let key = [run::Column::ScheduleId, run::Column::ApplianceId, run::Column::DueAt];
    let inserted =
        run::Entity::insert(row).on_conflict_do_nothing_on(key).exec_without_returning(txn).await?;
    Ok(match inserted {
        TryInsertResult::Inserted(rows) => Stored::from_rows(rows),
        TryInsertResult::Empty | TryInsertResult::Conflicted => Stored::Stale,
    })
}

/// Whether that time of that appliance was decided.
pub async fn is_decided(
    txn: &impl ConnectionTrait,
    (schedule, appliance, due_at): (ScheduleId, ApplianceId, Timestamp),
) -> Result<bool, DbErr> {
    let key = (schedule.0, appliance.0, due_at.as_millis());
    Ok(run::Entity::find_by_id(key).one(txn).await?.is_some())
}

/// Removes what was decided before `before`, but for the newest of each appliance.
pub async fn remove_old(db: &impl ConnectionTrait, before: Timestamp) -> Result<u64, DbErr> {
    use sea_orm::sea_query::Query;
    let newer = sea_orm::sea_query::Alias::new("newer");
    let col = |column: run::Column| Expr::col((newer.clone(), column));
    let newest = Query::select()
        .expr(col(run::Column::DueAt).max())
        .from_as(run::Entity, newer.clone())
        .and_where(col(run::Column::ScheduleId).equals((run::Entity, run::Column::ScheduleId)))
        .and_where(col(run::Column::ApplianceId).equals((run::Entity, run::Column::ApplianceId)))
        .to_owned();
    let removed = run::Entity::delete_many()
        .filter(run::Column::DueAt.lt(before.as_millis()))
        .filter(run::Column::DueAt.not_in_subquery(newest))
        .exec(db)
        .await?;
    Ok(removed.rows_affected)
}
