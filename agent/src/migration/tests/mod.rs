mod block;
mod book;
mod carry;
mod following;
mod kept;
mod permit;
mod system_disk;
mod telling;
mod told;

use std::io;

use crate::migration::block::Disk;

/// A disk in memory.
#[derive(Clone)]
pub(super) struct MemoryDisk {
    pub(super) bytes: Vec<u8>,
    /// Whether it stores what it is given.
    pub(super) keeps: bool,
}

impl MemoryDisk {
    pub(super) fn new() -> Self {
        Self { bytes: vec![0; 1 << 20], keeps: true }
    }
}

impl Disk for MemoryDisk {
    fn read(&self, part: &mut [u8], offset: u64) -> io::Result<()> {
        let offset = usize::try_from(offset).unwrap();
        part.copy_from_slice(&self.bytes[offset..offset + part.len()]);
        Ok(())
    }

    fn write(&mut self, part: &[u8], offset: u64) -> io::Result<()> {
        let offset = usize::try_from(offset).unwrap();
        if self.keeps {
            self.bytes[offset..offset + part.len()].copy_from_slice(part);
        }
        Ok(())
    }
}

/// An MBR with one partition that begins at that sector.
pub(super) fn partitioned(first_sector: u32) -> MemoryDisk {
    let mut disk = MemoryDisk::new();
    disk.bytes[450] = 0x83;
    disk.bytes[454..458].copy_from_slice(&first_sector.to_le_bytes());
    disk.bytes[458..462].copy_from_slice(&4096_u32.to_le_bytes());
    disk.bytes[510..512].copy_from_slice(&[0x55, 0xaa]);
    disk
}
