//! Conversions onto volumes: loop devices, which need root and the kernel's `loop`.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use domfleet_shared::image::{Converted, Format, Verdict};

use super::super::convert::{Conversion, ConvertError, Target, VolumeError, convert};
use super::{Bench, DEFAULT, patch};
use crate::meter::{Meter, Unwatched};

/// A block device that was in use before: there is no zero on it.
struct Loop {
    backing: PathBuf,
    device: PathBuf,
}

impl Loop {
    fn new(bench: &Bench, bytes: usize) -> Self {
        let backing = bench.path(&format!("backing-{bytes}"));
        std::fs::write(&backing, vec![0xa5; bytes]).unwrap();
        let (code, said) =
            bench.run("losetup", &["--find", "--show", &backing.display().to_string()]);
        assert_eq!(code, 0, "loop devices are needed, and root to make them: {said}");
        Self { backing, device: PathBuf::from(said.trim()) }
    }

    /// What is on the medium.
    fn content(&self) -> Vec<u8> {
        std::fs::read(&self.backing).unwrap()
    }
}

impl Drop for Loop {
    #[expect(clippy::disallowed_methods, reason = "not on dom0, and this time without a deadline")]
    fn drop(&mut self) {
        drop(std::process::Command::new("losetup").arg("-d").arg(&self.device).status());
    }
}

async fn onto(
    source: &Path,
    volume: &Path,
    format: Format,
    meter: Arc<dyn Meter>,
) -> Result<Converted, ConvertError> {
    let conversion = Conversion {
        source: source.to_owned(),
        source_format: None,
        target: Target::Volume(volume.to_owned()),
        format,
    };
    convert(&conversion, &meter).await
}

fn unwatched() -> Arc<dyn Meter> {
    Arc::new(Unwatched)
}

#[tokio::test]
async fn a_disk_on_a_used_volume_is_the_disk_and_nothing_of_what_was_there() {
    let bench = Bench::new();
    let image = bench.disk("disk.qcow2", DEFAULT);
    // Not a whole number of anything but sectors.
    let volume = Loop::new(&bench, (67 << 20) + 3 * 512);

    let converted = onto(&image, &volume.device, Format::Raw, unwatched()).await.unwrap();

    bench.img(&["convert", "-O", "raw", "disk.qcow2", "whole.raw"]);
    let (content, disk) = (volume.content(), std::fs::read(bench.path("whole.raw")).unwrap());
    assert!(content[..disk.len()] == disk);
    assert!(content[disk.len()..].iter().all(|byte| *byte == 0), "there is something in the tail");
    assert_eq!(converted.judgement.verdict, Verdict::Ok);
    assert_eq!(converted.judgement.virtual_bytes, 64 << 20);
}

#[tokio::test]
async fn a_volume_becomes_an_image_again_with_the_same_content() {
    let bench = Bench::new();
    let image = bench.disk("disk.qcow2", DEFAULT);
    let volume = Loop::new(&bench, 64 << 20);
    let there = onto(&image, &volume.device, Format::Raw, unwatched()).await.unwrap();

    let back = Conversion {
        source: volume.device.clone(),
        source_format: Some(Format::Raw),
        target: Target::NewFile(bench.path("again.qcow2")),
        format: Format::Qcow2,
    };
    let back = convert(&back, &unwatched()).await.unwrap();

    assert_eq!(there.content, back.content);
    bench.img(&["compare", "-q", "disk.qcow2", "again.qcow2"]);
}

#[tokio::test]
async fn a_volume_that_is_none_or_too_small_or_in_use_is_not_written_to() {
    let bench = Bench::new();
    let image = bench.disk("disk.qcow2", DEFAULT);
    let small = Loop::new(&bench, (64 << 20) - 512);
    let large = Loop::new(&bench, 64 << 20);
    let file = bench.path("file");
    std::fs::write(&file, "something dear").unwrap();
    let refused = async |target: &Path, format| match onto(&image, target, format, unwatched())
        .await
        .unwrap_err()
    {
        ConvertError::Volume(error) => error,
        error => panic!("{error:?}"),
    };

    assert!(matches!(refused(&file, Format::Raw).await, VolumeError::NoVolume(_)));
    let gone = bench.path("gone");
    assert!(matches!(refused(&gone, Format::Raw).await, VolumeError::Unwritable { .. }));
    assert!(!gone.exists());
    assert!(matches!(refused(&small.device, Format::Raw).await, VolumeError::TooSmall { .. }));
    assert!(matches!(refused(&large.device, Format::Qcow2).await, VolumeError::OnlyRaw));
    let flags = rustix::fs::OFlags::RDWR | rustix::fs::OFlags::EXCL;
    let mounted =
        rustix::fs::openat(rustix::fs::CWD, &large.device, flags, rustix::fs::Mode::empty());
    assert!(matches!(refused(&large.device, Format::Raw).await, VolumeError::InUse { .. }));
    drop(mounted);
    let itself = onto(&large.device, &large.device, Format::Raw, unwatched()).await.unwrap_err();
    assert!(matches!(itself, ConvertError::Volume(VolumeError::IsTheSource(_))), "{itself:?}");
    for untouched in [&small, &large] {
        assert!(untouched.content().iter().all(|byte| *byte == 0xa5));
    }
    assert_eq!(std::fs::read(&file).unwrap(), b"something dear");
}

#[tokio::test]
async fn what_may_not_be_converted_does_not_touch_the_volume() {
    let bench = Bench::new();
    let image = bench.disk("marked.qcow2", DEFAULT);
    patch(&image, 79, &[2]);
    let volume = Loop::new(&bench, 64 << 20);

    let unfit = onto(&image, &volume.device, Format::Raw, unwatched()).await.unwrap_err();

    assert!(matches!(unfit, ConvertError::Unfit { .. }), "{unfit}");
    assert!(volume.content().iter().all(|byte| *byte == 0xa5));
}

/// Is no longer wanted once so many parts were begun.
struct Impatient(AtomicU64);

impl Meter for Impatient {
    fn begin(&self, _what: &str, _total_bytes: u64) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }

    fn advance(&self, _bytes: u64) {}

    fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed) == 0
    }
}

#[tokio::test]
async fn a_volume_that_was_left_half_way_is_called_unfinished() {
    let bench = Bench::new();
    let image = bench.disk("disk.qcow2", DEFAULT);
    // Checking is the first part; then there are converting, zeroing, checking none, comparing.
    for parts in 1..=4 {
        let volume = Loop::new(&bench, 65 << 20);
        let meter = Arc::new(Impatient(AtomicU64::new(parts)));

        let error = onto(&image, &volume.device, Format::Raw, meter).await.unwrap_err();

        let said = error.to_string();
        match error {
            ConvertError::Source(_) if parts == 1 => assert!(said.contains("no longer wanted")),
            ConvertError::Unfinished { why, .. } => {
                assert!(said.contains("start no VM from it"), "{said}");
                assert!(matches!(*why, ConvertError::Cancelled(_)), "{parts}: {why:?}");
            }
            error => panic!("{parts}: {error:?}"),
        }
    }
}
