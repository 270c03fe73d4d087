//! Every kind of image that an appliance may hold, through the agent's own binary: what is said of it,
//! whether it is converted, how the program ends, and what is left on disk.
//!
//! The images are made and broken with QEMU's tools. Loop devices and mounts need root.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod bench;

use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use self::bench::{Bench, Loop, SmallDisk, said};

/// What becomes of an image.
enum End {
    /// It is converted, and the result is the same disk.
    Converted,
    /// It is refused, and nothing is left.
    Refused,
}

struct Row {
    input: &'static str,
    /// Makes `disk`.
    make: fn(&Bench),
    /// What `image check` ends with.
    code: i32,
    verdict: &'static str,
    /// A part of what it says.
    reason: &'static str,
    end: End,
}

const GOOD: i32 = 0;
const NOT_AS_IT_IS: i32 = 1;

fn rows() -> Vec<Row> {
    let row =
        |input, make, code, verdict, reason, end| Row { input, make, code, verdict, reason, end };
    vec![
        row("clean", clean, GOOD, "ok", "", End::Converted),
        row("leaked clusters", leaks, GOOD, "leaks", "waste 65536 bytes", End::Converted),
        row("unclean", unclean, NOT_AS_IT_IS, "unclean", "did not close it", End::Refused),
        row("cross-linked", crossed, NOT_AS_IT_IS, "corrupt", "something else too", End::Refused),
        row("beyond its end", beyond, NOT_AS_IT_IS, "corrupt", "beyond the end", End::Refused),
        row("truncated", truncated, NOT_AS_IT_IS, "corrupt", "beyond the end", End::Refused),
        row("marked", marked, NOT_AS_IT_IS, "corrupt", "marked as corrupt", End::Refused),
        row("snapshots", snapshots, GOOD, "ok", "snapshots of its own (2)", End::Converted),
        row("backing file", backed, GOOD, "ok", "", End::Converted),
        row("no base", baseless, NOT_AS_IT_IS, "missing_backing", "based on another", End::Refused),
        row(
            "no data",
            dataless,
            NOT_AS_IT_IS,
            "missing_backing",
            "data is in another",
            End::Refused,
        ),
        row("compressed", compressed, GOOD, "ok", "", End::Converted),
        row("LUKS", luks, NOT_AS_IT_IS, "encrypted", "decrypt it", End::Refused),
        row("qcow", qcow, GOOD, "uncheckable", "counts nothing", End::Converted),
        row("raw", raw, GOOD, "uncheckable", "", End::Converted),
        row("vmdk", vmdk, NOT_AS_IT_IS, "uncheckable", "none of the formats", End::Refused),
        row("empty", empty, NOT_AS_IT_IS, "uncheckable", "no disk in it", End::Refused),
    ]
}

fn clean(bench: &Bench) {
    bench.disk("disk", "compat=1.1");
}

fn leaks(bench: &Bench) {
    clean(bench);
    bench.patch("disk", bench.first_l2("disk"), &[0; 8]);
}

fn unclean(bench: &Bench) {
    bench.disk("disk", "compat=1.1,lazy_refcounts=on");
    bench.io_killed("disk", "write -q -P 3 40M 2M");
}

fn crossed(bench: &Bench) {
    clean(bench);
    let l2 = bench.first_l2("disk");
    bench.patch("disk", l2 + 8, &bench.number("disk", l2).to_be_bytes());
}

fn beyond(bench: &Bench) {
    clean(bench);
    let entry = 1 << 63 | 0x7fff_0000_u64;
    bench.patch("disk", bench.first_l2("disk"), &entry.to_be_bytes());
}

fn truncated(bench: &Bench) {
    clean(bench);
    let file = std::fs::OpenOptions::new().write(true).open(bench.path("disk")).unwrap();
    file.set_len(file.metadata().unwrap().len() / 2).unwrap();
}

fn marked(bench: &Bench) {
    clean(bench);
    bench.patch("disk", 79, &[2]);
}

fn snapshots(bench: &Bench) {
    clean(bench);
    bench.img(&["snapshot", "-c", "before the update", "disk"]);
    bench.io("disk", &["write -q -P 1 512k 1M"]);
    bench.img(&["snapshot", "-c", "after", "disk"]);
}

fn backed(bench: &Bench) {
    bench.disk("base", "compat=1.1");
    bench.img(&["create", "-q", "-f", "qcow2", "-b", "base", "-F", "qcow2", "disk"]);
    bench.io("disk", &["write -q -P 9 500k 1M"]);
}

fn baseless(bench: &Bench) {
    backed(bench);
    std::fs::remove_file(bench.path("base")).unwrap();
}

fn dataless(bench: &Bench) {
    bench.disk("disk", "compat=1.1,data_file=apart");
    std::fs::remove_file(bench.path("apart")).unwrap();
}

fn compressed(bench: &Bench) {
    bench.disk("plain", "compat=1.1");
    bench.img(&["convert", "-c", "-O", "qcow2", "plain", "disk"]);
}

fn luks(bench: &Bench) {
    let options = "encrypt.format=luks,encrypt.key-secret=key,encrypt.iter-time=10";
    let create = ["create", "-q", "--object", "secret,id=key,data=abc", "-f", "qcow2"];
    bench.img(&[create.as_slice(), &["-o", options, "disk", "16M"]].concat());
}

fn qcow(bench: &Bench) {
    bench.disk("plain", "compat=1.1");
    bench.img(&["convert", "-O", "qcow", "plain", "disk"]);
}

fn raw(bench: &Bench) {
    bench.disk("plain", "compat=1.1");
    bench.img(&["convert", "-O", "raw", "plain", "disk"]);
}

fn vmdk(bench: &Bench) {
    bench.disk("plain", "compat=1.1");
    bench.img(&["convert", "-O", "vmdk", "plain", "disk"]);
}

fn empty(bench: &Bench) {
    std::fs::write(bench.path("disk"), "").unwrap();
}

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
