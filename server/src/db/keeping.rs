//! How long the bytes of bundles stay, and who keeps them from going.

use domfleet_shared::Timestamp;
use domfleet_shared::id::{ApplianceId, BundleId};
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect,
};
use serde_json::Value as Json;
use uuid::Uuid;

use super::entity::bundle::{Column, Entity, Model};
use super::{Stored, bundles};
use crate::domain::bundle::BundleState;

/// Bundles of which there are bytes here.
const HERE: [BundleState; 2] = [BundleState::Received, BundleState::Complete];

/// A bundle whose bytes are to go.
#[derive(Clone, Debug)]
pub struct Due {
    pub id: BundleId,
    pub object: Option<String>,
    pub version: i64,
}

/// Bundles whose time is over, or of which their appliance has `per_appliance` newer ones that are
/// here; not those that are held.
pub async fn due(
    db: &impl ConnectionTrait,
    per_appliance: usize,
    now: Timestamp,
    limit: u64,
) -> Result<Vec<Due>, DbErr> {
    let kept = Entity::find()
        .filter(Column::State.ne(BundleState::Expired.as_str()))
        .filter(Column::Held.eq(false));
    // Uploads that only begin, or fail, push nothing out.
    let here = kept.clone().filter(Column::State.is_in(HERE.map(BundleState::as_str)));
    let due = |row: Model| Due { id: BundleId(row.id), object: row.object, version: row.version };
    let over = kept.filter(Column::KeepUntil.lte(now.as_millis())).limit(limit).all(db).await?;
    let mut found: Vec<Due> = over.into_iter().map(due).collect();
    let most = i64::try_from(per_appliance).unwrap_or(i64::MAX);
    let crowded: Vec<Uuid> = here
        .clone()
        .select_only()
        .column(Column::ApplianceId)
        .group_by(Column::ApplianceId)
        .having(Column::Id.count().gt(most))
        .limit(limit)
        .into_tuple()
        .all(db)
        .await?;
    for appliance in crowded {
        let rows = here
            .clone()
            .filter(Column::ApplianceId.eq(appliance))
            .order_by_desc(Column::CreatedAt)
            .offset(u64::try_from(per_appliance).unwrap_or(u64::MAX))
            .limit(limit)
            .all(db)
            .await?;
        found.extend(rows.into_iter().map(due));
    }
    Ok(found)
}

/// Notes that the bytes of a bundle go, if it is still as it was read and nobody holds it. The object
/// is removed after that: an object without a bundle can be removed at any time, the other way round
/// is a loss.
pub async fn expire(
    txn: &impl ConnectionTrait,
    read: &Due,
    now: Timestamp,
) -> Result<Stored, DbErr> {
    let result = Entity::update_many()
        .col_expr(Column::State, Expr::value(BundleState::Expired.as_str()))
        .col_expr(Column::Object, Expr::value(None::<String>))
        // The names of files say something, too.
        .col_expr(Column::Contents, Expr::value(None::<Json>))
        .col_expr(Column::Version, Expr::value(read.version + 1))
        .filter(Column::Id.eq(read.id.0))
        .filter(Column::Version.eq(read.version))
        .filter(Column::Held.eq(false))
        .exec(txn)
        .await?;
    let stored = Stored::from_rows(result.rows_affected);
    if stored == Stored::Yes {
        bundles::tell(txn, read.id, now).await?;
    }
    Ok(stored)
}

/// One that is to go at an operator's wish.
pub async fn to_remove(db: &impl ConnectionTrait, id: BundleId) -> Result<Option<Due>, DbErr> {
    let row = Entity::find_by_id(id.0).one(db).await?;
    Ok(row.map(|row| Due { id, object: row.object, version: row.version }))
}

/// How many bundles of `appliance` are here that nobody holds.
pub async fn kept(db: &impl ConnectionTrait, appliance: ApplianceId) -> Result<u64, DbErr> {
    Entity::find()
        .filter(Column::ApplianceId.eq(appliance.0))
        .filter(Column::State.is_in(HERE.map(BundleState::as_str)))
        .filter(Column::Held.eq(false))
        .count(db)
        .await
}

/// Keeps a bundle from going, unless it is gone.
pub async fn hold(
    txn: &impl ConnectionTrait,
    id: BundleId,
    by: &str,
    note: &str,
    now: Timestamp,
) -> Result<Stored, DbErr> {
    let held = [(Column::HeldBy, Some(by)), (Column::HoldNote, Some(note))];
    set_hold(txn, id, Some(now), held, now).await
}

/// Lets a bundle go when its time comes.
pub async fn release(
    txn: &impl ConnectionTrait,
    id: BundleId,
    now: Timestamp,
) -> Result<Stored, DbErr> {
    set_hold(txn, id, None, [(Column::HeldBy, None), (Column::HoldNote, None)], now).await
}

async fn set_hold(
    txn: &impl ConnectionTrait,
    id: BundleId,
    since: Option<Timestamp>,
    said: [(Column, Option<&str>); 2],
    now: Timestamp,
) -> Result<Stored, DbErr> {
    let over = [BundleState::Failed, BundleState::Expired].map(BundleState::as_str);
    let mut update = Entity::update_many()
        .col_expr(Column::Held, Expr::value(since.is_some()))
        .col_expr(Column::HeldAt, Expr::value(since.map(Timestamp::as_millis)))
        .col_expr(Column::Version, Expr::col(Column::Version).add(1));
    for (column, text) in said {
        update = update.col_expr(column, Expr::value(text.map(str::to_owned)));
    }
    let mut update = update.filter(Column::Id.eq(id.0));
    if since.is_some() {
        update = update.filter(Column::State.is_not_in(over));
    }
    let stored = Stored::from_rows(update.exec(txn).await?.rows_affected);
    if stored == Stored::Yes {
        bundles::tell(txn, id, now).await?;
    }
    Ok(stored)
}
