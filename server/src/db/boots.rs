//! Runs of dom0, through all epochs of an appliance.

use std::collections::BTreeMap;

use domfleet_shared::Timestamp;
use domfleet_shared::boot::{Boot, Ending};
use domfleet_shared::id::{ApplianceId, BootId};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait as _, OnConflict};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::entity::boot::{ActiveModel, Column, Entity, Model};
use super::inventory::Reporter;

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

/// More than an agent reports at once.
const BOOTS: usize = 200;

/// Stores what an appliance tells of its boots. One that is over does not change any more, whatever is said of it
/// later; what others say of its end is for [`super::endings`].
pub(super) async fn record(
    db: &impl ConnectionTrait,
    reporter: Reporter,
    boots: &[Boot],
    now: Timestamp,
) -> Result<(), DbErr> {
    let newest: BTreeMap<_, _> =
        boots.iter().rev().take(BOOTS).map(|boot| (boot.boot_id, boot)).collect();
    let rows = newest
        .values()
        .map(|boot| row(reporter, boot, now))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| DbErr::Json(error.to_string()))?;
    if rows.is_empty() {
        return Ok(());
    }
    let still_open = OnConflict::columns([Column::ApplianceId, Column::BootId])
        .update_columns([
            Column::StartedAt,
            Column::EndedAt,
            Column::Ending,
            Column::Confidence,
            Column::Evidence,
            Column::Components,
            Column::ReceivedAt,
            Column::FirstSeenSeconds,
            Column::LastSeenSeconds,
            Column::Changes,
            Column::ToldEnding,
            Column::ToldConfidence,
            Column::ToldEvidence,
        ])
        .action_and_where(Expr::col((Entity, Column::EndedAt)).is_null())
        .to_owned();
    Entity::insert_many(rows).on_conflict(still_open).exec_without_returning(db).await?;
    let guessed = newest.values().filter(|boot| ending(boot).is_some_and(|end| end.is_guess()));
    let guessed: Vec<_> = guessed.map(|boot| boot.boot_id.0).collect();
    if guessed.is_empty() {
        return Ok(());
    }
    // Of a boot in which the server never heard of the appliance it knows nothing to add.
    Entity::update_many()
        .col_expr(Column::RefineAt, Expr::value(now.as_millis()))
        .filter(Column::ApplianceId.eq(reporter.appliance.0))
        .filter(Column::BootId.is_in(guessed))
        .filter(Column::ReceivedAt.eq(now.as_millis()))
        .filter(Column::HeardAt.is_not_null())
        .exec(db)
        .await?;
    Ok(())
}

fn row(reporter: Reporter, boot: &Boot, now: Timestamp) -> serde_json::Result<ActiveModel> {
    let evidence = serde_json::to_value(&boot.evidence)?;
    Ok(ActiveModel {
        appliance_id: Set(reporter.appliance.0),
        boot_id: Set(boot.boot_id.0),
        organisation_id: Set(reporter.organisation.0),
        epoch: Set(i32::try_from(reporter.epoch).unwrap_or(i32::MAX)),
        started_at: Set(boot.started_at.as_millis()),
        ended_at: Set(boot.ended_at.map(Timestamp::as_millis)),
        ending: Set(word(boot.end)?),
        confidence: Set(word(boot.confidence)?),
        evidence: Set(evidence.clone()),
        components: Set(Some(serde_json::to_value(&boot.components)?)),
        received_at: Set(now.as_millis()),
        first_seen_seconds: Set(boot.first_seen_seconds.map(stored)),
        last_seen_seconds: Set(boot.last_seen_seconds.map(stored)),
        changes: Set(Some(serde_json::to_value(&boot.changes)?)),
        told_ending: Set(word(boot.end)?),
        told_confidence: Set(word(boot.confidence)?),
        told_evidence: Set(boot.end.map(|_| evidence)),
        heard_at: Set(None),
        heard_uptime_seconds: Set(None),
        refine_at: Set(None),
    })
}

fn ending(boot: &Boot) -> Option<Ending> {
    let (end, confidence) = boot.end.zip(boot.confidence)?;
    boot.ended_at?;
    Some(Ending { end, confidence, evidence: boot.evidence.clone() })
}

/// How the appliance itself told that the boot ended; nothing where it has not, or in words that this build does not
/// know.
pub(super) fn told(row: &Model) -> Option<Ending> {
    row.ended_at?;
    Some(Ending {
        end: serde_json::from_value(Value::String(row.told_ending.clone()?)).ok()?,
        confidence: serde_json::from_value(Value::String(row.told_confidence.clone()?)).ok()?,
        evidence: serde_json::from_value(row.told_evidence.clone()?).ok()?,
    })
}

/// The last that was heard of an appliance in one of its boots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LastHeard {
    pub boot: BootId,
    pub at: Timestamp,
    /// By the newest heartbeat.
    pub uptime_seconds: Option<u64>,
}

/// Stores what was heard last of a boot, now that its appliance is in another.
pub(super) async fn last_heard(
    db: &impl ConnectionTrait,
    appliance: ApplianceId,
    heard: LastHeard,
) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::HeardAt, Expr::value(heard.at.as_millis()))
        .col_expr(Column::HeardUptimeSeconds, Expr::value(heard.uptime_seconds.map(stored)))
        .filter(Column::ApplianceId.eq(appliance.0))
        .filter(Column::BootId.eq(heard.boot.0))
        .exec(db)
        .await?;
    Ok(())
}

fn stored(told: u64) -> i64 {
    i64::try_from(told).unwrap_or(i64::MAX)
}

/// The word that serde writes for a variant without fields.
pub(super) fn word<T: Serialize>(value: Option<T>) -> serde_json::Result<Option<String>> {
    let Some(value) = value else { return Ok(None) };
    Ok(serde_json::to_value(value)?.as_str().map(str::to_owned))
}

pub(super) fn seconds(stored: i64) -> u64 {
    u64::try_from(stored).unwrap_or(0)
}

fn json<T: DeserializeOwned>(value: Value) -> Result<T, DbErr> {
    serde_json::from_value(value).map_err(|error| DbErr::Json(error.to_string()))
}
