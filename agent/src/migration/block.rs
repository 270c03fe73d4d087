//! The reset block of the system disk, the one place of it that we write to beside our own files.
//!
//! It is written past the cache in one piece: what the kernel remembers of a whole disk is not what it
//! remembers of its partitions.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileTypeExt as _;
use std::path::Path;

use domfleet_shared::migration::reset_block::{LENGTH, OFFSET, ResetBlock};
use rustix::fs::{CWD, Mode, OFlags, openat};

use super::partition_table;

/// A disk that may be in use: its partitions are mounted.
pub trait Disk {
    /// Reads all of `part` from `offset` on; both are multiples of 4096.
    fn read(&self, part: &mut [u8], offset: u64) -> io::Result<()>;

    /// Writes all of it. Durable when it returns.
    fn write(&mut self, part: &[u8], offset: u64) -> io::Result<()>;
}

/// A disk of this machine.
#[derive(Debug)]
pub struct WholeDisk {
    file: File,
}

impl WholeDisk {
    /// Opens the block device at `path`, past the cache.
    pub fn open(path: &Path) -> io::Result<Self> {
        Self::open_for(path, OFlags::RDWR | OFlags::DSYNC)
    }

    /// The same, to be read and nothing else.
    pub fn open_to_read(path: &Path) -> io::Result<Self> {
        Self::open_for(path, OFlags::RDONLY)
    }

    fn open_for(path: &Path, access: OFlags) -> io::Result<Self> {
        let flags = access | OFlags::CLOEXEC | OFlags::DIRECT;
        let file = File::from(openat(CWD, path, flags, Mode::empty())?);
        if !file.metadata()?.file_type().is_block_device() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no block device"));
        }
        Ok(Self { file })
    }
}

impl Disk for WholeDisk {
    fn read(&self, part: &mut [u8], offset: u64) -> io::Result<()> {
        let mut aligned = crate::backup::buffer::Buffer::new(0);
        aligned.resize(part.len());
        rustix::io::pread(&self.file, aligned.as_mut(), offset)
            .map_err(io::Error::from)
            .and_then(|read| if read == part.len() { Ok(()) } else { Err(too_short()) })?;
        part.copy_from_slice(aligned.as_ref());
        Ok(())
    }

    fn write(&mut self, part: &[u8], offset: u64) -> io::Result<()> {
        let mut aligned = crate::backup::buffer::Buffer::new(0);
        aligned.resize(part.len());
        aligned.as_mut().copy_from_slice(part);
        let written = rustix::io::pwrite(&self.file, aligned.as_ref(), offset)?;
        if written == part.len() { self.file.sync_data() } else { Err(too_short()) }
    }
}

fn too_short() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "the disk ends there")
}

/// What the reset block of a disk says.
pub fn read(disk: &impl Disk) -> io::Result<ResetBlock> {
    let mut block = [0; LENGTH];
    disk.read(&mut block, OFFSET)?;
    Ok(ResetBlock::decode(&block))
}

/// Why the reset block is as it was.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The disk.
    #[error("the system disk cannot be written")]
    Io(#[from] io::Error),
    /// Something of somebody else is there.
    #[error(
        "the place of the reset block on the system disk is in use by something else, a boot loader \
         perhaps: this appliance cannot be migrated like this"
    )]
    Foreign,
    /// A partition is there.
    #[error(
        "the first partition of the system disk begins at byte {0}, in the place of the reset block"
    )]
    Partition(u64),
    /// It was not there when it was read again.
    #[error("the system disk does not keep what is written to it: replace it")]
    NotKept,
}

/// Writes the reset block, and reads it again. What is there of somebody else stays.
pub fn write(disk: &mut impl Disk, block: ResetBlock) -> Result<(), WriteError> {
    let bytes = block.encode().ok_or(WriteError::Foreign)?;
    if let Some(first) = partition_table::first_byte(disk)?
        && first < OFFSET + LENGTH as u64
    {
        return Err(WriteError::Partition(first));
    }
    if read(disk)? == ResetBlock::Foreign {
        return Err(WriteError::Foreign);
    }
    disk.write(&bytes, OFFSET)?;
    let mut kept = [0; LENGTH];
    disk.read(&mut kept, OFFSET)?;
    if kept == bytes { Ok(()) } else { Err(WriteError::NotKept) }
}
