//! A file system in a folder of the agent's own, and nobody else's of ours.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use domfleet_shared::id::DriveId;
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use rustix::mount::{MountFlags, UnmountFlags, mount, unmount};

use super::ioctl;

/// What is done with what is mounted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Reading. A journal that was not closed is still replayed.
    ReadOnly,
    /// Reading and writing.
    ReadWrite,
}

/// Why a drive is not mounted, or no longer as it should be.
#[derive(Debug, thiserror::Error)]
pub enum MountError {
    /// It is none of ours.
    #[error("{path} is no drive of ours that could be used: prepare it first")]
    NotOurs {
        /// The device.
        path: String,
    },
    /// The kernel has no device for the partition.
    #[error("the kernel does not know the partition of {path}: unplug it and plug it in again")]
    NoDevice {
        /// The device of the drive.
        path: String,
    },
    /// The system refuses.
    #[error("{} cannot be {doing} at {}", device.display(), folder.display())]
    Refused {
        /// `mounted` or `unmounted`.
        doing: &'static str,
        /// What.
        device: PathBuf,
        /// Where.
        folder: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// Another run of the agent has it.
    #[error("another run of domfleet-agent works with the drive of {}: wait until it is over", .0.display())]
    Claimed(PathBuf),
    /// It is another one.
    #[error("what is plugged in now is not drive {wanted}: plug that one in")]
    Other {
        /// The one that is meant.
        wanted: DriveId,
    },
    /// The kernel has let go of it.
    #[error("the drive at {} is gone: plug it in again", .0.display())]
    Gone(PathBuf),
    /// The file system was made read-only, as it is after an error.
    #[error("the drive at {} had errors and is read-only now: look at it with fsck.ext4", .0.display())]
    ReadOnly(PathBuf),
}

/// A file system, mounted.
#[derive(Debug)]
pub(super) struct Attached {
    folder: PathBuf,
    device: PathBuf,
    access: Access,
    is_mounted: bool,
    /// Given up last, when nothing is mounted any more.
    _claim: Claim,
}

impl Attached {
    /// Mounts `device`. What an agent that was killed left mounted in `folder` is unmounted first.
    pub(super) fn new(
        device: PathBuf,
        folder: PathBuf,
        access: Access,
    ) -> Result<Self, MountError> {
        let refused = |source| MountError::Refused {
            doing: "mounted",
            device: device.clone(),
            folder: folder.clone(),
            source,
        };
        let claim = Claim::of(&folder).map_err(refused)?;
        let claim = claim.ok_or_else(|| MountError::Claimed(folder.clone()))?;
        fs::create_dir_all(&folder).map_err(refused)?;
        let mut attached = Self { folder, device, access, is_mounted: false, _claim: claim };
        // EINVAL is what says that nothing is mounted there.
        while unmount(&attached.folder, UnmountFlags::NOFOLLOW).is_ok() {}
        attached.attach()?;
        Ok(attached)
    }

    /// Where it is mounted.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// What is mounted.
    pub(super) fn device(&self) -> &Path {
        &self.device
    }

    /// How it is mounted.
    pub(super) fn access(&self) -> Access {
        self.access
    }

    fn attach(&mut self) -> Result<(), MountError> {
        let mut flags =
            MountFlags::NOATIME | MountFlags::NODEV | MountFlags::NOSUID | MountFlags::NOEXEC;
        if self.access == Access::ReadOnly {
            flags |= MountFlags::RDONLY;
        }
        let options = c"errors=remount-ro,data=ordered";
        mount(&self.device, &self.folder, "ext4", flags, options)
            .map_err(|error| self.refused("mounted", error.into()))?;
        self.is_mounted = true;
        Ok(())
    }

    fn release(&mut self) -> Result<(), MountError> {
        unmount(&self.folder, UnmountFlags::NOFOLLOW)
            .map_err(|error| self.refused("unmounted", error.into()))?;
        self.is_mounted = false;
        Ok(())
    }

    /// Unmounts it, has the kernel forget the device's content, and mounts it again.
    pub(super) fn remount(&mut self, access: Access) -> Result<(), MountError> {
        self.release()?;
        let device = File::open(&self.device).and_then(|device| ioctl::forget(&device));
        device.map_err(|source| self.refused("mounted", source))?;
        self.access = access;
        self.attach()
    }

    /// Unmounts it, and says whether that went well.
    pub(super) fn detach(mut self) -> Result<(), MountError> {
        self.release()
    }

    fn refused(&self, doing: &'static str, source: io::Error) -> MountError {
        let (device, folder) = (self.device.clone(), self.folder.clone());
        MountError::Refused { doing, device, folder, source }
    }
}

impl Drop for Attached {
    fn drop(&mut self) {
        if self.is_mounted {
            let folder = self.folder.display();
            match unmount(&self.folder, UnmountFlags::NOFOLLOW) {
                Ok(()) => {}
                // Someone still reads there. It goes once they are done, and nobody comes in anew.
                Err(Errno::BUSY) => {
                    let detached = unmount(&self.folder, UnmountFlags::DETACH);
                    tracing::warn!(%folder, ?detached, "a drive is still in use while it is unmounted");
                }
                Err(error) => tracing::warn!(%folder, %error, "a drive cannot be unmounted"),
            }
        }
        // Not where something is in it: then it is still mounted.
        fs::remove_dir(&self.folder).ok();
    }
}

/// No other run of the agent has a folder while this is there: the service, and whoever types on
/// site.
#[derive(Debug)]
struct Claim {
    _file: File,
}

impl Claim {
    /// Waits for nobody: nothing where another has it. The file is beside the folder, because what is
    /// open on a drive is in the way of unmounting it; it stays, because who removes one that another
    /// has just opened lets two in.
    fn of(folder: &Path) -> io::Result<Option<Self>> {
        if let Some(above) = folder.parent() {
            fs::create_dir_all(above)?;
        }
        let file = File::create(folder.with_added_extension("lock"))?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Some(Self { _file: file })),
            Err(Errno::WOULDBLOCK) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}
