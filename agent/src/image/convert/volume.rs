//! A volume that an image is converted onto.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt as _, FileTypeExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::{Advice, FallocateFlags, OFlags, SeekFrom, fadvise, fallocate, seek};
use rustix::io::Errno;

use crate::image::in_use::{self, Access};
use crate::meter::Meter;

/// So much is made zeros at once: between two such pieces it can be stopped.
const PIECE: u64 = 16 << 20;

/// Why a volume is not written to.
#[derive(Debug, thiserror::Error)]
pub enum VolumeError {
    /// A file, a folder: perhaps the volume is not there, or not active.
    #[error("{} is no block device: give the path of a volume that is there and active", .0.display())]
    NoVolume(PathBuf),
    /// It is mounted, swapped to, part of something else, or a VM has it.
    #[error("{} is in use by {holder}", volume.display())]
    InUse {
        /// The volume.
        volume: PathBuf,
        /// As far as it is known.
        holder: String,
    },
    /// The disk is larger.
    #[error("{} has {bytes} bytes, and the disk has {wanted}: grow it, or take another", volume.display())]
    TooSmall {
        /// The volume.
        volume: PathBuf,
        /// Its size.
        bytes: u64,
        /// That of the guest's disk.
        wanted: u64,
    },
    /// VMs take volumes as the disk itself.
    #[error("a volume holds the disk as it is: its format can only be raw")]
    OnlyRaw,
    /// It would be overwritten by itself.
    #[error("{} is what is to be converted", .0.display())]
    IsTheSource(PathBuf),
    /// The system does not take it.
    #[error("{} cannot be written", volume.display())]
    Unwritable {
        /// The volume.
        volume: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

/// One that nobody else can mount while this is held.
#[derive(Debug)]
pub(super) struct Volume {
    file: File,
    bytes: u64,
}

impl Volume {
    /// Opens it, if it is a volume of at least so many bytes that nobody uses. Writes nothing.
    pub(super) fn claim(path: &Path, at_least: u64) -> Result<Self, VolumeError> {
        let unwritable = |source| VolumeError::Unwritable { volume: path.into(), source };
        // Not made where it is missing; a file in its place is not written to.
        let kind = std::fs::metadata(path).map_err(unwritable)?.file_type();
        if !kind.is_block_device() {
            return Err(VolumeError::NoVolume(path.into()));
        }
        let in_use =
            |holder: &str| VolumeError::InUse { volume: path.into(), holder: holder.into() };
        let flags = (OFlags::EXCL | OFlags::NONBLOCK).bits().cast_signed();
        let opened = OpenOptions::new().read(true).write(true).custom_flags(flags).open(path);
        let file = opened.map_err(|error| match Errno::from_io_error(&error) {
            Some(Errno::BUSY) => in_use("this system: it is mounted, or a part of something else"),
            _ => unwritable(error),
        })?;
        if !file.metadata().map_err(unwritable)?.file_type().is_block_device() {
            return Err(VolumeError::NoVolume(path.into()));
        }
        if let Some(holder) = in_use::holder(&file, Access::Any) {
            return Err(in_use(&holder));
        }
        let bytes = seek(&file, SeekFrom::End(0)).map_err(|error| unwritable(error.into()))?;
        if bytes < at_least {
            let volume = path.into();
            return Err(VolumeError::TooSmall { volume, bytes, wanted: at_least });
        }
        Ok(Self { file, bytes })
    }

    /// Makes zeros of what is beyond the disk, where there is still what was there before; has all of
    /// it on the medium, and nothing in the cache.
    pub(super) fn finish(&self, disk_bytes: u64, meter: &dyn Meter) -> io::Result<()> {
        meter.begin("zeroing", self.bytes - disk_bytes);
        let mut at = disk_bytes;
        while at < self.bytes {
            meter.go_on()?;
            let bytes = (self.bytes - at).min(PIECE);
            self.zero(at, bytes)?;
            at += bytes;
            meter.advance(bytes);
        }
        self.file.sync_all()?;
        Ok(fadvise(&self.file, 0, None, Advice::DontNeed)?)
    }

    fn zero(&self, at: u64, bytes: u64) -> io::Result<()> {
        // The kernel does it by the device's own means, or writes; before 4.9 it does neither. It
        // goes by the device's sectors, which may be larger than the disk's.
        let how = FallocateFlags::ZERO_RANGE | FallocateFlags::KEEP_SIZE;
        if fallocate(&self.file, how, at, bytes).is_ok() {
            return Ok(());
        }
        let zeros = vec![0; 1 << 20];
        let mut done = 0;
        while done < bytes {
            let now = usize::try_from(bytes - done).unwrap_or(zeros.len()).min(zeros.len());
            self.file.write_all_at(&zeros[..now], at + done)?;
            done += now as u64;
        }
        Ok(())
    }
}

/// Whether `file`, which is open, is the block device at `path`, or the file there.
pub(super) fn is_the_same(file: &File, path: &Path) -> bool {
    let (Ok(open), Ok(named)) = (file.metadata(), path.metadata()) else { return false };
    if open.file_type().is_block_device() && named.file_type().is_block_device() {
        return open.rdev() == named.rdev();
    }
    (open.dev(), open.ino()) == (named.dev(), named.ino())
}
