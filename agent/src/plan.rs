//! From an operation and what the host holds to the steps that carry it out.
//!
//! Pure. What is already there is not made again, so planning an operation that has succeeded
//! gives no steps.

mod snapshots;
mod vm;
mod vm_config;
mod volume;
mod work;

use domfleet_shared::id::{OperationId, VmId};
use domfleet_shared::inventory::{Vm, Volume};
use domfleet_shared::operation::vm::NewVolume;
use domfleet_shared::operation::{Operation, Reason};

pub(crate) use self::work::{made, removal, work};
use crate::backup::snapshots::TakenSnapshot;
use crate::dom0::{Dom0Error, Observed, Step};

/// The steps of `operation` on a host that holds `host`, or why it cannot be begun.
pub(crate) fn plan(
    id: OperationId,
    operation: &Operation,
    host: &Observed,
) -> Result<Vec<Step>, Reason> {
    match operation {
        Operation::VmStart { vm } => vm::start(find_vm(host, *vm)?),
        Operation::VmShutdown { vm, .. } => vm::shut_down(find_vm(host, *vm)?),
        Operation::VmReboot { vm, .. } => vm::reboot(find_vm(host, *vm)?),
        Operation::VmDestroy { vm } => Ok(vm::destroy(find_vm(host, *vm)?)),
        Operation::VmPause { vm } => vm::pause(find_vm(host, *vm)?),
        Operation::VmUnpause { vm } => vm::unpause(find_vm(host, *vm)?),
        Operation::VmAdopt { vm } => vm::adopt(find_vm(host, *vm)?),
        Operation::VmCreate(create) => vm_config::create(id, host, create),
        Operation::VmChange(change) => vm_config::change(id, host, change),
        Operation::VmRename { vm, name } => vm_config::rename(host, *vm, name),
        Operation::VmAutostart { vm, enabled } => vm_config::autostart(host, *vm, *enabled),
        Operation::VmRemove { vm, disks } => vm_config::remove(host, *vm, *disks),
        // It changes nothing; the console is read where it ends.
        Operation::VmConsoleLog { vm, .. } => find_vm(host, *vm).map(|_| Vec::new()),
        Operation::VolumeCreate { volume_group, name, size_bytes, thin_pool } => {
            let new = NewVolume {
                volume_group: volume_group.clone(),
                name: name.clone(),
                size_bytes: *size_bytes,
                thin_pool: thin_pool.clone(),
            };
            volume::create(id, host, &[&new])
        }
        Operation::ThinPoolCreate { volume_group, name, size_bytes, metadata_bytes } => {
            volume::create_pool(id, host, volume_group, name, *size_bytes, *metadata_bytes)
        }
        Operation::VolumeGrow { volume, size_bytes } => volume::grow(host, volume, *size_bytes),
        Operation::VolumeSnapshot { volume, name, size_bytes } => {
            volume::snapshot(id, host, volume, name, *size_bytes)
        }
        Operation::VolumeRevert { volume } => volume::revert(host, volume),
        Operation::VolumeRename { volume, name } => volume::rename(host, volume, name),
        Operation::VolumeRemove { volume } => volume::remove(host, volume),
        Operation::VolumeAdopt { volume } => Ok(volume::adopt(find_volume(host, volume)?)),
        Operation::ApplianceReboot => Ok(vec![Step::Reboot]),
        Operation::ImageCheck { .. }
        | Operation::ImageInspect { .. }
        | Operation::ImageRepair { .. }
        | Operation::ImageConvert(_)
        | Operation::UsbList
        | Operation::UsbQualify { .. }
        | Operation::UsbPrepare { .. }
        | Operation::BackupList { .. }
        | Operation::BackupCreate(_)
        | Operation::BackupVerify { .. }
        | Operation::BackupRestore(_)
        | Operation::BackupCompare(_)
        | Operation::BackupPrune(_)
        | Operation::BackupImport(_)
        | Operation::MitigationCheck { .. }
        | Operation::MitigationApply { .. }
        | Operation::MitigationRevert { .. }
        | Operation::MigrationPreflight(_)
        | Operation::StressRun(_) => work::steps(id, host, operation),
        // It changes nothing in dom0; the bundle's own code carries it out.
        Operation::DebugBundle { .. } => Ok(Vec::new()),
        Operation::Unknown => Err(reason(
            "unknown_kind",
            "this agent does not know that kind of operation: update it",
        )),
    }
}

/// Snapshots of the disks of those of `vms` that run.
pub(crate) fn snapshots(
    id: OperationId,
    host: &Observed,
    vms: &[VmId],
) -> Result<Vec<Step>, Reason> {
    snapshots::steps(id, host, vms)
}

/// Those of `id` that are there.
pub(crate) fn taken(id: OperationId, host: &Observed) -> Vec<TakenSnapshot> {
    snapshots::taken(id, host)
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

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
