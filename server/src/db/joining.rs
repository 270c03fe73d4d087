//! How an appliance becomes a row, or a newer epoch of one.

use domfleet_shared::Timestamp;
use domfleet_shared::id::{ApplianceId, OrganisationId};
use domfleet_shared::inventory::Fingerprint;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{
    ActiveModelTrait as _, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter,
};
use uuid::Uuid;

use super::entity::{appliance, join_token, organisation};
use super::{Stored, hardware};
use crate::domain::appliance::{ApplianceState, Presence};

/// What appliances join with, as far as joining goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    pub id: Uuid,
    pub organisation: OrganisationId,
    /// The path of its organisation: it lets nobody into any other, but those below.
    pub path: String,
    pub site: Option<Uuid>,
    pub preauthorised: bool,
    pub used_up: bool,
    pub expires_at: Timestamp,
    pub revoked: bool,
}

/// The token whose secret has that hash.
pub async fn token(db: &impl ConnectionTrait, secret_hash: &str) -> Result<Option<Token>, DbErr> {
    let column = join_token::Column::SecretHash;
    let row = join_token::Entity::find().filter(column.eq(secret_hash)).one(db).await?;
    with_organisation(db, row).await
}

/// The token of that id.
pub async fn token_by_id(db: &impl ConnectionTrait, id: Uuid) -> Result<Option<Token>, DbErr> {
    with_organisation(db, join_token::Entity::find_by_id(id).one(db).await?).await
}

async fn with_organisation(
    db: &impl ConnectionTrait,
    row: Option<join_token::Model>,
) -> Result<Option<Token>, DbErr> {
    let Some(row) = row else { return Ok(None) };
    let organisation = organisation::Entity::find_by_id(row.organisation_id).one(db).await?;
    Ok(organisation.map(|organisation| Token {
        id: row.id,
        organisation: OrganisationId(row.organisation_id),
        path: organisation.path,
        site: row.site_id,
        preauthorised: row.preauthorised,
        used_up: row.used >= row.uses,
        expires_at: Timestamp::from_millis(row.expires_at),
        revoked: row.revoked_at.is_some(),
    }))
}

/// Takes one use of a token, if there is one left and it is still good.
pub async fn use_token(
    db: &impl ConnectionTrait,
    token: Uuid,
    now: Timestamp,
) -> Result<Stored, DbErr> {
    use join_token::{Column, Entity};
    let result = Entity::update_many()
        .col_expr(Column::Used, Expr::col(Column::Used).add(1))
        .filter(Column::Id.eq(token))
        .filter(Column::RevokedAt.is_null())
        .filter(Column::ExpiresAt.gt(now.as_millis()))
        .filter(Expr::col(Column::Used).lt(Expr::col(Column::Uses)))
        .exec(db)
        .await?;
    Ok(Stored::from_rows(result.rows_affected))
}

/// An appliance that may be the one that joins.
#[derive(Clone, Debug)]
pub struct Kin {
    pub id: ApplianceId,
    pub organisation: OrganisationId,
    pub name: String,
    pub state: ApplianceState,
    pub epoch: u32,
}

/// The appliance below `path` that is on this hardware, if one is known.
pub async fn on_hardware(
    db: &impl ConnectionTrait,
    fingerprint: &Fingerprint,
    path: &str,
) -> Result<Option<Kin>, DbErr> {
    for candidate in hardware::candidates(db, fingerprint).await? {
        let Some(row) = appliance::Entity::find_by_id(candidate.0).one(db).await? else { continue };
        let owner = organisation::Entity::find_by_id(row.organisation_id).one(db).await?;
        let Some(owner) = owner else { continue };
        let known = serde_json::from_value::<Fingerprint>(row.fingerprint).unwrap_or_default();
        if owner.path.starts_with(path) && known.is_same_hardware(fingerprint) {
            return Ok(Some(Kin {
                id: candidate,
                organisation: OrganisationId(owner.id),
                name: row.name,
                state: ApplianceState::parse(&row.state).unwrap_or(ApplianceState::Rejected),
                epoch: u32::try_from(row.epoch).unwrap_or(0),
            }));
        }
    }
    Ok(None)
}

/// A new appliance, or what is new of one.
#[derive(Clone, Debug)]
pub struct Joiner<'a> {
    pub id: ApplianceId,
    pub organisation: OrganisationId,
    pub site: Option<Uuid>,
    pub name: &'a str,
    pub hostname: &'a str,
    pub fingerprint: &'a Fingerprint,
    pub epoch: u32,
    pub accepted: bool,
    pub join_token: Option<Uuid>,
}

impl Joiner<'_> {
    fn state(&self) -> ApplianceState {
        if self.accepted { ApplianceState::Accepted } else { ApplianceState::Pending }
    }

    fn fingerprint(&self) -> Result<serde_json::Value, DbErr> {
        serde_json::to_value(self.fingerprint).map_err(|error| DbErr::Json(error.to_string()))
    }
}

/// Makes the row of a new appliance.
pub async fn insert(
    db: &impl ConnectionTrait,
    joiner: &Joiner<'_>,
    now: Timestamp,
) -> Result<(), DbErr> {
    let row = appliance::ActiveModel {
        id: Set(joiner.id.0),
        organisation_id: Set(joiner.organisation.0),
        site_id: Set(joiner.site),
        name: Set(joiner.name.into()),
        hostname: Set(joiner.hostname.into()),
        state: Set(joiner.state().as_str().into()),
        fingerprint: Set(joiner.fingerprint()?),
        epoch: Set(i32::try_from(joiner.epoch).unwrap_or(i32::MAX)),
        session: Set(0),
        instance: Set(None),
        incarnation: Set(0),
        presence: Set(Presence::Offline.as_str().into()),
        presence_since: Set(now.as_millis()),
        last_seen_at: Set(None),
        expected_until: Set(None),
        boot_id: Set(None),
        booted_at: Set(None),
        uptime_seconds: Set(None),
        hypervisor: Set(None),
        dom0_kernel: Set(None),
        xen: Set(None),
        qemu_installed: Set(None),
        alpine: Set(None),
        agent: Set(None),
        io_scheduler: Set(None),
        swap: Set(None),
        overcommit: Set(None),
        vms_running: Set(0),
        vms_total: Set(0),
        read_only: Set(None),
        accepted_at: Set(joiner.accepted.then_some(now.as_millis())),
        join_token_id: Set(joiner.join_token),
        created_at: Set(now.as_millis()),
        version: Set(1),
    };
    row.insert(db).await?;
    hardware::record(db, joiner.id, joiner.fingerprint).await
}

/// Begins a newer epoch of an appliance that is known. Its name and its place stay; sessions begin
/// anew, and so does whether it may be changed.
pub async fn begin_epoch(
    db: &impl ConnectionTrait,
    joiner: &Joiner<'_>,
    now: Timestamp,
) -> Result<Stored, DbErr> {
    use appliance::{Column, Entity};
    let before = i32::try_from(joiner.epoch).unwrap_or(i32::MAX) - 1;
    let accepted_at = joiner.accepted.then_some(now.as_millis());
    let result = Entity::update_many()
        .col_expr(Column::State, Expr::value(joiner.state().as_str()))
        .col_expr(Column::Hostname, Expr::value(joiner.hostname))
        .col_expr(Column::Fingerprint, Expr::value(joiner.fingerprint()?))
        .col_expr(Column::Epoch, Expr::col(Column::Epoch).add(1))
        .col_expr(Column::Session, Expr::value(0_i64))
        .col_expr(Column::Instance, Expr::value(None::<Uuid>))
        .col_expr(Column::ReadOnly, Expr::value(None::<String>))
        .col_expr(Column::AcceptedAt, Expr::value(accepted_at))
        .col_expr(Column::JoinTokenId, Expr::value(joiner.join_token))
        .col_expr(Column::Version, Expr::col(Column::Version).add(1))
        .filter(Column::Id.eq(joiner.id.0))
        .filter(Column::Epoch.eq(before))
        .exec(db)
        .await?;
    if result.rows_affected != 1 {
        return Ok(Stored::Stale);
    }
    hardware::record(db, joiner.id, joiner.fingerprint).await?;
    Ok(Stored::Yes)
}
