use std::os::unix::fs::symlink;
use std::path::Path;

use tempfile::TempDir;

use crate::migration::system_disk::{NotFound, by_wwid, of_device};

/// What the kernel shows of a SATA disk with two partitions, of a stick, and of a volume on the second
/// partition.
fn kernel() -> TempDir {
    let root = tempfile::tempdir().unwrap();
    let put = |name: &str, text: &str| {
        let path = root.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    let link = |from: &str, to: &str| {
        let from = root.path().join(from);
        std::fs::create_dir_all(from.parent().unwrap()).unwrap();
        symlink(root.path().join(to), from).unwrap();
    };
    put("sys/devices/ata1/sda/device/wwid", "t10.ATA     VENDORSSD     S123   \n");
    put("sys/devices/ata1/sda/size", "250069680\n");
    put("sys/devices/ata1/sda/sda2/partition", "2\n");
    put("sys/devices/usb2/sdb/size", "31250000\n");
    put("sys/devices/usb2/sdb/device/wwid", "\n");
    put("sys/devices/usb2/sdb/sdb1/partition", "1\n");
    put("sys/devices/virtual/dm-0/size", "2097152\n");
    link("sys/devices/virtual/dm-0/slaves/sda2", "sys/devices/ata1/sda/sda2");
    for (number, device) in [
        ("8:2", "ata1/sda/sda2"),
        ("8:17", "usb2/sdb/sdb1"),
        ("253:0", "virtual/dm-0"),
        ("9:0", "virtual/md0"),
    ] {
        link(&format!("sys/dev/block/{number}"), &format!("sys/devices/{device}"));
    }
    link("sys/devices/virtual/md0/slaves/sda2", "sys/devices/ata1/sda/sda2");
    link("sys/devices/virtual/md0/slaves/sdb1", "sys/devices/usb2/sdb/sdb1");
    for (name, device) in [("sda", "ata1/sda"), ("sdb", "usb2/sdb")] {
        link(&format!("sys/block/{name}"), &format!("sys/devices/{device}"));
    }
    root
}

fn name(root: &Path, major: u32, minor: u32) -> Result<String, NotFound> {
    of_device(root, major, minor).map(|found| found.name)
}

#[test]
fn the_disk_below_a_partition_and_below_a_volume_is_the_same() {
    let root = kernel();
    let disk = of_device(root.path(), 8, 2).unwrap();
    assert_eq!(disk.name, "sda");
    assert_eq!(disk.wwid, "t10.ATA VENDORSSD S123");
    assert_eq!(disk.bytes, 250_069_680 * 512);
    assert_eq!(of_device(root.path(), 253, 0).unwrap(), disk);
}

#[test]
fn a_disk_that_nobody_could_tell_from_another_is_none() {
    let error = name(kernel().path(), 8, 17).unwrap_err();
    assert!(matches!(&error, NotFound::Nameless(name) if name == "sdb"), "{error}");
}

#[test]
fn a_system_on_two_disks_is_not_guessed_at() {
    let error = name(kernel().path(), 9, 0).unwrap_err();
    assert!(matches!(error, NotFound::Several(_)), "{error}");
}

#[test]
fn a_disk_is_found_by_its_wwid_and_an_empty_one_finds_none() {
    let root = kernel();
    let find = |wwid: &str| by_wwid(root.path(), wwid).unwrap().map(|found| found.name);
    assert_eq!(find("t10.ATA  VENDORSSD S123").as_deref(), Some("sda"));
    assert_eq!(find("t10.ATA VENDORSSD S124"), None);
    assert_eq!(find(""), None);
    assert_eq!(find("  "), None);
}

#[test]
fn two_disks_of_one_wwid_are_none() {
    let root = kernel();
    let wwid = root.path().join("sys/devices/usb2/sdb/device/wwid");
    std::fs::write(wwid, "t10.ATA VENDORSSD S123").unwrap();
    assert_eq!(by_wwid(root.path(), "t10.ATA VENDORSSD S123").unwrap(), None);
}
