//! Whether what an operation is about is there and fits, as far as the appliance has reported; and
//! what must be typed before it is ended or destroyed.

use domfleet_shared::id::VmId;
use domfleet_shared::inventory::{Vm, Volume, VolumeGroup};
use domfleet_shared::operation::image::{ConvertTo, ImageConvert};
use domfleet_shared::operation::vm::{self, DiskSource, NewDisk, NewVolume, VmChange, VmCreate};
use domfleet_shared::operation::{Class, Operation, volume};
use domfleet_shared::xl_config::Document;

use super::{Refusal, Situation, works};

/// Memory and CPUs of a VM beyond what any appliance has are a typing error.
const MOST_MEMORY_MIB: u64 = 4 << 20;
const MOST_VCPUS: u32 = 512;

pub(super) fn check(operation: &Operation, situation: &Situation<'_>) -> Result<(), Refusal> {
    match operation {
        Operation::VmStart { vm }
        | Operation::VmShutdown { vm, .. }
        | Operation::VmReboot { vm, .. }
        | Operation::VmDestroy { vm }
        | Operation::VmAdopt { vm }
        | Operation::VmPause { vm }
        | Operation::VmUnpause { vm }
        | Operation::VmConsoleLog { vm, .. } => known_vm(situation, *vm).map(|_| ()),
        Operation::VmAutostart { vm, .. } | Operation::VmRemove { vm, .. } => {
            managed_vm(situation, *vm).map(|_| ())
        }
        Operation::VmRename { vm, name } => {
            managed_vm(situation, *vm)?;
            vm_name(situation, name, Some(*vm))
        }
        Operation::VmCreate(create) => new_vm(situation, create),
        Operation::VmChange(change) => changed_vm(situation, change),
        Operation::VolumeCreate { volume_group, name, size_bytes, thin_pool } => {
            let pool = thin_pool.as_deref();
            new_volume(situation, volume_group, name, *size_bytes, pool)
        }
        Operation::ThinPoolCreate { volume_group, name, size_bytes, .. } => {
            new_volume(situation, volume_group, name, *size_bytes, None)
        }
        Operation::VolumeGrow { volume, size_bytes } => {
            let volume = managed_volume(situation, volume)?;
            if *size_bytes < volume.size_bytes {
                let why = format!("it has {} bytes, and is never made smaller", volume.size_bytes);
                return Err(Refusal::Value("size_bytes", why));
            }
            Ok(())
        }
        Operation::VolumeSnapshot { volume, name, .. } => {
            let origin = known_volume(situation, volume)?;
            volume_name(situation, &origin.volume_group, name)
        }
        Operation::VolumeRevert { volume } => {
            let snapshot = managed_volume(situation, volume)?;
            if snapshot.origin.is_none() {
                return Err(Refusal::Value("volume", "it is no snapshot".into()));
            }
            Ok(())
        }
        Operation::VolumeRename { volume, name } => {
            let volume = managed_volume(situation, volume)?;
            volume_name(situation, &volume.volume_group, name)
        }
        Operation::VolumeRemove { volume } => managed_volume(situation, volume).map(|_| ()),
        Operation::VolumeAdopt { volume } => known_volume(situation, volume).map(|_| ()),
        Operation::ApplianceReboot | Operation::DebugBundle { .. } | Operation::Unknown => Ok(()),
        work => works::check(work, situation),
    }
}

fn new_vm(situation: &Situation<'_>, create: &VmCreate) -> Result<(), Refusal> {
    if let Some(vm) = create.vm
        && find_vm(situation, vm).is_some()
    {
        return Err(Refusal::Taken("VM", vm.to_string()));
    }
    match &create.from {
        vm::VmSource::Form(form) => {
            vm_name(situation, &form.name, None)?;
            check_size(Some(form.memory_mib), Some(form.vcpus))?;
            check_disks(situation, &form.disks)
        }
        vm::VmSource::Config(text) if text.len() > vm::CONFIG_BYTES => {
            Err(Refusal::Value("from", format!("at most {} bytes", vm::CONFIG_BYTES)))
        }
        vm::VmSource::Config(text) => {
            let config = Document::parse(text.as_bytes()).and_then(|text| text.check_new());
            let config = config.map_err(|error| Refusal::Value("from", error.to_string()))?;
            vm_name(situation, &config.name, None)
        }
    }
}

fn changed_vm(situation: &Situation<'_>, change: &VmChange) -> Result<(), Refusal> {
    let vm = managed_vm(situation, change.vm)?;
    check_size(change.memory_mib, change.vcpus)?;
    for vdev in &change.remove_disks {
        if !vm.disks.iter().any(|disk| disk.vdev == *vdev) {
            return Err(Refusal::NoSuch("disk", vdev.clone()));
        }
    }
    let stays = |vdev: &str| !change.remove_disks.iter().any(|removed| removed == vdev);
    for disk in &change.add_disks {
        if vm.disks.iter().any(|there| there.vdev == disk.vdev && stays(&there.vdev)) {
            return Err(Refusal::Taken("disk", disk.vdev.clone()));
        }
    }
    check_disks(situation, &change.add_disks)
}

fn check_size(memory_mib: Option<u64>, vcpus: Option<u32>) -> Result<(), Refusal> {
    if memory_mib.is_some_and(|mib| mib == 0 || mib > MOST_MEMORY_MIB) {
        return Err(Refusal::Value("memory_mib", format!("1 to {MOST_MEMORY_MIB}")));
    }
    if vcpus.is_some_and(|vcpus| vcpus == 0 || vcpus > MOST_VCPUS) {
        return Err(Refusal::Value("vcpus", format!("1 to {MOST_VCPUS}")));
    }
    Ok(())
}

fn check_disks(situation: &Situation<'_>, disks: &[NewDisk]) -> Result<(), Refusal> {
    for (at, disk) in disks.iter().enumerate() {
        if disks.iter().take(at).any(|before| before.vdev == disk.vdev) {
            return Err(Refusal::Taken("disk", disk.vdev.clone()));
        }
        match &disk.source {
            DiskSource::Volume(volume) => known_volume(situation, volume).map(|_| ())?,
            DiskSource::NewVolume(new) => {
                let NewVolume { volume_group, name, size_bytes, thin_pool } = new;
                new_volume(situation, volume_group, name, *size_bytes, thin_pool.as_deref())?;
            }
            DiskSource::Path(_) | DiskSource::Empty => {}
        }
    }
    Ok(())
}

pub(super) fn new_volume(
    situation: &Situation<'_>,
    volume_group: &str,
    name: &str,
    size_bytes: u64,
    thin_pool: Option<&str>,
) -> Result<(), Refusal> {
    let group = known_group(situation, volume_group)?;
    volume_name(situation, volume_group, name)?;
    if let Some(pool) = thin_pool {
        let is_it = |known: &&Volume| {
            known.volume_group == volume_group
                && known.name == pool
                && known.segment_type == "thin-pool"
        };
        volumes(situation)
            .find(is_it)
            .ok_or_else(|| Refusal::NoSuch("thin pool", pool.to_owned()))?;
    }
    // A thin volume may be larger than its pool, but not larger than anything here can ever be.
    if size_bytes == 0 || size_bytes > group.size_bytes {
        let why = format!("the volume group has {} bytes", group.size_bytes);
        return Err(Refusal::Value("size_bytes", why));
    }
    Ok(())
}

/// Whether a VM that is new can be called so.
pub(super) fn new_vm_name(
    situation: &Situation<'_>,
    field: &'static str,
    name: &str,
) -> Result<(), Refusal> {
    vm_name_in(situation, (field, name), None)
}

fn vm_name(situation: &Situation<'_>, name: &str, of: Option<VmId>) -> Result<(), Refusal> {
    vm_name_in(situation, ("name", name), of)
}

fn vm_name_in(
    situation: &Situation<'_>,
    (field, name): (&'static str, &str),
    of: Option<VmId>,
) -> Result<(), Refusal> {
    vm::check_name(name).map_err(|why| Refusal::Value(field, why.into()))?;
    let is_taken = |known: &Vm| known.name == name && Some(known.uuid) != of;
    if situation.vms.unwrap_or_default().iter().any(is_taken) {
        return Err(Refusal::Taken("VM", name.to_owned()));
    }
    Ok(())
}

fn volume_name(situation: &Situation<'_>, group: &str, name: &str) -> Result<(), Refusal> {
    volume::check_name(name).map_err(|why| Refusal::Value("name", why.into()))?;
    if volumes(situation).any(|known| known.volume_group == group && known.name == name) {
        return Err(Refusal::Taken("volume", format!("{group}/{name}")));
    }
    Ok(())
}

fn find_vm<'a>(situation: &Situation<'a>, vm: VmId) -> Option<&'a Vm> {
    situation.vms?.iter().find(|known| known.uuid == vm)
}

pub(super) fn known_vm<'a>(situation: &Situation<'a>, vm: VmId) -> Result<&'a Vm, Refusal> {
    find_vm(situation, vm).ok_or_else(|| Refusal::NoSuch("VM", vm.to_string()))
}

fn managed_vm<'a>(situation: &Situation<'a>, vm: VmId) -> Result<&'a Vm, Refusal> {
    let found = known_vm(situation, vm)?;
    if found.managed { Ok(found) } else { Err(Refusal::NotOurs("VM", found.name.clone())) }
}

fn volumes<'a>(situation: &Situation<'a>) -> impl Iterator<Item = &'a Volume> {
    situation.storage.into_iter().flat_map(|storage| &storage.volumes)
}

pub(super) fn known_group<'a>(
    situation: &Situation<'a>,
    name: &str,
) -> Result<&'a VolumeGroup, Refusal> {
    let mut groups = situation.storage.into_iter().flat_map(|storage| &storage.volume_groups);
    groups
        .find(|group| group.name == name)
        .ok_or_else(|| Refusal::NoSuch("volume group", name.to_owned()))
}

pub(super) fn known_volume<'a>(
    situation: &Situation<'a>,
    lv_uuid: &str,
) -> Result<&'a Volume, Refusal> {
    volumes(situation)
        .find(|known| known.lv_uuid == lv_uuid)
        .ok_or_else(|| Refusal::NoSuch("volume", lv_uuid.to_owned()))
}

pub(super) fn managed_volume<'a>(
    situation: &Situation<'a>,
    lv_uuid: &str,
) -> Result<&'a Volume, Refusal> {
    let found = known_volume(situation, lv_uuid)?;
    if found.managed { Ok(found) } else { Err(Refusal::NotOurs("volume", lv_uuid.to_owned())) }
}

/// What must be typed before something is ended or destroyed: the name of what it is. Of a
/// snapshot that is used up it is the name of the volume whose newer content is lost.
pub fn confirmation(operation: &Operation, situation: &Situation<'_>) -> Option<String> {
    if operation.class() != Class::Destructive {
        return None;
    }
    let name = match operation {
        Operation::VolumeRemove { volume } => {
            known_volume(situation, volume).ok().map(|volume| volume.name.clone())
        }
        Operation::VolumeRevert { volume } => {
            known_volume(situation, volume).ok().and_then(|snapshot| snapshot.origin.clone())
        }
        Operation::ImageConvert(ImageConvert { target: ConvertTo::Volume(volume), .. }) => {
            known_volume(situation, volume).ok().map(|volume| volume.name.clone())
        }
        Operation::UsbPrepare { drive } | Operation::UsbQualify { drive, .. } => {
            Some(drive.consent().to_owned())
        }
        Operation::BackupPrune(prune) => works::drive_name(situation, prune.drive),
        other => other.vm().and_then(|vm| find_vm(situation, vm)).map(|vm| vm.name.clone()),
    };
    Some(name.unwrap_or_else(|| situation.name.to_owned()))
}
