//! From an operation and what the host holds to the steps that carry it out.
//!
//! Pure. What is already there is not made again, so planning an operation that has succeeded
//! gives no steps.

use domfleet_shared::id::{OperationId, VmId};
use domfleet_shared::inventory::{Vm, VmState, Volume, VolumeGroup};
use domfleet_shared::operation::{Operation, Reason};

use crate::dom0::{Dom0Error, Observed, Step};

/// The steps of `operation` on a host that holds `host`, or why it cannot be begun.
pub(crate) fn plan(
    id: OperationId,
    operation: &Operation,
    host: &Observed,
) -> Result<Vec<Step>, Reason> {
    match operation {
        Operation::VmStart { vm } => start(find_vm(host, *vm)?),
        Operation::VmShutdown { vm, .. } => shut_down(find_vm(host, *vm)?),
        Operation::VmReboot { vm, .. } => reboot(find_vm(host, *vm)?),
        Operation::VmDestroy { vm } => Ok(destroy(find_vm(host, *vm)?)),
        Operation::VmAdopt { vm } => adopt_vm(find_vm(host, *vm)?),
        Operation::VolumeCreate { volume_group, name, size_bytes, thin_pool: None } => {
            create_volume(id, host, volume_group, name, *size_bytes)
        }
        Operation::VolumeSnapshot { volume, name, size_bytes } => {
            snapshot(id, host, volume, name, *size_bytes)
        }
        Operation::VolumeRemove { volume } => remove(host, volume),
        Operation::VolumeAdopt { volume } => Ok(adopt_volume(find_volume(host, volume)?)),
        Operation::ApplianceReboot => Ok(vec![Step::Reboot]),
        // It changes nothing in dom0; the bundle's own code carries it out.
        Operation::DebugBundle { .. } => Ok(Vec::new()),
        Operation::VmPause { .. }
        | Operation::VmUnpause { .. }
        | Operation::VmCreate(_)
        | Operation::VmChange(_)
        | Operation::VmRename { .. }
        | Operation::VmAutostart { .. }
        | Operation::VmRemove { .. }
        | Operation::VmConsoleLog { .. }
        | Operation::VolumeCreate { thin_pool: Some(_), .. }
        | Operation::ThinPoolCreate { .. }
        | Operation::VolumeGrow { .. }
        | Operation::VolumeRevert { .. }
        | Operation::VolumeRename { .. }
        | Operation::Unknown => Err(reason(
            "unknown_kind",
            "this agent does not know that kind of operation: update it",
        )),
    }
}

/// A reason with its word for programs.
pub(crate) fn reason(code: &str, message: impl Into<String>) -> Reason {
    Reason { code: code.to_owned(), message: message.into() }
}

fn unseen(error: &Dom0Error) -> Reason {
    reason("unknown", format!("dom0 could not be looked at: {error}"))
}

fn find_vm(host: &Observed, vm: VmId) -> Result<&Vm, Reason> {
    host.vm(vm)
        .map_err(|error| unseen(&error))?
        .ok_or_else(|| reason("not_found", format!("there is no VM {vm} on this appliance")))
}

fn find_volume<'a>(host: &'a Observed, lv_uuid: &str) -> Result<&'a Volume, Reason> {
    host.volume(lv_uuid)
        .map_err(|error| unseen(&error))?
        .ok_or_else(|| reason("not_found", format!("there is no volume {lv_uuid} here")))
}

fn create_domain(vm: &Vm) -> Result<Step, Reason> {
    let config_path = vm.config_path.clone().ok_or_else(|| {
        reason(
            "not_found",
            format!("no configuration file of {} was found to start it from", vm.name),
        )
    })?;
    Ok(Step::CreateDomain { vm: vm.uuid, config_path })
}

fn start(vm: &Vm) -> Result<Vec<Step>, Reason> {
    match vm.state {
        VmState::Running | VmState::Paused => Ok(Vec::new()),
        VmState::Off => Ok(vec![create_domain(vm)?]),
        VmState::Shutdown | VmState::Crashed | VmState::Dying | VmState::Unknown => Err(reason(
            "refused",
            format!("{} still has a domain, which does not run: destroy it first", vm.name),
        )),
    }
}

fn shut_down(vm: &Vm) -> Result<Vec<Step>, Reason> {
    match (vm.state, vm.domid) {
        (VmState::Off, _) | (_, None) => Ok(Vec::new()),
        (VmState::Paused, _) => Err(reason(
            "refused",
            format!("{} is paused and would not hear of it: unpause it first", vm.name),
        )),
        (VmState::Crashed, _) => {
            Err(reason("refused", format!("{} has crashed: destroy it", vm.name)))
        }
        (VmState::Running | VmState::Shutdown | VmState::Dying | VmState::Unknown, Some(domid)) => {
            Ok(vec![Step::ShutDownDomain { vm: vm.uuid, domid }])
        }
    }
}

fn reboot(vm: &Vm) -> Result<Vec<Step>, Reason> {
    // Looked for first: a guest that cannot be started again is not shut down.
    let create = create_domain(vm)?;
    let mut steps = shut_down(vm)?;
    steps.push(create);
    Ok(steps)
}

fn destroy(vm: &Vm) -> Vec<Step> {
    vm.domid.map(|domid| Step::DestroyDomain { vm: vm.uuid, domid }).into_iter().collect()
}

fn adopt_vm(vm: &Vm) -> Result<Vec<Step>, Reason> {
    if vm.managed {
        return Ok(Vec::new());
    }
    let config_path = vm.config_path.clone().ok_or_else(|| {
        reason("not_found", format!("no configuration file of {} was found to adopt", vm.name))
    })?;
    Ok(vec![Step::AdoptConfig { vm: vm.uuid, config_path, macs: vm.macs.clone() }])
}

fn create_volume(
    operation: OperationId,
    host: &Observed,
    volume_group: &str,
    name: &str,
    size_bytes: u64,
) -> Result<Vec<Step>, Reason> {
    check_name(name)?;
    let group = find_group(host, volume_group)?;
    check_free(host, volume_group, name)?;
    let size_bytes = whole_extents(group, size_bytes)?;
    let volume_group = volume_group.to_owned();
    Ok(vec![Step::CreateVolume { operation, volume_group, name: name.to_owned(), size_bytes }])
}

fn snapshot(
    operation: OperationId,
    host: &Observed,
    origin_uuid: &str,
    name: &str,
    size_bytes: Option<u64>,
) -> Result<Vec<Step>, Reason> {
    check_name(name)?;
    let origin = find_volume(host, origin_uuid)?;
    check_free(host, &origin.volume_group, name)?;
    let size_bytes = if origin.segment_type == "thin" {
        None
    } else {
        let group = find_group(host, &origin.volume_group)?;
        Some(whole_extents(group, size_bytes.unwrap_or(origin.size_bytes / 10))?)
    };
    Ok(vec![Step::SnapshotVolume {
        operation,
        origin_uuid: origin_uuid.to_owned(),
        volume_group: origin.volume_group.clone(),
        origin: origin.name.clone(),
        name: name.to_owned(),
        size_bytes,
    }])
}

fn remove(host: &Observed, lv_uuid: &str) -> Result<Vec<Step>, Reason> {
    let volume = find_volume(host, lv_uuid)?;
    let full_name = format!("{}/{}", volume.volume_group, volume.name);
    if !volume.managed {
        let message = format!("{full_name} was not made or adopted by us, so it is never removed");
        return Err(reason("not_ours", message));
    }
    if volume.attributes.as_bytes().get(5) == Some(&b'o') {
        return Err(reason("refused", format!("{full_name} is open: a VM uses it")));
    }
    if let Some(user) = user_of(host, volume)? {
        return Err(reason("refused", format!("{full_name} is a disk of the VM {}", user.name)));
    }
    Ok(vec![Step::RemoveVolume {
        lv_uuid: lv_uuid.to_owned(),
        volume_group: volume.volume_group.clone(),
        name: volume.name.clone(),
    }])
}

/// The VM that has the volume as a disk, running or not.
fn user_of<'a>(host: &'a Observed, volume: &Volume) -> Result<Option<&'a Vm>, Reason> {
    let vms = host.vms.as_ref().map_err(unseen)?;
    let plain = format!("/dev/{}/{}", volume.volume_group, volume.name);
    let doubled = |text: &str| text.replace('-', "--");
    let mapped = format!("/dev/mapper/{}-{}", doubled(&volume.volume_group), doubled(&volume.name));
    let uses = |vm: &&Vm| {
        let mut targets = vm.disks.iter().filter_map(|disk| disk.target.as_deref());
        targets.any(|target| target == plain || target == mapped)
    };
    Ok(vms.iter().find(uses))
}

fn adopt_volume(volume: &Volume) -> Vec<Step> {
    if volume.managed {
        return Vec::new();
    }
    vec![Step::AdoptVolume {
        lv_uuid: volume.lv_uuid.clone(),
        volume_group: volume.volume_group.clone(),
        name: volume.name.clone(),
    }]
}

fn find_group<'a>(host: &'a Observed, name: &str) -> Result<&'a VolumeGroup, Reason> {
    let storage = host.storage.as_ref().map_err(unseen)?;
    storage
        .volume_groups
        .iter()
        .find(|group| group.name == name)
        .ok_or_else(|| reason("not_found", format!("there is no volume group {name}")))
}

fn check_free(host: &Observed, volume_group: &str, name: &str) -> Result<(), Reason> {
    let storage = host.storage.as_ref().map_err(unseen)?;
    let is_taken = storage
        .volumes
        .iter()
        .any(|volume| volume.volume_group == volume_group && volume.name == name);
    if is_taken {
        return Err(reason("conflict", format!("there is a volume {volume_group}/{name} already")));
    }
    Ok(())
}

/// LVM refuses other names, some of them only after it has begun.
fn check_name(name: &str) -> Result<(), Reason> {
    const RESERVED_INFIXES: [&str; 9] =
        ["_cdata", "_cmeta", "_corig", "_mlog", "_mimage", "_rimage", "_rmeta", "_tdata", "_tmeta"];
    let plain = |c: char| c.is_ascii_alphanumeric() || "+_.-".contains(c);
    let is_fine = !name.is_empty()
        && name.len() <= 100
        && name.chars().all(plain)
        && !name.starts_with('-')
        && name != "."
        && name != ".."
        && !name.starts_with("snapshot")
        && !name.starts_with("pvmove")
        && !RESERVED_INFIXES.iter().any(|infix| name.contains(infix));
    if is_fine {
        Ok(())
    } else {
        Err(reason("refused", format!("LVM does not allow {name:?} as the name of a volume")))
    }
}

fn whole_extents(group: &VolumeGroup, size_bytes: u64) -> Result<u64, Reason> {
    let extent = group.extent_bytes.max(1);
    let needed = size_bytes.max(1).div_ceil(extent).saturating_mul(extent);
    if needed > group.free_bytes {
        let message =
            format!("{} has {} bytes free, and {needed} are needed", group.name, group.free_bytes);
        return Err(reason("no_room", message));
    }
    Ok(needed)
}
