//! Every kind of image that an appliance may hold, through the agent's own binary: what is said of it,
//! whether it is converted, how the program ends, and what is left on disk.
//!
//! The images are made and broken with QEMU's tools. Loop devices and mounts need root.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod bench;
mod binary;
mod kinds;

use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use self::bench::{Bench, Loop, SmallDisk};
use self::binary::said;
use self::kinds::{End, GOOD, NOT_AS_IT_IS, Row, backed, clean, rows, unclean};

#[test]
fn each_kind_of_image_ends_as_its_rule_says() {
    for Row { input, make, code, verdict, reason, end } in rows() {
        let bench = Bench::new();
        make(&bench);
        let before = bench.names();
        let held = std::fs::read(bench.path("disk")).unwrap();

        let check = bench.image(&["check", "disk"]);
        let convert = bench.image(&["convert", "disk", "result", "--format", "raw"]);

        let convertible = code == GOOD;
        assert_eq!(check.code, Some(code), "{input}: {}", check.complaint);
        assert_eq!(check.answer["verdict"], verdict, "{input}: {}", check.answer);
        assert_eq!(check.answer["convertible"], convertible, "{input}");
        let reasons = check.answer["reasons"].to_string();
        assert!(reasons.contains(reason), "{input}: {reasons}");
        match end {
            End::Converted => {
                assert_eq!(convert.code, Some(0), "{input}: {}", convert.complaint);
                assert!(bench.is_same_disk("disk", "result"), "{input}");
                let hash = bench.image(&["hash", "disk"]);
                assert_eq!(convert.answer["content"], hash.answer["content"], "{input}");
                std::fs::remove_file(bench.path("result")).unwrap();
            }
            End::Refused => {
                assert_eq!(convert.code, Some(2), "{input}: {}", convert.answer);
                assert!(convert.complaint.contains(reason), "{input}: {}", convert.complaint);
            }
        }
        assert_eq!(bench.names(), before, "{input}");
        assert!(std::fs::read(bench.path("disk")).unwrap() == held, "{input} was written to");
    }
}

#[test]
fn an_image_that_was_not_closed_is_converted_by_way_of_a_repaired_copy() {
    let bench = Bench::new();
    unclean(&bench);

    let repair = bench.image(&["repair", "disk", "--to", "mended"]);
    let convert = bench.image(&["convert", "mended", "result", "--format", "raw"]);

    assert_eq!(repair.code, Some(0), "{}", repair.complaint);
    assert_eq!(repair.answer["verdict"], "ok");
    assert_eq!(repair.answer["original"]["verdict"], "unclean");
    assert_eq!(convert.code, Some(0), "{}", convert.complaint);
    assert_eq!(convert.answer["content"], repair.answer["content"]);
    assert!(bench.is_same_disk("disk", "result"));
    assert_eq!(bench.names(), ["disk", "mended", "result"]);
}

#[test]
fn an_image_that_somebody_writes_to_is_left_alone() {
    let bench = Bench::new();
    backed(&bench);
    let open = std::fs::OpenOptions::new().write(true).open(bench.path("base")).unwrap();

    let check = bench.image(&["check", "disk"]);
    let convert = bench.image(&["convert", "disk", "result", "--format", "raw"]);
    let repair = bench.image(&["repair", "disk", "--to", "result"]);

    assert_eq!(check.code, Some(NOT_AS_IT_IS), "{}", check.complaint);
    assert!(check.answer["reasons"].to_string().contains("shut its VM down"), "{}", check.answer);
    for refused in [convert, repair] {
        assert_eq!(refused.code, Some(2), "{}", refused.answer);
        assert!(refused.complaint.contains("is in use by image_matrix"), "{}", refused.complaint);
    }
    assert_eq!(bench.names(), ["base", "disk"]);
    drop(open);
    assert_eq!(bench.image(&["check", "disk"]).code, Some(GOOD));
}

#[test]
fn a_target_that_is_full_is_left_as_it_was() {
    let bench = Bench::new();
    bench.img(&["create", "-q", "-f", "qcow2", "disk", "64M"]);
    bench.io("disk", &["write -q -P 7 0 40M"]);
    let small = SmallDisk::mount(&bench, "small", 16 << 20);
    let before = small.names();

    for format in ["raw", "qcow2"] {
        let convert = bench.image(&["convert", "disk", "small/result", "--format", format]);

        assert_eq!(convert.code, Some(2), "{}", convert.answer);
        assert!(convert.complaint.contains("No space left"), "{}", convert.complaint);
        assert_eq!(small.names(), before);
    }
}

/// Waits until something is so, for as long as a machine with too much to do may take.
fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_mins(1), "{what}: never");
        std::thread::yield_now();
    }
}

#[test]
fn a_conversion_that_is_stopped_leaves_nothing_and_can_be_made_again() {
    let bench = Bench::new();
    bench.img(&["create", "-q", "-f", "qcow2", "disk", "512M"]);
    bench.io("disk", &["write -q -P 7 0 400M"]);
    let convert = ["convert", "disk", "result", "--format", "raw"];

    let running = bench.image_at_work(&convert);
    wait_until("something is written", || {
        bench.path("result.part").metadata().is_ok_and(|part| part.len() > 0)
    });
    kill_process(Pid::from_child(&running), Signal::TERM).unwrap();
    let stopped = said(&running.wait_with_output().unwrap());

    assert_eq!(stopped.code, Some(2), "{}", stopped.answer);
    assert!(stopped.complaint.contains("no longer wanted"), "{}", stopped.complaint);
    assert_eq!(bench.names(), ["disk"]);
    let again = bench.image(&convert);
    assert_eq!(again.code, Some(0), "{}", again.complaint);
    assert!(bench.is_same_disk("disk", "result"));
}

#[test]
fn a_volume_is_written_to_only_where_that_is_said_and_it_fits() {
    let bench = Bench::new();
    clean(&bench);
    let small = Loop::new(&bench, (64 << 20) - 512);
    let convert = ["convert", "disk", small.device.as_str(), "--format", "raw"];

    let unsaid = bench.image(&convert);
    let too_small = bench.image(&[convert.as_slice(), &["--onto-volume"]].concat());

    assert_eq!(unsaid.code, Some(2), "{}", unsaid.answer);
    assert!(unsaid.complaint.contains("is there already"), "{}", unsaid.complaint);
    assert_eq!(too_small.code, Some(2), "{}", too_small.answer);
    assert!(too_small.complaint.contains("grow it, or take another"), "{}", too_small.complaint);
    assert!(small.content().iter().all(|byte| *byte == 0xa5), "it was written to");
}

#[test]
fn an_image_goes_onto_a_used_volume_and_back() {
    let bench = Bench::new();
    clean(&bench);
    let volume = Loop::new(&bench, 66 << 20);
    let device = volume.device.as_str();

    let there = bench.image(&["convert", "disk", device, "--format", "raw", "--onto-volume"]);
    let back = ["convert", device, "again", "--format", "qcow2", "--source-format", "raw"];
    let back = bench.image(&back);

    assert_eq!(there.code, Some(0), "{}", there.complaint);
    assert_eq!(back.code, Some(0), "{}", back.complaint);
    assert!(volume.content()[64 << 20..].iter().all(|byte| *byte == 0));
    // The volume is longer, by zeros.
    assert!(bench.is_same_disk("disk", "again"));
}
