//! What appliances' hardware is known by: a row for each part, so that a box that comes back is
//! found without reading all of them.

use domfleet_shared::id::ApplianceId;
use domfleet_shared::inventory::Fingerprint;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder};

use super::entity::hardware_part::{ActiveModel, Column, Entity};

/// More parts than any box has. A fingerprint is what its sender says it is.
const PARTS: usize = 64;
/// More boxes than can share a part by accident.
const CANDIDATES: usize = 16;

/// Records the parts of `appliance` in place of those that were known.
pub async fn record(
    db: &impl ConnectionTrait,
    appliance: ApplianceId,
    fingerprint: &Fingerprint,
) -> Result<(), DbErr> {
    Entity::delete_many().filter(Column::ApplianceId.eq(appliance.0)).exec(db).await?;
    let rows: Vec<ActiveModel> = parts(fingerprint)
        .into_iter()
        .map(|part| ActiveModel { part: Set(part), appliance_id: Set(appliance.0) })
        .collect();
    if rows.is_empty() {
        return Ok(());
    }
    Entity::insert_many(rows)
        .on_conflict(OnConflict::new().do_nothing().to_owned())
        .exec_without_returning(db)
        .await?;
    Ok(())
}

/// Appliances that share a part with `fingerprint`, those that share most first.
pub async fn candidates(
    db: &impl ConnectionTrait,
    fingerprint: &Fingerprint,
) -> Result<Vec<ApplianceId>, DbErr> {
    let rows = Entity::find()
        .filter(Column::Part.is_in(parts(fingerprint)))
        .order_by_asc(Column::ApplianceId)
        .all(db)
        .await?;
    let mut counts: Vec<(ApplianceId, usize)> = Vec::new();
    for row in rows {
        let appliance = ApplianceId(row.appliance_id);
        match counts.last_mut() {
            Some((last, count)) if *last == appliance => *count += 1,
            _ => counts.push((appliance, 1)),
        }
    }
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    Ok(counts.into_iter().take(CANDIDATES).map(|(appliance, _)| appliance).collect())
}

fn parts(fingerprint: &Fingerprint) -> Vec<String> {
    let Fingerprint { system_uuid, board_serial, macs, disks } = fingerprint;
    let texts = system_uuid.iter().map(|text| format!("uuid:{text}"));
    texts
        .chain(board_serial.iter().map(|text| format!("serial:{text}")))
        .chain(macs.iter().map(|text| format!("mac:{text}")))
        .chain(disks.iter().map(|text| format!("disk:{text}")))
        .filter(|part| part.len() <= 256)
        .take(PARTS)
        .collect()
}
