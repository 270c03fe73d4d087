//! Images that we write, by the judgement of `qemu-img` and of our own check.

use std::fs::File;
use std::io::Write as _;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use domfleet_shared::image::{Format, Verdict};

use super::Bench;
use crate::image::check;
use crate::image::qcow2::NewImage;

/// Writes an image of a disk that holds these pieces, and the same disk as it is.
fn write(folder: &Path, bytes: u64, cluster_bits: u32, pieces: &[(u64, Vec<u8>)]) {
    let (image, raw) = (folder.join("image"), folder.join("raw"));
    let mut file = File::create(&image).unwrap();
    let plain = File::create(&raw).unwrap();
    plain.set_len(bytes).unwrap();
    let mut new = NewImage::new(bytes, cluster_bits).unwrap();
    let mut put = |part: &[u8], at: u64| file.write_all_at(part, at);
    for (at, piece) in pieces {
        plain.write_all_at(piece, *at).unwrap();
        new.put(*at, piece, &mut put).unwrap();
    }
    let header = new.finish(&mut put).unwrap();
    file.write_all(&header).unwrap();
}

fn assert_good(bench: &Bench, bytes: u64) {
    let judgement = check(&bench.path("image"), Some(Format::Qcow2)).unwrap();
    assert_eq!((judgement.verdict, judgement.virtual_bytes), (Verdict::Ok, bytes), "{judgement:?}");
    bench.img(&["check", "-q", "-f", "qcow2", "image"]);
    bench.img(&["compare", "-q", "-f", "qcow2", "-F", "raw", "image", "raw"]);
}

#[test]
fn an_image_that_we_write_is_what_was_put_into_it_in_everybodys_eyes() {
    let dense = |length: usize, seed: usize| -> Vec<u8> {
        (0..length).map(|n| u8::try_from((n * 7 + seed) % 251).unwrap()).collect()
    };
    let mut mixed = dense(40 * 512, 3);
    mixed[5 * 512..9 * 512].fill(0);
    mixed[39 * 512..].fill(0);
    // A level 2 table of clusters of 512 bytes reaches 32 KiB; a block of counts counts 256 clusters.
    let around_a_table = (31..34).map(|n| (n * 1_024, dense(1_024, 1))).collect::<Vec<_>>();
    for (bytes, bits, pieces) in [
        (512, 9, vec![]),
        (512, 9, vec![(0, dense(512, 0))]),
        (100 * 512, 9, vec![(0, mixed.clone()), (80 * 512, dense(512, 9))]),
        (40_000 / 512 * 512, 9, around_a_table),
        (1 << 20, 9, vec![(0, dense(200_000 / 512 * 512, 5)), (700 * 512, dense(512 * 100, 6))]),
        (3 << 16, 16, vec![(1 << 16, dense(2 << 16, 2))]),
        ((5 << 16) + 1_536, 16, vec![(5 << 16, dense(1_536, 2))]),
        (3 << 40, 16, vec![(0, dense(1 << 16, 1)), ((2 << 40) + (1 << 30), dense(3 << 16, 4))]),
    ] {
        let bench = Bench::new();
        write(bench.0.path(), bytes, bits, &pieces);
        assert_good(&bench, bytes);
    }
}

#[test]
fn images_whose_counts_just_fill_their_blocks_are_whole() {
    for clusters in 235..265 {
        let folder = tempfile::tempdir().unwrap();
        let bytes = clusters * 512;
        let data = vec![9; usize::try_from(bytes).unwrap()];
        write(folder.path(), bytes, 9, &[(0, data)]);
        let judgement = check(&folder.path().join("image"), Some(Format::Qcow2)).unwrap();
        assert_eq!(judgement.verdict, Verdict::Ok, "{clusters} clusters: {judgement:?}");
    }
}

#[test]
fn an_image_that_was_not_finished_is_none() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("image");
    let file = File::create(&path).unwrap();
    let mut new = NewImage::new(1 << 20, 16).unwrap();
    let mut put = |part: &[u8], at: u64| file.write_all_at(part, at);
    new.put(0, &vec![1; 1 << 16], &mut put).unwrap();
    drop(new.finish(&mut put).unwrap());

    assert!(!check(&path, Some(Format::Qcow2)).unwrap().convertible);
}
