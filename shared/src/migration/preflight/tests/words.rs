use super::super::say;
use super::*;

#[test]
fn a_report_says_everything_in_words_by_the_clock_of_the_window() {
    let mut facts = facts();
    facts.vms[0].disks[0].is_marked_corrupt = true;
    let window = Some(Window { begins_minute: Some(22 * 60), seconds: 6 * 3600 });

    let said = report(&facts, &Assumptions { window, ..assumptions() }).to_string();

    for part in [
        "One thing is in the way of the migration.",
        "pbx, xvda (/vm/pbx.qcow2): QEMU found damage in it",
        "Repair a copy",
        "To be typed: one drive holds the only copy (not given yet)",
        "pbx: 5.3 GB of 21.4 GB are read",
        "/dev/sdb has 120.0 GB free: it fits",
        "The smallest drive to buy: 64.0 GB",
        "pbx: 5120",
        "it fits",
        "  22:00  the VMs are shut down (5 min)",
        "  22:05  pbx is copied: 5.3 GB",
        "The window is 6 h long: it fits.",
        "reading the VMs' disks: 40.0 MB/s, assumed: an old disk",
    ] {
        assert!(said.contains(part), "{part:?} is not in\n{said}");
    }
}

#[test]
fn numbers_are_said_as_people_read_them() {
    assert_eq!(
        [0, 1, 999, 1_000, 1_999_999].map(say::bytes),
        ["0 bytes", "1 byte", "999 bytes", "1.0 kB", "1.9 MB"]
    );
    assert_eq!(say::bytes(u64::MAX), "18446744.0 TB");
    assert_eq!(
        [0, 119, 120, 121, 3_600, 3_601].map(say::long),
        ["0 s", "119 s", "2 min", "3 min", "1 h", "1 h 1 min"]
    );
    assert_eq!(say::moment(None, 3_900), "+1:05");
    assert_eq!(say::moment(Some(23 * 60 + 30), 3_600), "00:30 (+1 d)");
}

#[test]
fn a_report_comes_out_of_json_as_it_went_in() {
    let report = of(|facts| facts.vms[0].is_running = true);

    let json = serde_json::to_string(&report).unwrap();

    assert_eq!(serde_json::from_str::<Report>(&json).unwrap(), report);
}

#[test]
fn assumptions_that_are_not_said_are_the_usual_ones() {
    assert_eq!(serde_json::from_str::<Assumptions>("{}").unwrap(), Assumptions::default());
}
