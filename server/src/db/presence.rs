//! When appliances were last heard of, written in batches: heartbeats themselves touch memory only.

use std::collections::HashMap;

use domfleet_shared::Timestamp;
use domfleet_shared::id::ApplianceId;
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect, Statement, Value,
};
use uuid::Uuid;

use super::Db;
use super::entity::appliance::{Column, Entity};
use super::events::{self, EventKind, NewEvent};
use crate::domain::appliance::Presence;

/// Rows of one statement: longer lists are no faster.
const ROWS: usize = 1000;
/// Rows of one transaction that also appends an event for each.
const CHANGES: usize = 500;

/// An appliance, as far as its presence goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Watched {
    pub id: ApplianceId,
    pub presence: Presence,
    pub last_seen: Option<Timestamp>,
    pub expected_until: Option<Timestamp>,
}

type Row = (Uuid, String, Option<i64>, Option<i64>);

fn watched((id, presence, last_seen, expected_until): Row) -> Watched {
    Watched {
        id: ApplianceId(id),
        presence: Presence::parse(&presence).unwrap_or(Presence::Offline),
        last_seen: last_seen.map(Timestamp::from_millis),
        expected_until: expected_until.map(Timestamp::from_millis),
    }
}

const COLUMNS: [Column; 4] =
    [Column::Id, Column::Presence, Column::LastSeenAt, Column::ExpectedUntil];

/// All appliances.
pub async fn all(db: &impl ConnectionTrait) -> Result<Vec<Watched>, DbErr> {
    let rows: Vec<Row> = Entity::find()
        .select_only()
        .columns(COLUMNS)
        .order_by_asc(Column::Id)
        .into_tuple()
        .all(db)
        .await?;
    Ok(rows.into_iter().map(watched).collect())
}

/// Those of the ids that there are.
pub async fn some(db: &impl ConnectionTrait, ids: &[ApplianceId]) -> Result<Vec<Watched>, DbErr> {
    let mut found = Vec::with_capacity(ids.len());
    for ids in ids.chunks(ROWS) {
        let rows: Vec<Row> = Entity::find()
            .select_only()
            .columns(COLUMNS)
            .filter(Column::Id.is_in(ids.iter().map(|id| id.0)))
            .into_tuple()
            .all(db)
            .await?;
        found.extend(rows.into_iter().map(watched));
    }
    Ok(found)
}

/// An appliance that was heard of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spoke {
    pub id: ApplianceId,
    pub at: Timestamp,
    /// dom0's uptime, where it was told since the server began.
    pub uptime_seconds: Option<u64>,
}

/// Records when appliances were last heard of. An older moment changes nothing.
pub async fn record_seen(db: &Db, seen: &[Spoke]) -> Result<(), DbErr> {
    // One parameter, however many rows: a statement for each number of rows would be prepared anew
    // each time, and kept.
    let rows = match db.backend() {
        DbBackend::Postgres => {
            "SELECT CAST(value ->> 0 AS uuid) AS id, CAST(value ->> 1 AS bigint) AS seen_at, \
             CAST(value ->> 2 AS bigint) AS uptime FROM json_array_elements(CAST($1 AS json))"
        }
        _ => {
            "SELECT unhex(value ->> 0) AS id, value ->> 1 AS seen_at, value ->> 2 AS uptime FROM json_each(?)"
        }
    };
    let sql = format!(
        "UPDATE appliance SET last_seen_at = v.seen_at, \
         uptime_seconds = COALESCE(v.uptime, appliance.uptime_seconds) FROM ({rows}) AS v \
         WHERE appliance.id = v.id \
         AND (appliance.last_seen_at IS NULL OR appliance.last_seen_at < v.seen_at)"
    );
    for rows in seen.chunks(ROWS) {
        let rows: Vec<(String, i64, Option<u64>)> = rows
            .iter()
            .map(|Spoke { id, at, uptime_seconds }| {
                (id.0.simple().to_string(), at.as_millis(), *uptime_seconds)
            })
            .collect();
        let json = serde_json::to_string(&rows).map_err(|error| DbErr::Json(error.to_string()))?;
        let statement = Statement::from_sql_and_values(db.backend(), &sql, [Value::from(json)]);
        db.write().execute_raw(statement).await?;
    }
    Ok(())
}

/// What an appliance's presence has become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    pub id: ApplianceId,
    pub presence: Presence,
    pub expected_until: Option<Timestamp>,
}

/// Records changes of presence, and tells whoever follows.
pub async fn record_changes(db: &Db, changes: &[Change], now: Timestamp) -> Result<(), DbErr> {
    for changes in changes.chunks(CHANGES) {
        let txn = db.begin().await?;
        let mut alike: HashMap<(&str, Option<Timestamp>), Vec<Uuid>> = HashMap::new();
        for change in changes {
            let key = (change.presence.as_str(), change.expected_until);
            alike.entry(key).or_default().push(change.id.0);
        }
        for ((presence, until), ids) in alike {
            Entity::update_many()
                .col_expr(Column::Presence, Expr::value(presence))
                .col_expr(Column::PresenceSince, Expr::value(now.as_millis()))
                .col_expr(Column::ExpectedUntil, Expr::value(until.map(Timestamp::as_millis)))
                .col_expr(Column::Version, Expr::col(Column::Version).add(1))
                .filter(Column::Id.is_in(ids))
                .exec(&txn)
                .await?;
        }
        let news = news(&txn, changes).await?;
        events::append(&txn, news, now).await?;
        txn.commit().await?;
    }
    Ok(())
}

async fn news(txn: &impl ConnectionTrait, changes: &[Change]) -> Result<Vec<NewEvent>, DbErr> {
    let rows: Vec<(Uuid, Uuid, i64)> = Entity::find()
        .select_only()
        .columns([Column::Id, Column::OrganisationId, Column::Version])
        .filter(Column::Id.is_in(changes.iter().map(|change| change.id.0)))
        .order_by_asc(Column::Id)
        .into_tuple()
        .all(txn)
        .await?;
    let event = |(id, organisation, version)| NewEvent {
        kind: EventKind::Appliance,
        organisation,
        subject: id,
        version,
        appliance: Some(id),
        operation: None,
        document: None,
    };
    Ok(rows.into_iter().map(event).collect())
}
