//! A damaged chunk written anew from what is left of it and from its parity.

use super::super::buffer::Buffer;
use super::super::durable::{self, UNFINISHED};
use super::super::error::BackupError;
use super::super::medium::{Medium, MediumFile as _};
use super::super::names::Folder;
use super::super::tools::Tools;
use super::checker::Checker;
use super::columns::{Columns, GROUP};
use super::layout::{BLOCK, DATA_SHARDS, KnownChunk};

/// Puts the chunk that the set speaks of in the place of what is there, or says why that cannot be. What
/// is there stays until the new file is durable, and was read back and found to be that chunk.
pub(super) fn rebuild<M: Medium>(
    tools: Tools<'_, M>,
    folder: &Folder,
    known: &KnownChunk,
) -> Result<Result<(), String>, BackupError> {
    let columns = match Columns::open(tools.medium, folder, known) {
        Ok(columns) => columns,
        Err(why) => return Ok(Err(why)),
    };
    let failed = BackupError::medium("writing a chunk anew");
    let needed = known.file_bytes() + BLOCK as u64;
    let free = tools.medium.free_bytes().map_err(&failed)?;
    if needed > free {
        return Err(BackupError::NoRoom { needed, free });
    }
    let name = folder.chunk(known.id.disk, known.id.number);
    let unfinished = format!("{name}{UNFINISHED}");
    let rebuilt = write(tools, &columns, &unfinished).and_then(|written| match written {
        Ok(()) => read_back(tools, known, &unfinished),
        Err(why) => Ok(Err(why)),
    });
    if matches!(rebuilt, Ok(Ok(()))) {
        durable::settle(tools.medium, &unfinished, &name).map_err(&failed)?;
    } else {
        // It is of no use, and whoever comes next would write over it.
        tools.medium.remove(&unfinished).ok();
    }
    rebuilt
}

fn write<M: Medium>(
    tools: Tools<'_, M>,
    columns: &Columns<M::File>,
    name: &str,
) -> Result<Result<(), String>, BackupError> {
    let failed = BackupError::medium("writing a chunk anew");
    let layout = columns.layout();
    let mut file = tools.medium.create(name).map_err(&failed)?;
    for shard in 0..DATA_SHARDS {
        let blocks = layout.blocks_of(shard);
        for first in blocks.clone().step_by(GROUP) {
            let count = GROUP.min(blocks.end - first);
            tools.meter.pace((count * BLOCK) as u64)?;
            let part = columns.blocks(first, count);
            if let Some(block) = part.lost {
                let why = format!("more of it is lost than parity gives back (block {block})");
                return Ok(Err(why));
            }
            file.write_at(part.content.as_ref(), (first * BLOCK) as u64).map_err(&failed)?;
        }
    }
    file.sync().map_err(&failed)?;
    Ok(Ok(()))
}

/// Whether that file is the chunk that the set speaks of, and nothing else.
fn read_back<M: Medium>(
    tools: Tools<'_, M>,
    known: &KnownChunk,
    name: &str,
) -> Result<Result<(), String>, BackupError> {
    let failed = BackupError::medium("reading back a chunk that was written anew");
    let Some(file) = tools.medium.open(name).map_err(&failed)? else {
        return Ok(Err("what was written of it is gone".to_owned()));
    };
    let mut checker = Checker::new(known);
    let mut buffer = Buffer::new(GROUP * BLOCK);
    let (mut at, bytes) = (0, file.bytes().map_err(&failed)?);
    while at < bytes {
        tools.meter.go_on()?;
        let length = usize::try_from(bytes - at).unwrap_or(usize::MAX).min(GROUP * BLOCK);
        buffer.resize(length);
        if file.read_at(buffer.as_mut(), at).map_err(&failed)? < length {
            break;
        }
        checker.take(buffer.as_ref());
        at += length as u64;
    }
    Ok(checker.finish().map_err(|what| format!("what was made of it is not it: {what}")))
}
