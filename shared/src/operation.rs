//! What an appliance can be asked to do, what it may do to it, and what it holds meanwhile.

pub mod backup;
mod facts;
pub mod image;
pub mod keep;
mod lock;
mod pace;
mod priority;
mod report;
pub mod sets;
mod state;
pub mod stress;
pub mod usb;
pub mod vm;
pub mod volume;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use self::backup::{BackupCreate, BackupRestore};
use self::image::{ImageAt, ImageConvert};
pub use self::lock::{Lock, conflicts};
pub use self::pace::Pace;
pub use self::priority::Priority;
pub use self::report::{Progress, Reason, Report};
use self::sets::{BackupCompare, BackupImport, BackupPrune};
pub use self::state::{Change, IllegalChange, OperationState, Reported};
use self::stress::StressRun;
use self::usb::DriveAt;
use self::vm::{Disks, VmChange, VmCreate};
use crate::id::{BundleId, DriveId, SetId, VmId};
use crate::image::Format;
use crate::migration::preflight::Assumptions;
use crate::mitigation::Mitigation;
use crate::usb::QualifyMode;

/// One thing asked of one appliance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Operation {
    /// Create the VM's domain from its configuration. A running VM is left as it is.
    VmStart {
        /// The VM.
        vm: VmId,
    },
    /// Ask the guest to shut down, and wait for the domain to be gone.
    VmShutdown {
        /// The VM.
        vm: VmId,
        /// How long the guest is given, in seconds; 300 where it is not said. After that the
        /// operation fails, and the VM runs on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        timeout_seconds: Option<u32>,
    },
    /// Shut the guest down and create its domain anew.
    VmReboot {
        /// The VM.
        vm: VmId,
        /// As for a shutdown.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        timeout_seconds: Option<u32>,
    },
    /// Pull the plug: what the guest had not written is lost.
    VmDestroy {
        /// The VM.
        vm: VmId,
    },
    /// Take a VM that others made under management. Its configuration is copied and its identity
    /// pinned; the VM itself is not touched.
    VmAdopt {
        /// The VM.
        vm: VmId,
    },
    /// Stop the VM's virtual CPUs. What the guest has not written stays in its memory.
    VmPause {
        /// The VM.
        vm: VmId,
    },
    /// Let the VM's virtual CPUs go on.
    VmUnpause {
        /// The VM.
        vm: VmId,
    },
    /// Make a VM, which is ours from then on. It is not started.
    VmCreate(VmCreate),
    /// Change a managed VM's memory, CPUs, disks or network cards from its next start on.
    VmChange(VmChange),
    /// Give a managed VM another name.
    VmRename {
        /// The VM.
        vm: VmId,
        /// Its new name.
        name: String,
    },
    /// Say whether a managed VM is started with dom0.
    VmAutostart {
        /// The VM.
        vm: VmId,
        /// Whether it is.
        enabled: bool,
    },
    /// Remove a managed VM that is off: its configuration, and its volumes where that is asked for.
    VmRemove {
        /// The VM.
        vm: VmId,
        /// What becomes of its disks.
        disks: Disks,
    },
    /// Read the end of what the VM said on its console.
    VmConsoleLog {
        /// The VM.
        vm: VmId,
        /// At most so many bytes of it; 16 KiB where it is not said, and never more than 64.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        bytes: Option<u32>,
    },
    /// Create a logical volume that carries our tag.
    VolumeCreate {
        /// The volume group's name.
        volume_group: String,
        /// The new volume's name.
        name: String,
        /// At least so many bytes; rounded up to whole extents.
        size_bytes: u64,
        /// The thin pool that it is made in; a thick volume where it is not said.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        thin_pool: Option<String>,
    },
    /// Create a thin pool that carries our tag.
    ThinPoolCreate {
        /// The volume group's name.
        volume_group: String,
        /// The new pool's name.
        name: String,
        /// Room for data: at least so many bytes, rounded up to whole extents.
        size_bytes: u64,
        /// Room for the pool's own tables; what LVM finds fit where it is not said.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        metadata_bytes: Option<u64>,
    },
    /// Make a managed volume larger. What is on it stays, and does not grow with it.
    VolumeGrow {
        /// `lv_uuid` of the volume.
        volume: String,
        /// Its new size, at least so many bytes; rounded up to whole extents. Never smaller than
        /// it is.
        size_bytes: u64,
    },
    /// Give the origin of a managed snapshot the content that it had when the snapshot was taken.
    /// What was written since is lost, and the snapshot is used up.
    VolumeRevert {
        /// `lv_uuid` of the snapshot.
        volume: String,
    },
    /// Give a managed volume that no VM uses another name.
    VolumeRename {
        /// `lv_uuid` of the volume.
        volume: String,
        /// Its new name.
        name: String,
    },
    /// Snapshot a logical volume; the snapshot carries our tag.
    VolumeSnapshot {
        /// `lv_uuid` of the origin.
        volume: String,
        /// The snapshot's name.
        name: String,
        /// Room for changes of a thick snapshot, in bytes; a tenth of the origin where it is not
        /// said. Thin snapshots need none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        size_bytes: Option<u64>,
    },
    /// Remove a logical volume and what is on it. One without our tag is refused.
    VolumeRemove {
        /// `lv_uuid` of the volume.
        volume: String,
    },
    /// Take a volume that others made under management: give it our tag.
    VolumeAdopt {
        /// `lv_uuid` of the volume.
        volume: String,
    },
    /// Say what an image is, and whether what it holds can be trusted.
    ImageCheck {
        /// The image.
        image: ImageAt,
        /// What the VM's configuration calls its format; otherwise its first bytes tell.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        format: Option<Format>,
    },
    /// Say everything that can be said of an image without looking at what its guest keeps in it.
    ImageInspect {
        /// The image.
        image: ImageAt,
        /// As for a check.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        format: Option<Format>,
    },
    /// Copy an image and repair the copy, which is there only once it is in order. The image itself
    /// is not touched.
    ImageRepair {
        /// The image.
        image: ImageAt,
        /// As for a check.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        format: Option<Format>,
        /// The new file, by its absolute path. Nothing may be there.
        to: String,
        /// Copy what can be read of an image that is corrupt, though parts of it are not what its VM
        /// wrote.
        #[serde(default)]
        salvage: bool,
    },
    /// Convert an image into a new file, or onto a volume.
    ImageConvert(ImageConvert),
    /// Say which USB drives are plugged in, and what is on them.
    UsbList,
    /// Find out what a USB drive really holds, and how fast it is, by writing to it.
    UsbQualify {
        /// The drive.
        drive: DriveAt,
        /// How much of it.
        mode: QualifyMode,
        /// Erase all that is on it; otherwise only blank and free space is written to.
        #[serde(default)]
        erase: bool,
    },
    /// Make a USB drive ours: one partition, ext4. What is on it is lost.
    UsbPrepare {
        /// The drive.
        drive: DriveAt,
    },
    /// Say which backup sets are on a drive.
    BackupList {
        /// The drive.
        drive: DriveId,
    },
    /// Back VMs up.
    BackupCreate(BackupCreate),
    /// Read every byte of the sets on a drive back, and hold it against what was written.
    BackupVerify {
        /// The drive.
        drive: DriveId,
        /// One set, instead of all.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        set: Option<SetId>,
    },
    /// Restore a VM out of a set, into new files or onto new volumes. It is not started.
    BackupRestore(BackupRestore),
    /// Hold a set against the disks that it was made of, where they are now. Writes nothing.
    BackupCompare(BackupCompare),
    /// Make room: remove the sets of a drive that need not be kept, each whole or not at all. The newest
    /// verified set that holds a VM is kept whatever is said.
    BackupPrune(BackupPrune),
    /// Take over a backup that another program has made, and read every byte back.
    BackupImport(BackupImport),
    /// Say how a mitigation of a 1.x appliance stands, or all do, and what applying would change.
    MitigationCheck {
        /// Which, instead of all.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        which: Option<Mitigation>,
    },
    /// Apply a mitigation. Of every file that it changes a copy is kept.
    MitigationApply {
        /// Which.
        which: Mitigation,
        /// Only say what would be changed.
        #[serde(default)]
        dry_run: bool,
    },
    /// Take a mitigation back that was applied so.
    MitigationRevert {
        /// Which.
        which: Mitigation,
        /// Only say what would be changed.
        #[serde(default)]
        dry_run: bool,
    },
    /// Say everything that stands in the way of the move to 2.x, and how long it would take. Changes nothing.
    MigrationPreflight(Box<Assumptions>),
    /// Put load on dom0's disk and see whether dom0 survives it. It may freeze, and with it every VM.
    StressRun(StressRun),
    /// Restart dom0, and with it every VM.
    ApplianceReboot,
    /// Collect debug files and upload them.
    DebugBundle {
        /// The bundle that they become; a new one where it is not said.
        #[serde(default = "BundleId::new")]
        bundle: BundleId,
    },
    /// A kind that this build does not know. Received, never sent; it is rejected.
    #[serde(other)]
    Unknown,
}

/// What an operation can do to an appliance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// Changes nothing.
    Read,
    /// Changes something that can be changed back.
    Mutate,
    /// Ends or destroys something. Done at most once, and never repeated on a guess.
    Destructive,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operation_of_tomorrow_is_understood_as_unknown() {
        let json = r#"{"kind":"vm_teleport","vm":"x","speed":3}"#;

        assert_eq!(serde_json::from_str::<Operation>(json).unwrap(), Operation::Unknown);
    }

    #[test]
    fn every_kind_is_written_flat_under_its_own_name() {
        use super::vm::*;
        let (vm, name, volume) = (VmId::new(), "x".to_owned(), "u".to_owned());
        let change = VmChange {
            vm,
            memory_mib: Some(512),
            vcpus: None,
            add_disks: Vec::new(),
            remove_disks: vec!["xvdb".into()],
            add_nics: Vec::new(),
            remove_nics: Vec::new(),
        };
        let create = VmCreate { vm: Some(vm), from: VmSource::Config("name = 'x'".into()) };
        let kinds = [
            Operation::VmPause { vm },
            Operation::VmCreate(create),
            Operation::VmChange(change),
            Operation::VmRename { vm, name: name.clone() },
            Operation::VmAutostart { vm, enabled: true },
            Operation::VmRemove { vm, disks: Disks::Keep },
            Operation::VmConsoleLog { vm, bytes: None },
            Operation::VolumeGrow { volume: volume.clone(), size_bytes: 5 },
            Operation::VolumeRevert { volume: volume.clone() },
            Operation::VolumeRename { volume, name },
        ];
        for operation in kinds {
            let json = serde_json::to_value(&operation).unwrap();

            assert_eq!(json["kind"], operation.kind());
            assert!(
                json.get("vm").or(json.get("volume")).is_some_and(serde_json::Value::is_string)
            );
            assert_eq!(serde_json::from_value::<Operation>(json).unwrap(), operation);
        }
    }

    #[test]
    fn a_backup_holds_its_vms_and_the_drive_and_another_backup_waits_for_it() {
        let (drive, vm) = (DriveId::new(), VmId::new());
        let create = BackupCreate {
            drive,
            vms: vec![vm],
            shut_down: false,
            encrypted: false,
            key: None,
            parity: false,
            snapshot: false,
            keep: None,
        };
        let create = Operation::BackupCreate(create);

        assert_eq!(create.locks(), [Lock::Usb, Lock::Vm(vm)]);
        assert_eq!(Operation::BackupVerify { drive, set: None }.locks(), [Lock::Usb]);
        let json = serde_json::to_value(&create).unwrap();
        assert_eq!(json["kind"], "backup_create");
        assert_eq!(serde_json::from_value::<Operation>(json).unwrap(), create);
    }

    #[test]
    fn a_mitigation_holds_the_system_unless_it_only_says_what_it_would_change() {
        let which = Mitigation::Swap;
        for (operation, class, locks) in [
            (Operation::MitigationCheck { which: None }, Class::Read, vec![]),
            (Operation::MitigationApply { which, dry_run: true }, Class::Read, vec![]),
            (Operation::MitigationRevert { which, dry_run: true }, Class::Read, vec![]),
            (Operation::MitigationApply { which, dry_run: false }, Class::Mutate, vec![Lock::Os]),
            (Operation::MitigationRevert { which, dry_run: false }, Class::Mutate, vec![Lock::Os]),
        ] {
            assert_eq!((operation.class(), operation.locks()), (class, locks));
            let json = serde_json::to_value(&operation).unwrap();
            assert_eq!(json["kind"], operation.kind());
            assert_eq!(serde_json::from_value::<Operation>(json).unwrap(), operation);
        }
        let short = serde_json::json!({ "kind": "mitigation_apply", "which": "swap" });
        let short = serde_json::from_value::<Operation>(short).unwrap();
        assert_eq!(short, Operation::MitigationApply { which, dry_run: false });
    }

    #[test]
    fn a_preflight_changes_nothing_and_says_only_what_is_not_usual() {
        let json = serde_json::json!({ "kind": "migration_preflight", "budget_seconds": 60 });

        let operation: Operation = serde_json::from_value(json).unwrap();

        let Operation::MigrationPreflight(assumptions) = &operation else { panic!() };
        let usual = Assumptions::default();
        assert_eq!(**assumptions, Assumptions { budget_seconds: 60, ..usual });
        assert_eq!((operation.class(), operation.locks()), (Class::Read, vec![Lock::Usb]));
        assert!(operation.is_work() && operation.vm().is_none());
        let json = serde_json::to_value(&operation).unwrap();
        assert_eq!(json["kind"], operation.kind());
        assert_eq!(serde_json::from_value::<Operation>(json).unwrap(), operation);
    }

    #[test]
    fn what_a_backup_does_not_say_is_as_it_was_before_it_could_be_said() {
        let old = serde_json::json!({ "kind": "backup_create", "drive": DriveId::new() });

        let Operation::BackupCreate(create) = serde_json::from_value(old.clone()).unwrap() else {
            panic!()
        };

        assert!(!create.shut_down && !create.snapshot && create.keep.is_none());
        let said = serde_json::to_value(Operation::BackupCreate(create)).unwrap();
        assert!(said.get("snapshot").is_none() && said.get("keep").is_none(), "{said}");
    }

    #[test]
    fn only_what_overwrites_something_of_somebody_s_is_destructive() {
        use super::image::ConvertTo;
        let drive = DriveAt { path: "/dev/sdb".into(), size_bytes: 1, serial: None };
        let convert = |target| {
            let source = ImageAt::Path("/vm/a".into());
            let format = Format::Raw;
            Operation::ImageConvert(ImageConvert { source, source_format: None, target, format })
        };
        let qualify =
            |erase| Operation::UsbQualify { drive: drive.clone(), mode: QualifyMode::Quick, erase };

        assert_eq!(convert(ConvertTo::Path("/vm/b".into())).class(), Class::Mutate);
        assert_eq!(convert(ConvertTo::Volume("u".into())).class(), Class::Destructive);
        assert_eq!(qualify(false).class(), Class::Mutate);
        assert_eq!(qualify(true).class(), Class::Destructive);
        assert_eq!(Operation::UsbPrepare { drive: drive.clone() }.class(), Class::Destructive);
    }

    #[test]
    fn a_vm_that_is_given_a_new_volume_holds_the_storage_too() {
        let json = r#"{"kind":"vm_create","vm":"5f0c2c3e-8d1b-4a5e-9a53-6c1f0e7b9d21","from":{
            "form":{"name":"a","type":"pv","memory_mib":1,"vcpus":1,"disks":[{"vdev":"xvda",
            "source":{"new_volume":{"volume_group":"vg0","name":"a","size_bytes":1}}}]}}}"#;
        let create: Operation = serde_json::from_str(json).unwrap();
        let vm = create.vm().unwrap();

        assert_eq!(create.locks(), [Lock::Vm(vm), Lock::Storage]);
        assert_eq!(Operation::VmRemove { vm, disks: Disks::Keep }.locks(), [Lock::Vm(vm)]);
    }
}
