//! What each step does to a simulated host: what `xl` and LVM would have done.

use std::collections::BTreeSet;
use std::time::Duration;

use domfleet_agent::dom0::snapshots::BACKUP_TAG;
use domfleet_agent::dom0::step::{MANAGED_TAG, operation_tag};
use domfleet_agent::dom0::{DiskSnapshot, Dom0Error, Step};
use domfleet_shared::id::{OperationId, VmId};
use domfleet_shared::inventory::Volume;
use tokio::time::Instant;

use super::boot::Happening;
use super::effect::{Effect, kind};
use super::hardware::{self, Guest, SimVm};
use super::host::State;

/// A merge goes on in the background.
const MERGES_WITHIN: Duration = Duration::from_millis(300);
/// Where adopted configurations are.
const OUR_CONFIGS: &str = "/var/lib/domfleet/vms";

/// Does `step`, unless it is done; says what it makes happen to the whole appliance.
pub(super) fn carry_out(state: &mut State, step: &Step) -> Result<Option<Happening>, Dom0Error> {
    let refused = |why: &str| Err(Dom0Error::refused(kind(step), why));
    match step {
        Step::CreateDomain { vm, config_path } => create_domain(state, *vm, config_path)?,
        Step::ShutDownDomain { vm, domid } => shut_down(state, *vm, *domid),
        Step::DestroyDomain { vm, domid } => {
            if state.domains.get(domid).is_some_and(|domain| domain.uuid == *vm) {
                state.domains.remove(domid);
                state.effects.push(Effect::DomainDestroyed(*vm));
            }
        }
        Step::PauseDomain { vm, domid } => set_paused(state, *vm, *domid, true),
        Step::UnpauseDomain { vm, domid } => set_paused(state, *vm, *domid, false),
        Step::RenameDomain { vm, domid, name } => {
            let is_it = state.domains.get(domid).is_some_and(|domain| domain.uuid == *vm);
            if let Some(found) = state.appliance.vms.get_mut(vm).filter(|_| is_it) {
                found.name.clone_from(name);
                state.effects.push(Effect::DomainRenamed(*vm));
            }
        }
        Step::WriteConfig { vm, text, replaces } => {
            write_config(state, *vm, text, replaces.as_ref())?;
        }
        Step::RemoveConfig { vm, .. } => {
            if state.domain_of(*vm).is_some() {
                return refused("it runs");
            }
            if state.appliance.vms.remove(vm).is_some() {
                state.effects.push(Effect::ConfigRemoved(*vm));
            }
        }
        Step::SetAutostart { vm, enabled, .. } => {
            let Some(found) = state.appliance.vms.get_mut(vm) else {
                return refused("no such file");
            };
            if found.starts_with_dom0 != *enabled {
                found.starts_with_dom0 = *enabled;
                state.effects.push(Effect::AutostartSet(*vm, *enabled));
            }
        }
        Step::AdoptConfig { vm, config_path, macs } => {
            let Some(found) = state.appliance.vms.get_mut(vm) else {
                return refused("no such file");
            };
            if found.config_path.as_ref() != Some(config_path) && !found.managed {
                return refused("no such file");
            }
            if !found.managed {
                found.managed = true;
                found.config_path = Some(format!("{OUR_CONFIGS}/{vm}.cfg"));
                found.macs.clone_from(macs);
                found.config = Some(found.written());
                state.effects.push(Effect::ConfigAdopted(*vm));
            }
        }
        Step::CreateVolume { .. }
        | Step::CreateThinPool { .. }
        | Step::SnapshotVolume { .. }
        | Step::SnapshotDisks { .. }
        | Step::GrowVolume { .. }
        | Step::RenameVolume { .. }
        | Step::RevertVolume { .. }
        | Step::RemoveVolume { .. }
        | Step::AdoptVolume { .. } => storage_step(state, step)?,
        Step::Reboot => {
            if !state.run.is_going_down {
                state.run.is_going_down = true;
                state.effects.push(Effect::Rebooted);
                return Ok(Some(Happening::Restart));
            }
        }
        Step::ForgetKeptLog { name } => state.kept.logs.retain(|log| log.name != *name),
    }
    Ok(None)
}

/// What LVM would have done.
fn storage_step(state: &mut State, step: &Step) -> Result<(), Dom0Error> {
    let refused = |why: &str| Err(Dom0Error::refused(kind(step), why));
    match step {
        Step::CreateThinPool { operation, volume_group, name, size_bytes, .. } => {
            let new = New { operation: *operation, volume_group, name, size_bytes: *size_bytes };
            if new.make(state, Kind::Pool)? {
                state.effects.push(Effect::PoolCreated(name.clone()));
            }
        }
        Step::GrowVolume { lv_uuid, size_bytes, volume_group, .. } => {
            let free = state.free_room(volume_group)?;
            let Some(found) = ours(state, lv_uuid) else { return refused("no such volume") };
            if *size_bytes > found.size_bytes {
                if size_bytes - found.size_bytes > free {
                    return refused("insufficient free space");
                }
                found.size_bytes = *size_bytes;
                state.effects.push(Effect::VolumeGrown(lv_uuid.clone()));
            }
        }
        Step::RenameVolume { lv_uuid, to, .. } => {
            if state.appliance.volumes.iter().any(|volume| volume.name == *to) {
                return refused("already exists");
            }
            let Some(found) = ours(state, lv_uuid) else { return refused("no such volume") };
            found.name.clone_from(to);
            state.effects.push(Effect::VolumeRenamed(lv_uuid.clone()));
        }
        Step::RevertVolume { lv_uuid, .. } => {
            let Some(found) = ours(state, lv_uuid) else { return refused("no such volume") };
            if !found.attributes.starts_with('S') {
                "Swi-a-s---".clone_into(&mut found.attributes);
                state.merges.push((lv_uuid.clone(), Instant::now() + MERGES_WITHIN));
                state.effects.push(Effect::VolumeReverted(lv_uuid.clone()));
            }
        }
        Step::CreateVolume { operation, volume_group, name, size_bytes, thin_pool } => {
            let new = New { operation: *operation, volume_group, name, size_bytes: *size_bytes };
            if new.make(state, thin_pool.as_deref().map_or(Kind::Thick, Kind::In))? {
                state.effects.push(Effect::VolumeCreated(name.clone()));
            }
        }
        Step::SnapshotVolume { operation, origin_uuid, volume_group, name, size_bytes, .. } => {
            let origin = state.appliance.volumes.iter().find(|v| v.lv_uuid == *origin_uuid);
            let Some(origin) = origin.cloned() else {
                return refused("Failed to find logical volume");
            };
            let size_bytes = size_bytes.unwrap_or(0);
            let new = New { operation: *operation, volume_group, name, size_bytes };
            if new.make(state, Kind::SnapshotOf(&origin.name))? {
                state.effects.push(Effect::SnapshotTaken(name.clone()));
            }
        }
        Step::SnapshotDisks { operation, vm, pause, disks, .. } => {
            if let Some(domid) = pause {
                set_paused(state, *vm, *domid, true);
            }
            let taken = disks.iter().try_for_each(|disk| snapshot(state, *operation, disk));
            if let Some(domid) = pause {
                set_paused(state, *vm, *domid, false);
            }
            taken?;
        }
        Step::RemoveVolume { lv_uuid, .. } => {
            let volumes = &mut state.appliance.volumes;
            let Some(at) = volumes.iter().position(|volume| volume.lv_uuid == *lv_uuid) else {
                return Ok(());
            };
            if !volumes[at].managed {
                return refused("it does not carry our tag");
            }
            volumes.remove(at);
            state.effects.push(Effect::VolumeRemoved(lv_uuid.clone()));
        }
        Step::AdoptVolume { lv_uuid, .. } => {
            let found = state.appliance.volumes.iter_mut().find(|v| v.lv_uuid == *lv_uuid);
            let Some(found) = found else { return refused("Failed to find logical volume") };
            if !found.managed {
                hardware::tag(found, [MANAGED_TAG.to_owned()]);
                state.effects.push(Effect::VolumeAdopted(lv_uuid.clone()));
            }
        }
        _ => {}
    }
    Ok(())
}

/// One of a VM's disks, for a backup.
fn snapshot(
    state: &mut State,
    operation: OperationId,
    disk: &DiskSnapshot,
) -> Result<(), Dom0Error> {
    let DiskSnapshot { origin_uuid, volume_group, origin, name, size_bytes } = disk;
    if state.appliance.volumes.iter().all(|volume| volume.lv_uuid != *origin_uuid) {
        return Err(Dom0Error::refused("lvcreate", "Failed to find logical volume"));
    }
    let new = New { operation, volume_group, name, size_bytes: size_bytes.unwrap_or(0) };
    if new.make(state, Kind::SnapshotOf(origin))? {
        if let Some(made) = state.appliance.volumes.last_mut() {
            hardware::tag(made, [BACKUP_TAG.to_owned()]);
        }
        // What is in it stays as it is now.
        if let Some(content) = state.contents.get(origin) {
            let copy = content.with_file_name(name);
            std::fs::copy(content, &copy)
                .map_err(|error| Dom0Error::refused("lvcreate", error.to_string()))?;
            state.contents.insert(name.clone(), copy);
        }
        state.effects.push(Effect::SnapshotTaken(name.clone()));
    }
    Ok(())
}

fn create_domain(state: &mut State, vm: VmId, config_path: &str) -> Result<(), Dom0Error> {
    let refused = |why: String| Err(Dom0Error::refused("xl create", why));
    if state.domain_of(vm).is_some() {
        return Ok(());
    }
    let free = state.free_memory();
    let Some(found) = state.appliance.vms.get(&vm) else {
        return refused(format!("Failed to read config file: {config_path}: No such file"));
    };
    if found.config_path.as_deref() != Some(config_path) {
        return refused(format!("Failed to read config file: {config_path}: No such file"));
    }
    if found.memory_bytes > free {
        return refused("failed to free memory for the domain".into());
    }
    state.create_domain(vm);
    state.effects.push(Effect::DomainCreated(vm));
    Ok(())
}

fn shut_down(state: &mut State, vm: VmId, domid: u32) {
    let Some(guest) = state.appliance.vms.get(&vm).map(|vm| vm.guest) else { return };
    let Some(domain) = state.domains.get_mut(&domid).filter(|domain| domain.uuid == vm) else {
        return;
    };
    if domain.gone_at.is_some() {
        return;
    }
    if let Guest::Obeys(after) = guest {
        domain.gone_at = Some(Instant::now() + after);
    }
    state.effects.push(Effect::ShutdownAsked(vm));
}

fn set_paused(state: &mut State, vm: VmId, domid: u32, paused: bool) {
    let Some(domain) = state.domains.get_mut(&domid).filter(|domain| domain.uuid == vm) else {
        return;
    };
    let letters = if paused { "--p---" } else { "-b----" };
    if domain.letters.starts_with("--p") != paused {
        domain.letters = letters;
        let effect = if paused { Effect::DomainPaused(vm) } else { Effect::DomainUnpaused(vm) };
        state.effects.push(effect);
    }
}

fn write_config(
    state: &mut State,
    vm: VmId,
    text: &str,
    replaces: Option<&String>,
) -> Result<(), Dom0Error> {
    let refused = |why: &str| Err(Dom0Error::refused("xl -N create", why));
    let path = format!("{OUR_CONFIGS}/{vm}.cfg");
    let Some(new) = SimVm::configured(vm, text, path) else { return refused("syntax error") };
    let is_taken = |other: &SimVm| other.name == new.name && other.uuid != vm;
    if state.appliance.vms.values().any(is_taken) {
        return refused("the name is taken");
    }
    let there = state.appliance.vms.get(&vm);
    let before = there.and_then(|vm| vm.config.clone());
    if before.as_deref() == Some(text) {
        return Ok(());
    }
    if before.as_ref() != replaces {
        return refused("somebody has changed it");
    }
    match state.appliance.vms.get_mut(&vm) {
        Some(there) => {
            let name = there.name.clone();
            let (starts, guest) = (there.starts_with_dom0, there.guest);
            *there = SimVm { starts_with_dom0: starts, guest, ..new };
            // A domain keeps its name until it is renamed itself.
            if state.domains.values().any(|domain| domain.uuid == vm) {
                there.name = name;
            }
        }
        None => _ = state.appliance.vms.insert(vm, new),
    }
    state.effects.push(Effect::ConfigWritten(vm));
    Ok(())
}

fn ours<'a>(state: &'a mut State, lv_uuid: &str) -> Option<&'a mut Volume> {
    let mut volumes = state.appliance.volumes.iter_mut();
    volumes.find(|volume| volume.lv_uuid == lv_uuid && volume.managed)
}

/// A snapshot is used up.
pub(super) fn merged(volumes: &mut Vec<Volume>, snapshot: &str) {
    volumes.retain(|volume| volume.lv_uuid != snapshot);
}

/// What a new volume is.
#[derive(Clone, Copy)]
enum Kind<'a> {
    Thick,
    Pool,
    /// In that pool.
    In(&'a str),
    /// A snapshot of that volume.
    SnapshotOf(&'a str),
}

/// A volume to be made.
struct New<'a> {
    operation: OperationId,
    volume_group: &'a str,
    name: &'a str,
    size_bytes: u64,
}

impl New<'_> {
    /// Makes it, unless this operation has; says whether it did.
    fn make(&self, state: &mut State, kind: Kind<'_>) -> Result<bool, Dom0Error> {
        let refused = |why: String| Err(Dom0Error::refused("lvcreate", why));
        let ours = operation_tag(self.operation);
        let (group, name) = (self.volume_group, self.name);
        let is_ours = |volume: &Volume| volume.name == name && volume.tags.contains(&ours);
        if state.appliance.volumes.iter().any(is_ours) {
            return Ok(false);
        }
        let free = state.free_room(group)?;
        if state.appliance.volumes.iter().any(|v| v.volume_group == group && v.name == name) {
            return refused(format!(
                "Logical Volume \"{name}\" already exists in volume group \"{group}\""
            ));
        }
        if free < self.size_bytes && !matches!(kind, Kind::In(_)) {
            return refused(format!("Volume group \"{group}\" has insufficient free space"));
        }
        let mut volume = hardware::volume(&mut state.dice, name, self.size_bytes);
        group.clone_into(&mut volume.volume_group);
        "-wi-a-----".clone_into(&mut volume.attributes);
        match kind {
            Kind::Thick => {}
            Kind::SnapshotOf(origin) => {
                "swi-a-s---".clone_into(&mut volume.attributes);
                volume.origin = Some(origin.to_owned());
                volume.data_basis_points = Some(0);
            }
            Kind::In(pool) => {
                "Vwi-a-tz--".clone_into(&mut volume.attributes);
                "thin".clone_into(&mut volume.segment_type);
                volume.pool = Some(pool.to_owned());
                volume.data_basis_points = Some(0);
            }
            Kind::Pool => {
                "twi-a-tz--".clone_into(&mut volume.attributes);
                "thin-pool".clone_into(&mut volume.segment_type);
                (volume.data_basis_points, volume.metadata_basis_points) = (Some(0), Some(1000));
            }
        }
        hardware::tag(&mut volume, BTreeSet::from([MANAGED_TAG.to_owned(), ours]));
        state.appliance.volumes.push(volume);
        Ok(true)
    }
}
