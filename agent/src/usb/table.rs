//! How a drive is divided: the table in its first sectors, GUID partition table or MBR.

use std::io;

use domfleet_shared::usb::PartitionTable;
use uuid::Uuid;

use super::gpt::{self, Gpt};
use super::window::Window;

/// A table, as it is on the drive. The kernel may not have read it, or another one before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Table {
    pub(super) kind: PartitionTable,
    /// The GUID of the whole, in a GUID partition table.
    pub(super) disk: Option<Uuid>,
    pub(super) entries: Vec<Entry>,
}

/// A partition in a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) number: u32,
    pub(super) start_bytes: u64,
    pub(super) size_bytes: u64,
    pub(super) uuid: String,
}

impl Table {
    pub(super) fn none() -> Self {
        Self { kind: PartitionTable::None, disk: None, entries: Vec::new() }
    }
}

/// The table of `drive`, whose sectors are `sector` bytes long.
pub(super) fn read(drive: &Window, sector: u64) -> io::Result<Table> {
    let first = drive.read(0, 512)?;
    let (Some(b"\x55\xaa"), Some(records)) = (first.get(510..512), first.get(446..510)) else {
        return Ok(Table::none());
    };
    let records: Vec<_> = records.chunks_exact(16).map(Record::of).collect();
    if records.iter().any(|record| record.kind == PROTECTIVE) {
        return Ok(match gpt::read(drive, sector)? {
            Some(Gpt { disk, partitions }) => {
                let entries = partitions.into_iter().map(|partition| Entry {
                    number: partition.number,
                    start_bytes: partition.first.saturating_mul(sector),
                    size_bytes: (partition.last - partition.first + 1).saturating_mul(sector),
                    uuid: partition.uuid.to_string(),
                });
                Table { kind: PartitionTable::Gpt, disk: Some(disk), entries: entries.collect() }
            }
            // It is protected, and what is protected is not there: whose it was is not known.
            None => Table { kind: PartitionTable::Gpt, ..Table::none() },
        });
    }
    // FAT and NTFS begin with a sector that ends alike, and has code where the records would be.
    if is_boot_sector_of_a_file_system(&first) || !records.iter().all(Record::is_plausible) {
        return Ok(Table::none());
    }
    let signature = first.get(440..444).and_then(|bytes| bytes.try_into().ok());
    let signature = u32::from_le_bytes(signature.unwrap_or_default());
    let numbered = (1..).zip(records).filter(|(_, record)| record.kind != 0);
    let entries = numbered.map(|(number, record)| Entry {
        number,
        start_bytes: u64::from(record.start) * sector,
        size_bytes: u64::from(record.length) * sector,
        uuid: mbr_uuid(signature, number),
    });
    Ok(Table { kind: PartitionTable::Mbr, disk: None, entries: entries.collect() })
}

/// As Linux calls it.
pub(super) fn mbr_uuid(signature: u32, number: u32) -> String {
    format!("{signature:08x}-{number:02x}")
}

fn is_boot_sector_of_a_file_system(first: &[u8]) -> bool {
    let has = |at: usize, magic: &[u8]| first.get(at..).is_some_and(|rest| rest.starts_with(magic));
    has(3, b"NTFS    ") || has(3, b"EXFAT   ") || has(82, b"FAT32") || has(54, b"FAT")
}

/// The type of the record that keeps others away from a GUID partition table.
const PROTECTIVE: u8 = 0xee;

/// One of the four of an MBR.
struct Record {
    status: u8,
    kind: u8,
    start: u32,
    length: u32,
}

impl Record {
    fn of(bytes: &[u8]) -> Self {
        let u32 = |at: usize| {
            let bytes = bytes.get(at..at + 4).and_then(|bytes| bytes.try_into().ok());
            u32::from_le_bytes(bytes.unwrap_or_default())
        };
        let byte = |at: usize| bytes.get(at).copied().unwrap_or_default();
        Self { status: byte(0), kind: byte(4), start: u32(8), length: u32(12) }
    }

    fn is_plausible(&self) -> bool {
        matches!(self.status, 0 | 0x80) && (self.kind == 0 || self.length > 0)
    }
}
