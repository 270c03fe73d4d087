//! Who else has an image or a volume open.
//!
//! QEMU locks its images since 2.10; appliances have older ones, and the kernel's own back end locks
//! nothing. So it is looked for among what every process has open, and what every VM is given.

use std::fs::{File, Metadata};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::Path;
use std::time::Duration;

/// What kind of use matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    /// A VM that only reads it, too.
    Any,
    ToWrite,
}

/// Programs such as udev and losetup open a volume for a moment: who has it that long, keeps it.
const LOOKS: u32 = 5;
const BETWEEN_LOOKS: Duration = Duration::from_millis(100);

/// A VM or program that has `file` open beside us, and keeps it open; nothing where none is found,
/// which is no proof. Takes half a second where it is held.
pub(super) fn holder(file: &File, access: Access) -> Option<String> {
    let ours = Identity::of(&file.metadata().ok()?);
    let look = || {
        by_a_vm(Path::new("/sys/bus/xen-backend/devices"), &ours, access)
            .or_else(|| by_a_process(Path::new("/proc"), &ours, access))
    };
    let first = look()?;
    for _ in 1..LOOKS {
        std::thread::sleep(BETWEEN_LOOKS);
        if look()? != first {
            return None;
        }
    }
    Some(first)
}

/// A block device is the same under each of its names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Identity {
    Device(u64),
    File(u64, u64),
}

impl Identity {
    fn of(metadata: &Metadata) -> Self {
        if metadata.file_type().is_block_device() {
            Self::Device(metadata.rdev())
        } else {
            Self::File(metadata.dev(), metadata.ino())
        }
    }
}

/// What Linux's back end tells of each virtual disk: `drivers/block/xen-blkback/xenbus.c`.
fn by_a_vm(devices: &Path, ours: &Identity, access: Access) -> Option<String> {
    let Identity::Device(number) = ours else { return None };
    let (major, minor) = (rustix::fs::major(*number), rustix::fs::minor(*number));
    let wanted = format!("{major:x}:{minor:x}");
    for device in std::fs::read_dir(devices).ok()?.flatten() {
        let tells = |what: &str| std::fs::read_to_string(device.path().join(what)).ok();
        let is_it = tells("physical_device").is_some_and(|number| number.trim() == wanted);
        let is_written = tells("mode").is_none_or(|mode| mode.contains('w'));
        if is_it && (access == Access::Any || is_written) {
            // Such as `vbd-5-51712`.
            let name = device.file_name().to_string_lossy().into_owned();
            let domain = name.split('-').nth(1).unwrap_or("?");
            return Some(format!("the VM with domain id {domain}"));
        }
    }
    None
}

fn by_a_process(proc: &Path, ours: &Identity, access: Access) -> Option<String> {
    let own = std::process::id().to_string();
    for process in std::fs::read_dir(proc).ok()?.flatten() {
        let id = process.file_name().to_string_lossy().into_owned();
        if id == own || !id.bytes().all(|byte| byte.is_ascii_digit()) {
            continue;
        }
        // One that ends meanwhile, or is not ours to look at, holds nothing that we could see.
        let Ok(opened) = std::fs::read_dir(process.path().join("fd")) else { continue };
        for opened in opened.flatten() {
            let is_it = std::fs::metadata(opened.path())
                .is_ok_and(|metadata| Identity::of(&metadata) == *ours);
            if !is_it {
                continue;
            }
            let flags = process.path().join("fdinfo").join(opened.file_name());
            let name = std::fs::read_to_string(process.path().join("comm")).unwrap_or_default();
            // Others that only read come and go, such as udev.
            let is_a_vm = name.starts_with("qemu");
            if is_written(&flags) || (is_a_vm && access == Access::Any) {
                return Some(format!("{} (process {id})", name.trim()));
            }
        }
    }
    None
}

/// By the line `flags:` of `fdinfo`, in octal; the lowest two bits are how it was opened.
fn is_written(fdinfo: &Path) -> bool {
    let Ok(text) = std::fs::read_to_string(fdinfo) else { return true };
    let flags = text.lines().find_map(|line| line.strip_prefix("flags:"));
    let flags = flags.and_then(|flags| u32::from_str_radix(flags.trim(), 8).ok());
    flags.is_none_or(|flags| flags & 0o3 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vm_is_told_by_the_device_that_it_was_given() {
        let folder = tempfile::tempdir().unwrap();
        let disk = folder.path().join("vbd-5-51712");
        std::fs::create_dir(&disk).unwrap();
        std::fs::write(disk.join("physical_device"), "fd:1a\n").unwrap();
        std::fs::write(disk.join("mode"), "r\n").unwrap();
        std::fs::create_dir(folder.path().join("vif-5-0")).unwrap();
        let device = |minor| Identity::Device(rustix::fs::makedev(0xfd, minor));
        let look = |minor, access| by_a_vm(folder.path(), &device(minor), access);

        assert_eq!(look(0x1a, Access::Any), Some("the VM with domain id 5".to_owned()));
        assert_eq!(look(0x1a, Access::ToWrite), None);
        assert_eq!(look(0x1b, Access::Any), None);
        std::fs::write(disk.join("mode"), "w\n").unwrap();
        assert!(look(0x1a, Access::ToWrite).is_some());
    }

    #[test]
    fn a_process_is_told_by_what_it_has_open_and_how() {
        let folder = tempfile::tempdir().unwrap();
        let image = folder.path().join("image");
        std::fs::write(&image, "a disk").unwrap();
        let ours = Identity::of(&std::fs::metadata(&image).unwrap());
        let process = folder.path().join("4711");
        std::fs::create_dir_all(process.join("fd")).unwrap();
        std::fs::create_dir_all(process.join("fdinfo")).unwrap();
        std::fs::write(process.join("comm"), "qemu-system-x86\n").unwrap();
        std::os::unix::fs::symlink(&image, process.join("fd/9")).unwrap();
        std::fs::write(process.join("fdinfo/9"), "pos:\t0\nflags:\t02100000\n").unwrap();

        let reading = by_a_process(folder.path(), &ours, Access::Any);
        assert_eq!(reading.unwrap(), "qemu-system-x86 (process 4711)");
        assert_eq!(by_a_process(folder.path(), &ours, Access::ToWrite), None);
        std::fs::write(process.join("fdinfo/9"), "pos:\t0\nflags:\t02100002\n").unwrap();
        assert!(by_a_process(folder.path(), &ours, Access::ToWrite).is_some());
    }
}
