//! What is found on an appliance is what there is.

mod blocks;
mod vms;
mod whole;

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::dom0::xen::Root;

/// Writes files below `root`.
fn write(root: &Path, files: &[(&str, &str)]) {
    for (path, content) in files {
        let path = root.join(path.trim_start_matches('/'));
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
}

/// Every file below `root`, with what is in it.
fn tree(root: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let (mut files, mut folders) = (BTreeMap::new(), vec![root.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.insert(path.clone(), std::fs::read(path).unwrap());
            }
        }
    }
    files
}

/// 1.x on `sda`, whose second partition holds a volume group; the root file system is on its volume, `dm-0`.
fn appliance() -> (TempDir, Root) {
    let folder = tempfile::tempdir().unwrap();
    let of_file = std::fs::metadata(folder.path()).unwrap().dev();
    let here = format!("{}:{}", rustix::fs::major(of_file), rustix::fs::minor(of_file));
    write(
        folder.path(),
        &[
            ("/sys/block/sda/dev", "8:0\n"),
            ("/sys/block/sda/size", "468750000\n"),
            ("/sys/block/sda/device/wwid", "t10.ATA     disk   S1\n"),
            ("/sys/block/sda/sda1/dev", "8:1\n"),
            ("/sys/block/sda/sda1/partition", "1\n"),
            ("/sys/block/sda/sda1/start", "2048\n"),
            ("/sys/block/sda/sda1/size", "522240\n"),
            ("/sys/block/sda/sda2/dev", "8:2\n"),
            ("/sys/block/sda/sda2/partition", "2\n"),
            ("/sys/block/sda/sda2/start", "524288\n"),
            ("/sys/block/sda/sda2/size", "4194304\n"),
            ("/sys/block/dm-0/dev", "253:0\n"),
            ("/sys/block/dm-0/slaves/sda2/dev", "8:2\n"),
            // What the test's own files are on.
            ("/sys/block/sdc/dev", "8:32\n"),
            ("/sys/block/sdc/sdc1/dev", &format!("{here}\n")),
            ("/sys/block/sdc/sdc1/partition", "1\n"),
            (
                "/proc/self/mountinfo",
                "20 1 0:19 / /proc rw - proc proc rw\n21 1 253:0 / / rw - ext4 /dev/vg0/root rw\n",
            ),
        ],
    );
    let root = Root(folder.path().to_owned());
    (folder, root)
}
