//! What is seen of a dom0 that mitigations are about.

use std::io;

use super::memory::{Memory, USUAL_RATIO};
use super::release::Offer;
use super::scheduler::{Disk, is_disk};
use super::system::System;

/// What is seen at one moment.
#[derive(Clone, Debug)]
pub(super) struct Host {
    pub(super) offer: Offer,
    pub(super) boot_id: String,
    pub(super) kernel: String,
    pub(super) memory: Option<Memory>,
    /// What is swapped to: devices and files.
    pub(super) swaps: Vec<String>,
    /// Disks that stay where they are; what is plugged in by USB comes and goes.
    pub(super) disks: Vec<Disk>,
    /// `vm.overcommit_memory`, `_ratio` and `_kbytes`.
    pub(super) overcommit: Option<u64>,
    pub(super) ratio: u64,
    pub(super) fixed_kib: u64,
    mounts: Vec<Mount>,
}

/// A file system, and where it is.
#[derive(Clone, Debug)]
pub(super) struct Mount {
    pub(super) at: String,
    kind: String,
    pub(super) is_read_only: bool,
}

impl Mount {
    pub(super) fn is_in_memory(&self) -> bool {
        ["tmpfs", "ramfs", "rootfs"].contains(&self.kind.as_str())
    }
}

impl Host {
    pub(super) fn look(system: &impl System) -> io::Result<Self> {
        let text = |path: &str| -> io::Result<String> {
            let bytes = system.read(path)?.unwrap_or_default();
            Ok(String::from_utf8_lossy(&bytes).trim().to_owned())
        };
        let number = |name: &str| -> io::Result<Option<u64>> {
            Ok(text(&format!("/proc/sys/vm/{name}"))?.parse().ok())
        };
        let mut disks = Vec::new();
        for name in system.names("/sys/block").into_iter().filter(|name| is_disk(name)) {
            let place = system.resolved(&format!("/sys/block/{name}"));
            if place.is_some_and(|place| place.contains("/usb")) {
                continue;
            }
            disks.extend(Disk::read(&name, &text(&format!("/sys/block/{name}/queue/scheduler"))?));
        }
        Ok(Self {
            offer: Offer::of(system.release().as_deref()),
            boot_id: text("/proc/sys/kernel/random/boot_id")?,
            kernel: text("/proc/sys/kernel/osrelease")?,
            memory: Memory::read(&text("/proc/meminfo")?),
            swaps: text("/proc/swaps")?.lines().skip(1).filter_map(swap).collect(),
            disks,
            overcommit: number("overcommit_memory")?,
            ratio: number("overcommit_ratio")?.unwrap_or(USUAL_RATIO),
            fixed_kib: number("overcommit_kbytes")?.unwrap_or(0),
            mounts: text("/proc/mounts")?.lines().filter_map(mount).collect(),
        })
    }

    /// The file system that a file is on: of several at one place, the last.
    pub(super) fn mount_of(&self, path: &str) -> Option<&Mount> {
        let holds = |mount: &&Mount| {
            let at = mount.at.trim_end_matches('/');
            path.strip_prefix(at).is_some_and(|rest| rest.starts_with('/'))
        };
        self.mounts.iter().filter(holds).max_by_key(|mount| mount.at.len())
    }

    /// Whether the system was loaded into memory, and forgets what `lbu` does not write back.
    pub(super) fn is_diskless(&self) -> bool {
        self.mount_of("/etc/fstab").is_some_and(Mount::is_in_memory)
    }
}

fn swap(line: &str) -> Option<String> {
    line.split_whitespace().next().map(unescaped)
}

fn mount(line: &str) -> Option<Mount> {
    let mut fields = line.split(' ').skip(1);
    let (at, kind, options) = (fields.next()?, fields.next()?, fields.next()?);
    let is_read_only = options.split(',').any(|option| option == "ro");
    Some(Mount { at: unescaped(at), kind: kind.to_owned(), is_read_only })
}

/// The kernel writes blanks in names as `\040`.
fn unescaped(text: &str) -> String {
    text.replace("\\040", " ").replace("\\011", "\t").replace("\\134", "\\")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mounts(text: &str) -> Vec<Mount> {
        text.lines().filter_map(mount).collect()
    }

    #[test]
    fn a_file_is_on_the_innermost_file_system_and_the_last_of_those_at_one_place() {
        let text = "rootfs / rootfs rw 0 0\n/dev/sda2 / ext4 rw,noatime 0 0\n/dev/sda1 /boot ext4 ro 0 0\n/dev/x /boo ext4 rw 0 0\n";
        let host = Host { mounts: mounts(text), ..bare() };

        assert_eq!(host.mount_of("/boot/extlinux.conf").map(|m| m.at.as_str()), Some("/boot"));
        assert_eq!(host.mount_of("/boot/extlinux.conf").map(|m| m.is_read_only), Some(true));
        assert!(!host.is_diskless());
        let memory = Host { mounts: mounts("tmpfs / tmpfs rw 0 0\n"), ..bare() };
        assert!(memory.is_diskless());
    }

    #[test]
    fn names_with_blanks_are_read_as_they_are() {
        assert_eq!(swap("/var/swap\\040file file 1 0 -2").as_deref(), Some("/var/swap file"));
    }

    fn bare() -> Host {
        Host {
            offer: Offer::Offered,
            boot_id: String::new(),
            kernel: String::new(),
            memory: None,
            swaps: Vec::new(),
            disks: Vec::new(),
            overcommit: None,
            ratio: 50,
            fixed_kib: 0,
            mounts: Vec::new(),
        }
    }
}
