//! Logs that are larger than anything.

use super::*;

#[test]
fn a_line_of_a_hundred_megabytes_is_a_line_and_what_comes_after_is_found() {
    let endless = io::repeat(b'x').take(100 << 20);
    let log = (&b"[1.0] ata1: hard resetting link "[..])
        .chain(endless)
        .chain(&b"\n[2.0] Kernel panic - not syncing: x\n"[..]);

    let found = scanned(log);

    assert_eq!(told(&found), ["ata_cmd high 1 x1", "kernel_panic fatal 2 x1"]);
    assert!(found[0].text.len() < 4096);
}

#[test]
fn as_many_hits_as_there_are_lines_are_one_finding_with_a_count() {
    let line = b"[71200.100201] blk_update_request: I/O error, dev sda, sector 1 op 0x0\n";
    let found = scanned(&line.repeat(200_000)[..]);

    assert_eq!(told(&found), ["blk_err high 1 x200000"]);
    assert_eq!((found[0].events, found[0].lines.len()), (1, 20));
}

#[test]
fn more_different_traces_than_anybody_reads_are_counted_and_left_out() {
    let mut log = Vec::new();
    for at in 0..500 {
        write!(log, "[{at}.0] INFO: task a:1 blocked for more than 120 seconds.\n[{at}.0] Call Trace:\n[{at}.0]  f{at}+0x1/0x2\n").unwrap();
    }
    let mut scanner = Scanner::new(catalogue());
    scanner.scan("log", &log[..]).unwrap();
    let all = scanner.finish();

    assert_eq!((all.findings.len(), all.left_out), (32, 468));
    assert_eq!(all.lines, 1500);
}

#[test]
fn what_is_good_to_know_does_not_take_the_place_of_what_is_fatal() {
    let mut scanner = Scanner::new(catalogue());
    for at in 0..600 {
        scanner.scan(&format!("{at}"), &b"[1.0] Tainted: G W O 5.15\n"[..]).unwrap();
    }
    scanner.scan("last", &b"[2.0] Kernel panic - not syncing: x\n"[..]).unwrap();
    let all = scanner.finish();

    assert_eq!((all.findings.len(), all.left_out), (501, 100));
    assert_eq!(all.findings[500].severity, Severity::Fatal);
}
