use std::time::Duration;

use super::super::{Blocks, Where, Whereabouts as _, complaints, system_disk, system_disk_name};
use super::{appliance, write};
use crate::dom0::KernelMessage;

#[test]
fn the_system_disk_is_what_the_root_file_system_is_made_of_with_its_partitions() {
    let (_folder, root) = appliance();
    let blocks = Blocks::read(&root);

    let name = system_disk_name(&root, &blocks).unwrap();
    let on = [Where { disk: "sda".into(), partition: Some("sda2".into()) }];
    let disk = system_disk(&root, (&blocks, &name), &on, &[]).unwrap();

    assert_eq!((disk.path.as_str(), disk.bytes), ("/dev/sda", 240_000_000_000));
    assert_eq!(disk.wwid.as_deref(), Some("t10.ATA disk S1"));
    let parts: Vec<_> =
        disk.partitions.iter().map(|part| (part.start_bytes, part.holds_disks)).collect();
    assert_eq!(parts, [(1 << 20, false), (256 << 20, true)]);
}

#[test]
fn a_system_that_runs_from_memory_is_on_the_disk_that_it_was_booted_from() {
    let (folder, root) = appliance();
    let mounts = "20 1 0:19 / / rw - tmpfs tmpfs rw\n21 1 8:1 / /boot rw - ext4 /dev/sda1 rw\n";
    write(folder.path(), &[("/proc/self/mountinfo", mounts)]);

    assert_eq!(system_disk_name(&root, &Blocks::read(&root)).as_deref(), Some("sda"));
    write(folder.path(), &[("/proc/self/mountinfo", "20 1 0:19 / / rw - tmpfs tmpfs rw\n")]);
    assert_eq!(system_disk_name(&root, &Blocks::read(&root)), None);
}

#[test]
fn a_file_is_on_the_partition_that_its_file_system_is_on() {
    let (folder, root) = appliance();
    let blocks = Blocks::read(&root);
    write(folder.path(), &[("/vm/pbx.qcow2", "")]);

    let on = blocks.of(&folder.path().join("vm/pbx.qcow2"));

    assert_eq!(on, [Where { disk: "sdc".into(), partition: Some("sdc1".into()) }]);
    assert_eq!(blocks.of(&folder.path().join("vm/other")), []);
}

#[test]
fn errors_are_those_of_the_disk_since_it_was_found_and_not_of_what_had_its_name_before() {
    let said = [
        (3, "blk_update_request: I/O error, dev sdb, sector 1"),
        (5, "sd 6:0:0:0: [sdb] Attached SCSI removable disk"),
        (3, "sd 6:0:0:0: [sdb] No Caching mode page found"),
        (3, "blk_update_request: I/O error, dev sdb, sector 2"),
        (3, "blk_update_request: I/O error, dev sdba, sector 3"),
        (2, "EXT4-fs error (device sdb1): ext4_find_entry:1455: inode #2"),
        (6, "EXT4-fs (sdb1): re-mounted. Opts: errors=remount-ro"),
    ];
    let message = |(sequence, (level, text)): (u64, &(u8, &str))| KernelMessage {
        sequence,
        level: *level,
        at: Duration::ZERO,
        text: (*text).to_owned(),
    };
    let messages: Vec<_> = (0..).zip(&said).map(message).collect();

    let found = complaints(&messages, &["sdb".to_owned(), "sdb1".to_owned()]);

    assert_eq!(found, [said[3].1, said[5].1]);
}
