//! What is said of an image, and the hash of what is in it.

use std::num::NonZeroU64;

use domfleet_shared::content::FRAME_BYTES;
use domfleet_shared::image::{Flag, Format, Inspection, Verdict};
use serde_json::Value;

use super::super::disk::Disk;
use super::super::hash::content_hash;
use super::super::inspect::inspect;
use super::{Bench, DEFAULT, patch};
use crate::meter::Unwatched;

fn look(bench: &Bench, name: &str) -> Inspection {
    inspect(&bench.path(name), None, &Unwatched).unwrap()
}

fn in_json(bench: &Bench, arguments: &[&str]) -> Value {
    serde_json::from_str(&bench.img(arguments)).unwrap()
}

#[test]
fn an_inspection_says_what_qemu_says() {
    let bench = Bench::new();
    bench.disk("base.qcow2", "compat=0.10,cluster_size=4k");
    let over = ["create", "-q", "-f", "qcow2", "-b", "base.qcow2", "-F", "qcow2"];
    let options = ["-o", "lazy_refcounts=on,compression_type=zstd", "top.qcow2", "64M"];
    bench.img(&[over.as_slice(), &options].concat());
    bench.img(&["snapshot", "-c", "before the update", "top.qcow2"]);
    bench.io("top.qcow2", &["write -q -P 4 40M 1M", "write -q -z 0 512k"]);
    bench.img(&["snapshot", "-c", "after", "top.qcow2"]);

    let ours = look(&bench, "top.qcow2");

    let theirs = in_json(&bench, &["info", "--output=json", "top.qcow2"]);
    assert_eq!(ours.judgement.verdict, Verdict::Ok);
    assert_eq!(ours.judgement.virtual_bytes, theirs["virtual-size"].as_u64().unwrap());
    assert_eq!(ours.file.allocated_bytes, theirs["actual-size"].as_u64().unwrap());
    assert_eq!(ours.traits.cluster_bytes, theirs["cluster-size"].as_u64());
    let theirs_of_qcow2 = &theirs["format-specific"]["data"];
    assert_eq!(ours.traits.compat.as_deref(), theirs_of_qcow2["compat"].as_str());
    let compression = theirs_of_qcow2["compression-type"].as_str();
    assert_eq!(ours.traits.compression.as_deref(), compression);
    assert_eq!(ours.traits.flags, [Flag::LazyRefcounts]);
    let snapshots = theirs["snapshots"].as_array().unwrap();
    assert_eq!(ours.snapshots.len(), 2);
    for (ours, theirs) in ours.snapshots.iter().zip(snapshots) {
        assert_eq!(Some(ours.id.as_str()), theirs["id"].as_str());
        assert_eq!(Some(ours.name.as_str()), theirs["name"].as_str());
        assert_eq!(Some(ours.at.as_millis() / 1000), theirs["date-sec"].as_i64());
        assert_eq!(Some(ours.vm_state_bytes), theirs["vm-state-size"].as_u64());
    }
    let base = &ours.based_on[0];
    assert!(base.path.ends_with("base.qcow2"), "{base:?}");
    assert_eq!((base.format, base.virtual_bytes), (Format::Qcow2, 64 << 20));
    let map = in_json(&bench, &["map", "--output=json", "top.qcow2"]);
    let data = map.as_array().unwrap().iter().filter(|part| part["data"] == true);
    let data = data.map(|part| part["length"].as_u64().unwrap()).sum();
    assert_eq!(ours.data_bytes, Some(data));
}

#[test]
fn what_cannot_be_read_is_inspected_as_far_as_it_can() {
    let bench = Bench::new();
    let marked = bench.disk("marked.qcow2", "compat=1.1,data_file=apart.data");
    patch(&marked, 79, &[0b111]);
    let secret = ["--object", "secret,id=s,data=abc", "-o"];
    let luks = "encrypt.format=luks,encrypt.key-secret=s,encrypt.iter-time=10";
    let create = ["create", "-q", "-f", "qcow2"];
    bench.img(&[create.as_slice(), &secret, &[luks, "luks.qcow2", "1M"]].concat());
    bench.img(&["create", "-q", "-f", "qcow", "old.qcow", "1M"]);
    std::fs::write(bench.path("flat.raw"), vec![1; 4096]).unwrap();

    let marked = look(&bench, "marked.qcow2");
    assert_eq!(marked.traits.flags, [Flag::Dirty, Flag::Corrupt]);
    assert_eq!(marked.data_file.unwrap().path, "apart.data");
    let luks = look(&bench, "luks.qcow2");
    assert_eq!(luks.traits.encryption.as_deref(), Some("luks"));
    assert_eq!((luks.judgement.verdict, luks.data_bytes), (Verdict::Encrypted, None));
    let old = look(&bench, "old.qcow");
    assert_eq!((old.judgement.format, old.data_bytes), (Format::Qcow, Some(0)));
    assert_eq!(look(&bench, "flat.raw").data_bytes, Some(4096));
    std::fs::remove_file(bench.path("apart.data")).unwrap();
    let gone = look(&bench, "marked.qcow2");
    assert_eq!((gone.judgement.verdict, gone.data_bytes), (Verdict::Corrupt, None));
    let reasons = gone.judgement.reasons.join("\n");
    assert!(reasons.contains("its data is in another file, and "), "{reasons}");
}

#[test]
fn the_hash_is_of_what_the_guest_sees_and_of_nothing_else() {
    let bench = Bench::new();
    bench.disk("disk.qcow2", DEFAULT);
    bench.img(&["convert", "-O", "raw", "disk.qcow2", "disk.raw"]);
    bench.img(&["convert", "-c", "-O", "qcow2", "disk.raw", "small.qcow2"]);
    bench.img(&["convert", "-O", "qcow", "disk.raw", "disk.qcow"]);
    // Zeros that are stored.
    bench.img(&["convert", "-S", "0", "-O", "raw", "disk.qcow2", "full.raw"]);
    let hash = |name: &str, frame_bytes| {
        let mut disk = Disk::open(&bench.path(name), None).unwrap();
        content_hash(&mut disk, frame_bytes, &Unwatched).unwrap()
    };

    let hashes = ["disk.qcow2", "disk.raw", "small.qcow2", "disk.qcow", "full.raw"]
        .map(|name| hash(name, FRAME_BYTES));
    assert!(hashes.iter().all(|hash| *hash == hashes[0]), "{hashes:?}");
    assert_ne!(hash("disk.raw", NonZeroU64::new(4096).unwrap()), hashes[0]);
    bench.io("disk.qcow2", &["write -q -P 1 50M 1"]);
    assert_ne!(hash("disk.qcow2", FRAME_BYTES), hashes[0]);
}
