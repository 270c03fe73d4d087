//! What is where in a parity file, and which file it is.
//!
//! A chunk's file is taken as blocks of [`BLOCK`] bytes, and cut into [`DATA_SHARDS`] shards of `columns`
//! blocks each, one after another; the last of them may be short or empty, and what they lack counts as
//! zeros. The blocks at the same place in all shards are a column, and have [`PARITY_SHARDS`] blocks of
//! parity. So a stretch of bad sectors takes one block of each of many columns, and not many of one.
//!
//! The file, in whole blocks: the head ([`super::head`]); the first shard of parity; the second; the head
//! again.

use super::super::chunk::{self, ChunkId};
use super::super::frame::Record;
use super::super::hash::Hash;
use super::head;

/// What a drive loses at once, at least.
pub(super) const BLOCK: usize = 4096;
/// Ten of these to one of parity.
pub(super) const DATA_SHARDS: usize = 20;
/// So many blocks of a column may be lost.
pub(super) const PARITY_SHARDS: usize = 2;
/// All of them.
pub(super) const SHARDS: usize = DATA_SHARDS + PARITY_SHARDS;
/// Longer shards of parity are not made: both of them are in memory while they grow. The longest
/// chunks that any build has made have 821.
const MOST_COLUMNS: usize = 2_048;

/// A chunk as the index of its disk has it.
#[derive(Debug)]
pub(in crate::backup) struct KnownChunk {
    pub(in crate::backup) id: ChunkId,
    pub(in crate::backup) records: Vec<Record>,
}

impl KnownChunk {
    /// Where a frame of the chunk is in its file: where it begins, and how much room it takes.
    pub(in crate::backup) fn place(&self, frame: u64) -> Option<(u64, u64)> {
        let number = usize::try_from(frame.checked_sub(self.id.frames().start)?).ok()?;
        let before: u64 = self.records.get(..number)?.iter().map(Record::room).sum();
        Some((self.id.head_bytes() + before, self.records.get(number)?.room()))
    }

    pub(in crate::backup) fn file_bytes(&self) -> u64 {
        chunk::file_bytes(self.id.head_bytes(), &self.records)
    }

    pub(in crate::backup) fn head(&self) -> Vec<u8> {
        self.id.head(&self.records)
    }
}

/// Which parity file it is: that of one state of one chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::backup) struct ParityId {
    pub(in crate::backup) chunk: ChunkId,
    /// The length of the chunk's file.
    pub(in crate::backup) file_bytes: u64,
    /// The hash of the chunk's head, and by that of each of its frames.
    pub(in crate::backup) head: Hash,
}

impl ParityId {
    pub(in crate::backup) fn of(known: &KnownChunk) -> Self {
        let (file_bytes, head) = (known.file_bytes(), Hash::of(&known.head()));
        Self { chunk: known.id, file_bytes, head }
    }

    /// Nothing where the chunk is longer than those that parity is made of, or is in no whole blocks.
    pub(in crate::backup) fn layout(&self) -> Option<Layout> {
        let bytes = usize::try_from(self.file_bytes).ok()?;
        let blocks = bytes / BLOCK;
        let columns = blocks.div_ceil(DATA_SHARDS);
        let is_sound = bytes.is_multiple_of(BLOCK) && (1..=MOST_COLUMNS).contains(&columns);
        is_sound.then_some(Layout { blocks, columns })
    }
}

/// How a chunk's file is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::backup) struct Layout {
    /// Blocks of the chunk's file.
    pub(in crate::backup) blocks: usize,
    /// Blocks of a shard.
    pub(in crate::backup) columns: usize,
}

impl Layout {
    /// So many hashes are in the head: of each block of the chunk, and then of each of parity.
    pub(in crate::backup) fn hashes(self) -> usize {
        self.blocks + PARITY_SHARDS * self.columns
    }

    pub(in crate::backup) fn head_bytes(self) -> u64 {
        (head::sectors(self) * BLOCK) as u64
    }

    pub(in crate::backup) fn second_head(self) -> u64 {
        self.shard_at(PARITY_SHARDS)
    }

    /// The whole length of the parity file.
    pub(in crate::backup) fn file_bytes(self) -> u64 {
        self.second_head() + self.head_bytes()
    }

    /// Where a shard of parity begins in the file.
    pub(in crate::backup) fn shard_at(self, shard: usize) -> u64 {
        self.head_bytes() + (shard * self.columns * BLOCK) as u64
    }

    /// The blocks of the chunk that are in a shard of it.
    pub(in crate::backup) fn blocks_of(self, shard: usize) -> std::ops::Range<usize> {
        let first = (shard * self.columns).min(self.blocks);
        first..(first + self.columns).min(self.blocks)
    }
}
