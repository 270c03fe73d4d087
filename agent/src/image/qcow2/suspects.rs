//! Which parts of a damaged disk may not be what the guest wrote.

use std::io;

use domfleet_shared::image::Area;

use super::check::Look;
use super::entries::{L1, L2};

/// So many are told; what comes after them is one.
const MOST: usize = 1000;

/// Goes through the tables of the disk as it is now once more, after everything was accounted for:
/// of two places that lead to one, both are suspect.
pub(super) fn find(look: &Look<'_>) -> Vec<Area> {
    let mut suspects = Suspects { areas: Vec::new(), end: look.header.virtual_bytes };
    if through(look, &mut suspects).is_err() {
        return vec![Area { offset: 0, bytes: suspects.end }];
    }
    suspects.areas
}

fn through(look: &Look<'_>, suspects: &mut Suspects) -> io::Result<()> {
    let header = look.header;
    let cluster = header.cluster();
    let covered = (cluster / header.l2_entry_bytes()).saturating_mul(cluster);
    if !look.is_good(header.l1.offset, header.l1.bytes, true) {
        suspects.add(0, header.virtual_bytes);
        return Ok(());
    }
    let width = if header.has_extended_l2() { 2 } else { 1 };
    for (index, entry) in look.numbers(header.l1.offset, header.l1.bytes)?.into_iter().enumerate() {
        let guest = (index as u64).saturating_mul(covered);
        let table = match L1::decode(entry) {
            L1::Nothing => continue,
            L1::Table { offset, .. } if look.is_good(offset, cluster, true) => offset,
            L1::Table { .. } | L1::Nonsense => {
                suspects.add(guest, covered);
                continue;
            }
        };
        let entries = look.numbers(table, cluster)?;
        for (index, entry) in entries.chunks_exact(width).enumerate() {
            let at = guest.saturating_add((index as u64).saturating_mul(cluster));
            let decoded = L2::decode(entry[0], entry.get(1).copied(), header.layout());
            let is_good = match decoded {
                L2::Nothing | L2::Zero => true,
                L2::Nonsense => false,
                L2::Cluster { offset, .. } => look.is_good_data(offset),
                L2::Compressed { offset, bytes } => {
                    look.is_good(offset, bytes, false) && !look.broken.contains(&offset)
                }
            };
            if !is_good {
                suspects.add(at, cluster);
            }
        }
    }
    Ok(())
}

struct Suspects {
    areas: Vec<Area>,
    /// Of the disk.
    end: u64,
}

impl Suspects {
    /// They come in order.
    fn add(&mut self, offset: u64, bytes: u64) {
        let end = offset.saturating_add(bytes).min(self.end);
        if end <= offset {
            return;
        }
        let is_full = self.areas.len() == MOST;
        match self.areas.last_mut() {
            Some(last) if last.offset + last.bytes == offset || is_full => {
                last.bytes = end - last.offset;
            }
            _ => self.areas.push(Area { offset, bytes: end - offset }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_are_one_area_and_too_many_are_one_to_the_end() {
        let mut suspects = Suspects { areas: Vec::new(), end: 10_000_000 };
        suspects.add(0, 512);
        suspects.add(512, 512);
        for n in 1..=MOST as u64 + 5 {
            suspects.add(n * 2048, 512);
        }
        suspects.add(9_999_999, 512);
        suspects.add(20_000_000, 512);

        assert_eq!(suspects.areas[0], Area { offset: 0, bytes: 1024 });
        assert_eq!(suspects.areas.len(), MOST);
        let last = suspects.areas[MOST - 1];
        assert_eq!(last.offset + last.bytes, 10_000_000);
    }
}
