//! The image's own count of how often each cluster is used.

use std::io;

use super::check::Look;

/// Bits 9 and up of an entry of the table.
const OFFSET: u64 = !0x1ff;

/// Reads what the image has counted, and takes the clusters that hold it.
pub(super) fn read(look: &mut Look<'_>) -> io::Result<()> {
    let header = look.header;
    let table = header.refcount_table;
    if !look.take_table("the table of reference counts", table.offset, table.bytes) {
        return Ok(());
    }
    let cluster = header.cluster();
    let per_block = usize::try_from((cluster * 8) >> header.refcount_order).unwrap_or(usize::MAX);
    for (index, entry) in look.numbers(table.offset, table.bytes)?.into_iter().enumerate() {
        let offset = entry & OFFSET;
        if offset == 0 {
            continue;
        }
        if !look.take_table("a block of reference counts", offset, cluster) {
            continue;
        }
        let first = index.saturating_mul(per_block);
        if first >= look.clusters.count() {
            // It counts clusters that the file does not have. That takes up room, and no more.
            continue;
        }
        let block = look.bytes(offset, cluster)?;
        for within in 0..per_block {
            let count = count(&block, within, header.refcount_order);
            if !look.clusters.store(first + within, count) {
                break;
            }
        }
    }
    Ok(())
}

/// Number `index` of `block`, where each has two to the power of `order` bits.
fn count(block: &[u8], index: usize, order: u32) -> u64 {
    if order < 3 {
        // Several in a byte, the first in its lowest bits.
        let bits = 1 << order;
        let per_byte = 8 / bits;
        let byte = block.get(index / per_byte).copied().unwrap_or(0);
        return u64::from(byte >> (index % per_byte * bits)) & ((1 << bits) - 1);
    }
    let bytes = 1 << (order - 3);
    let part = block.get(index * bytes..(index + 1) * bytes).unwrap_or_default();
    part.iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_have_from_one_bit_to_sixty_four() {
        let block = [0b1110_0100, 1, 0, 0, 0, 0, 0, 2];

        let bits: Vec<_> = (0..8).map(|index| count(&block, index, 0)).collect();
        assert_eq!(bits, [0, 0, 1, 0, 0, 1, 1, 1]);
        let pairs: Vec<_> = (0..4).map(|index| count(&block, index, 1)).collect();
        assert_eq!(pairs, [0, 1, 2, 3]);
        assert_eq!(count(&block, 1, 2), 0b1110);
        assert_eq!(count(&block, 1, 3), 1);
        assert_eq!(count(&block, 3, 4), 2);
        assert_eq!(count(&block, 1, 5), 2);
        assert_eq!(count(&block, 0, 6), u64::from_be_bytes(block));
        assert_eq!(count(&block, 9, 6), 0);
    }
}
