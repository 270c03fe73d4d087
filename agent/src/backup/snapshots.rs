//! Snapshots as what a backup is read from, while the plan says where the disks themselves are.
//!
//! A snapshot is read-only, so that its `lv_uuid` tells what is in it: of a set that was cut off, what was
//! copied of the same snapshots is kept without reading them again, and what was copied of others is held
//! against these, frame by frame.

use std::io;
use std::path::{Path, PathBuf};

use super::appliance::ApplianceFile;
use super::documents::PlannedDisk;
use super::error::BackupError;
use super::hash::Hash;
use super::source::{Source, Sources};
use super::volumes::{Run, VolumeError};
use crate::dom0::snapshots::has_overflowed;
use crate::dom0::xen::lvm;

/// A snapshot that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakenSnapshot {
    /// The paths of the volume that it is of: a VM's configuration names one of them.
    pub origin: [String; 2],
    /// Its own path.
    pub path: PathBuf,
    /// Its `lv_uuid`.
    pub lv_uuid: String,
}

/// The disks of `inner`, but for those that there are snapshots of.
pub struct FromSnapshots<'s, S> {
    /// Where the other disks are.
    pub inner: S,
    /// The snapshots.
    pub snapshots: &'s [TakenSnapshot],
    /// Whom to ask how the snapshots are.
    pub run: Run<'s>,
}

impl<S> FromSnapshots<'_, S> {
    fn of(&self, disk: &str) -> Option<&TakenSnapshot> {
        find(self.snapshots, disk)
    }
}

/// The snapshot of the disk that a configuration says is at `target`.
fn find<'s>(snapshots: &'s [TakenSnapshot], target: &str) -> Option<&'s TakenSnapshot> {
    snapshots.iter().find(|snapshot| snapshot.origin.iter().any(|origin| origin == target))
}

impl<S: Sources> Sources for FromSnapshots<'_, S> {
    type Source = Snapshot<S::Source>;

    fn open(&self, disk: &PlannedDisk) -> io::Result<Self::Source> {
        let Some(snapshot) = self.of(&disk.path) else {
            return self.inner.open(disk).map(|source| Snapshot { source, lv_uuid: None });
        };
        let path = snapshot.path.to_string_lossy().into_owned();
        let source = self.inner.open(&PlannedDisk { path, ..disk.clone() })?;
        Ok(Snapshot { source, lv_uuid: Some(snapshot.lv_uuid.clone()) })
    }

    fn appliance(&self) -> Vec<ApplianceFile> {
        self.inner.appliance()
    }

    fn stand_in(&self, target: &str) -> Option<PathBuf> {
        self.of(target).map(|snapshot| snapshot.path.clone())
    }

    fn check(&self) -> Result<(), BackupError> {
        if self.snapshots.is_empty() {
            return Ok(());
        }
        let volumes = |source| BackupError::Volumes { source };
        let said = (self.run)("lvs", &lvm::volumes_query())
            .map_err(|error| volumes(VolumeError::Lvm(error)))?;
        let storage = lvm::storage(&said, br#"{"report":[]}"#)
            .map_err(|error| volumes(VolumeError::Answer(error)))?;
        for TakenSnapshot { origin: [origin, _], path, lv_uuid } in self.snapshots {
            let found = storage.volumes.iter().find(|volume| volume.lv_uuid == *lv_uuid);
            let what = match found {
                Some(found) if !has_overflowed(found) => continue,
                Some(_) => "overflowed: the guest wrote more than it has room for",
                None => "is gone: somebody has removed it",
            };
            return Err(BackupError::Snapshot(format!(
                "the snapshot {} of {origin} {what}. Nothing was sealed, and what was copied is kept: ask \
                 again for a backup from snapshots, which goes on from it; leave more of the volume group \
                 free before, back up when the guest writes less, or have the VM shut down for it",
                path.display()
            )));
        }
        Ok(())
    }
}

/// A disk, or a snapshot of it.
pub struct Snapshot<S> {
    source: S,
    lv_uuid: Option<String>,
}

impl<S: Source> Source for Snapshot<S> {
    fn virtual_bytes(&self) -> u64 {
        self.source.virtual_bytes()
    }

    fn read(&mut self, offset: u64, part: &mut [u8]) -> io::Result<()> {
        self.source.read(offset, part)
    }

    fn zeros(&mut self, offset: u64, most: u64) -> io::Result<u64> {
        self.source.zeros(offset, most)
    }

    fn fingerprint(&self) -> io::Result<Option<Hash>> {
        match &self.lv_uuid {
            Some(lv_uuid) => Ok(Some(Hash::of(format!("snapshot {lv_uuid}").as_bytes()))),
            None => self.source.fingerprint(),
        }
    }
}

/// A disk as a configuration names it, and what is looked at in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// Where it is.
    pub(super) path: PathBuf,
    /// What is looked at.
    pub(super) look_at: PathBuf,
}

impl Found {
    /// The disk itself is looked at.
    pub(super) fn itself(path: PathBuf) -> Self {
        Self { look_at: path.clone(), path }
    }

    /// Where the disk is that a configuration of this machine says is at `target`; an error in words.
    pub(super) fn in_dom0(target: &str, stand_in: Option<PathBuf>) -> Result<Self, String> {
        let path = Path::new(target);
        if !path.is_absolute() {
            return Err(format!("{target} is no absolute path"));
        }
        Ok(Self { look_at: stand_in.unwrap_or_else(|| path.to_owned()), path: path.to_owned() })
    }
}
