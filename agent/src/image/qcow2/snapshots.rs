//! The table of the snapshots that an image holds.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;

use domfleet_shared::Timestamp;
use domfleet_shared::image::Snapshot;

use super::check::Look;
use super::header::{Extent, Header};

/// What comes before the parts of an entry whose lengths it gives.
const FIXED: u64 = 40;

/// Reads the table, takes its clusters, and gives the tables of level 1 of all snapshots.
pub(super) fn read(look: &mut Look<'_>) -> io::Result<Vec<Extent>> {
    let (start, file_bytes) = (look.header.snapshots_at, look.file_bytes);
    let mut tables = Vec::new();
    let (mut at, mut end) = (start, start);
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
        end = at + FIXED + extra + id + name;
        at = end.next_multiple_of(8);
    }
    if look.header.snapshots > 0 {
        // What fills up the last entry need not be there.
        look.take_table("the table of snapshots", start, end - start);
    }
    Ok(tables)
}

/// What each snapshot is called, and when it was made.
pub(in crate::image) fn list(file: &File, header: &Header) -> io::Result<Vec<Snapshot>> {
    let mut snapshots = Vec::new();
    let mut at = header.snapshots_at;
    for _ in 0..header.snapshots {
        let mut fixed = [0; 40];
        file.read_exact_at(&mut fixed, at)?;
        let number = |from: usize, to: usize| {
            fixed[from..to].iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte))
        };
        let (id, name, extra) = (number(12, 14), number(14, 16), number(36, 40));
        let part = |offset: u64, bytes: u64| {
            let mut part = vec![0; usize::try_from(bytes).map_err(io::Error::other)?];
            file.read_exact_at(&mut part, at.saturating_add(offset))?;
            io::Result::Ok(part)
        };
        // Where there is more room for it, the state's size is there.
        let vm_state_bytes = if extra >= 8 {
            part(FIXED, 8)?.iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
        } else {
            number(32, 36)
        };
        let text = |offset, bytes| {
            io::Result::Ok(String::from_utf8_lossy(&part(offset, bytes)?).into_owned())
        };
        let milliseconds = number(16, 20) * 1000 + number(20, 24) / 1_000_000;
        snapshots.push(Snapshot {
            id: text(FIXED + extra, id)?,
            name: text(FIXED + extra + id, name)?,
            at: Timestamp::from_millis(i64::try_from(milliseconds).unwrap_or(i64::MAX)),
            vm_state_bytes,
        });
        at = at.saturating_add((FIXED + extra + id + name).next_multiple_of(8));
    }
    Ok(snapshots)
}
