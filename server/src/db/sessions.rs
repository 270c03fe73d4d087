//! Logins, each a family of refresh tokens of which only the newest is good.

use std::time::Duration;

use domfleet_shared::Timestamp;
use domfleet_shared::id::{OperatorId, OrganisationId};
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter};
use uuid::Uuid;

use super::Stored;
use super::entity::session::{ActiveModel, Column, Entity};

/// A login.
#[derive(Clone, Debug)]
pub struct Session {
    pub id: Uuid,
    pub operator: OperatorId,
    /// How often it has been refreshed.
    pub counter: i64,
    pub rotated_at: Timestamp,
    pub expires_at: Timestamp,
    pub revoked: bool,
}

/// Begins one.
pub async fn insert(
    db: &impl ConnectionTrait,
    operator: OperatorId,
    organisation: OrganisationId,
    now: Timestamp,
    life: Duration,
) -> Result<Session, DbErr> {
    let session = Session {
        // Not of version 7: nobody is to guess one.
        id: Uuid::new_v4(),
        operator,
        counter: 0,
        rotated_at: now,
        expires_at: now + life,
        revoked: false,
    };
    let row = ActiveModel {
        id: Set(session.id),
        organisation_id: Set(organisation.0),
        operator_id: Set(operator.0),
        counter: Set(0),
        rotated_at: Set(now.as_millis()),
        created_at: Set(now.as_millis()),
        expires_at: Set(session.expires_at.as_millis()),
        revoked_at: Set(None),
        revoked_because: Set(None),
    };
    Entity::insert(row).exec_without_returning(db).await?;
    Ok(session)
}

/// One, over or not.
pub async fn find(db: &impl ConnectionTrait, id: Uuid) -> Result<Option<Session>, DbErr> {
    let row = Entity::find_by_id(id).one(db).await?;
    Ok(row.map(|row| Session {
        id: row.id,
        operator: OperatorId(row.operator_id),
        counter: row.counter,
        rotated_at: Timestamp::from_millis(row.rotated_at),
        expires_at: Timestamp::from_millis(row.expires_at),
        revoked: row.revoked_at.is_some(),
    }))
}

/// Counts a refresh, if no other was faster.
pub async fn rotate(
    db: &impl ConnectionTrait,
    read: &Session,
    now: Timestamp,
    life: Duration,
) -> Result<Stored, DbErr> {
    let result = Entity::update_many()
        .col_expr(Column::Counter, Expr::value(read.counter + 1))
        .col_expr(Column::RotatedAt, Expr::value(now.as_millis()))
        .col_expr(Column::ExpiresAt, Expr::value((now + life).as_millis()))
        .filter(Column::Id.eq(read.id))
        .filter(Column::Counter.eq(read.counter))
        .filter(Column::RevokedAt.is_null())
        .exec(db)
        .await?;
    Ok(Stored::from_rows(result.rows_affected))
}

/// Ends one. The first reason stays.
pub async fn revoke(
    db: &impl ConnectionTrait,
    id: Uuid,
    because: &str,
    now: Timestamp,
) -> Result<(), DbErr> {
    revoke_where(db, Column::Id.eq(id), because, now).await
}

/// Ends all of an operator's.
pub async fn revoke_all(
    db: &impl ConnectionTrait,
    operator: OperatorId,
    because: &str,
    now: Timestamp,
) -> Result<(), DbErr> {
    revoke_where(db, Column::OperatorId.eq(operator.0), because, now).await
}

/// Ends every login that there is.
pub async fn revoke_everybody(
    db: &impl ConnectionTrait,
    because: &str,
    now: Timestamp,
) -> Result<(), DbErr> {
    revoke_where(db, Column::Id.is_not_null(), because, now).await
}

async fn revoke_where(
    db: &impl ConnectionTrait,
    which: sea_orm::sea_query::SimpleExpr,
    because: &str,
    now: Timestamp,
) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::RevokedAt, Expr::value(now.as_millis()))
        .col_expr(Column::RevokedBecause, Expr::value(because))
        .filter(which)
        .filter(Column::RevokedAt.is_null())
        .exec(db)
        .await
        .map(|_| ())
}

/// Removes those that have been over for a while; returns how many.
pub async fn remove_ended(db: &impl ConnectionTrait, before: Timestamp) -> Result<u64, DbErr> {
    let result =
        Entity::delete_many().filter(Column::ExpiresAt.lt(before.as_millis())).exec(db).await?;
    Ok(result.rows_affected)
}
