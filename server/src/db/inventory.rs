//! What appliances report of themselves: the newest content of each section, and every boot.

use std::collections::BTreeMap;

use domfleet_shared::Timestamp;
use domfleet_shared::id::{ApplianceId, OrganisationId};
use domfleet_shared::inventory::{Content, Digests, Facts, Section, Vm, VmState};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QuerySelect, UpdateMany,
};

use super::entity::{appliance, inventory};
use super::{appliances, boots, events, mitigations, pools, usb_drives};

/// Whose inventory it is.
#[derive(Clone, Copy, Debug)]
pub struct Reporter {
    pub organisation: OrganisationId,
    pub appliance: ApplianceId,
    pub epoch: u32,
}

/// The digests of what is stored of `appliance`.
pub async fn digests(
    db: &impl ConnectionTrait,
    appliance: ApplianceId,
) -> Result<BTreeMap<String, String>, DbErr> {
    let rows: Vec<(String, String)> = inventory::Entity::find()
        .select_only()
        .columns([inventory::Column::Section, inventory::Column::Digest])
        .filter(inventory::Column::ApplianceId.eq(appliance.0))
        .into_tuple()
        .all(db)
        .await?;
    Ok(rows.into_iter().collect())
}

/// The sections of `named` whose content is not stored.
pub fn missing(stored: &BTreeMap<String, String>, named: &Digests) -> Vec<Section> {
    Section::ALL
        .into_iter()
        .filter(|section| {
            named.get(section).is_some_and(|digest| stored.get(section.as_str()) != Some(digest))
        })
        .collect()
}

/// Stores a section, and what the appliance's row shows of it; tells whoever follows, and so is
/// the end of a transaction.
pub async fn store(
    db: &impl ConnectionTrait,
    reporter: Reporter,
    content: &Content,
    now: Timestamp,
) -> Result<(), DbErr> {
    insert_section(db, reporter, content, now).await?;
    match content {
        Content::Facts(facts) => show_facts(db, reporter, facts).await?,
        Content::Vms(vms) => show_vms(db, reporter, vms).await?,
        Content::Storage(storage) => {
            let news = pools::watch(db, reporter, storage, now).await?;
            if !news.is_empty() {
                events::append(db, news, now).await?;
            }
        }
        Content::Boots(told) => boots::record(db, reporter, told, now).await?,
        Content::Usb(drives) => usb_drives::record(db, reporter, drives, now).await?,
        Content::Mitigations(standings) => {
            let news = mitigations::watch(db, reporter, standings, now).await?;
            if !news.is_empty() {
                events::append(db, news, now).await?;
            }
        }
    }
    appliances::changed(db, reporter.appliance, now).await
}

async fn insert_section(
    db: &impl ConnectionTrait,
    reporter: Reporter,
    content: &Content,
    now: Timestamp,
) -> Result<(), DbErr> {
    use inventory::{ActiveModel, Column, Entity};
    let document = match content {
        Content::Facts(facts) => serde_json::to_value(facts),
        Content::Vms(vms) => serde_json::to_value(vms),
        Content::Storage(storage) => serde_json::to_value(storage),
        Content::Boots(boots) => serde_json::to_value(boots),
        Content::Usb(drives) => serde_json::to_value(drives),
        Content::Mitigations(standings) => serde_json::to_value(standings),
    };
    let row = ActiveModel {
        appliance_id: Set(reporter.appliance.0),
        section: Set(content.section().as_str().into()),
        organisation_id: Set(reporter.organisation.0),
        digest: Set(content.digest()),
        document: Set(document.map_err(|error| DbErr::Json(error.to_string()))?),
        at: Set(now.as_millis()),
    };
    let newest = OnConflict::columns([Column::ApplianceId, Column::Section])
        .update_columns([Column::OrganisationId, Column::Digest, Column::Document, Column::At])
        .to_owned();
    Entity::insert(row).on_conflict(newest).exec_without_returning(db).await?;
    Ok(())
}

fn update(reporter: Reporter) -> UpdateMany<appliance::Entity> {
    use appliance::{Column, Entity};
    Entity::update_many().filter(Column::Id.eq(reporter.appliance.0))
}

async fn show_facts(
    db: &impl ConnectionTrait,
    reporter: Reporter,
    facts: &Facts,
) -> Result<(), DbErr> {
    use appliance::Column;
    let components = facts.components.clone();
    update(reporter)
        .col_expr(Column::Hostname, Expr::value(facts.hostname.clone()))
        .col_expr(Column::BootId, Expr::value(facts.boot_id.0))
        .col_expr(Column::BootedAt, Expr::value(facts.booted_at.as_millis()))
        .col_expr(Column::Hypervisor, Expr::value(components.hypervisor))
        .col_expr(Column::Dom0Kernel, Expr::value(components.dom0_kernel))
        .col_expr(Column::Xen, Expr::value(components.xen))
        .col_expr(Column::QemuInstalled, Expr::value(components.qemu_installed))
        .col_expr(Column::Alpine, Expr::value(components.alpine))
        .col_expr(Column::Agent, Expr::value(components.agent))
        .col_expr(Column::IoScheduler, Expr::value(components.io_scheduler))
        .col_expr(Column::Swap, Expr::value(components.swap))
        .col_expr(Column::Overcommit, Expr::value(components.overcommit.map(i32::from)))
        .exec(db)
        .await?;
    Ok(())
}

async fn show_vms(db: &impl ConnectionTrait, reporter: Reporter, vms: &[Vm]) -> Result<(), DbErr> {
    use appliance::Column;
    let count = |n: usize| i32::try_from(n).unwrap_or(i32::MAX);
    let running = vms.iter().filter(|vm| vm.state == VmState::Running).count();
    update(reporter)
        .col_expr(Column::VmsRunning, Expr::value(count(running)))
        .col_expr(Column::VmsTotal, Expr::value(count(vms.len())))
        .exec(db)
        .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_another_digest_or_none_is_missing_and_what_is_not_named_is_not() {
        let stored = BTreeMap::from([
            ("facts".to_owned(), "1".to_owned()),
            ("vms".to_owned(), "2".to_owned()),
        ]);
        let named = Digests::from([
            (Section::Facts, "1".to_owned()),
            (Section::Vms, "9".to_owned()),
            (Section::Storage, "3".to_owned()),
            (Section::Unknown, "4".to_owned()),
        ]);

        assert_eq!(missing(&stored, &named), [Section::Vms, Section::Storage]);
    }
}
