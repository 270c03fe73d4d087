use domfleet_shared::id::PermitId;
use domfleet_shared::migration::reset_block::{LENGTH, Marker, Nonce, OFFSET, ResetBlock, Stage};

use super::*;
use crate::migration::block::{WriteError, read, write};
use crate::migration::partition_table::hash;

#[test]
fn a_nonce_is_replaced_by_a_marker_and_a_marker_by_nothing() {
    let mut disk = partitioned(2048);
    let marker = Marker { permit: PermitId(uuid::Uuid::from_u128(5)), stage: Stage::Begun };
    for block in [ResetBlock::Nonce(Nonce([3; 32])), ResetBlock::Marker(marker), ResetBlock::Empty]
    {
        write(&mut disk, block).unwrap();
        assert_eq!(read(&disk).unwrap(), block);
    }
}

#[test]
fn nothing_else_of_the_disk_is_written_to() {
    let mut disk = partitioned(2048);
    let before = disk.bytes.clone();
    write(&mut disk, ResetBlock::Nonce(Nonce([3; 32]))).unwrap();

    let offset = usize::try_from(OFFSET).unwrap();
    let changed: Vec<usize> =
        (0..before.len()).filter(|at| before[*at] != disk.bytes[*at]).collect();
    assert!(!changed.is_empty());
    assert!(changed.iter().all(|at| (offset..offset + LENGTH).contains(at)));
}

#[test]
fn a_boot_loader_in_that_place_stays() {
    let mut disk = partitioned(2048);
    let offset = usize::try_from(OFFSET).unwrap();
    disk.bytes[offset..offset + 4].copy_from_slice(b"core");
    let before = disk.bytes.clone();

    let error = write(&mut disk, ResetBlock::Nonce(Nonce([3; 32]))).unwrap_err();
    assert!(matches!(error, WriteError::Foreign), "{error}");
    assert_eq!(disk.bytes, before);
}

#[test]
fn a_partition_in_that_place_stays() {
    let mut disk = partitioned(63);
    let before = disk.bytes.clone();

    let error = write(&mut disk, ResetBlock::Nonce(Nonce([3; 32]))).unwrap_err();
    assert!(matches!(error, WriteError::Partition(32_256)), "{error}");
    assert_eq!(disk.bytes, before);
}

#[test]
fn a_disk_that_forgets_is_told_of() {
    let mut disk = partitioned(2048);
    disk.keeps = false;
    let error = write(&mut disk, ResetBlock::Nonce(Nonce([3; 32]))).unwrap_err();
    assert!(matches!(error, WriteError::NotKept), "{error}");
}

#[test]
fn the_layout_is_told_by_the_partitions_and_not_by_the_boot_code() {
    let disk = partitioned(2048);
    let first = hash(&disk).unwrap();

    let mut updated = partitioned(2048);
    updated.bytes[..440].fill(0x90);
    updated.bytes[4096] = 1;
    assert_eq!(hash(&updated).unwrap(), first);
    assert_ne!(hash(&partitioned(4096)).unwrap(), first);

    let mut relabelled = partitioned(2048);
    relabelled.bytes[440] = 1;
    assert_ne!(hash(&relabelled).unwrap(), first);
}

#[test]
fn the_layout_of_a_gpt_is_told_by_its_entries() {
    let gpt = |byte: u8| {
        let mut disk = partitioned(1);
        disk.bytes[450] = 0xee;
        disk.bytes[1024] = byte;
        disk
    };
    assert_ne!(hash(&gpt(1)).unwrap(), hash(&gpt(2)).unwrap());
    // The table ends before the place of the reset block.
    let mut disk = gpt(1);
    write(&mut disk, ResetBlock::Nonce(Nonce([3; 32]))).unwrap();
    assert_eq!(hash(&disk).unwrap(), hash(&gpt(1)).unwrap());
}
