//! A chunk file: a head that says which frames it holds and how they hash, and then the frames.
//!
//! The head repeats what the index says, so that an interrupted backup can go on from what is there,
//! and so that a set whose index is lost is not. Everything begins at a multiple of
//! [`super::medium::ALIGNMENT`].
//!
//! Head, little-endian: 16 bytes [`MAGIC`]; set and VM as 16 bytes each; disk u32; frame bytes u32;
//! first frame u64; frames u32; zeros u32; virtual bytes u64; a [`Record`] for each frame; zeros; and in its last 32
//! bytes the BLAKE3 of all before them.

use super::frame::{RECORD_BYTES, Record};
use super::geometry::Geometry;
use super::names::DiskId;
use domfleet_shared::id::SetId;

const MAGIC: &[u8; 16] = b"domfleet chunk 1";
/// The head's bytes before its records.
pub(super) const FIXED_BYTES: usize = 80;
const HASH_BYTES: usize = 32;

/// Which chunk it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ChunkId {
    pub(super) set: SetId,
    pub(super) disk: DiskId,
    pub(super) number: u64,
    pub(super) virtual_bytes: u64,
    pub(super) geometry: Geometry,
}

impl ChunkId {
    pub(super) fn frames(&self) -> std::ops::Range<u64> {
        self.geometry.frames_of(self.number, self.virtual_bytes)
    }

    pub(super) fn frame_count(&self) -> usize {
        let frames = self.frames();
        usize::try_from(frames.end.saturating_sub(frames.start)).unwrap_or(0)
    }

    /// Where the frames begin.
    pub(super) fn head_bytes(&self) -> u64 {
        Geometry::head_bytes(self.frame_count())
    }

    /// The head of this chunk with these frames.
    pub(super) fn head(&self, records: &[Record]) -> Vec<u8> {
        let mut head = Vec::new();
        head.extend(MAGIC);
        head.extend(self.set.0.as_bytes());
        head.extend(self.disk.vm.0.as_bytes());
        head.extend(self.disk.number.to_le_bytes());
        head.extend(self.geometry.frame_bytes.to_le_bytes());
        head.extend(self.frames().start.to_le_bytes());
        head.extend(u32::try_from(records.len()).unwrap_or(u32::MAX).to_le_bytes());
        head.extend([0; 4]);
        head.extend(self.virtual_bytes.to_le_bytes());
        for record in records {
            head.extend(record.encode());
        }
        let length = usize::try_from(self.head_bytes()).unwrap_or(0);
        head.resize(length.saturating_sub(HASH_BYTES), 0);
        let hash = blake3::hash(&head);
        head.extend(hash.as_bytes());
        head
    }

    /// The frames that a head of this chunk speaks of; nothing where it is no head of this chunk.
    pub(super) fn read_head(&self, head: &[u8]) -> Option<Vec<Record>> {
        let (said, hash) = head.split_at_checked(head.len().checked_sub(HASH_BYTES)?)?;
        if blake3::hash(said).as_bytes() != hash {
            return None;
        }
        let records = self.records(said.get(FIXED_BYTES..)?)?;
        // Whatever else it says must be what we would say.
        (self.head(&records) == head).then_some(records)
    }

    /// The records that `bytes` begins with, one for each frame of this chunk.
    pub(super) fn records(&self, bytes: &[u8]) -> Option<Vec<Record>> {
        let (each, _) = bytes.as_chunks::<RECORD_BYTES>();
        let each = each.get(..self.frame_count())?;
        let frames = self.frames().zip(each);
        frames
            .map(|(frame, bytes)| {
                let (_, length) = self.geometry.place(frame, self.virtual_bytes);
                Record::decode(bytes, u32::try_from(length).ok()?).ok()
            })
            .collect()
    }
}

/// The whole length of a chunk's file with these frames.
pub(super) fn file_bytes(head_bytes: u64, records: &[Record]) -> u64 {
    head_bytes + records.iter().map(Record::room).sum::<u64>()
}
