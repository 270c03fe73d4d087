//! A device whose content can be read as it will be once its journal was replayed, while nothing of it is written:
//! what the kernel writes goes to memory (device mapper, `snapshot`). The origin is opened to be read only.
//!
//! A journal that was not closed holds the newest of a file system. Leaving it aside (`noload`) could show a disk
//! as it was before a VM wrote to it.

use std::fs::File;
use std::path::{Path, PathBuf};

use super::{COMMAND_WITHIN, NotSeen, run};
use crate::dom0::xen::Root;

/// No journal of ext4 is longer than a gigabyte; only what is written takes memory.
const ROOM: u64 = 1 << 30;

/// Such a device. It goes when this goes, and nothing of it may be mounted any more then.
#[derive(Debug)]
pub(super) struct Beside {
    name: String,
    /// What the kernel calls it; nobody else makes names of devices here.
    node: PathBuf,
    device: Option<String>,
    memory: PathBuf,
}

impl Beside {
    pub(super) fn new(device: &Path, work: &Path) -> Result<Self, NotSeen> {
        let failed = |error: std::io::Error| NotSeen(format!("no memory beside a disk: {error}"));
        let name = device.file_name().unwrap_or_default().to_string_lossy();
        let name = format!("beside-{name}");
        std::fs::create_dir_all(work).map_err(failed)?;
        let memory = work.join(&name);
        File::create(&memory).and_then(|file| file.set_len(ROOM)).map_err(failed)?;
        let mut beside = Self { name, node: PathBuf::new(), device: None, memory };
        let text = |path: &Path| path.to_string_lossy().into_owned();
        let loop_device = run("losetup", &["-f"], COMMAND_WITHIN)?.trim().to_owned();
        run("losetup", &[&loop_device, &text(&beside.memory)], COMMAND_WITHIN)?;
        beside.device = Some(loop_device.clone());
        let sectors = run("blockdev", &["--getsz", &text(device)], COMMAND_WITHIN)?;
        let table = format!("0 {} snapshot {} {loop_device} N 8", sectors.trim(), device.display());
        let arguments =
            ["create", &beside.name, "--noudevsync", "--noudevrules", "--table", &table];
        run("dmsetup", &arguments, COMMAND_WITHIN)?;
        let node = node(&Root("/".into()), &beside.name);
        beside.node = node.ok_or_else(|| NotSeen("no device beside a disk".to_owned()))?;
        Ok(beside)
    }

    pub(super) fn device(&self) -> PathBuf {
        self.node.clone()
    }
}

/// The device of that name.
fn node(root: &Root, name: &str) -> Option<PathBuf> {
    let is_it = |block: &String| {
        root.text(&format!("/sys/block/{block}/dm/name")).is_some_and(|its| its == name)
    };
    let block = root.names("/sys/block").into_iter().find(is_it)?;
    Some(root.path(&format!("/dev/{block}")))
}

impl Drop for Beside {
    fn drop(&mut self) {
        let remove = ["remove", &self.name, "--noudevsync", "--noudevrules"];
        let removed = run("dmsetup", &remove, COMMAND_WITHIN);
        let given_up =
            self.device.take().map(|device| run("losetup", &["-d", &device], COMMAND_WITHIN));
        tracing::debug!(?removed, ?given_up, "what was beside a disk is gone");
        std::fs::remove_file(&self.memory).ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::usb::tests::System;

    #[test]
    fn a_device_is_found_by_the_name_that_it_was_given() {
        let system = System::new();
        system.write("sys/block/dm-0/dm/name", "vg0-root\n");
        system.write("sys/block/dm-1/dm/name", "beside-sda2\n");
        let root = Root(system.path(""));

        assert_eq!(node(&root, "beside-sda2"), Some(root.path("/dev/dm-1")));
        assert_eq!(node(&root, "beside-sda3"), None);
    }
}
