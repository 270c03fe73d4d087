//! Whether parity and copies are as they were written: every byte of them is read back.

use super::super::buffer::Buffer;
use super::super::documents::Manifest;
use super::super::error::{BackupError, Damage};
use super::super::hash::Hash;
use super::super::index::IndexError;
use super::super::medium::{Medium, MediumFile as _};
use super::super::names::Folder;
use super::super::tools::Tools;
use super::blocks;
use super::chunks::{Chunks, damage};
use super::copies;
use super::head;
use super::layout::{BLOCK, KnownChunk, PARITY_SHARDS, ParityId};

const READ: usize = 64;

/// What protects a set against a drive that loses some of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Protection {
    /// What it takes.
    pub bytes: u64,
    /// What of it is not what was written. With something in it the set is not protected.
    pub damages: Vec<Damage>,
}

impl Protection {
    /// Whether all of it is there.
    pub fn is_whole(&self) -> bool {
        self.damages.is_empty()
    }
}

/// Reads the parity and the copies of a set back.
pub(in crate::backup) fn check<M: Medium>(
    tools: Tools<'_, M>,
    folder: &Folder,
    manifest: &Manifest,
    (plan, sealed): (Option<Hash>, Hash),
) -> Result<Protection, BackupError> {
    // About a tenth of what it protects.
    tools.meter.begin("reading parity back", manifest.stored_bytes() / 9);
    let mut protection = Protection { bytes: 0, damages: Vec::new() };
    for document in copies::documents(folder, manifest, plan, sealed) {
        tools.meter.go_on()?;
        let name = folder.copy_of(&document.name);
        let what = match copies::hash_of(tools.medium, &name) {
            Ok(Some(hash)) if hash == document.hash => continue,
            Ok(Some(_)) => "it is not the one that was written".to_owned(),
            Ok(None) => "it is missing".to_owned(),
            Err(error) => format!("it cannot be read: {error}"),
        };
        let place = format!("the copy of {}", document.place);
        protection.damages.push(Damage { disk: document.disk, chunk: None, place, what });
    }
    for vm in &manifest.vms {
        for (id, disk) in vm.disks() {
            let place = format!("the parity of the disk {} of {}", disk.planned.vdev, vm.name);
            let chunks = Chunks::open(tools.medium, folder, (id, disk), manifest.geometry);
            let done = chunks.and_then(|mut chunks| {
                while let Some(known) = chunks.next()? {
                    let checked = parity(tools, folder, &known).map_err(std::io::Error::from)?;
                    match checked {
                        Ok(bytes) => protection.bytes += bytes,
                        Err(what) => {
                            let number = Some(known.id.number);
                            protection.damages.push(damage(&place, id, number, what));
                        }
                    }
                }
                Ok(())
            });
            match done {
                Ok(()) => {}
                Err(IndexError::Io(error)) if crate::meter::Cancelled::is_why(&error) => {
                    return Err(crate::meter::Cancelled.into());
                }
                Err(error) => protection.damages.push(damage(&place, id, None, error.to_string())),
            }
        }
    }
    if !protection.is_whole() {
        // One bad file is damage; all of them is a drive that was unplugged.
        let name = folder.file(super::super::documents::MANIFEST);
        copies::read(tools.medium, folder, &name, sealed)
            .map_err(BackupError::medium("reading parity back"))?;
    }
    Ok(protection)
}

/// Reads the parity of a chunk back: its length, or what is wrong with it.
pub(super) fn parity<M: Medium>(
    tools: Tools<'_, M>,
    folder: &Folder,
    known: &KnownChunk,
) -> Result<Result<u64, String>, crate::meter::Cancelled> {
    let name = folder.parity(known.id.disk, known.id.number);
    let file = match tools.medium.open(&name) {
        Ok(Some(file)) => file,
        Ok(None) => return Ok(Err("it is missing".to_owned())),
        Err(error) => return Ok(Err(format!("it cannot be read: {error}"))),
    };
    let id = ParityId::of(known);
    let Some(layout) = id.layout() else { return Ok(Err("the chunk is too long for it".into())) };
    let head = match head::read(&file, &id, layout) {
        Ok(head) if head.damaged == 0 => head,
        Ok(head) => return Ok(Err(format!("{} sectors of its head are damaged", head.damaged))),
        Err(error) => return Ok(Err(error.to_string())),
    };
    if file.bytes().ok() != Some(layout.file_bytes()) {
        return Ok(Err("it is not as long as it was".to_owned()));
    }
    tools.meter.advance(2 * layout.head_bytes());
    let mut damaged = 0;
    let mut buffer = Buffer::new(READ * BLOCK);
    let all = PARITY_SHARDS * layout.columns;
    for first in (0..all).step_by(READ) {
        let count = READ.min(all - first);
        tools.meter.pace((count * BLOCK) as u64)?;
        buffer.resize(count * BLOCK);
        let at = layout.shard_at(0) + (first * BLOCK) as u64;
        let there = blocks::read(&file, at, buffer.as_mut());
        let hashes = head.hashes.iter().skip(layout.blocks + first);
        let each = buffer.as_ref().chunks(BLOCK).zip(there).zip(hashes);
        damaged += each
            .filter(|((block, is_there), hash)| !is_there || **hash != Some(head::hash_of(block)))
            .count();
        tools.meter.advance((count * BLOCK) as u64);
    }
    let damaged = (damaged > 0).then(|| format!("{damaged} blocks of it are damaged"));
    Ok(damaged.map_or(Ok(layout.file_bytes()), Err))
}
