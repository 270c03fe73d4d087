//! A part of a drive, to be read.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::Arc;

/// A drive, or a partition of it.
#[derive(Clone, Debug)]
pub(super) struct Window {
    file: Arc<File>,
    start: u64,
    length: u64,
}

impl Window {
    /// `length` bytes of `path` from `start` on.
    pub(super) fn open(path: &Path, start: u64, length: u64) -> io::Result<Self> {
        Ok(Self { file: Arc::new(File::open(path)?), start, length })
    }

    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// Fills `bytes` from `offset` on; an error where it ends before.
    pub(super) fn read_exact(&self, offset: u64, bytes: &mut [u8]) -> io::Result<()> {
        let end = offset.checked_add(bytes.len() as u64);
        let start = self.start.checked_add(offset);
        match (end, start) {
            (Some(end), Some(start)) if end <= self.length => self.file.read_exact_at(bytes, start),
            _ => Err(io::Error::new(io::ErrorKind::UnexpectedEof, "behind the end")),
        }
    }

    /// `length` bytes from `offset` on, fewer where it ends before.
    pub(super) fn read(&self, offset: u64, length: usize) -> io::Result<Vec<u8>> {
        let left = self.length.saturating_sub(offset);
        let length = usize::try_from(left).map_or(length, |left| left.min(length));
        let mut bytes = vec![0; length];
        self.read_exact(offset, &mut bytes)?;
        Ok(bytes)
    }
}
