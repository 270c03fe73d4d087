//! GUID partition tables (UEFI 2.10, chapter 5): read one, and make one with one partition.
//!
//! Not by a library: docs/decisions/0011-usb-drives.md.

use std::io;

use uuid::Uuid;

use super::window::Window;

const SIGNATURE: &[u8; 8] = b"EFI PART";
const HEADER_BYTES: usize = 92;
/// What every table of this world has; the standard asks for at least 16 KiB of them.
const ENTRIES: u32 = 128;
const ENTRY_BYTES: u32 = 128;
/// Nobody has more, but a stranger's stick may say so.
const MOST_TABLE_BYTES: u64 = 1024 * 1024;
/// "Linux filesystem data". Windows leaves alone what it does not know.
const LINUX: Uuid = Uuid::from_u128(0x0fc6_3daf_8483_4772_8e79_3d69_d847_7de4);
/// Where the partition begins, and what is kept free at the end: flash is erased in blocks of
/// megabytes, and a partition that is not aligned to them costs two erasures for one.
pub(super) const ALIGNMENT: u64 = 1024 * 1024;

/// A table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Gpt {
    pub(super) disk: Uuid,
    pub(super) partitions: Vec<Partition>,
}

/// Of a table, by sectors. `last` is part of it, and not before `first`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Partition {
    pub(super) number: u32,
    pub(super) uuid: Uuid,
    pub(super) first: u64,
    pub(super) last: u64,
}

/// The table of `drive`: the one at its start, or, where that is damaged, the one at its end.
pub(super) fn read(drive: &Window, sector: u64) -> io::Result<Option<Gpt>> {
    let last = (drive.length() / sector).saturating_sub(1);
    for at in [1, last] {
        if let Some(gpt) = read_at(drive, sector, at)? {
            return Ok(Some(gpt));
        }
    }
    Ok(None)
}

fn read_at(drive: &Window, sector: u64, at: u64) -> io::Result<Option<Gpt>> {
    let Some(offset) = at.checked_mul(sector) else { return Ok(None) };
    let header = drive.read(offset, HEADER_BYTES)?;
    let field = |at: usize| Some(u32::from_le_bytes(header.get(at..at + 4)?.try_into().ok()?));
    let is_whole = || {
        let mut unsummed = header.clone();
        unsummed.get_mut(16..20)?.fill(0);
        let is_ours = header.starts_with(SIGNATURE) && u64_at(&header, 24)? == at;
        let length = usize::try_from(field(12)?).ok()?;
        Some(is_ours && length == HEADER_BYTES && crc(&unsummed) == field(16)?)
    };
    if is_whole() != Some(true) {
        return Ok(None);
    }
    let (Some(start), Some(count), Some(each), Some(sum), Some(disk)) =
        (u64_at(&header, 72), field(80), field(84), field(88), guid_at(&header, 56))
    else {
        return Ok(None);
    };
    let bytes = u64::from(count) * u64::from(each);
    let start = start.checked_mul(sector);
    let (Some(start), true) = (start, each >= ENTRY_BYTES && bytes <= MOST_TABLE_BYTES) else {
        return Ok(None);
    };
    let table = drive.read(start, usize::try_from(bytes).unwrap_or_default())?;
    if crc(&table) != sum {
        return Ok(None);
    }
    let entries = table.chunks_exact(usize::try_from(each).unwrap_or(usize::MAX));
    let partitions = (1..).zip(entries).filter_map(|(number, entry)| {
        let is_used = entry.get(..16)?.iter().any(|byte| *byte != 0);
        let (first, last) = (u64_at(entry, 32)?, u64_at(entry, 40)?);
        let uuid = guid_at(entry, 16)?;
        (is_used && first <= last && last < u64::MAX).then_some(Partition {
            number,
            uuid,
            first,
            last,
        })
    });
    Ok(Some(Gpt { disk, partitions: partitions.collect() }))
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(bytes.get(at..at + 8)?.try_into().ok()?))
}

fn guid_at(bytes: &[u8], at: usize) -> Option<Uuid> {
    Some(Uuid::from_bytes_le(bytes.get(at..at + 16)?.try_into().ok()?))
}

fn crc(bytes: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    crc.sum()
}

/// A table with one partition that takes the whole drive, in the pieces in which it is written.
#[derive(Clone, Debug)]
pub(super) struct Made {
    pub(super) start_bytes: u64,
    pub(super) size_bytes: u64,
    /// In the order in which they are written. The last, one sector, makes it a table: until then
    /// the kernel sees none.
    pub(super) pieces: [(u64, Vec<u8>); 3],
}

impl Made {
    /// For a drive of `size` bytes in sectors of `sector`; nothing where it is too small.
    pub(super) fn new(disk: Uuid, partition: Uuid, sector: u64, size: u64) -> Option<Self> {
        let sectors = size / sector;
        let table_sectors = u64::from(ENTRIES * ENTRY_BYTES).div_ceil(sector);
        let first = ALIGNMENT / sector;
        let end = (size.checked_sub(ALIGNMENT)? & !(ALIGNMENT - 1)) / sector;
        if end <= first || sector < 512 || !sector.is_power_of_two() || sector > 4096 {
            return None;
        }
        let entry = Partition { number: 1, uuid: partition, first, last: end - 1 };
        let table = entries(&entry);
        let backup_table = sectors - 1 - table_sectors;
        let usable = (2 + table_sectors, backup_table - 1);
        let header = |own: u64, other: u64, table_at: u64| {
            let mut header = header(disk, own, other, usable, table_at, crc(&table));
            header.resize(usize::try_from(sector).unwrap_or(512), 0);
            header
        };
        let (mut primary, mut backup) = (header(1, sectors - 1, 2), table.clone());
        primary.extend(&table);
        backup.extend(header(sectors - 1, 1, backup_table));
        let pieces =
            [(backup_table * sector, backup), (sector, primary), (0, protective(sectors, sector))];
        let (start_bytes, size_bytes) = (first * sector, (end - first) * sector);
        Some(Self { start_bytes, size_bytes, pieces })
    }
}

fn entries(partition: &Partition) -> Vec<u8> {
    let mut entries = Vec::with_capacity(16 * 1024);
    entries.extend(LINUX.to_bytes_le());
    entries.extend(partition.uuid.to_bytes_le());
    entries.extend(partition.first.to_le_bytes());
    entries.extend(partition.last.to_le_bytes());
    entries.extend(0_u64.to_le_bytes());
    entries.extend("DOMFLEET".encode_utf16().flat_map(u16::to_le_bytes));
    entries.resize(16 * 1024, 0);
    entries
}

fn header(
    disk: Uuid,
    own: u64,
    other: u64,
    usable: (u64, u64),
    table_at: u64,
    table_crc: u32,
) -> Vec<u8> {
    let mut header = Vec::with_capacity(4096);
    header.extend(SIGNATURE);
    header.extend(0x0001_0000_u32.to_le_bytes());
    header.extend(92_u32.to_le_bytes());
    header.extend([0; 8]); // its own sum, and what is reserved
    for place in [own, other, usable.0, usable.1] {
        header.extend(place.to_le_bytes());
    }
    header.extend(disk.to_bytes_le());
    header.extend(table_at.to_le_bytes());
    for number in [ENTRIES, ENTRY_BYTES, table_crc] {
        header.extend(number.to_le_bytes());
    }
    let sum = crc(&header);
    header.splice(16..20, sum.to_le_bytes());
    header
}

/// The MBR that tells those who know no GUID partition table that the drive is taken.
fn protective(sectors: u64, sector: u64) -> Vec<u8> {
    let mut first = vec![0; 446];
    first.extend([0, 0, 2, 0, 0xee, 0xff, 0xff, 0xff]);
    first.extend(1_u32.to_le_bytes());
    first.extend(u32::try_from(sectors - 1).unwrap_or(u32::MAX).to_le_bytes());
    first.resize(510, 0);
    first.extend([0x55, 0xaa]);
    first.resize(usize::try_from(sector).unwrap_or(512), 0);
    first
}
