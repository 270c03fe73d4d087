//! Making a set: copy, seal, read everything back. Whatever interrupts it, the same call goes on.

use std::collections::{BTreeMap, BTreeSet};

use domfleet_shared::id::{SetId, VmId};

use super::appliance;
use super::copy::copy;
use super::documents::{
    self, MANIFEST, Manifest, Plan, PlannedDisk, SavedDisk, SavedFile, SavedVm,
};
use super::durable;
use super::error::BackupError;
use super::hash::Hash;
use super::medium::Medium;
use super::names::{DiskId, Folder};
use super::open_set::OpenSet;
use super::room;
use super::source::{Source as _, Sources};
use super::standing::{self, Event, Standing};
use super::tools::Tools;
use super::verify::{self, Proof};

/// So often what could not be read back is written again, before the drive is to blame.
const ATTEMPTS: usize = 3;

/// Brings everything in `plan` into its set and proves it. `configs` are the xl configurations of the
/// plan's VMs.
///
/// Where it fails, or is killed, what is in the set is kept, and the same call goes on from there.
pub fn create<M: Medium>(
    tools: Tools<'_, M>,
    plan: &Plan,
    configs: &BTreeMap<VmId, Vec<u8>>,
    sources: &impl Sources,
) -> Result<Proof, BackupError> {
    room::check(tools, plan, sources)?;
    let mut last = String::new();
    for _ in 0..ATTEMPTS {
        let mut set = OpenSet::open(tools, plan)?;
        if set.record.standing.sealed.is_none() {
            fill(&mut set, configs, sources)?;
        }
        // What is open on the medium is in the way of mounting it anew.
        drop(set);
        let proof = verify::verify(tools, plan.set)?;
        let Some(damage) = proof.damages.first() else { return Ok(proof) };
        last = damage.to_string();
        reopen(tools, plan)?;
    }
    Err(BackupError::Unreliable(last))
}

/// From here on, what is in the set counts as unproved again, and [`create`] brings it up to what its disks are.
pub fn reopen<M: Medium>(tools: Tools<'_, M>, plan: &Plan) -> Result<(), BackupError> {
    let mut set = OpenSet::open(tools, plan)?;
    let generation = set.record.standing.generation + 1;
    set.record.add(Event::Reopened { generation })
}

fn fill<M: Medium>(
    set: &mut OpenSet<'_, M>,
    configs: &BTreeMap<VmId, Vec<u8>>,
    sources: &impl Sources,
) -> Result<(), BackupError> {
    // The plan that is in the set is the one that counts: it was there first.
    let plan = set.plan.clone();
    let mut saved_configs = BTreeMap::new();
    for vm in &plan.vms {
        let failed = BackupError::medium("writing a configuration");
        let name = set.folder.config(vm.uuid);
        let folder = name.rsplit_once('/').map_or("", |(folder, _)| folder);
        durable::make_folders(set.tools.medium, folder).map_err(&failed)?;
        let stored = set.cipher.seal_file(&name, config(configs, vm.uuid)).map_err(&failed)?;
        durable::publish(set.tools.medium, &name, &stored).map_err(&failed)?;
        saved_configs.insert(vm.uuid, Hash::of(&stored));
    }
    let appliance = appliance::save(set.tools.medium, &set.folder, &set.cipher, sources)?;
    let total = plan.disks().map(|(_, _, disk)| disk.virtual_bytes).sum();
    set.tools.meter.begin("copying", total);
    for (_, id, disk) in plan.disks() {
        // Of a snapshot that has overflowed nothing can be read, and that is what to say.
        copy(set, id, disk, sources).or_else(|error| match error {
            BackupError::Source { .. } => sources.check().and(Err(error)),
            error => Err(error),
        })?;
    }
    sources.check()?;
    // The first disk may have been copied days ago, and its VM have run since.
    for (_, id, disk) in plan.disks() {
        let copied = set.record.standing.disk(id).copied;
        if let Some((Some(before), _)) = copied
            && looks(disk, sources)? != Some(before)
        {
            return Err(BackupError::Changed(disk.path.clone()));
        }
    }
    let configs = plan.vms.iter().map(|vm| {
        let hash = saved_configs.get(&vm.uuid).copied().unwrap_or_else(|| Hash::of(b""));
        (hash, config(configs, vm.uuid).len() as u64)
    });
    seal(set, &plan, &configs.collect::<Vec<_>>(), appliance)
}

/// Whether the disks of a set look as they did when they were copied into it: then a set that was sealed
/// and not verified is still the backup that was wanted. Of volumes that cannot be told.
pub fn is_as_copied<M: Medium>(
    medium: &M,
    plan: &Plan,
    sources: &impl Sources,
) -> Result<bool, BackupError> {
    let standing = Standing::of(&standing::read(medium, &Folder::new(plan.set))?.records);
    for (_, id, disk) in plan.disks() {
        if is_disk_as_copied(&standing, id, disk, sources)? != Some(true) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The VMs of a set of which a disk does not look any more as it did when it was copied. Of volumes that cannot
/// be told, nor of what cannot be read.
pub fn changed<M: Medium>(
    medium: &M,
    set: SetId,
    sources: &impl Sources,
) -> Result<BTreeSet<VmId>, BackupError> {
    let folder = Folder::new(set);
    let standing = Standing::of(&standing::read(medium, &folder)?.records);
    let sealed = standing.sealed.ok_or(BackupError::NotSealed)?;
    let (manifest, _) = verify::manifest(medium, &folder, sealed)?;
    let mut changed = BTreeSet::new();
    for (id, disk) in manifest.disks() {
        if let Ok(Some(false)) = is_disk_as_copied(&standing, id, &disk.planned, sources) {
            changed.insert(id.vm);
        }
    }
    Ok(changed)
}

/// The hash of the manifest of a set that is sealed, and nothing of another.
pub fn sealed_as(medium: &impl Medium, set: SetId) -> Result<Option<Hash>, BackupError> {
    Ok(Standing::of(&standing::read(medium, &Folder::new(set))?.records).sealed)
}

/// Whether a disk looks as it did when it was copied; nothing where that cannot be told, as of a volume.
pub(super) fn is_disk_as_copied(
    standing: &Standing,
    id: DiskId,
    disk: &PlannedDisk,
    sources: &impl Sources,
) -> Result<Option<bool>, BackupError> {
    let before = standing.disk(id).copied.and_then(|(source, _)| source);
    let Some(before) = before else { return Ok(None) };
    Ok(Some(looks(disk, sources)? == Some(before)))
}

fn looks(disk: &PlannedDisk, sources: &impl Sources) -> Result<Option<Hash>, BackupError> {
    sources
        .open(disk)
        .and_then(|source| source.fingerprint())
        .map_err(BackupError::source(&disk.path))
}

fn config(configs: &BTreeMap<VmId, Vec<u8>>, vm: VmId) -> &[u8] {
    configs.get(&vm).map(Vec::as_slice).unwrap_or_default()
}

fn seal<M: Medium>(
    set: &mut OpenSet<'_, M>,
    plan: &Plan,
    configs: &[(Hash, u64)],
    appliance: Vec<SavedFile>,
) -> Result<(), BackupError> {
    let generation = set.record.standing.generation;
    let mut vms = Vec::new();
    for (vm, (config, config_bytes)) in plan.vms.iter().zip(configs) {
        let mut disks = Vec::new();
        for (_, id, planned) in plan.disks().filter(|(owner, ..)| owner.uuid == vm.uuid) {
            let (_, saved) = set.record.standing.disk(id).copied.ok_or(BackupError::NotSealed)?;
            disks.push(SavedDisk {
                planned: planned.clone(),
                data_bytes: saved.data_bytes,
                stored_bytes: saved.stored_bytes,
                content: saved.content,
                index: saved.index,
            });
        }
        vms.push(SavedVm {
            uuid: vm.uuid,
            name: vm.name.clone(),
            config_bytes: *config_bytes,
            config: *config,
            disks,
            left_out: vm.left_out.clone(),
        });
    }
    let manifest = Manifest {
        format: documents::format(plan.key),
        key: plan.key,
        set: plan.set,
        generation,
        created_at: plan.created_at,
        sealed_at: set.tools.clock.now(),
        geometry: plan.geometry,
        vms,
        appliance,
    };
    let failed = BackupError::medium("sealing the set");
    let bytes = serde_json::to_vec_pretty(&manifest).map_err(std::io::Error::other);
    let bytes = bytes.map_err(&failed)?;
    durable::publish(set.tools.medium, &set.folder.file(MANIFEST), &bytes).map_err(&failed)?;
    set.record.add(Event::Sealed { generation, manifest: Hash::of(&bytes) })
}
