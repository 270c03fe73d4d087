//! What was asked of many appliances at once: which, and what was answered for each.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use domfleet_shared::Timestamp;
use domfleet_shared::id::{ApplianceId, BulkId, OperationId, OperatorId, OrganisationId};
use domfleet_shared::operation::{Operation, Priority, Reason};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect,
};
use uuid::Uuid;

use super::Stored;
use super::audit::Actor;
use super::entity::{bulk, bulk_item, operation};
use super::operations::{from_json, priority, rank, to_json};
use super::scope::{Names, count, within};
use crate::auth::Scope;
use crate::domain::admission::Refusal;
use crate::domain::bulk::{ADMITTED, Bulk, BulkResult, PENDING, REFUSED, is_end, rank as place};
use crate::domain::operation::Requester;

/// SQLite takes 32,766 values in a statement.
const AT_ONCE: usize = 500;

/// A new one.
#[derive(Clone, Debug)]
pub struct NewBulk {
    pub id: BulkId,
    pub organisation: OrganisationId,
    pub actor: Actor,
    pub operation: Operation,
    pub priority: Priority,
    pub wait: Duration,
    /// Empty where the appliances were named one by one.
    pub filter: String,
    pub request_key: Option<String>,
    pub now: Timestamp,
}

/// Adds one that asks `appliances`, of which none has been asked yet. Fails by the constraint
/// `bulk_request_unique` where the request was made before.
pub async fn insert(
    txn: &impl ConnectionTrait,
    new: &NewBulk,
    appliances: &[(ApplianceId, OrganisationId)],
) -> Result<(), DbErr> {
    let Some(by) = new.actor.id else {
        return Err(DbErr::Custom("a bulk is asked for by somebody".into()));
    };
    let row = bulk::ActiveModel {
        id: Set(new.id.0),
        organisation_id: Set(new.organisation.0),
        requested_by: Set(by.0),
        kind: Set(new.operation.kind().into()),
        document: Set(to_json(&new.operation)?),
        priority: Set(rank(new.priority)),
        wait_seconds: Set(i64::try_from(new.wait.as_secs()).unwrap_or(i64::MAX)),
        filter: Set(new.filter.clone()),
        request_key: Set(new.request_key.clone()),
        address: Set(new.actor.address.map(|address| address.to_string())),
        request_id: Set(new.actor.request_id.clone()),
        created_at: Set(new.now.as_millis()),
    };
    bulk::Entity::insert(row).exec_without_returning(txn).await?;
    let items: Vec<bulk_item::ActiveModel> = appliances
        .iter()
        .zip(0..)
        .map(|((appliance, organisation), place)| bulk_item::ActiveModel {
            bulk_id: Set(new.id.0),
            appliance_id: Set(appliance.0),
            organisation_id: Set(organisation.0),
            place: Set(place),
            outcome: Set(PENDING.into()),
            operation_id: Set(None),
            code: Set(None),
            message: Set(None),
            what_to_do: Set(None),
        })
        .collect();
    for items in items.chunks(AT_ONCE) {
        bulk_item::Entity::insert_many(items.to_vec()).exec_without_returning(txn).await?;
    }
    Ok(())
}

/// One, as whoever carries it on needs it.
#[derive(Clone, Debug)]
pub struct Work {
    pub id: BulkId,
    pub actor: Actor,
    pub operation: Operation,
    pub priority: Priority,
    pub wait: Duration,
}

/// One, whoever's it is.
pub async fn find(db: &impl ConnectionTrait, id: BulkId) -> Result<Option<Work>, DbErr> {
    let Some(row) = bulk::Entity::find_by_id(id.0).one(db).await? else { return Ok(None) };
    let emails = Names::operators(db, [row.requested_by]).await?;
    let actor = Actor {
        id: Some(OperatorId(row.requested_by)),
        name: emails.text(row.requested_by),
        address: row.address.and_then(|address| address.parse().ok()),
        request_id: row.request_id,
    };
    Ok(Some(Work {
        id,
        actor,
        operation: from_json(row.document)?,
        priority: priority(row.priority),
        wait: Duration::from_secs(count(row.wait_seconds)),
    }))
}

/// The one that was made by that request, and its kind.
pub async fn by_request(
    db: &impl ConnectionTrait,
    by: OperatorId,
    key: &str,
) -> Result<Option<(BulkId, String)>, DbErr> {
    let row = bulk::Entity::find()
        .filter(bulk::Column::RequestedBy.eq(by.0))
        .filter(bulk::Column::RequestKey.eq(key))
        .one(db)
        .await?;
    Ok(row.map(|row| (BulkId(row.id), row.kind)))
}

/// Those of which somebody has still to be asked, oldest first.
pub async fn unfinished(db: &impl ConnectionTrait) -> Result<Vec<BulkId>, DbErr> {
    let mut ids: Vec<Uuid> = bulk_item::Entity::find()
        .select_only()
        .column(bulk_item::Column::BulkId)
        .distinct()
        .filter(bulk_item::Column::Outcome.eq(PENDING))
        .into_tuple()
        .all(db)
        .await?;
    ids.sort_unstable();
    Ok(ids.into_iter().map(BulkId).collect())
}

/// The next appliances to be asked.
pub async fn pending(
    db: &impl ConnectionTrait,
    id: BulkId,
    limit: u64,
) -> Result<Vec<ApplianceId>, DbErr> {
    let ids: Vec<Uuid> = bulk_item::Entity::find()
        .select_only()
        .column(bulk_item::Column::ApplianceId)
        .filter(bulk_item::Column::BulkId.eq(id.0))
        .filter(bulk_item::Column::Outcome.eq(PENDING))
        .order_by_asc(bulk_item::Column::Place)
        .limit(limit)
        .into_tuple()
        .all(db)
        .await?;
    Ok(ids.into_iter().map(ApplianceId).collect())
}

/// What came of asking one appliance.
#[derive(Clone, Debug)]
pub enum Outcome {
    Admitted(OperationId),
    Refused { code: &'static str, message: String, what_to_do: String },
}

impl From<&Refusal> for Outcome {
    fn from(refusal: &Refusal) -> Self {
        Self::Refused {
            code: refusal.code(),
            message: refusal.to_string(),
            what_to_do: refusal.what_to_do(),
        }
    }
}

/// Notes what came of it, once. Stale where somebody else has asked meanwhile.
pub async fn answer(
    txn: &impl ConnectionTrait,
    id: BulkId,
    appliance: ApplianceId,
    outcome: &Outcome,
) -> Result<Stored, DbErr> {
    use bulk_item::Column;
    let update = bulk_item::Entity::update_many()
        .filter(Column::BulkId.eq(id.0))
        .filter(Column::ApplianceId.eq(appliance.0))
        .filter(Column::Outcome.eq(PENDING));
    let update = match outcome {
        Outcome::Admitted(operation) => update
            .col_expr(Column::Outcome, Expr::value(ADMITTED))
            .col_expr(Column::OperationId, Expr::value(operation.0)),
        Outcome::Refused { code, message, what_to_do } => update
            .col_expr(Column::Outcome, Expr::value(REFUSED))
            .col_expr(Column::Code, Expr::value(*code))
            .col_expr(Column::Message, Expr::value(message.clone()))
            .col_expr(Column::WhatToDo, Expr::value(what_to_do.clone())),
    };
    Ok(Stored::from_rows(update.exec(txn).await?.rows_affected))
}

/// One in the scope, with the part of its results from `offset` on. Which of them are in a state
/// is decided when it is read: an operation alone owns how far it is.
pub async fn view(
    db: &impl ConnectionTrait,
    scope: &Scope,
    id: BulkId,
    (offset, limit): (u64, u64),
    only: &[String],
) -> Result<Option<Bulk>, DbErr> {
    let row = bulk::Entity::find_by_id(id.0)
        .filter(within(scope, bulk::Column::OrganisationId))
        .one(db)
        .await?;
    let Some(row) = row else { return Ok(None) };
    let items = bulk_item::Entity::find()
        .filter(bulk_item::Column::BulkId.eq(id.0))
        .order_by_asc(bulk_item::Column::Place)
        .all(db)
        .await?;
    let states: HashMap<Uuid, String> = operation::Entity::find()
        .select_only()
        .columns([operation::Column::Id, operation::Column::State])
        .filter(operation::Column::BulkId.eq(id.0))
        .into_tuple::<(Uuid, String)>()
        .all(db)
        .await?
        .into_iter()
        .collect();
    let state_of = |item: &bulk_item::Model| {
        let state = item.operation_id.and_then(|operation| states.get(&operation));
        state.unwrap_or(&item.outcome).clone()
    };
    let mut found: Vec<(String, bulk_item::Model)> =
        items.into_iter().map(|item| (state_of(&item), item)).collect();
    let mut counts = BTreeMap::new();
    for (state, _) in &found {
        *counts.entry(state.clone()).or_insert(0) += 1;
    }
    let (total, done) = (found.len(), found.iter().all(|(state, _)| is_end(state)));
    found.retain(|(state, _)| only.is_empty() || only.contains(state));
    found.sort_by_key(|(state, item)| (place(state), item.place));
    let matching = found.len();
    let skipped = usize::try_from(offset).unwrap_or(usize::MAX);
    let shown: Vec<_> = found
        .into_iter()
        .skip(skipped)
        .take(usize::try_from(limit).unwrap_or(usize::MAX))
        .collect();
    let next = crate::domain::cursor::next(offset, shown.len(), count(matching as u64));
    let emails = Names::operators(db, [row.requested_by]).await?;
    let operation: Operation = from_json(row.document)?;
    Ok(Some(Bulk {
        id: Some(id),
        dry_run: false,
        kind: row.kind,
        class: operation.class(),
        operation,
        priority: priority(row.priority),
        filter: Some(row.filter).filter(|filter| !filter.is_empty()),
        requested_by: Some(Requester {
            id: OperatorId(row.requested_by),
            email: emails.text(row.requested_by),
        }),
        created_at: Timestamp::from_millis(row.created_at),
        total: count(total as u64),
        counts,
        done,
        results: results(db, shown).await?,
        next,
    }))
}

async fn results(
    db: &impl ConnectionTrait,
    shown: Vec<(String, bulk_item::Model)>,
) -> Result<Vec<BulkResult>, DbErr> {
    let names = Names::appliances(db, shown.iter().map(|(_, item)| item.appliance_id)).await?;
    let ids: Vec<Uuid> = shown.iter().filter_map(|(_, item)| item.operation_id).collect();
    let operations = operation::Entity::find().filter(operation::Column::Id.is_in(ids));
    let operations: HashMap<Uuid, operation::Model> =
        operations.all(db).await?.into_iter().map(|row| (row.id, row)).collect();
    let mut results = Vec::new();
    for (state, item) in shown {
        let operation = item.operation_id.and_then(|id| operations.get(&id));
        let refused = item.code.zip(item.message).map(|(code, message)| Reason { code, message });
        let reason = operation.and_then(|row| row.reason.clone()).map(from_json).transpose()?;
        let progress = operation.and_then(|row| row.progress.clone()).map(from_json).transpose()?;
        results.push(BulkResult {
            appliance: names.named(item.appliance_id),
            state,
            operation_id: item.operation_id.map(OperationId),
            reason: refused.or(reason),
            what_to_do: item.what_to_do,
            progress,
        });
    }
    Ok(results)
}
