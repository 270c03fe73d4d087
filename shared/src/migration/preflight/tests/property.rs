use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use super::*;

/// Small, large, near a boundary, or as large as it gets.
fn bytes(dice: &mut StdRng) -> u64 {
    match dice.random_range(0..5) {
        0 => dice.random_range(0..4 * MIB),
        1 => dice.random_range(0..2_000 * GB),
        2 => dice.random_range(1..500) * 64 * MIB,
        3 => u64::MAX - dice.random_range(0..GIB),
        _ => dice.random_range(0..100) * GIB + dice.random_range(0..2),
    }
}

fn random_disk(dice: &mut StdRng) -> DiskFacts {
    let virtual_bytes = bytes(dice);
    let data = virtual_bytes / dice.random_range(1..10);
    let verdicts = [Verdict::Ok, Verdict::Leaks, Verdict::Corrupt, Verdict::Uncheckable];
    DiskFacts {
        data_bytes: dice.random_bool(0.9).then_some(data),
        verdict: Some(verdicts[dice.random_range(0..4)]),
        is_on_system_disk: dice.random_bool(0.7).then(|| dice.random_bool(0.8)),
        is_encrypted: dice.random_bool(0.05),
        ..disk(virtual_bytes, data)
    }
}

fn random_facts(dice: &mut StdRng) -> Facts {
    let mut facts = facts();
    facts.vms = (0..dice.random_range(0..5))
        .map(|number| {
            let disks = (0..dice.random_range(0..4)).map(|_| random_disk(dice)).collect();
            vm(&format!("vm{number}"), disks)
        })
        .collect();
    facts.drives = (0..dice.random_range(0..3))
        .map(|number| {
            let empty = dice.random_bool(0.2);
            let usage = if empty { Usage::Empty } else { Usage::Ours { drive: DriveId::new() } };
            let free_bytes = dice.random_bool(0.9).then(|| bytes(dice));
            DriveFacts { path: format!("/dev/sd{number}"), usage, free_bytes, ..drive(bytes(dice)) }
        })
        .collect();
    if let Some(disk) = &mut facts.system_disk {
        disk.bytes = bytes(dice);
        disk.partitions[1].start_bytes = bytes(dice);
    }
    facts
}

fn total(numbers: impl Iterator<Item = u64>) -> u128 {
    numbers.map(u128::from).sum()
}

#[test]
fn nothing_fits_whose_parts_are_more_than_there_is_and_more_never_needs_less() {
    for seed in 0..20_000 {
        let dice = &mut StdRng::seed_from_u64(seed);
        let facts = random_facts(dice);
        let smaller = report(&facts, &assumptions());

        let need = &smaller.drive.need;
        let parts = total(need.vms.iter().map(|vm| vm.bytes))
            + total([need.journal_bytes, need.in_flight_bytes, need.parity_bytes].into_iter());
        let free = u128::from(smaller.drive.free_bytes.unwrap_or(0));
        assert!(!smaller.drive.fits || parts <= free, "seed {seed}");
        if let Some(group) = &smaller.group {
            let parts = total(group.vms.iter().map(|vm| vm.extents))
                + total(
                    [group.root_extents, group.snapshot_extents, group.spare_extents].into_iter(),
                );
            assert_eq!(group.fits, parts <= u128::from(group.extents), "seed {seed}");
        }
        assert_eq!(smaller.is_clear(), smaller.blockers.is_empty());
        assert!(smaller.time.vms.iter().all(|vm| vm.seconds <= smaller.time.seconds));

        let mut more = facts;
        let another = random_disk(dice);
        match more.vms.first_mut() {
            Some(vm) if dice.random_bool(0.5) => vm.disks.push(another),
            _ => more.vms.push(vm("another", vec![another])),
        }
        let larger = report(&more, &assumptions());
        assert!(larger.drive.need.bytes >= need.bytes, "seed {seed}");
        assert!(larger.drive.need.required_bytes >= need.required_bytes, "seed {seed}");
        let extents = |report: &Report| report.group.as_ref().map(|group| group.needed_extents);
        assert!(extents(&larger) >= extents(&smaller), "seed {seed}");
    }
}
