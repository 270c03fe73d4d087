//! The chunks of a disk that there are files of, as its index has them.

use super::super::chunk::ChunkId;
use super::super::documents::SavedDisk;
use super::super::error::Damage;
use super::super::frame::{Kind, Record};
use super::super::geometry::Geometry;
use super::super::index::{IndexError, IndexId, IndexReader};
use super::super::medium::Medium;
use super::super::names::{DiskId, Folder};
use super::copies;
use super::layout::KnownChunk;

pub(super) struct Chunks<M: Medium> {
    index: IndexReader<M::File>,
    id: IndexId,
    next: u64,
}

impl<M: Medium> Chunks<M> {
    pub(super) fn open(
        medium: &M,
        folder: &Folder,
        (disk, saved): (DiskId, &SavedDisk),
        geometry: Geometry,
    ) -> Result<Self, IndexError> {
        let virtual_bytes = saved.planned.virtual_bytes;
        let id = IndexId { set: folder.set, disk, virtual_bytes, geometry };
        let (index, _) = copies::index(medium, folder, id, saved.index)?;
        Ok(Self { index, id, next: 0 })
    }

    /// The next, until there is none.
    pub(super) fn next(&mut self) -> Result<Option<KnownChunk>, IndexError> {
        let IndexId { set, disk, virtual_bytes, geometry } = self.id;
        while self.next < geometry.chunks(virtual_bytes) {
            let id = ChunkId { set, disk, number: self.next, virtual_bytes, geometry };
            self.next += 1;
            let records: Vec<Record> =
                id.frames().map(|frame| self.index.next(frame)).collect::<Result<_, _>>()?;
            // Of one that is all zeros there is no file.
            if records.iter().any(|record| record.kind != Kind::Zeros) {
                return Ok(Some(KnownChunk { id, records }));
            }
        }
        Ok(None)
    }
}

/// Damage of a disk, or of a chunk of it.
pub(super) fn damage(
    place: &str,
    disk: DiskId,
    chunk: Option<u64>,
    what: impl Into<String>,
) -> Damage {
    let place = match chunk {
        Some(chunk) => format!("{place}, chunk {chunk}"),
        None => place.to_owned(),
    };
    Damage { disk: Some(disk), chunk, place, what: what.into() }
}
