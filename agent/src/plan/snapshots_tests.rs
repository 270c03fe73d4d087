use domfleet_shared::id::DriveId;
use domfleet_shared::operation::Operation;
use domfleet_shared::operation::backup::BackupCreate;
use domfleet_shared::operation::keep::Keep;

use super::*;
use crate::dom0::step::MANAGED_TAG;
use crate::plan::tests::{host, vm, volume};
use crate::plan::{plan, work};
use crate::testing::taken;
use crate::works::Work;

const GIB: u64 = 1 << 30;
const EXTENT: u64 = 4 << 20;

fn backup(vms: &[&Vm]) -> Operation {
    Operation::BackupCreate(BackupCreate {
        drive: DriveId::new(),
        vms: vms.iter().map(|vm| vm.uuid).collect(),
        shut_down: false,
        encrypted: false,
        key: None,
        parity: false,
        snapshot: true,
        keep: Some(Keep { last: 3, ..Keep::default() }),
    })
}

/// A VM that runs, with these volumes as its disks.
fn running(volumes: &[&str]) -> Vm {
    let disk = |(letter, name): (char, &&str)| VmDisk {
        vdev: format!("xvd{letter}"),
        target: Some(format!("/dev/vg0/{name}")),
        format: "lv".into(),
        writable: true,
    };
    let disks = ('a'..).zip(volumes).map(disk).collect();
    Vm { disks, ..vm(VmState::Running, Some(3)) }
}

fn of_size(name: &str, size_bytes: u64) -> Volume {
    Volume { size_bytes, ..volume(name, false) }
}

fn free(host: &mut Observed, free_bytes: u64) {
    host.storage.as_mut().unwrap().volume_groups[0].free_bytes = free_bytes;
}

/// The room that each snapshot of the only step gets.
fn rooms(vms: &[&Vm], host: &Observed) -> Result<Vec<Option<u64>>, Reason> {
    let steps = plan(OperationId::new(), &backup(vms), host)?;
    let disks = steps.iter().flat_map(|step| match step {
        Step::SnapshotDisks { disks, .. } => disks.iter(),
        other => panic!("{other:?}"),
    });
    Ok(disks.map(|disk| disk.size_bytes).collect())
}

#[test]
fn all_disks_of_a_vm_that_runs_are_of_one_moment_and_one_that_is_off_is_read_as_it_is() {
    let (one, off) = (running(&["root", "data"]), vm(VmState::Off, None));
    let paused = Vm { disks: running(&["other"]).disks, ..vm(VmState::Paused, Some(4)) };
    let volumes = ["root", "data", "other", "pbx-root"].map(|name| of_size(name, GIB));
    let host = host(vec![one.clone(), off.clone(), paused.clone()], volumes.into());
    let id = OperationId::new();

    let steps = plan(id, &backup(&[&one, &off, &paused]), &host).unwrap();

    let [
        Step::SnapshotDisks { operation, vm, pause: Some(3), disks, .. },
        // Somebody else has paused it, and will have it go on.
        Step::SnapshotDisks { vm: other, pause: None, .. },
    ] = steps.as_slice()
    else {
        panic!("{steps:?}")
    };
    assert_eq!((*operation, *vm, *other), (id, one.uuid, paused.uuid));
    let origins: Vec<&str> = disks.iter().map(|disk| disk.origin_uuid.as_str()).collect();
    assert_eq!(origins, ["uuid-root", "uuid-data"]);
    assert_ne!(disks[0].name, disks[1].name);
}

#[test]
fn a_vm_that_runs_from_a_file_is_refused_with_what_to_do() {
    let mut one = running(&["root", "data"]);
    one.disks[1].target = Some("/vm/pbx.qcow2".into());
    let off = Vm { disks: one.disks.clone(), ..vm(VmState::Off, None) };
    let host = host(vec![one.clone(), off.clone()], vec![of_size("root", GIB)]);

    let refused = plan(OperationId::new(), &backup(&[&one]), &host).unwrap_err();

    assert_eq!(refused.code, "refused");
    for words in ["xvdb of pbx", "/vm/pbx.qcow2", "shut the VM down", "leave it out"] {
        assert!(refused.message.contains(words), "{}", refused.message);
    }
    assert_eq!(plan(OperationId::new(), &backup(&[&off]), &host), Ok(Vec::new()));
}

#[test]
fn a_snapshot_that_may_take_all_that_is_written_is_made_wherever_there_is_room_for_it() {
    let one = running(&["root", "data"]);
    let volumes = vec![of_size("root", 4 * GIB), of_size("data", 8 * GIB)];
    let mut host = host(vec![one.clone()], volumes);

    let whole = rooms(&[&one], &host).unwrap();
    // Of 40 GiB, a hundredth is left.
    free(&mut host, 3 * GIB);
    let part = rooms(&[&one], &host).unwrap();
    free(&mut host, GIB);
    let none = rooms(&[&one], &host).unwrap_err();

    assert!(whole[0].unwrap() > 4 * GIB && whole[1].unwrap() > 8 * GIB, "{whole:?}");
    let (root, data) = (part[0].unwrap(), part[1].unwrap());
    assert!(root + data <= 3 * GIB - 4 * GIB / 10, "{part:?}");
    assert!(data / root == 2 && root > 800 << 20, "{part:?}");
    for bytes in whole.into_iter().chain(part).flatten() {
        assert_eq!(bytes % EXTENT, 0);
    }
    assert_eq!(none.code, "no_room");
    assert!(none.message.contains("a tenth is needed"), "{}", none.message);
}

#[test]
fn a_thin_snapshot_takes_no_room_and_is_not_made_in_a_pool_that_is_full() {
    let one = running(&["root"]);
    let thin = |fill| {
        let root = Volume {
            segment_type: "thin".into(),
            pool: Some("pool".into()),
            ..of_size("root", 100 * GIB)
        };
        let pool = Volume {
            segment_type: "thin-pool".into(),
            data_basis_points: Some(fill),
            ..volume("pool", false)
        };
        host(vec![one.clone()], vec![root, pool])
    };

    assert_eq!(rooms(&[&one], &thin(5_000)), Ok(vec![None]));
    assert_eq!(rooms(&[&one], &thin(9_800)).unwrap_err().code, "no_room");
}

#[test]
fn a_vm_that_runs_is_read_only_from_snapshots_of_this_operation_and_of_all_its_disks() {
    let (id, one) = (OperationId::new(), running(&["root", "data"]));
    let volumes = vec![of_size("root", GIB), of_size("data", GIB)];
    let operation = backup(&[&one]);
    let mut host = host(vec![one], volumes);
    let steps = plan(id, &operation, &host).unwrap();
    let Step::SnapshotDisks { disks, .. } = &steps[0] else { panic!() };
    let put = |host: &mut Observed, snapshot: Volume| {
        host.storage.as_mut().unwrap().volumes.push(snapshot);
    };

    let none = work(id, &operation, &host);
    put(&mut host, taken(&disks[0], id));
    put(&mut host, taken(&disks[1], OperationId::new()));
    let stranger = Volume { tags: [MANAGED_TAG.to_owned()].into(), ..taken(&disks[1], id) };
    put(&mut host, stranger);
    let half = work(id, &operation, &host);
    put(&mut host, taken(&disks[1], id));
    let all = work(id, &operation, &host);

    assert_eq!(none.unwrap_err().code, "refused");
    assert_eq!(half.unwrap_err().code, "refused");
    let Ok(Some(Work::BackUp { snapshots, keep, .. })) = all else { panic!() };
    let origins: Vec<&str> = snapshots.iter().map(|taken| taken.origin[0].as_str()).collect();
    assert_eq!(origins, ["/dev/vg0/root", "/dev/vg0/data"]);
    assert_eq!(snapshots[0].path.to_str().unwrap(), format!("/dev/vg0/{}", disks[0].name));
    assert_eq!(keep.unwrap().last, 3);
}
