//! A file or block device, open to be read.

use std::fs::{File, OpenOptions};
use std::io::{self, Seek as _, SeekFrom};
use std::os::unix::fs::{FileExt as _, FileTypeExt as _, OpenOptionsExt as _};
use std::path::Path;

use rustix::fs::{Advice, OFlags, fadvise};

use super::ImageError;

/// What is read past the cache begins and ends at multiples of this, whatever the sectors are.
const ALIGNMENT: usize = 4096;
/// So much of it at once.
const PIECE: usize = 1 << 20;

/// A file or block device, opened to be read.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) file: File,
    pub(super) bytes: u64,
    /// Where it is a block device that can be read so.
    past_the_cache: Option<PastTheCache>,
}

impl Opened {
    pub(super) fn open(path: &Path) -> Result<Self, ImageError> {
        let unreadable = ImageError::unreadable(path);
        // Opening a pipe would wait for somebody to write to it.
        let kind = match std::fs::metadata(path) {
            Ok(metadata) => metadata.file_type(),
            Err(error) => return Err(unreadable(error)),
        };
        if !kind.is_file() && !kind.is_block_device() {
            return Err(ImageError::NoImage(path.into()));
        }
        Self::prepare(path, kind.is_block_device()).map_err(unreadable)
    }

    fn prepare(path: &Path, is_block_device: bool) -> io::Result<Self> {
        let mut file = File::open(path)?;
        // The only way that works for block devices too.
        let bytes = file.seek(SeekFrom::End(0))?;
        let past_the_cache = if is_block_device {
            // What a VM wrote to its volume went past dom0's cache, which may hold what was there
            // before. The tables of an image on a volume are read through it.
            file.sync_all()?;
            fadvise(&file, 0, None, Advice::DontNeed)?;
            PastTheCache::open(path, bytes)
        } else {
            None
        };
        Ok(Self { file, bytes, past_the_cache })
    }

    /// Fills `part` with what is at `offset`. A file may end before its last cluster does: what is
    /// missing was never written.
    pub(super) fn read_or_zeros(&mut self, offset: u64, part: &mut [u8]) -> io::Result<()> {
        match &mut self.past_the_cache {
            Some(direct) => direct.read(offset, part),
            None => read_or_zeros(&self.file, offset, part),
        }
    }
}

/// The same of a file.
pub(super) fn read_or_zeros(file: &File, offset: u64, part: &mut [u8]) -> io::Result<()> {
    let mut seen = 0;
    while seen < part.len() {
        match file.read_at(&mut part[seen..], offset + seen as u64) {
            Ok(0) => break,
            Ok(read) => seen += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    part[seen..].fill(0);
    Ok(())
}

/// A block device that is read as it is on the medium.
#[derive(Debug)]
struct PastTheCache {
    file: File,
    bytes: u64,
    /// Longer than a piece, by what it takes to begin where memory is aligned.
    room: Vec<u8>,
}

impl PastTheCache {
    fn open(path: &Path, bytes: u64) -> Option<Self> {
        let flags = OFlags::DIRECT.bits().cast_signed();
        let file = OpenOptions::new().read(true).custom_flags(flags).open(path).ok()?;
        Some(Self { file, bytes, room: vec![0; PIECE + ALIGNMENT] })
    }

    fn read(&mut self, offset: u64, part: &mut [u8]) -> io::Result<()> {
        let (mut at, mut rest) = (offset, part);
        while !rest.is_empty() && at < self.bytes {
            let within = usize::try_from(at % ALIGNMENT as u64).unwrap_or(0);
            let start = at - within as u64;
            let left = usize::try_from(self.bytes - start).unwrap_or(PIECE);
            let wanted = (within + rest.len()).next_multiple_of(ALIGNMENT).min(PIECE).min(left);
            let begin = self.room.as_ptr().align_offset(ALIGNMENT);
            let piece = &mut self.room[begin..begin + wanted];
            self.file.read_exact_at(piece, start)?;
            let length = rest.len().min(wanted - within);
            let (now, later) = rest.split_at_mut(length);
            now.copy_from_slice(&piece[within..within + length]);
            at += length as u64;
            rest = later;
        }
        rest.fill(0);
        Ok(())
    }
}
