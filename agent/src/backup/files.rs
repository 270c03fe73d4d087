//! VMs' disks in files and volumes, as the source of a backup.

use std::fs::File;
use std::io;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::Path;

use super::documents::PlannedDisk;
use super::hash::Hash;
use super::source::{Source, Sources};
use crate::image::disk::{Disk, DiskError};

/// This machine's.
pub struct DiskFiles;

impl Sources for DiskFiles {
    type Source = DiskFile;

    fn open(&self, disk: &PlannedDisk) -> io::Result<DiskFile> {
        let opened = Disk::open(Path::new(&disk.path), Some(disk.format));
        let opened = opened.map_err(|error| match error {
            DiskError::Image(crate::image::ImageError::Unreadable { source, .. }) => source,
            error => io::Error::other(error),
        })?;
        for file in opened.files() {
            // A VM that has just been shut down may have left something in the cache.
            file.sync_all()?;
        }
        Ok(DiskFile(opened))
    }
}

/// One of them.
pub struct DiskFile(pub(super) Disk);

impl Source for DiskFile {
    fn virtual_bytes(&self) -> u64 {
        self.0.virtual_bytes()
    }

    fn read(&mut self, offset: u64, part: &mut [u8]) -> io::Result<()> {
        self.0.read(offset, part)
    }

    fn zeros(&mut self, offset: u64, most: u64) -> io::Result<u64> {
        self.0.zeros(offset, most)
    }

    fn fingerprint(&self) -> io::Result<Option<Hash>> {
        let mut looks = blake3::Hasher::new();
        for file in self.0.files() {
            let Some(look) = look(file)? else { return Ok(None) };
            looks.update(look.as_bytes());
        }
        Ok(Some(Hash(*looks.finalize().as_bytes())))
    }
}

/// Everything that changes when a file is written to; a block device has nothing of that kind. Not the number of
/// the file system: the same disk has another one on another system, and the recovery medium has to find it
/// unchanged.
fn look(file: &File) -> io::Result<Option<String>> {
    let data = file.metadata()?;
    if data.file_type().is_block_device() {
        return Ok(None);
    }
    let times = (data.mtime(), data.mtime_nsec(), data.ctime(), data.ctime_nsec());
    Ok(Some(format!("{} {} {} {times:?};", data.ino(), data.len(), data.blocks())))
}
