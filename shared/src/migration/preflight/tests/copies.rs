use super::*;

fn data_begins_at(start_bytes: u64) -> Report {
    of(|facts| {
        let disk = facts.system_disk.as_mut().unwrap();
        disk.partitions[1].start_bytes = start_bytes;
        disk.partitions[1].bytes = 10 * GIB;
    })
}

#[test]
fn what_1x_holds_stays_where_2x_fits_before_it_to_the_byte() {
    // 256 MiB, LVM's metadata, and 5120 extents for the VM, 256 for the root and 55 kept free of 5431.
    let just = 257 * MIB + (5120 + 256 + 55) * 4 * MIB;

    let kept = data_begins_at(just);
    let not = data_begins_at(just - 1);

    assert_eq!(kept.second_copy.by, SecondCopyBy::KeptBeside { up_to_bytes: just });
    assert_eq!(kept.consents, []);
    assert_eq!(kept.drive.need.parity_bytes, 0);
    assert_eq!(not.second_copy.by, SecondCopyBy::OneDrive);
    assert!(not.second_copy.not_kept.as_ref().unwrap().contains("/dev/sda2"), "{not}");
}

#[test]
fn disks_that_are_not_on_the_system_disk_stay_as_they_are() {
    let report = of(|facts| facts.vms[0].disks[0].is_on_system_disk = Some(false));
    let unknown = of(|facts| facts.vms[0].disks[0].is_on_system_disk = None);

    assert_eq!(report.second_copy.by, SecondCopyBy::OtherDisk);
    assert_eq!(unknown.second_copy.by, SecondCopyBy::OneDrive);
}

#[test]
fn a_second_drive_holds_a_second_set_where_it_is_as_good_as_the_first() {
    let with = |second: DriveFacts| {
        of(|facts| facts.drives.push(DriveFacts { path: "/dev/sdc".into(), ..second }))
    };

    let good = with(drive(100 * GB));
    let small = with(drive(GB));
    let empty = with(DriveFacts { usage: Usage::Empty, ..drive(100 * GB) });

    assert_eq!(good.second_copy.by, SecondCopyBy::SecondDrive { path: "/dev/sdc".into() });
    assert!(good.consents.is_empty() && good.warnings.is_empty(), "{good}");
    assert_eq!(small.second_copy.by, SecondCopyBy::OneDrive);
    assert_eq!(empty.second_copy.by, SecondCopyBy::OneDrive);
}

#[test]
fn nobody_knows_where_the_data_is_on_a_disk_of_which_nothing_is_known() {
    let report = of(|facts| facts.system_disk.as_mut().unwrap().partitions.clear());

    assert_eq!(report.second_copy.by, SecondCopyBy::OneDrive);
    assert!(report.second_copy.not_kept.is_some());
}
