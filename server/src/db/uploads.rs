//! Bundles on their way here, whoever sends them.

use domfleet_shared::Timestamp;
use domfleet_shared::id::{ApplianceId, BundleId, OrganisationId};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, UpdateMany,
};
use serde_json::Value as Json;

use super::entity::bundle::{ActiveModel, Column, Entity, Model};
use super::scope::within;
use super::{Stored, bundles};
use crate::auth::Scope;
use crate::domain::bundle::{BundleKind, BundleState, BundleTrigger};

/// A bundle that is being sent, or was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upload {
    pub id: BundleId,
    pub appliance: ApplianceId,
    pub organisation: OrganisationId,
    pub state: BundleState,
    pub trigger: BundleTrigger,
    /// Nothing before it was announced.
    pub length: Option<u64>,
    /// Nothing where whoever sends it does not know it, until all of it is here.
    pub blake3: Option<String>,
    /// Until when it may go on.
    pub expires_at: Option<Timestamp>,
}

impl From<Model> for Upload {
    fn from(row: Model) -> Self {
        Self {
            id: BundleId(row.id),
            appliance: ApplianceId(row.appliance_id),
            organisation: OrganisationId(row.organisation_id),
            state: BundleState::parse(&row.state).unwrap_or(BundleState::Failed),
            trigger: BundleTrigger::parse(&row.trigger).unwrap_or(BundleTrigger::OnDemand),
            length: row.size_bytes.and_then(|bytes| u64::try_from(bytes).ok()),
            blake3: row.blake3,
            expires_at: row.upload_expires_at.map(Timestamp::from_millis),
        }
    }
}

/// A bundle that `appliance` sends; those of others, and those that operators bring, do not exist for
/// it.
pub async fn of_appliance(
    db: &impl ConnectionTrait,
    appliance: ApplianceId,
    id: BundleId,
) -> Result<Option<Upload>, DbErr> {
    let row = Entity::find_by_id(id.0)
        .filter(Column::ApplianceId.eq(appliance.0))
        .filter(Column::Trigger.ne(BundleTrigger::Upload.as_str()))
        .one(db)
        .await?;
    Ok(row.map(Upload::from))
}

/// A bundle in the scope that an operator brings.
pub async fn by_hand(
    db: &impl ConnectionTrait,
    scope: &Scope,
    id: BundleId,
) -> Result<Option<Upload>, DbErr> {
    let row = Entity::find_by_id(id.0)
        .filter(within(scope, Column::OrganisationId))
        .filter(Column::Trigger.eq(BundleTrigger::Upload.as_str()))
        .one(db)
        .await?;
    Ok(row.map(Upload::from))
}

/// The file of that content that operators have brought for `appliance`, or are bringing.
pub async fn same_by_hand(
    db: &impl ConnectionTrait,
    appliance: ApplianceId,
    length: u64,
    blake3: &str,
) -> Result<Option<Upload>, DbErr> {
    let living = [BundleState::Uploading, BundleState::Received, BundleState::Complete];
    let row = Entity::find()
        .filter(Column::ApplianceId.eq(appliance.0))
        .filter(Column::Trigger.eq(BundleTrigger::Upload.as_str()))
        .filter(Column::SizeBytes.eq(whole(length)))
        .filter(Column::Blake3.eq(blake3))
        .filter(Column::State.is_in(living.map(BundleState::as_str)))
        .order_by_asc(Column::CreatedAt)
        .one(db)
        .await?;
    Ok(row.map(Upload::from))
}

/// The bundle of that id, whosever it is, for the server's own work.
pub async fn any(db: &impl ConnectionTrait, id: BundleId) -> Result<Option<Upload>, DbErr> {
    Ok(Entity::find_by_id(id.0).one(db).await?.map(Upload::from))
}

/// How many bundles of `appliance` are on their way.
pub async fn unfinished(db: &impl ConnectionTrait, appliance: ApplianceId) -> Result<u64, DbErr> {
    Entity::find()
        .filter(Column::ApplianceId.eq(appliance.0))
        .filter(Column::State.eq(BundleState::Uploading.as_str()))
        .count(db)
        .await
}

/// Uploads that nobody has gone on with in time.
pub async fn abandoned(
    db: &impl ConnectionTrait,
    now: Timestamp,
    limit: u64,
) -> Result<Vec<Upload>, DbErr> {
    let rows = Entity::find()
        .filter(Column::State.eq(BundleState::Uploading.as_str()))
        .filter(Column::UploadExpiresAt.lte(now.as_millis()))
        .limit(limit)
        .all(db)
        .await?;
    Ok(rows.into_iter().map(Upload::from).collect())
}

/// Bundles that are here and not in the object store, the oldest first.
pub async fn unstored(db: &impl ConnectionTrait, limit: u64) -> Result<Vec<Upload>, DbErr> {
    let rows = Entity::find()
        .filter(Column::State.eq(BundleState::Received.as_str()))
        .order_by_asc(Column::CreatedAt)
        .limit(limit)
        .all(db)
        .await?;
    Ok(rows.into_iter().map(Upload::from).collect())
}

/// What is announced.
#[derive(Clone, Debug)]
pub struct Announced {
    pub id: BundleId,
    pub appliance: ApplianceId,
    pub organisation: OrganisationId,
    pub trigger: BundleTrigger,
    pub length: u64,
    pub blake3: Option<String>,
    pub file_name: Option<String>,
    pub note: String,
    pub keep_until: Timestamp,
    pub expires_at: Timestamp,
}

/// Makes the row of a bundle that the server has not asked for.
pub async fn insert(
    txn: &impl ConnectionTrait,
    new: Announced,
    now: Timestamp,
) -> Result<(), DbErr> {
    let id = new.id;
    let kind =
        if new.trigger == BundleTrigger::Upload { BundleKind::File } else { BundleKind::Bundle };
    let row = ActiveModel {
        id: Set(id.0),
        organisation_id: Set(new.organisation.0),
        appliance_id: Set(new.appliance.0),
        operation_id: Set(None),
        trigger: Set(new.trigger.as_str().into()),
        state: Set(BundleState::Uploading.as_str().into()),
        note: Set(new.note),
        size_bytes: Set(Some(whole(new.length))),
        received_bytes: Set(0),
        blake3: Set(new.blake3),
        object: Set(None),
        completed_at: Set(None),
        keep_until: Set(new.keep_until.as_millis()),
        scanned_by: Set(None),
        held: Set(false),
        manifest: Set(None),
        upload: Set(None),
        created_at: Set(now.as_millis()),
        version: Set(1),
        kind: Set(kind.as_str().into()),
        file_name: Set(new.file_name),
        contents: Set(None),
        upload_expires_at: Set(Some(new.expires_at.as_millis())),
        held_at: Set(None),
        held_by: Set(None),
        hold_note: Set(None),
    };
    Entity::insert(row).exec_without_returning(txn).await?;
    bundles::tell(txn, id, now).await
}

/// A change of a bundle that is still to come.
fn while_it_comes(id: BundleId) -> UpdateMany<Entity> {
    let here = [BundleState::Received, BundleState::Complete, BundleState::Expired];
    Entity::update_many()
        .col_expr(Column::Version, Expr::col(Column::Version).add(1))
        .filter(Column::Id.eq(id.0))
        .filter(Column::State.is_not_in(here.map(BundleState::as_str)))
}

/// Records what a bundle will be, once that is known or when it has changed.
pub async fn announce(
    txn: &impl ConnectionTrait,
    new: &Announced,
    now: Timestamp,
) -> Result<Stored, DbErr> {
    let result = while_it_comes(new.id)
        .col_expr(Column::State, Expr::value(BundleState::Uploading.as_str()))
        .col_expr(Column::SizeBytes, Expr::value(whole(new.length)))
        .col_expr(Column::Blake3, Expr::value(new.blake3.clone()))
        .col_expr(Column::UploadExpiresAt, Expr::value(new.expires_at.as_millis()))
        .exec(txn)
        .await?;
    bundles::tell(txn, new.id, now).await?;
    Ok(Stored::from_rows(result.rows_affected))
}

/// Records how much of a bundle has come, and until when more may.
pub async fn progress(
    txn: &impl ConnectionTrait,
    upload: &Upload,
    bytes: u64,
    expires_at: Timestamp,
    now: Timestamp,
) -> Result<(), DbErr> {
    while_it_comes(upload.id)
        .col_expr(Column::ReceivedBytes, Expr::value(whole(bytes)))
        .col_expr(Column::UploadExpiresAt, Expr::value(expires_at.as_millis()))
        .exec(txn)
        .await?;
    bundles::tell(txn, upload.id, now).await
}

/// What was found when all of a bundle was here.
#[derive(Clone, Debug)]
pub struct Received {
    pub blake3: String,
    pub kind: BundleKind,
    pub manifest: Option<Json>,
    pub contents: Json,
}

/// All of a bundle is here, and its hash is right.
pub async fn received(
    txn: &impl ConnectionTrait,
    upload: &Upload,
    found: Received,
    now: Timestamp,
) -> Result<Stored, DbErr> {
    let result = while_it_comes(upload.id)
        .col_expr(Column::State, Expr::value(BundleState::Received.as_str()))
        .col_expr(Column::ReceivedBytes, Expr::col(Column::SizeBytes))
        .col_expr(Column::Blake3, Expr::value(found.blake3))
        .col_expr(Column::Kind, Expr::value(found.kind.as_str()))
        .col_expr(Column::Manifest, Expr::value(found.manifest))
        .col_expr(Column::Contents, Expr::value(found.contents))
        .col_expr(Column::UploadExpiresAt, Expr::value(None::<i64>))
        .exec(txn)
        .await?;
    bundles::tell(txn, upload.id, now).await?;
    Ok(Stored::from_rows(result.rows_affected))
}

/// A bundle that was here is in the object store, as `object`.
pub async fn complete(
    txn: &impl ConnectionTrait,
    upload: &Upload,
    object: &str,
    now: Timestamp,
) -> Result<Stored, DbErr> {
    let result = Entity::update_many()
        .col_expr(Column::State, Expr::value(BundleState::Complete.as_str()))
        .col_expr(Column::Object, Expr::value(object))
        .col_expr(Column::CompletedAt, Expr::value(now.as_millis()))
        .col_expr(Column::Version, Expr::col(Column::Version).add(1))
        .filter(Column::Id.eq(upload.id.0))
        .filter(Column::State.eq(BundleState::Received.as_str()))
        .exec(txn)
        .await?;
    bundles::tell(txn, upload.id, now).await?;
    Ok(Stored::from_rows(result.rows_affected))
}

/// A bundle will not come, or what was here of it is lost. It may be announced anew.
pub async fn fail(
    txn: &impl ConnectionTrait,
    upload: &Upload,
    now: Timestamp,
) -> Result<(), DbErr> {
    let over = [BundleState::Complete, BundleState::Expired].map(BundleState::as_str);
    Entity::update_many()
        .col_expr(Column::Version, Expr::col(Column::Version).add(1))
        .col_expr(Column::State, Expr::value(BundleState::Failed.as_str()))
        .col_expr(Column::ReceivedBytes, Expr::value(0_i64))
        .col_expr(Column::UploadExpiresAt, Expr::value(None::<i64>))
        .filter(Column::Id.eq(upload.id.0))
        .filter(Column::State.is_not_in(over))
        .exec(txn)
        .await?;
    bundles::tell(txn, upload.id, now).await
}

/// Keeps what was found in a bundle that had not been looked into.
pub async fn looked_into(
    db: &impl ConnectionTrait,
    id: BundleId,
    contents: Json,
) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::Contents, Expr::value(contents))
        .filter(Column::Id.eq(id.0))
        .filter(Column::State.eq(BundleState::Complete.as_str()))
        .exec(db)
        .await?;
    Ok(())
}

fn whole(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}
