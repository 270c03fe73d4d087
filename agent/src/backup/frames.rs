//! A guest's disk, frame by frame.

use super::buffer::{LOANS, Loan, Pool};
use super::error::BackupError;
use super::frame_hash::frame_hash;
use super::geometry::Geometry;
use super::pipeline::{self, Width};
use super::source::Source;
use crate::meter::Meter;
use domfleet_shared::content::ContentHasher;

/// A frame as it was read.
pub(super) enum Frame<'p> {
    /// Known to be zeros; so many of them.
    Zeros(usize),
    Data(Loan<'p>),
}

/// Reads a frame, or finds out that there is nothing in it.
pub(super) fn read<'p>(
    source: &mut impl Source,
    (offset, length): (u64, usize),
    pool: &'p Pool,
) -> std::io::Result<Frame<'p>> {
    if source.zeros(offset, length as u64)? >= length as u64 {
        return Ok(Frame::Zeros(length));
    }
    let mut buffer = pool.take(length);
    source.read(offset, buffer.as_mut())?;
    Ok(Frame::Data(buffer))
}

/// The same, no faster than `meter` has it.
pub(super) fn read_paced<'p>(
    source: &mut impl Source,
    place: (u64, usize),
    pool: &'p Pool,
    meter: &dyn Meter,
    failed: impl Fn(std::io::Error) -> BackupError,
) -> Result<Frame<'p>, BackupError> {
    let frame = read(source, place, pool).map_err(failed)?;
    if let Frame::Data(data) = &frame {
        meter.pace(data.as_ref().len() as u64)?;
    }
    Ok(frame)
}

/// BLAKE3 of frames of zeros, of which most disks have many, and all of two lengths at most.
#[derive(Default)]
pub(super) struct ZeroHashes(std::sync::Mutex<std::collections::BTreeMap<usize, [u8; 32]>>);

impl ZeroHashes {
    pub(super) fn of(&self, length: usize) -> [u8; 32] {
        let mut known = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        *known.entry(length).or_insert_with(|| frame_hash(&vec![0; length]))
    }
}

/// The content hash of the first `virtual_bytes` of a disk, every byte of it read.
pub(super) fn content(
    source: &mut impl Source,
    virtual_bytes: u64,
    geometry: Geometry,
    width: Width,
    meter: &dyn Meter,
    failed: impl Fn(std::io::Error) -> BackupError + Sync,
) -> Result<[u8; 32], BackupError> {
    let (pool, zeros) = (Pool::new(LOANS), ZeroHashes::default());
    let mut hasher = ContentHasher::new(virtual_bytes, geometry.frame_bytes_u64());
    let mut frames = 0..geometry.frames(virtual_bytes);
    let produce = || {
        meter.go_on()?;
        let Some(frame) = frames.next() else { return Ok(None) };
        read(source, geometry.place(frame, virtual_bytes), &pool).map(Some).map_err(&failed)
    };
    let worker = || {
        |frame| match frame {
            Frame::Zeros(length) => (zeros.of(length), length),
            Frame::Data(buffer) => (frame_hash(buffer.as_ref()), buffer.as_ref().len()),
        }
    };
    pipeline::run(width, produce, worker, |(hash, length)| {
        hasher.frame(&hash);
        meter.advance(length as u64);
        Ok(())
    })?;
    hasher.finish().map_err(|error| failed(std::io::Error::other(error)))
}
