//! What each step does to a simulated host: what `xl` and LVM would have done.

use std::collections::BTreeSet;

use domfleet_agent::dom0::step::{MANAGED_TAG, operation_tag};
use domfleet_agent::dom0::{Dom0Error, Step};
use domfleet_shared::id::{OperationId, VmId};
use tokio::time::Instant;

use super::boot::Happening;
use super::effect::{Effect, kind};
use super::hardware::{self, Guest};
use super::host::State;

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
                state.effects.push(Effect::ConfigAdopted(*vm));
            }
        }
        Step::CreateVolume { operation, volume_group, name, size_bytes } => {
            let new = New { operation: *operation, volume_group, name, size_bytes: *size_bytes };
            if new.make(state, None)? {
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
            if new.make(state, Some(&origin.name))? {
                state.effects.push(Effect::SnapshotTaken(name.clone()));
            }
        }
        Step::RemoveVolume { lv_uuid, .. } => {
            let volumes = &mut state.appliance.volumes;
            let Some(at) = volumes.iter().position(|volume| volume.lv_uuid == *lv_uuid) else {
                return Ok(None);
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

/// A volume to be made.
struct New<'a> {
    operation: OperationId,
    volume_group: &'a str,
    name: &'a str,
    size_bytes: u64,
}

impl New<'_> {
    /// Makes it, unless this operation has; says whether it did.
    fn make(&self, state: &mut State, origin: Option<&str>) -> Result<bool, Dom0Error> {
        let refused = |why: String| Err(Dom0Error::refused("lvcreate", why));
        let ours = operation_tag(self.operation);
        if state.appliance.volumes.iter().any(|volume| volume.tags.contains(&ours)) {
            return Ok(false);
        }
        let (group, name) = (self.volume_group, self.name);
        let free = state.free_room(group)?;
        if state.appliance.volumes.iter().any(|v| v.volume_group == group && v.name == name) {
            return refused(format!(
                "Logical Volume \"{name}\" already exists in volume group \"{group}\""
            ));
        }
        if free < self.size_bytes {
            return refused(format!("Volume group \"{group}\" has insufficient free space"));
        }
        let mut volume = hardware::volume(&mut state.dice, name, self.size_bytes);
        group.clone_into(&mut volume.volume_group);
        "-wi-a-----".clone_into(&mut volume.attributes);
        if let Some(origin) = origin {
            "swi-a-s---".clone_into(&mut volume.attributes);
            volume.origin = Some(origin.to_owned());
            volume.data_basis_points = Some(0);
        }
        hardware::tag(&mut volume, BTreeSet::from([MANAGED_TAG.to_owned(), ours]));
        state.appliance.volumes.push(volume);
        Ok(true)
    }
}
