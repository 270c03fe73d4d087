//! A conversion gives a verified result, or nothing.

use std::sync::Arc;

use domfleet_shared::image::{Converted, Format};

use super::super::convert::{Conversion, ConvertError, Target, convert};
use super::super::part::{PartError, is_at};
use super::{Bench, DEFAULT, patch, read_whole};
use crate::meter::{Meter, Unwatched};

async fn convert_to(
    bench: &Bench,
    source: &str,
    target: &str,
    format: Format,
) -> Result<Converted, ConvertError> {
    let conversion = Conversion {
        source: bench.path(source),
        source_format: None,
        target: Target::NewFile(bench.path(target)),
        format,
    };
    convert(&conversion, &(Arc::new(Unwatched) as Arc<dyn Meter>)).await
}

/// What is in the folder.
fn names(bench: &Bench) -> Vec<String> {
    let entries = std::fs::read_dir(bench.0.path()).unwrap();
    let mut names: Vec<_> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn a_conversion_gives_the_same_disk_in_each_format() {
    let bench = Bench::new();
    bench.disk("disk.qcow2", DEFAULT);

    convert_to(&bench, "disk.qcow2", "disk.raw", Format::Raw).await.unwrap();
    convert_to(&bench, "disk.raw", "disk.qcow", Format::Qcow).await.unwrap();
    convert_to(&bench, "disk.qcow", "again.qcow2", Format::Qcow2).await.unwrap();

    bench.img(&["compare", "-q", "disk.qcow2", "again.qcow2"]);
    assert!(
        read_whole(&bench.path("disk.qcow2")) == std::fs::read(bench.path("disk.raw")).unwrap()
    );
    assert_eq!(names(&bench), ["again.qcow2", "disk.qcow", "disk.qcow2", "disk.raw"]);
}

#[tokio::test]
async fn what_may_not_be_converted_leaves_nothing() {
    let bench = Bench::new();
    let marked = bench.disk("marked.qcow2", DEFAULT);
    patch(&marked, 79, &[2]);
    bench.disk("good.qcow2", DEFAULT);
    std::fs::write(bench.path("there.raw"), "something dear").unwrap();

    let unfit = convert_to(&bench, "marked.qcow2", "a.raw", Format::Raw).await.unwrap_err();
    let exists = convert_to(&bench, "good.qcow2", "there.raw", Format::Raw).await.unwrap_err();
    let format = convert_to(&bench, "good.qcow2", "a.vmdk", Format::Vmdk).await.unwrap_err();
    let folder = convert_to(&bench, "good.qcow2", "no/a.raw", Format::Raw).await.unwrap_err();

    assert!(matches!(unfit, ConvertError::Unfit { .. }), "{unfit}");
    assert!(matches!(exists, ConvertError::File(PartError::Exists(_))), "{exists}");
    assert!(matches!(format, ConvertError::Format(Format::Vmdk)), "{format}");
    assert!(matches!(folder, ConvertError::File(PartError::Unwritable { .. })), "{folder}");
    assert_eq!(names(&bench), ["good.qcow2", "marked.qcow2", "there.raw"]);
    assert_eq!(std::fs::read(bench.path("there.raw")).unwrap(), b"something dear");
}

#[tokio::test]
async fn a_conversion_goes_on_where_one_was_killed_and_not_where_one_runs() {
    let bench = Bench::new();
    bench.disk("disk.qcow2", DEFAULT);
    std::fs::write(bench.path("disk.raw.part"), vec![9; 100_000]).unwrap();
    let running = std::fs::File::open(bench.path("disk.raw.part")).unwrap();
    rustix::fs::flock(&running, rustix::fs::FlockOperation::LockExclusive).unwrap();

    let busy = convert_to(&bench, "disk.qcow2", "disk.raw", Format::Raw).await.unwrap_err();
    assert!(matches!(busy, ConvertError::File(PartError::Busy(_))), "{busy}");
    drop(running);
    convert_to(&bench, "disk.qcow2", "disk.raw", Format::Raw).await.unwrap();

    assert!(
        read_whole(&bench.path("disk.qcow2")) == std::fs::read(bench.path("disk.raw")).unwrap()
    );
    assert_eq!(names(&bench), ["disk.qcow2", "disk.raw"]);
}

#[test]
fn a_file_that_got_its_name_while_it_was_waited_for_is_not_the_one_that_was_opened() {
    let bench = Bench::new();
    std::fs::write(bench.path("a.part"), "finished by someone else").unwrap();
    let opened = std::fs::File::open(bench.path("a.part")).unwrap();
    assert!(is_at(&opened, &bench.path("a.part")));

    std::fs::rename(bench.path("a.part"), bench.path("a")).unwrap();
    assert!(!is_at(&opened, &bench.path("a.part")));
    std::fs::write(bench.path("a.part"), "begun anew").unwrap();
    assert!(!is_at(&opened, &bench.path("a.part")));
}
