//! Blocks of a file on a drive that has lost some of them.

use super::super::medium::MediumFile;
use super::layout::BLOCK;

/// Reads whole blocks into `buffer`, from `at` on, and says which of them are there. One sector that
/// cannot be read costs its block alone.
pub(super) fn read(file: &impl MediumFile, at: u64, buffer: &mut [u8]) -> Vec<bool> {
    if let Ok(read) = file.read_at(buffer, at) {
        return (1..=buffer.len() / BLOCK).map(|number| number * BLOCK <= read).collect();
    }
    let blocks = buffer.chunks_exact_mut(BLOCK).enumerate();
    let each = blocks.map(|(number, block)| {
        file.read_at(block, at + (number * BLOCK) as u64).is_ok_and(|read| read == BLOCK)
    });
    each.collect()
}
