//! Files that hold logs.

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
        ("pstore/0190.dmesg-efi-1", b"<0>[ 8123.4] Kernel panic - not syncing: Fatal exception\n"),
        ("kernel/dmesg.txt", include_bytes!("../testdata/quiet.log")),
        ("agent/log.txt", quoted),
        ("agent/boots.json", quoted),
        ("manifest.json", quoted),
    ]);

    let found = report("b.tar.zst", &bytes);

    let grave: Vec<_> = found.findings.iter().filter(|one| one.severity > Severity::Info).collect();
    assert_eq!(grave.len(), 1);
    assert_eq!((&grave[0].file[..], grave[0].line), ("b.tar.zst/pstore/0190.dmesg-efi-1", 1));
    assert_eq!((found.files, found.skipped.len(), found.problems.len()), (2, 3, 0));
}

#[test]
fn what_a_cut_bundle_held_is_found_and_the_cut_is_told() {
    let noise: Vec<u8> =
        (0..100_000_u32).flat_map(|at| *blake3::hash(&at.to_le_bytes()).as_bytes()).collect();
    let bytes =
        bundle(&[("kernel/dmesg.txt", b"[1.0] kernel BUG at mm/slub.c:4023!\n"), ("z", &noise)]);

    let found = report("b", &bytes[..bytes.len() / 2]);

    assert_eq!(told(&found.findings), ["bug_at crit 1 x1"]);
    assert_eq!(found.problems.len(), 1);
}

#[test]
fn a_report_survives_json() {
    let found = report("log", include_bytes!("../testdata/hung-tasks.log"));

    let json = serde_json::to_string(&found).unwrap();
    assert_eq!(serde_json::from_str::<Report>(&json).unwrap(), found);
}
