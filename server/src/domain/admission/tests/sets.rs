use domfleet_shared::operation::backup::{BackupRestore, RestoreTo};
use domfleet_shared::operation::keep::Keep;
use domfleet_shared::operation::sets::{BackupCompare, BackupImport, BackupPrune};

use super::*;

fn asked(operation: &Operation, confirm: Option<&str>, id: DriveId) -> Result<Vec<Lock>, Refusal> {
    let (vms, storage) = ([vm("pbx")], storage(true));
    let drives = [drive("A1", Usage::Ours { drive: id })];
    let situation = Situation { usb: Some(&drives), ..fine(&vms, &storage, &[]) };
    admit(operation, confirm, &situation)
}

#[test]
fn sets_are_removed_only_with_the_drive_s_serial_number_and_something_kept() {
    let id = DriveId::new();
    let prune = |last, dry_run| {
        let keep = Keep { last, ..Keep::default() };
        Operation::BackupPrune(BackupPrune { drive: id, keep, dry_run })
    };

    assert_eq!(asked(&prune(1, false), None, id), Err(Refusal::Confirm("A1".into())));
    assert_eq!(asked(&prune(1, false), Some("A1"), id), Ok(vec![Lock::Usb]));
    assert_eq!(asked(&prune(1, true), None, id), Ok(vec![Lock::Usb]));
    assert!(matches!(asked(&prune(0, true), None, id), Err(Refusal::Value("keep", _))));
    let elsewhere = asked(&prune(1, true), None, DriveId::new());
    assert!(matches!(elsewhere, Err(Refusal::NoSuch("prepared USB drive", _))));
}

#[test]
fn a_vm_that_runs_is_not_compared_and_one_that_is_gone_is() {
    let (vms, storage, id) = ([vm("pbx")], storage(true), DriveId::new());
    let drives = [drive("A1", Usage::Ours { drive: id })];
    let situation = Situation { usb: Some(&drives), ..fine(&vms, &storage, &[]) };
    let compare = |vm| {
        let compare = BackupCompare { drive: id, set: None, vm };
        admit(&Operation::BackupCompare(compare), None, &situation)
    };
    let gone = VmId::new();

    assert!(matches!(compare(Some(vms[0].uuid)), Err(Refusal::Value("vm", _))));
    assert_eq!(compare(Some(gone)), Ok(vec![Lock::Usb, Lock::Vm(gone)]));
    assert_eq!(compare(None), Ok(vec![Lock::Usb]));
}

#[test]
fn a_vm_is_restored_under_another_name_that_no_vm_has_and_xl_takes() {
    let id = DriveId::new();
    let restore = |name: &str| {
        let to = RestoreTo::VolumeGroup("vg0".into());
        let as_name = Some(name.to_owned());
        let restore = BackupRestore { drive: id, set: None, vm: VmId::new(), to, as_name };
        asked(&Operation::BackupRestore(restore), None, id)
    };

    assert!(restore("pbx-test").is_ok());
    assert!(matches!(restore("pbx"), Err(Refusal::Taken("VM", _))));
    assert!(matches!(restore("../pbx"), Err(Refusal::Value("as_name", _))));
}

#[test]
fn what_is_imported_is_in_a_folder_by_its_absolute_path() {
    let id = DriveId::new();
    let import = |from: &str| {
        let from = from.to_owned();
        let import = BackupImport { drive: id, from, encrypted: false, key: None };
        asked(&Operation::BackupImport(import), None, id)
    };

    assert_eq!(import("/data/old"), Ok(vec![Lock::Usb]));
    assert!(matches!(import("old"), Err(Refusal::Value("from", _))));
    assert!(matches!(import("/data/../etc"), Err(Refusal::Value("from", _))));
}
