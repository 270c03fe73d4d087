use std::io::{Cursor, Write as _};
use std::time::Duration;

use proptest::prelude::*;
use serde_json::json;

use super::*;

/// An entry of a tar archive, as its writer wrote it.
fn entry(path: &str, content: &[u8]) -> Vec<u8> {
    let mut header = tar::Header::new_ustar();
    // Past what the library thinks of the name: strangers write their own.
    header.as_old_mut().name[..path.len()].copy_from_slice(path.as_bytes());
    header.set_size(content.len() as u64);
    header.set_mode(0o600);
    header.set_cksum();
    let mut bytes = header.as_bytes().to_vec();
    bytes.extend(content);
    bytes.resize(bytes.len().next_multiple_of(512), 0);
    bytes
}

fn tar_of(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut bytes: Vec<u8> =
        files.iter().flat_map(|(path, content)| entry(path, content)).collect();
    bytes.extend([0; 1024]);
    bytes
}

/// As the agent writes it: a zstd frame for each entry.
fn bundle(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (path, content) in files {
        bytes.extend(zstd::bulk::compress(&entry(path, content), 3).unwrap());
    }
    bytes.extend(zstd::bulk::compress(&[0; 1024], 3).unwrap());
    bytes
}

fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}

fn listed(bytes: &[u8]) -> Contents {
    list(bytes, Bounds::default()).unwrap().contents
}

fn names(contents: &Contents) -> Vec<&str> {
    contents.files.iter().map(|file| file.path.as_str()).collect()
}

fn text_of(bytes: &[u8], path: &str) -> String {
    let part = read(bytes, Bounds::default(), path, 0, 1 << 20).unwrap().unwrap();
    String::from_utf8(part.bytes).unwrap()
}

#[test]
fn a_bundle_says_of_each_file_what_its_manifest_says() {
    let manifest = json!({
        "format": "domfleet-bundle/1", "is_whole": false,
        "entries": [{ "path": "xen/dmesg.txt", "bytes": 4, "truncated": true, "redactions": 2 }],
    });
    let bytes = bundle(&[
        ("xen/dmesg.txt", b"one\n"),
        ("proc/empty", b""),
        ("manifest.json", manifest.to_string().as_bytes()),
    ]);

    let found = list(bytes.as_slice(), Bounds::default()).unwrap();

    let contents = found.contents;
    assert_eq!((contents.kind, contents.format.as_str()), (BundleKind::Bundle, "tar.zst"));
    assert_eq!(names(&contents), ["xen/dmesg.txt", "proc/empty", "manifest.json"]);
    let first = &contents.files[0];
    assert_eq!((first.size_bytes, first.truncated, first.redactions), (4, true, 2));
    assert!(contents.troubles[0].contains("no time"), "{:?}", contents.troubles);
    assert_eq!(found.manifest, Some(manifest));
}

#[test]
fn whatever_it_is_called_it_is_what_its_bytes_are() {
    let tar = tar_of(&[("a.log", b"hello")]);
    let log = b"kernel: hello\n".as_slice();
    let cases = [
        (tar.clone(), BundleKind::Archive, "tar", "a.log"),
        (gzip(&tar), BundleKind::Archive, "tar.gz", "a.log"),
        (zstd::encode_all(tar.as_slice(), 3).unwrap(), BundleKind::Archive, "tar.zst", "a.log"),
        (log.to_vec(), BundleKind::File, "file", "content"),
        (gzip(log), BundleKind::File, "gz", "content"),
        (zstd::encode_all(log, 3).unwrap(), BundleKind::File, "zst", "content"),
        (Vec::new(), BundleKind::File, "file", "content"),
    ];

    for (bytes, kind, format, name) in cases {
        let contents = listed(&bytes);
        assert_eq!((contents.kind, contents.format.as_str()), (kind, format));
        assert_eq!((names(&contents), contents.troubles.len()), (vec![name], 0), "{format}");
    }
}

#[test]
fn a_name_is_only_a_name() {
    let bytes = tar_of(&[("../../etc/passwd", b"root"), ("/etc/shadow", b"x"), ("a\nb", b"y")]);

    let contents = listed(&bytes);

    assert_eq!(names(&contents), ["../../etc/passwd", "/etc/shadow", "a\u{fffd}b"]);
    assert_eq!(text_of(&bytes, "../../etc/passwd"), "root");
}

#[test]
fn a_long_name_is_read_as_far_as_anybody_needs_it() {
    let long = format!("{}/kern.log", "deep/".repeat(40));
    let mut builder = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_size(2);
    header.set_cksum();
    builder.append_data(&mut header, &long, b"hi".as_slice()).unwrap();
    let mut gnu = builder.into_inner().unwrap();
    let record = format!("path={long}\n");
    let length = record.len() + 4;
    let mut pax = entry("pax", format!("{length} {record}").as_bytes());
    pax[156] = b'x';
    let mut header = tar::Header::from_byte_slice(pax[..512].try_into().unwrap()).clone();
    header.set_cksum();
    pax[..512].copy_from_slice(header.as_bytes());
    pax.extend(entry("short", b"hi"));
    pax.extend([0; 1024]);

    for bytes in [&gnu, &pax] {
        assert_eq!(names(&listed(bytes)), [long.as_str()]);
        assert_eq!(text_of(bytes, &long), "hi");
    }
    // One that says it is a gigabyte long is not believed.
    gnu[124..136].copy_from_slice(b"10000000000\0");
    let mut header = tar::Header::from_byte_slice(gnu[..512].try_into().unwrap()).clone();
    header.set_cksum();
    gnu[..512].copy_from_slice(header.as_bytes());
    assert!(!listed(&gnu).troubles.is_empty());
}

#[test]
fn what_was_cut_gives_what_can_be_read_and_says_so() {
    let noise: Vec<u8> = (0..200_000_u32)
        .flat_map(|n| blake3::hash(&n.to_le_bytes()).as_bytes()[..4].to_vec())
        .collect();
    let whole = bundle(&[("first", b"one"), ("second", &noise), ("third", b"three")]);

    let contents = listed(&whole[..whole.len() / 2]);

    assert_eq!(names(&contents), ["first", "second"]);
    assert!(contents.troubles[0].contains("cut"), "{:?}", contents.troubles);
    assert_eq!(text_of(&whole[..whole.len() / 2], "first"), "one");
    let part = read(&whole[..whole.len() / 2], Bounds::default(), "second", 0, usize::MAX);
    let part = part.unwrap().unwrap();
    assert!(noise.starts_with(&part.bytes) && !part.bytes.is_empty());
    assert!(part.trouble.unwrap().contains("cut"));
}

#[test]
fn what_would_fill_a_disk_is_left_packed() {
    let bounds = Bounds { bytes: 1 << 20, ..Bounds::default() };
    let zeros = zstd::encode_all(Cursor::new(vec![0; 100 << 20]), 3).unwrap();
    let archive = tar_of(&[("zeros", &vec![0; 64 << 20])]);
    let archive = zstd::encode_all(archive.as_slice(), 3).unwrap();

    for bytes in [&zeros, &archive] {
        let found = list(bytes.as_slice(), bounds).unwrap().contents;
        assert!(found.troubles[0].contains("more than 1048576 bytes"), "{:?}", found.troubles);
    }
    let found = listed(&zeros);
    assert!(found.troubles[0].contains("as nothing honest does"), "{:?}", found.troubles);
}

#[test]
fn a_stream_that_wants_much_memory_is_refused() {
    let mut encoder = zstd::Encoder::new(Vec::new(), 3).unwrap();
    encoder.window_log(27).unwrap();
    encoder.write_all(&vec![7; 20 << 20]).unwrap();
    let bytes = encoder.finish().unwrap();

    let found = listed(&bytes);

    assert!(!found.troubles.is_empty());
}

#[test]
fn there_is_an_end_to_files_and_to_time() {
    let files: Vec<(String, &[u8])> = (0..50).map(|n| (format!("f{n}"), b"x".as_slice())).collect();
    let files: Vec<(&str, &[u8])> =
        files.iter().map(|(name, content)| (name.as_str(), *content)).collect();
    let bytes = tar_of(&files);

    let few = list(bytes.as_slice(), Bounds { files: 10, ..Bounds::default() }).unwrap().contents;
    let late = Bounds { time: Duration::ZERO, ..Bounds::default() };
    let late = list(bytes.as_slice(), late).unwrap().contents;

    assert_eq!(few.files.len(), 10);
    assert!(few.troubles[0].contains("more than 10 files"), "{:?}", few.troubles);
    assert!(late.troubles[0].contains("longer than 0 s"), "{:?}", late.troubles);
}

#[test]
fn a_search_finds_every_line_in_which_the_text_is() {
    let bytes = bundle(&[
        ("kern.log", b"one\nBlocked for more than 120 seconds\nthree blocked BLOCKED\n"),
        ("other.log", b"nothing\n"),
        ("last.log", b"unblocked"),
    ]);

    let found = search(bytes.as_slice(), Bounds::default(), "blocked", 10).unwrap();
    let first = search(bytes.as_slice(), Bounds::default(), "blocked", 1).unwrap();

    let lines: Vec<(&str, u64)> =
        found.hits.iter().map(|hit| (hit.file.as_str(), hit.line)).collect();
    assert_eq!(lines, [("kern.log", 2), ("kern.log", 3), ("last.log", 1)]);
    assert_eq!(found.hits[0].text, "Blocked for more than 120 seconds");
    assert!(!found.more);
    assert_eq!((first.hits.len(), first.more), (1, true));
}

#[test]
fn in_a_line_without_an_end_a_text_is_found_wherever_it_lies() {
    for at in [0, 65_530, 65_536, 200_000] {
        let mut line = vec![b'.'; 300_000];
        line[at..at + 9].copy_from_slice(b"needle IN");
        line.extend(b"\nneedle in the next\n");

        let found = search(line.as_slice(), Bounds::default(), "needle in", 10).unwrap();

        let lines: Vec<u64> = found.hits.iter().map(|hit| hit.line).collect();
        assert_eq!(lines, [1, 2], "{at}");
        assert!(found.hits[0].text.contains("needle IN") && found.hits[0].text.len() < 1000);
    }
}

#[test]
fn a_file_is_copied_as_it_is_and_one_that_breaks_off_is_not_taken_for_whole() {
    let noise: Vec<u8> = (0..50_000_u32)
        .flat_map(|n| blake3::hash(&n.to_le_bytes()).as_bytes()[..4].to_vec())
        .collect();
    let bytes = bundle(&[("a", b"x"), ("noise", &noise)]);
    let copied = |bytes: &[u8], path: &str| {
        let (mut all, mut failed) = (Vec::new(), false);
        let there = copy(bytes, Bounds::default(), path, |chunk| {
            match chunk {
                Ok(chunk) => all.extend(chunk),
                Err(_) => failed = true,
            }
            std::ops::ControlFlow::Continue(())
        });
        (there.unwrap(), all, failed)
    };

    assert_eq!(copied(&bytes, "noise"), (true, noise.clone(), false));
    assert_eq!(copied(&bytes, "none"), (false, vec![], false));
    let (there, part, failed) = copied(&bytes[..bytes.len() - 50_000], "noise");
    assert!(there && failed && noise.starts_with(&part));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn whatever_comes_is_looked_into_without_a_fault(
        bytes in prop::collection::vec(any::<u8>(), 0..3000),
        cut in 0..4000_usize,
        flip in 0..4000_usize,
    ) {
        let mut ours = bundle(&[("a", &bytes), ("b", b"two"), ("manifest.json", b"{}")]);
        ours.truncate(cut.max(1));
        let at = flip % ours.len();
        ours[at] ^= 0x41;
        for bytes in [&bytes, &ours] {
            let contents = listed(bytes);
            prop_assert!(contents.files.len() <= 4);
            search(bytes.as_slice(), Bounds::default(), "two", 10).unwrap();
            let _any = read(bytes.as_slice(), Bounds::default(), "b", 1, 10);
        }
    }
}
