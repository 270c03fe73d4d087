//! What may kill dom0: meant by name, and with backups of every VM or none wanted.

use domfleet_shared::operation::stress::StressRun;

use super::*;

const BACKED_UP: Timestamp = Timestamp::from_millis(1_000_000);

fn with_disk(name: &str, started_at: Option<Timestamp>) -> Vm {
    let disk = VmDisk {
        vdev: "xvda".into(),
        target: Some("/dev/vg0/a".into()),
        format: "lv".into(),
        writable: true,
    };
    Vm { disks: vec![disk], started_at, ..vm(name) }
}

fn asked(waive_backups: bool) -> Operation {
    Operation::StressRun(StressRun { waive_backups, ..StressRun::default() })
}

/// What is said where the VMs are these, of which the first is in a verified set.
fn said(vms: &[Vm], operation: &Operation) -> Result<Vec<Lock>, Refusal> {
    let storage = storage(true);
    let backups = [Backup { vm: vms[0].uuid, created_at: BACKED_UP }];
    let situation = Situation { backups: &backups, ..fine(vms, &storage, &[]) };
    admit(operation, Some("box-7"), &situation)
}

fn why(said: Result<Vec<Lock>, Refusal>) -> String {
    match said {
        Err(Refusal::Value("waive_backups", why)) => why,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_vm_that_was_started_since_its_last_backup_or_has_none_is_not_put_at_risk() {
    let (before, after) = (Timestamp::from_millis(999_999), Timestamp::from_millis(1_000_001));

    assert_eq!(said(&[with_disk("pbx", Some(before))], &asked(false)), Ok(vec![Lock::Power]));
    let since = why(said(&[with_disk("pbx", Some(after))], &asked(false)));
    assert!(since.starts_with("pbx was started since its last backup"), "{since}");
    let unknown = why(said(&[with_disk("pbx", None)], &asked(false)));
    assert!(unknown.starts_with("pbx was started nobody knows when"), "{unknown}");
    let two = [with_disk("pbx", Some(before)), with_disk("mail", Some(before))];
    let none = why(said(&two, &asked(false)));
    assert!(none.starts_with("mail has no verified backup;"), "{none}");
}

#[test]
fn whoever_says_so_goes_on_without_backups() {
    let vms = [with_disk("pbx", None), with_disk("mail", None)];

    assert_eq!(said(&vms, &asked(true)), Ok(vec![Lock::Power]));
}

#[test]
fn it_is_begun_only_by_the_appliance_s_name_and_while_nothing_else_is_done() {
    let (vms, storage) = ([vm("pbx")], storage(true));
    let held = [Held { lock: Lock::Usb, holder: OperationId::new(), kind: "usb_prepare".into() }];

    let unnamed = admit(&asked(false), Some("pbx"), &fine(&vms, &storage, &[]));
    let busy = admit(&asked(false), Some("box-7"), &fine(&vms, &storage, &held));

    assert_eq!(unnamed, Err(Refusal::Confirm("box-7".into())));
    assert!(matches!(busy, Err(Refusal::Locked { .. })), "{busy:?}");
}
