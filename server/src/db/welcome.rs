//! What is kept of an appliance's sessions.

use domfleet_shared::Timestamp;
use domfleet_shared::id::{ApplianceId, BootId, InstanceId, OrganisationId};
use domfleet_shared::inventory::Fingerprint;
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter};
use uuid::Uuid;

use super::boots::{self, LastHeard};
use super::entity::appliance::{Column, Entity, Model};
use super::{Stored, hardware};
use crate::domain::appliance::ApplianceState;
use crate::domain::session::Known;

/// An appliance, as far as a session with it goes.
#[derive(Clone, Debug)]
pub struct Guest {
    pub id: ApplianceId,
    pub organisation: OrganisationId,
    pub name: String,
    pub state: ApplianceState,
    pub epoch: u32,
    pub read_only: Option<String>,
    /// The incarnation of the server that has last compared itself with it.
    pub incarnation: u64,
    pub known: Known,
    /// Nothing before it has been heard of in a boot.
    pub heard: Option<LastHeard>,
}

impl From<Model> for Guest {
    fn from(row: Model) -> Self {
        Self {
            id: ApplianceId(row.id),
            organisation: OrganisationId(row.organisation_id),
            name: row.name,
            // A state that this build does not know admits nobody.
            state: ApplianceState::parse(&row.state).unwrap_or(ApplianceState::Rejected),
            epoch: u32::try_from(row.epoch).unwrap_or(0),
            read_only: row.read_only,
            incarnation: u64::try_from(row.incarnation).unwrap_or(0),
            known: Known {
                number: u64::try_from(row.session).unwrap_or(0),
                shown_by: row.instance.map(InstanceId),
                fingerprint: serde_json::from_value(row.fingerprint).unwrap_or_default(),
            },
            heard: row.boot_id.zip(row.last_seen_at).map(|(boot, at)| LastHeard {
                boot: BootId(boot),
                at: Timestamp::from_millis(at),
                uptime_seconds: row.uptime_seconds.and_then(|seconds| u64::try_from(seconds).ok()),
            }),
        }
    }
}

/// The appliance of that id.
pub async fn guest(db: &impl ConnectionTrait, id: ApplianceId) -> Result<Option<Guest>, DbErr> {
    Ok(Entity::find_by_id(id.0).one(db).await?.map(Guest::from))
}

/// Stores the number that the next welcome gives, if the last one is still `known`. From here on
/// nobody has shown that it arrived.
pub async fn give(
    db: &impl ConnectionTrait,
    id: ApplianceId,
    known: u64,
    number: u64,
    now: Timestamp,
) -> Result<Stored, DbErr> {
    let whole = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    let result = Entity::update_many()
        .col_expr(Column::Session, Expr::value(whole(number)))
        .col_expr(Column::Instance, Expr::value(None::<Uuid>))
        .col_expr(Column::LastSeenAt, Expr::value(now.as_millis()))
        .filter(Column::Id.eq(id.0))
        .filter(Column::Session.eq(whole(known)))
        .exec(db)
        .await?;
    Ok(Stored::from_rows(result.rows_affected))
}

/// An appliance says hello in `boot`. If it is not the one that it was heard of in before, that one is over, and what
/// was heard of it stays with it.
pub async fn is_in_boot(
    db: &impl ConnectionTrait,
    guest: &Guest,
    boot: BootId,
    uptime_seconds: u64,
) -> Result<(), DbErr> {
    let Some(before) = guest.heard.filter(|heard| heard.boot != boot) else { return Ok(()) };
    boots::last_heard(db, guest.id, before).await?;
    let uptime = i64::try_from(uptime_seconds).unwrap_or(i64::MAX);
    Entity::update_many()
        .col_expr(Column::BootId, Expr::value(boot.0))
        .col_expr(Column::UptimeSeconds, Expr::value(uptime))
        .filter(Column::Id.eq(guest.id.0))
        .exec(db)
        .await?;
    Ok(())
}

/// `instance` has spoken after the welcome that gave `number`: it has arrived.
pub async fn has_arrived(
    db: &impl ConnectionTrait,
    id: ApplianceId,
    number: u64,
    instance: InstanceId,
) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::Instance, Expr::value(instance.0))
        .filter(Column::Id.eq(id.0))
        .filter(Column::Session.eq(i64::try_from(number).unwrap_or(i64::MAX)))
        .exec(db)
        .await?;
    Ok(())
}

/// Follows hardware that has had a part replaced.
pub async fn follow_hardware(
    db: &impl ConnectionTrait,
    id: ApplianceId,
    fingerprint: &Fingerprint,
) -> Result<(), DbErr> {
    let json = serde_json::to_value(fingerprint).map_err(|e| DbErr::Json(e.to_string()))?;
    Entity::update_many()
        .col_expr(Column::Fingerprint, Expr::value(json))
        .filter(Column::Id.eq(id.0))
        .exec(db)
        .await?;
    hardware::record(db, id, fingerprint).await
}

/// Nothing that changes anything is asked of the appliance any more, until a person has looked.
/// A reason that is there already stays.
pub async fn make_read_only(
    db: &impl ConnectionTrait,
    id: ApplianceId,
    reason: &str,
) -> Result<Stored, DbErr> {
    let result = Entity::update_many()
        .col_expr(Column::ReadOnly, Expr::value(reason))
        .col_expr(Column::Version, Expr::col(Column::Version).add(1))
        .filter(Column::Id.eq(id.0))
        .filter(Column::ReadOnly.is_null())
        .exec(db)
        .await?;
    Ok(Stored::from_rows(result.rows_affected))
}

/// Takes over an epoch that is newer than the one that is known: the server was restored from a
/// backup that is older than it.
pub async fn follow_epoch(
    db: &impl ConnectionTrait,
    id: ApplianceId,
    epoch: u32,
) -> Result<(), DbErr> {
    let epoch = i32::try_from(epoch).unwrap_or(i32::MAX);
    Entity::update_many()
        .col_expr(Column::Epoch, Expr::value(epoch))
        .col_expr(Column::Version, Expr::col(Column::Version).add(1))
        .filter(Column::Id.eq(id.0))
        .filter(Column::Epoch.lt(epoch))
        .exec(db)
        .await?;
    Ok(())
}

/// This incarnation of the server has compared itself with the appliance.
pub async fn reconciled(
    db: &impl ConnectionTrait,
    id: ApplianceId,
    incarnation: u64,
) -> Result<(), DbErr> {
    let incarnation = i64::try_from(incarnation).unwrap_or(i64::MAX);
    Entity::update_many()
        .col_expr(Column::Incarnation, Expr::value(incarnation))
        .filter(Column::Id.eq(id.0))
        .exec(db)
        .await?;
    Ok(())
}

/// Begins to count sessions anew, for a key that is new here.
pub async fn forget_session(db: &impl ConnectionTrait, id: ApplianceId) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::Session, Expr::value(0_i64))
        .col_expr(Column::Instance, Expr::value(None::<Uuid>))
        .filter(Column::Id.eq(id.0))
        .exec(db)
        .await?;
    Ok(())
}

/// Forgets who was welcomed last: whoever says hello next is the one. For a person who has looked.
pub async fn forget(db: &impl ConnectionTrait, id: ApplianceId) -> Result<(), DbErr> {
    let blank = serde_json::to_value(Fingerprint::default());
    let blank = blank.map_err(|error| DbErr::Json(error.to_string()))?;
    Entity::update_many()
        .col_expr(Column::Fingerprint, Expr::value(blank))
        .col_expr(Column::ReadOnly, Expr::value(None::<String>))
        .filter(Column::Id.eq(id.0))
        .exec(db)
        .await?;
    forget_session(db, id).await
}
