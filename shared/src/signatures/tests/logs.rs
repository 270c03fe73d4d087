//! Logs as they are.

use super::*;

#[test]
fn an_oops_that_ends_in_a_panic_is_four_findings_with_one_trace() {
    let found = scanned(&include_bytes!("../testdata/oops.log")[..]);

    assert_eq!(
        told(&found),
        [
            "bug_fault crit 6 x1",
            "oops crit 10 x1",
            "tainted info 11 x1",
            "kernel_panic fatal 30 x1"
        ]
    );
    let oops = &found[1];
    assert_eq!(oops.functions, ["gntdev_put_map", "gntdev_vma_close", "remove_vma"]);
    assert_eq!(oops.module.as_deref(), Some("xen_gntdev"));
    assert_eq!(oops.first_at, Some(LogTime::SinceBootMilliseconds(8_123_411)));
    assert!(oops.before[2].contains("PGD 0 P4D 0") && oops.after[0].contains("PID: 2817"));
    assert_eq!(found[3].fields["msg"], "Fatal exception in interrupt");
    assert_eq!(found[3].functions, Vec::<String>::new());
}

#[test]
fn tasks_that_hang_in_one_place_are_one_finding_and_in_two_places_two() {
    let found = scanned(&include_bytes!("../testdata/hung-tasks.log")[..]);

    let hung: Vec<&Finding> = found.iter().filter(|one| one.signature == "hung_task").collect();
    assert_eq!(hung.len(), 2, "{:?}", told(&found));
    assert_eq!(
        hung[0].functions,
        ["bit_wait_io", "__wait_on_bit", "jbd2_journal_commit_transaction"]
    );
    assert_eq!((hung[0].count, &hung[0].lines[..]), (3, &[2, 25, 35][..]));
    assert_eq!(hung[1].functions, ["rwsem_down_write_slowpath", "ext4_file_write_iter"]);
    assert_ne!(hung[0].fingerprint, hung[1].fingerprint);
    assert_eq!(hung[0].last_at, Some(LogTime::SinceBootMilliseconds(95_892_120)));
    // Two of the first three minutes are one event, and an hour later there is another.
    assert_eq!((hung[0].events, hung[1].events), (2, 0));
}

#[test]
fn a_fault_has_the_same_fingerprint_on_every_box_and_in_every_build() {
    let log = include_str!("../testdata/oops.log");
    let other =
        log.replace("+0x42/0xb0", "+0x99/0x123").replace(".part.0", "").replace("8123.", "99.");

    let prints = |log: &str| {
        scanned(log.as_bytes()).into_iter().map(|one| one.fingerprint).collect::<Vec<_>>()
    };
    assert_eq!(prints(log), prints(&other));
    assert_ne!(prints(log), prints(&log.replace("gntdev_vma_close", "gntdev_mmap")));
}

#[test]
fn a_form_of_a_fault_has_its_own_severity_and_is_its_own_finding() {
    let found = scanned(&include_bytes!("../testdata/thin-pool.log")[..]);

    assert_eq!(
        told(&found),
        ["thin_full warn 1 x2", "thin_full crit 3 x2", "blk_err high 5 x1", "buf_err high 6 x2"]
    );
    // Another hit of the same does not end what is told of the first.
    assert!(found[3].after[0].contains("logical block 257"));
    assert!(found[3].after[1].contains("switching pool to write mode"));
}

#[test]
fn xens_own_death_is_told_apart_from_that_of_a_vm() {
    let found = scanned(&include_bytes!("../testdata/xen-watchdog.log")[..]);

    assert_eq!(
        told(&found),
        ["xen_domu high 5 x1", "xen_panic fatal 6 x1", "xen_panic fatal 16 x2"]
    );
    assert_eq!(found[1].functions, ["_spin_lock"]);
    assert!(matches!(found[1].first_at, Some(LogTime::Wall(_))));
    assert_eq!((found[1].events, found[2].events), (1, 0));
}

#[test]
fn a_drive_that_hangs_is_seen_from_its_port_to_the_file_system() {
    assert_eq!(
        told(&scanned(&include_bytes!("../testdata/ssd-hang.log")[..])),
        [
            "ata_exc high 1 x1",
            "ata_cmd high 2 x3",
            "blk_err high 8 x1",
            "buf_err high 9 x1",
            "ext4_ro crit 10 x2",
            "ext4_err high 11 x1",
        ]
    );
}

#[test]
fn memory_that_runs_out_is_told_with_what_was_killed() {
    let found = scanned(&include_bytes!("../testdata/oom.log")[..]);

    assert_eq!(told(&found), ["oom high 1 x1", "oom high 13 x1"]);
    assert_eq!(found[0].functions[0], "dump_header");
    assert_eq!(found[1].fields["comm"], "qemu-system-i38");
    assert_eq!((found[0].events, found[1].events), (1, 0));
}

#[test]
fn an_ordinary_boot_has_nothing_that_anybody_must_look_at() {
    let found = scanned(&include_bytes!("../testdata/quiet.log")[..]);

    let grave: Vec<_> = found.iter().filter(|one| one.severity > Severity::Info).collect();
    assert_eq!(grave, Vec::<&Finding>::new());
}

#[test]
fn a_trace_of_something_else_much_later_is_not_taken() {
    let quiet = "[ 2.0] nothing\n".repeat(200);
    let log = format!(
        "[ 1.0] INFO: task a:1 blocked for more than 120 seconds.\n{quiet}[ 3.0] Call Trace:\n[ 3.0]  other+0x1/0x2\n"
    );

    assert_eq!(scanned(log.as_bytes())[0].functions, Vec::<String>::new());
}
