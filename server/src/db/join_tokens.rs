//! Join tokens. Of a secret only its hash is kept.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domfleet_shared::Timestamp;
use domfleet_shared::id::{OperatorId, OrganisationId, SiteId};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::entity::join_token::{ActiveModel, Column, Entity, Model};
use super::scope::{Names, within};
use crate::auth::Scope;
use crate::domain::people::Named;

/// A new one.
#[derive(Clone, Debug)]
pub struct NewJoinToken {
    pub organisation: OrganisationId,
    pub site: Option<SiteId>,
    pub preauthorised: bool,
    pub uses: u32,
    pub expires_at: Timestamp,
    pub note: String,
    pub created_by: Option<OperatorId>,
    pub now: Timestamp,
}

/// A join token, without its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = JoinTokenView)]
pub struct JoinTokenView {
    /// Its id.
    pub id: Uuid,
    /// Whose the appliances will be.
    pub organisation: Named,
    /// Where they will stand.
    pub site: Option<Named>,
    /// Whether they are accepted at once.
    pub preauthorised: bool,
    /// How many may join with it.
    pub uses: u32,
    /// How many still may.
    pub uses_left: u32,
    /// Until when.
    pub expires_at: Timestamp,
    /// When it was made.
    pub created_at: Timestamp,
    /// The e-mail address of whoever made it; nothing where it was made at the console.
    pub created_by: Option<String>,
    /// What whoever made it noted.
    pub note: String,
    /// When it was taken back.
    pub revoked_at: Option<Timestamp>,
}

/// A secret that cannot be guessed.
pub fn new_secret() -> String {
    URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>())
}

/// What is kept of a secret. It is random and long: nothing slower is needed.
pub fn hash(secret: &str) -> String {
    blake3::hash(secret.as_bytes()).to_hex().to_string()
}

/// Adds one with that secret.
pub async fn insert(
    db: &impl ConnectionTrait,
    new: &NewJoinToken,
    secret: &str,
) -> Result<Uuid, DbErr> {
    let id = Uuid::now_v7();
    let row = ActiveModel {
        id: Set(id),
        organisation_id: Set(new.organisation.0),
        site_id: Set(new.site.map(|site| site.0)),
        secret_hash: Set(hash(secret)),
        preauthorised: Set(new.preauthorised),
        uses: Set(i32::try_from(new.uses).unwrap_or(i32::MAX)),
        used: Set(0),
        expires_at: Set(new.expires_at.as_millis()),
        note: Set(new.note.clone()),
        created_by: Set(new.created_by.map(|by| by.0)),
        created_at: Set(new.now.as_millis()),
        revoked_at: Set(None),
    };
    Entity::insert(row).exec_without_returning(db).await?;
    Ok(id)
}

/// Those in the scope, newest first.
pub async fn list(db: &impl ConnectionTrait, scope: &Scope) -> Result<Vec<JoinTokenView>, DbErr> {
    let rows = Entity::find()
        .filter(within(scope, Column::OrganisationId))
        .order_by_desc(Column::Id)
        .all(db)
        .await?;
    views(db, rows).await
}

/// One in the scope.
pub async fn find(
    db: &impl ConnectionTrait,
    scope: &Scope,
    id: Uuid,
) -> Result<Option<JoinTokenView>, DbErr> {
    let row = Entity::find_by_id(id).filter(within(scope, Column::OrganisationId)).one(db).await?;
    Ok(views(db, row.into_iter().collect()).await?.pop())
}

/// Takes one back. The first time stays.
pub async fn revoke(db: &impl ConnectionTrait, id: Uuid, now: Timestamp) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::RevokedAt, Expr::value(now.as_millis()))
        .filter(Column::Id.eq(id))
        .filter(Column::RevokedAt.is_null())
        .exec(db)
        .await
        .map(|_| ())
}

async fn views(db: &impl ConnectionTrait, rows: Vec<Model>) -> Result<Vec<JoinTokenView>, DbErr> {
    let organisations =
        Names::organisations(db, rows.iter().map(|row| row.organisation_id)).await?;
    let sites = Names::sites(db, rows.iter().filter_map(|row| row.site_id)).await?;
    let makers = Names::operators(db, rows.iter().filter_map(|row| row.created_by)).await?;
    let view = |row: Model| JoinTokenView {
        id: row.id,
        organisation: organisations.named(row.organisation_id),
        site: row.site_id.map(|id| sites.named(id)),
        preauthorised: row.preauthorised,
        uses: u32::try_from(row.uses).unwrap_or(0),
        uses_left: u32::try_from(row.uses - row.used).unwrap_or(0),
        expires_at: Timestamp::from_millis(row.expires_at),
        created_at: Timestamp::from_millis(row.created_at),
        created_by: row.created_by.map(|id| makers.text(id)),
        note: row.note,
        revoked_at: row.revoked_at.map(Timestamp::from_millis),
    };
    Ok(rows.into_iter().map(view).collect())
}
