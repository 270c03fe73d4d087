//! The catalogue against its own samples, and scans of logs as they are.

use std::io::{self, Read, Write as _};

use super::*;
use crate::scan_input::Limits;
use crate::severity::Severity;

fn catalogue() -> &'static Catalogue {
    Catalogue::built_in().unwrap()
}

fn scanned(log: impl Read) -> Vec<Finding> {
    let mut scanner = Scanner::new(catalogue());
    scanner.scan("log", log).unwrap();
    scanner.finish().findings
}

/// Ids, severities, lines and counts, in short.
fn told(findings: &[Finding]) -> Vec<String> {
    let told =
        |one: &Finding| format!("{} {} {} x{}", one.signature, one.severity, one.line, one.count);
    findings.iter().map(told).collect()
}

mod of_the_catalogue {
    use super::*;

    fn ids(line: &str) -> Vec<String> {
        scanned(line.as_bytes()).into_iter().map(|finding| finding.signature).collect()
    }

    #[test]
    fn every_sample_has_its_signature_and_no_other() {
        let mut samples = 0;
        for signature in catalogue().signatures() {
            let variants = signature.variants.iter().flat_map(|variant| &variant.samples);
            for sample in signature.samples.iter().chain(variants) {
                let (own, others): (Vec<_>, Vec<_>) =
                    ids(sample).into_iter().partition(|id| *id == signature.id);
                assert_eq!(own.len(), 1, "{}: {sample}", signature.id);
                assert!(
                    others.iter().all(|id| signature.also.contains(id)),
                    "{sample}: {others:?}"
                );
                samples += 1;
            }
        }
        assert!(samples > 80, "{samples}");
    }

    #[test]
    fn nothing_worse_than_good_to_know_is_found_in_any_near_miss() {
        for signature in catalogue().signatures() {
            for line in &signature.near_misses {
                let found = scanned(line.as_bytes());
                let grave = found.iter().filter(|finding| finding.severity > Severity::Info);
                assert_eq!(grave.count(), 0, "{line}");
                assert!(found.iter().all(|finding| finding.signature != signature.id), "{line}");
            }
        }
    }

    #[test]
    fn every_pattern_is_in_a_sample_and_every_signature_says_what_to_do() {
        assert_eq!(catalogue().signatures().len(), 30);
        for signature in catalogue().signatures() {
            assert!(signature.advice.len() > 40, "{}", signature.id);
            assert!(!signature.samples.is_empty() && !signature.near_misses.is_empty());
            for (_, patterns, samples) in signature.forms() {
                for pattern in patterns {
                    let regex = regex::Regex::new(pattern).unwrap();
                    assert!(samples.iter().any(|sample| regex.is_match(sample)), "{pattern}");
                }
            }
        }
    }

    #[test]
    fn a_line_that_is_no_utf8_hides_nothing() {
        let mut line = b"\xff\xfe[    1.0] \xc3( INFO: task \xf0\x28:311 blocked for more than 120 seconds.\xff".to_vec();
        let found = scanned(&line[..]);
        assert_eq!(told(&found), ["hung_task high 1 x1"]);
        assert!(found[0].text.contains("blocked"));
        assert_eq!(found[0].fields["pid"], "311");

        line.splice(0..0, *b"\0\0\0\0");
        assert_eq!(scanned(&line[..]).len(), 1);
    }
}

mod of_operators {
    use super::*;

    const GOOD: &str = "
        [[signature]]
        id = 'raid_degraded'
        meaning = 'a mirror has lost a drive'
        severity = 'high'
        patterns = ['^md/raid1:(?P<md>\\w+): Disk failure on (?P<dev>\\w+)']
        samples = ['[  12.5] md/raid1:md0: Disk failure on sdb1, disabling device.']
    ";

    fn refusal(document: &str) -> String {
        Catalogue::with(document).unwrap_err().to_string()
    }

    #[test]
    fn their_signatures_are_found_beside_ours_also_where_they_begin_a_line() {
        let catalogue = Catalogue::with(GOOD).unwrap();
        let mut scanner = Scanner::new(&catalogue);
        let log = b"7 <3>[12.5] md/raid1:md0: Disk failure on sdb1, disabling device.\n[13.0] ata1: hard resetting link\n";
        scanner.scan("log", &log[..]).unwrap();

        let found = scanner.finish().findings;
        assert_eq!(told(&found), ["raid_degraded high 1 x1", "ata_cmd high 2 x1"]);
        assert_eq!(found[0].fields["dev"], "sdb1");
        assert_eq!(found[0].first_at, Some(LogTime::SinceBootMilliseconds(12_500)));
    }

    #[test]
    fn what_is_wrong_with_one_is_said_with_its_name_or_its_line() {
        for (from, to, said) in [
            (
                "severity = 'high'",
                "severity = 'urgent'",
                "expected one of `info`, `warn`, `high`, `crit`, `fatal`",
            ),
            ("severity = 'high'", "", "missing field `severity`"),
            ("meaning", "meening", "unknown field `meening`"),
            ("(?P<md>", "(?P<md", "signature \"raid_degraded\": the pattern"),
            ("Disk failure on (?P<dev>\\w+)']", "Disk failure', '']", "is found in an empty line"),
            (
                "Disk failure on (?P<dev>\\w+)']",
                "Disk failure', '.*']",
                "is found in an empty line",
            ),
            (
                "Disk failure on (?P<dev>\\w+)']",
                "Disk failure', '\\w']",
                "is found in every ordinary line",
            ),
            ("Disk failure on (?P<dev>\\w+)']", "Disk failure', '(\\w{900}){900}']", "the pattern"),
            (
                "patterns = ['^md/raid1:(?P<md>\\w+): Disk failure on (?P<dev>\\w+)']",
                "patterns = []",
                "has no pattern",
            ),
            ("'raid_degraded'", "'oops'", "there are two signatures \"oops\""),
            ("'raid_degraded'", "'RAID degraded'", "\"RAID degraded\" is no id"),
            ("sdb1, dis", "SDB, dis", ""),
            ("Disk failure on sdb1", "disk failure on sdb1", "is not found in its own sample"),
        ] {
            let document = GOOD.replace(from, to);
            assert_ne!(document, GOOD, "{from}");
            if said.is_empty() {
                assert!(Catalogue::with(&document).is_ok());
            } else {
                let refusal = refusal(&document);
                assert!(refusal.contains(said), "{to}: {refusal}");
            }
        }
        assert!(refusal("[[signature]\n").contains("line 1"));
        assert!(refusal(&"#".repeat(300_000)).contains("262144 are the most"));
        let many: String = (0..600)
            .map(|n| GOOD.replace("raid_degraded", &format!("s{n}")))
            .fold(String::new(), |all, one| all + &one);
        assert!(refusal(&many).contains("500 are the most"), "{}", refusal(&many));
    }

    #[test]
    fn what_they_except_is_not_found() {
        let document = GOOD.to_owned()
            + "except = ['on sdz']\n near_misses = ['md/raid1:md0: Disk failure on sdz9']";
        assert!(Catalogue::with(&document).is_ok());

        let without = document.replace("except = ['on sdz']", "");
        assert!(refusal(&without).contains("in what it calls a near miss"));
    }
}

mod of_logs {
    use super::*;

    #[test]
    fn an_oops_that_ends_in_a_panic_is_four_findings_with_one_trace() {
        let found = scanned(&include_bytes!("testdata/oops.log")[..]);

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
        let found = scanned(&include_bytes!("testdata/hung-tasks.log")[..]);

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
        let log = include_str!("testdata/oops.log");
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
        let found = scanned(&include_bytes!("testdata/thin-pool.log")[..]);

        assert_eq!(
            told(&found),
            [
                "thin_full warn 1 x2",
                "thin_full crit 3 x2",
                "blk_err high 5 x1",
                "buf_err high 6 x2"
            ]
        );
        // Another hit of the same does not end what is told of the first.
        assert!(found[3].after[0].contains("logical block 257"));
        assert!(found[3].after[1].contains("switching pool to write mode"));
    }

    #[test]
    fn xens_own_death_is_told_apart_from_that_of_a_vm() {
        let found = scanned(&include_bytes!("testdata/xen-watchdog.log")[..]);

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
            told(&scanned(&include_bytes!("testdata/ssd-hang.log")[..])),
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
        let found = scanned(&include_bytes!("testdata/oom.log")[..]);

        assert_eq!(told(&found), ["oom high 1 x1", "oom high 13 x1"]);
        assert_eq!(found[0].functions[0], "dump_header");
        assert_eq!(found[1].fields["comm"], "qemu-system-i38");
        assert_eq!((found[0].events, found[1].events), (1, 0));
    }

    #[test]
    fn an_ordinary_boot_has_nothing_that_anybody_must_look_at() {
        let found = scanned(&include_bytes!("testdata/quiet.log")[..]);

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
}

mod of_what_has_no_end {
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
}

mod of_files {
    use super::*;

    fn bundle(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut builder = tar::Builder::new(Vec::new());
        for (path, bytes) in files {
            let mut header = tar::Header::new_ustar();
            header.set_size(bytes.len() as u64);
            builder.append_data(&mut header, path, *bytes).unwrap();
        }
        zstd::bulk::compress(&builder.into_inner().unwrap(), 3).unwrap()
    }

    fn report(name: &str, bytes: &[u8]) -> Report {
        let mut scan = Scan::new(catalogue(), Limits::default());
        scan.file(name, bytes);
        scan.finish()
    }

    #[test]
    fn a_bundle_is_looked_through_but_for_what_the_agent_quotes() {
        let quoted = br#"{"evidence":["Kernel panic - not syncing: Fatal exception"]}"#;
        let bytes = bundle(&[
            (
                "pstore/0190.dmesg-efi-1",
                b"<0>[ 8123.4] Kernel panic - not syncing: Fatal exception\n",
            ),
            ("kernel/dmesg.txt", include_bytes!("testdata/quiet.log")),
            ("agent/log.txt", quoted),
            ("agent/boots.json", quoted),
            ("manifest.json", quoted),
        ]);

        let found = report("b.tar.zst", &bytes);

        let grave: Vec<_> =
            found.findings.iter().filter(|one| one.severity > Severity::Info).collect();
        assert_eq!(grave.len(), 1);
        assert_eq!((&grave[0].file[..], grave[0].line), ("b.tar.zst/pstore/0190.dmesg-efi-1", 1));
        assert_eq!((found.files, found.skipped.len(), found.problems.len()), (2, 3, 0));
    }

    #[test]
    fn what_a_cut_bundle_held_is_found_and_the_cut_is_told() {
        let noise: Vec<u8> =
            (0..100_000_u32).flat_map(|at| *blake3::hash(&at.to_le_bytes()).as_bytes()).collect();
        let bytes = bundle(&[
            ("kernel/dmesg.txt", b"[1.0] kernel BUG at mm/slub.c:4023!\n"),
            ("z", &noise),
        ]);

        let found = report("b", &bytes[..bytes.len() / 2]);

        assert_eq!(told(&found.findings), ["bug_at crit 1 x1"]);
        assert_eq!(found.problems.len(), 1);
    }

    #[test]
    fn a_report_survives_json() {
        let found = report("log", include_bytes!("testdata/hung-tasks.log"));

        let json = serde_json::to_string(&found).unwrap();
        assert_eq!(serde_json::from_str::<Report>(&json).unwrap(), found);
    }
}
