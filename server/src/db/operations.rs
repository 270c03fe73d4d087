//! Operations, as operators ask for them and see them. How they move on is in `progress`.

use domfleet_shared::Timestamp;
use domfleet_shared::id::{ApplianceId, BulkId, BundleId, OperationId, OperatorId, OrganisationId};
use domfleet_shared::operation::{Class, Lock, Operation, OperationState, Priority};
use sea_orm::sea_query::{CaseStatement, Expr, NullOrdering, SimpleExpr};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, Order, PaginatorTrait,
    QueryFilter, QueryOrder, QuerySelect,
};
use serde::de::DeserializeOwned;
use serde_json::Value;
use uuid::Uuid;

use super::appliance_list::Window;
use super::entity::operation::{ActiveModel, Column, Entity, Model};
use super::entity::operation_lock;
use super::events::{self, EventKind, NewEvent};
use super::filter::{Field, condition};
use super::scope::{Names, count, known, within};
use crate::auth::Scope;
use crate::domain::admission::{Held, lock_named};
use crate::domain::filter::{Holds, Key};
use crate::domain::operation::{OperationView, Requester};

/// What operations can be filtered by.
pub const KEYS: [Key; 8] = [
    Key { name: "appliance", holds: Holds::Name },
    Key { name: "organisation", holds: Holds::Name },
    Key {
        name: "state",
        holds: Holds::Words(&[
            "queued",
            "offered",
            "cancelling",
            "accepted",
            "running",
            "lost",
            "succeeded",
            "failed",
            "rejected",
            "cancelled",
            "expired",
            "written_off",
        ]),
    },
    Key { name: "kind", holds: Holds::Text },
    Key { name: "class", holds: Holds::Words(&["read", "mutate", "destructive"]) },
    Key { name: "priority", holds: Holds::Words(&["bulk", "normal", "urgent"]) },
    Key { name: "bulk", holds: Holds::Text },
    Key { name: "ended", holds: Holds::Number },
];

/// What operations can be sorted by.
pub const SORTS: [&str; 7] =
    ["created_at", "started_at", "ended_at", "state", "kind", "class", "failures"];

/// What has failed first, then what is under way, then what is over; the newest of each first.
const FAILURES_FIRST: [&[OperationState]; 2] = [
    &[OperationState::Lost, OperationState::Failed, OperationState::Rejected],
    &[
        OperationState::Running,
        OperationState::Cancelling,
        OperationState::Accepted,
        OperationState::Offered,
        OperationState::Queued,
    ],
];

/// States in which an operation has not ended.
pub(super) fn unfinished() -> impl Iterator<Item = &'static str> {
    OperationState::ALL.into_iter().filter(|state| !state.is_end()).map(OperationState::as_str)
}

/// A new one, admitted.
#[derive(Clone, Debug)]
pub struct NewOperation {
    pub id: OperationId,
    pub organisation: OrganisationId,
    pub appliance: ApplianceId,
    pub epoch: u32,
    pub operation: Operation,
    pub locks: Vec<Lock>,
    /// Nothing where the server itself asks.
    pub requested_by: Option<OperatorId>,
    pub bundle: Option<BundleId>,
    pub priority: Priority,
    /// The request that asked many.
    pub bulk: Option<BulkId>,
    /// What whoever asks has called the request.
    pub request_key: Option<String>,
    pub expires_at: Timestamp,
    pub now: Timestamp,
}

/// Adds one with its locks. Fails by the constraint `operation_lock_key` where another has one of
/// them.
pub async fn insert(txn: &impl ConnectionTrait, new: NewOperation) -> Result<(), DbErr> {
    let row = ActiveModel {
        id: Set(new.id.0),
        organisation_id: Set(new.organisation.0),
        appliance_id: Set(new.appliance.0),
        epoch: Set(i32::try_from(new.epoch).unwrap_or(i32::MAX)),
        kind: Set(new.operation.kind().into()),
        class: Set(word(new.operation.class())?),
        document: Set(to_json(&new.operation)?),
        state: Set(OperationState::Queued.as_str().into()),
        requested_by: Set(new.requested_by.map(|by| by.0)),
        offered_at: Set(None),
        accepted_at: Set(None),
        started_at: Set(None),
        ended_at: Set(None),
        expires_at: Set(new.expires_at.as_millis()),
        deadline_at: Set(None),
        last_report: Set(0),
        progress: Set(None),
        reason: Set(None),
        result: Set(None),
        bundle_id: Set(new.bundle.map(|bundle| bundle.0)),
        priority: Set(rank(new.priority)),
        bulk_id: Set(new.bulk.map(|bulk| bulk.0)),
        request_key: Set(new.request_key),
        created_at: Set(new.now.as_millis()),
        version: Set(1),
    };
    Entity::insert(row).exec_without_returning(txn).await?;
    let locks: Vec<_> = new
        .locks
        .iter()
        .map(|lock| operation_lock::ActiveModel {
            appliance_id: Set(new.appliance.0),
            name: Set(lock.to_string()),
            organisation_id: Set(new.organisation.0),
            operation_id: Set(new.id.0),
        })
        .collect();
    if !locks.is_empty() {
        operation_lock::Entity::insert_many(locks).exec_without_returning(txn).await?;
    }
    let event = event(new.organisation.0, new.appliance.0, new.id.0, 1);
    events::append(txn, vec![event], new.now).await.map(|_| ())
}

pub(super) fn event(organisation: Uuid, appliance: Uuid, id: Uuid, version: i64) -> NewEvent {
    NewEvent {
        kind: EventKind::Operation,
        organisation,
        subject: id,
        version,
        appliance: Some(appliance),
        operation: Some(id),
        document: None,
    }
}

/// What is held on an appliance, and by whom.
pub async fn locks(db: &impl ConnectionTrait, appliance: ApplianceId) -> Result<Vec<Held>, DbErr> {
    let rows = operation_lock::Entity::find()
        .filter(operation_lock::Column::ApplianceId.eq(appliance.0))
        .all(db)
        .await?;
    let holders = Entity::find()
        .select_only()
        .columns([Column::Id, Column::Kind])
        .filter(Column::Id.is_in(rows.iter().map(|row| row.operation_id)))
        .into_tuple::<(Uuid, String)>()
        .all(db)
        .await?;
    Ok(rows
        .into_iter()
        .filter_map(|row| {
            let kind = holders.iter().find(|(id, _)| *id == row.operation_id);
            Some(Held {
                lock: lock_named(&row.name)?,
                holder: OperationId(row.operation_id),
                kind: kind.map(|(_, kind)| kind.clone()).unwrap_or_default(),
            })
        })
        .collect())
}

/// How many operations of an appliance have not ended.
pub async fn count_unfinished(
    db: &impl ConnectionTrait,
    appliance: ApplianceId,
) -> Result<usize, DbErr> {
    let number = Entity::find()
        .filter(Column::ApplianceId.eq(appliance.0))
        .filter(Column::State.is_in(unfinished()))
        .count(db)
        .await?;
    Ok(usize::try_from(number).unwrap_or(usize::MAX))
}

/// One in the scope.
pub async fn find(
    db: &impl ConnectionTrait,
    scope: &Scope,
    id: OperationId,
) -> Result<Option<OperationView>, DbErr> {
    Ok(by_ids(db, scope, vec![id.0]).await?.pop())
}

/// Those of the ids that are in the scope.
pub async fn by_ids(
    db: &impl ConnectionTrait,
    scope: &Scope,
    ids: Vec<Uuid>,
) -> Result<Vec<OperationView>, DbErr> {
    let rows = Entity::find()
        .filter(Column::Id.is_in(ids))
        .filter(within(scope, Column::OrganisationId))
        .order_by_asc(Column::Id)
        .all(db)
        .await?;
    views(db, rows).await
}

/// The part of the table in `window`, and how many rows the table has.
pub async fn list(
    db: &impl ConnectionTrait,
    scope: &Scope,
    window: &Window,
    now: Timestamp,
) -> Result<(Vec<OperationView>, u64), DbErr> {
    let name = Expr::col((Entity, Column::Kind));
    let select = Entity::find().filter(within(scope, Column::OrganisationId)).filter(condition(
        &window.filter,
        &name,
        field,
        now,
    ));
    let total = select.clone().count(db).await?;
    let column = match window.sort.by.as_str() {
        "started_at" => Column::StartedAt,
        "ended_at" => Column::EndedAt,
        "state" => Column::State,
        "kind" => Column::Kind,
        "class" => Column::Class,
        _ => Column::CreatedAt,
    };
    let order = if window.sort.descending { Order::Desc } else { Order::Asc };
    if window.sort.by == "failures" {
        let newest = if window.sort.descending { Order::Asc } else { Order::Desc };
        let rows = select
            .order_by(failures_first(), order)
            .order_by(Column::CreatedAt, newest.clone())
            .order_by(Column::Id, newest)
            .offset(window.offset)
            .limit(window.limit)
            .all(db)
            .await?;
        return Ok((views(db, rows).await?, total));
    }
    let rows = select
        .order_by_with_nulls(column, order.clone(), NullOrdering::Last)
        .order_by(Column::Id, order)
        .offset(window.offset)
        .limit(window.limit)
        .all(db)
        .await?;
    Ok((views(db, rows).await?, total))
}

/// Where an operation comes by its state.
fn failures_first() -> SimpleExpr {
    let mut place = CaseStatement::new();
    for (at, states) in (0_i32..).zip(FAILURES_FIRST) {
        let states = states.iter().map(|state| state.as_str());
        place = place.case(Column::State.is_in(states), Expr::value(at));
    }
    place.finally(Expr::value(i32::MAX)).into()
}

fn field(key: &str) -> Option<Field> {
    let col = |column: Column| Expr::col((Entity, column));
    Some(match key {
        "appliance" => Field::appliance(col(Column::ApplianceId)),
        "organisation" => Field::organisation(col(Column::OrganisationId)),
        "state" => Field::Text(col(Column::State)),
        "kind" => Field::Text(col(Column::Kind)),
        "class" => Field::Text(col(Column::Class)),
        "priority" => Field::Word {
            column: col(Column::Priority),
            rank: |word| {
                Some(match word {
                    "bulk" => rank(Priority::Bulk).into(),
                    "normal" => rank(Priority::Normal).into(),
                    "urgent" => rank(Priority::Urgent).into(),
                    _ => return None,
                })
            },
        },
        "bulk" => Field::Id(col(Column::BulkId)),
        "ended" => Field::HoursSince(col(Column::EndedAt)),
        _ => return None,
    })
}

pub(super) async fn views(
    db: &impl ConnectionTrait,
    rows: Vec<Model>,
) -> Result<Vec<OperationView>, DbErr> {
    let appliances = Names::appliances(db, rows.iter().map(|row| row.appliance_id)).await?;
    let emails = Names::operators(db, rows.iter().filter_map(|row| row.requested_by)).await?;
    rows.into_iter().map(|row| view(row, &appliances, &emails)).collect()
}

fn view(row: Model, appliances: &Names, emails: &Names) -> Result<OperationView, DbErr> {
    let time = Timestamp::from_millis;
    Ok(OperationView {
        id: OperationId(row.id),
        appliance: appliances.named(row.appliance_id),
        epoch: u32::try_from(row.epoch).unwrap_or(0),
        class: from_json(Value::String(row.class))?,
        kind: row.kind,
        operation: from_json(row.document)?,
        state: state(&row.state)?,
        requested_by: row
            .requested_by
            .map(|id| Requester { id: OperatorId(id), email: emails.text(id) }),
        created_at: time(row.created_at),
        offered_at: row.offered_at.map(time),
        accepted_at: row.accepted_at.map(time),
        started_at: row.started_at.map(time),
        ended_at: row.ended_at.map(time),
        expires_at: time(row.expires_at),
        deadline_at: row.deadline_at.map(time),
        progress: row.progress.map(from_json).transpose()?,
        reason: row.reason.map(from_json).transpose()?,
        result: row.result,
        bundle_id: row.bundle_id.map(BundleId),
        priority: priority(row.priority),
        bulk_id: row.bulk_id.map(BulkId),
        version: count(row.version),
    })
}

/// As a number that sorts.
pub(super) fn rank(priority: Priority) -> i16 {
    match priority {
        Priority::Bulk => 0,
        Priority::Normal => 1,
        Priority::Urgent => 2,
    }
}

pub(super) fn priority(rank: i16) -> Priority {
    match rank {
        ..=0 => Priority::Bulk,
        1 => Priority::Normal,
        2.. => Priority::Urgent,
    }
}

pub(super) fn state(word: &str) -> Result<OperationState, DbErr> {
    known(OperationState::parse(word), "operation.state", word)
}

pub(super) fn from_json<T: DeserializeOwned>(value: Value) -> Result<T, DbErr> {
    serde_json::from_value(value).map_err(|error| DbErr::Json(error.to_string()))
}

pub(super) fn to_json<T: serde::Serialize>(value: &T) -> Result<Value, DbErr> {
    serde_json::to_value(value).map_err(|error| DbErr::Json(error.to_string()))
}

fn word(class: Class) -> Result<String, DbErr> {
    to_json(&class).map(|value| value.as_str().unwrap_or_default().to_owned())
}
