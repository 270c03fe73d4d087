//! What changed, in the order in which it was committed: what streams, webhooks and replicas
//! follow.

use std::time::Duration;

use domfleet_shared::Timestamp;
use sea_orm::sea_query::{Condition, Expr};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, ExprTrait, QueryFilter,
    QueryOrder, QuerySelect,
};
use serde_json::Value;
use uuid::Uuid;

use super::entity::event::{ActiveModel, Column, Entity};
use super::entity::event_counter;
use super::scope::{count, within};
use crate::auth::Scope;
use crate::domain::people::words;

/// What kind of thing changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EventKind {
    Appliance,
    Operation,
    Bundle,
    Alarm,
    Migration,
}

words! {
    EventKind {
        Appliance = "appliance", Operation = "operation", Bundle = "bundle", Alarm = "alarm",
        Migration = "migration",
    }
}

/// Something that changed. Who wants to know more reads the thing itself.
#[derive(Clone, Debug)]
pub struct NewEvent {
    pub kind: EventKind,
    /// Whose it is.
    pub organisation: Uuid,
    /// Its id.
    pub subject: Uuid,
    /// Its version after the change.
    pub version: i64,
    /// The appliance that it concerns.
    pub appliance: Option<Uuid>,
    /// The operation that it concerns.
    pub operation: Option<Uuid>,
    /// What changed, where that is worth telling.
    pub document: Option<Value>,
}

/// Appends events in a transaction that ends with them; returns the number of the last.
///
/// Raising the counter holds its row until the transaction ends, so that numbers are committed in
/// their order. It is the last thing that a transaction should do.
pub async fn append(
    txn: &impl ConnectionTrait,
    events: Vec<NewEvent>,
    now: Timestamp,
) -> Result<u64, DbErr> {
    let added = i64::try_from(events.len()).unwrap_or(i64::MAX);
    event_counter::Entity::update_many()
        .col_expr(event_counter::Column::Seq, Expr::col(event_counter::Column::Seq).add(added))
        .filter(event_counter::Column::Id.eq(1))
        .exec(txn)
        .await?;
    let newest = newest(txn).await?;
    let first = newest.saturating_sub(count(added)) + 1;
    let rows: Vec<ActiveModel> = (first..)
        .zip(events)
        .map(|(seq, event)| ActiveModel {
            seq: Set(i64::try_from(seq).unwrap_or(i64::MAX)),
            organisation_id: Set(event.organisation),
            at: Set(now.as_millis()),
            kind: Set(event.kind.as_str().into()),
            subject_id: Set(event.subject),
            subject_version: Set(event.version),
            appliance_id: Set(event.appliance),
            operation_id: Set(event.operation),
            document: Set(event.document),
        })
        .collect();
    if !rows.is_empty() {
        Entity::insert_many(rows).exec_without_returning(txn).await?;
    }
    Ok(newest)
}

/// The number of the newest event; 0 before the first.
pub async fn newest(db: &impl ConnectionTrait) -> Result<u64, DbErr> {
    let row = event_counter::Entity::find_by_id(1).one(db).await?;
    Ok(row.map_or(0, |row| count(row.seq)))
}

/// The number of the oldest event that is kept; nothing where none is.
pub async fn oldest(db: &impl ConnectionTrait) -> Result<Option<u64>, DbErr> {
    let row = Entity::find().order_by_asc(Column::Seq).one(db).await?;
    Ok(row.map(|row| count(row.seq)))
}

/// What someone follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Topic {
    /// Everything in the scope.
    Fleet,
    /// What concerns an appliance.
    Appliance(Uuid),
    /// What concerns an operation.
    Operation(Uuid),
}

/// An event, as followers need it.
#[derive(Clone, Debug)]
pub struct Event {
    pub seq: u64,
    pub kind: EventKind,
    pub subject: Uuid,
    pub version: u64,
    pub appliance: Option<Uuid>,
    pub operation: Option<Uuid>,
    pub document: Option<Value>,
}

/// Events after `after` in the scope and of the topics, oldest first, at most `limit`. Kinds that
/// this build does not know are left out.
pub async fn since(
    db: &impl ConnectionTrait,
    scope: &Scope,
    topics: &[Topic],
    after: u64,
    limit: u64,
) -> Result<Vec<Event>, DbErr> {
    let mut select = Entity::find()
        .filter(Column::Seq.gt(i64::try_from(after).unwrap_or(i64::MAX)))
        .filter(within(scope, Column::OrganisationId));
    if !topics.contains(&Topic::Fleet) {
        let mut any = Condition::any();
        for topic in topics {
            any = match topic {
                Topic::Fleet => any,
                Topic::Appliance(id) => any.add(Column::ApplianceId.eq(*id)),
                Topic::Operation(id) => any.add(Column::OperationId.eq(*id)),
            };
        }
        select = select.filter(any);
    }
    let rows = select.order_by_asc(Column::Seq).limit(limit).all(db).await?;
    Ok(rows
        .into_iter()
        .filter_map(|row| {
            Some(Event {
                seq: count(row.seq),
                kind: EventKind::parse(&row.kind)?,
                subject: row.subject_id,
                version: count(row.subject_version),
                appliance: row.appliance_id,
                operation: row.operation_id,
                document: row.document,
            })
        })
        .collect())
}

/// Removes events older than `keep`, all but the newest; returns how many.
pub async fn remove_old(
    db: &impl ConnectionTrait,
    keep: Duration,
    now: Timestamp,
) -> Result<u64, DbErr> {
    let newest = i64::try_from(newest(db).await?).unwrap_or(i64::MAX);
    let result = Entity::delete_many()
        .filter(Column::At.lt((now - keep).as_millis()))
        .filter(Column::Seq.lt(newest))
        .exec(db)
        .await?;
    Ok(result.rows_affected)
}
