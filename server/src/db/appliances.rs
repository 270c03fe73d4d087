//! Appliances, as operators see and change them. What agents report is written by `agents`.

use domfleet_shared::Timestamp;
use domfleet_shared::component::Makeup;
use domfleet_shared::id::{ApplianceId, OrganisationId, SiteId};
use domfleet_shared::inventory::{Components, Facts, Section, Vm};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, ExprTrait, QueryFilter, QueryOrder,
    QuerySelect,
};
use uuid::Uuid;

use super::Stored;
use super::entity::appliance::{Column, Entity, Model};
use super::entity::credential;
use super::events::{self, EventKind, NewEvent};
use super::scope::{Names, count, known, within};
use super::{releases, reported};
use crate::auth::Scope;
use crate::domain::appliance::{
    Appliance, ApplianceDetail, ApplianceState, Credential, Presence, warnings,
};

/// One in the scope.
pub async fn find(
    db: &impl ConnectionTrait,
    scope: &Scope,
    id: ApplianceId,
) -> Result<Option<Appliance>, DbErr> {
    Ok(by_ids(db, scope, vec![id.0]).await?.pop())
}

/// Those of the ids that are in the scope, by name.
pub async fn by_ids(
    db: &impl ConnectionTrait,
    scope: &Scope,
    ids: Vec<Uuid>,
) -> Result<Vec<Appliance>, DbErr> {
    let rows = Entity::find()
        .filter(Column::Id.is_in(ids))
        .filter(within(scope, Column::OrganisationId))
        .order_by_asc(Column::Name)
        .all(db)
        .await?;
    summaries(db, rows).await
}

/// All that is known of one in the scope.
pub async fn detail(
    db: &impl ConnectionTrait,
    scope: &Scope,
    id: ApplianceId,
    now: Timestamp,
) -> Result<Option<ApplianceDetail>, DbErr> {
    let row =
        Entity::find_by_id(id.0).filter(within(scope, Column::OrganisationId)).one(db).await?;
    let Some(row) = row else { return Ok(None) };
    let (hostname, created_at) = (row.hostname.clone(), Timestamp::from_millis(row.created_at));
    let facts = reported::section::<Facts>(db, id, Section::Facts).await?;
    let credential = newest_credential(db, id).await?;
    let Some(summary) = summaries(db, vec![row]).await?.pop() else { return Ok(None) };
    let vms = reported::section::<Vec<Vm>>(db, id, Section::Vms).await?;
    let vms = vms.map(|found| found.content).unwrap_or_default();
    let releases = releases::of(db, &Makeup::of(&summary.components, &vms)).await?;
    Ok(Some(ApplianceDetail {
        warnings: warnings(&summary, credential.as_ref(), &releases, now),
        summary,
        hostname,
        created_at,
        facts: facts.map(|found| found.content),
        credential,
    }))
}

async fn newest_credential(
    db: &impl ConnectionTrait,
    id: ApplianceId,
) -> Result<Option<Credential>, DbErr> {
    let row = credential::Entity::find()
        .filter(credential::Column::ApplianceId.eq(id.0))
        .order_by_desc(credential::Column::CreatedAt)
        .limit(1)
        .one(db)
        .await?;
    Ok(row.map(|row| Credential {
        status: row.status,
        not_after: Timestamp::from_millis(row.not_after),
    }))
}

/// Gives the organisation and site their names.
pub(super) async fn summaries(
    db: &impl ConnectionTrait,
    rows: Vec<Model>,
) -> Result<Vec<Appliance>, DbErr> {
    let organisations =
        Names::organisations(db, rows.iter().map(|row| row.organisation_id)).await?;
    let sites = Names::sites(db, rows.iter().filter_map(|row| row.site_id)).await?;
    rows.into_iter().map(|row| summary(row, &organisations, &sites)).collect()
}

fn summary(row: Model, organisations: &Names, sites: &Names) -> Result<Appliance, DbErr> {
    Ok(Appliance {
        id: ApplianceId(row.id),
        name: row.name,
        organisation: organisations.named(row.organisation_id),
        site: row.site_id.map(|id| sites.named(id)),
        state: known(ApplianceState::parse(&row.state), "appliance.state", &row.state)?,
        presence: known(Presence::parse(&row.presence), "appliance.presence", &row.presence)?,
        presence_since: Timestamp::from_millis(row.presence_since),
        last_seen_at: row.last_seen_at.map(Timestamp::from_millis),
        epoch: u32::try_from(row.epoch).unwrap_or(0),
        hypervisor_version: row.hypervisor.clone(),
        components: Components {
            hypervisor: row.hypervisor,
            dom0_kernel: row.dom0_kernel,
            xen: row.xen,
            qemu_installed: row.qemu_installed,
            alpine: row.alpine,
            agent: row.agent,
            io_scheduler: row.io_scheduler,
            swap: row.swap,
            overcommit: row.overcommit.and_then(|value| u8::try_from(value).ok()),
        },
        booted_at: row.booted_at.map(Timestamp::from_millis),
        vms_running: u32::try_from(row.vms_running).unwrap_or(0),
        vms_total: u32::try_from(row.vms_total).unwrap_or(0),
        read_only: row.read_only,
        version: count(row.version),
    })
}

/// What an operator changes of an appliance.
#[derive(Clone, Debug, Default)]
pub struct ApplianceChange {
    pub name: Option<String>,
    /// Some(None) takes it away from its site.
    pub site: Option<Option<SiteId>>,
    pub state: Option<ApplianceState>,
    pub accepted_at: Option<Timestamp>,
    /// Some(None) ends it.
    pub read_only: Option<Option<String>>,
}

/// Changes one, if it is still at the version that was read, and tells whoever follows.
pub async fn change(
    txn: &impl ConnectionTrait,
    read: &Appliance,
    change: ApplianceChange,
    now: Timestamp,
) -> Result<Stored, DbErr> {
    let mut update = Entity::update_many()
        .filter(Column::Id.eq(read.id.0))
        .filter(Column::Version.eq(i64::try_from(read.version).unwrap_or(i64::MAX)));
    if let Some(name) = change.name {
        update = update.col_expr(Column::Name, Expr::value(name));
    }
    if let Some(site) = change.site {
        update = update.col_expr(Column::SiteId, Expr::value(site.map(|id| id.0)));
    }
    if let Some(state) = change.state {
        update = update.col_expr(Column::State, Expr::value(state.as_str()));
    }
    if let Some(at) = change.accepted_at {
        update = update.col_expr(Column::AcceptedAt, Expr::value(at.as_millis()));
    }
    if let Some(reason) = change.read_only {
        update = update.col_expr(Column::ReadOnly, Expr::value(reason));
    }
    let result =
        update.col_expr(Column::Version, Expr::col(Column::Version).add(1)).exec(txn).await?;
    let stored = Stored::from_rows(result.rows_affected);
    if stored == Stored::Yes {
        tell(txn, read.id, now).await?;
    }
    Ok(stored)
}

/// Raises the version of one and tells whoever follows: what a transaction that has changed it
/// ends with.
pub async fn changed(
    txn: &impl ConnectionTrait,
    id: ApplianceId,
    now: Timestamp,
) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::Version, Expr::col(Column::Version).add(1))
        .filter(Column::Id.eq(id.0))
        .exec(txn)
        .await?;
    tell(txn, id, now).await
}

async fn tell(txn: &impl ConnectionTrait, id: ApplianceId, now: Timestamp) -> Result<(), DbErr> {
    let row: Option<(Uuid, i64)> = Entity::find_by_id(id.0)
        .select_only()
        .columns([Column::OrganisationId, Column::Version])
        .into_tuple()
        .one(txn)
        .await?;
    let Some((organisation, version)) = row else { return Ok(()) };
    let event = NewEvent {
        kind: EventKind::Appliance,
        organisation,
        subject: id.0,
        version,
        appliance: Some(id.0),
        operation: None,
        document: None,
    };
    events::append(txn, vec![event], now).await.map(|_| ())
}

/// What an admission and its like must know, read so that nothing else is admitted to the same
/// appliance until the transaction ends.
pub async fn lock(
    txn: &impl ConnectionTrait,
    scope: &Scope,
    id: ApplianceId,
) -> Result<Option<(Appliance, OrganisationId)>, DbErr> {
    let row = Entity::find_by_id(id.0)
        .filter(within(scope, Column::OrganisationId))
        // SQLite has one connection that writes; there this says nothing.
        .lock_exclusive()
        .one(txn)
        .await?;
    let Some(row) = row else { return Ok(None) };
    let organisation = OrganisationId(row.organisation_id);
    Ok(summaries(txn, vec![row]).await?.pop().map(|appliance| (appliance, organisation)))
}

/// The same for work that goes on by itself, on what an operator chose in their scope.
pub async fn lock_chosen(
    txn: &impl ConnectionTrait,
    id: ApplianceId,
) -> Result<Option<(Appliance, OrganisationId)>, DbErr> {
    let Some(row) = Entity::find_by_id(id.0).lock_exclusive().one(txn).await? else {
        return Ok(None);
    };
    let organisation = OrganisationId(row.organisation_id);
    Ok(summaries(txn, vec![row]).await?.pop().map(|appliance| (appliance, organisation)))
}

/// Those of `ids` that are in the scope, by name.
pub async fn by_names(
    db: &impl ConnectionTrait,
    scope: &Scope,
    ids: &[ApplianceId],
) -> Result<Vec<Appliance>, DbErr> {
    let rows = Entity::find()
        .filter(Column::Id.is_in(ids.iter().map(|id| id.0)))
        .filter(within(scope, Column::OrganisationId))
        .order_by_asc(Column::Name)
        .order_by_asc(Column::Id)
        .all(db)
        .await?;
    summaries(db, rows).await
}

/// Revokes every key of an appliance.
pub async fn revoke_credentials(
    txn: &impl ConnectionTrait,
    id: ApplianceId,
    now: Timestamp,
) -> Result<(), DbErr> {
    credential::Entity::update_many()
        .col_expr(credential::Column::Status, Expr::value("revoked"))
        .col_expr(credential::Column::RevokedAt, Expr::value(now.as_millis()))
        .filter(credential::Column::ApplianceId.eq(id.0))
        .filter(credential::Column::RevokedAt.is_null())
        .exec(txn)
        .await
        .map(|_| ())
}

/// How many of the accepted appliances that were seen since `since` have said hello to this
/// incarnation of the server, and how many there are.
pub async fn reconciled(
    db: &impl ConnectionTrait,
    scope: Option<&Scope>,
    incarnation: u64,
    since: Timestamp,
) -> Result<(u64, u64), DbErr> {
    use sea_orm::PaginatorTrait as _;
    let mut all = Entity::find()
        .filter(Column::State.eq(ApplianceState::Accepted.as_str()))
        .filter(Column::LastSeenAt.gte(since.as_millis()));
    if let Some(scope) = scope {
        all = all.filter(within(scope, Column::OrganisationId));
    }
    let incarnation = i64::try_from(incarnation).unwrap_or(i64::MAX);
    let done = all.clone().filter(Column::Incarnation.gte(incarnation)).count(db).await?;
    Ok((done, all.count(db).await?))
}
