//! Where a backup comes from: the disks of VMs.

use std::io;
use std::path::PathBuf;

use super::appliance::ApplianceFile;
use super::documents::PlannedDisk;
use super::error::BackupError;
use super::hash::Hash;

/// A guest's disk, open to be read. Its VM is off, or it is a snapshot.
pub trait Source: Send {
    /// Its size as the guest sees it.
    fn virtual_bytes(&self) -> u64;

    /// Fills `part` with what is at `offset`.
    fn read(&mut self, offset: u64, part: &mut [u8]) -> io::Result<()>;

    /// How many bytes from `offset` on are known to be zeros without being read, up to `most`.
    fn zeros(&mut self, offset: u64, most: u64) -> io::Result<u64>;

    /// What it looks like from the outside, its size and times, such that no content can change
    /// without that. Nothing where that cannot be told, as of a volume.
    fn fingerprint(&self) -> io::Result<Option<Hash>>;
}

/// The disks of a plan, to be opened one after another.
pub trait Sources: Sync {
    /// One of them.
    type Source: Source;

    /// Opens it, having made durable what is to be read: what a power cut takes back from the source
    /// must not be in the backup.
    fn open(&self, disk: &PlannedDisk) -> io::Result<Self::Source>;

    /// What of the appliance itself goes into the set: nothing where the disks are not those of one.
    fn appliance(&self) -> Vec<ApplianceFile> {
        Vec::new()
    }

    /// What is read in place of the disk that a configuration says is at `target`.
    fn stand_in(&self, _target: &str) -> Option<PathBuf> {
        None
    }

    /// Whether what was read was what it should be: asked once all of it is read, before it is sealed,
    /// and when something could not be read.
    fn check(&self) -> Result<(), BackupError> {
        Ok(())
    }
}
