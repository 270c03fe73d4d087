//! Runs of dom0, through all epochs of an appliance.

use domfleet_shared::Timestamp;
use domfleet_shared::boot::Boot;
use domfleet_shared::id::{ApplianceId, BootId};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::entity::boot::{Column, Entity, Model};

/// A run of dom0, and the epoch that it was in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = BootView)]
pub struct BootInEpoch {
    /// The run.
    #[serde(flatten)]
    pub boot: Boot,
    /// The epoch of the appliance.
    pub epoch: u32,
}

/// Runs of an appliance, newest first, and how many there are.
///
/// Only of an appliance that was found in the caller's scope.
pub async fn list(
    db: &impl ConnectionTrait,
    appliance: ApplianceId,
    offset: u64,
    limit: u64,
) -> Result<(Vec<BootInEpoch>, u64), DbErr> {
    let select = Entity::find().filter(Column::ApplianceId.eq(appliance.0));
    let total = select.clone().count(db).await?;
    let rows = select
        .order_by_desc(Column::StartedAt)
        .order_by_desc(Column::BootId)
        .offset(offset)
        .limit(limit)
        .all(db)
        .await?;
    let boots = rows.into_iter().map(boot).collect::<Result<_, _>>()?;
    Ok((boots, total))
}

pub(super) fn boot(row: Model) -> Result<BootInEpoch, DbErr> {
    Ok(BootInEpoch {
        boot: Boot {
            boot_id: BootId(row.boot_id),
            started_at: Timestamp::from_millis(row.started_at),
            ended_at: row.ended_at.map(Timestamp::from_millis),
            end: row.ending.map(|word| json(Value::String(word))).transpose()?,
            confidence: row.confidence.map(|word| json(Value::String(word))).transpose()?,
            evidence: json(row.evidence)?,
            components: row.components.map(json).transpose()?.unwrap_or_default(),
            first_seen_seconds: row.first_seen_seconds.map(seconds),
            last_seen_seconds: row.last_seen_seconds.map(seconds),
            changes: row.changes.map(json).transpose()?.unwrap_or_default(),
        },
        epoch: u32::try_from(row.epoch).unwrap_or(0),
    })
}

fn seconds(stored: i64) -> u64 {
    u64::try_from(stored).unwrap_or(0)
}

fn json<T: DeserializeOwned>(value: Value) -> Result<T, DbErr> {
    serde_json::from_value(value).map_err(|error| DbErr::Json(error.to_string()))
}
