//! What is left of a chunk and of its parity, and what can be had of it again.

use reed_solomon_erasure::galois_8::ReedSolomon;

use super::super::buffer::Buffer;
use super::super::medium::{Medium, MediumFile};
use super::super::names::Folder;
use super::blocks;
use super::encode;
use super::head::{self, BlockHash, HeadError};
use super::layout::{BLOCK, DATA_SHARDS, KnownChunk, Layout, PARITY_SHARDS, ParityId, SHARDS};

/// Columns that are looked at together: all of their blocks are in memory, which is less than
/// 3 MiB.
pub(super) const GROUP: usize = 32;

/// A chunk and its parity, open.
pub(super) struct Columns<F> {
    /// Nothing where there is none, or it cannot be opened.
    chunk: Option<F>,
    parity: F,
    layout: Layout,
    hashes: Vec<Option<BlockHash>>,
    code: ReedSolomon,
}

/// Neighbouring blocks of the chunk, mended where that can be.
pub(super) struct Blocks {
    pub(super) content: Buffer,
    /// The first that is lost, counted in the chunk.
    pub(super) lost: Option<usize>,
}

impl<F: MediumFile> Columns<F> {
    /// Opens both. Says why it cannot be mended where there is no parity of this state of the chunk.
    pub(super) fn open<M: Medium<File = F>>(
        medium: &M,
        folder: &Folder,
        known: &KnownChunk,
    ) -> Result<Self, String> {
        let id = ParityId::of(known);
        let layout = id.layout().ok_or("it is too long for parity")?;
        let code = encode::code().map_err(|error| error.to_string())?;
        let parity = medium.open(&folder.parity(known.id.disk, known.id.number));
        let parity = parity.map_err(|error| format!("its parity cannot be read: {error}"))?;
        let parity = parity.ok_or("there is no parity of it")?;
        let head =
            head::read(&parity, &id, layout).map_err(|error: HeadError| error.to_string())?;
        let chunk = medium.open(&folder.chunk(known.id.disk, known.id.number)).ok().flatten();
        Ok(Self { chunk, parity, layout, hashes: head.hashes, code })
    }

    pub(super) fn layout(&self) -> Layout {
        self.layout
    }

    /// So many blocks of the chunk from `first` on, at most [`GROUP`] and all in one shard.
    pub(super) fn blocks(&self, first: usize, count: usize) -> Blocks {
        let (shard, column) = (first / self.layout.columns, first % self.layout.columns);
        let row = self.row(shard, column, count);
        if row.good.iter().all(|is_good| *is_good) {
            return Blocks { content: row.content, lost: None };
        }
        let mut rows: Vec<Row> = (0..SHARDS).map(|shard| self.row(shard, column, count)).collect();
        for at in 0..count {
            self.mend(&mut rows, column, at);
        }
        let row = rows.swap_remove(shard);
        let lost = row.good.iter().position(|is_good| !is_good).map(|at| first + at);
        Blocks { content: row.content, lost }
    }

    /// The blocks of a shard in so many columns, those of parity behind those of data.
    fn row(&self, shard: usize, column: usize, count: usize) -> Row {
        let mut content = Buffer::new(count * BLOCK);
        content.resize(count * BLOCK);
        content.as_mut().fill(0);
        let (file, at, there) = if let Some(parity) = shard.checked_sub(DATA_SHARDS) {
            let at = self.layout.shard_at(parity) + (column * BLOCK) as u64;
            (Some(&self.parity), at, count)
        } else {
            let blocks = self.layout.blocks_of(shard);
            let first = blocks.start + column;
            let there = blocks.end.saturating_sub(first).min(count);
            (self.chunk.as_ref(), (first * BLOCK) as u64, there)
        };
        let part = content.as_mut().get_mut(..there * BLOCK).unwrap_or_default();
        let read = file.map_or_else(|| vec![false; there], |file| blocks::read(file, at, part));
        // What a short shard lacks is zeros, and never lost.
        let mut good = vec![true; count];
        let each = content.as_ref().chunks(BLOCK).zip(read).zip(&mut good).enumerate();
        for (at, ((block, is_read), is_good)) in each {
            *is_good = is_read && self.is_as_written(shard, column + at, block);
        }
        Row { content, good }
    }

    /// Of a block whose hash is lost, that it could be read is all that is known.
    fn is_as_written(&self, shard: usize, column: usize, block: &[u8]) -> bool {
        let place = match shard.checked_sub(DATA_SHARDS) {
            Some(parity) => self.layout.blocks + parity * self.layout.columns + column,
            None => shard * self.layout.columns + column,
        };
        let hash = self.hashes.get(place).copied().flatten();
        hash.is_none_or(|hash| hash == head::hash_of(block))
    }

    /// Mends the column at that place of the rows, if enough of it is good.
    fn mend(&self, rows: &mut [Row], column: usize, at: usize) {
        let lost: Vec<usize> = rows
            .iter()
            .enumerate()
            .filter(|(_, row)| row.good.get(at) == Some(&false))
            .map(|(shard, _)| shard)
            .collect();
        if lost.is_empty() || lost.len() > PARITY_SHARDS {
            return;
        }
        let mut shards: Vec<(&mut [u8], bool)> = rows
            .iter_mut()
            .enumerate()
            .map(|(shard, row)| {
                let block = row.content.as_mut().get_mut(at * BLOCK..(at + 1) * BLOCK);
                (block.unwrap_or_default(), !lost.contains(&shard))
            })
            .collect();
        if self.code.reconstruct(&mut shards).is_err() {
            return;
        }
        for shard in lost {
            let Some(row) = rows.get_mut(shard) else { continue };
            let block = row.content.as_ref().get(at * BLOCK..(at + 1) * BLOCK).unwrap_or_default();
            let is_good = self.is_as_written(shard, column + at, block);
            row.good.get_mut(at).into_iter().for_each(|good| *good = is_good);
        }
    }
}

/// Neighbouring blocks of one shard.
struct Row {
    content: Buffer,
    /// Those that are as they were written, or were made so.
    good: Vec<bool>,
}
