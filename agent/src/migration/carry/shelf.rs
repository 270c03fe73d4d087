//! Where disks of VMs go: onto volumes of 2.x, or into images of 1.x.
//!
//! A disk has its name only once every byte of it has been read back. Whose it is, is known whatever else is lost:
//! a volume carries the set's tag, and an image is in a folder that is this migration's alone.

use std::path::{Path, PathBuf};

use domfleet_shared::image::Format;

use crate::backup::BackupError;
use crate::backup::documents::{SavedDisk, SavedVm};
use crate::backup::folder::Folder;
use crate::backup::image_target::ImageTarget;
use crate::backup::medium::Medium;
use crate::backup::names::DiskId;
use crate::backup::restore::Sealed;
use crate::backup::target::Whole;
use crate::backup::to_volumes::RESTORING;
use crate::backup::volumes::{STATE_VERIFIED, VolumeError, Volumes};

/// What there is of a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum There {
    /// Nothing.
    Nothing,
    /// All of it, of this set, read back when it was written.
    Ours,
    /// Something of somebody else, of its name.
    Other,
}

/// A place for disks.
pub(super) trait Shelf {
    /// What there is of that name. A draft of ours that was written to its end gets its name here.
    fn look(&self, name: &str) -> Result<There, BackupError>;

    /// Removes what is ours of that name.
    fn discard(&self, name: &str) -> Result<(), BackupError>;

    /// Writes a disk, reads it back, and gives it its name.
    fn write<M: Medium>(
        &self,
        sealed: &Sealed<'_, M>,
        vm: &SavedVm,
        disk: (DiskId, &SavedDisk),
        name: &str,
    ) -> Result<(), BackupError>;

    /// Bytes that these disks take, and bytes that are free.
    fn room_for(&self, disks: &[&SavedDisk]) -> Result<(u64, u64), BackupError>;

    /// What a disk becomes.
    fn format(&self, disk: &SavedDisk) -> Format;

    /// Where a disk of that name is.
    fn path(&self, name: &str) -> PathBuf;
}

/// One of the two.
pub(super) enum AnyShelf<V> {
    Volumes(OnVolumes<V>),
    Images(InFolder),
}

impl<V: Volumes> Shelf for AnyShelf<V> {
    fn look(&self, name: &str) -> Result<There, BackupError> {
        match self {
            Self::Volumes(inner) => inner.look(name),
            Self::Images(inner) => inner.look(name),
        }
    }

    fn discard(&self, name: &str) -> Result<(), BackupError> {
        match self {
            Self::Volumes(inner) => inner.discard(name),
            Self::Images(inner) => inner.discard(name),
        }
    }

    fn write<M: Medium>(
        &self,
        sealed: &Sealed<'_, M>,
        vm: &SavedVm,
        disk: (DiskId, &SavedDisk),
        name: &str,
    ) -> Result<(), BackupError> {
        match self {
            Self::Volumes(inner) => inner.write(sealed, vm, disk, name),
            Self::Images(inner) => inner.write(sealed, vm, disk, name),
        }
    }

    fn room_for(&self, disks: &[&SavedDisk]) -> Result<(u64, u64), BackupError> {
        match self {
            Self::Volumes(inner) => inner.room_for(disks),
            Self::Images(inner) => inner.room_for(disks),
        }
    }

    fn format(&self, disk: &SavedDisk) -> Format {
        match self {
            Self::Volumes(inner) => inner.format(disk),
            Self::Images(inner) => inner.format(disk),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        match self {
            Self::Volumes(inner) => inner.path(name),
            Self::Images(inner) => inner.path(name),
        }
    }
}

/// Volumes of a group.
pub(super) struct OnVolumes<V> {
    pub(super) volumes: V,
    /// The tag of the set.
    pub(super) tag: String,
}

fn failed(source: VolumeError) -> BackupError {
    BackupError::Volumes { source }
}

impl<V: Volumes> OnVolumes<V> {
    fn draft(name: &str) -> String {
        format!("{name}{RESTORING}")
    }
}

impl<V: Volumes> Shelf for OnVolumes<V> {
    fn look(&self, name: &str) -> Result<There, BackupError> {
        match self.volumes.tags(name).map_err(failed)? {
            Some(tags) if tags.contains(&self.tag) && tags.contains(STATE_VERIFIED) => {
                return Ok(There::Ours);
            }
            Some(_) => return Ok(There::Other),
            None => {}
        }
        let draft = Self::draft(name);
        match self.volumes.tags(&draft).map_err(failed)? {
            None => Ok(There::Nothing),
            Some(tags) if !tags.contains(&self.tag) => Ok(There::Other),
            // It was read back, and the power was cut before it had its name.
            Some(tags) if tags.contains(STATE_VERIFIED) => {
                self.volumes.publish(&draft, name).map_err(failed)?;
                Ok(There::Ours)
            }
            Some(_) => {
                self.volumes.discard(&draft, &self.tag).map_err(failed)?;
                Ok(There::Nothing)
            }
        }
    }

    fn discard(&self, name: &str) -> Result<(), BackupError> {
        self.volumes.discard(name, &self.tag).map_err(failed)
    }

    fn write<M: Medium>(
        &self,
        sealed: &Sealed<'_, M>,
        vm: &SavedVm,
        (id, disk): (DiskId, &SavedDisk),
        name: &str,
    ) -> Result<(), BackupError> {
        let draft = Self::draft(name);
        let bytes = disk.planned.virtual_bytes;
        let path = self.volumes.create(&draft, bytes, &self.tag).map_err(failed)?;
        let what = path.display().to_string();
        let device = self
            .volumes
            .open(&path)
            .map_err(|source| BackupError::Target { what: what.clone(), source })?;
        sealed.restore(vm, (id, disk), Whole::used(device, what))?;
        self.volumes.publish(&draft, name).map_err(failed)
    }

    fn room_for(&self, disks: &[&SavedDisk]) -> Result<(u64, u64), BackupError> {
        let sizes: Vec<u64> = disks.iter().map(|disk| disk.planned.virtual_bytes).collect();
        self.volumes.room_for(&sizes).map_err(failed)
    }

    fn format(&self, _disk: &SavedDisk) -> Format {
        Format::Raw
    }

    fn path(&self, name: &str) -> PathBuf {
        self.volumes.path(name)
    }
}

/// Images in a folder that is this migration's alone.
pub(super) struct InFolder {
    folder: Folder,
    path: PathBuf,
}

impl InFolder {
    pub(super) fn open(path: &Path) -> Result<Self, BackupError> {
        let failed = |source| BackupError::Target { what: path.display().to_string(), source };
        let path = std::fs::canonicalize(path).map_err(failed)?;
        Ok(Self { folder: Folder::open(&path).map_err(failed)?, path })
    }

    fn failed(&self, name: &str) -> impl Fn(std::io::Error) -> BackupError {
        let what = self.path.join(name).display().to_string();
        move |source| BackupError::Target { what: what.clone(), source }
    }
}

impl Shelf for InFolder {
    fn look(&self, name: &str) -> Result<There, BackupError> {
        match self.path.join(name).symlink_metadata() {
            Ok(data) if data.is_file() => Ok(There::Ours),
            Ok(_) => Ok(There::Other),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(There::Nothing),
            Err(error) => Err(self.failed(name)(error)),
        }
    }

    fn discard(&self, name: &str) -> Result<(), BackupError> {
        self.folder.remove(name).map_err(self.failed(name))
    }

    fn write<M: Medium>(
        &self,
        sealed: &Sealed<'_, M>,
        vm: &SavedVm,
        (id, disk): (DiskId, &SavedDisk),
        name: &str,
    ) -> Result<(), BackupError> {
        let failed = self.failed(name);
        let draft = format!("{name}.part");
        // What is left of one that was cut off.
        self.folder.remove(&draft).map_err(&failed)?;
        let (bytes, what) =
            (disk.planned.virtual_bytes, self.path.join(name).display().to_string());
        if self.format(disk) == Format::Qcow2 {
            let file = self.folder.create_sized(&draft, 0).map_err(&failed)?;
            let image = ImageTarget::new(file, self.path.join(&draft), what, bytes);
            sealed.restore(vm, (id, disk), image.map_err(&failed)?)?;
        } else {
            let file = self.folder.create_sized(&draft, bytes).map_err(&failed)?;
            sealed.restore(vm, (id, disk), Whole::fresh(file, what))?;
        }
        self.folder.rename_new(&draft, name).map_err(&failed)?;
        self.folder.sync_folder("").map_err(&failed)
    }

    fn room_for(&self, disks: &[&SavedDisk]) -> Result<(u64, u64), BackupError> {
        let needed = disks.iter().map(|disk| disk.data_bytes).sum();
        Ok((needed, self.folder.free_bytes().map_err(self.failed(""))?))
    }

    fn format(&self, disk: &SavedDisk) -> Format {
        match disk.planned.format {
            Format::Qcow2 | Format::Qcow => Format::Qcow2,
            _ => Format::Raw,
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }
}
