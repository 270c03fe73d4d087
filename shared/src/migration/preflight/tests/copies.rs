use super::*;

#[test]
fn disks_that_are_not_on_the_system_disk_stay_as_they_are() {
    let report = of(|facts| facts.vms[0].disks[0].is_on_system_disk = Some(false));
    let unknown = of(|facts| facts.vms[0].disks[0].is_on_system_disk = None);

    assert_eq!(report.second_copy.by, SecondCopyBy::OtherDisk);
    assert_eq!(report.drive.need.parity_bytes, 0);
    assert!(report.consents.is_empty(), "{report}");
    assert_eq!(unknown.second_copy.by, SecondCopyBy::OneDrive);
}

/// To count what nobody has asked for would be to promise a copy that there is not.
#[test]
fn neither_a_drive_that_nobody_named_nor_room_beside_1x_counts_as_a_second_copy() {
    let second = of(|facts| {
        facts.drives.push(DriveFacts { path: "/dev/sdc".into(), ..drive(100 * GB) });
    });
    let beside = of(|facts| {
        let disk = facts.system_disk.as_mut().unwrap();
        disk.partitions[1].start_bytes = disk.partitions[1].start_bytes.max(100 * GIB);
    });

    for report in [second, beside] {
        assert_eq!(report.second_copy.by, SecondCopyBy::OneDrive);
        assert!(report.drive.need.parity_bytes > 0 && !report.is_consented(), "{report}");
    }
}

/// Of an appliance with two drives, where the second one is to hold a copy.
fn with_second(change: impl FnOnce(&mut DriveFacts)) -> Report {
    let mut facts = facts();
    let id = DriveId::new();
    let path = "/dev/sdc".to_owned();
    // By its room it would be the first.
    let mut second = DriveFacts { path, usage: Usage::Ours { drive: id }, ..drive(200 * GB) };
    change(&mut second);
    facts.drives.push(second);
    report(&facts, &Assumptions { second_drive: Some(id), ..assumptions() })
}

#[test]
fn with_a_second_drive_that_is_named_nobody_has_to_accept_anything_and_no_parity_is_made() {
    let report = with_second(|_| {});

    assert_eq!(report.second_copy.by, SecondCopyBy::SecondDrive);
    assert_eq!((codes(&report), warned(&report)), (vec![], vec![]));
    assert!(report.is_consented(), "{report}");
    assert_eq!(report.drive.need.parity_bytes, 0);
    assert_eq!(report.drive.path.as_deref(), Some("/dev/sdb"));
}

#[test]
fn a_second_drive_that_is_named_is_used_whatever_else_holds_a_copy() {
    let mut facts = facts();
    let second = DriveId::new();
    let path = "/dev/sdc".to_owned();
    facts.drives.push(DriveFacts { path, usage: Usage::Ours { drive: second }, ..drive(200 * GB) });
    facts.vms[0].disks[0].is_on_system_disk = Some(false);

    let report = report(&facts, &Assumptions { second_drive: Some(second), ..assumptions() });

    assert_eq!(report.second_copy.by, SecondCopyBy::SecondDrive);
}

#[test]
fn a_second_drive_has_to_be_there_be_fit_and_have_room() {
    let away = with_second(|second| second.usage = Usage::Ours { drive: DriveId::new() });
    let full = with_second(|second| second.free_bytes = Some(GB));
    let read_only = with_second(|second| second.is_read_only = true);

    assert_eq!(codes(&away), [BlockerCode::NoSecondDrive]);
    assert_eq!(codes(&full), [BlockerCode::DriveTooSmall]);
    assert!(full.blockers[0].sentence.starts_with("/dev/sdc has"), "{full}");
    assert_eq!(codes(&read_only), [BlockerCode::DriveUnusable]);
}

#[test]
fn copying_to_a_second_drive_takes_as_long_as_that_drive_takes() {
    let with_rate = |bytes: u64| {
        with_second(|second| {
            second.write_rate = Some(Figure::measured(bytes, "64 MiB of it"));
            second.read_rate = Some(Figure::measured(100_000_000, "64 MiB of it"));
        })
    };
    let phase = |report: &Report| {
        let mut phases = report.time.phases.iter();
        phases.find(|phase| phase.kind == PhaseKind::Duplicate).unwrap().seconds
    };
    let data = 5 * GIB;

    assert_eq!(phase(&with_rate(1_000_000)), data.div_ceil(1_000_000) + data.div_ceil(100_000_000));
    let report = with_rate(1_000_000);
    let verified = report.time.phases.iter().position(|phase| phase.kind == PhaseKind::Verify);
    assert_eq!(report.time.phases[verified.unwrap() + 1].kind, PhaseKind::Duplicate);
    assert!(report.time.before_permit.seconds > phase(&report));
}
