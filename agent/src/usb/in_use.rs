//! Who works with a block device: mounts, swap, device mapper, RAID, loop devices, guests.

use std::collections::BTreeSet;

use super::sysfs::{Device, Numbers};
use crate::dom0::xen::Root;

/// Deeper than anybody stacks device mapper upon device mapper.
const DEPTH: usize = 8;

/// What the system does with its block devices, read once for all drives.
#[derive(Clone, Debug, Default)]
pub(super) struct InUse {
    mounts: Vec<Mount>,
    /// Names of devices, such as `sda2`.
    swaps: BTreeSet<String>,
    /// Numbers of devices that a guest's disk is made of.
    guests: BTreeSet<Numbers>,
}

/// A line of `/proc/self/mountinfo`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mount {
    pub(super) numbers: Numbers,
    pub(super) folder: String,
    /// Of the mount and of the file system: read-only where one of them is.
    pub(super) is_writable: bool,
    source: String,
}

impl InUse {
    pub(super) fn read(root: &Root) -> Self {
        Self { mounts: mounts(root), swaps: swaps(root), guests: guests(root) }
    }

    /// Where the device itself is mounted.
    pub(super) fn mounted_at(&self, numbers: &str, name: &str) -> Vec<String> {
        // Btrfs and some others have numbers of their own there; then the source's name tells.
        let is_it = |mount: &&Mount| {
            mount.numbers == numbers || mount.source.strip_prefix("/dev/") == Some(name)
        };
        self.mounts.iter().filter(is_it).map(|mount| mount.folder.clone()).collect()
    }

    /// Why nobody else may touch the drive, if there is a reason. `is_ours` tells our own mounts.
    pub(super) fn reason(
        &self,
        root: &Root,
        device: &Device,
        is_ours: impl Fn(&str) -> bool,
    ) -> Option<String> {
        let mut names = vec![(device.name.clone(), device.numbers.clone())];
        names.extend(device.partitions.iter().map(|p| (p.name.clone(), p.numbers.clone())));
        let own = names.len();
        // Whatever is made of it counts as it.
        let mut at = 0;
        while let Some((name, _)) = names.get(at).cloned() {
            at += 1;
            for (above, numbers) in holders(root, &name) {
                if !names.iter().any(|(known, _)| *known == above) && names.len() < own * DEPTH + 64
                {
                    names.push((above, numbers));
                }
            }
        }
        for (name, numbers) in &names {
            let mounted = self.mounted_at(numbers, name);
            if let Some(folder) = mounted.iter().find(|folder| !is_ours(folder)) {
                return Some(format!("{name} is mounted at {folder}"));
            }
            if self.swaps.contains(name) {
                return Some(format!("{name} is used as swap"));
            }
            if self.guests.contains(numbers) {
                return Some(format!("{name} is the disk of a VM"));
            }
        }
        let (holder, _) = names.get(own)?;
        Some(format!("{holder} is made of it"))
    }
}

/// What the kernel has made of the device `name`, or of a file that is that device.
fn holders(root: &Root, name: &str) -> Vec<(String, Numbers)> {
    let mut found = root.names(&format!("/sys/class/block/{name}/holders"));
    if found.is_empty() {
        // Where there is no /sys/class/block: a disk's own, or its partitions'.
        found = root.names(&format!("/sys/block/{name}/holders"));
        for disk in root.names("/sys/block").iter().filter(|disk| name.starts_with(*disk)) {
            found.extend(root.names(&format!("/sys/block/{disk}/{name}/holders")));
        }
    }
    let is_backed = |loop_device: &String| {
        let backing = root.text(&format!("/sys/block/{loop_device}/loop/backing_file"));
        backing.as_deref().and_then(|file| file.strip_prefix("/dev/")) == Some(name)
    };
    let loops = root.names("/sys/block").into_iter().filter(|name| name.starts_with("loop"));
    found.extend(loops.filter(is_backed));
    let numbered = |holder: String| {
        let numbers = root.text(&format!("/sys/block/{holder}/dev")).unwrap_or_default();
        (holder, numbers)
    };
    found.into_iter().map(numbered).collect()
}

/// All that is mounted, as this process sees it.
pub(super) fn mounts(root: &Root) -> Vec<Mount> {
    let text = std::fs::read_to_string(root.path("/proc/self/mountinfo")).unwrap_or_default();
    text.lines().filter_map(mount).collect()
}

/// `36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue` (proc(5)).
fn mount(line: &str) -> Option<Mount> {
    let (own, of_file_system) = line.split_once(" - ")?;
    let own: Vec<_> = own.split(' ').collect();
    let mut of_file_system = of_file_system.split(' ').skip(1);
    let (source, options) = (of_file_system.next()?, of_file_system.next()?);
    let is_writable = |options: &str| options.split(',').any(|option| option == "rw");
    Some(Mount {
        numbers: (*own.get(2)?).to_owned(),
        folder: unescape(own.get(4)?),
        is_writable: is_writable(own.get(5)?) && is_writable(options),
        source: unescape(source),
    })
}

/// Blanks and backslashes are written in octal: `\040`.
fn unescape(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        plain.push_str(before);
        let code = after.get(..3).and_then(|octal| u8::from_str_radix(octal, 8).ok());
        let Some(code) = code else {
            plain.push('\\');
            rest = after;
            continue;
        };
        plain.push(char::from(code));
        rest = after.get(3..).unwrap_or_default();
    }
    plain + rest
}

fn swaps(root: &Root) -> BTreeSet<String> {
    let text = std::fs::read_to_string(root.path("/proc/swaps")).unwrap_or_default();
    let paths = text.lines().skip(1).filter_map(|line| line.split_ascii_whitespace().next());
    paths.filter_map(|path| block_name(root, path)).collect()
}

/// `/dev/mapper/vg-swap` is a link to `/dev/dm-1`, and `dm-1` is what sysfs knows.
fn block_name(root: &Root, path: &str) -> Option<String> {
    let path = unescape(path);
    let place = root.path(&path).canonicalize().ok();
    let place = place.as_deref().unwrap_or(std::path::Path::new(&path));
    Some(place.file_name()?.to_string_lossy().into_owned())
}

/// `/sys/bus/xen-backend/devices/vbd-3-51712/physical_device` is `8:11`, in hexadecimal.
fn guests(root: &Root) -> BTreeSet<Numbers> {
    let folder = "/sys/bus/xen-backend/devices";
    let disks = root.names(folder).into_iter().filter(|name| name.starts_with("vbd-"));
    let numbers = disks.filter_map(|disk| {
        let text = root.text(&format!("{folder}/{disk}/physical_device"))?;
        let (major, minor) = text.split_once(':')?;
        let (major, minor) =
            (u32::from_str_radix(major, 16).ok()?, u32::from_str_radix(minor, 16).ok()?);
        Some(format!("{major}:{minor}"))
    });
    numbers.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mount_is_read_with_a_blank_in_its_folder_and_options_on_both_sides() {
        let line = r"36 35 8:17 / /media/my\040stick rw,noatime shared:1 - ext4 /dev/sdb1 ro,errors=remount-ro";

        let mount = mount(line).unwrap();

        assert_eq!((mount.numbers.as_str(), mount.folder.as_str()), ("8:17", "/media/my stick"));
        // What `errors=remount-ro` does shows on the file system's side only.
        assert!(!mount.is_writable);
        assert_eq!(unescape(r"a\b"), r"a\b");
    }
}
