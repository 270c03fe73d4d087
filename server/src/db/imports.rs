//! Uptimes that were written down before there was Domfleet, or elsewhere.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use domfleet_shared::Timestamp;
use domfleet_shared::boot::BootEnd;
use domfleet_shared::component::Component;
use domfleet_shared::diagnosis::{End, Interval};
use domfleet_shared::id::OrganisationId;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::SelectStatement;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};
use serde_json::Value;
use uuid::Uuid;

use super::entity::appliance;
use super::entity::imported_boot::{ActiveModel, Column, Entity, Model};
use super::operations::{from_json, to_json};
use super::scope::within;
use crate::auth::Scope;
use crate::domain::reliability::Import;

/// Rows of one statement: SQLite takes 32,766 values in one.
const ROWS: usize = 1000;
const DAY_SECONDS: f64 = 86_400.0;

/// A table of uptimes.
#[derive(Debug)]
pub struct NewImport {
    pub id: Uuid,
    pub organisation: OrganisationId,
    /// What it is called, such as the name of a file.
    pub source: String,
    pub rows: Vec<Interval>,
}

/// Adds a table. Its appliances are those of the fleet that have the names which it gives them, where there is
/// one of the organisation that has.
pub async fn insert(
    txn: &impl ConnectionTrait,
    new: &NewImport,
    now: Timestamp,
) -> Result<(), DbErr> {
    let known = by_name(txn, new.organisation).await?;
    for (at, rows) in new.rows.chunks(ROWS).enumerate() {
        let rows = rows.iter().enumerate().map(|(line, row)| {
            Ok(ActiveModel {
                id: Set(Uuid::now_v7()),
                import_id: Set(new.id),
                organisation_id: Set(new.organisation.0),
                appliance_id: Set(known.get(row.appliance.as_ref()).copied()),
                appliance: Set(row.appliance.to_string()),
                boot: Set(row.boot.to_string()),
                line: Set(i64::try_from(at * ROWS + line + 1).unwrap_or(i64::MAX)),
                entry_seconds: Set(seconds(row.entry_days)),
                exit_seconds: Set(seconds(row.exit_days)),
                ending: Set(match row.end {
                    End::Alive => None,
                    End::Ended(end) => to_json(&end)?.as_str().map(str::to_owned),
                }),
                components: Set(to_json(row.values.as_ref())?),
                source: Set(new.source.clone()),
                imported_at: Set(now.as_millis()),
            })
        });
        let rows = rows.collect::<Result<Vec<_>, DbErr>>()?;
        Entity::insert_many(rows).exec_without_returning(txn).await?;
    }
    Ok(())
}

async fn by_name(
    db: &impl ConnectionTrait,
    organisation: OrganisationId,
) -> Result<HashMap<String, Uuid>, DbErr> {
    let rows: Vec<(String, Uuid)> = appliance::Entity::find()
        .select_only()
        .columns([appliance::Column::Name, appliance::Column::Id])
        .filter(appliance::Column::OrganisationId.eq(organisation.0))
        .into_tuple()
        .all(db)
        .await?;
    Ok(rows.into_iter().collect())
}

/// The tables in the scope, newest first.
pub async fn list(db: &impl ConnectionTrait, scope: &Scope) -> Result<Vec<Import>, DbErr> {
    let rows: Vec<(Uuid, String, i64, String)> = Entity::find()
        .select_only()
        .columns([Column::ImportId, Column::Source, Column::ImportedAt, Column::Appliance])
        .filter(within(scope, Column::OrganisationId))
        .into_tuple()
        .all(db)
        .await?;
    let mut found: BTreeMap<Uuid, (Import, BTreeSet<String>)> = BTreeMap::new();
    for (id, source, at, appliance) in rows {
        let (import, appliances) = found.entry(id).or_insert_with(|| {
            let imported_at = Timestamp::from_millis(at);
            (Import { id, source, imported_at, rows: 0, appliances: 0 }, BTreeSet::new())
        });
        import.rows += 1;
        appliances.insert(appliance);
        import.appliances = appliances.len() as u64;
    }
    Ok(found.into_values().rev().map(|(import, _)| import).collect())
}

/// Forgets a table; gives how many rows it had.
pub async fn remove(txn: &impl ConnectionTrait, scope: &Scope, id: Uuid) -> Result<u64, DbErr> {
    let gone = Entity::delete_many()
        .filter(Column::ImportId.eq(id))
        .filter(within(scope, Column::OrganisationId))
        .exec(txn)
        .await?;
    Ok(gone.rows_affected)
}

/// What the tables in the scope say, of all or of the appliances that `of` finds.
pub(super) async fn intervals(
    db: &impl ConnectionTrait,
    scope: &Scope,
    of: Option<&SelectStatement>,
) -> Result<Vec<Interval>, DbErr> {
    let mut select = Entity::find().filter(within(scope, Column::OrganisationId));
    if let Some(of) = of {
        select = select.filter(Column::ApplianceId.in_subquery(of.clone()));
    }
    let select = select
        .order_by_asc(Column::Appliance)
        .order_by_asc(Column::ImportId)
        .order_by_asc(Column::Line);
    select.all(db).await?.into_iter().map(interval).collect()
}

fn interval(row: Model) -> Result<Interval, DbErr> {
    let end = match row.ending {
        None => End::Alive,
        Some(word) => End::Ended(from_json::<BootEnd>(Value::String(word))?),
    };
    let values: BTreeMap<Component, String> = from_json(row.components)?;
    let appliance = row.appliance_id.map_or(row.appliance, |id| id.to_string());
    Ok(Interval {
        appliance: appliance.into(),
        boot: format!("{} {}", row.import_id, row.boot).into(),
        entry_days: days(row.entry_seconds),
        exit_days: days(row.exit_seconds),
        end,
        values: Arc::new(values),
    })
}

/// Days that were checked to be no more than twenty years.
#[expect(clippy::cast_possible_truncation, reason = "twenty years are 6e8 seconds")]
fn seconds(days: f64) -> i64 {
    (days * DAY_SECONDS).round() as i64
}

#[expect(clippy::cast_precision_loss, reason = "exact up to 2^53")]
fn days(seconds: i64) -> f64 {
    seconds as f64 / DAY_SECONDS
}
