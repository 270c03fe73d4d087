//! The table of migrations.

use domfleet_shared::Timestamp;
use domfleet_shared::id::MigrationId;
use domfleet_shared::migration::talk::Now;
use sea_orm::sea_query::{Expr, ExprTrait as _, Query};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, Order, PaginatorTrait, QueryFilter,
    QueryOrder, QuerySelect,
};
use uuid::Uuid;

use super::appliance_list::Window;
use super::entity::migration::{Column, Entity, Model};
use super::entity::{appliance, site};
use super::filter::{Field, Named, condition};
use super::operations::from_json;
use super::scope::{Names, count, known, within};
use crate::auth::Scope;
use crate::domain::filter::{Holds, Key};
use crate::domain::migration::view::{MigrationPhase, MigrationRow};

/// What migrations can be filtered by.
pub const KEYS: [Key; 7] = [
    Key { name: "appliance", holds: Holds::Name },
    Key { name: "organisation", holds: Holds::Name },
    Key { name: "site", holds: Holds::Name },
    Key { name: "phase", holds: Holds::Words(MigrationPhase::WORDS) },
    Key { name: "waits", holds: Holds::Text },
    Key { name: "ended", holds: Holds::Words(&["yes", "no"]) },
    Key { name: "started", holds: Holds::Number },
];

/// What migrations can be sorted by.
pub const SORTS: [&str; 3] = ["started_at", "changed_at", "phase"];

/// The part of the table in `window`, and how many rows the table has.
pub async fn list(
    db: &impl ConnectionTrait,
    scope: &Scope,
    window: &Window,
    now: Timestamp,
) -> Result<(Vec<MigrationRow>, u64), DbErr> {
    let select = Entity::find().filter(within(scope, Column::OrganisationId)).filter(condition(
        &window.filter,
        &of_appliance(appliance::Column::Name),
        field,
        now,
    ));
    let total = select.clone().count(db).await?;
    let column = match window.sort.by.as_str() {
        "changed_at" => Column::ChangedAt,
        "phase" => Column::Phase,
        _ => Column::StartedAt,
    };
    let order = if window.sort.descending { Order::Desc } else { Order::Asc };
    let rows = select
        .order_by(column, order.clone())
        .order_by(Column::Id, order)
        .offset(window.offset)
        .limit(window.limit)
        .all(db)
        .await?;
    Ok((views(db, rows).await?, total))
}

/// Those of the ids that are in the scope.
pub async fn by_ids(
    db: &impl ConnectionTrait,
    scope: &Scope,
    ids: Vec<Uuid>,
) -> Result<Vec<MigrationRow>, DbErr> {
    let rows = Entity::find()
        .filter(Column::Id.is_in(ids))
        .filter(within(scope, Column::OrganisationId))
        .all(db)
        .await?;
    views(db, rows).await
}

async fn views(db: &impl ConnectionTrait, rows: Vec<Model>) -> Result<Vec<MigrationRow>, DbErr> {
    let names = Names::appliances(db, rows.iter().map(|row| row.appliance_id)).await?;
    rows.into_iter().map(|row| view(row, &names)).collect()
}

fn view(row: Model, names: &Names) -> Result<MigrationRow, DbErr> {
    let time = Timestamp::from_millis;
    let now: Option<Now> = row.now.map(from_json).transpose()?;
    let few = |number: i32| u32::try_from(number).unwrap_or(0);
    let trouble = row.trouble.map(|trouble| format!("Its journal cannot be believed: {trouble}."));
    Ok(MigrationRow {
        id: MigrationId(row.id),
        appliance: names.named(row.appliance_id),
        phase: known(MigrationPhase::parse(&row.phase), "phase", &row.phase)?,
        is_past_the_point: row.is_past_the_point,
        waits: now.as_ref().and_then(|now| now.waits),
        what: now.as_ref().map(|now| now.what.clone()),
        done: now.as_ref().and_then(|now| now.done),
        total: now.as_ref().and_then(|now| now.total),
        trouble: trouble.or_else(|| now.and_then(|now| now.trouble)),
        started_at: time(row.started_at),
        started_by: row.started_by,
        changed_at: time(row.changed_at),
        heard_at: row.heard_at.map(time),
        ended_at: row.ended_at.map(time),
        soaking_until: row.soaking_until.map(time),
        vms_total: few(row.vms_total),
        vms_settled: few(row.vms_settled),
        vms_failed: few(row.vms_failed),
        version: count(row.version),
    })
}

/// A column of the appliance's own row.
fn of_appliance(column: appliance::Column) -> Expr {
    let is_it = Expr::col((appliance::Entity, appliance::Column::Id))
        .eq(Expr::col((Entity, Column::ApplianceId)));
    let select = Query::select()
        .column((appliance::Entity, column))
        .from(appliance::Entity)
        .and_where(is_it)
        .to_owned();
    Expr::from(select)
}

fn field(key: &str) -> Option<Field> {
    let col = |column: Column| Expr::col((Entity, column));
    Some(match key {
        "appliance" => Field::appliance(col(Column::ApplianceId)),
        "organisation" => Field::organisation(col(Column::OrganisationId)),
        "site" => Field::Named {
            id: of_appliance(appliance::Column::SiteId),
            table: Named::of::<site::Entity>(site::Column::Name),
        },
        "phase" => Field::Text(col(Column::Phase)),
        "waits" => Field::Text(col(Column::Waits)),
        "ended" => Field::Flag(col(Column::EndedAt)),
        "started" => Field::HoursSince(col(Column::StartedAt)),
        _ => return None,
    })
}
