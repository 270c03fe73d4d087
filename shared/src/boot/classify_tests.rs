use super::*;

const PANIC: &str = "<6>usb 1-1\n<0>Kernel panic - not syncing: sysrq triggered crash\n";
const HUNG: &str =
    "71 <3>[7205.120000] INFO: task jbd2/sda2-8:311 blocked for more than 120 seconds.";

/// Each kind of evidence by itself, in the order of its weight, and what it says alone.
fn evidence() -> Vec<(Remains, BootEnd, Confidence)> {
    use Confidence::{High, Low, Medium};
    let none = Remains::default;
    let armed =
        |away| Some(Armed { timeout_seconds: 60, fed_at_seconds: 900, away_seconds: Some(away) });
    let warned = |text: &str| vec![format!("1 <3>[8000.000000] {text}")];
    vec![
        (Remains { pstore: Some(PANIC.into()), ..none() }, BootEnd::Panic, High),
        (Remains { xen_log: Some("(XEN) Panic on CPU 0:".into()), ..none() }, BootEnd::Panic, High),
        (
            Remains { pstore: Some("<1>Oops: 0002 [#1] SMP".into()), ..none() },
            BootEnd::Panic,
            Medium,
        ),
        (Remains { watchdog_reset: true, ..none() }, BootEnd::Watchdog, High),
        (
            Remains { xen_log: Some("(XEN) Watchdog timer fired for domain 0".into()), ..none() },
            BootEnd::Watchdog,
            High,
        ),
        (Remains { armed: armed(95), ..none() }, BootEnd::Watchdog, Medium),
        (Remains { last_taint: Some(1 << 7), ..none() }, BootEnd::Hang, Medium),
        (Remains { warnings: vec![HUNG.into()], ..none() }, BootEnd::Hang, Medium),
        (
            Remains { warnings: warned("BUG: soft lockup - CPU#1 stuck for 22s! [x:1]"), ..none() },
            BootEnd::Hang,
            Medium,
        ),
        (Remains { slowest_alive_milliseconds: Some(31_000), ..none() }, BootEnd::Hang, Medium),
        (Remains { latest_alive_milliseconds: Some(45_000), ..none() }, BootEnd::Hang, Medium),
        (
            Remains { away_seconds: Some(900), power_cycles: Some(0), ..none() },
            BootEnd::Hang,
            Medium,
        ),
        (
            Remains { warnings: warned("I/O error, dev sda, sector 7"), ..none() },
            BootEnd::Hang,
            Low,
        ),
        (
            Remains { offline_seconds: Some(900), power_cycles: Some(1), ..none() },
            BootEnd::Hang,
            Low,
        ),
        (Remains { power_cycles: Some(1), ..none() }, BootEnd::PowerLoss, Low),
        (Remains { armed: armed(7200), ..none() }, BootEnd::PowerLoss, Low),
        (Remains { away_seconds: Some(900), ..none() }, BootEnd::Hang, Low),
        (none(), BootEnd::Unknown, Low),
    ]
}

/// What both have. Of two that name the same record, the first one's.
fn both(a: &Remains, b: &Remains) -> Remains {
    let mut warnings = a.warnings.clone();
    warnings.extend(b.warnings.clone());
    let text = |a: &Option<String>, b: &Option<String>| match (a, b) {
        (Some(a), Some(b)) => Some(format!("{a}\n{b}")),
        (a, b) => a.clone().or_else(|| b.clone()),
    };
    Remains {
        clean_record: a.clean_record || b.clean_record,
        versions_changed: a.versions_changed || b.versions_changed,
        stress_open: a.stress_open || b.stress_open,
        pstore: text(&a.pstore, &b.pstore),
        xen_log: text(&a.xen_log, &b.xen_log),
        watchdog_reset: a.watchdog_reset || b.watchdog_reset,
        armed: a.armed.or(b.armed),
        warnings,
        first_taint: a.first_taint.or(b.first_taint),
        last_taint: a.last_taint.or(b.last_taint),
        last_seen_seconds: a.last_seen_seconds.or(b.last_seen_seconds),
        slowest_alive_milliseconds: a.slowest_alive_milliseconds.or(b.slowest_alive_milliseconds),
        latest_alive_milliseconds: a.latest_alive_milliseconds.or(b.latest_alive_milliseconds),
        offline_seconds: a.offline_seconds.or(b.offline_seconds),
        away_seconds: a.away_seconds.or(b.away_seconds),
        power_cycles: a.power_cycles.or(b.power_cycles),
    }
}

#[test]
fn each_kind_of_evidence_alone_says_how_it_ended() {
    for (remains, end, confidence) in evidence() {
        let ending = classify(&remains);

        assert_eq!((ending.end, ending.confidence), (end, confidence), "{remains:?}");
        assert!(!ending.evidence.is_empty());
    }
}

#[test]
fn of_two_kinds_of_evidence_the_weightier_decides_and_both_are_told() {
    let all = evidence();
    for (at, (weightier, end, confidence)) in all.iter().enumerate() {
        for (lighter, ..) in &all[at..] {
            // That it lost its power takes back that an armed watchdog bit, and that it was only away.
            let by_absence = weightier.armed.is_some() || weightier.away_seconds.is_some();
            let of_power = weightier.power_cycles.or(lighter.power_cycles);
            if by_absence && weightier.power_cycles != of_power {
                continue;
            }
            let remains = both(weightier, lighter);
            let ending = classify(&remains);

            assert_eq!((ending.end, ending.confidence), (*end, *confidence), "{remains:?}");
            let first = &ending.evidence[0];
            // Of warnings of one kind the last is told.
            let told = [weightier, lighter].map(|remains| classify(remains).evidence[0].clone());
            let is_alike = !weightier.warnings.is_empty() && !lighter.warnings.is_empty();
            assert!(*first == told[0] || (is_alike && *first == told[1]), "{first}");
        }
    }
}

#[test]
fn more_evidence_never_makes_a_clean_end_of_a_death() {
    let all = evidence();
    for (a, ..) in &all {
        for (b, ..) in &all {
            for (c, ..) in &all {
                let end = classify(&both(&both(a, b), c)).end;
                assert!(!matches!(end, BootEnd::Clean | BootEnd::Upgrade), "{a:?} {b:?} {c:?}");
            }
        }
    }
}

#[test]
fn an_orderly_end_is_clean_whatever_was_warned_of_before() {
    for (remains, end, confidence) in evidence() {
        let clean = Remains { clean_record: true, ..remains };
        let is_panic = end == BootEnd::Panic && confidence == Confidence::High;
        let expected = if is_panic { BootEnd::Panic } else { BootEnd::Clean };

        assert_eq!(classify(&clean).end, expected, "{clean:?}");
        let other = Remains { versions_changed: true, ..clean };
        let expected = if is_panic { BootEnd::Panic } else { BootEnd::Upgrade };
        assert_eq!(classify(&other).end, expected);
    }
}

#[test]
fn whatever_ends_a_stress_run_was_provoked_by_it_and_is_told_all_the_same() {
    for (remains, ..) in evidence() {
        let ending = classify(&Remains { stress_open: true, ..remains.clone() });

        assert_eq!(ending.end, BootEnd::Provoked, "{remains:?}");
        assert!(!ending.end.is_failure());
    }
    let panicked = Remains { stress_open: true, pstore: Some(PANIC.into()), ..Remains::default() };
    assert!(classify(&panicked).evidence[1].contains("sysrq triggered crash"));
    let stopped = Remains { clean_record: true, stress_open: true, ..Remains::default() };
    assert_eq!(classify(&stopped).end, BootEnd::Clean);
}

#[test]
fn evidence_names_the_record_the_line_and_when() {
    let ending = classify(&Remains {
        pstore: Some(PANIC.into()),
        warnings: vec![HUNG.into()],
        ..Remains::default()
    });

    assert_eq!(
        ending.evidence,
        [
            "the kernel log kept over the reset (pstore) says: <0>Kernel panic - not syncing: sysrq triggered crash",
            "the kernel had warned at 2 h of uptime: INFO: task jbd2/sda2-8:311 blocked for more than 120 seconds.",
        ]
    );
}

#[test]
fn a_warning_of_long_before_is_none_of_the_end() {
    let after = |seconds: u64| Remains {
        warnings: vec![HUNG.into()],
        last_seen_seconds: Some(7205 + seconds),
        ..Remains::default()
    };

    assert_eq!(classify(&after(3600)).end, BootEnd::Hang);
    assert_eq!(classify(&after(3601)).end, BootEnd::Unknown);
}

#[test]
fn a_kernel_that_was_warned_of_an_old_machine_check_when_it_started_is_not_tainted_by_it() {
    let taint = |first, last| {
        classify(&Remains {
            first_taint: Some(first),
            last_taint: Some(last),
            ..Remains::default()
        })
        .end
    };
    let (check, oops) = (1 << 4, 1 << 7);

    assert_eq!(taint(check, check), BootEnd::Unknown);
    assert_eq!(taint(0, check), BootEnd::Hang);
    // One that is first seen late may have died before.
    assert_eq!(taint(oops, oops), BootEnd::Hang);
    assert_eq!(taint(0, 0x3201 & !oops), BootEnd::Unknown);
}

#[test]
fn an_armed_watchdog_proves_nothing_where_the_power_went_or_clocks_cannot_be_believed() {
    let armed = |away_seconds, power_cycles| {
        let armed = Armed { timeout_seconds: 60, fed_at_seconds: 900, away_seconds };
        classify(&Remains { armed: Some(armed), power_cycles, ..Remains::default() }).end
    };

    assert_eq!(armed(Some(90), Some(0)), BootEnd::Watchdog);
    assert_eq!(armed(Some(90), Some(1)), BootEnd::PowerLoss);
    assert_eq!(armed(None, None), BootEnd::Unknown);
    assert_eq!(armed(Some(u64::MAX), None), BootEnd::PowerLoss);
}

#[test]
fn a_disk_that_kept_its_power_tells_a_reset_from_a_cut() {
    let ending = classify(&Remains { power_cycles: Some(0), ..Remains::default() });

    assert_eq!(ending.end, BootEnd::Unknown);
    assert!(ending.evidence[1].contains("kept its power"));
}

#[test]
fn one_that_restarts_by_itself_is_soon_back() {
    let away = |away, power_cycles| {
        classify(&Remains { away_seconds: Some(away), power_cycles, ..Remains::default() }).end
    };

    assert_eq!(away(239, None), BootEnd::Unknown);
    assert_eq!(away(240, None), BootEnd::Hang);
    assert_eq!(away(240, Some(1)), BootEnd::PowerLoss);
    // Nobody knows what a clock that jumped for years was before.
    assert_eq!(away(400 * 86_400, None), BootEnd::Unknown);
}

#[test]
fn what_is_quoted_is_never_long() {
    let long = "x".repeat(1_000_000);
    let pstore = Some(format!("Kernel panic - not syncing: {long}"));

    let ending = classify(&Remains { pstore, ..Remains::default() });

    assert!(ending.evidence[0].len() < 400);
}

#[test]
fn a_time_is_spelt_in_its_two_largest_units() {
    for (seconds, spelt) in [
        (0, "0 s"),
        (59, "59 s"),
        (60, "1 min"),
        (3661, "1 h 1 min"),
        (86_400, "1 d"),
        (90_000, "1 d 1 h"),
        (86_460, "1 d"),
    ] {
        assert_eq!(spell(seconds), spelt, "{seconds}");
    }
}
