//! Bundles, as the appliances that send them see them.

use domfleet_shared::Timestamp;
use domfleet_shared::id::{ApplianceId, BundleId, OrganisationId};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, PaginatorTrait, QueryFilter, UpdateMany,
};
use uuid::Uuid;

use super::entity::bundle::{ActiveModel, Column, Entity, Model};
use super::{Stored, bundles};
use crate::domain::bundle::{BundleState, BundleTrigger};

/// A bundle that is being sent, or was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upload {
    pub id: BundleId,
    pub appliance: ApplianceId,
    pub organisation: OrganisationId,
    pub operation: Option<Uuid>,
    pub state: BundleState,
    /// Nothing before it was announced.
    pub length: Option<u64>,
    pub blake3: Option<String>,
    pub version: i64,
}

impl From<Model> for Upload {
    fn from(row: Model) -> Self {
        Self {
            id: BundleId(row.id),
            appliance: ApplianceId(row.appliance_id),
            organisation: OrganisationId(row.organisation_id),
            operation: row.operation_id,
            state: BundleState::parse(&row.state).unwrap_or(BundleState::Failed),
            length: row.size_bytes.and_then(|bytes| u64::try_from(bytes).ok()),
            blake3: row.blake3,
            version: row.version,
        }
    }
}

/// A bundle of `appliance`; those of others do not exist for it.
pub async fn find(
    db: &impl ConnectionTrait,
    appliance: ApplianceId,
    id: BundleId,
) -> Result<Option<Upload>, DbErr> {
    let row = Entity::find_by_id(id.0).filter(Column::ApplianceId.eq(appliance.0)).one(db).await?;
    Ok(row.map(Upload::from))
}

/// Whether there is a bundle of that id, whosever it is.
pub async fn exists(db: &impl ConnectionTrait, id: BundleId) -> Result<bool, DbErr> {
    Ok(Entity::find_by_id(id.0).one(db).await?.is_some())
}

/// How many bundles `appliance` has begun to send and not finished.
pub async fn unfinished(db: &impl ConnectionTrait, appliance: ApplianceId) -> Result<u64, DbErr> {
    Entity::find()
        .filter(Column::ApplianceId.eq(appliance.0))
        .filter(Column::State.eq(BundleState::Uploading.as_str()))
        .count(db)
        .await
}

/// What an appliance announces.
#[derive(Clone, Debug)]
pub struct Announced<'a> {
    pub id: BundleId,
    pub appliance: ApplianceId,
    pub organisation: OrganisationId,
    pub trigger: BundleTrigger,
    pub length: u64,
    pub blake3: &'a str,
    pub keep_until: Timestamp,
}

/// Makes the row of a bundle that the server has not asked for.
pub async fn insert(
    txn: &impl ConnectionTrait,
    new: &Announced<'_>,
    now: Timestamp,
) -> Result<(), DbErr> {
    let row = ActiveModel {
        id: Set(new.id.0),
        organisation_id: Set(new.organisation.0),
        appliance_id: Set(new.appliance.0),
        operation_id: Set(None),
        trigger: Set(new.trigger.as_str().into()),
        state: Set(BundleState::Uploading.as_str().into()),
        note: Set(String::new()),
        size_bytes: Set(Some(whole(new.length))),
        received_bytes: Set(0),
        blake3: Set(Some(new.blake3.into())),
        object: Set(None),
        completed_at: Set(None),
        keep_until: Set(new.keep_until.as_millis()),
        scanned_by: Set(None),
        held: Set(false),
        manifest: Set(None),
        upload: Set(None),
        created_at: Set(now.as_millis()),
        version: Set(1),
    };
    Entity::insert(row).exec_without_returning(txn).await?;
    bundles::tell(txn, new.id, now).await
}

/// A change of a bundle that is not complete and has not expired.
fn unless_over(id: BundleId) -> UpdateMany<Entity> {
    let over = [BundleState::Complete, BundleState::Expired].map(BundleState::as_str);
    Entity::update_many()
        .col_expr(Column::Version, Expr::col(Column::Version).add(1))
        .filter(Column::Id.eq(id.0))
        .filter(Column::State.is_not_in(over))
}

/// Records what a bundle will be, once that is known or when it has changed.
pub async fn announce(
    txn: &impl ConnectionTrait,
    new: &Announced<'_>,
    now: Timestamp,
) -> Result<Stored, DbErr> {
    let result = unless_over(new.id)
        .col_expr(Column::State, Expr::value(BundleState::Uploading.as_str()))
        .col_expr(Column::SizeBytes, Expr::value(whole(new.length)))
        .col_expr(Column::Blake3, Expr::value(new.blake3))
        .exec(txn)
        .await?;
    bundles::tell(txn, new.id, now).await?;
    Ok(Stored::from_rows(result.rows_affected))
}

/// Records how much of a bundle is here.
pub async fn received(
    txn: &impl ConnectionTrait,
    upload: &Upload,
    bytes: u64,
    now: Timestamp,
) -> Result<(), DbErr> {
    unless_over(upload.id)
        .col_expr(Column::ReceivedBytes, Expr::value(whole(bytes)))
        .exec(txn)
        .await?;
    bundles::tell(txn, upload.id, now).await
}

/// All of a bundle is here, its hash is right, and it is stored as `object`.
pub async fn complete(
    txn: &impl ConnectionTrait,
    upload: &Upload,
    object: &str,
    now: Timestamp,
) -> Result<(), DbErr> {
    let length = whole(upload.length.unwrap_or(0));
    unless_over(upload.id)
        .col_expr(Column::State, Expr::value(BundleState::Complete.as_str()))
        .col_expr(Column::ReceivedBytes, Expr::value(length))
        .col_expr(Column::Object, Expr::value(object))
        .col_expr(Column::CompletedAt, Expr::value(now.as_millis()))
        .exec(txn)
        .await?;
    bundles::tell(txn, upload.id, now).await
}

/// A bundle will not come.
pub async fn fail(
    txn: &impl ConnectionTrait,
    upload: &Upload,
    now: Timestamp,
) -> Result<(), DbErr> {
    unless_over(upload.id)
        .col_expr(Column::State, Expr::value(BundleState::Failed.as_str()))
        .col_expr(Column::ReceivedBytes, Expr::value(0_i64))
        .exec(txn)
        .await?;
    bundles::tell(txn, upload.id, now).await
}

/// The bundle of that id, for the server's own work.
pub async fn any(db: &impl ConnectionTrait, id: BundleId) -> Result<Option<Upload>, DbErr> {
    Ok(Entity::find_by_id(id.0).one(db).await?.map(Upload::from))
}

fn whole(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}
