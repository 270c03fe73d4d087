//! What was watched of appliances: their boots and the uptimes of before, cut where something changed.

use std::collections::HashMap;

use domfleet_shared::Timestamp;
use domfleet_shared::boot::Boot;
use domfleet_shared::diagnosis::{Interval, Running, intervals};
use domfleet_shared::id::{ApplianceId, BootId};
use futures_util::TryStreamExt as _;
use sea_orm::sea_query::SelectStatement;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    QueryTrait as _, StreamTrait,
};
use uuid::Uuid;

use super::entity::{appliance, boot};
use super::scope::Names;
use super::{appliance_list, boots, imports};
use crate::auth::Scope;
use crate::domain::filter::Filter;
use crate::domain::people::Named;

/// What was watched.
#[derive(Debug, Default)]
pub struct Watched {
    /// The intervals; appliances go by their ids, those that are only known from a table by their names.
    pub intervals: Vec<Interval>,
    /// How many boots say nothing, by why.
    pub left_out: HashMap<String, u64>,
    /// How many intervals come from tables.
    pub imported: u64,
}

/// Of the appliances in the scope for which `filter` holds. What is only known from a table is among them where
/// nothing is asked for: nothing else is known of it.
pub async fn watched(
    db: &(impl ConnectionTrait + StreamTrait),
    scope: &Scope,
    filter: &Filter,
    now: Timestamp,
) -> Result<Watched, DbErr> {
    let ids = appliance_list::ids(db, scope, filter, now).await?;
    let mut found = of_boots(db, &ids).await?;
    let known = (!filter.terms.is_empty()).then_some(&ids);
    let imported = imports::intervals(db, scope, known).await?;
    found.imported = imported.len() as u64;
    found.intervals.extend(imported);
    Ok(found)
}

/// Of one appliance that was found in the caller's scope, in the order of time. What was brought in tables is not
/// among them.
pub async fn of_appliance(
    db: &(impl ConnectionTrait + StreamTrait),
    id: ApplianceId,
) -> Result<Vec<Interval>, DbErr> {
    use appliance::{Column, Entity};
    let only = Entity::find_by_id(id.0).select_only().column(Column::Id).into_query();
    Ok(of_boots(db, &only).await?.intervals)
}

/// The names of appliances, of those that are known by their ids.
pub async fn names<'n>(
    db: &impl ConnectionTrait,
    appliances: impl IntoIterator<Item = &'n str>,
) -> Result<Vec<Named>, DbErr> {
    let mut ids: Vec<Uuid> = appliances.into_iter().filter_map(|id| id.parse().ok()).collect();
    ids.sort_unstable();
    ids.dedup();
    let names = Names::appliances(db, ids.iter().copied()).await?;
    Ok(ids.into_iter().map(|id| names.named(id)).collect())
}

async fn of_boots(
    db: &(impl ConnectionTrait + StreamTrait),
    ids: &SelectStatement,
) -> Result<Watched, DbErr> {
    let running = running(db, ids).await?;
    let mut found = Watched::default();
    let mut rows = boot::Entity::find()
        .filter(boot::Column::ApplianceId.in_subquery(ids.clone()))
        .order_by_asc(boot::Column::ApplianceId)
        .order_by_asc(boot::Column::StartedAt)
        .stream(db)
        .await?;
    let mut of_one: (Option<Uuid>, Vec<Boot>) = (None, Vec::new());
    while let Some(row) = rows.try_next().await? {
        let appliance = Some(row.appliance_id);
        if of_one.0 != appliance {
            found.take(of_one, &running);
            of_one = (appliance, Vec::new());
        }
        of_one.1.push(boots::boot(row)?.boot);
    }
    found.take(of_one, &running);
    Ok(found)
}

impl Watched {
    fn take(
        &mut self,
        (appliance, boots): (Option<Uuid>, Vec<Boot>),
        running: &HashMap<Uuid, Running>,
    ) {
        let Some(appliance) = appliance else { return };
        let of = intervals(&appliance.to_string(), &boots, running.get(&appliance).copied());
        self.intervals.extend(of.intervals);
        for (_, why) in of.left_out {
            *self.left_out.entry(why.to_string()).or_default() += 1;
        }
    }
}

/// The boots that run, and for how long they did when their appliances were last heard of.
async fn running(
    db: &impl ConnectionTrait,
    ids: &SelectStatement,
) -> Result<HashMap<Uuid, Running>, DbErr> {
    use appliance::{Column, Entity};
    let rows: Vec<(Uuid, Option<Uuid>, Option<i64>)> = Entity::find()
        .select_only()
        .columns([Column::Id, Column::BootId, Column::UptimeSeconds])
        .filter(Column::Id.in_subquery(ids.clone()))
        .into_tuple()
        .all(db)
        .await?;
    let running = |(id, boot, uptime): (Uuid, Option<Uuid>, Option<i64>)| {
        let uptime_seconds = u64::try_from(uptime?).ok()?;
        Some((id, Running { boot: BootId(boot?), uptime_seconds }))
    };
    Ok(rows.into_iter().filter_map(running).collect())
}
