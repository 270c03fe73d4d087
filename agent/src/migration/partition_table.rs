//! What tells one layout of a disk from another: its partition table.
//!
//! MBR: bytes 440 to 512 of the disk, which are its signature, its four entries and the end mark. Where one of
//! the entries says that there is a GPT (type 0xEE, UEFI 2.10, 5.2.3), everything up to byte 17408 as well:
//! header and entries in sectors of 512 bytes. The boot code before is not part of it: an update of the boot
//! loader makes no other layout.

use std::io;

use domfleet_shared::hash::Hash;

use super::block::Disk;

const SECTOR: usize = 512;
const BEGIN: usize = 440;
const ENTRIES: usize = 446;
const ENTRY: usize = 16;
const PROTECTIVE: u8 = 0xee;
const GPT_END: usize = 34 * SECTOR;
/// What is read: a multiple of 4096.
const READ: usize = 20 * 1024;

/// The BLAKE3 of the partition table.
pub fn hash(disk: &impl Disk) -> io::Result<Hash> {
    let table = read(disk)?;
    let end = if has_gpt(&table) { GPT_END } else { SECTOR };
    Ok(Hash::of(table.get(BEGIN..end).unwrap_or_default()))
}

/// The signature of the disk in its MBR, by which a boot loader finds it.
pub fn disk_id(disk: &impl Disk) -> io::Result<u32> {
    let table = read(disk)?;
    let id = table.get(BEGIN..BEGIN + 4).and_then(|bytes| bytes.try_into().ok());
    Ok(id.map_or(0, u32::from_le_bytes))
}

/// Where the first partition of an MBR begins; nothing where there is none, or a GPT, which has room for itself
/// before its first partition.
pub fn first_byte(disk: &impl Disk) -> io::Result<Option<u64>> {
    let table = read(disk)?;
    if has_gpt(&table) || table.get(510..SECTOR) != Some(&[0x55, 0xaa]) {
        return Ok(None);
    }
    let begins = entries(&table).filter(|entry| entry.get(4) != Some(&0)).filter_map(|entry| {
        let sector: [u8; 4] = entry.get(8..12)?.try_into().ok()?;
        Some(u64::from(u32::from_le_bytes(sector)) * SECTOR as u64)
    });
    Ok(begins.min())
}

fn read(disk: &impl Disk) -> io::Result<Vec<u8>> {
    let mut table = vec![0; READ];
    disk.read(&mut table, 0)?;
    Ok(table)
}

fn entries(table: &[u8]) -> impl Iterator<Item = &[u8]> {
    table.get(ENTRIES..ENTRIES + 4 * ENTRY).unwrap_or_default().chunks(ENTRY)
}

fn has_gpt(table: &[u8]) -> bool {
    entries(table).any(|entry| entry.get(4) == Some(&PROTECTIVE))
}
