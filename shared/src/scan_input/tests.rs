//! Files of every kind, whole and damaged.

use std::io::{self, Read, Write as _};

use flate2::Compression;
use flate2::write::GzEncoder;

use super::*;

const LOG: &[u8] = b"one\ntwo\n";

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::bulk::compress(bytes, 3).unwrap()
}

fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (path, bytes) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        builder.append_data(&mut header, path, *bytes).unwrap();
    }
    builder.into_inner().unwrap()
}

/// As the agent seals it: each entry in a frame of its own.
fn bundle(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut all = Vec::new();
    for (path, bytes) in files {
        let mut header = tar::Header::new_ustar();
        header.set_path(path).unwrap();
        header.set_size(bytes.len() as u64);
        header.set_cksum();
        let mut entry = header.as_bytes().to_vec();
        entry.extend(*bytes);
        entry.resize(entry.len().next_multiple_of(512), 0);
        all.extend(zstd(&entry));
    }
    all.extend(zstd(&[0; 1024]));
    all
}

/// Bytes that nothing can be made of, nor be packed.
fn noise(bytes: usize) -> Vec<u8> {
    let hashes = (0_u32..).flat_map(|number| *blake3::hash(&number.to_le_bytes()).as_bytes());
    hashes.take(bytes).collect()
}

/// What is found in a file: names with contents, and what is said of it.
fn read_as(name: &str, bytes: &[u8], limits: Limits) -> (Vec<(String, Vec<u8>)>, Walked) {
    let mut logs = Vec::new();
    let walked = walk(name, bytes, limits, |found, log| {
        let mut text = Vec::new();
        let read = log.read_to_end(&mut text);
        logs.push((found.name.to_owned(), text));
        read.map(|_| Within::Read)
    });
    (logs, walked)
}

fn read(bytes: &[u8]) -> (Vec<(String, Vec<u8>)>, Walked) {
    read_as("f", bytes, Limits::default())
}

#[track_caller]
fn assert_whole(bytes: &[u8], expected: &[(&str, &[u8])]) {
    let (logs, walked) = read(bytes);
    let logs: Vec<(&str, &[u8])> = logs.iter().map(|(name, text)| (&name[..], &text[..])).collect();
    assert_eq!(logs, expected);
    assert_eq!(walked, Walked::default());
}

#[track_caller]
fn assert_problem(walked: &Walked, file: &str, why: &str) {
    let [problem] = &walked.problems[..] else { panic!("{:?}", walked.problems) };
    assert_eq!(problem.file, file);
    assert!(problem.why.contains(why), "{}", problem.why);
}

#[test]
fn a_file_is_what_is_in_it_whatever_it_is_called() {
    assert_whole(LOG, &[("f", LOG)]);
    assert_whole(b"", &[("f", b"")]);
    assert_whole(&gzip(LOG), &[("f", LOG)]);
    assert_whole(&zstd(LOG), &[("f", LOG)]);
    assert_whole(&[zstd(b"one\n"), zstd(b"two\n")].concat(), &[("f", LOG)]);
    assert_whole(&[gzip(b"one\n"), gzip(b"two\n")].concat(), &[("f", LOG)]);
    let plain = tar(&[("var/log/messages", LOG), ("./b", b"b")]);
    let both: [(&str, &[u8]); 2] = [("f/var/log/messages", LOG), ("f/b", b"b")];
    assert_whole(&plain, &both);
    assert_whole(&gzip(&plain), &both);
    assert_whole(&zstd(&plain), &both);
    assert_whole(&bundle(&[("var/log/messages", LOG), ("b", b"b")]), &both);
    let rotated = zstd(&tar(&[("messages.1.gz", &gzip(LOG)), ("messages.2.zst", &zstd(LOG))]));
    assert_whole(&rotated, &[("f/messages.1.gz", LOG), ("f/messages.2.zst", LOG)]);
}

#[test]
fn names_longer_than_a_header_and_names_of_other_tars_are_whole() {
    let long = format!("{}/log", "d".repeat(90).repeat(3));
    assert_whole(&tar(&[(&long, LOG)]), &[(&format!("f/{long}"), LOG)]);

    let mut builder = tar::Builder::new(Vec::new());
    builder.append_pax_extensions([("path", "geändert/log".as_bytes())]).unwrap();
    let mut header = tar::Header::new_ustar();
    header.set_path("short").unwrap();
    header.set_size(LOG.len() as u64);
    header.set_cksum();
    builder.append(&header, LOG).unwrap();
    assert_whole(&builder.into_inner().unwrap(), &[("f/geändert/log", LOG)]);
}

#[test]
fn a_bundle_that_is_cut_anywhere_gives_what_it_held_and_says_so() {
    let noise = noise(3000);
    let whole = bundle(&[("a", LOG), ("b", &noise), ("c", LOG)]);
    let first = bundle(&[("a", LOG)]).len() - zstd(&[0; 1024]).len();
    for cut in 1..whole.len() {
        let (logs, walked) = read(&whole[..cut]);
        if cut >= first {
            assert_eq!(logs.first(), Some(&("f/a".to_owned(), LOG.to_vec())), "at {cut}");
        }
        // All that the last frame holds is there before the frame is over.
        let is_whole = logs.len() == 3 && logs[2].1 == LOG && walked.problems.is_empty();
        assert!(!walked.problems.is_empty() || is_whole || cut < 4, "at {cut}: {logs:?}");
        assert!(walked.problems.len() <= 1, "at {cut}: {:?}", walked.problems);
    }
}

#[test]
fn a_plain_tar_and_a_compressed_log_that_are_cut_say_so() {
    let whole = tar(&[("a", LOG), ("b", &[b'x'; 5000])]);
    let (logs, walked) = read(&whole[..2048]);
    assert_eq!(logs[0].1, LOG);
    assert_problem(&walked, "f", "it was cut");
    let (_, walked) = read(&whole[..1024]);
    assert_problem(&walked, "f", "it was cut");

    let noise = noise(300_000);
    for packed in [gzip(&noise), zstd(&noise)] {
        let (logs, walked) = read(&packed[..packed.len() - 10]);
        assert_problem(&walked, "f", "it was cut");
        assert!(noise.starts_with(&logs[0].1));
    }
}

#[test]
fn damage_within_one_file_of_an_archive_does_not_hide_the_next() {
    let mut broken = gzip(LOG);
    broken[12] ^= 0xff;
    let (logs, walked) = read(&tar(&[("a.gz", &broken), ("b", LOG)]));

    assert_eq!(logs.last(), Some(&("f/b".to_owned(), LOG.to_vec())));
    assert_problem(&walked, "f/a.gz", "it cannot be read to its end");
}

#[test]
fn damage_of_the_whole_is_told_once() {
    let mut broken = zstd(&tar(&[("a", &[b'x'; 4096]), ("b", LOG)]));
    let middle = broken.len() / 2;
    broken[middle..].fill(0xff);

    let (_, walked) = read(&broken);

    assert_problem(&walked, "f", "");
}

#[test]
fn what_is_not_what_it_says_is_told() {
    let noise = noise(600);
    let of = |name: &str, bytes: &[u8]| read_as(name, bytes, Limits::default());

    assert_problem(&of("b.tar.zst", &noise).1, "b.tar.zst", "it is called an archive, and is none");
    assert_problem(&of("b.TGZ", b"").1, "b.TGZ", "it is empty");
    assert_problem(&read(b"\xfd7zXZ\0rest").1, "f", "xz is not read here");
    assert_problem(&read(b"\x1f\x8bgarbage").1, "f", "");
    assert_problem(&read(b"\x28\xb5\x2f\xfdgarbage").1, "f", "");
    let mut header = tar(&[("a", LOG)]);
    header[0] = b'b';
    assert_problem(&read(&header).1, "f", "its first header is damaged");
    let (logs, walked) = of("messages.1.gz", LOG);
    assert_eq!((&logs[0].1[..], walked), (LOG, Walked::default()), "a log is a log");
    let (logs, walked) = of("core", &noise);
    assert_eq!(
        (logs[0].1.len(), walked),
        (noise.len(), Walked::default()),
        "there may be text in it"
    );
}

#[test]
fn what_is_not_read_within_an_archive_is_left_alone() {
    let (logs, walked) = read(&tar(&[("a.xz", b"\xfd7zXZ\0rest"), ("b", LOG)]));

    assert_eq!(logs.len(), 1);
    assert_eq!(walked.problems, []);
    assert_eq!(
        (&walked.skipped[0].file[..], &walked.skipped[0].why[..]),
        ("f/a.xz", "xz is not read here")
    );
}

#[test]
fn folders_links_and_files_with_holes_are_no_logs() {
    let mut builder = tar::Builder::new(Vec::new());
    for kind in [tar::EntryType::Directory, tar::EntryType::Symlink, tar::EntryType::GNUSparse] {
        let mut header = tar::Header::new_gnu();
        header.set_path("x").unwrap();
        header.set_entry_type(kind);
        header.set_size(0);
        header.set_cksum();
        builder.append(&header, io::empty()).unwrap();
    }
    let (logs, walked) = read(&builder.into_inner().unwrap());

    assert_eq!(logs, []);
    assert_eq!((walked.problems.len(), walked.skipped.len()), (0, 1));
}

#[test]
fn a_bomb_is_left_where_it_begins_to_be_one() {
    let limits = Limits { ratio: 100, ratio_from_bytes: 1 << 20, ..Limits::default() };
    let zeros = vec![0; 8 << 20];
    for bomb in
        [gzip(&zeros), zstd(&zeros), zstd(&tar(&[("a", LOG), ("b", &zeros)])), gzip(&gzip(&zeros))]
    {
        let (logs, walked) = read_as("f", &bomb, limits);
        assert_problem(&walked, "f", "it may be a zip bomb");
        assert!(logs.iter().map(|(_, text)| text.len()).sum::<usize>() < 2 << 20);
    }
    let (_, walked) = read_as("f", &zeros, limits);
    assert_eq!(walked.problems, [], "what is not packed is no bomb");
}

#[test]
fn a_log_that_never_ends_is_looked_at_up_to_a_bound() {
    let limits = Limits { unpacked_bytes: 1 << 20, ..Limits::default() };
    let walked = walk("f", io::repeat(b'x'), limits, |_, log| {
        io::copy(log, &mut io::sink()).map(|_| Within::Read)
    });

    assert_problem(&walked, "f", "more comes out of it than is looked at");
}

#[test]
fn entries_and_layers_have_a_bound() {
    let many: Vec<(&str, &[u8])> = vec![("a", b""); 20];
    let limits = Limits { entries: 10, ..Limits::default() };
    let (logs, walked) = read_as("f", &tar(&many), limits);
    assert_eq!(logs.len(), 10);
    assert_problem(&walked, "f", "more entries");

    let deep = (0..6).fold(LOG.to_vec(), |inner, _| gzip(&inner));
    let (logs, walked) = read(&deep);
    assert_eq!(logs, []);
    assert_problem(&walked, "f", "archives in archives");
}

#[test]
fn a_name_that_is_said_to_be_huge_costs_no_memory() {
    let mut header = tar::Header::new_gnu();
    header.set_path("././@LongLink").unwrap();
    header.set_entry_type(tar::EntryType::GNULongName);
    header.set_size(1 << 20);
    header.set_cksum();
    let mut bytes = header.as_bytes().to_vec();
    bytes.resize(512 + (1 << 20), b'n');
    bytes.extend(tar(&[("short", LOG)]));

    let (logs, walked) = read(&bytes);

    assert_eq!((logs[0].0.len(), &logs[0].1[..]), ("f/".len() + (64 << 10), LOG));
    assert_eq!(walked, Walked::default());
}

#[test]
fn a_file_that_cannot_be_read_at_all_says_why() {
    struct Folder;
    impl Read for Folder {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("Is a directory"))
        }
    }

    let walked = walk("f", Folder, Limits::default(), |_, _| Ok(Within::Read));

    assert_problem(&walked, "f", "Is a directory");
}
