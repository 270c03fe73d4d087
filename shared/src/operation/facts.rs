//! What is known of each kind of operation without looking at anything.

use std::time::Duration;

use super::backup::BackupRestore;
use super::image::ConvertTo;
use super::sets::{BackupCompare, BackupPrune};
use super::vm::{self, Disks, VmChange, VmCreate};
use super::{Class, Lock, Operation};
use crate::id::VmId;

impl Operation {
    /// The kind, as it is written in JSON.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::VmStart { .. } => "vm_start",
            Self::VmShutdown { .. } => "vm_shutdown",
            Self::VmReboot { .. } => "vm_reboot",
            Self::VmDestroy { .. } => "vm_destroy",
            Self::VmAdopt { .. } => "vm_adopt",
            Self::VmPause { .. } => "vm_pause",
            Self::VmUnpause { .. } => "vm_unpause",
            Self::VmCreate(_) => "vm_create",
            Self::VmChange(_) => "vm_change",
            Self::VmRename { .. } => "vm_rename",
            Self::VmAutostart { .. } => "vm_autostart",
            Self::VmRemove { .. } => "vm_remove",
            Self::VmConsoleLog { .. } => "vm_console_log",
            Self::VolumeCreate { .. } => "volume_create",
            Self::ThinPoolCreate { .. } => "thin_pool_create",
            Self::VolumeGrow { .. } => "volume_grow",
            Self::VolumeSnapshot { .. } => "volume_snapshot",
            Self::VolumeRevert { .. } => "volume_revert",
            Self::VolumeRename { .. } => "volume_rename",
            Self::VolumeRemove { .. } => "volume_remove",
            Self::VolumeAdopt { .. } => "volume_adopt",
            Self::ImageCheck { .. } => "image_check",
            Self::ImageInspect { .. } => "image_inspect",
            Self::ImageRepair { .. } => "image_repair",
            Self::ImageConvert(_) => "image_convert",
            Self::UsbList => "usb_list",
            Self::UsbQualify { .. } => "usb_qualify",
            Self::UsbPrepare { .. } => "usb_prepare",
            Self::BackupList { .. } => "backup_list",
            Self::BackupCreate(_) => "backup_create",
            Self::BackupVerify { .. } => "backup_verify",
            Self::BackupRestore(_) => "backup_restore",
            Self::BackupCompare(_) => "backup_compare",
            Self::BackupPrune(_) => "backup_prune",
            Self::BackupImport(_) => "backup_import",
            Self::MitigationCheck { .. } => "mitigation_check",
            Self::MitigationApply { .. } => "mitigation_apply",
            Self::MitigationRevert { .. } => "mitigation_revert",
            Self::MigrationPreflight(_) => "migration_preflight",
            Self::StressRun(_) => "stress_run",
            Self::ApplianceReboot => "appliance_reboot",
            Self::DebugBundle { .. } => "debug_bundle",
            Self::Unknown => "unknown",
        }
    }

    /// What it can do.
    pub fn class(&self) -> Class {
        match self {
            Self::DebugBundle { .. }
            | Self::VmConsoleLog { .. }
            | Self::ImageCheck { .. }
            | Self::ImageInspect { .. }
            | Self::UsbList
            | Self::BackupList { .. }
            | Self::BackupCompare(_)
            | Self::BackupPrune(BackupPrune { dry_run: true, .. })
            | Self::MitigationCheck { .. }
            | Self::MitigationApply { dry_run: true, .. }
            | Self::MitigationRevert { dry_run: true, .. }
            | Self::MigrationPreflight(_)
            | Self::Unknown => Class::Read,
            // A file is only ever made where there is none, and a volume made for it.
            Self::ImageConvert(convert) if !matches!(convert.target, ConvertTo::Volume(_)) => {
                Class::Mutate
            }
            Self::UsbQualify { erase: false, .. }
            | Self::VmStart { .. }
            | Self::VmShutdown { .. }
            | Self::VmReboot { .. }
            | Self::VmAdopt { .. }
            | Self::VmPause { .. }
            | Self::VmUnpause { .. }
            | Self::VmCreate(_)
            | Self::VmChange(_)
            | Self::VmRename { .. }
            | Self::VmAutostart { .. }
            | Self::VolumeCreate { .. }
            | Self::ThinPoolCreate { .. }
            | Self::VolumeGrow { .. }
            | Self::VolumeSnapshot { .. }
            | Self::VolumeRename { .. }
            | Self::VolumeAdopt { .. }
            | Self::ImageRepair { .. }
            | Self::BackupCreate(_)
            | Self::BackupVerify { .. }
            | Self::BackupRestore(_)
            | Self::BackupImport(_)
            | Self::MitigationApply { .. }
            | Self::MitigationRevert { .. } => Class::Mutate,
            Self::VmDestroy { .. }
            | Self::VmRemove { .. }
            | Self::VolumeRevert { .. }
            | Self::VolumeRemove { .. }
            | Self::ImageConvert(_)
            | Self::UsbQualify { .. }
            | Self::UsbPrepare { .. }
            | Self::BackupPrune(_)
            | Self::StressRun(_)
            | Self::ApplianceReboot => Class::Destructive,
        }
    }

    /// Whether it is done by the agent's own code and takes its time: it gives an answer, and tells
    /// how far it is.
    pub fn is_work(&self) -> bool {
        matches!(
            self,
            Self::ImageCheck { .. }
                | Self::ImageInspect { .. }
                | Self::ImageRepair { .. }
                | Self::ImageConvert(_)
                | Self::UsbList
                | Self::UsbQualify { .. }
                | Self::UsbPrepare { .. }
                | Self::BackupList { .. }
                | Self::BackupCreate(_)
                | Self::BackupVerify { .. }
                | Self::BackupRestore(_)
                | Self::BackupCompare(_)
                | Self::BackupPrune(_)
                | Self::BackupImport(_)
                | Self::MitigationCheck { .. }
                | Self::MitigationApply { .. }
                | Self::MitigationRevert { .. }
                | Self::MigrationPreflight(_)
                | Self::StressRun(_)
        )
    }

    /// What it holds while it is under way.
    ///
    /// A reboot of the appliance ends every VM and every change to storage, so it conflicts with
    /// all of them: see [`super::conflicts`].
    pub fn locks(&self) -> Vec<Lock> {
        match self {
            Self::VmStart { vm }
            | Self::VmShutdown { vm, .. }
            | Self::VmReboot { vm, .. }
            | Self::VmDestroy { vm }
            | Self::VmAdopt { vm }
            | Self::VmPause { vm }
            | Self::VmUnpause { vm }
            | Self::VmRename { vm, .. }
            | Self::VmAutostart { vm, .. }
            | Self::VmRemove { vm, disks: Disks::Keep } => vec![Lock::Vm(*vm)],
            Self::VmRemove { vm, disks: Disks::Remove } => vec![Lock::Vm(*vm), Lock::Storage],
            Self::VmCreate(create) => vm::locks(create.vm, create.disks()),
            Self::VmChange(change) => vm::locks(Some(change.vm), &change.add_disks),
            Self::VolumeCreate { .. }
            | Self::ThinPoolCreate { .. }
            | Self::VolumeGrow { .. }
            | Self::VolumeSnapshot { .. }
            | Self::VolumeRevert { .. }
            | Self::VolumeRename { .. }
            | Self::VolumeRemove { .. }
            | Self::VolumeAdopt { .. }
            | Self::ImageRepair { .. }
            | Self::ImageConvert(_) => vec![Lock::Storage],
            // A preflight mounts the drive to ask for its room.
            Self::MigrationPreflight(_)
            | Self::UsbQualify { .. }
            | Self::UsbPrepare { .. }
            | Self::BackupList { .. }
            | Self::BackupVerify { .. }
            | Self::BackupPrune(_)
            | Self::BackupImport(_) => vec![Lock::Usb],
            Self::BackupCompare(compare) => {
                std::iter::once(Lock::Usb).chain(compare.vm.map(Lock::Vm)).collect()
            }
            Self::BackupCreate(create) => {
                std::iter::once(Lock::Usb).chain(create.vms.iter().copied().map(Lock::Vm)).collect()
            }
            Self::BackupRestore(restore) => {
                vec![Lock::Usb, Lock::Storage, Lock::Vm(restore.vm)]
            }
            Self::StressRun(_) | Self::ApplianceReboot => vec![Lock::Power],
            Self::MitigationApply { dry_run: false, .. }
            | Self::MitigationRevert { dry_run: false, .. } => vec![Lock::Os],
            Self::MitigationCheck { .. }
            | Self::MitigationApply { .. }
            | Self::MitigationRevert { .. }
            | Self::VmConsoleLog { .. }
            | Self::ImageCheck { .. }
            | Self::ImageInspect { .. }
            | Self::UsbList
            | Self::DebugBundle { .. }
            | Self::Unknown => Vec::new(),
        }
    }

    /// The VM that it is about, where it is about one.
    pub fn vm(&self) -> Option<VmId> {
        match self {
            Self::VmStart { vm }
            | Self::VmShutdown { vm, .. }
            | Self::VmReboot { vm, .. }
            | Self::VmDestroy { vm }
            | Self::VmAdopt { vm }
            | Self::VmPause { vm }
            | Self::VmUnpause { vm }
            | Self::VmRename { vm, .. }
            | Self::VmAutostart { vm, .. }
            | Self::VmRemove { vm, .. }
            | Self::VmConsoleLog { vm, .. }
            | Self::VmChange(VmChange { vm, .. })
            | Self::BackupRestore(BackupRestore { vm, .. }) => Some(*vm),
            Self::VmCreate(VmCreate { vm, .. }) | Self::BackupCompare(BackupCompare { vm, .. }) => {
                *vm
            }
            Self::VolumeCreate { .. }
            | Self::ThinPoolCreate { .. }
            | Self::VolumeGrow { .. }
            | Self::VolumeSnapshot { .. }
            | Self::VolumeRevert { .. }
            | Self::VolumeRename { .. }
            | Self::VolumeRemove { .. }
            | Self::VolumeAdopt { .. }
            | Self::ImageCheck { .. }
            | Self::ImageInspect { .. }
            | Self::ImageRepair { .. }
            | Self::ImageConvert(_)
            | Self::UsbList
            | Self::UsbQualify { .. }
            | Self::UsbPrepare { .. }
            | Self::BackupList { .. }
            | Self::BackupCreate(_)
            | Self::BackupVerify { .. }
            | Self::BackupPrune(_)
            | Self::BackupImport(_)
            | Self::MitigationCheck { .. }
            | Self::MitigationApply { .. }
            | Self::MitigationRevert { .. }
            | Self::MigrationPreflight(_)
            | Self::StressRun(_)
            | Self::ApplianceReboot
            | Self::DebugBundle { .. }
            | Self::Unknown => None,
        }
    }

    /// How long an agent may be silent about it once it has accepted it, before it counts as lost.
    pub fn patience(&self) -> Duration {
        match self {
            Self::VmShutdown { timeout_seconds, .. } | Self::VmReboot { timeout_seconds, .. } => {
                Duration::from_secs(u64::from(timeout_seconds.unwrap_or(300)))
                    + Duration::from_mins(5)
            }
            Self::ApplianceReboot => Duration::from_mins(20),
            // It tells how far it is while it goes on, and that begins anew with each word.
            Self::DebugBundle { .. }
            | Self::VolumeRevert { .. }
            | Self::ImageCheck { .. }
            | Self::ImageInspect { .. }
            | Self::ImageRepair { .. }
            | Self::ImageConvert(_)
            | Self::UsbQualify { .. }
            | Self::UsbPrepare { .. }
            | Self::BackupList { .. }
            | Self::BackupCreate(_)
            | Self::BackupVerify { .. }
            | Self::BackupRestore(_)
            | Self::BackupCompare(_)
            | Self::BackupPrune(_)
            | Self::BackupImport(_)
            | Self::MigrationPreflight(_)
            | Self::StressRun(_)
            // What is swapped out is read back.
            | Self::MitigationApply { .. }
            | Self::MitigationRevert { .. } => Duration::from_mins(30),
            Self::UsbList | Self::VmConsoleLog { .. } | Self::MitigationCheck { .. } => {
                Duration::from_mins(5)
            }
            Self::VmStart { .. }
            | Self::VmDestroy { .. }
            | Self::VmAdopt { .. }
            | Self::VmPause { .. }
            | Self::VmUnpause { .. }
            | Self::VmCreate(_)
            | Self::VmChange(_)
            | Self::VmRename { .. }
            | Self::VmAutostart { .. }
            | Self::VmRemove { .. }
            | Self::VolumeCreate { .. }
            | Self::ThinPoolCreate { .. }
            | Self::VolumeGrow { .. }
            | Self::VolumeSnapshot { .. }
            | Self::VolumeRename { .. }
            | Self::VolumeRemove { .. }
            | Self::VolumeAdopt { .. }
            | Self::Unknown => Duration::from_mins(10),
        }
    }
}
