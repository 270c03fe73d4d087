use super::*;

/// Everything moves a byte a second but what is said, and nothing else takes time.
fn figures(change: impl FnOnce(&mut Figures)) -> Figures {
    let one = || Figure::assumed(1, "");
    let none = || Figure::assumed(0, "");
    let mut figures = Figures {
        stop_seconds: none(),
        source_read: one(),
        changed_write: one(),
        verify_read: one(),
        medium_read: one(),
        reset_seconds: none(),
        restore_write: one(),
        boot_seconds: none(),
    };
    change(&mut figures);
    figures
}

fn two_vms() -> Facts {
    let mut facts = facts();
    let on = |virtual_bytes, data| DiskFacts {
        is_on_system_disk: Some(false),
        ..disk(virtual_bytes, data)
    };
    facts.vms = vec![vm("large", vec![on(1000, 100)]), vm("small", vec![on(200, 50)])];
    facts
}

fn phases(report: &Report) -> Vec<(PhaseKind, Option<&str>, u64)> {
    let told = |phase: &'_ Phase| (phase.kind, phase.begins_seconds, phase.seconds);
    let mut end = 0;
    for phase in &report.time.phases {
        let (_, begins, seconds) = told(phase);
        assert_eq!(begins, end, "one after another");
        end = begins + seconds;
    }
    assert_eq!(report.time.seconds, end);
    let all = report.time.phases.iter();
    all.map(|phase| (phase.kind, phase.name.as_deref(), phase.seconds)).collect()
}

#[test]
fn each_vm_is_off_until_all_were_copied_and_it_is_its_turn() {
    let figures = figures(|figures| {
        figures.stop_seconds.value = 7;
        figures.reset_seconds.value = 11;
        figures.boot_seconds.value = 3;
        figures.restore_write.value = 2;
    });
    let report = report(&two_vms(), &Assumptions { figures, ..assumptions() });

    let expected = [
        (PhaseKind::Stop, None, 7),
        (PhaseKind::Copy, Some("large"), 100),
        (PhaseKind::Copy, Some("small"), 50),
        (PhaseKind::Verify, None, 150),
        (PhaseKind::LastLook, None, 150),
        (PhaseKind::Reset, None, 11),
        // Written at two bytes a second, and read back at one.
        (PhaseKind::Restore, Some("small"), 100 + 200),
        (PhaseKind::Boot, Some("small"), 3),
        (PhaseKind::Restore, Some("large"), 500 + 1000),
        (PhaseKind::Boot, Some("large"), 3),
    ];
    assert_eq!(phases(&report), expected);
    let off: Vec<_> = report.time.vms.iter().map(|vm| (vm.name.as_str(), vm.seconds)).collect();
    let small = 7 + 150 + 150 + 150 + 11 + 303;
    assert_eq!(off, [("small", small), ("large", small + 1503)]);
    assert_eq!(report.time.before_permit.seconds, 7 + 150 + 150);
}

#[test]
fn only_what_has_changed_is_written_again_and_all_of_it_is_read() {
    let figures = figures(|figures| figures.source_read.value = 10);
    let with = |changed_percent| {
        let assumed = Assumptions { figures: figures.clone(), changed_percent, ..assumptions() };
        let report = report(&two_vms(), &assumed);
        report.time.phases[1].seconds
    };

    assert_eq!(with(100), 100);
    assert_eq!(with(20), 20);
    assert_eq!(with(1), 10, "the reading is what takes longest");
}

#[test]
fn the_window_and_the_budget_fit_to_the_second() {
    let of_length = |seconds, budget_seconds| {
        let window = Some(Window { begins_minute: None, seconds });
        let figures = figures(|_| {});
        let assumed = Assumptions { figures, window, budget_seconds, ..assumptions() };
        codes(&report(&two_vms(), &assumed))
    };
    let whole = 150 + 150 + 150 + 200 + 200 + 1000 + 1000;

    assert_eq!(of_length(whole, 300), []);
    assert_eq!(of_length(whole - 1, 300), [BlockerCode::WindowTooShort]);
    assert_eq!(of_length(whole, 299), [BlockerCode::BudgetTooShort]);
}

#[test]
fn parity_takes_its_time_before_the_permit() {
    let alone = of(|_| {});
    let beside = of(|facts| facts.vms[0].disks[0].is_on_system_disk = Some(false));
    let kinds =
        |report: &Report| report.time.phases.iter().map(|phase| phase.kind).collect::<Vec<_>>();

    assert!(kinds(&alone).contains(&PhaseKind::Protect));
    assert!(!kinds(&beside).contains(&PhaseKind::Protect));
    assert!(alone.time.before_permit.seconds > beside.time.before_permit.seconds);
}

#[test]
fn what_was_measured_stands_before_what_is_assumed_and_says_so() {
    let report = of(|facts| {
        facts.measured.source_read = Some(Figure::measured(90_000_000, "256 MiB of pbx"));
        facts.drives[0].read_rate = Some(Figure::measured(110_000_000, "64 MiB of it"));
    });

    assert_eq!(report.figures.source_read.value, 90_000_000);
    assert_eq!(report.figures.verify_read.basis, Basis::Measured);
    assert_eq!(report.figures.changed_write.basis, Basis::Assumed);
    assert!(report.to_string().contains("90.0 MB/s, measured: 256 MiB of pbx"), "{report}");
}

#[test]
fn a_drive_in_a_slow_port_is_not_taken_to_be_fast() {
    let mut facts = facts();
    facts.drives[0].speed_megabits = Some(480);
    let mut figures = Figures::default();
    figures.changed_write.value = 100_000_000;

    let slow = report(&facts, &Assumptions { figures, ..assumptions() });

    assert_eq!(slow.figures.changed_write.value, 35_000_000);
}

#[test]
fn those_that_are_named_come_first_then_those_that_start_by_themselves() {
    let mut facts = facts();
    facts.vms = ["a", "b", "c"].map(|name| vm(name, vec![disk(GIB, MIB)])).into();
    facts.vms[0].autostart = Some(false);
    let order = vec![facts.vms[2].vm];

    let report = report(&facts, &Assumptions { order, ..assumptions() });

    let names: Vec<_> = report.time.vms.iter().map(|vm| vm.name.as_str()).collect();
    assert_eq!(names, ["c", "b", "a"]);
}
