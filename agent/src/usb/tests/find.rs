//! What is found, and what it may be used for.

use std::fs;
use std::path::Path;

use domfleet_shared::Timestamp;
use domfleet_shared::id::DriveId;
use domfleet_shared::usb::{ContentKind, DriveIdentity, DriveRecord, PartitionTable, Usage};
use uuid::Uuid;

use super::super::gpt::{ALIGNMENT, Made};
use super::super::marker::{self, Marker};
use super::super::record;
use super::{MIB, System, put, run};

/// A partition table as preparing writes it.
fn divide(system: &System, disk: &str, marker: &Marker, size: u64) -> Made {
    let made = Made::new(marker.disk, marker.partition, 512, size).unwrap();
    for (offset, bytes) in &made.pieces {
        put(&system.path(&format!("dev/{disk}")), *offset, bytes);
    }
    system.partition(disk, 1, made.start_bytes, made.size_bytes);
    made
}

/// ext4 in the first partition, with `DRIVE.json` where there is a record.
fn format(file: &Path, made: &Made, marker: &Marker, record: Option<&DriveRecord>) {
    let folder = tempfile::tempdir().unwrap();
    if let Some(record) = record {
        fs::create_dir(folder.path().join(record::FOLDER)).unwrap();
        let text = serde_json::to_vec(record).unwrap();
        fs::write(folder.path().join("DOMFLEET/DRIVE.json"), text).unwrap();
    }
    let offset = format!("offset={}", made.start_bytes);
    let uuid = marker.file_system.to_string();
    let size = format!("{}k", made.size_bytes / 1024);
    let arguments = [
        "-q",
        "-F",
        "-L",
        "DOMFLEET",
        "-U",
        &uuid,
        "-E",
        &offset,
        "-d",
        folder.path().to_str().unwrap(),
        file.to_str().unwrap(),
        &size,
    ];
    run("mkfs.ext4", &arguments);
}

fn record_of(marker: &Marker) -> DriveRecord {
    DriveRecord {
        format: DriveRecord::FORMAT,
        identity: DriveIdentity { drive: Some(marker.drive), ..DriveIdentity::default() },
        prepared_at: Timestamp::from_millis(0),
    }
}

/// A drive of ours in a new system.
fn ours() -> (System, Marker) {
    let (system, marker) = (System::new(), Marker::new());
    let file = system.plug("sdb", "4C530001", 64 * MIB);
    let made = divide(&system, "sdb", &marker, 64 * MIB);
    format(&file, &made, &marker, Some(&record_of(&marker)));
    (system, marker)
}

fn foreign(what: &str) -> Usage {
    Usage::Foreign { what: what.to_owned() }
}

fn system(reason: &str) -> Usage {
    Usage::System { reason: reason.to_owned() }
}

#[test]
fn a_blank_drive_is_found_by_where_it_is_plugged_in_and_not_by_removable() {
    let root = System::new();
    root.plug("sdb", "4C530001", 8 * MIB);
    root.write("sys/block/sdb/removable", "0");
    root.disk("sys/devices/pci0/ata1/host1/target1:0:0/1:0:0:0/block/sda", "sda", 8 * MIB);
    root.write("sys/block/sda/removable", "1");

    let drive = root.only();

    assert_eq!((drive.path.as_str(), drive.size_bytes), ("/dev/sdb", 8 * MIB));
    assert_eq!(drive.usage, Usage::Empty);
    assert_eq!(drive.hardware.serial.as_deref(), Some("4C530001"));
    assert_eq!(
        (drive.hardware.vendor_id.as_str(), drive.hardware.speed_megabits),
        ("0781", Some(5000))
    );
}

#[test]
fn a_reader_without_a_card_and_a_cd_drive_are_no_drives() {
    let root = System::new();
    root.plug("sdb", "reader", 0);
    root.plug("sr0", "modem", 8 * MIB);

    assert_eq!(root.usb().drives(), []);
}

#[test]
fn a_drive_of_ours_is_known_by_what_is_in_its_file_system() {
    let (root, marker) = ours();

    let drive = root.only();

    assert_eq!(drive.usage, Usage::Ours { drive: marker.drive });
    assert_eq!(drive.table, PartitionTable::Gpt);
    let identity = &drive.identity;
    assert_eq!(identity.drive, Some(marker.drive));
    assert_eq!(identity.file_system, Some(marker.file_system.to_string()));
    assert_eq!(identity.partition, Some(marker.partition.to_string()));
    let content = drive.partitions[0].content.as_ref().unwrap();
    assert_eq!((content.kind, content.label.as_deref()), (ContentKind::Ext4, Some("DOMFLEET")));
    assert!(content.features.iter().any(|name| name == "extent"), "{:?}", content.features);
}

#[test]
fn a_partition_that_the_kernel_has_not_read_yet_is_seen_all_the_same() {
    let (root, marker) = ours();
    fs::remove_dir_all(root.path("sys/block/sdb/sdb1")).unwrap();

    let drive = root.only();

    assert_eq!(drive.usage, Usage::Ours { drive: marker.drive });
    assert_eq!(drive.partitions[0].path, None);
}

#[test]
fn the_label_makes_no_drive_ours() {
    let (root, marker) = (System::new(), Marker::new());
    let file = root.plug("sdb", "4C530001", 64 * MIB);
    let made = divide(&root, "sdb", &marker, 64 * MIB);
    format(&file, &made, &marker, None);

    assert_eq!(root.usage(), foreign("a partition: ext4 “DOMFLEET”"));
}

#[test]
fn a_record_of_a_later_build_makes_no_drive_ours_and_none_empty() {
    let (root, marker) = (System::new(), Marker::new());
    let file = root.plug("sdb", "4C530001", 64 * MIB);
    let made = divide(&root, "sdb", &marker, 64 * MIB);
    format(&file, &made, &marker, Some(&DriveRecord { format: 9, ..record_of(&marker) }));

    assert!(matches!(root.usage(), Usage::Foreign { .. }));
}

/// What is set up, and the reason that it gives.
type Setting<'a> = (&'a dyn Fn(&System), &'a str);

#[test]
fn whoever_works_with_a_drive_keeps_it() {
    let mounted = "36 35 8:17 / /media/usb rw - ext4 /dev/sdb1 rw\n";
    let settings: [Setting<'_>; 6] = [
        (&|root| root.write("proc/self/mountinfo", mounted), "sdb1 is mounted at /media/usb"),
        (
            &|root| root.write("proc/swaps", "Filename Type\n/dev/sdb1 partition 8 0 -2\n"),
            "sdb1 is used as swap",
        ),
        (
            &|root| {
                root.write("sys/block/dm-0/dev", "253:0");
                root.write("sys/block/sdb/sdb1/holders/dm-0/x", "");
            },
            "dm-0 is made of it",
        ),
        (
            // Two steps up: a mirror, and a volume on it.
            &|root| {
                root.write("sys/block/sdb/sdb1/holders/md0/x", "");
                root.write("sys/block/md0/holders/dm-3/x", "");
                root.write("sys/block/dm-3/dev", "253:3");
                root.write("proc/self/mountinfo", "1 0 253:3 / / rw - ext4 /dev/mapper/root rw\n");
            },
            "dm-3 is mounted at /",
        ),
        (
            &|root| root.write("sys/block/loop0/loop/backing_file", "/dev/sdb1"),
            "loop0 is made of it",
        ),
        (
            &|root| {
                let disk = "sys/bus/xen-backend/devices/vbd-3-51712/physical_device";
                root.write(disk, "8:10");
            },
            "sdb is the disk of a VM",
        ),
    ];
    for (set, reason) in settings {
        let (root, _) = ours();
        set(&root);
        assert_eq!(root.usage(), system(reason));
    }

    let (root, marker) = ours();
    root.write("data/mnt/x/DOMFLEET/DRIVE.json", serde_json::to_vec(&record_of(&marker)).unwrap());
    let folder = root.path("data/mnt/x").display().to_string();
    root.write("proc/self/mountinfo", format!("36 35 8:17 / {folder} rw - ext4 /dev/sdb1 rw\n"));
    assert_eq!(root.usage(), Usage::Ours { drive: marker.drive });
    assert_eq!(root.only().partitions[0].mounted_at, [folder]);
}

/// What a kind of content looks like from outside.
type Sample<'a> = (ContentKind, &'a [(u64, &'a [u8])]);

const SAMPLES: [Sample<'_>; 9] = [
    (ContentKind::Fat, &[(11, b"\0\x02"), (82, b"FAT32   "), (510, b"\x55\xaa")]),
    (ContentKind::Exfat, &[(3, b"EXFAT   "), (510, b"\x55\xaa")]),
    (ContentKind::Ntfs, &[(3, b"NTFS    "), (510, b"\x55\xaa")]),
    (ContentKind::Luks, &[(0, b"LUKS\xba\xbe")]),
    (ContentKind::Iso9660, &[(32769, b"CD001")]),
    (ContentKind::Xfs, &[(0, b"XFSB")]),
    (ContentKind::Btrfs, &[(65600, b"_BHRfS_M")]),
    (ContentKind::RaidMember, &[(4096, b"\xfc\x4e\x2b\xa9")]),
    (ContentKind::RaidMember, &[(8 * MIB - 8192, b"\xfc\x4e\x2b\xa9")]),
];

#[test]
fn what_holds_something_is_foreign_with_and_without_a_partition() {
    for (kind, pieces) in SAMPLES {
        let root = System::new();
        let file = root.plug("sdb", "4C530001", 8 * MIB);
        for (offset, bytes) in pieces {
            put(&file, *offset, bytes);
        }
        assert_eq!(root.only().content.map(|content| content.kind), Some(kind));
        assert_eq!(root.usage(), foreign(kind.name()));
    }
    for (kind, pieces) in &SAMPLES[..8] {
        let root = System::new();
        let file = root.plug("sdb", "4C530001", 8 * MIB);
        let made = divide(&root, "sdb", &Marker::new(), 8 * MIB);
        for (offset, bytes) in *pieces {
            put(&file, made.start_bytes + offset, bytes);
        }
        assert_eq!(root.usage(), foreign(&format!("a partition: {}", kind.name())));
    }
}

#[test]
fn swap_is_told_as_mkswap_makes_it_and_a_physical_volume_is_never_touched() {
    let root = System::new();
    let file = root.plug("sdb", "4C530001", 8 * MIB);
    run("mkswap", &["-L", "old", file.to_str().unwrap()]);
    assert_eq!(root.usage(), foreign("swap “old”"));

    let root = System::new();
    let file = root.plug("sdb", "4C530001", 8 * MIB);
    put(&file, 512, b"LABELONE");
    put(&file, 512 + 24, b"LVM2 001\x20\0\0\0\0\0\0\0");
    assert!(matches!(root.usage(), Usage::System { reason } if reason.contains("LVM")));
}

#[test]
fn data_that_nobody_knows_is_not_nothing() {
    for at in [0, 777_777, 8 * MIB - 1] {
        let root = System::new();
        let file = root.plug("sdb", "4C530001", 8 * MIB);
        put(&file, at, b"x");
        assert_eq!(root.usage(), foreign("data that nobody here knows"), "{at}");
    }
}

#[test]
fn a_table_with_no_partition_is_empty_and_a_damaged_one_is_not() {
    let root = System::new();
    let file = root.plug("sdb", "4C530001", 8 * MIB);
    put(&file, 510, b"\x55\xaa");
    assert_eq!(root.usage(), Usage::Empty);

    let made = divide(&root, "sdb", &Marker::new(), 8 * MIB);
    put(&file, 512, [0; 512]);
    let drive = root.only();
    assert_eq!(drive.partitions.len(), 1, "the table at the end still says it");
    put(&file, made.pieces[0].0, [7; 512]);
    fs::remove_dir_all(root.path("sys/block/sdb/sdb1")).unwrap();
    assert_eq!(root.usage(), foreign("a damaged partition table"));
}

#[test]
fn an_mbr_and_its_partitions_are_named_as_linux_names_them() {
    let root = System::new();
    let file = root.plug("sdb", "4C530001", 8 * MIB);
    put(&file, 440, 0xdead_beef_u32.to_le_bytes());
    put(&file, 446, b"\x80\0\0\0\x0c\0\0\0");
    put(&file, 454, 2048_u32.to_le_bytes());
    put(&file, 458, 4096_u32.to_le_bytes());
    put(&file, 510, b"\x55\xaa");

    let drive = root.only();

    assert_eq!(drive.table, PartitionTable::Mbr);
    assert_eq!(drive.partitions[0].uuid.as_deref(), Some("deadbeef-01"));
    let theirs = run("partx", &["-g", "-o", "UUID,START,SECTORS", file.to_str().unwrap()]);
    assert_eq!(theirs.split_whitespace().collect::<Vec<_>>(), ["deadbeef-01", "2048", "4096"]);
}

#[test]
fn the_table_that_we_make_is_one_for_others_too() {
    for size in [8 * MIB, 64 * MIB, 64 * MIB + 512, 100 * MIB + 4096] {
        let root = System::new();
        let (file, marker) = (root.plug("sdb", "4C530001", size), Marker::new());
        let made = divide(&root, "sdb", &marker, size);

        let file = file.to_str().unwrap();
        let theirs = run("partx", &["-g", "-b", "-o", "UUID,START,SIZE,NAME", file]);
        let start = (ALIGNMENT / 512).to_string();
        let length = made.size_bytes.to_string();
        let expected = [marker.partition.to_string(), start, length, "DOMFLEET".to_owned()];
        assert_eq!(theirs.split_whitespace().collect::<Vec<_>>(), expected);
        let table = run("blkid", &["-p", "-o", "value", "-s", "PTUUID", file]);
        assert_eq!(table.trim(), marker.disk.to_string());
        // With the first one gone, they read the second as we do.
        put(Path::new(file), 512, [0; 512]);
        let theirs = run("partx", &["-g", "-o", "UUID", file]);
        assert_eq!(theirs.trim(), marker.partition.to_string());
    }
}

#[test]
fn a_hostile_table_or_superblock_is_no_more_than_foreign() {
    let root = System::new();
    let (file, marker) = (root.plug("sdb", "4C530001", 64 * MIB), Marker::new());
    let made = divide(&root, "sdb", &marker, 64 * MIB);
    format(&file, &made, &marker, Some(&record_of(&marker)));
    let superblock = made.start_bytes + 1024;
    for (offset, value) in [(4_u64, u32::MAX), (24, 31), (32, 1), (0, u32::MAX), (88, 0xffff)] {
        let before = fs::read(&file).unwrap();
        put(&file, superblock + offset, value.to_le_bytes());
        drop(root.usb().drives());
        fs::write(&file, before).unwrap();
    }
    // A table that says it has four thousand million entries, with a right sum.
    let mut header = made.pieces[1].1[..92].to_vec();
    header[80..84].fill(0xff);
    header[16..20].fill(0);
    let mut crc = flate2::Crc::new();
    crc.update(&header);
    header[16..20].copy_from_slice(&crc.sum().to_le_bytes());
    put(&file, 512, header);
    assert_eq!(root.usage(), Usage::Ours { drive: marker.drive }, "by the table at the end");
}

#[test]
fn a_drive_that_cannot_be_read_is_there_and_foreign() {
    let root = System::new();
    let file = root.plug("sdb", "4C530001", 8 * MIB);
    fs::OpenOptions::new().write(true).open(file).unwrap().set_len(MIB).unwrap();

    assert!(matches!(root.usage(), Usage::Foreign { what } if what.contains("cannot be read")));
}

#[test]
fn what_preparing_left_is_unfinished_only_while_all_of_it_is_ours() {
    let (root, marker) = (System::new(), Marker::new());
    let file = root.plug("sdb", "4C530001", 64 * MIB);
    let begun = Usage::Unfinished { drive: marker.drive };
    put(&file, marker::AT, marker.encode(512));
    assert_eq!(root.usage(), begun, "marked");

    // File systems that nobody here knows, on the drive as a whole: what they write first is here.
    for at in [1024, 64 * 1024, marker::AT + 4096] {
        put(&file, at, [0x10, 0x20, 0xf5, 0xf2]);
        assert_eq!(root.usage(), foreign("data that nobody here knows"), "used by someone at {at}");
        put(&file, at, [0; 4]);
    }
    let pieces = Made::new(marker.disk, marker.partition, 512, 64 * MIB).unwrap().pieces;
    for (at, bytes) in &pieces[..2] {
        put(&file, *at, bytes);
        assert_eq!(root.usage(), begun, "half divided");
    }

    let made = divide(&root, "sdb", &marker, 64 * MIB);
    assert_eq!(root.usage(), begun, "divided");
    // A file system that nobody here knows, in the partition that preparing had made.
    put(&file, made.start_bytes + 1024, [0x10, 0x20, 0xf5, 0xf2]);
    assert_eq!(root.usage(), foreign("a partition: unknown"), "used by someone");
    put(&file, made.start_bytes + 1024, [0; 4]);
    format(&file, &made, &marker, None);
    assert_eq!(root.usage(), begun, "formatted");

    let stranger = Marker { file_system: Uuid::new_v4(), ..marker };
    format(&file, &made, &stranger, None);
    assert_eq!(root.usage(), foreign("a partition: ext4 “DOMFLEET”"), "formatted by another");
    format(&file, &made, &marker, Some(&record_of(&marker)));
    assert_eq!(root.usage(), Usage::Ours { drive: marker.drive }, "recorded");

    let other = Marker { disk: Uuid::new_v4(), drive: DriveId::new(), ..marker };
    put(&file, marker::AT, other.encode(512));
    put(&file, made.start_bytes, [0; 8192]);
    assert_eq!(root.usage(), foreign("a partition: unknown"), "divided by another");
}

#[test]
fn a_name_that_two_drives_have_is_a_question() {
    let root = System::new();
    root.plug("sdb", "0123456789ABCDEF", 8 * MIB);
    root.plug("sdc", "0123456789ABCDEF", 8 * MIB);

    let several = root.usb().named("0123456789ABCDEF").unwrap_err().to_string();

    assert!(several.contains("/dev/sdb, /dev/sdc"), "{several}");
    assert_eq!(root.usb().named("/dev/sdc").unwrap().path, "/dev/sdc");
    assert!(root.usb().named("/dev/sda").is_err());
}
