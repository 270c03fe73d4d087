//! Backup sets, by what their appliances tell of them.

use domfleet_shared::Timestamp;
use domfleet_shared::backup_key::KeyName;
use domfleet_shared::backup_set::{SetSummary, SetsOnDrive};
use domfleet_shared::id::{ApplianceId, DriveId, OrganisationId, SetId};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, NullOrdering, OnConflict};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, Order, PaginatorTrait, QueryFilter,
    QueryOrder, QuerySelect,
};
use uuid::Uuid;

use super::alarms::{self, AlarmKind, NewAlarm};
use super::appliance_list::Window;
use super::entity::backup_set::{ActiveModel, Column, Entity, Model};
use super::events::NewEvent;
use super::filter::{Field, condition};
use super::operations::{from_json, to_json};
use super::scope::{Names, known, within};
use crate::auth::Scope;
use crate::domain::admission::Backup;
use crate::domain::backup_set::{BackupSet, SetState, after, is_lost};
use crate::domain::filter::{Holds, Key};

/// What sets can be filtered by.
pub const KEYS: [Key; 4] = [
    Key { name: "appliance", holds: Holds::Name },
    Key { name: "organisation", holds: Holds::Name },
    Key { name: "drive", holds: Holds::Text },
    Key { name: "state", holds: Holds::Words(&SetState::WORDS) },
];

/// An offer has room for so many.
const MOST_KEYS: u64 = 500;

/// What sets can be sorted by.
pub const SORTS: [&str; 3] = ["created_at", "sealed_at", "verified_at"];

/// Records what an appliance has told of the sets on a drive, and gives what to tell about it.
pub(super) async fn record(
    txn: &impl ConnectionTrait,
    (organisation, appliance): (OrganisationId, ApplianceId),
    told: SetsOnDrive,
    now: Timestamp,
) -> Result<Vec<NewEvent>, DbErr> {
    let of_drive = Entity::find()
        .filter(Column::ApplianceId.eq(appliance.0))
        .filter(Column::DriveId.eq(told.drive.0));
    let known: Vec<Model> = of_drive.all(txn).await?;
    let sets: Vec<Uuid> = told.sets.iter().map(|set| set.set.0).collect();
    let mut news = Vec::new();
    for set in told.sets {
        let before = known.iter().find(|row| row.set_id == set.set.0);
        let before: Option<SetSummary> =
            before.map(|row| from_json(row.document.clone())).transpose()?;
        let set = after(before.clone(), set);
        put(txn, (organisation, appliance, told.drive), &set, now).await?;
        let about = (organisation, appliance, told.drive);
        news.extend(watch(txn, about, (before.as_ref(), &set), now).await?);
    }
    if told.is_complete {
        Entity::update_many()
            .col_expr(Column::GoneAt, Expr::value(now.as_millis()))
            .col_expr(Column::State, Expr::value(SetState::Gone.as_str()))
            .filter(Column::ApplianceId.eq(appliance.0))
            .filter(Column::DriveId.eq(told.drive.0))
            .filter(Column::SetId.is_not_in(sets))
            .filter(Column::GoneAt.is_null())
            .exec(txn)
            .await?;
    }
    Ok(news)
}

/// Raises an alarm about a set that was a backup and is none any more, and ends it once it is whole. Of
/// one that has gone it stays: that it went is not why nobody needs to look.
async fn watch(
    txn: &impl ConnectionTrait,
    (organisation, appliance, drive): (OrganisationId, ApplianceId, DriveId),
    (before, set): (Option<&SetSummary>, &SetSummary),
    now: Timestamp,
) -> Result<Option<NewEvent>, DbErr> {
    let subject = format!("{appliance}/{drive}/{}", set.set);
    if SetState::of(set) == SetState::Verified {
        return alarms::clear(txn, AlarmKind::BackupDamaged, &subject, now).await;
    }
    if !is_lost(before, set) {
        return Ok(None);
    }
    let vms: Vec<&str> = set.vms.iter().map(|vm| vm.name.as_str()).collect();
    let message = format!(
        "the backup of {} from {} was verified, and is damaged now: {}; back up onto another drive",
        vms.join(", "),
        set.created_at,
        set.troubles.first().map_or("why is not known", String::as_str),
    );
    let alarm = NewAlarm {
        kind: AlarmKind::BackupDamaged,
        organisation,
        appliance: Some(appliance),
        subject,
        message: &message,
    };
    alarms::raise(txn, &alarm, now).await
}

async fn put(
    txn: &impl ConnectionTrait,
    (organisation, appliance, drive): (OrganisationId, ApplianceId, DriveId),
    set: &SetSummary,
    now: Timestamp,
) -> Result<(), DbErr> {
    let row = ActiveModel {
        appliance_id: Set(appliance.0),
        drive_id: Set(drive.0),
        set_id: Set(set.set.0),
        organisation_id: Set(organisation.0),
        created_at: Set(set.created_at.as_millis()),
        sealed_at: Set(set.sealed_at.map(Timestamp::as_millis)),
        verified_at: Set(set.verified_at.map(Timestamp::as_millis)),
        state: Set(SetState::of(set).as_str().into()),
        document: Set(to_json(set)?),
        told_at: Set(now.as_millis()),
        gone_at: Set(None),
    };
    let newest = OnConflict::columns([Column::ApplianceId, Column::DriveId, Column::SetId])
        .update_columns([
            Column::OrganisationId,
            Column::CreatedAt,
            Column::SealedAt,
            Column::VerifiedAt,
            Column::State,
            Column::Document,
            Column::ToldAt,
            Column::GoneAt,
        ])
        .to_owned();
    Entity::insert(row).on_conflict(newest).exec_without_returning(txn).await.map(|_| ())
}

/// The keys of an organisation's sets on a drive, whichever of its appliances has told of them; those of
/// the newest sets.
pub async fn keys_on(
    db: &impl ConnectionTrait,
    organisation: OrganisationId,
    drive: DriveId,
) -> Result<Vec<KeyName>, DbErr> {
    let rows = Entity::find()
        .filter(Column::OrganisationId.eq(organisation.0))
        .filter(Column::DriveId.eq(drive.0))
        .filter(Column::GoneAt.is_null())
        .order_by_desc(Column::CreatedAt)
        .limit(MOST_KEYS)
        .all(db)
        .await?;
    let mut keys = Vec::new();
    for row in rows {
        let summary: SetSummary = from_json(row.document)?;
        keys.extend(summary.key.filter(|key| !keys.contains(key)));
    }
    Ok(keys)
}

/// The verified backups of an appliance's VMs that were on a drive when that was last seen.
pub(super) async fn of_vms(
    db: &impl ConnectionTrait,
    appliance: ApplianceId,
) -> Result<Vec<Backup>, DbErr> {
    let rows = Entity::find()
        .filter(Column::ApplianceId.eq(appliance.0))
        .filter(Column::State.eq(SetState::Verified.as_str()))
        .filter(Column::GoneAt.is_null())
        .all(db)
        .await?;
    let mut backups = Vec::new();
    for row in rows {
        let summary: SetSummary = from_json(row.document)?;
        let created_at = summary.created_at;
        let whole = summary.vms.into_iter().filter(|vm| vm.left_out.is_empty());
        backups.extend(whole.map(|vm| Backup { vm: vm.uuid, created_at }));
    }
    Ok(backups)
}

/// A set's key, and whose it is; nothing where there is no such set, or it is not encrypted.
pub async fn key_of(
    db: &impl ConnectionTrait,
    scope: &Scope,
    set: SetId,
) -> Result<Option<(OrganisationId, KeyName)>, DbErr> {
    let newest = Entity::find()
        .filter(within(scope, Column::OrganisationId))
        .filter(Column::SetId.eq(set.0))
        .order_by_desc(Column::ToldAt)
        .one(db)
        .await?;
    let Some(row) = newest else { return Ok(None) };
    let summary: SetSummary = from_json(row.document)?;
    Ok(summary.key.map(|key| (OrganisationId(row.organisation_id), key)))
}

/// The part of the table in `window`, and how many rows the table has.
pub async fn list(
    db: &impl ConnectionTrait,
    scope: &Scope,
    window: &Window,
    now: Timestamp,
) -> Result<(Vec<BackupSet>, u64), DbErr> {
    let nothing = Expr::value("");
    let select = Entity::find().filter(within(scope, Column::OrganisationId)).filter(condition(
        &window.filter,
        &nothing,
        field,
        now,
    ));
    let total = select.clone().count(db).await?;
    let column = match window.sort.by.as_str() {
        "sealed_at" => Column::SealedAt,
        "verified_at" => Column::VerifiedAt,
        _ => Column::CreatedAt,
    };
    let order = if window.sort.descending { Order::Desc } else { Order::Asc };
    let rows = select
        .order_by_with_nulls(column, order.clone(), NullOrdering::Last)
        .order_by(Column::SetId, order)
        .offset(window.offset)
        .limit(window.limit)
        .all(db)
        .await?;
    Ok((views(db, rows).await?, total))
}

fn field(key: &str) -> Option<Field> {
    let col = |column: Column| Expr::col((Entity, column));
    Some(match key {
        "appliance" => Field::appliance(col(Column::ApplianceId)),
        "organisation" => Field::organisation(col(Column::OrganisationId)),
        "drive" => Field::Id(col(Column::DriveId)),
        "state" => Field::Text(col(Column::State)),
        _ => return None,
    })
}

async fn views(db: &impl ConnectionTrait, rows: Vec<Model>) -> Result<Vec<BackupSet>, DbErr> {
    let ids = rows.iter().map(|row| row.appliance_id);
    let names = Names::appliances(db, ids).await?;
    rows.into_iter()
        .map(|row| {
            Ok(BackupSet {
                appliance: names.named(row.appliance_id),
                drive: DriveId(row.drive_id),
                state: known(SetState::parse(&row.state), "backup_set.state", &row.state)?,
                summary: from_json(row.document)?,
                told_at: Timestamp::from_millis(row.told_at),
                gone_at: row.gone_at.map(Timestamp::from_millis),
            })
        })
        .collect()
}
