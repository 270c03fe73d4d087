//! The head of a parity file: whose parity it is, and a hash of each block, by which damage is located.
//!
//! It is in sectors of [`BLOCK`] bytes, each of which proves itself, and it is there twice: what cannot be
//! read in one copy is taken from the other, sector by sector. Of blocks whose hash is lost in both it is
//! not known whether they are damaged; they are taken as they are, and what comes of it is checked
//! by the set's own hashes like everything else.
//!
//! What is said, little-endian: 16 bytes [`MAGIC`]; set and VM as 16 bytes each; disk u32; bytes of a block
//! u32; chunk u64; the length of the chunk's file u64; shards of data u32 and of parity u32; the BLAKE3 of
//! the chunk's head; and 16 bytes of the BLAKE3 of each block. A sector is 4064 bytes of that, and a BLAKE3 of
//! its number and these, keyed with the BLAKE3 of what is said of whose parity it is.

use super::super::medium::MediumFile;
use super::blocks;
use super::layout::{BLOCK, DATA_SHARDS, Layout, PARITY_SHARDS, ParityId};

const MAGIC: &[u8; 16] = b"domfleet parity1";
const IDENTITY_BYTES: usize = 112;
const HASH_BYTES: usize = 32;
const SAID_BYTES: usize = BLOCK - HASH_BYTES;

/// Enough to tell damage; what is given back is checked by whole hashes.
pub(in crate::backup) type BlockHash = [u8; 16];

pub(in crate::backup) fn hash_of(block: &[u8]) -> BlockHash {
    let mut hash = BlockHash::default();
    hash.copy_from_slice(&blake3::hash(block).as_bytes()[..16]);
    hash
}

/// Sectors of a head.
pub(super) fn sectors(layout: Layout) -> usize {
    (IDENTITY_BYTES + layout.hashes() * size_of::<BlockHash>()).div_ceil(SAID_BYTES)
}

fn identity(id: &ParityId) -> Vec<u8> {
    let mut said = Vec::with_capacity(IDENTITY_BYTES);
    said.extend(MAGIC);
    said.extend(id.chunk.set.0.as_bytes());
    said.extend(id.chunk.disk.vm.0.as_bytes());
    said.extend(id.chunk.disk.number.to_le_bytes());
    said.extend(number(BLOCK));
    said.extend(id.chunk.number.to_le_bytes());
    said.extend(id.file_bytes.to_le_bytes());
    said.extend(number(DATA_SHARDS));
    said.extend(number(PARITY_SHARDS));
    said.extend(id.head.0);
    said
}

fn number(number: usize) -> [u8; 4] {
    u32::try_from(number).unwrap_or(u32::MAX).to_le_bytes()
}

fn proof(key: &[u8; 32], sector: usize, said: &[u8]) -> blake3::Hash {
    let mut hasher = blake3::Hasher::new_keyed(key);
    hasher.update(&(sector as u64).to_le_bytes()).update(said);
    hasher.finalize()
}

/// The head of that file, with the hashes of its blocks.
pub(in crate::backup) fn encode(id: &ParityId, hashes: &[BlockHash]) -> Vec<u8> {
    let mut said = identity(id);
    let key = *blake3::hash(&said).as_bytes();
    said.extend(hashes.as_flattened());
    let mut head = Vec::new();
    for (number, part) in said.chunks(SAID_BYTES).enumerate() {
        let mut part = part.to_vec();
        part.resize(SAID_BYTES, 0);
        head.extend(&part);
        head.extend(proof(&key, number, &part).as_bytes());
    }
    head
}

/// What two copies of a head say together.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::backup) struct Head {
    /// Nothing where it is lost.
    pub(in crate::backup) hashes: Vec<Option<BlockHash>>,
    /// Sectors that are not as they were written, in either copy.
    pub(in crate::backup) damaged: usize,
}

/// Why there is no parity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(in crate::backup) enum HeadError {
    #[error("its parity is of something else, or of an earlier state of it")]
    Stale,
    #[error("the head of its parity is damaged in both copies")]
    Damaged,
}

/// Reads both copies of the head of that file.
pub(super) fn read(
    file: &impl MediumFile,
    id: &ParityId,
    layout: Layout,
) -> Result<Head, HeadError> {
    let bytes = sectors(layout) * BLOCK;
    let mut copies = [vec![0; bytes], vec![0; bytes]];
    for (copy, at) in copies.iter_mut().zip([0, layout.second_head()]) {
        // A sector that cannot be read is left as zeros, which prove nothing.
        let there = blocks::read(file, at, copy);
        for (sector, _) in copy.chunks_mut(BLOCK).zip(there).filter(|(_, is_there)| !is_there) {
            sector.fill(0);
        }
    }
    combine(id, layout, copies.each_ref().map(Vec::as_slice))
}

/// What two copies of a head of that file say.
pub(in crate::backup) fn combine(
    id: &ParityId,
    layout: Layout,
    copies: [&[u8]; 2],
) -> Result<Head, HeadError> {
    let wanted = identity(id);
    let key = *blake3::hash(&wanted).as_bytes();
    let (mut said, mut lost, mut damaged) = (Vec::new(), Vec::new(), 0);
    for number in 0..sectors(layout) {
        let whole = copies.map(|copy| {
            let sector = copy.get(number * BLOCK..(number + 1) * BLOCK)?;
            let (part, hash) = sector.split_at(SAID_BYTES);
            (proof(&key, number, part).as_bytes() == hash).then_some(part)
        });
        damaged += whole.iter().filter(|part| part.is_none()).count();
        lost.push(whole.iter().all(Option::is_none));
        said.extend_from_slice(whole.into_iter().flatten().next().unwrap_or(&[0; SAID_BYTES]));
    }
    if lost.iter().all(|is_lost| *is_lost) {
        let is_stale = copies.iter().any(|copy| is_of_another(copy, &wanted));
        return Err(if is_stale { HeadError::Stale } else { HeadError::Damaged });
    }
    let each = said.get(IDENTITY_BYTES..).unwrap_or_default().as_chunks::<16>().0;
    let is_lost = |number: usize| {
        let sector = (IDENTITY_BYTES + number * size_of::<BlockHash>()) / SAID_BYTES;
        lost.get(sector).copied().unwrap_or(true)
    };
    let hashes = each.iter().take(layout.hashes()).enumerate();
    let hashes = hashes.map(|(number, hash)| (!is_lost(number)).then_some(*hash)).collect();
    Ok(Head { hashes, damaged })
}

/// Whether a head begins with a whole sector that names another chunk, or another state of it.
fn is_of_another(head: &[u8], wanted: &[u8]) -> bool {
    let Some((said, hash)) = head.get(..BLOCK).and_then(|first| first.split_at_checked(SAID_BYTES))
    else {
        return false;
    };
    let identity = said.get(..IDENTITY_BYTES).unwrap_or_default();
    let key = *blake3::hash(identity).as_bytes();
    identity.starts_with(MAGIC) && identity != wanted && proof(&key, 0, said).as_bytes() == hash
}
