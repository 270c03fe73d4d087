//! The table of appliances: filtered, sorted and cut by the database.

use std::cmp::Ordering;

use domfleet_shared::Timestamp;
use sea_orm::sea_query::{Condition, Expr, ExprTrait, NullOrdering, Query, SelectStatement};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, Order, PaginatorTrait, QueryFilter,
    QueryOrder, QuerySelect,
};

use super::appliances::summaries;
use super::entity::appliance::{Column, Entity};
use super::entity::{organisation, site};
use super::filter::{Field, Named, condition};
use super::scope::within;
use crate::auth::Scope;
use crate::domain::appliance::{Appliance, ApplianceState};
use crate::domain::filter::{Compares, Filter, Holds, Is, Key};
use crate::domain::version;

/// What appliances can be filtered by.
pub const KEYS: [Key; 18] = [
    Key { name: "name", holds: Holds::Text },
    Key {
        name: "presence",
        holds: Holds::Words(&["online", "stale", "offline", "expected_offline"]),
    },
    Key {
        name: "state",
        holds: Holds::Words(&["pending", "accepted", "rejected", "decommissioned"]),
    },
    Key { name: "site", holds: Holds::Name },
    Key { name: "organisation", holds: Holds::Name },
    Key { name: "hypervisor", holds: Holds::Version },
    Key { name: "kernel", holds: Holds::Version },
    Key { name: "xen", holds: Holds::Version },
    Key { name: "qemu", holds: Holds::Version },
    Key { name: "alpine", holds: Holds::Version },
    Key { name: "agent", holds: Holds::Version },
    Key { name: "io_scheduler", holds: Holds::Text },
    Key { name: "uptime", holds: Holds::Number },
    Key { name: "joined", holds: Holds::Number },
    Key { name: "vms", holds: Holds::Number },
    Key { name: "vms_running", holds: Holds::Number },
    Key { name: "epoch", holds: Holds::Number },
    Key { name: "read_only", holds: Holds::Flag },
];

/// What appliances can be sorted by.
pub const SORTS: [&str; 14] = [
    "name",
    "organisation",
    "site",
    "state",
    "presence",
    "presence_since",
    "last_seen_at",
    "booted_at",
    "hypervisor_version",
    "xen",
    "agent",
    "vms_total",
    "epoch",
    "created_at",
];

/// A column by which a table is sorted.
#[derive(Clone, Debug)]
pub struct Sort {
    /// One of the table's.
    pub by: String,
    pub descending: bool,
}

/// A part of a table.
#[derive(Clone, Debug)]
pub struct Window {
    pub filter: Filter,
    pub sort: Sort,
    pub offset: u64,
    pub limit: u64,
}

/// The part of the table in `window`, and how many rows the table has.
pub async fn list(
    db: &impl ConnectionTrait,
    scope: &Scope,
    window: &Window,
    now: Timestamp,
) -> Result<(Vec<Appliance>, u64), DbErr> {
    let filter = with_versions(db, scope, &window.filter).await?;
    let select = Entity::find().filter(within(scope, Column::OrganisationId)).filter(condition(
        &filter,
        &col(Column::Name),
        field,
        now,
    ));
    let total = select.clone().count(db).await?;
    let order = if window.sort.descending { Order::Desc } else { Order::Asc };
    let rows = select
        .order_by_with_nulls(sort_by(&window.sort.by), order.clone(), NullOrdering::Last)
        .order_by(Column::Id, order)
        .offset(window.offset)
        .limit(window.limit)
        .all(db)
        .await?;
    Ok((summaries(db, rows).await?, total))
}

/// The ids of those for which `filter` holds and that are or were part of the fleet, as a query within another.
pub(super) async fn ids(
    db: &impl ConnectionTrait,
    scope: &Scope,
    filter: &Filter,
    now: Timestamp,
) -> Result<SelectStatement, DbErr> {
    let filter = with_versions(db, scope, filter).await?;
    let been_in = [ApplianceState::Accepted, ApplianceState::Decommissioned];
    let select = Query::select()
        .column(Column::Id)
        .from(Entity)
        .and_where(within(scope, Column::OrganisationId))
        .and_where(Column::State.is_in(been_in.map(ApplianceState::as_str)))
        .cond_where(condition(&filter, &col(Column::Name), field, now))
        .take();
    Ok(select)
}

fn col(column: Column) -> Expr {
    Expr::col((Entity, column))
}

fn version_column(key: &str) -> Option<Column> {
    match key {
        "hypervisor" => Some(Column::Hypervisor),
        "kernel" => Some(Column::Dom0Kernel),
        "xen" => Some(Column::Xen),
        "qemu" => Some(Column::QemuInstalled),
        "alpine" => Some(Column::Alpine),
        "agent" => Some(Column::Agent),
        _ => None,
    }
}

fn field(key: &str) -> Option<Field> {
    if let Some(column) = version_column(key) {
        return Some(Field::Text(col(column)));
    }
    Some(match key {
        "name" => Field::Text(col(Column::Name)),
        "presence" => Field::Text(col(Column::Presence)),
        "state" => Field::Text(col(Column::State)),
        "io_scheduler" => Field::Text(col(Column::IoScheduler)),
        "site" => Field::Named {
            id: col(Column::SiteId),
            table: Named::of::<site::Entity>(site::Column::Name),
        },
        "organisation" => Field::organisation(col(Column::OrganisationId)),
        "uptime" => Field::DaysSince(col(Column::BootedAt)),
        "joined" => Field::DaysSince(col(Column::CreatedAt)),
        "vms" => Field::Number(col(Column::VmsTotal)),
        "vms_running" => Field::Number(col(Column::VmsRunning)),
        "epoch" => Field::Number(col(Column::Epoch)),
        "read_only" => Field::Flag(col(Column::ReadOnly)),
        _ => return None,
    })
}

fn sort_by(key: &str) -> Expr {
    let named = |select: SelectStatement| Expr::from(select);
    match key {
        "organisation" => named(
            Query::select()
                .column(organisation::Column::Name)
                .from(organisation::Entity)
                .and_where(
                    Expr::col((organisation::Entity, organisation::Column::Id))
                        .eq(col(Column::OrganisationId)),
                )
                .to_owned(),
        ),
        "site" => named(
            Query::select()
                .column(site::Column::Name)
                .from(site::Entity)
                .and_where(Expr::col((site::Entity, site::Column::Id)).eq(col(Column::SiteId)))
                .to_owned(),
        ),
        "state" => col(Column::State),
        "presence" => col(Column::Presence),
        "presence_since" => col(Column::PresenceSince),
        "last_seen_at" => col(Column::LastSeenAt),
        "booted_at" => col(Column::BootedAt),
        "hypervisor_version" => col(Column::Hypervisor),
        "xen" => col(Column::Xen),
        "agent" => col(Column::Agent),
        "vms_total" => col(Column::VmsTotal),
        "epoch" => col(Column::Epoch),
        "created_at" => col(Column::CreatedAt),
        _ => col(Column::Name),
    }
}

/// The filter with each `xen<4.17` replaced by the versions for which it holds: no database knows
/// how versions compare, and a fleet has few of them.
async fn with_versions(
    db: &impl ConnectionTrait,
    scope: &Scope,
    filter: &Filter,
) -> Result<Filter, DbErr> {
    let mut filter = filter.clone();
    for term in &mut filter.terms {
        let Is::Key { key, compares, values } = &mut term.is else { continue };
        let wanted = match compares {
            Compares::Less => Ordering::Less,
            Compares::Greater => Ordering::Greater,
            Compares::Equal | Compares::Differs | Compares::Contains => continue,
        };
        let (Some(column), Some(bound)) = (version_column(key), values.first()) else { continue };
        let there: Vec<String> = Entity::find()
            .select_only()
            .column(column)
            .distinct()
            .filter(within(scope, Column::OrganisationId))
            .filter(Condition::all().add(column.is_not_null()))
            .into_tuple()
            .all(db)
            .await?;
        *values = there.into_iter().filter(|v| version::compare(v, bound) == wanted).collect();
        *compares = Compares::Equal;
    }
    Ok(filter)
}
