//! The parity of a chunk, made while its file is read once from front to back.

use reed_solomon_erasure::galois_8::ReedSolomon;

use super::super::buffer::Buffer;
use super::super::durable::{self, UNFINISHED};
use super::super::error::BackupError;
use super::super::medium::{Medium, MediumFile as _};
use super::super::names::Folder;
use super::super::tools::Tools;
use super::checker::Checker;
use super::head::{self, BlockHash};
use super::layout::{BLOCK, DATA_SHARDS, KnownChunk, Layout, PARITY_SHARDS, ParityId};

/// So many blocks of the chunk are in memory at once.
const READ: usize = 64;

/// Why a chunk has got no parity.
pub(super) enum EncodeError {
    /// It is not what the set says.
    Chunk(String),
    Other(BackupError),
}

impl From<BackupError> for EncodeError {
    fn from(error: BackupError) -> Self {
        Self::Other(error)
    }
}

/// The code that all of it is made with.
pub(super) fn code() -> Result<ReedSolomon, BackupError> {
    let code = ReedSolomon::new(DATA_SHARDS, PARITY_SHARDS);
    code.map_err(|error| BackupError::Refused(error.to_string()))
}

/// Writes the parity of a chunk, in place of what is there. Durable when it returns.
pub(super) fn write<M: Medium>(
    tools: Tools<'_, M>,
    folder: &Folder,
    known: &KnownChunk,
    layout: Layout,
) -> Result<(), EncodeError> {
    let (hashes, shards) = encode(tools, folder, known, layout)?;
    let name = folder.parity(known.id.disk, known.id.number);
    let unfinished = format!("{name}{UNFINISHED}");
    let written = || {
        let mut file = tools.medium.create(&unfinished)?;
        for (number, shard) in shards.iter().enumerate() {
            file.write_at(shard.as_ref(), layout.shard_at(number))?;
        }
        let head = head::encode(&ParityId::of(known), &hashes);
        file.write_at(&head, layout.second_head())?;
        // Last, so that a file that is not whole has no head where it is looked for first.
        file.write_at(&head, 0)?;
        file.sync()?;
        drop(file);
        durable::settle(tools.medium, &unfinished, &name)
    };
    written().map_err(|error| BackupError::medium("writing parity")(error).into())
}

/// The hashes of all blocks, and the shards of parity.
fn encode<M: Medium>(
    tools: Tools<'_, M>,
    folder: &Folder,
    known: &KnownChunk,
    layout: Layout,
) -> Result<(Vec<BlockHash>, [Buffer; PARITY_SHARDS]), EncodeError> {
    let unreadable = |error| EncodeError::Chunk(format!("it cannot be read: {error}"));
    let file = tools.medium.open(&folder.chunk(known.id.disk, known.id.number));
    let file = file.map_err(unreadable)?;
    let file = file.ok_or_else(|| EncodeError::Chunk("it is missing".to_owned()))?;
    if file.bytes().map_err(unreadable)? != known.file_bytes() {
        return Err(EncodeError::Chunk("it is not as long as it was".to_owned()));
    }
    let code = code()?;
    let mut shards = [(); PARITY_SHARDS].map(|()| Buffer::new(layout.columns * BLOCK));
    for shard in &mut shards {
        shard.resize(layout.columns * BLOCK);
        shard.as_mut().fill(0);
    }
    let mut hashes = Vec::with_capacity(layout.hashes());
    let mut checker = Checker::new(known);
    let mut buffer = Buffer::new(READ * BLOCK);
    for shard in 0..DATA_SHARDS {
        let blocks = layout.blocks_of(shard);
        for first in blocks.clone().step_by(READ) {
            let count = READ.min(blocks.end - first);
            let length = count * BLOCK;
            tools.meter.pace(length as u64).map_err(BackupError::from)?;
            buffer.resize(length);
            let at = (first * BLOCK) as u64;
            if file.read_at(buffer.as_mut(), at).map_err(unreadable)? < length {
                return Err(EncodeError::Chunk("it is cut off".to_owned()));
            }
            checker.take(buffer.as_ref());
            hashes.extend(buffer.as_ref().chunks(BLOCK).map(head::hash_of));
            let within = (first - blocks.start) * BLOCK;
            let mut sums =
                shards.each_mut().map(|sums| &mut sums.as_mut()[within..within + length]);
            // What a short shard lacks is zeros, which add nothing.
            code.encode_single_sep(shard, buffer.as_ref(), &mut sums)
                .map_err(|error| BackupError::Refused(error.to_string()))?;
            tools.meter.advance(length as u64);
        }
    }
    checker.finish().map_err(|what| EncodeError::Chunk(what.to_owned()))?;
    for shard in &shards {
        hashes.extend(shard.as_ref().chunks(BLOCK).map(head::hash_of));
    }
    Ok((hashes, shards))
}
