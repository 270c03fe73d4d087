use super::*;

fn asked(report: &Report) -> Vec<ConsentCode> {
    report.consents.iter().map(|consent| consent.to.code).collect()
}

#[test]
fn one_drive_alone_is_accepted_by_the_very_sentence_and_in_nobody_s_way_before() {
    let report = of(|_| {});

    assert!(report.is_clear() && !report.is_consented());
    assert_eq!(asked(&report), [ConsentCode::OnlyCopy]);
    assert_eq!(report.consents[0].typed, "one drive holds the only copy");
}

#[test]
fn what_was_said_yes_to_is_no_longer_in_the_way_and_stays_on_record() {
    let mut facts = facts();
    let pbx = &mut facts.vms[0];
    pbx.passthrough = vec!["pci 0000:03:00.0".into()];
    pbx.disks[0].verdict = Some(Verdict::Corrupt);
    pbx.disks[0].snapshots = vec!["clean".into()];
    facts.system_disk.as_mut().unwrap().bytes = 20 * GIB;

    let before = report(&facts, &assumptions());
    let accepted = before.consents.iter().map(|consent| consent.to.clone()).collect();
    let after = report(&facts, &Assumptions { accepted, ..assumptions() });

    let blocked = [
        BlockerCode::Passthrough,
        BlockerCode::ImageDamaged,
        BlockerCode::SnapshotsLost,
        BlockerCode::GroupTooSmall,
    ];
    assert_eq!(codes(&before), blocked);
    assert_eq!(asked(&before), asked(&after));
    assert!(after.is_clear() && after.is_consented(), "{after}");
}

#[test]
fn what_was_said_of_one_disk_is_not_said_of_another() {
    let mut facts = facts();
    facts.vms[0].disks[0].snapshots = vec!["clean".into()];
    let to = |vm, disk: &str| Accepted {
        code: ConsentCode::SnapshotsLost,
        vm: Some(vm),
        disk: Some(disk.into()),
    };
    let with =
        |accepted| report(&facts, &Assumptions { accepted: vec![accepted], ..assumptions() });

    let this = facts.vms[0].vm;
    assert!(with(to(this, "xvda")).is_clear());
    assert!(!with(to(this, "xvdb")).is_clear());
    assert!(!with(to(VmId::new(), "xvda")).is_clear());
}

#[test]
fn a_vm_that_is_left_out_is_not_counted_and_somebody_has_to_say_that_it_may_go() {
    let mut facts = facts();
    let mut broken = vm("old", vec![disk(900 * GIB, 800 * GIB)]);
    broken.disks[0].is_encrypted = true;
    let excluded = vec![broken.vm];
    facts.vms.push(broken);

    let report = report(&facts, &Assumptions { excluded, ..assumptions() });

    assert!(report.is_clear(), "{report}");
    assert_eq!(report.drive.need.vms.len(), 1);
    assert_eq!(report.consents[0].to.code, ConsentCode::VmExcluded);
    assert_eq!(report.consents[0].typed, "old");
}
