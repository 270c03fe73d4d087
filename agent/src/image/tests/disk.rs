//! What is read from a disk is what QEMU reads.

use super::super::disk::Disk;
use super::{Bench, DEFAULT, Dice, first_l2, number, patch, read_whole};

#[track_caller]
fn assert_reads_as_qemu_does(bench: &Bench, name: &str) {
    bench.img(&["convert", "-O", "raw", name, "whole.raw"]);
    let (ours, theirs) = (read_whole(&bench.path(name)), std::fs::read(bench.path("whole.raw")));
    let theirs = theirs.unwrap();
    assert_eq!(ours.len(), theirs.len(), "{name}");
    // Nobody wants to read 64 MiB.
    let differs = ours.iter().zip(&theirs).position(|(ours, theirs)| ours != theirs);
    assert_eq!(differs, None, "{name}");
}

#[test]
fn a_disk_reads_as_qemu_reads_it() {
    let bench = Bench::new();
    for (n, options) in [
        "compat=0.10",
        "compat=1.1",
        "compat=1.1,cluster_size=512",
        "compat=1.1,cluster_size=2M",
        "compat=1.1,extended_l2=on,cluster_size=128k",
        "compat=1.1,preallocation=metadata",
        "compat=1.1,data_file=apart.data",
    ]
    .into_iter()
    .enumerate()
    {
        let name = format!("{n}.qcow2");
        bench.disk(&name, options);
        bench.io(&name, &["discard -q 64k 128k", "write -q -P 9 40M 5k", "write -q -z 8k 8k"]);
        assert_reads_as_qemu_does(&bench, &name);
    }
}

#[test]
fn compressed_clusters_read_as_qemu_reads_them() {
    let bench = Bench::new();
    let mut dice = Dice(7);
    let noise: Vec<u8> = (0..3_000_000).map(|_| u8::try_from(dice.roll(20)).unwrap()).collect();
    std::fs::write(bench.path("noise.raw"), noise).unwrap();
    for (name, options) in [
        ("zlib.qcow2", "compression_type=zlib"),
        ("zstd.qcow2", "compression_type=zstd,cluster_size=1M"),
        ("small.qcow2", "compression_type=zlib,cluster_size=512"),
    ] {
        bench.img(&["convert", "-c", "-O", "qcow2", "-o", options, "noise.raw", name]);
        bench.io(name, &["write -q -P 3 100k 50k"]);
        assert_reads_as_qemu_does(&bench, name);
    }
}

#[test]
fn qcow_of_the_first_version_reads_as_qemu_reads_it() {
    let bench = Bench::new();
    bench.disk("disk.qcow2", DEFAULT);
    bench.img(&["convert", "-O", "qcow", "disk.qcow2", "plain.qcow"]);
    bench.img(&["create", "-q", "-f", "qcow", "compressed.qcow", "1M"]);
    bench.io("compressed.qcow", &["write -q -c -P 7 0 4k", "write -q -c -P 8 100k 4k"]);
    bench.io("compressed.qcow", &["write -q -P 9 8k 4k"]);
    bench.img(&["create", "-q", "-f", "qcow", "-b", "disk.qcow2", "-F", "qcow2", "over.qcow"]);
    bench.io("over.qcow", &["write -q -P 3 100k 50k"]);

    for name in ["plain.qcow", "compressed.qcow", "over.qcow"] {
        assert_reads_as_qemu_does(&bench, name);
    }
}

#[test]
fn a_disk_shows_what_it_is_based_on_and_zeros_beyond_its_end() {
    let bench = Bench::new();
    std::fs::write(bench.path("flat.raw"), vec![5; 700_000]).unwrap();
    let over = |name: &str, base: &str, format: &str, size: &str| {
        bench.img(&["create", "-q", "-f", "qcow2", "-b", base, "-F", format, name, size]);
    };
    over("middle.qcow2", "flat.raw", "raw", "2M");
    bench.io("middle.qcow2", &["write -q -P 6 300k 100k", "write -q -z 64k 64k"]);
    over("top.qcow2", "middle.qcow2", "qcow2", "3M");
    bench.io("top.qcow2", &["write -q -P 7 2900k 10k", "write -q -P 8 350k 3k"]);

    assert_reads_as_qemu_does(&bench, "top.qcow2");
    let mut disk = Disk::open(&bench.path("top.qcow2"), None).unwrap();
    assert_eq!(disk.zeros(1 << 20, 1 << 20).unwrap(), 1 << 20);
    let mut beyond = [1; 100];
    disk.read((3 << 20) - 50, &mut beyond).unwrap();
    assert_eq!(beyond, [0; 100]);
}

#[test]
fn a_compressed_cluster_that_is_cut_off_is_an_error_and_no_zeros() {
    let bench = Bench::new();
    std::fs::write(bench.path("text.raw"), "domfleet ".repeat(10_000)).unwrap();
    bench.img(&["convert", "-c", "-O", "qcow2", "text.raw", "cut.qcow2"]);
    let path = bench.path("cut.qcow2");
    let entry = number(&path, first_l2(&path));
    let offset = entry & ((1 << 54) - 1);
    patch(&path, offset, &[0; 512]);

    let mut disk = Disk::open(&path, None).unwrap();

    assert!(disk.read(0, &mut [0; 100]).is_err());
}
