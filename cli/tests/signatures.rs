//! `domfleet signatures` on logs, archives and what is neither.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

const PANIC: &str = "[ 8123.412055] Kernel panic - not syncing: Fatal exception in interrupt";
const QUIET: &str = "[ 8101.220311] br0: port 3(vif5.0) entered forwarding state\n";

#[expect(clippy::disallowed_methods, reason = "the tests' own machine, not an appliance")]
fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_domfleet"));
    command.arg("signatures").args(args);
    command
}

fn run(folder: &Path, args: &[&str]) -> Output {
    command(args).current_dir(folder).output().unwrap()
}

fn folder(files: &[(&str, &[u8])]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for (name, bytes) in files {
        fs::write(folder.path().join(name), bytes).unwrap();
    }
    folder
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn printed(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// What each finding is: signature, severity, file and line.
fn told(found: &Value) -> Vec<(String, String, String, u64)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let findings = found["findings"].as_array().unwrap().iter();
    findings
        .map(|one| {
            let line = one["line"].as_u64().unwrap();
            (text(&one["signature"]), text(&one["severity"]), text(&one["file"]), line)
        })
        .collect()
}

/// A tar of one file, by hand: this crate has no use for a library that makes them.
fn tar(path: &str, text: &str) -> Vec<u8> {
    let mut header = vec![0; 512];
    header[..path.len()].copy_from_slice(path.as_bytes());
    header[100..107].copy_from_slice(b"0000600");
    header[124..135].copy_from_slice(format!("{:011o}", text.len()).as_bytes());
    header[156] = b'0';
    header[257..265].copy_from_slice(b"ustar\x0000");
    header[148..156].fill(b' ');
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
    header.extend(text.as_bytes());
    let end = header.len().next_multiple_of(512) + 1024;
    header.resize(end, 0);
    header
}

#[test]
fn a_log_gives_findings_with_file_line_and_text() {
    let log = format!("{QUIET}{PANIC}\n{QUIET}");
    let folder = folder(&[("messages", log.as_bytes()), ("quiet", QUIET.as_bytes())]);

    let output = run(folder.path(), &["scan", "messages", "quiet", "--json"]);

    assert!(output.status.success(), "{}", said(&output));
    let found = json(&output);
    assert_eq!(told(&found), [("kernel_panic".into(), "fatal".into(), "messages".into(), 2)]);
    assert_eq!(found["findings"][0]["text"], PANIC);
    assert_eq!((&found["files"], &found["lines"]), (&2.into(), &4.into()));
    assert_eq!(said(&output), "");
}

#[test]
fn a_log_without_findings_is_an_answer_and_no_failure() {
    let folder = folder(&[("quiet", QUIET.as_bytes()), ("empty", b"")]);

    let output = run(folder.path(), &["scan", "quiet", "empty"]);
    assert!(output.status.success());
    assert_eq!(printed(&output), "no sign of a known fault in 2 logs with 1 lines\n");

    let output = run(folder.path(), &["scan", "quiet", "--json"]);
    assert!(output.status.success());
    assert_eq!(json(&output)["findings"], Value::Array(Vec::new()));
}

#[test]
fn standard_input_is_a_file_like_any_other() {
    let mut child = command(&["scan", "-", "--json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(&tar("xen/dmesg.txt", "(XEN) Panic on CPU 0:\n"))
        .unwrap();

    let output = child.wait_with_output().unwrap();

    assert!(output.status.success());
    let expected = [("xen_panic".into(), "fatal".into(), "-/xen/dmesg.txt".into(), 1)];
    assert_eq!(told(&json(&output)), expected);
}

#[test]
fn a_person_gets_the_gravest_first_and_what_to_do_once() {
    let log = format!("[1.0] ata1: hard resetting link\n{PANIC}\n");
    let folder = folder(&[("a", log.as_bytes()), ("b", log.as_bytes())]);

    let output = run(folder.path(), &["scan", "a", "b"]);

    let text = printed(&output);
    let rows: Vec<Vec<&str>> = text.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(rows[0], ["SEVERITY", "SIGNATURE", "WHERE", "COUNT", "TEXT"]);
    assert_eq!(rows[1][..4], ["fatal", "kernel_panic", "a:2", "1"]);
    assert_eq!(rows[3][..4], ["high", "ata_cmd", "a:1", "1"]);
    assert_eq!(text.matches("\nkernel_panic: dom0's kernel panicked").count(), 1, "{text}");
    assert_eq!(text.matches("\nata_cmd: ").count(), 1, "{text}");
}

#[test]
fn what_a_log_would_do_to_a_terminal_is_not_done() {
    let log = b"[1.0] Kernel panic - not syncing: \x1b]0;title\x07 \x1b[2J\n";
    let folder = folder(&[("log", log)]);

    let text = printed(&run(folder.path(), &["scan", "log"]));

    assert!(!text.contains('\x1b') && !text.contains('\x07'), "{text:?}");
    assert!(text.contains("\\u{1b}[2J"), "{text:?}");
}

#[test]
fn what_cannot_be_read_is_told_and_the_rest_is_looked_at() {
    let noise: Vec<u8> =
        (0..600_u32).flat_map(|at| at.wrapping_mul(2_654_435_761).to_be_bytes()).collect();
    let cut = &tar("dmesg", &format!("{PANIC}\n"))[..1024];
    let folder = folder(&[
        ("log", PANIC.as_bytes()),
        ("garbage.tar.zst", &noise),
        ("garbage.gz", b"\x1f\x8bgarbage"),
        ("cut.tar", cut),
    ]);
    fs::create_dir(folder.path().join("folder")).unwrap();

    let files = ["scan", "missing", "folder", "garbage.tar.zst", "garbage.gz", "cut.tar", "log"];
    let output = run(folder.path(), &[&files[..], &["--json"]].concat());

    assert_eq!(output.status.code(), Some(2));
    let said = said(&output);
    for expected in [
        "missing: No such file",
        "folder: it is a folder: give the files in it",
        "garbage.tar.zst: it is called an archive, and is none",
        "garbage.gz: it ",
        "cut.tar: it was cut",
    ] {
        assert!(said.contains(expected), "{expected}: {said}");
    }
    let found = json(&output);
    let files: Vec<_> = told(&found).into_iter().map(|(_, _, file, _)| file).collect();
    assert_eq!(files, ["cut.tar/dmesg", "log"]);
    assert_eq!(found["problems"].as_array().unwrap().len(), 5);
}

#[test]
fn signatures_of_ones_own_are_looked_for_beside_ours() {
    let own = "[[signature]]\nid = 'fan'\nmeaning = 'a fan stands still'\nseverity = 'warn'\n\
               advice = 'clean it'\npatterns = ['^fan\\d: 0 rpm']\n";
    let log = format!("Nov 29 07:38:16 pbx-12 sensord[12]: fan1: 0 rpm\n{PANIC}\n");
    let folder = folder(&[("own.toml", own.as_bytes()), ("log", log.as_bytes())]);

    let output = run(folder.path(), &["scan", "log", "--catalogue", "own.toml", "--json"]);
    assert_eq!(told(&json(&output))[0], ("fan".into(), "warn".into(), "log".into(), 1));
    let text = printed(&run(folder.path(), &["scan", "log", "--catalogue", "own.toml"]));
    assert!(text.contains("\nfan: a fan stands still. clean it\n"), "{text}");

    let listed = run(folder.path(), &["list", "--catalogue", "own.toml", "--json"]);
    let listed = json(&listed);
    let signatures = listed["signatures"].as_array().unwrap();
    assert_eq!(signatures.last().unwrap()["id"], "fan");
    assert!(signatures.len() > 30);
}

#[test]
fn a_catalogue_that_is_wrong_is_complained_of_with_its_line() {
    let bad = "[[signature]]\nid = 'fan'\nmeaning = 'x'\nseverity = 'urgent'\npatterns = ['x']\n";
    let folder = folder(&[("bad.toml", bad.as_bytes()), ("log", b"")]);

    let output = run(folder.path(), &["scan", "log", "--catalogue", "bad.toml"]);

    assert_eq!((output.status.code(), &output.stdout[..]), (Some(2), &b""[..]));
    let said = said(&output);
    assert!(said.contains("bad.toml: ") && said.contains("line 4"), "{said}");
    assert!(said.contains("expected one of `info`"), "{said}");
    let output = run(folder.path(), &["list", "--catalogue", "missing.toml"]);
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn each_sample_of_the_catalogue_is_found_by_its_id() {
    let listed = json(&run(Path::new("."), &["list", "--json"]));
    let folder = TempDir::new().unwrap();
    let mut expected = BTreeMap::new();
    for signature in listed["signatures"].as_array().unwrap() {
        let samples = signature["samples"].as_array().unwrap().iter();
        let samples: Vec<&str> = samples.map(|sample| sample.as_str().unwrap()).collect();
        let id = signature["id"].as_str().unwrap().to_owned();
        fs::write(folder.path().join(&id), samples.join("\n")).unwrap();
        expected.insert((id.clone(), id), samples.len() as u64);
    }

    let files: Vec<&str> = expected.keys().map(|(id, _)| id.as_str()).collect();
    let output = run(folder.path(), &[&["scan", "--json"], &files[..]].concat());

    let mut found = BTreeMap::new();
    for one in json(&output)["findings"].as_array().unwrap() {
        let text = |key: &str| one[key].as_str().unwrap().to_owned();
        *found.entry((text("file"), text("signature"))).or_insert(0) +=
            one["count"].as_u64().unwrap();
    }
    assert_eq!(found, expected);
}
