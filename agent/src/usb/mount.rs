//! A drive of ours, mounted in the agent's own folder for as long as somebody needs it.

use std::io;
use std::path::{Path, PathBuf};

use domfleet_shared::id::DriveId;
use domfleet_shared::usb::{Usage, UsbDrive};

use super::attached::Attached;
pub use super::attached::{Access, MountError};
use super::{Usb, in_use, record};
use crate::dom0::KernelMessage;
use crate::dom0::xen::{Root, kernel_messages};

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
        let device = self.file_system_of(drive)?;
        self.mount_by(drive, &device, access)
    }

    /// The device that the file system of a drive of ours is on.
    pub(crate) fn file_system_of(&self, drive: &UsbDrive) -> Result<PathBuf, MountError> {
        let path = || drive.path.clone();
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
        Ok(self.root.path(&device))
    }

    /// The same as [`Self::mount`], by a device that has the content of that which the file system is on.
    pub(crate) fn mount_by(
        &self,
        drive: &UsbDrive,
        device: &Path,
        access: Access,
    ) -> Result<Mounted, MountError> {
        let Usage::Ours { drive: id } = drive.usage else {
            return Err(MountError::NotOurs { path: drive.path.clone() });
        };
        let last = kernel_messages(&self.root).unwrap_or_default().last().map(|last| last.sequence);
        let name =
            |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let attached = Attached::new(device.to_owned(), self.mounts.join(id.to_string()), access)?;
        let mounted = Mounted {
            attached,
            drive: id,
            root: self.root.clone(),
            names: Names {
                devices: vec![name(Path::new(&drive.path)), name(device)],
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
        self.attached.folder()
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
        let device_is_there = self.attached.device().exists();
        match here.filter(|_| device_is_there) {
            None => Err(MountError::Gone(self.folder().into())),
            Some(mount) if self.attached.access() == Access::ReadWrite && !mount.is_writable => {
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
