//! The USB drives of the fleet, by what their appliances tell of them.

use domfleet_shared::Timestamp;
use domfleet_shared::usb::UsbDrive;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, NullOrdering};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, ExprTrait as _, Order, PaginatorTrait,
    QueryFilter, QueryOrder, QuerySelect,
};

use super::appliance_list::Window;
use super::entity::usb_drive::{ActiveModel, Column, Entity, Model};
use super::filter::{Field, condition};
use super::inventory::Reporter;
use super::operations::{from_json, to_json};
use super::scope::{Names, within};
use crate::auth::Scope;
use crate::domain::filter::{Holds, Key};
use crate::domain::usb_drive::{FleetDrive, USES, word};

/// What drives can be filtered by.
pub const KEYS: [Key; 6] = [
    Key { name: "appliance", holds: Holds::Name },
    Key { name: "organisation", holds: Holds::Name },
    Key { name: "drive", holds: Holds::Text },
    Key { name: "serial", holds: Holds::Text },
    Key { name: "model", holds: Holds::Text },
    Key { name: "use", holds: Holds::Words(&USES) },
];

/// What drives can be sorted by.
pub const SORTS: [&str; 4] = ["told_at", "size_bytes", "serial", "use"];

/// More than that are plugged into no appliance.
const MOST: usize = 100;

/// Records what is plugged into an appliance now: nothing else is.
pub(super) async fn record(
    txn: &impl ConnectionTrait,
    reporter: Reporter,
    drives: &[UsbDrive],
    now: Timestamp,
) -> Result<(), DbErr> {
    Entity::delete_many().filter(Column::ApplianceId.eq(reporter.appliance.0)).exec(txn).await?;
    let mut rows: Vec<ActiveModel> = Vec::new();
    for drive in drives.iter().take(MOST) {
        if rows.iter().any(|row| row.path == Set(drive.path.clone())) {
            continue;
        }
        rows.push(ActiveModel {
            appliance_id: Set(reporter.appliance.0),
            path: Set(drive.path.clone()),
            organisation_id: Set(reporter.organisation.0),
            drive_id: Set(drive.identity.drive.map(|drive| drive.0)),
            serial: Set(drive.hardware.serial.clone()),
            model: Set(drive.hardware.model.clone()),
            usage: Set(word(&drive.usage).into()),
            size_bytes: Set(i64::try_from(drive.size_bytes).unwrap_or(i64::MAX)),
            document: Set(to_json(drive)?),
            told_at: Set(now.as_millis()),
        });
    }
    if rows.is_empty() {
        return Ok(());
    }
    Entity::insert_many(rows).exec_without_returning(txn).await.map(|_| ())
}

/// The part of the table in `window`, and how many rows the table has.
pub async fn list(
    db: &impl ConnectionTrait,
    scope: &Scope,
    window: &Window,
    now: Timestamp,
) -> Result<(Vec<FleetDrive>, u64), DbErr> {
    let model = Expr::col((Entity, Column::Model)).if_null(Expr::value(""));
    let select = Entity::find().filter(within(scope, Column::OrganisationId)).filter(condition(
        &window.filter,
        &model,
        field,
        now,
    ));
    let total = select.clone().count(db).await?;
    let column = match window.sort.by.as_str() {
        "size_bytes" => Column::SizeBytes,
        "serial" => Column::Serial,
        "use" => Column::Usage,
        _ => Column::ToldAt,
    };
    let order = if window.sort.descending { Order::Desc } else { Order::Asc };
    let rows = select
        .order_by_with_nulls(column, order.clone(), NullOrdering::Last)
        .order_by(Column::ApplianceId, order.clone())
        .order_by(Column::Path, order)
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
        "serial" => Field::Text(col(Column::Serial)),
        "model" => Field::Text(col(Column::Model)),
        "use" => Field::Text(col(Column::Usage)),
        _ => return None,
    })
}

async fn views(db: &impl ConnectionTrait, rows: Vec<Model>) -> Result<Vec<FleetDrive>, DbErr> {
    let names = Names::appliances(db, rows.iter().map(|row| row.appliance_id)).await?;
    rows.into_iter()
        .map(|row| {
            Ok(FleetDrive {
                appliance: names.named(row.appliance_id),
                drive: from_json(row.document)?,
                told_at: Timestamp::from_millis(row.told_at),
            })
        })
        .collect()
}
