//! What was asked of many appliances: the table, and what of one can still be taken back.

use std::collections::{BTreeMap, HashMap};

use domfleet_shared::Timestamp;
use domfleet_shared::id::{BulkId, OperationId, OperatorId, OrganisationId};
use domfleet_shared::operation::Operation;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, Order, PaginatorTrait, QueryFilter,
    QueryOrder, QuerySelect,
};
use uuid::Uuid;

use super::appliance_list::Window;
use super::entity::{bulk, bulk_item, operation, organisation};
use super::filter::{Field, Named, condition};
use super::operations::{from_json, priority};
use super::scope::{Names, count, within};
use crate::auth::Scope;
use crate::domain::bulk::{ADMITTED, BulkSummary, PENDING, REFUSED, is_end};
use crate::domain::filter::{Holds, Key};
use crate::domain::operation::Requester;

/// What requests can be filtered by.
pub const KEYS: [Key; 2] =
    [Key { name: "kind", holds: Holds::Text }, Key { name: "organisation", holds: Holds::Name }];

/// What requests can be sorted by.
pub const SORTS: [&str; 2] = ["created_at", "kind"];

/// The part of the table in `window`, and how many rows the table has.
pub async fn list(
    db: &impl ConnectionTrait,
    scope: &Scope,
    window: &Window,
    now: Timestamp,
) -> Result<(Vec<BulkSummary>, u64), DbErr> {
    let name = Expr::col((bulk::Entity, bulk::Column::Kind));
    let select = bulk::Entity::find()
        .filter(within(scope, bulk::Column::OrganisationId))
        .filter(condition(&window.filter, &name, field, now));
    let total = select.clone().count(db).await?;
    let column =
        if window.sort.by == "kind" { bulk::Column::Kind } else { bulk::Column::CreatedAt };
    let order = if window.sort.descending { Order::Desc } else { Order::Asc };
    let rows = select
        .order_by(column, order.clone())
        .order_by(bulk::Column::Id, order)
        .offset(window.offset)
        .limit(window.limit)
        .all(db)
        .await?;
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let mut counts = counts(db, ids).await?;
    let emails = Names::operators(db, rows.iter().map(|row| row.requested_by)).await?;
    let rows = rows.into_iter().map(|row| {
        let counts = counts.remove(&row.id).unwrap_or_default();
        let operation: Operation = from_json(row.document)?;
        Ok(BulkSummary {
            id: BulkId(row.id),
            kind: row.kind,
            class: operation.class(),
            priority: priority(row.priority),
            filter: Some(row.filter).filter(|filter| !filter.is_empty()),
            requested_by: Requester {
                id: OperatorId(row.requested_by),
                email: emails.text(row.requested_by),
            },
            created_at: Timestamp::from_millis(row.created_at),
            total: counts.values().sum(),
            done: counts.keys().all(|state| is_end(state)),
            counts,
        })
    });
    Ok((rows.collect::<Result<_, DbErr>>()?, total))
}

fn field(key: &str) -> Option<Field> {
    let col = |column: bulk::Column| Expr::col((bulk::Entity, column));
    Some(match key {
        "kind" => Field::Text(col(bulk::Column::Kind)),
        "organisation" => Field::Named {
            id: col(bulk::Column::OrganisationId),
            table: Named::of::<organisation::Entity>(organisation::Column::Name),
        },
        _ => return None,
    })
}

type Counts = BTreeMap<String, u64>;

/// How many appliances there are in each state, of each of these requests.
async fn counts(db: &impl ConnectionTrait, ids: Vec<Uuid>) -> Result<HashMap<Uuid, Counts>, DbErr> {
    let asked: Vec<(Uuid, String, i64)> = bulk_item::Entity::find()
        .select_only()
        .column(bulk_item::Column::BulkId)
        .column(bulk_item::Column::Outcome)
        .column_as(bulk_item::Column::ApplianceId.count(), "many")
        .filter(bulk_item::Column::BulkId.is_in(ids.clone()))
        .filter(bulk_item::Column::Outcome.ne(ADMITTED))
        .group_by(bulk_item::Column::BulkId)
        .group_by(bulk_item::Column::Outcome)
        .into_tuple()
        .all(db)
        .await?;
    // How far an admitted one is, its operation alone knows.
    let admitted: Vec<(Option<Uuid>, String, i64)> = operation::Entity::find()
        .select_only()
        .column(operation::Column::BulkId)
        .column(operation::Column::State)
        .column_as(operation::Column::Id.count(), "many")
        .filter(operation::Column::BulkId.is_in(ids))
        .group_by(operation::Column::BulkId)
        .group_by(operation::Column::State)
        .into_tuple()
        .all(db)
        .await?;
    let admitted = admitted.into_iter().filter_map(|(id, state, many)| Some((id?, state, many)));
    let mut found: HashMap<Uuid, Counts> = HashMap::new();
    for (id, state, many) in asked.into_iter().chain(admitted) {
        *found.entry(id).or_default().entry(state).or_insert(0) += count(many);
    }
    Ok(found)
}

/// Whose a request is; nothing where there is none in the scope.
pub async fn owner(
    db: &impl ConnectionTrait,
    scope: &Scope,
    id: BulkId,
) -> Result<Option<OrganisationId>, DbErr> {
    let found = bulk::Entity::find_by_id(id.0)
        .filter(within(scope, bulk::Column::OrganisationId))
        .one(db)
        .await?;
    Ok(found.map(|row| OrganisationId(row.organisation_id)))
}

/// Asks nobody any more who has not been asked; returns how many that are.
pub async fn withdraw(txn: &impl ConnectionTrait, id: BulkId) -> Result<u64, DbErr> {
    use bulk_item::Column;
    let update = bulk_item::Entity::update_many()
        .col_expr(Column::Outcome, Expr::value(REFUSED))
        .col_expr(Column::Code, Expr::value("cancelled"))
        .col_expr(Column::Message, Expr::value("it was cancelled before it was asked"))
        .col_expr(Column::WhatToDo, Expr::value("Ask it again, if it is wanted after all."))
        .filter(Column::BulkId.eq(id.0))
        .filter(Column::Outcome.eq(PENDING));
    Ok(update.exec(txn).await?.rows_affected)
}

/// Its operations in one of these states, oldest first.
pub async fn operations_in(
    db: &impl ConnectionTrait,
    id: BulkId,
    states: &[&str],
) -> Result<Vec<OperationId>, DbErr> {
    let ids: Vec<Uuid> = operation::Entity::find()
        .select_only()
        .column(operation::Column::Id)
        .filter(operation::Column::BulkId.eq(id.0))
        .filter(operation::Column::State.is_in(states.iter().copied()))
        .order_by_asc(operation::Column::Id)
        .into_tuple()
        .all(db)
        .await?;
    Ok(ids.into_iter().map(OperationId).collect())
}
