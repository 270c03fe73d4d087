//! A copy is repaired, or there is none; the original stays as it is.

use std::path::Path;
use std::sync::Arc;

use domfleet_shared::image::{Area, Repaired, Verdict};

use super::super::part::PartError;
use super::super::repair::{Repair, RepairError, repair};
use super::{Bench, DEFAULT, first_l2, number, patch};
use crate::meter::{Meter, Unwatched};

async fn mend(bench: &Bench, name: &str, may_salvage: bool) -> Result<Repaired, RepairError> {
    let source = bench.path(name);
    let before = std::fs::read(&source).unwrap();
    let wanted =
        Repair { source: source.clone(), format: None, copy: bench.path("mended"), may_salvage };
    let done = repair(&wanted, &(Arc::new(Unwatched) as Arc<dyn Meter>)).await;
    assert!(std::fs::read(&source).unwrap() == before, "the original was written to");
    done
}

fn is_alone(bench: &Bench, name: &str) -> bool {
    let entries = std::fs::read_dir(bench.0.path()).unwrap();
    entries.map(|entry| entry.unwrap().file_name()).eq([name])
}

#[tokio::test]
async fn leaked_room_is_given_back_and_the_disk_is_the_same() {
    let bench = Bench::new();
    let path = bench.disk("leaks.qcow2", DEFAULT);
    patch(&path, first_l2(&path), &[0; 8]);

    let repaired = mend(&bench, "leaks.qcow2", false).await.unwrap();

    assert_eq!(repaired.judgement.verdict, Verdict::Ok);
    assert_eq!((repaired.original.verdict, repaired.is_salvaged), (Verdict::Leaks, false));
    assert_eq!(bench.theirs("mended"), 0);
    bench.img(&["compare", "-q", "leaks.qcow2", "mended"]);
}

#[tokio::test]
async fn an_image_that_was_not_closed_is_repaired_without_losing_what_was_written_last() {
    let bench = Bench::new();
    bench.disk("unclean.qcow2", "compat=1.1,lazy_refcounts=on");
    let killed =
        bench.run("qemu-io", &["-c", "write -q -P 3 40M 2M", "-c", "abort", "unclean.qcow2"]);
    assert_ne!(killed.0, 0, "{}", killed.1);

    let repaired = mend(&bench, "unclean.qcow2", false).await.unwrap();

    assert_eq!(repaired.judgement.verdict, Verdict::Ok);
    assert_eq!(repaired.original.verdict, Verdict::Unclean);
    bench.io("mended", &["read -q -P 3 40M 2M"]);
    assert_eq!(bench.theirs("mended"), 0);
}

#[tokio::test]
async fn what_is_corrupt_is_salvaged_only_where_that_is_asked_for_and_told_to_be_so() {
    let bench = Bench::new();
    let path = bench.disk("crossed.qcow2", DEFAULT);
    let l2 = first_l2(&path);
    patch(&path, l2 + 8, &number(&path, l2).to_be_bytes());

    let refused = mend(&bench, "crossed.qcow2", false).await.unwrap_err();
    assert!(matches!(refused, RepairError::Corrupt { .. }), "{refused:?}");
    assert!(is_alone(&bench, "crossed.qcow2"));
    let repaired = mend(&bench, "crossed.qcow2", true).await.unwrap();

    assert_eq!((repaired.judgement.verdict, repaired.is_salvaged), (Verdict::Ok, true));
    // Both places that lead to the same cluster, and no others.
    assert_eq!(repaired.not_to_be_trusted, [Area { offset: 0, bytes: 2 << 16 }]);
    bench.io("mended", &["read -q -P 8 20M 300k"]);
    assert!(!bench.path("mended.scratch.part").exists());
}

#[tokio::test]
async fn a_salvage_names_the_parts_of_the_disk_that_are_gone() {
    let bench = Bench::new();
    let path = bench.disk("beyond.qcow2", DEFAULT);
    // 5 clusters into the disk.
    patch(&path, first_l2(&path) + 5 * 8, &(1 << 63 | 0x7fff_0000_u64).to_be_bytes());

    let repaired = mend(&bench, "beyond.qcow2", true).await.unwrap();

    assert_eq!(repaired.not_to_be_trusted, [Area { offset: 5 << 16, bytes: 1 << 16 }]);
    bench.io("mended", &["read -q -P 7 0 320k", "read -q -P 8 20M 300k"]);
}

#[tokio::test]
async fn what_needs_no_repair_or_cannot_be_helped_gives_no_copy() {
    let bench = Bench::new();
    bench.disk("good.qcow2", DEFAULT);
    let whole = mend(&bench, "good.qcow2", true).await.unwrap_err();
    assert!(matches!(whole, RepairError::Whole(_)), "{whole:?}");
    assert!(is_alone(&bench, "good.qcow2"));

    let path = bench.path("good.qcow2");
    patch(&path, first_l2(&path), &[0; 8]);
    std::fs::write(bench.path("mended"), "something dear").unwrap();
    let exists = mend(&bench, "good.qcow2", false).await.unwrap_err();
    assert!(matches!(exists, RepairError::File(PartError::Exists(_))), "{exists:?}");
    assert_eq!(std::fs::read(bench.path("mended")).unwrap(), b"something dear");

    std::fs::write(bench.path("flat.raw"), [1; 512]).unwrap();
    let copy = bench.path("other");
    let wanted = Repair {
        source: bench.path("flat.raw"),
        format: None,
        copy: copy.clone(),
        may_salvage: true,
    };
    let raw = repair(&wanted, &(Arc::new(Unwatched) as Arc<dyn Meter>)).await.unwrap_err();
    assert!(matches!(raw, RepairError::Beyond { .. }), "{raw:?}");
    assert!(!Path::exists(&copy));
}
