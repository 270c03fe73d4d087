//! The set of a migration: one that is its own from the beginning, so that no other backup goes on with it and it
//! goes on with no other. Which one that is lies beside the story, where whoever makes room on the drive finds it.

use std::path::PathBuf;

use domfleet_shared::id::{MigrationId, SetId, VmId};
use domfleet_shared::migration::Event;
use domfleet_shared::migration::plan::Copies;
use uuid::Builder;

use super::error::TurnError;
use super::host::Host;
use super::ledger::Ledger;
use super::scene::{Scene, planned};
use crate::backup::medium::Medium;
use crate::backup::prepare::{Prepared, prepare_for};
use crate::backup::tools::Tools;
use crate::backup::{self, create, duplicate, durable, list, parity};
use crate::migration::{book, holds};

/// Copies all VMs into the set, seals it, and puts that on record. Whatever interrupts it, the same call goes on.
pub(super) fn back_up<H: Host>(
    scene: &Scene<'_, H>,
    ledger: &mut Ledger<'_, H>,
) -> Result<(), TurnError> {
    let drive = scene.drive()?;
    let sources = scene.host.sources();
    let prepared = prepare(scene, ledger, &sources)?;
    let paced = scene.host.paced(scene.meter, &prepared.plan);
    let tools = scene.tools(drive, &paced);
    let prepared = reserved(tools, ledger.migration(), prepared)?;
    let (plan, configs) = (&prepared.plan, &prepared.configs);
    // What is sealed already may be of another time: then it is brought up to what the disks are now.
    if create::sealed_as(drive, plan.set)?.is_some()
        && !create::is_as_copied(drive, plan, &sources)?
    {
        create::reopen(tools, plan)?;
    }
    let proof = if plan.parity {
        parity::create_protected(tools, plan, configs, &sources, |_| ())?
    } else {
        create(tools, plan, configs, &sources)?
    };
    let sealed = create::sealed_as(drive, plan.set)?.ok_or(backup::BackupError::NotSealed)?;
    let generation = proof.manifest.generation;
    ledger.tell(Event::Sealed { set: plan.set, generation, manifest: sealed })
}

/// Reads every byte of the set back, after the last one of it was written, and puts that on record. What is damaged
/// is written again, and the set sealed anew.
pub(super) fn verify<H: Host>(
    scene: &Scene<'_, H>,
    ledger: &mut Ledger<'_, H>,
) -> Result<(), TurnError> {
    let drive = scene.drive()?;
    let sealed = ledger.story().sealed;
    let sealed = sealed.ok_or(backup::BackupError::NotSealed)?;
    if create::sealed_as(drive, sealed.set)? != Some(sealed.manifest) {
        // It was found damaged, and whoever was making it again was cut off.
        return back_up(scene, ledger);
    }
    let proof = backup::verify(scene.tools(drive, scene.meter), sealed.set)?;
    if let Some(damage) = proof.damages.first() {
        tracing::warn!(set = %sealed.set, %damage, "the set is damaged, and is made again");
        let prepared = prepare(scene, ledger, &scene.host.sources())?;
        let tools = scene.tools(drive, scene.meter);
        let prepared = reserved(tools, ledger.migration(), prepared)?;
        create::reopen(tools, &prepared.plan)?;
        return back_up(scene, ledger);
    }
    ledger.tell(Event::Verified { generation: sealed.generation })
}

/// Brings the set onto the second drive, reads every byte back there, and puts that on record.
pub(super) fn copy<H: Host>(
    scene: &Scene<'_, H>,
    ledger: &mut Ledger<'_, H>,
) -> Result<(), TurnError> {
    let (drive, (id, second)) = (scene.drive()?, scene.second()?);
    let migration = ledger.migration();
    let sealed = ledger.story().sealed.ok_or(backup::BackupError::NotSealed)?;
    let failed = "reserving the set on the second drive";
    durable::make_folders(second, &book::folder(migration)).map_err(TurnError::io(failed))?;
    holds::reserve(second, migration, sealed.set).map_err(TurnError::io(failed))?;
    duplicate(scene.tools(drive, scene.meter), second, sealed.set)?;
    if create::sealed_as(second, sealed.set)? != Some(sealed.manifest) {
        let why = "what is on the second drive is another set than the one that was proved";
        return Err(TurnError::Refused(why.to_owned()));
    }
    ledger.tell(Event::Copied { drive: id, generation: sealed.generation })
}

/// The VMs of the plan, as they are to be backed up.
fn prepare<H: Host>(
    scene: &Scene<'_, H>,
    ledger: &Ledger<'_, H>,
    sources: &H::Sources,
) -> Result<Prepared, TurnError> {
    let plan = &ledger.story().plan;
    let vms = scene.host.vms()?;
    let mut configs: Vec<PathBuf> = Vec::new();
    for vm in &plan.vms {
        let there = planned(&vms, plan, vm.uuid).and_then(|there| there.config_path.clone());
        let path = there.ok_or_else(|| {
            TurnError::Refused(format!(
                "{} has no configuration on this appliance: without one nobody could start it again",
                vm.name
            ))
        })?;
        configs.push(path.into());
    }
    let ids: Vec<VmId> = plan.vms.iter().map(|vm| vm.uuid).collect();
    let mut prepared = prepare_for(&configs, scene.host.clock().now(), sources)?.known_as(&ids);
    prepared.plan.geometry = scene.host.geometry();
    // What nobody is to meet twice comes from one place.
    let mut dice = [0; 10];
    scene.host.random(&mut dice)?;
    let at = u64::try_from(prepared.plan.created_at.as_millis()).unwrap_or_default();
    prepared.plan.set = SetId(Builder::from_unix_timestamp_millis(at, &dice).into_uuid());
    // On one drive alone there is nothing else to mend a bad sector with.
    prepared.plan.parity = matches!(plan.copies, Copies::Accepted { .. });
    Ok(prepared)
}

/// The same under the set that is reserved for the migration; another one where that was begun with other disks.
fn reserved<M: Medium>(
    tools: Tools<'_, M>,
    migration: MigrationId,
    prepared: Prepared,
) -> Result<Prepared, TurnError> {
    let failed = "reading which set is this migration's";
    let kept = holds::reserved(tools.medium, migration).map_err(TurnError::io(failed))?;
    let mut prepared = prepared;
    if let Some(set) = kept {
        let begun = list::list(tools.medium)?.into_iter().find(|listed| listed.set == set);
        match begun {
            // Nothing of it is there yet.
            None => {
                prepared.plan.set = set;
                return Ok(prepared);
            }
            Some(begun) if begun.trouble.is_none() => {
                if let Some(begun) = prepared.as_begun(&begun.plan) {
                    return Ok(begun);
                }
            }
            Some(_) => {}
        }
    }
    holds::reserve(tools.medium, migration, prepared.plan.set)
        .map_err(TurnError::io("reserving a set for this migration"))?;
    Ok(prepared)
}
