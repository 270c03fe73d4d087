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

/// Neither is made use of by what moves an appliance: to offer it would be to promise a copy that there is not.
#[test]
fn neither_a_second_drive_nor_room_beside_1x_counts_as_a_second_copy() {
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
