//! Whether an image, a drive or a backup can be worked with, as far as the appliance has reported.

use domfleet_shared::id::DriveId;
use domfleet_shared::image::Format;
use domfleet_shared::inventory::{Vm, VmDisk, Volume};
use domfleet_shared::mitigation::Mitigation;
use domfleet_shared::operation::backup::{BackupCreate, BackupRestore, RestoreFolder, RestoreTo};
use domfleet_shared::operation::image::{ConvertTo, ImageAt, ImageConvert, check_path};
use domfleet_shared::operation::sets::{BackupCompare, BackupImport, BackupPrune};
use domfleet_shared::operation::stress::StressRun;
use domfleet_shared::operation::usb::DriveAt;
use domfleet_shared::operation::vm::NewVolume;
use domfleet_shared::operation::{Operation, volume};
use domfleet_shared::usb::{QualifyMode, Usage, UsbDrive};

use super::objects::{
    known_group, known_vm, known_volume, managed_volume, new_vm_name, new_volume,
};
use super::{Refusal, Situation};

pub(super) fn check(operation: &Operation, situation: &Situation<'_>) -> Result<(), Refusal> {
    match operation {
        Operation::ImageCheck { image, .. } | Operation::ImageInspect { image, .. } => {
            at(situation, "image", image)
        }
        Operation::ImageRepair { image, to, .. } => {
            at(situation, "image", image)?;
            path("to", to)
        }
        Operation::ImageConvert(convert) => conversion(situation, convert),
        Operation::UsbQualify { drive, mode, .. } => {
            if *mode == QualifyMode::Unknown {
                return Err(Refusal::Value("mode", "quick or full".into()));
            }
            plugged_in(situation, drive)
        }
        Operation::UsbPrepare { drive } => plugged_in(situation, drive),
        Operation::BackupList { drive } | Operation::BackupVerify { drive, .. } => {
            ours(situation, *drive)
        }
        Operation::BackupCreate(create) => backup(situation, create),
        Operation::BackupRestore(BackupRestore { drive, to, as_name, .. }) => {
            ours(situation, *drive)?;
            if let Some(name) = as_name {
                new_vm_name(situation, "as_name", name)?;
            }
            match to {
                RestoreTo::VolumeGroup(group) => known_group(situation, group).map(|_| ()),
                RestoreTo::Folder(RestoreFolder { path: folder, format }) => {
                    path("to", folder)?;
                    match format {
                        None | Some(Format::Raw | Format::Qcow2) => Ok(()),
                        Some(_) => Err(Refusal::Value("format", "raw or qcow2".into())),
                    }
                }
            }
        }
        Operation::BackupCompare(BackupCompare { drive, vm, .. }) => {
            ours(situation, *drive)?;
            // One that the appliance does not have any more is in the set all the same.
            match vm.and_then(|vm| known_vm(situation, vm).ok()) {
                Some(found) if found.domid.is_some() => {
                    let why = format!("{} runs: shut it down first", found.name);
                    Err(Refusal::Value("vm", why))
                }
                _ => Ok(()),
            }
        }
        Operation::BackupPrune(BackupPrune { drive, keep, .. }) => {
            if !keep.is_something() {
                return Err(Refusal::Value("keep", "say how many sets are to be kept".into()));
            }
            ours(situation, *drive)
        }
        Operation::BackupImport(BackupImport { drive, from, .. }) => {
            path("from", from)?;
            ours(situation, *drive)
        }
        Operation::StressRun(run) => stress(situation, run),
        Operation::MitigationCheck { which: Some(which) }
        | Operation::MitigationApply { which, .. }
        | Operation::MitigationRevert { which, .. }
            if *which == Mitigation::Unknown =>
        {
            let known = Mitigation::ALL.map(Mitigation::as_str).join(", ");
            Err(Refusal::Value("which", format!("one of {known}")))
        }
        _ => Ok(()),
    }
}

/// What may kill dom0 may take what its VMs have on their disks along.
fn stress(situation: &Situation<'_>, run: &StressRun) -> Result<(), Refusal> {
    run.check().map_err(|(field, why)| Refusal::Value(field, why))?;
    if run.waive_backups {
        return Ok(());
    }
    let unsafe_vms: Vec<String> = situation
        .vms
        .unwrap_or_default()
        .iter()
        .filter(|vm| !vm.disks.is_empty())
        .filter_map(|vm| Some(format!("{} {}", vm.name, exposed(situation, vm)?)))
        .collect();
    if unsafe_vms.is_empty() {
        return Ok(());
    }
    let why = format!("{}; back them up, or say that it may go on without", unsafe_vms.join(", "));
    Err(Refusal::Value("waive_backups", why))
}

/// Why a VM would lose something with its disks.
fn exposed(situation: &Situation<'_>, vm: &Vm) -> Option<&'static str> {
    let backups = situation.backups.iter().filter(|backup| backup.vm == vm.uuid);
    let Some(newest) = backups.map(|backup| backup.created_at).max() else {
        return Some("has no verified backup");
    };
    match vm.started_at {
        None => Some("was started nobody knows when"),
        Some(started_at) if started_at > newest => Some("was started since its last backup"),
        Some(_) => None,
    }
}

/// What has to be typed before sets of a drive are removed: the same as before it is erased.
pub(super) fn drive_name(situation: &Situation<'_>, drive: DriveId) -> Option<String> {
    let mut drives = reported(situation)?.iter();
    let found = drives.find(|found| found.identity.drive == Some(drive))?;
    Some(DriveAt::of(found).consent().to_owned())
}

fn backup(situation: &Situation<'_>, create: &BackupCreate) -> Result<(), Refusal> {
    let BackupCreate { drive, vms, shut_down, snapshot, keep, .. } = create;
    ours(situation, *drive)?;
    if vms.is_empty() {
        return Err(Refusal::NoSuch("VM", "that could be backed up".into()));
    }
    if *shut_down && *snapshot {
        let why = "a VM is shut down for its backup or goes on running, not both";
        return Err(Refusal::Value("snapshot", why.into()));
    }
    if keep.is_some_and(|keep| !keep.is_something()) {
        return Err(Refusal::Value("keep", "say how many sets are kept".into()));
    }
    for vm in vms {
        let found = known_vm(situation, *vm)?;
        if found.domid.is_none() || *shut_down {
            continue;
        }
        if !snapshot {
            let name = &found.name;
            let why = format!("{name} runs: shut it down first, or set shut_down or snapshot");
            return Err(Refusal::Value("vms", why));
        }
        if let Some(disk) = without_snapshots(situation, found) {
            let why = format!(
                "{} runs, and its disk {} is no logical volume, of which alone snapshots are made: have \
                 it shut down for its backup, or leave it out",
                found.name, disk.vdev
            );
            return Err(Refusal::Value("vms", why));
        }
    }
    Ok(())
}

/// A disk that the guest writes to and that no snapshot can be made of.
fn without_snapshots<'v>(situation: &Situation<'_>, vm: &'v Vm) -> Option<&'v VmDisk> {
    // An appliance that has not reported its volumes is asked without a look.
    let volumes = &situation.storage?.volumes;
    vm.disks.iter().filter(|disk| disk.writable).find(|disk| {
        disk.target.as_ref().is_some_and(|target| {
            let is_at =
                |found: &Volume| volume::paths(&found.volume_group, &found.name).contains(target);
            !volumes.iter().any(is_at)
        })
    })
}

fn conversion(situation: &Situation<'_>, convert: &ImageConvert) -> Result<(), Refusal> {
    let ImageConvert { source, target, format, .. } = convert;
    at(situation, "source", source)?;
    let fits = match target {
        ConvertTo::Path(to) => {
            path("target", to)?;
            matches!(format, Format::Raw | Format::Qcow | Format::Qcow2)
        }
        ConvertTo::Volume(volume) => {
            managed_volume(situation, volume)?;
            if *source == ImageAt::Volume(volume.clone()) {
                return Err(Refusal::Value("target", "it is what is to be converted".into()));
            }
            *format == Format::Raw
        }
        ConvertTo::NewVolume(new) => {
            let NewVolume { volume_group, name, size_bytes, thin_pool } = new;
            new_volume(situation, volume_group, name, *size_bytes, thin_pool.as_deref())?;
            *format == Format::Raw
        }
    };
    if fits {
        return Ok(());
    }
    Err(Refusal::Value("format", "a file is raw, qcow or qcow2, and a volume is raw".into()))
}

fn at(situation: &Situation<'_>, field: &'static str, image: &ImageAt) -> Result<(), Refusal> {
    match image {
        ImageAt::Path(text) => path(field, text),
        ImageAt::Volume(volume) => known_volume(situation, volume).map(|_| ()),
    }
}

fn path(field: &'static str, text: &str) -> Result<(), Refusal> {
    check_path(text).map_err(|why| Refusal::Value(field, why.into()))
}

/// An appliance that reports no drives is of an earlier build, and asked without a look.
fn reported<'a>(situation: &Situation<'a>) -> Option<&'a [UsbDrive]> {
    situation.usb
}

fn plugged_in(situation: &Situation<'_>, drive: &DriveAt) -> Result<(), Refusal> {
    let Some(drives) = reported(situation) else { return Ok(()) };
    let found = drives.iter().find(|found| drive.is(found));
    let found = found.ok_or_else(|| Refusal::NoSuch("USB drive", drive.path.clone()))?;
    match &found.usage {
        Usage::System { reason } => Err(Refusal::Value("drive", format!("it is in use: {reason}"))),
        _ => Ok(()),
    }
}

fn ours(situation: &Situation<'_>, drive: DriveId) -> Result<(), Refusal> {
    let Some(drives) = reported(situation) else { return Ok(()) };
    let is_it = |found: &&UsbDrive| found.identity.drive == Some(drive);
    match drives.iter().filter(is_it).count() {
        0 => Err(Refusal::NoSuch("prepared USB drive", drive.to_string())),
        1 => Ok(()),
        _ => {
            let why = "two drives that are plugged in say that they are this one: unplug the copy";
            Err(Refusal::Value("drive", why.into()))
        }
    }
}
