//! What was found in bundles, and which bundles are to be searched.

use std::collections::{BTreeSet, HashMap};

use domfleet_shared::Timestamp;
use domfleet_shared::id::{ApplianceId, BundleId, OrganisationId};
use domfleet_shared::severity::Severity;
use domfleet_shared::signatures::Finding;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, NullOrdering};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, ExprTrait as _, Order, PaginatorTrait,
    QueryFilter, QueryOrder, QuerySelect,
};
use uuid::Uuid;

use super::appliance_list::Window;
use super::entity::bundle;
use super::entity::finding::{ActiveModel, Column, Entity, Model};
use super::filter::{Field, condition};
use super::operations::{from_json, to_json};
use super::scope::{Names, within};
use super::{bundles, events};
use crate::auth::Scope;
use crate::db::alarms::{self, AlarmKind, NewAlarm};
use crate::domain::bundle::BundleState;
use crate::domain::filter::{Holds, Key};
use crate::domain::signature::{Found, rank, without_zero_bytes};

/// What findings can be filtered by.
pub const KEYS: [Key; 6] = [
    Key { name: "appliance", holds: Holds::Name },
    Key { name: "organisation", holds: Holds::Name },
    Key { name: "bundle", holds: Holds::Text },
    Key { name: "signature", holds: Holds::Text },
    Key { name: "severity", holds: Holds::Words(&["info", "warn", "high", "crit", "fatal"]) },
    Key { name: "found", holds: Holds::Number },
];

/// What findings can be sorted by.
pub const SORTS: [&str; 3] = ["found_at", "severity", "signature"];

/// Of one bundle no more are kept, the gravest.
const MOST: usize = 300;

/// A bundle that is to be searched.
#[derive(Clone, Debug)]
pub struct Unsearched {
    pub id: BundleId,
    pub organisation: OrganisationId,
    pub appliance: ApplianceId,
    pub object: String,
    /// Whether it was searched for other signatures before.
    pub was_searched: bool,
}

/// What all complete bundles were searched for: the organisations, each with the names of what was looked for.
pub async fn searched(
    db: &impl ConnectionTrait,
) -> Result<Vec<(OrganisationId, Option<String>)>, DbErr> {
    use bundle::Column as B;
    let rows: Vec<(Uuid, Option<String>)> = bundle::Entity::find()
        .select_only()
        .columns([B::OrganisationId, B::ScannedBy])
        .distinct()
        .filter(B::State.eq(BundleState::Complete.as_str()))
        .into_tuple()
        .all(db)
        .await?;
    Ok(rows.into_iter().map(|(id, by)| (OrganisationId(id), by)).collect())
}

/// Bundles of an organisation that were searched for `by`, or for nothing, newest first.
pub async fn unsearched(
    db: &impl ConnectionTrait,
    organisation: OrganisationId,
    by: Option<&str>,
    most: u64,
) -> Result<Vec<Unsearched>, DbErr> {
    use bundle::Column as B;
    let by = match by {
        Some(by) => B::ScannedBy.eq(by),
        None => B::ScannedBy.is_null(),
    };
    let rows = bundle::Entity::find()
        .filter(B::OrganisationId.eq(organisation.0))
        .filter(B::State.eq(BundleState::Complete.as_str()))
        .filter(by)
        .order_by_desc(B::CompletedAt)
        .limit(most)
        .all(db)
        .await?;
    let unsearched = |row: bundle::Model| {
        Some(Unsearched {
            id: BundleId(row.id),
            organisation,
            appliance: ApplianceId(row.appliance_id),
            object: row.object?,
            was_searched: row.scanned_by.is_some(),
        })
    };
    Ok(rows.into_iter().filter_map(unsearched).collect())
}

/// Takes down what was found in a bundle that was searched for `by`, in place of what was found before, raises an alarm for
/// whatever is new and fatal, and tells whoever follows.
pub async fn store(
    txn: &impl ConnectionTrait,
    searched: &Unsearched,
    by: &str,
    findings: Vec<Finding>,
    now: Timestamp,
) -> Result<(), DbErr> {
    let mut findings: Vec<Finding> = findings.into_iter().map(without_zero_bytes).collect();
    let before = fatal_before(txn, searched.id).await?;
    Entity::delete_many().filter(Column::BundleId.eq(searched.id.0)).exec(txn).await?;
    // Those of one severity stay in the order of the files.
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    findings.truncate(MOST);
    let rows = findings.iter().map(|finding| row(searched, finding, now));
    let rows = rows.collect::<Result<Vec<_>, DbErr>>()?;
    if !rows.is_empty() {
        Entity::insert_many(rows).exec_without_returning(txn).await?;
    }
    bundle::Entity::update_many()
        .col_expr(bundle::Column::ScannedBy, Expr::value(by))
        .col_expr(bundle::Column::Version, Expr::col(bundle::Column::Version).add(1))
        .filter(bundle::Column::Id.eq(searched.id.0))
        .exec(txn)
        .await?;
    let news = alarm(txn, searched, &findings, &before, now).await?;
    if !news.is_empty() {
        events::append(txn, news, now).await?;
    }
    bundles::tell(txn, searched.id, now).await
}

/// What could never be searched, such as an object that is gone, counts as searched.
pub async fn give_up(
    txn: &impl ConnectionTrait,
    searched: &Unsearched,
    by: &str,
) -> Result<(), DbErr> {
    bundle::Entity::update_many()
        .col_expr(bundle::Column::ScannedBy, Expr::value(by))
        .filter(bundle::Column::Id.eq(searched.id.0))
        .exec(txn)
        .await
        .map(|_| ())
}

async fn fatal_before(
    db: &impl ConnectionTrait,
    bundle: BundleId,
) -> Result<BTreeSet<String>, DbErr> {
    let rows: Vec<String> = Entity::find()
        .select_only()
        .column(Column::Signature)
        .filter(Column::BundleId.eq(bundle.0))
        .filter(Column::Severity.eq(Severity::Fatal.name()))
        .into_tuple()
        .all(db)
        .await?;
    Ok(rows.into_iter().collect())
}

async fn alarm(
    txn: &impl ConnectionTrait,
    searched: &Unsearched,
    findings: &[Finding],
    before: &BTreeSet<String>,
    now: Timestamp,
) -> Result<Vec<events::NewEvent>, DbErr> {
    let mut news = Vec::new();
    let mut told = BTreeSet::new();
    for finding in findings.iter().filter(|finding| finding.severity == Severity::Fatal) {
        if before.contains(&finding.signature) || !told.insert(&finding.signature) {
            continue;
        }
        let new = NewAlarm {
            kind: AlarmKind::FatalFinding,
            organisation: searched.organisation,
            appliance: Some(searched.appliance),
            subject: format!("{} {}", searched.id, finding.signature),
            message: &format!(
                "its debug files hold {}: {} ({}, line {})",
                finding.signature, finding.text, finding.file, finding.line
            ),
        };
        news.extend(alarms::raise(txn, &new, now).await?);
    }
    Ok(news)
}

fn row(searched: &Unsearched, finding: &Finding, now: Timestamp) -> Result<ActiveModel, DbErr> {
    Ok(ActiveModel {
        id: Set(Uuid::now_v7()),
        organisation_id: Set(searched.organisation.0),
        bundle_id: Set(searched.id.0),
        appliance_id: Set(searched.appliance.0),
        signature: Set(finding.signature.clone()),
        severity: Set(finding.severity.name().into()),
        rank: Set(rank(finding.severity)),
        document: Set(to_json(finding)?),
        found_at: Set(now.as_millis()),
    })
}

/// In how many bundles, and at how many appliances in the scope, each signature was found.
pub async fn counts(
    db: &impl ConnectionTrait,
    scope: &Scope,
) -> Result<HashMap<String, (u64, u64)>, DbErr> {
    let distinct = |column| Expr::col((Entity, column)).count_distinct();
    let rows: Vec<(String, i64, i64)> = Entity::find()
        .select_only()
        .column(Column::Signature)
        .column_as(distinct(Column::BundleId), "bundles")
        .column_as(distinct(Column::ApplianceId), "appliances")
        .filter(within(scope, Column::OrganisationId))
        .group_by(Column::Signature)
        .into_tuple()
        .all(db)
        .await?;
    let count = |number: i64| u64::try_from(number).unwrap_or(0);
    Ok(rows.into_iter().map(|(id, a, b)| (id, (count(a), count(b)))).collect())
}

/// The part of the table in `window`, and how many rows the table has.
pub async fn list(
    db: &impl ConnectionTrait,
    scope: &Scope,
    window: &Window,
    now: Timestamp,
) -> Result<(Vec<Found>, u64), DbErr> {
    let signature = Expr::col((Entity, Column::Signature));
    let select = Entity::find().filter(within(scope, Column::OrganisationId)).filter(condition(
        &window.filter,
        &signature,
        field,
        now,
    ));
    let total = select.clone().count(db).await?;
    let column = match window.sort.by.as_str() {
        "severity" => Column::Rank,
        "signature" => Column::Signature,
        _ => Column::FoundAt,
    };
    let order = if window.sort.descending { Order::Desc } else { Order::Asc };
    let rows = select
        .order_by_with_nulls(column, order.clone(), NullOrdering::Last)
        .order_by(Column::Id, order)
        .offset(window.offset)
        .limit(window.limit)
        .all(db)
        .await?;
    let names = Names::appliances(db, rows.iter().map(|row| row.appliance_id)).await?;
    let found = rows.into_iter().map(|row| view(row, &names)).collect::<Result<_, _>>()?;
    Ok((found, total))
}

fn view(row: Model, names: &Names) -> Result<Found, DbErr> {
    Ok(Found {
        id: row.id,
        appliance: names.named(row.appliance_id),
        bundle: BundleId(row.bundle_id),
        found_at: Timestamp::from_millis(row.found_at),
        finding: from_json(row.document)?,
    })
}

fn field(key: &str) -> Option<Field> {
    let col = |column: Column| Expr::col((Entity, column));
    Some(match key {
        "appliance" => Field::appliance(col(Column::ApplianceId)),
        "organisation" => Field::organisation(col(Column::OrganisationId)),
        "bundle" => Field::Id(col(Column::BundleId)),
        "signature" => Field::Text(col(Column::Signature)),
        "severity" => Field::Text(col(Column::Severity)),
        "found" => Field::HoursSince(col(Column::FoundAt)),
        _ => return None,
    })
}
