//! Links for the person on site. Of what opens one only its hash is kept.

use std::time::Duration;

use domfleet_shared::Timestamp;
use domfleet_shared::id::MigrationId;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder};
use uuid::Uuid;

use super::entity::migration_link::{ActiveModel, Column, Entity, Model};
use super::join_tokens::hash;
use crate::domain::migration::Standing;
use crate::domain::migration::link::{Link, NewLink};

/// That it was used is noted down so often: a page that is open asks every few seconds.
const NOTED_EVERY: Duration = Duration::from_mins(1);

fn link(row: Model) -> Link {
    let time = Timestamp::from_millis;
    Link {
        id: row.id,
        migration: MigrationId(row.migration_id),
        note: row.note,
        created_by: row.created_by,
        created_at: time(row.created_at),
        expires_at: time(row.expires_at),
        revoked_at: row.revoked_at.map(time),
        last_used_at: row.last_used_at.map(time),
    }
}

/// Adds one that `secret` opens; returns its id.
pub async fn insert(
    txn: &impl ConnectionTrait,
    of: &Standing,
    new: &NewLink,
    secret: &str,
) -> Result<Uuid, DbErr> {
    let id = Uuid::now_v7();
    let row = ActiveModel {
        id: Set(id),
        organisation_id: Set(of.organisation.0),
        migration_id: Set(of.id.0),
        secret_hash: Set(hash(secret)),
        note: Set(new.note.clone()),
        created_by: Set(Some(new.by.clone())),
        created_at: Set(new.now.as_millis()),
        expires_at: Set(new.expires_at.as_millis()),
        revoked_at: Set(None),
        last_used_at: Set(None),
    };
    Entity::insert(row).exec_without_returning(txn).await?;
    Ok(id)
}

/// Those of a migration, the newest first.
pub async fn of(db: &impl ConnectionTrait, migration: MigrationId) -> Result<Vec<Link>, DbErr> {
    let rows = Entity::find()
        .filter(Column::MigrationId.eq(migration.0))
        .order_by_desc(Column::Id)
        .all(db)
        .await?;
    Ok(rows.into_iter().map(link).collect())
}

/// The one that `secret` opens, whether it still may or not.
pub async fn opened_by(db: &impl ConnectionTrait, secret: &str) -> Result<Option<Link>, DbErr> {
    let row = Entity::find().filter(Column::SecretHash.eq(hash(secret))).one(db).await?;
    Ok(row.map(link))
}

/// Takes one back. The first time stays.
pub async fn revoke(txn: &impl ConnectionTrait, id: Uuid, now: Timestamp) -> Result<(), DbErr> {
    revoke_those(txn, now, Column::Id.eq(id)).await
}

/// Takes all of them back: a server that was restored does not know which were taken back since.
pub async fn revoke_all(txn: &impl ConnectionTrait, now: Timestamp) -> Result<(), DbErr> {
    revoke_those(txn, now, Column::ExpiresAt.gt(now.as_millis())).await
}

async fn revoke_those(
    txn: &impl ConnectionTrait,
    now: Timestamp,
    which: sea_orm::sea_query::SimpleExpr,
) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::RevokedAt, Expr::value(now.as_millis()))
        .filter(which)
        .filter(Column::RevokedAt.is_null())
        .exec(txn)
        .await
        .map(|_| ())
}

/// Notes down that it is used, where that was not noted lately.
pub async fn used(db: &impl ConnectionTrait, link: &Link, now: Timestamp) -> Result<(), DbErr> {
    if link.last_used_at.is_some_and(|last| now.since(last) < NOTED_EVERY) {
        return Ok(());
    }
    Entity::update_many()
        .col_expr(Column::LastUsedAt, Expr::value(now.as_millis()))
        .filter(Column::Id.eq(link.id))
        .exec(db)
        .await
        .map(|_| ())
}
