//! Which disk and which partition a file is on, by what the kernel knows of its block devices.

use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::Path;

use super::vms::{Where, Whereabouts};
use crate::dom0::xen::Root;

/// What sysfs counts in, whatever a disk's own sectors are.
const SECTOR: u64 = 512;
/// Deeper than anybody stacks one device upon another.
const DEPTH: usize = 8;

/// A disk, a partition, or something that is made of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Block {
    pub(super) name: String,
    /// The kernel's `major:minor`.
    numbers: String,
    /// The disk that it is a partition of.
    pub(super) disk: Option<String>,
    pub(super) start_bytes: u64,
    pub(super) bytes: u64,
}

/// All of them.
#[derive(Clone, Debug)]
pub(crate) struct Blocks {
    root: Root,
    all: Vec<Block>,
}

impl Blocks {
    pub(crate) fn read(root: &Root) -> Self {
        let mut all = Vec::new();
        for disk in root.names("/sys/block") {
            let folder = format!("/sys/block/{disk}");
            all.extend(block(root, &folder, &disk, None));
            for part in root.names(&folder) {
                let at = format!("{folder}/{part}");
                if root.text(&format!("{at}/partition")).is_some() {
                    all.extend(block(root, &at, &part, Some(&disk)));
                }
            }
        }
        Self { root: root.clone(), all }
    }

    pub(super) fn named(&self, name: &str) -> Option<&Block> {
        self.all.iter().find(|block| block.name == name)
    }

    pub(super) fn numbered(&self, numbers: &str) -> Option<&Block> {
        self.all.iter().find(|block| block.numbers == numbers)
    }

    /// The partitions of a disk, by where they begin.
    pub(super) fn partitions_of(&self, disk: &str) -> Vec<&Block> {
        let mut parts: Vec<_> =
            self.all.iter().filter(|block| block.disk.as_deref() == Some(disk)).collect();
        parts.sort_by_key(|part| part.start_bytes);
        parts
    }

    /// Disks and partitions that `block` is made of: itself, or what is below a volume.
    pub(super) fn below<'b>(&'b self, block: &'b Block) -> Vec<&'b Block> {
        let mut found = vec![block];
        for _ in 0..DEPTH {
            let mut next: Vec<&Block> = Vec::new();
            for block in found.iter().copied() {
                let parts = self.root.names(&format!("/sys/block/{}/slaves", block.name));
                if parts.is_empty() {
                    next.push(block);
                }
                next.extend(parts.iter().filter_map(|part| self.named(part)));
            }
            if next == found {
                break;
            }
            found = next;
        }
        found
    }
}

impl Whereabouts for Blocks {
    fn of(&self, path: &Path) -> Vec<Where> {
        let Ok(metadata) = std::fs::metadata(path) else { return Vec::new() };
        let is_device = metadata.file_type().is_block_device();
        let number = if is_device { metadata.rdev() } else { metadata.dev() };
        let numbers = format!("{}:{}", rustix::fs::major(number), rustix::fs::minor(number));
        let Some(block) = self.numbered(&numbers) else { return Vec::new() };
        self.below(block)
            .into_iter()
            .map(|block| match &block.disk {
                Some(disk) => Where { disk: disk.clone(), partition: Some(block.name.clone()) },
                None => Where { disk: block.name.clone(), partition: None },
            })
            .collect()
    }
}

fn block(root: &Root, folder: &str, name: &str, disk: Option<&str>) -> Option<Block> {
    let sectors = |file: &str| {
        let text = root.text(&format!("{folder}/{file}"))?;
        text.parse::<u64>().ok()?.checked_mul(SECTOR)
    };
    Some(Block {
        name: name.to_owned(),
        numbers: root.text(&format!("{folder}/dev"))?,
        disk: disk.map(str::to_owned),
        start_bytes: sectors("start").unwrap_or(0),
        bytes: sectors("size").unwrap_or(0),
    })
}
