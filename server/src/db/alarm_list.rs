//! The table of alarms.

use domfleet_shared::Timestamp;
use sea_orm::sea_query::{Expr, NullOrdering};
use sea_orm::{
    ConnectionTrait, DbErr, EntityTrait, Order, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect,
};

use super::appliance_list::Window;
use super::entity::alarm::{Column, Entity};
use super::filter::{Field, condition};
use super::scope::{Names, within};
use crate::auth::Scope;
use crate::domain::alarm::Alarm;
use crate::domain::filter::{Holds, Key};

/// What alarms can be filtered by.
pub const KEYS: [Key; 4] = [
    Key { name: "appliance", holds: Holds::Name },
    Key { name: "organisation", holds: Holds::Name },
    Key { name: "kind", holds: Holds::Text },
    Key { name: "over", holds: Holds::Flag },
];

/// What alarms can be sorted by.
pub const SORTS: [&str; 3] = ["raised_at", "cleared_at", "kind"];

/// The part of the table in `window`, and how many rows the table has.
pub async fn list(
    db: &impl ConnectionTrait,
    scope: &Scope,
    window: &Window,
    now: Timestamp,
) -> Result<(Vec<Alarm>, u64), DbErr> {
    let message = Expr::col((Entity, Column::Message));
    let select = Entity::find().filter(within(scope, Column::OrganisationId)).filter(condition(
        &window.filter,
        &message,
        field,
        now,
    ));
    let total = select.clone().count(db).await?;
    let column = match window.sort.by.as_str() {
        "cleared_at" => Column::ClearedAt,
        "kind" => Column::Kind,
        _ => Column::RaisedAt,
    };
    let order = if window.sort.descending { Order::Desc } else { Order::Asc };
    let rows = select
        .order_by_with_nulls(column, order.clone(), NullOrdering::Last)
        .order_by(Column::Id, order)
        .offset(window.offset)
        .limit(window.limit)
        .all(db)
        .await?;
    let appliances = Names::appliances(db, rows.iter().filter_map(|row| row.appliance_id)).await?;
    let owners = Names::organisations(db, rows.iter().map(|row| row.organisation_id)).await?;
    let alarms = rows.into_iter().map(|row| Alarm {
        id: row.id,
        kind: row.kind,
        organisation: owners.named(row.organisation_id),
        appliance: row.appliance_id.map(|id| appliances.named(id)),
        message: row.message,
        raised_at: Timestamp::from_millis(row.raised_at),
        cleared_at: row.cleared_at.map(Timestamp::from_millis),
    });
    Ok((alarms.collect(), total))
}

fn field(key: &str) -> Option<Field> {
    let col = |column: Column| Expr::col((Entity, column));
    Some(match key {
        "appliance" => Field::appliance(col(Column::ApplianceId)),
        "organisation" => Field::organisation(col(Column::OrganisationId)),
        "kind" => Field::Text(col(Column::Kind)),
        "over" => Field::Flag(col(Column::ClearedAt)),
        _ => return None,
    })
}
