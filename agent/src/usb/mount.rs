//! A drive of ours, mounted in the agent's own folder for as long as somebody needs it.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use domfleet_shared::id::DriveId;
use domfleet_shared::usb::{Usage, UsbDrive};
use rustix::io::Errno;
use rustix::mount::{MountFlags, UnmountFlags, mount, unmount};

use super::{Usb, in_use, ioctl, record};
use crate::dom0::KernelMessage;
use crate::dom0::xen::{Root, kernel_messages};

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

/// A mounted drive. Dropping it unmounts it.
#[derive(Debug)]
pub struct Mounted {
    attached: Attached,
    drive: DriveId,
    root: Root,
    /// Its device's names, and the port, as the kernel's log calls them.
    names: Names,
    /// What the kernel had said last when it was mounted.
    since: Option<u64>,
}

#[derive(Clone, Debug)]
struct Names {
    devices: Vec<String>,
    port: Option<String>,
}

impl Usb {
    /// Mounts a drive of ours in its folder. What an agent that was killed left mounted there is
    /// unmounted first.
    pub fn mount(&self, drive: &UsbDrive, access: Access) -> Result<Mounted, MountError> {
        let path = || drive.path.clone();
        let Usage::Ours { drive: id } = drive.usage else {
            return Err(MountError::NotOurs { path: path() });
        };
        let is_it =
            |uuid: Option<&String>| uuid.is_some() && uuid == drive.identity.file_system.as_ref();
        let part = drive
            .partitions
            .iter()
            .find(|part| is_it(part.content.as_ref().and_then(|content| content.uuid.as_ref())));
        let device = match part {
            Some(part) => part.path.clone().ok_or_else(|| MountError::NoDevice { path: path() })?,
            None => path(),
        };
        let last = kernel_messages(&self.root).unwrap_or_default().last().map(|last| last.sequence);
        let name = |path: &str| path.trim_start_matches("/dev/").to_owned();
        let attached =
            Attached::new(self.root.path(&device), self.mounts.join(id.to_string()), access)?;
        let mounted = Mounted {
            attached,
            drive: id,
            root: self.root.clone(),
            names: Names {
                devices: vec![name(&drive.path), name(&device)],
                port: drive.hardware.port.clone(),
            },
            since: last,
        };
        mounted.identify()?;
        Ok(mounted)
    }
}

impl Mounted {
    /// Where it is mounted.
    pub fn folder(&self) -> &Path {
        &self.attached.folder
    }

    /// Which one it is.
    pub fn drive(&self) -> DriveId {
        self.drive
    }

    /// Unmounts it and mounts it again, so that nothing of it is left in the kernel's memory: what
    /// is read then comes from the drive.
    pub fn remount(&mut self, access: Access) -> Result<(), MountError> {
        self.attached.remount(access)?;
        self.identify()
    }

    /// Whether it is still there, and still writable if it should be. To be asked after each phase
    /// of writing: an error of the drive leaves the file system read-only, and everything that was
    /// not flushed before is lost.
    pub fn check(&self) -> Result<(), MountError> {
        let folder = self.folder().to_string_lossy();
        let mounts = in_use::mounts(&self.root);
        let here = mounts.iter().rev().find(|mount| mount.folder == folder);
        let device_is_there = self.attached.device.exists();
        match here.filter(|_| device_is_there) {
            None => Err(MountError::Gone(self.folder().into())),
            Some(mount) if self.attached.access == Access::ReadWrite && !mount.is_writable => {
                Err(MountError::ReadOnly(self.folder().into()))
            }
            Some(_) => Ok(()),
        }
    }

    /// What the kernel has said against the drive since it was mounted.
    pub fn complaints(&self) -> io::Result<Vec<String>> {
        let messages = kernel_messages(&self.root)?;
        Ok(complaints(&messages, &self.names, self.since))
    }

    /// Unmounts it, and says whether that went well: then everything is on the drive.
    pub fn unmount(self) -> Result<(), MountError> {
        self.attached.detach()
    }

    fn identify(&self) -> Result<(), MountError> {
        let record = record::read_mounted(self.folder());
        let record = record.and_then(|bytes| bytes.map(|bytes| record::decode(&bytes)).transpose());
        match record {
            Ok(Some(record)) if record.identity.drive == Some(self.drive) => Ok(()),
            _ => Err(MountError::Other { wanted: self.drive }),
        }
    }
}

/// Which of the kernel's messages after `since` are complaints about the drive.
fn complaints(messages: &[KernelMessage], names: &Names, since: Option<u64>) -> Vec<String> {
    let new = messages.iter().filter(|m| since.is_none_or(|since| m.sequence > since));
    let is_it = |message: &&KernelMessage| {
        let mut words = message.text.split(|c: char| !c.is_ascii_alphanumeric());
        let of_device = words.any(|word| names.devices.iter().any(|name| name == word));
        let port = names.port.as_deref().map(|port| format!("usb {port}: "));
        let of_port = port.and_then(|port| message.text.strip_prefix(&port));
        // Being pulled out, and a reset of the port, are said quietly.
        let is_reset = |text: &str| text.contains("disconnect") || text.contains("reset");
        (message.level <= 4 && (of_device || of_port.is_some())) || of_port.is_some_and(is_reset)
    };
    new.filter(is_it).map(|message| message.text.clone()).collect()
}

/// A file system, mounted.
#[derive(Debug)]
pub(super) struct Attached {
    pub(super) folder: PathBuf,
    device: PathBuf,
    access: Access,
    is_mounted: bool,
}

impl Attached {
    pub(super) fn new(
        device: PathBuf,
        folder: PathBuf,
        access: Access,
    ) -> Result<Self, MountError> {
        let mut attached = Self { folder, device, access, is_mounted: false };
        fs::create_dir_all(&attached.folder)
            .map_err(|source| attached.refused("mounted", source))?;
        // EINVAL is what says that nothing is mounted there.
        while unmount(&attached.folder, UnmountFlags::NOFOLLOW).is_ok() {}
        attached.attach()?;
        Ok(attached)
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

    fn remount(&mut self, access: Access) -> Result<(), MountError> {
        self.release()?;
        let device = File::open(&self.device).and_then(|device| ioctl::forget(&device));
        device.map_err(|source| self.refused("mounted", source))?;
        self.access = access;
        self.attach()
    }

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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn what_the_kernel_says_against_the_drive_is_told_from_what_it_says_of_others() {
        let said = [
            (6, "EXT4-fs (sdb1): mounted filesystem with ordered data mode"),
            (3, "blk_update_request: I/O error, dev sdb, sector 2048"),
            (3, "blk_update_request: I/O error, dev sdba, sector 2048"),
            (2, "EXT4-fs error (device sdb1): ext4_find_entry:1455: inode #2"),
            (2, "EXT4-fs error (device sda1): ext4_find_entry:1455: inode #2"),
            (6, "usb 1-4: reset high-speed USB device number 5 using xhci_hcd"),
            (6, "usb 1-4.2: USB disconnect, device number 6"),
            (6, "usb 1-4: USB disconnect, device number 5"),
        ];
        let message = |(sequence, (level, text)): (u64, &(u8, &str))| KernelMessage {
            sequence,
            level: *level,
            at: Duration::ZERO,
            text: (*text).to_owned(),
        };
        let messages: Vec<_> = (0..).zip(&said).map(message).collect();
        let names = Names { devices: vec!["sdb".into(), "sdb1".into()], port: Some("1-4".into()) };

        let all = complaints(&messages, &names, None);
        let later = complaints(&messages, &names, Some(3));

        assert_eq!(all, [said[1].1, said[3].1, said[5].1, said[7].1]);
        assert_eq!(later, [said[5].1, said[7].1]);
    }
}
