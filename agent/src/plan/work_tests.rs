use domfleet_shared::id::{DriveId, OperationId};
use domfleet_shared::inventory::VmState;
use domfleet_shared::mitigation::Mitigation;
use domfleet_shared::operation::keep::Keep;

use super::super::tests::{host, vm};
use super::*;

fn refused(operation: &Operation) -> String {
    let host = host(Vec::new(), Vec::new());
    work(OperationId::new(), operation, &host).map(|_| ()).unwrap_err().code
}

#[test]
fn what_is_to_be_encrypted_is_not_taken_over_without_a_key() {
    let import = |encrypted| {
        let (drive, from) = (DriveId::new(), "/old".to_owned());
        Operation::BackupImport(BackupImport { drive, from, encrypted, key: None })
    };
    let host = host(Vec::new(), Vec::new());

    assert_eq!(refused(&import(true)), "refused");
    let plain = work(OperationId::new(), &import(false), &host).unwrap();
    assert!(matches!(plain, Some(Work::ImportSet { key: None, .. })), "{plain:?}");
}

#[test]
fn nothing_is_removed_where_nothing_is_said_to_be_kept() {
    let keep = Keep::default();
    let prune = BackupPrune { drive: DriveId::new(), keep, dry_run: false };

    assert_eq!(refused(&Operation::BackupPrune(prune)), "refused");
}

#[test]
fn vms_that_run_are_known_to_whoever_compares() {
    let (off, running) = (vm(VmState::Off, None), vm(VmState::Running, Some(3)));
    let host = host(vec![off, running.clone()], Vec::new());
    let compare = BackupCompare { drive: DriveId::new(), set: None, vm: None };

    let compare = work(OperationId::new(), &Operation::BackupCompare(compare), &host).unwrap();

    let Some(Work::CompareSet { running: known, .. }) = compare else { panic!("{compare:?}") };
    assert_eq!(known, [running.uuid]);
}

#[test]
fn a_mitigation_is_a_work_that_is_done_as_it_was_asked_for() {
    let host = host(Vec::new(), Vec::new());
    let which = Mitigation::Swap;
    for (operation, asked) in [
        (Operation::MitigationCheck { which: None }, Asked::Check(None)),
        (
            Operation::MitigationApply { which, dry_run: true },
            Asked::Apply { which, dry_run: true },
        ),
        (
            Operation::MitigationRevert { which, dry_run: false },
            Asked::Revert { which, dry_run: false },
        ),
    ] {
        let id = OperationId::new();
        assert_eq!(steps(id, &host, &operation), Ok(Vec::new()));

        let work = work(id, &operation, &host).unwrap();

        let Some(Work::Mitigate(found)) = work else { panic!("{work:?}") };
        assert_eq!(found, asked);
    }
}
