//! The table of the snapshots that an image holds.

use std::io;

use super::check::Look;
use super::header::Extent;

/// What comes before the parts of an entry whose lengths it gives.
const FIXED: u64 = 40;

/// Reads the table, takes its clusters, and gives the tables of level 1 of all snapshots.
pub(super) fn read(look: &mut Look<'_>) -> io::Result<Vec<Extent>> {
    let (start, file_bytes) = (look.header.snapshots_at, look.file_bytes);
    let mut tables = Vec::new();
    let mut at = start;
    for _ in 0..look.header.snapshots {
        if at.saturating_add(FIXED) > file_bytes {
            look.damaged(format_args!("the table of snapshots lies beyond the end of the file"));
            return Ok(tables);
        }
        let fixed = look.bytes(at, FIXED)?;
        let number = |from: usize, to: usize| {
            fixed[from..to].iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
        };
        let table = Extent { offset: number(0, 8), bytes: number(8, 12) * 8 };
        if table.offset == 0 || table.bytes == 0 {
            look.damaged(format_args!("a snapshot has no table of level 1"));
        } else {
            tables.push(table);
        }
        let (id, name, extra) = (number(12, 14), number(14, 16), number(36, 40));
        at += (FIXED + extra + id + name).next_multiple_of(8);
    }
    if look.header.snapshots > 0 {
        look.take_table("the table of snapshots", start, at - start);
    }
    Ok(tables)
}
