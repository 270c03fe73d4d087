use super::*;

/// DOMAIN's sum, by hand: what is read and half a percent, 2 KiB for each 64 MiB of the disk, and what the set
/// takes beside its disks.
fn need_by_hand(data: u64, virtual_bytes: u64) -> u64 {
    data + data.div_ceil(200) + 2048 * virtual_bytes.div_ceil(64 * MIB) + 64 * MIB + 128 * MIB
}

/// Its disk is elsewhere, so that there is a second copy and no parity.
fn elsewhere(virtual_bytes: u64, data_bytes: u64, free_bytes: u64) -> Report {
    of(|facts| {
        let disk = DiskFacts { is_on_system_disk: Some(false), ..disk(virtual_bytes, data_bytes) };
        facts.vms[0].disks = vec![disk];
        facts.drives = vec![drive(free_bytes)];
    })
}

#[test]
fn a_drive_fits_to_the_byte_and_not_one_byte_less() {
    let (data, virtual_bytes) = (5 * GIB + 1, 20 * GIB);
    let need = need_by_hand(data, virtual_bytes);
    let required = need + need.div_ceil(20) + GIB;

    let exactly = elsewhere(virtual_bytes, data, required);
    let less = elsewhere(virtual_bytes, data, required - 1);

    assert_eq!((exactly.drive.need.bytes, exactly.drive.need.required_bytes), (need, required));
    assert!(exactly.drive.fits && exactly.is_clear(), "{exactly}");
    assert_eq!((less.drive.fits, less.drive.missing_bytes), (false, 1));
    assert_eq!(codes(&less), [BlockerCode::DriveTooSmall]);
    assert!(less.blockers[0].sentence.contains("1 byte"), "{less}");
}

#[test]
fn what_nobody_knows_counts_as_full() {
    let mut unknown = facts();
    unknown.vms[0].disks[0].data_bytes = None;

    let report = report(&unknown, &assumptions());

    assert_eq!(report.drive.need.vms[0].data_bytes, 20 * GIB);
}

#[test]
fn backups_that_are_converted_on_the_drive_are_there_twice() {
    let with = |legacy| report(&facts(), &Assumptions { legacy, ..assumptions() });
    let bytes = 7 * GIB;

    let kept = with(LegacyBackups { bytes, converted_on_drive: false });
    let converted = with(LegacyBackups { bytes, converted_on_drive: true });

    assert_eq!(kept.drive.need.legacy_bytes, bytes);
    assert_eq!(converted.drive.need.bytes - kept.drive.need.bytes, bytes);
}

#[test]
fn one_drive_alone_needs_room_for_parity_too() {
    let report = of(|_| {});
    let need = &report.drive.need;

    assert_eq!(report.second_copy.by, SecondCopyBy::OneDrive);
    assert!(need.parity_bytes >= need.vms[0].bytes / 10, "{need:?}");
    assert_eq!(
        need.bytes,
        need_by_hand(5 * GIB, 20 * GIB) + need.parity_bytes,
        "all of it is in the sum"
    );
}

#[test]
fn the_drive_to_buy_is_the_smallest_that_fits_with_what_makers_leave_out() {
    let buy = |data| elsewhere(9_000 * GB, data, GB).buy;

    let sizes: Vec<Option<u64>> = [1, 55, 60, 100, 230, 600, 3_000, 7_900]
        .into_iter()
        .map(|gb| buy(gb * GB).size_bytes)
        .collect();

    let standard =
        [64, 64, 128, 128, 500, 1_000, 4_000].into_iter().map(|gb| Some(gb * GB)).chain([None]);
    assert_eq!(sizes, standard.collect::<Vec<_>>());
}

#[test]
fn a_drive_that_is_empty_counts_by_what_would_be_free_once_it_is_prepared() {
    let report = of(|facts| {
        facts.drives[0].usage = Usage::Empty;
        facts.drives[0].free_bytes = None;
    });

    assert_eq!(report.drive.free_bytes, Some(120 * GB / 100 * 94));
    assert!(report.drive.is_estimated && report.drive.fits);
}

#[test]
fn the_drive_with_nothing_wrong_and_room_enough_is_chosen() {
    let named = |path: &str, drive| DriveFacts { path: path.into(), ..drive };
    let chosen = of(|facts| {
        let failing = DriveFacts { io_errors: vec!["I/O error".into()], ..drive(900 * GB) };
        facts.drives = vec![
            named("/dev/sdb", failing),
            named("/dev/sdc", drive(GB)),
            named("/dev/sdd", drive(90 * GB)),
        ];
    });

    assert_eq!(chosen.drive.path.as_deref(), Some("/dev/sdd"));
    assert!(chosen.is_clear(), "{chosen}");
}
