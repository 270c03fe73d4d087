//! The table of the fleet's boots that have ended: which boxes died, how, and on what evidence.

use domfleet_shared::Timestamp;
use sea_orm::sea_query::{Expr, ExprTrait as _, NullOrdering, Query};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, Order, PaginatorTrait, QueryFilter,
    QueryOrder, QuerySelect,
};

use super::appliance_list::Window;
use super::boots::{BootInEpoch, boot};
use super::entity::appliance;
use super::entity::boot::{Column, Entity, Model};
use super::filter::{Field, condition};
use super::scope::{Names, within};
use crate::auth::Scope;
use crate::domain::ended_boot::EndedBoot;
use crate::domain::filter::{Holds, Key};

/// What ended boots can be filtered by.
pub const KEYS: [Key; 5] = [
    Key { name: "appliance", holds: Holds::Name },
    Key { name: "organisation", holds: Holds::Name },
    Key {
        name: "end",
        holds: Holds::Words(&[
            "clean",
            "upgrade",
            "panic",
            "watchdog",
            "hang",
            "power_loss",
            "provoked",
            "unknown",
            "lost",
        ]),
    },
    Key { name: "confidence", holds: Holds::Words(&["low", "medium", "high"]) },
    Key { name: "ended", holds: Holds::Number },
];

/// What ended boots can be sorted by.
pub const SORTS: [&str; 2] = ["ended_at", "uptime"];

/// The part of the table in `window`, and how many rows the table has.
pub async fn list(
    db: &impl ConnectionTrait,
    scope: &Scope,
    window: &Window,
    now: Timestamp,
) -> Result<(Vec<EndedBoot>, u64), DbErr> {
    let select = Entity::find()
        .filter(within(scope, Column::OrganisationId))
        .filter(Column::EndedAt.is_not_null())
        .filter(condition(&window.filter, &appliance_name(), field, now));
    let total = select.clone().count(db).await?;
    let column = match window.sort.by.as_str() {
        "uptime" => Column::LastSeenSeconds,
        _ => Column::EndedAt,
    };
    let order = if window.sort.descending { Order::Desc } else { Order::Asc };
    let rows = select
        .order_by_with_nulls(column, order.clone(), NullOrdering::Last)
        .order_by(Column::ApplianceId, order.clone())
        .order_by(Column::BootId, order)
        .offset(window.offset)
        .limit(window.limit)
        .all(db)
        .await?;
    let names = Names::appliances(db, rows.iter().map(|row| row.appliance_id)).await?;
    let boots = rows.into_iter().map(|row| view(row, &names)).collect::<Result<_, _>>()?;
    Ok((boots, total))
}

fn view(row: Model, names: &Names) -> Result<EndedBoot, DbErr> {
    let appliance = names.named(row.appliance_id);
    let BootInEpoch { boot, epoch } = boot(row)?;
    Ok(EndedBoot {
        appliance,
        boot_id: boot.boot_id,
        epoch,
        started_at: boot.started_at,
        ended_at: boot.ended_at.unwrap_or(boot.started_at),
        end: boot.end,
        confidence: boot.confidence,
        evidence: boot.evidence,
        last_seen_seconds: boot.last_seen_seconds,
        components: boot.components,
    })
}

fn appliance_name() -> Expr {
    let of_the_boot = Expr::col((appliance::Entity, appliance::Column::Id))
        .eq(Expr::col((Entity, Column::ApplianceId)));
    let select = Query::select()
        .column((appliance::Entity, appliance::Column::Name))
        .from(appliance::Entity)
        .and_where(of_the_boot)
        .to_owned();
    Expr::from(select)
}

fn field(key: &str) -> Option<Field> {
    let col = |column: Column| Expr::col((Entity, column));
    Some(match key {
        "appliance" => Field::appliance(col(Column::ApplianceId)),
        "organisation" => Field::organisation(col(Column::OrganisationId)),
        "end" => Field::Text(col(Column::Ending)),
        "confidence" => Field::Text(col(Column::Confidence)),
        "ended" => Field::HoursSince(col(Column::EndedAt)),
        _ => return None,
    })
}
