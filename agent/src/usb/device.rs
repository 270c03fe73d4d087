//! A drive, or a file on one, that is written to and read past the kernel's memory.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::fs::OFlags;

use super::ioctl;

/// What it is written and read in: no drive's sectors are longer.
pub(super) const BLOCK: usize = 4096;

/// Something that may hold less than it says.
pub(super) trait Device {
    /// Fills whole blocks.
    fn read(&mut self, offset: u64, blocks: &mut [u8]) -> io::Result<()>;

    /// Writes whole blocks.
    fn write(&mut self, offset: u64, blocks: &[u8]) -> io::Result<()>;

    /// Has everything on the medium, and nothing of it in memory.
    fn flush(&mut self) -> io::Result<()>;

    /// Whether it is still plugged in.
    fn is_there(&self) -> bool;

    /// How long it has been, since any moment.
    fn elapsed(&self) -> Duration;
}

/// A real one.
#[derive(Debug)]
pub(super) struct Direct {
    file: File,
    device: PathBuf,
    opened: Instant,
}

impl Direct {
    /// The whole drive, which nobody else has.
    pub(super) fn drive(device: &Path) -> io::Result<Self> {
        let flags = (OFlags::EXCL | OFlags::DIRECT).bits().cast_signed();
        let file = OpenOptions::new().read(true).write(true).custom_flags(flags).open(device)?;
        Ok(Self { file, device: device.into(), opened: Instant::now() })
    }

    /// A file of so many bytes in `folder`, without a name, so that whatever happens it goes. All
    /// of its room is taken at once.
    pub(super) fn file(folder: &Path, length: u64, device: &Path) -> io::Result<Self> {
        let flags = (OFlags::TMPFILE | OFlags::DIRECT).bits().cast_signed();
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .custom_flags(flags)
            .mode(0o600)
            .open(folder)?;
        rustix::fs::fallocate(&file, rustix::fs::FallocateFlags::empty(), 0, length)?;
        Ok(Self { file, device: device.into(), opened: Instant::now() })
    }
}

impl Device for Direct {
    fn read(&mut self, offset: u64, blocks: &mut [u8]) -> io::Result<()> {
        self.file.read_exact_at(blocks, offset)
    }

    fn write(&mut self, offset: u64, blocks: &[u8]) -> io::Result<()> {
        self.file.write_all_at(blocks, offset)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.sync_all()?;
        match ioctl::forget(&self.file) {
            // A file: what is written past the memory is not in it.
            Err(error) if error.raw_os_error() == Some(rustix::io::Errno::NOTTY.raw_os_error()) => {
                Ok(())
            }
            done => done,
        }
    }

    fn is_there(&self) -> bool {
        self.device.exists()
    }

    fn elapsed(&self) -> Duration {
        self.opened.elapsed()
    }
}

/// Memory that begins where a block may begin, as `O_DIRECT` asks for.
#[derive(Debug)]
pub(super) struct Aligned {
    memory: Vec<u8>,
    start: usize,
    length: usize,
}

impl Aligned {
    pub(super) fn new(length: usize) -> Self {
        let memory = vec![0; length + BLOCK];
        let start = memory.as_ptr().align_offset(BLOCK).min(BLOCK);
        Self { memory, start, length }
    }

    /// Its first `length` bytes, all of it where that is more.
    pub(super) fn part(&mut self, length: usize) -> &mut [u8] {
        let end = self.start + length.min(self.length);
        self.memory.get_mut(self.start..end).unwrap_or_default()
    }
}
