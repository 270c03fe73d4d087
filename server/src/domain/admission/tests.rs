use domfleet_shared::id::{BundleId, DriveId, VmId};
use domfleet_shared::image::Format;
use domfleet_shared::inventory::{Storage, Vm, VmDisk, VmState, Volume, VolumeGroup};
use domfleet_shared::operation::backup::BackupCreate;
use domfleet_shared::operation::image::{ConvertTo, ImageAt, ImageConvert};
use domfleet_shared::operation::keep::Keep;
use domfleet_shared::operation::usb::DriveAt;
use domfleet_shared::usb::{DriveIdentity, PartitionTable, Usage, UsbDrive, UsbHardware};

use super::*;

mod sets;
mod stress;

fn vm(name: &str) -> Vm {
    Vm {
        uuid: VmId::new(),
        name: name.into(),
        state: VmState::Running,
        domid: Some(3),
        memory_bytes: 1 << 30,
        vcpus: 1,
        disks: Vec::new(),
        macs: Vec::new(),
        qemu_running: None,
        config_path: None,
        managed: true,
        autostart: None,
        started_at: None,
    }
}

fn storage(managed: bool) -> Storage {
    Storage {
        volume_groups: vec![VolumeGroup {
            uuid: "g".into(),
            name: "vg0".into(),
            size_bytes: 1 << 30,
            free_bytes: 1 << 29,
            extent_bytes: 1 << 22,
        }],
        volumes: vec![Volume {
            lv_uuid: "v".into(),
            name: "pbx-root".into(),
            volume_group: "vg0".into(),
            size_bytes: 1 << 28,
            attributes: "-wi-a-----".into(),
            segment_type: "linear".into(),
            origin: None,
            data_basis_points: None,
            metadata_basis_points: None,
            pool: None,
            tags: std::collections::BTreeSet::new(),
            managed,
        }],
    }
}

fn fine<'a>(vms: &'a [Vm], storage: &'a Storage, locks: &'a [Held]) -> Situation<'a> {
    Situation {
        name: "box-7",
        state: ApplianceState::Accepted,
        read_only: None,
        held: false,
        vms: Some(vms),
        storage: Some(storage),
        usb: None,
        backups: &[],
        locks,
        migration: None,
        unfinished: 0,
        window: Window::Open,
        consent: Consent::Given,
    }
}

#[test]
fn what_conflicts_is_refused_and_the_holder_named() {
    let (vms, storage) = ([vm("pbx")], storage(true));
    let holder = OperationId::new();
    let held = |lock| [Held { lock, holder, kind: "vm_start".into() }];
    let start = Operation::VmStart { vm: vms[0].uuid };

    for lock in [Lock::Vm(vms[0].uuid), Lock::Power] {
        let locks = held(lock);
        match admit(&start, None, &fine(&vms, &storage, &locks)) {
            Err(Refusal::Locked { holder: found, .. }) => assert_eq!(found, holder),
            other => panic!("{other:?}"),
        }
    }
    for lock in [Lock::Vm(VmId::new()), Lock::Storage] {
        let locks = held(lock);
        assert!(admit(&start, None, &fine(&vms, &storage, &locks)).is_ok());
    }
}

#[test]
fn an_appliance_that_is_migrated_is_only_looked_at_and_the_migration_is_named() {
    let (vms, storage) = ([vm("pbx")], storage(true));
    let id = MigrationId::new();
    let situation = Situation { migration: Some((id, "backing_up")), ..fine(&vms, &storage, &[]) };

    let start = admit(&Operation::VmStart { vm: vms[0].uuid }, None, &situation).unwrap_err();
    assert_eq!(start.code(), "migrating");
    assert!(start.what_to_do().contains(&id.to_string()));
    assert!(admit(&Operation::UsbList, None, &situation).is_ok());
    assert!(admit(&Operation::ApplianceReboot, Some("box-7"), &situation).is_ok());
}

#[test]
fn what_destroys_needs_the_name_of_what_is_destroyed() {
    let (vms, storage) = ([vm("pbx")], storage(true));
    let situation = fine(&vms, &storage, &[]);
    let cases = [
        (Operation::VmDestroy { vm: vms[0].uuid }, "pbx"),
        (Operation::VolumeRemove { volume: "v".into() }, "pbx-root"),
        (Operation::ApplianceReboot, "box-7"),
    ];

    for (operation, name) in cases {
        for wrong in [None, Some(""), Some("PBX")] {
            assert_eq!(
                admit(&operation, wrong, &situation),
                Err(Refusal::Confirm(name.into())),
                "{operation:?}"
            );
        }
        assert_eq!(admit(&operation, Some(name), &situation), Ok(operation.locks()));
    }
}

#[test]
fn a_read_only_appliance_is_only_read_from() {
    let (vms, storage) = ([vm("pbx")], storage(true));
    let situation = Situation { read_only: Some("there are two"), ..fine(&vms, &storage, &[]) };

    let start = admit(&Operation::VmStart { vm: vms[0].uuid }, None, &situation);
    let bundle = admit(&Operation::DebugBundle { bundle: BundleId::new() }, None, &situation);

    assert_eq!(start, Err(Refusal::ReadOnly("there are two".into())));
    assert!(bundle.is_ok());
}

#[test]
fn nothing_is_asked_of_an_appliance_outside_the_fleet_or_by_a_held_server() {
    let (vms, storage) = ([vm("pbx")], storage(true));
    let bundle = Operation::DebugBundle { bundle: BundleId::new() };

    for state in [ApplianceState::Pending, ApplianceState::Rejected, ApplianceState::Decommissioned]
    {
        let situation = Situation { state, ..fine(&vms, &storage, &[]) };
        assert_eq!(admit(&bundle, None, &situation), Err(Refusal::NotAccepted(state)));
    }
    let held = Situation { held: true, ..fine(&vms, &storage, &[]) };
    assert_eq!(admit(&bundle, None, &held), Err(Refusal::Held));
}

#[test]
fn a_volume_that_others_made_is_not_removed() {
    let (vms, storage) = ([vm("pbx")], storage(false));
    let remove = Operation::VolumeRemove { volume: "v".into() };

    let refused = admit(&remove, Some("pbx-root"), &fine(&vms, &storage, &[]));

    assert_eq!(refused, Err(Refusal::NotOurs("volume", "v".into())));
}

#[test]
fn what_the_appliance_has_not_reported_is_not_there() {
    let storage = storage(true);
    let situation = fine(&[], &storage, &[]);
    let unreported = Situation { vms: None, storage: None, ..situation.clone() };

    for situation in [situation, unreported] {
        let start = admit(&Operation::VmStart { vm: VmId::new() }, None, &situation);
        assert!(matches!(start, Err(Refusal::NoSuch("VM", _))));
    }
}

#[test]
fn a_volume_has_a_name_that_lvm_takes_and_a_size_that_fits() {
    let storage = storage(true);
    let create = |name: &str, size_bytes| Operation::VolumeCreate {
        volume_group: "vg0".into(),
        name: name.into(),
        size_bytes,
        thin_pool: None,
    };

    for (name, size) in [("", 1), ("-x", 1), ("a/b", 1), ("a b", 1), ("ok", 0), ("ok", 1 << 31)] {
        let refused = admit(&create(name, size), None, &fine(&[], &storage, &[]));
        assert!(matches!(refused, Err(Refusal::Value(..))), "{name:?} {size}");
    }
    assert!(admit(&create("pbx-data", 1 << 20), None, &fine(&[], &storage, &[])).is_ok());
}

#[test]
fn an_operation_of_tomorrow_is_not_asked_for() {
    let storage = storage(true);

    let refused = admit(&Operation::Unknown, None, &fine(&[], &storage, &[]));

    assert_eq!(refused, Err(Refusal::UnknownKind));
}

#[test]
fn a_lock_is_found_by_its_name() {
    for lock in [Lock::Os, Lock::Storage, Lock::Power, Lock::Vm(VmId::new())] {
        assert_eq!(lock_named(&lock.to_string()), Some(lock));
    }
    assert_eq!(lock_named("moon"), None);
}

fn drive(serial: &str, usage: Usage) -> UsbDrive {
    let id = match usage {
        Usage::Ours { drive } => Some(drive),
        _ => None,
    };
    UsbDrive {
        path: "/dev/sdb".into(),
        size_bytes: 64 << 30,
        hardware: UsbHardware { serial: Some(serial.into()), ..UsbHardware::default() },
        read_only: false,
        table: PartitionTable::None,
        content: None,
        mounted_at: Vec::new(),
        partitions: Vec::new(),
        usage,
        identity: DriveIdentity { drive: id, ..DriveIdentity::default() },
    }
}

#[test]
fn a_drive_is_prepared_only_while_it_is_the_one_that_was_meant_and_with_its_serial_number_typed() {
    let (vms, storage) = ([vm("pbx")], storage(true));
    let empty = drive("A1", Usage::Empty);
    let prepare = Operation::UsbPrepare { drive: DriveAt::of(&empty) };
    let ask = |drives: &[UsbDrive], confirm| {
        let situation = Situation { usb: Some(drives), ..fine(&vms, &storage, &[]) };
        admit(&prepare, confirm, &situation)
    };

    assert_eq!(ask(std::slice::from_ref(&empty), Some("A1")), Ok(vec![Lock::Usb]));
    assert_eq!(ask(&[empty], None), Err(Refusal::Confirm("A1".into())));
    let other = [drive("A2", Usage::Empty)];
    assert!(matches!(ask(&other, Some("A1")), Err(Refusal::NoSuch("USB drive", _))));
    let system = [drive("A1", Usage::System { reason: "/ is on it".into() })];
    assert!(matches!(ask(&system, Some("A1")), Err(Refusal::Value("drive", _))));
}

#[test]
fn a_backup_needs_its_drive_and_vms_that_are_off_or_may_be_shut_down() {
    let (id, storage) = (DriveId::new(), storage(true));
    let vms = [vm("pbx")];
    let ours = [drive("A1", Usage::Ours { drive: id })];
    let copy = [ours[0].clone(), ours[0].clone()];
    let ask = |drives: &[UsbDrive], shut_down| {
        let situation = Situation { usb: Some(drives), ..fine(&vms, &storage, &[]) };
        let create = BackupCreate {
            drive: id,
            vms: vec![vms[0].uuid],
            shut_down,
            encrypted: false,
            key: None,
            parity: false,
            snapshot: false,
            keep: None,
        };
        admit(&Operation::BackupCreate(create), None, &situation)
    };

    assert_eq!(ask(&ours, true), Ok(vec![Lock::Usb, Lock::Vm(vms[0].uuid)]));
    assert!(matches!(ask(&ours, false), Err(Refusal::Value("vms", _))));
    assert!(matches!(ask(&[], true), Err(Refusal::NoSuch("prepared USB drive", _))));
    // Two candidates are a question, not a guess.
    assert!(matches!(ask(&copy, true), Err(Refusal::Value("drive", _))));
}

#[test]
fn a_vm_that_runs_is_backed_up_from_snapshots_only_where_all_its_disks_are_volumes() {
    let (id, storage) = (DriveId::new(), storage(true));
    let ours = [drive("A1", Usage::Ours { drive: id })];
    let ask = |target: &str, shut_down, keep| {
        let disk = VmDisk {
            vdev: "xvda".into(),
            target: Some(target.into()),
            format: "raw".into(),
            writable: true,
        };
        let vms = [Vm { disks: vec![disk], ..vm("pbx") }];
        let situation = Situation { usb: Some(&ours), ..fine(&vms, &storage, &[]) };
        let vms = vec![vms[0].uuid];
        let create = BackupCreate {
            drive: id,
            vms,
            shut_down,
            snapshot: true,
            keep,
            encrypted: false,
            key: None,
            parity: false,
        };
        admit(&Operation::BackupCreate(create), None, &situation)
    };

    assert!(ask("/dev/vg0/pbx-root", false, None).is_ok());
    assert!(ask("/dev/mapper/vg0-pbx--root", false, None).is_ok());
    match ask("/vm/pbx.qcow2", false, None) {
        Err(Refusal::Value("vms", why)) => assert!(why.contains("leave it out"), "{why}"),
        other => panic!("{other:?}"),
    }
    assert!(matches!(ask("/dev/vg0/pbx-root", true, None), Err(Refusal::Value("snapshot", _))));
    let nothing = Some(Keep::default());
    assert!(matches!(ask("/dev/vg0/pbx-root", false, nothing), Err(Refusal::Value("keep", _))));
}

#[test]
fn a_conversion_onto_a_volume_names_the_volume_whose_content_is_lost() {
    let (vms, storage) = ([vm("pbx")], storage(true));
    let situation = fine(&vms, &storage, &[]);
    let convert = |target, format| {
        let source = ImageAt::Path("/vm/a.qcow2".into());
        let convert = ImageConvert { source, source_format: None, target, format };
        Operation::ImageConvert(convert)
    };
    let onto = convert(ConvertTo::Volume("v".into()), Format::Raw);

    assert_eq!(admit(&onto, None, &situation), Err(Refusal::Confirm("pbx-root".into())));
    assert_eq!(admit(&onto, Some("pbx-root"), &situation), Ok(vec![Lock::Storage]));
    let wrong = convert(ConvertTo::Volume("v".into()), Format::Qcow2);
    assert!(matches!(
        admit(&wrong, Some("pbx-root"), &situation),
        Err(Refusal::Value("format", _))
    ));
    let up = convert(ConvertTo::Path("/vm/../etc/x".into()), Format::Raw);
    assert!(matches!(admit(&up, None, &situation), Err(Refusal::Value("target", _))));
}
