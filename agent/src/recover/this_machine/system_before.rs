//! The system that is to go, mounted as it was, to be looked at and not to be changed.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, Mode, OFlags, openat};
use rustix::mount::{MountFlags, UnmountFlags, mount, unmount};
use rustix::process::{chdir, chroot, fchdir};

use super::NotSeen;
use super::beside::Beside;
use super::ext;
use super::fstab::{self, By};
use crate::dom0::xen::Root;
use crate::migration::system_disk::Found;

/// It. Unmounted when it goes.
pub(super) struct SystemBefore {
    folder: PathBuf,
    mounts: Vec<Mount>,
    left_out: Vec<String>,
}

struct Mount {
    folder: PathBuf,
    /// Given up once it is unmounted.
    _beside: Option<Beside>,
}

impl Drop for SystemBefore {
    fn drop(&mut self) {
        while let Some(mount) = self.mounts.pop() {
            if let Err(error) = unmount(&mount.folder, UnmountFlags::NOFOLLOW) {
                tracing::warn!(folder = %mount.folder.display(), %error, "it stays mounted");
            }
        }
    }
}

impl SystemBefore {
    /// The one on `disk`, with what else it had mounted.
    pub(super) fn mount(root: &Root, disk: &Found, work: &Path) -> Result<Self, NotSeen> {
        let mut system = Self::root_of(root, disk, work)?;
        let text = fs::read_to_string(system.folder.join("etc/fstab")).unwrap_or_default();
        for line in fstab::lines(&text) {
            let device = match &line.by {
                By::Partition(number) => partition(root, &disk.name, *number),
                by => all_partitions(root).into_iter().find(|device| is_called(device, by)),
            };
            let folder = system.folder.join(&line.folder);
            let mounted = match device {
                Some(device) => system.add(&device, &folder, work),
                None => Err(NotSeen("it is not here".to_owned())),
            };
            // Where a VM's disk was in it, that disk is found to be missing.
            if let Err(error) = mounted {
                let told = format!("/{} of the system before is left out: {error}", line.folder);
                system.left_out.push(told);
            }
        }
        // For a configuration that names a device.
        let devices = system.folder.join("dev");
        if mount("dev", &devices, "devtmpfs", MountFlags::NOEXEC | MountFlags::NOSUID, None).is_ok()
        {
            system.mounts.push(Mount { folder: devices, _beside: None });
        }
        Ok(system)
    }

    /// The one partition of the disk that a system is on.
    fn root_of(root: &Root, disk: &Found, work: &Path) -> Result<Self, NotSeen> {
        let (mut found, mut troubles) = (Vec::new(), Vec::new());
        for device in partitions(root, &disk.name) {
            let name = device.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let folder = work.join(format!("before-{name}"));
            let mut system =
                Self { folder: folder.clone(), mounts: Vec::new(), left_out: Vec::new() };
            match system.add(&device, &folder, work) {
                Ok(()) if folder.join("etc/passwd").is_file() => found.push(system),
                Ok(()) => {}
                Err(error) => troubles.push(format!("{name}: {error}")),
            }
        }
        match (found.pop(), found.is_empty()) {
            (Some(system), true) => Ok(system),
            (Some(_), false) => Err(NotSeen("the disk holds more than one system".to_owned())),
            (None, _) => {
                let why = if troubles.is_empty() {
                    String::new()
                } else {
                    format!(" ({})", troubles.join("; "))
                };
                Err(NotSeen(format!("none is found on its partitions{why}")))
            }
        }
    }

    fn add(&mut self, device: &Path, folder: &Path, work: &Path) -> Result<(), NotSeen> {
        let failed = |error: std::io::Error| NotSeen(error.to_string());
        let ext = ext::read(device).map_err(failed)?;
        let ext = ext.ok_or_else(|| NotSeen("it is no ext file system".to_owned()))?;
        if ext.is_unsure {
            return Err(NotSeen(
                "it was not unmounted and has no journal: start the box without the stick, and \
                 restart it in order"
                    .to_owned(),
            ));
        }
        let beside = ext.is_unclosed.then(|| Beside::new(device, work)).transpose()?;
        let (source, options) = match &beside {
            None => (device.to_owned(), Some(c"noload")),
            Some(beside) => (beside.device(), None),
        };
        if !folder.is_dir() {
            fs::create_dir_all(folder).map_err(failed)?;
        }
        let flags = MountFlags::RDONLY | MountFlags::NOEXEC | MountFlags::NOSUID;
        mount(&source, folder, "ext4", flags, options).map_err(|error| failed(error.into()))?;
        self.mounts.push(Mount { folder: folder.to_owned(), _beside: beside });
        Ok(())
    }

    /// What could not be mounted of it, in words.
    pub(super) fn left_out(&self) -> &[String] {
        &self.left_out
    }

    /// Has `look` with the old root as its own. What was opened before stays what it was.
    pub(super) fn inside<T>(&self, look: impl FnOnce() -> T) -> Result<T, NotSeen> {
        let failed =
            |error: rustix::io::Errno| NotSeen(format!("its root cannot be entered: {error}"));
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let outside = File::from(openat(CWD, "/", flags, Mode::empty()).map_err(failed)?);
        chroot(&self.folder).map_err(failed)?;
        let entered = chdir("/").map_err(failed);
        let looked = entered.map(|()| look());
        fchdir(&outside).and_then(|()| chroot(".")).map_err(failed)?;
        looked
    }
}

/// The devices of a disk's partitions.
fn partitions(root: &Root, disk: &str) -> Vec<PathBuf> {
    let folder = format!("/sys/block/{disk}");
    let names = root.names(&folder).into_iter();
    let parts = names.filter(|name| root.path(&format!("{folder}/{name}/partition")).exists());
    parts.map(|name| root.path(&format!("/dev/{name}"))).collect()
}

fn partition(root: &Root, disk: &str, number: u32) -> Option<PathBuf> {
    let is_it = |device: &PathBuf| {
        let name = device.file_name().unwrap_or_default().to_string_lossy().into_owned();
        root.text(&format!("/sys/block/{disk}/{name}/partition")) == Some(number.to_string())
    };
    partitions(root, disk).into_iter().find(is_it)
}

fn all_partitions(root: &Root) -> Vec<PathBuf> {
    root.names("/sys/block").iter().flat_map(|disk| partitions(root, disk)).collect()
}

fn is_called(device: &Path, by: &By) -> bool {
    let Ok(Some(ext)) = ext::read(device) else { return false };
    match by {
        By::Id(id) => ext.uuid == *id,
        By::Label(label) => ext.label == *label,
        By::Partition(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::usb::tests::System;

    #[test]
    fn partitions_are_told_by_their_number_and_not_by_their_order() {
        let system = System::new();
        system.disk("sys/devices/pci0/ata1/block/sda", "sda", 1 << 20);
        system.partition("sda", 2, 4096, 4096);
        system.partition("sda", 1, 8192, 4096);
        let root = Root(system.path(""));

        let names = |number| {
            partition(&root, "sda", number).map(|path| path.file_name().unwrap().to_owned())
        };

        assert_eq!(names(2).unwrap(), "sda2");
        assert_eq!(names(1).unwrap(), "sda1");
        assert_eq!(names(3), None);
        assert_eq!(all_partitions(&root).len(), 2);
    }
}
