//! USB drives: found, told apart, tried out, prepared, mounted.
//!
//! A backup is worth what the drive is worth that it is on, and the wrong drive overwritten is a
//! customer's data gone. So what a drive is, is read by ourselves ([`Usb::drives`]); which one is
//! meant is a question wherever two might be ([`which`]).

mod attached;
mod device;
mod ext;
mod find;
mod gpt;
mod in_use;
mod ioctl;
mod marker;
pub mod mount;
pub mod prepare;
pub mod qualify;
mod record;
mod superblock;
mod sysfs;
mod table;
#[cfg(test)]
pub(crate) mod tests;
mod usage;
pub mod which;
mod window;

use std::path::{Path, PathBuf};

use domfleet_shared::usb::UsbDrive;

use crate::dom0::xen::Root;

/// The USB drives of this dom0.
#[derive(Clone, Debug)]
pub struct Usb {
    root: Root,
    /// Below which our own mounts are.
    mounts: PathBuf,
}

/// Why it is not clear which drive is meant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotFound {
    /// There is none.
    #[error("no USB drive here is called {name}: `domfleet-agent usb list` shows those that are")]
    None {
        /// What was asked for.
        name: String,
    },
    /// There are several.
    #[error("{} drives are called {name}: name the device, one of {}", paths.len(), paths.join(", "))]
    Several {
        /// What was asked for.
        name: String,
        /// Those that it might be.
        paths: Vec<String>,
    },
}

/// The kernel's `major:minor` of what is mounted at `folder` last; of a file system that has its own, those of
/// its device.
pub(crate) fn mounted_numbers(root: &Root, folder: &str) -> Option<String> {
    in_use::mounts(root)
        .iter()
        .rev()
        .find(|mount| mount.folder == folder)
        .map(|mount| mount.numbers.clone())
}

impl Usb {
    /// Below which the system's files are.
    pub(crate) fn root(&self) -> &Path {
        &self.root.0
    }

    /// Those of the system below `root`; `data` is the agent's own folder.
    pub fn new(root: &Path, data: &Path) -> Self {
        Self { root: Root(root.to_owned()), mounts: data.join("mnt") }
    }

    /// The drive that a person means by `name`: its device (`/dev/sdb`), the serial number of its
    /// hardware, or the id of a drive of ours.
    pub fn named(&self, name: &str) -> Result<UsbDrive, NotFound> {
        let is_meant = |drive: &UsbDrive| {
            drive.path == name
                || drive.hardware.serial.as_deref() == Some(name)
                || drive.identity.drive.is_some_and(|drive| drive.to_string() == name)
        };
        let mut meant: Vec<_> = self.drives().into_iter().filter(is_meant).collect();
        match (meant.pop(), meant.as_slice()) {
            (Some(one), []) => Ok(one),
            (None, _) => Err(NotFound::None { name: name.to_owned() }),
            (Some(last), others) => {
                let paths = others.iter().chain([&last]).map(|drive| drive.path.clone()).collect();
                Err(NotFound::Several { name: name.to_owned(), paths })
            }
        }
    }

    fn device(&self, name: &str) -> PathBuf {
        self.root.path(&format!("/dev/{name}"))
    }

    /// Whether a folder where something is mounted is one of ours.
    fn is_ours(&self, folder: &str) -> bool {
        Path::new(folder).starts_with(&self.mounts)
    }
}
