//! What a person must look at. An alarm that is open is not raised again.

use domfleet_shared::Timestamp;
use domfleet_shared::id::{ApplianceId, OrganisationId};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter};
use uuid::Uuid;

use super::entity::alarm::{ActiveModel, Column, Entity, Model};
use super::events::{EventKind, NewEvent};
use super::scope::within;
use crate::auth::Scope;

/// What kind of thing is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AlarmKind {
    /// There are two of an appliance.
    Clone,
    /// An appliance has lost an operation that it had accepted.
    OperationForgotten,
    /// Debug files hold the sign of a fatal fault.
    FatalFinding,
    /// A backup set that was verified is damaged.
    BackupDamaged,
    /// A thin pool is filling up.
    PoolFilling,
    /// A thin pool is all but full.
    PoolFull,
    /// A mitigation that was in force is not any more.
    MitigationDrifted,
    /// A large part of the fleet fell silent at once: most likely it is the server.
    ServerSuspect,
    /// An appliance has a permit to be reset, and has not come back.
    MigrationSilent,
    /// A migration waits for a person to decide, or tells what cannot be.
    MigrationStuck,
    /// A server that was restored from a backup met what it does not know.
    Unreconciled,
}

impl AlarmKind {
    /// As it is written in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Clone => "clone",
            Self::OperationForgotten => "operation_forgotten",
            Self::FatalFinding => "fatal_finding",
            Self::BackupDamaged => "backup_damaged",
            Self::PoolFilling => "thin_pool_filling",
            Self::PoolFull => "thin_pool_full",
            Self::MitigationDrifted => "mitigation_drifted",
            Self::ServerSuspect => "server_suspect",
            Self::MigrationSilent => "migration_silent",
            Self::MigrationStuck => "migration_stuck",
            Self::Unreconciled => "unreconciled",
        }
    }
}

/// A new one.
#[derive(Clone, Debug)]
pub struct NewAlarm<'a> {
    pub kind: AlarmKind,
    pub organisation: OrganisationId,
    pub appliance: Option<ApplianceId>,
    /// What it is about: one alarm of a kind is open for each.
    pub subject: String,
    pub message: &'a str,
}

/// Raises an alarm, and gives what to tell about it; nothing where it is open already.
pub async fn raise(
    txn: &impl ConnectionTrait,
    new: &NewAlarm<'_>,
    now: Timestamp,
) -> Result<Option<NewEvent>, DbErr> {
    if open(txn, new.kind, &new.subject).await?.is_some() {
        return Ok(None);
    }
    let id = Uuid::now_v7();
    let row = ActiveModel {
        id: Set(id),
        organisation_id: Set(new.organisation.0),
        kind: Set(new.kind.as_str().into()),
        appliance_id: Set(new.appliance.map(|id| id.0)),
        subject: Set(new.subject.clone()),
        message: Set(new.message.into()),
        raised_at: Set(now.as_millis()),
        cleared_at: Set(None),
        document: Set(None),
    };
    Entity::insert(row).exec_without_returning(txn).await?;
    tracing::error!(alarm = new.kind.as_str(), subject = new.subject, "{}", new.message);
    Ok(Some(event(new.organisation.0, id, new.appliance.map(|id| id.0), 1)))
}

/// Ends an alarm, and gives what to tell about it; nothing where it is not open.
pub async fn clear(
    txn: &impl ConnectionTrait,
    kind: AlarmKind,
    subject: &str,
    now: Timestamp,
) -> Result<Option<NewEvent>, DbErr> {
    let Some(row) = open(txn, kind, subject).await? else { return Ok(None) };
    Entity::update_many()
        .col_expr(Column::ClearedAt, Expr::value(now.as_millis()))
        .filter(Column::Id.eq(row.id))
        .exec(txn)
        .await?;
    Ok(Some(event(row.organisation_id, row.id, row.appliance_id, 2)))
}

/// One in the scope: whose it is, its kind and its subject. Those that are over are not there.
pub async fn find_open(
    db: &impl ConnectionTrait,
    scope: &Scope,
    id: Uuid,
) -> Result<Option<(OrganisationId, String, String)>, DbErr> {
    let row = Entity::find_by_id(id)
        .filter(within(scope, Column::OrganisationId))
        .filter(Column::ClearedAt.is_null())
        .one(db)
        .await?;
    Ok(row.map(|row| (OrganisationId(row.organisation_id), row.kind, row.subject)))
}

/// What the open alarms of a kind at an appliance are about.
pub async fn open_at(
    db: &impl ConnectionTrait,
    kind: AlarmKind,
    appliance: ApplianceId,
) -> Result<Vec<String>, DbErr> {
    let rows = Entity::find()
        .filter(Column::Kind.eq(kind.as_str()))
        .filter(Column::ApplianceId.eq(appliance.0))
        .filter(Column::ClearedAt.is_null())
        .all(db)
        .await?;
    Ok(rows.into_iter().map(|row| row.subject).collect())
}

async fn open(
    db: &impl ConnectionTrait,
    kind: AlarmKind,
    subject: &str,
) -> Result<Option<Model>, DbErr> {
    Entity::find()
        .filter(Column::Kind.eq(kind.as_str()))
        .filter(Column::Subject.eq(subject))
        .filter(Column::ClearedAt.is_null())
        .one(db)
        .await
}

fn event(organisation: Uuid, id: Uuid, appliance: Option<Uuid>, version: i64) -> NewEvent {
    NewEvent {
        kind: EventKind::Alarm,
        organisation,
        subject: id,
        version,
        appliance,
        operation: None,
        document: None,
    }
}
