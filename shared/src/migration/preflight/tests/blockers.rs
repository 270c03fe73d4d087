use super::*;
use crate::usb::Smart;

fn first_vm(change: impl FnOnce(&mut VmFacts)) -> Report {
    of(|facts| change(&mut facts.vms[0]))
}

fn first_disk(change: impl FnOnce(&mut DiskFacts)) -> Report {
    first_vm(|vm| change(&mut vm.disks[0]))
}

fn first_drive(change: impl FnOnce(&mut DriveFacts)) -> Report {
    of(|facts| change(&mut facts.drives[0]))
}

fn system_disk(change: impl FnOnce(&mut SystemDisk)) -> Report {
    of(|facts| change(facts.system_disk.as_mut().unwrap()))
}

fn assuming(change: impl FnOnce(&mut Assumptions)) -> Report {
    let mut assumed = assumptions();
    change(&mut assumed);
    report(&facts(), &assumed)
}

#[test]
fn an_appliance_that_nothing_is_wrong_with_is_clear() {
    let report = of(|_| {});

    assert!(report.is_clear(), "{report}");
    assert_eq!(report.warnings, []);
    assert_eq!(report.stick.is, StickKeyIs::Confirmed);
}

#[test]
fn whatever_is_wrong_with_a_vm_is_in_the_way_by_itself() {
    let reports = vec![
        (BlockerCode::SaveFile, first_vm(|vm| vm.save_file = Some("/var/lib/xen/save/pbx".into()))),
        (BlockerCode::Passthrough, first_vm(|vm| vm.passthrough = vec!["pci 0000:03:00.0".into()])),
        (BlockerCode::NoConfig, first_vm(|vm| vm.no_config = Some("no file was found".into()))),
        (BlockerCode::DiskUnreadable, first_disk(|disk| disk.unreadable = Some("gone".into()))),
        (BlockerCode::DiskUnreadable, first_disk(|disk| disk.verdict = None)),
        (BlockerCode::DiskInUse, first_disk(|disk| disk.holder = Some("qemu-nbd".into()))),
        (BlockerCode::ImageDamaged, first_disk(|disk| disk.verdict = Some(Verdict::Corrupt))),
        (BlockerCode::ImageDamaged, first_disk(|disk| disk.verdict = Some(Verdict::Unclean))),
        (BlockerCode::ImageMarkedCorrupt, first_disk(|disk| disk.is_marked_corrupt = true)),
        (BlockerCode::ImageUnknown, first_disk(|disk| disk.verdict = Some(Verdict::Unknown))),
        (BlockerCode::ImageUnknown, first_disk(|disk| disk.is_convertible = false)),
        (BlockerCode::DiskEncrypted, first_disk(|disk| disk.is_encrypted = true)),
        (BlockerCode::BackingMissing, first_disk(|disk| disk.is_backing_missing = true)),
        (BlockerCode::DiskShared, first_disk(|disk| disk.shared_with = vec!["mail".into()])),
        (BlockerCode::SnapshotsLost, first_disk(|disk| disk.snapshots = vec!["clean".into()])),
    ];
    for (code, report) in reports {
        assert_eq!(codes(&report), [code], "{report}");
        let blocker = &report.blockers[0];
        assert_eq!(blocker.vm, Some(report.facts.vms[0].vm), "{report}");
        assert!(!blocker.what_to_do.is_empty() && blocker.sentence.contains("pbx"), "{report}");
    }
}

#[test]
fn whatever_is_wrong_with_the_drive_is_in_the_way_by_itself() {
    let failing = |smart| first_drive(|drive| drive.smart = Some(smart));
    let reports = vec![
        (BlockerCode::NoDrive, of(|facts| facts.drives.clear())),
        (BlockerCode::DriveNotPrepared, first_drive(|drive| drive.usage = Usage::Empty)),
        (
            BlockerCode::DriveForeign,
            first_drive(|drive| drive.usage = Usage::Foreign { what: "NTFS".into() }),
        ),
        (
            BlockerCode::DriveNotExt4,
            first_drive(|drive| drive.file_system = Some(ContentKind::Ext3)),
        ),
        (BlockerCode::DriveUnusable, first_drive(|drive| drive.is_read_only = true)),
        (BlockerCode::DriveUnusable, first_drive(|drive| drive.free_bytes = None)),
        (BlockerCode::DriveTooSmall, first_drive(|drive| drive.free_bytes = Some(GIB))),
        (
            BlockerCode::DriveFailing,
            first_drive(|drive| drive.io_errors = vec!["I/O error".into()]),
        ),
        (BlockerCode::DriveFailing, failing(Smart { passed: Some(false), ..Smart::default() })),
        (
            BlockerCode::DriveFailing,
            failing(Smart { pending_sectors: Some(8), ..Smart::default() }),
        ),
    ];
    for (code, report) in reports {
        assert_eq!(codes(&report), [code], "{report}");
        assert!(!report.blockers[0].what_to_do.is_empty(), "{report}");
    }
}

#[test]
fn whatever_is_wrong_with_the_appliance_is_in_the_way_by_itself() {
    let smart = Smart { passed: Some(false), ..Smart::default() };
    let reports = vec![
        (BlockerCode::SystemDiskUnknown, of(|facts| facts.system_disk = None)),
        (BlockerCode::SystemDiskUnknown, system_disk(|disk| disk.wwid = None)),
        (BlockerCode::SystemDiskUnknown, system_disk(|disk| disk.bytes = 0)),
        (BlockerCode::SourceFailing, system_disk(|disk| disk.io_errors = vec!["ata1".into()])),
        (BlockerCode::SourceFailing, system_disk(|disk| disk.smart = Some(smart))),
        (BlockerCode::GroupTooSmall, system_disk(|disk| disk.bytes = 20 * GIB)),
        (
            BlockerCode::WindowTooShort,
            assuming(|all| all.window = Some(Window { begins_minute: None, seconds: 60 })),
        ),
        (BlockerCode::BudgetTooShort, assuming(|all| all.budget_seconds = 60)),
        (BlockerCode::StickOther, assuming(|all| all.permit_keys = vec!["k2".into()])),
    ];
    for (code, report) in reports {
        assert_eq!(codes(&report), [code], "{report}");
    }
}

#[test]
fn a_vm_that_runs_is_known_ahead_and_in_the_way_once_the_vms_are_to_be_off() {
    let mut running = facts();
    running.vms[0].is_running = true;
    running.vms[0].disks[0].verdict = None;
    running.vms[0].disks[0].holder = Some("qemu".into());

    let ahead = report(&running, &assumptions());
    let then = report(&running, &Assumptions { moment: Moment::VmsOff, ..assumptions() });

    assert!(ahead.is_clear(), "{ahead}");
    assert_eq!(warned(&ahead), [WarningCode::VmRunning]);
    assert_eq!(codes(&then), [BlockerCode::VmRunning]);
}

#[test]
fn what_is_only_to_be_known_is_in_nobody_s_way() {
    let reports = vec![
        (WarningCode::ClockUnset, of(|facts| facts.clock = Clock::Unset)),
        (WarningCode::NoVms, of(|facts| facts.vms.clear())),
        (WarningCode::ImageLeaks, first_disk(|disk| disk.verdict = Some(Verdict::Leaks))),
        (WarningCode::DataUnknown, first_disk(|disk| disk.data_bytes = None)),
        (WarningCode::DiskRoundedUp, first_disk(|disk| disk.virtual_bytes += 512)),
        (WarningCode::AutostartUnknown, first_vm(|vm| vm.autostart = None)),
        (
            WarningCode::LeftOut,
            first_vm(|vm| {
                vm.left_out = vec![LeftOut { vdev: "hdc".into(), reason: "a CD".into() }];
            }),
        ),
        (WarningCode::StickUnknown, assuming(|all| all.stick = Stick::Unknown)),
        (WarningCode::StickVendor, assuming(|all| all.stick = Stick::Vendor)),
        (
            WarningCode::DriveIgnored,
            of(|facts| {
                let usage = Usage::Foreign { what: "NTFS".into() };
                let other = DriveFacts { path: "/dev/sdc".into(), usage, ..drive(GB) };
                facts.drives.insert(0, other);
            }),
        ),
    ];
    for (code, report) in reports {
        assert!(report.is_clear(), "{report}");
        assert_eq!(warned(&report), [code], "{report}");
    }
}
