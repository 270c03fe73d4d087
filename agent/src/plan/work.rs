//! Works: what is done by our own code, in files, on drives and in backup sets.

use std::path::PathBuf;

use domfleet_shared::backup_key::KeyName;
use domfleet_shared::id::{OperationId, VmId};
use domfleet_shared::image::Format;
use domfleet_shared::inventory::Volume;
use domfleet_shared::operation::backup::{BackupCreate, BackupRestore};
use domfleet_shared::operation::image::{ConvertTo, ImageAt, ImageConvert, check_path};
use domfleet_shared::operation::sets::{BackupCompare, BackupImport, BackupPrune};
use domfleet_shared::operation::{Operation, Reason};

use super::{find_vm, find_volume, reason, snapshots, unseen, vm, volume};
use crate::backup::identity::Others;
use crate::dom0::step::operation_tag;
use crate::dom0::{Observed, Step};
use crate::image::convert::{Conversion, Target};
use crate::image::repair::Repair;
use crate::mitigation::Asked;
use crate::preflight::Preflight;
use crate::works::{AsOther, Image, Stress, Work};

/// What has to be done before the work of `operation` can be: nothing where it is none.
pub(super) fn steps(
    id: OperationId,
    host: &Observed,
    operation: &Operation,
) -> Result<Vec<Step>, Reason> {
    match operation {
        Operation::ImageConvert(ImageConvert {
            source,
            target: ConvertTo::NewVolume(new),
            format,
            ..
        }) => {
            place(host, source)?;
            only_raw(*format)?;
            volume::create(id, host, &[new])
        }
        Operation::BackupCreate(BackupCreate { vms, shut_down: true, .. }) => {
            let mut steps = Vec::new();
            for vm in vms {
                let vm = find_vm(host, *vm)?;
                config_of(host, vm.uuid)?;
                steps.extend(vm::shut_down(vm)?);
            }
            Ok(steps)
        }
        Operation::BackupCreate(BackupCreate { vms, snapshot: true, .. }) => {
            for vm in vms {
                config_of(host, *vm)?;
            }
            snapshots::steps(id, host, vms)
        }
        _ => work(id, operation, host).map(|_| Vec::new()),
    }
}

/// The work of `operation`, once its steps are done; nothing where it has none.
pub(crate) fn work(
    id: OperationId,
    operation: &Operation,
    host: &Observed,
) -> Result<Option<Work>, Reason> {
    let work = match operation {
        Operation::ImageCheck { image, format } => {
            Work::CheckImage(Image { path: place(host, image)?, format: *format })
        }
        Operation::ImageInspect { image, format } => {
            Work::InspectImage(Image { path: place(host, image)?, format: *format })
        }
        Operation::ImageRepair { image, format, to, salvage } => Work::RepairImage(Repair {
            source: place(host, image)?,
            format: *format,
            copy: file(to)?,
            may_salvage: *salvage,
        }),
        Operation::ImageConvert(convert) => Work::ConvertImage(conversion(id, host, convert)?),
        Operation::UsbList => Work::ListDrives,
        Operation::UsbQualify { drive, mode, erase } => {
            Work::QualifyDrive { drive: drive.clone(), mode: *mode, erase: *erase }
        }
        Operation::UsbPrepare { drive } => Work::PrepareDrive(drive.clone()),
        Operation::BackupList { drive } => Work::ListSets(*drive),
        Operation::BackupCreate(create) => {
            let BackupCreate { drive, vms, snapshot, keep, encrypted, key, parity, .. } = create;
            keyed(*encrypted, *key)?;
            if vms.is_empty() {
                return Err(reason("refused", "no VM is named"));
            }
            let made: Vec<_> = snapshots::made(id, host).collect();
            let mut configs = Vec::new();
            for vm in vms {
                let found = find_vm(host, *vm)?;
                if found.domid.is_some() && !(*snapshot && snapshots::covers(found, &made)) {
                    let why = format!("{} runs: shut it down first", found.name);
                    return Err(reason("refused", why));
                }
                configs.push(config_of(host, *vm)?);
            }
            Work::BackUp {
                drive: *drive,
                configs,
                key: *key,
                parity: *parity,
                snapshots: snapshots::taken(id, host),
                keep: *keep,
            }
        }
        Operation::BackupVerify { drive, set } => Work::VerifySets { drive: *drive, set: *set },
        Operation::BackupRestore(BackupRestore { drive, set, vm, to, as_name }) => {
            let as_other = as_name.as_ref().map(|name| as_other(host, name)).transpose()?;
            Work::RestoreVm { drive: *drive, set: *set, vm: *vm, to: to.clone(), as_other }
        }
        Operation::BackupCompare(BackupCompare { drive, set, vm }) => {
            let vms = host.vms.as_ref().map_err(unseen)?.iter();
            let running = vms.filter(|vm| vm.domid.is_some()).map(|vm| vm.uuid).collect();
            Work::CompareSet { drive: *drive, set: *set, vm: *vm, running }
        }
        Operation::BackupPrune(BackupPrune { drive, keep, dry_run }) => {
            if !keep.is_something() {
                return Err(reason("refused", "say how many sets are to be kept"));
            }
            Work::PruneSets { drive: *drive, keep: *keep, dry_run: *dry_run }
        }
        Operation::BackupImport(BackupImport { drive, from, encrypted, key }) => {
            keyed(*encrypted, *key)?;
            Work::ImportSet { drive: *drive, from: file(from)?, key: *key }
        }
        Operation::MitigationCheck { which } => Work::Mitigate(Asked::Check(*which)),
        Operation::MitigationApply { which, dry_run } => {
            Work::Mitigate(Asked::Apply { which: *which, dry_run: *dry_run })
        }
        Operation::MitigationRevert { which, dry_run } => {
            Work::Mitigate(Asked::Revert { which: *which, dry_run: *dry_run })
        }
        Operation::MigrationPreflight(assumptions) => Work::Preflight(Preflight {
            vms: host.vms.clone().map_err(|error| unseen(&error))?,
            assumptions: assumptions.clone(),
        }),
        Operation::StressRun(run) => {
            run.check()
                .map_err(|(field, why)| reason("refused", format!("{field} must be {why}")))?;
            let storage = host.storage.clone().map_err(|error| unseen(&error))?;
            Work::Stress(Stress { run: run.clone(), storage })
        }
        _ => return Ok(None),
    };
    Ok(Some(work))
}

fn conversion(
    id: OperationId,
    host: &Observed,
    convert: &ImageConvert,
) -> Result<Conversion, Reason> {
    let ImageConvert { source, source_format, target, format } = convert;
    let target = match target {
        ConvertTo::Path(path) => Target::NewFile(file(path)?),
        ConvertTo::Volume(lv_uuid) => {
            only_raw(*format)?;
            Target::Volume(volume::to_overwrite(host, lv_uuid)?)
        }
        ConvertTo::NewVolume(_) => {
            let made = made(id, host);
            let made = made.ok_or_else(|| {
                reason("not_found", "the volume that was made for it is not there any more")
            })?;
            Target::Volume(path(made))
        }
    };
    Ok(Conversion {
        source: place(host, source)?,
        source_format: *source_format,
        target,
        format: *format,
    })
}

/// The volume that the operation has made.
pub(crate) fn made(id: OperationId, host: &Observed) -> Option<&Volume> {
    let tag = operation_tag(id);
    let mut volumes = host.storage.iter().flat_map(|storage| &storage.volumes);
    volumes.find(|volume| volume.managed && volume.tags.contains(&tag))
}

/// The step that takes a volume away again which came to nothing.
pub(crate) fn removal(volume: &Volume) -> Step {
    volume::removal(volume)
}

fn only_raw(format: Format) -> Result<(), Reason> {
    if format == Format::Raw {
        return Ok(());
    }
    Err(reason("refused", "a volume holds the disk as it is: its format can only be raw"))
}

fn place(host: &Observed, image: &ImageAt) -> Result<PathBuf, Reason> {
    match image {
        ImageAt::Path(path) => file(path),
        ImageAt::Volume(lv_uuid) => Ok(path(find_volume(host, lv_uuid)?)),
    }
}

fn path(volume: &Volume) -> PathBuf {
    let [path, _] = volume::paths(volume);
    path.into()
}

fn file(path: &str) -> Result<PathBuf, Reason> {
    check_path(path).map_err(|why| reason("refused", format!("{path:?}: {why}")))?;
    Ok(path.into())
}

/// What is to be encrypted never becomes something that everybody can read.
fn keyed(encrypted: bool, key: Option<KeyName>) -> Result<(), Reason> {
    if encrypted && key.is_none() {
        return Err(reason("refused", "it is to be encrypted, and came without a key"));
    }
    Ok(())
}

/// A VM of that name beside all that there are.
fn as_other(host: &Observed, name: &str) -> Result<AsOther, Reason> {
    let mut others = Others::default();
    for vm in host.vms.as_ref().map_err(unseen)? {
        others.add_vm(vm);
    }
    Ok(AsOther { name: name.to_owned(), others })
}

fn config_of(host: &Observed, vm: VmId) -> Result<PathBuf, Reason> {
    let vm = find_vm(host, vm)?;
    vm.config_path.as_ref().map(PathBuf::from).ok_or_else(|| {
        let why = format!("no configuration file of {} was found to back up", vm.name);
        reason("not_found", why)
    })
}

#[cfg(test)]
#[path = "work_tests.rs"]
mod tests;
