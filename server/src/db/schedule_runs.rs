//! What came of the times of a schedule, for people.

use std::collections::{HashMap, HashSet};

use domfleet_shared::Timestamp;
use domfleet_shared::id::{OperationId, ScheduleId};
use domfleet_shared::operation::{OperationState, Reason};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect,
};
use uuid::Uuid;

use super::entity::backup_schedule_run::{Column, Entity, Model};
use super::entity::operation;
use super::operations::from_json;
use super::scope::{Names, count, known};
use crate::domain::schedule::{LastRuns, RunOutcome, ScheduleRun};

/// SQLite takes 32,766 values in a statement.
const AT_ONCE: usize = 500;

/// The part of a schedule's runs, newest first, and how many there are. Only of a schedule that was found in
/// the caller's scope.
pub async fn list(
    db: &impl ConnectionTrait,
    id: ScheduleId,
    (offset, limit): (u64, u64),
) -> Result<(Vec<ScheduleRun>, u64), DbErr> {
    let select = Entity::find().filter(Column::ScheduleId.eq(id.0));
    let total = select.clone().count(db).await?;
    let rows = select
        .order_by_desc(Column::DueAt)
        .order_by_asc(Column::ApplianceId)
        .offset(offset)
        .limit(limit)
        .all(db)
        .await?;
    Ok((views(db, rows).await?, total))
}

/// The newest run of each appliance: those that came to nothing first, then by name.
pub async fn last(db: &impl ConnectionTrait, id: ScheduleId) -> Result<Vec<ScheduleRun>, DbErr> {
    let newest: HashSet<(Uuid, i64)> = Entity::find()
        .select_only()
        .column(Column::ApplianceId)
        .column_as(Column::DueAt.max(), "newest")
        .filter(Column::ScheduleId.eq(id.0))
        .group_by(Column::ApplianceId)
        .into_tuple()
        .all(db)
        .await?
        .into_iter()
        .collect();
    let times: HashSet<i64> = newest.iter().map(|(_, at)| *at).collect();
    let times: Vec<i64> = times.into_iter().collect();
    let mut rows = Vec::new();
    for times in times.chunks(AT_ONCE) {
        let of_times = Entity::find()
            .filter(Column::ScheduleId.eq(id.0))
            .filter(Column::DueAt.is_in(times.iter().copied()));
        rows.extend(of_times.all(db).await?);
    }
    rows.retain(|row| newest.contains(&(row.appliance_id, row.due_at)));
    let mut runs = views(db, rows).await?;
    runs.sort_by_cached_key(|run| {
        (crate::domain::bulk::rank(state(run)), run.appliance.name.clone())
    });
    Ok(runs)
}

fn state(run: &ScheduleRun) -> &str {
    run.state.as_deref().unwrap_or_else(|| run.outcome.as_str())
}

/// The newest run of each appliance, counted.
pub fn counted(runs: &[ScheduleRun]) -> LastRuns {
    let mut last = LastRuns::default();
    for run in runs {
        let counter = match (run.outcome, OperationState::parse(state(run))) {
            (RunOutcome::Refused, _) => &mut last.refused,
            (RunOutcome::Asked, Some(OperationState::Succeeded)) => &mut last.succeeded,
            (RunOutcome::Asked, Some(state)) if !state.is_end() => &mut last.unfinished,
            (RunOutcome::Asked, _) => &mut last.failed,
        };
        *counter += 1;
    }
    last
}

async fn views(db: &impl ConnectionTrait, rows: Vec<Model>) -> Result<Vec<ScheduleRun>, DbErr> {
    let names = Names::appliances(db, rows.iter().map(|row| row.appliance_id)).await?;
    let ids: Vec<Uuid> = rows.iter().filter_map(|row| row.operation_id).collect();
    let mut operations: HashMap<Uuid, operation::Model> = HashMap::new();
    for ids in ids.chunks(AT_ONCE) {
        let found = operation::Entity::find().filter(operation::Column::Id.is_in(ids.to_vec()));
        operations.extend(found.all(db).await?.into_iter().map(|row| (row.id, row)));
    }
    rows.into_iter()
        .map(|row| {
            let asked = row.operation_id.and_then(|id| operations.get(&id));
            let refused = row.code.zip(row.message).map(|(code, message)| Reason { code, message });
            let reason = asked.and_then(|asked| asked.reason.clone()).map(from_json).transpose()?;
            Ok(ScheduleRun {
                appliance: names.named(row.appliance_id),
                due_at: Timestamp::from_millis(row.due_at),
                decided_at: Timestamp::from_millis(row.decided_at),
                missed: u32::try_from(count(row.missed)).unwrap_or(u32::MAX),
                outcome: known(
                    RunOutcome::parse(&row.outcome),
                    "backup_schedule_run.outcome",
                    &row.outcome,
                )?,
                operation_id: row.operation_id.map(OperationId),
                state: asked.map(|asked| asked.state.clone()),
                reason: refused.or(reason),
                what_to_do: row.what_to_do,
            })
        })
        .collect()
}
