//! Keys that the CA has certified, and what they are good for.

use std::time::Duration;

use domfleet_shared::Timestamp;
use domfleet_shared::id::{ApplianceId, OrganisationId};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder};
use uuid::Uuid;

use super::Stored;
use super::entity::credential::{ActiveModel, Column, Entity, Model};
use crate::pki::{BACKDATED, Issued};

/// Whether a key opens anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It does.
    Active,
    /// The appliance has joined again since, with another key.
    Superseded,
    /// Someone took it away.
    Revoked,
}

/// A key that the CA has certified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    pub id: Uuid,
    pub organisation: OrganisationId,
    pub appliance: ApplianceId,
    pub epoch: u32,
    pub status: Status,
    pub certificate_pem: String,
    pub join_token: Option<Uuid>,
    not_before: Timestamp,
}

impl Credential {
    /// Whether its certificate is less than an hour old.
    pub fn issued_lately(&self, now: Timestamp) -> bool {
        now.since(self.not_before + BACKDATED) < Duration::from_hours(1)
    }
}

impl Status {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Superseded => "superseded",
            Self::Revoked => "revoked",
        }
    }

    /// What is not known opens nothing.
    fn parse(text: &str) -> Self {
        match text {
            "active" => Self::Active,
            "superseded" => Self::Superseded,
            _ => Self::Revoked,
        }
    }
}

impl From<Model> for Credential {
    fn from(row: Model) -> Self {
        Self {
            id: row.id,
            organisation: OrganisationId(row.organisation_id),
            appliance: ApplianceId(row.appliance_id),
            epoch: u32::try_from(row.epoch).unwrap_or(0),
            status: Status::parse(&row.status),
            certificate_pem: row.certificate_pem,
            join_token: row.join_token_id,
            not_before: Timestamp::from_millis(row.not_before),
        }
    }
}

/// The credential of the key with that hash.
pub async fn with_key(
    db: &impl ConnectionTrait,
    spki_sha256: &str,
) -> Result<Option<Credential>, DbErr> {
    let row = Entity::find().filter(Column::SpkiSha256.eq(spki_sha256)).one(db).await?;
    Ok(row.map(Credential::from))
}

/// The keys of `appliance`, newest first.
pub async fn of_appliance(
    db: &impl ConnectionTrait,
    appliance: ApplianceId,
) -> Result<Vec<Credential>, DbErr> {
    let rows = Entity::find()
        .filter(Column::ApplianceId.eq(appliance.0))
        .order_by_desc(Column::CreatedAt)
        .all(db)
        .await?;
    Ok(rows.into_iter().map(Credential::from).collect())
}

/// Whose a new key is.
#[derive(Clone, Copy, Debug)]
pub struct Owner {
    pub organisation: OrganisationId,
    pub appliance: ApplianceId,
    pub epoch: u32,
    pub join_token: Option<Uuid>,
}

/// Records a key and its first certificate.
pub async fn insert(
    db: &impl ConnectionTrait,
    owner: Owner,
    issued: &Issued,
    now: Timestamp,
) -> Result<(), DbErr> {
    let row = ActiveModel {
        id: Set(Uuid::now_v7()),
        organisation_id: Set(owner.organisation.0),
        appliance_id: Set(owner.appliance.0),
        epoch: Set(i32::try_from(owner.epoch).unwrap_or(i32::MAX)),
        spki_sha256: Set(issued.spki_sha256.clone()),
        status: Set(Status::Active.as_str().into()),
        serial: Set(issued.serial.clone()),
        certificate_pem: Set(issued.certificate_pem.clone()),
        not_before: Set(issued.not_before.as_millis()),
        not_after: Set(issued.not_after.as_millis()),
        join_token_id: Set(owner.join_token),
        created_at: Set(now.as_millis()),
        revoked_at: Set(None),
    };
    Entity::insert(row).exec_without_returning(db).await?;
    Ok(())
}

/// Records a newer certificate for the key `id`, if the key is still good.
pub async fn renew(db: &impl ConnectionTrait, id: Uuid, issued: &Issued) -> Result<Stored, DbErr> {
    let result = Entity::update_many()
        .col_expr(Column::Serial, Expr::value(issued.serial.clone()))
        .col_expr(Column::CertificatePem, Expr::value(issued.certificate_pem.clone()))
        .col_expr(Column::NotBefore, Expr::value(issued.not_before.as_millis()))
        .col_expr(Column::NotAfter, Expr::value(issued.not_after.as_millis()))
        .filter(Column::Id.eq(id))
        .filter(Column::Status.eq(Status::Active.as_str()))
        .exec(db)
        .await?;
    Ok(Stored::from_rows(result.rows_affected))
}

/// No key of `appliance` that is good now will be.
pub async fn supersede(
    db: &impl ConnectionTrait,
    appliance: ApplianceId,
    now: Timestamp,
) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::Status, Expr::value(Status::Superseded.as_str()))
        .col_expr(Column::RevokedAt, Expr::value(now.as_millis()))
        .filter(Column::ApplianceId.eq(appliance.0))
        .filter(Column::Status.eq(Status::Active.as_str()))
        .exec(db)
        .await?;
    Ok(())
}
