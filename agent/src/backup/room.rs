//! Whether what is to be copied fits, before the first byte of it is written: a drive that is full after a
//! night of copying has cost a night.

use std::io;

use super::chunk::ChunkId;
use super::cipher::SEAL_BYTES;
use super::documents::{Plan, PlannedDisk};
use super::error::BackupError;
use super::geometry::Geometry;
use super::index::IndexId;
use super::medium::{ALIGNMENT, Medium, MediumFile as _, aligned};
use super::names::{DiskId, Folder};
use super::source::{Source, Sources};
use super::standing::{self, DiskStanding, Standing};
use super::tools::Tools;

/// For the plan, the manifest, both journals, the configurations, and the folders that they are in.
pub(super) const DOCUMENTS: u64 = 32 * ALIGNMENT as u64;

/// Refuses a plan that the medium may have no room for.
///
/// It is the worst case: of every frame that is not known to be zeros, all of its bytes, as if nothing
/// could be compressed; and the heads of the chunks and the index. What the set holds already counts as
/// there.
pub(super) fn check<M: Medium>(
    tools: Tools<'_, M>,
    plan: &Plan,
    sources: &impl Sources,
) -> Result<(), BackupError> {
    let needed = needed(tools, plan, sources)?;
    let free = tools.medium.free_bytes().map_err(BackupError::medium("asking for its room"))?;
    if needed > free { Err(BackupError::NoRoom { needed, free }) } else { Ok(()) }
}

/// The most that a plan may still take; nothing once its set is sealed.
pub(super) fn needed<M: Medium>(
    tools: Tools<'_, M>,
    plan: &Plan,
    sources: &impl Sources,
) -> Result<u64, BackupError> {
    let folder = Folder::new(plan.set);
    let standing = Standing::of(&standing::read(tools.medium, &folder)?.records);
    if standing.sealed.is_some() {
        return Ok(0);
    }
    let mut needed = DOCUMENTS;
    for (_, id, disk) in plan.disks() {
        tools.meter.go_on()?;
        let sealing = if plan.key.is_some() { SEAL_BYTES as u64 } else { 0 };
        let (medium, geometry) = (tools.medium, plan.geometry);
        let set = InSet { medium, folder: &folder, geometry, sealing };
        needed += set.missing(id, disk, &standing.disk(id), sources)?;
    }
    Ok(needed)
}

struct InSet<'s, M> {
    medium: &'s M,
    folder: &'s Folder,
    geometry: Geometry,
    /// What each frame takes more than it has.
    sealing: u64,
}

impl<M: Medium> InSet<'_, M> {
    /// The most that a disk of the plan may still take.
    fn missing(
        &self,
        id: DiskId,
        disk: &PlannedDisk,
        standing: &DiskStanding,
        sources: &impl Sources,
    ) -> Result<u64, BackupError> {
        let failed = BackupError::source(&disk.path);
        let mut source = sources.open(disk).map_err(&failed)?;
        let looks = source.fingerprint().map_err(&failed)?;
        // What is there of a disk that has not changed stays as it is.
        let is_known = looks.is_some() && standing.source == looks;
        if is_known && standing.copied.is_some() {
            return Ok(0);
        }
        // One whose size has changed is refused when it is copied, and not here.
        let virtual_bytes = disk.virtual_bytes.min(source.virtual_bytes());
        let set = self.folder.set;
        let index = IndexId { set, disk: id, virtual_bytes, geometry: self.geometry };
        // It is written whole before it takes the place of the one that is there.
        let mut needed = aligned(index.file_bytes());
        for number in 0..self.geometry.chunks(virtual_bytes) {
            let chunk = ChunkId { set, disk: id, number, virtual_bytes, geometry: self.geometry };
            let there = self.there(&chunk)?;
            if is_known && there > 0 && !standing.damaged.contains(&number) {
                continue;
            }
            let data = self.data(&chunk, &mut source).map_err(&failed)?;
            if data > 0 {
                // And what the file system notes of the file.
                needed += (chunk.head_bytes() + data + ALIGNMENT as u64).saturating_sub(there);
            }
        }
        Ok(needed)
    }

    /// What the frames of a chunk take that are not known to be zeros.
    fn data(&self, chunk: &ChunkId, source: &mut impl Source) -> io::Result<u64> {
        let place = |frame| self.geometry.place(frame, chunk.virtual_bytes);
        let end = chunk.frames().map(place).map(|(at, length)| at + length as u64).max();
        let (mut data, mut zeros_to) = (0, 0);
        for (at, length) in chunk.frames().map(place) {
            let length = length as u64;
            if at >= zeros_to {
                zeros_to = at + source.zeros(at, end.unwrap_or(at).saturating_sub(at))?;
            }
            if at + length > zeros_to {
                data += aligned(length + self.sealing);
            }
        }
        Ok(data)
    }

    /// The length of a chunk that is whole, by its name; 0 where there is none.
    fn there(&self, chunk: &ChunkId) -> Result<u64, BackupError> {
        let failed = BackupError::medium("looking for what is there already");
        let name = self.folder.chunk(chunk.disk, chunk.number);
        match self.medium.open(&name).map_err(&failed)? {
            Some(file) => file.bytes().map_err(&failed),
            None => Ok(0),
        }
    }
}
