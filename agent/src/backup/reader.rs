//! The frames of a disk out of a set, in order, as they are stored.

use std::sync::Arc;

use super::buffer::Buffer;
use super::chunk::{self, ChunkId};
use super::documents::SavedDisk;
use super::frame::{Kind, Record};
use super::geometry::Geometry;
use super::index::{IndexError, IndexId, IndexReader};
use super::medium::{Medium, MediumFile};
use super::names::{DiskId, Folder};
use super::parity::layout::KnownChunk;

/// The next frame.
pub(super) enum Part<F> {
    /// Where it is stored, with what is between it and the next; nothing where it is zeros.
    Frame { place: FramePlace, record: Record, length: usize, stored: Option<Stored<F>> },
    /// It cannot be had.
    Bad { place: FramePlace, record: Record, length: usize, what: String },
}

/// Which frame it is, and of which chunk.
pub(super) struct FramePlace {
    pub(super) chunk: Arc<KnownChunk>,
    pub(super) frame: u64,
}

impl FramePlace {
    /// The number of the chunk.
    pub(super) fn number(&self) -> u64 {
        self.chunk.id.number
    }
}

/// Where a frame is stored. It is read by whoever works on it, so that the drive has several reads to do
/// at once: one after the other, it waits for us as long as we wait for it.
pub(super) struct Stored<F> {
    file: Arc<F>,
    at: u64,
    bytes: usize,
}

impl<F: MediumFile> Stored<F> {
    pub(super) fn read(&self, stored: &mut Buffer) -> Result<(), String> {
        stored.resize(self.bytes);
        match self.file.read_at(stored.as_mut(), self.at) {
            Ok(read) if read == self.bytes => Ok(()),
            Ok(_) => Err("it is cut off".to_owned()),
            Err(error) => Err(format!("it cannot be read: {error}")),
        }
    }
}

pub(super) struct DiskReader<'r, M: Medium> {
    medium: &'r M,
    folder: &'r Folder,
    /// The head of the chunk that was opened last.
    head: Buffer,
    id: IndexId,
    index: IndexReader<M::File>,
    next_frame: u64,
    chunk: Option<OpenChunk<M::File>>,
}

struct OpenChunk<F> {
    known: Arc<KnownChunk>,
    /// Its frames that are still to come, with where each begins; in reverse.
    frames: Vec<(Record, u64)>,
    /// Nothing where all of it is zeros.
    file: Result<Option<Arc<F>>, String>,
}

impl<'r, M: Medium> DiskReader<'r, M> {
    /// Opens the index of a disk, which must be that of the manifest.
    pub(super) fn open(
        medium: &'r M,
        folder: &'r Folder,
        (disk, saved): (DiskId, &SavedDisk),
        geometry: Geometry,
    ) -> Result<Self, IndexError> {
        let virtual_bytes = saved.planned.virtual_bytes;
        let id = IndexId { set: folder.set, disk, virtual_bytes, geometry };
        let index = IndexReader::open(medium, folder, id, saved.index)?;
        Ok(Self::of(medium, folder, (id, index)))
    }

    /// The same of an index that is open.
    pub(super) fn of(
        medium: &'r M,
        folder: &'r Folder,
        (id, index): (IndexId, IndexReader<M::File>),
    ) -> Self {
        Self { medium, folder, head: Buffer::default(), id, index, next_frame: 0, chunk: None }
    }

    pub(super) fn index_bytes(&self) -> u64 {
        self.id.file_bytes()
    }

    /// The next frame, until there is none.
    pub(super) fn next(&mut self) -> Result<Option<Part<M::File>>, IndexError> {
        if self.next_frame >= self.id.geometry.frames(self.id.virtual_bytes) {
            return Ok(None);
        }
        let mut chunk = match self.chunk.take() {
            Some(chunk) => chunk,
            None => self.open_chunk()?,
        };
        let (record, at) = chunk.frames.pop().ok_or(IndexError::Differs)?;
        let (_, length) = self.id.geometry.place(self.next_frame, self.id.virtual_bytes);
        let place = FramePlace { chunk: Arc::clone(&chunk.known), frame: self.next_frame };
        self.next_frame += 1;
        let part = match &chunk.file {
            Err(what) => Part::Bad { place, record, length, what: what.clone() },
            Ok(file) if file.is_none() || record.kind == Kind::Zeros => {
                Part::Frame { place, record, length, stored: None }
            }
            Ok(file) => {
                let bytes = usize::try_from(record.room()).unwrap_or(0);
                let stored = file.as_ref().map(|file| Stored { file: Arc::clone(file), at, bytes });
                Part::Frame { place, record, length, stored }
            }
        };
        if !chunk.frames.is_empty() {
            self.chunk = Some(chunk);
        }
        Ok(Some(part))
    }

    fn open_chunk(&mut self) -> Result<OpenChunk<M::File>, IndexError> {
        let IndexId { set, disk, virtual_bytes, geometry } = self.id;
        let number = self.next_frame / u64::from(geometry.chunk_frames);
        let id = ChunkId { set, disk, number, virtual_bytes, geometry };
        let records: Vec<Record> =
            id.frames().map(|frame| self.index.next(frame)).collect::<Result<_, _>>()?;
        let mut at = id.head_bytes();
        let mut frames = Vec::new();
        for record in &records {
            frames.push((*record, at));
            at += record.room();
        }
        frames.reverse();
        let file = if records.iter().all(|record| record.kind == Kind::Zeros) {
            Ok(None)
        } else {
            self.open_file(&id, &records).map(|file| Some(Arc::new(file)))
        };
        Ok(OpenChunk { known: Arc::new(KnownChunk { id, records }), frames, file })
    }

    /// Opens a chunk's file, which must be that of these records.
    fn open_file(&mut self, id: &ChunkId, records: &[Record]) -> Result<M::File, String> {
        let unreadable = |error: std::io::Error| format!("it cannot be read: {error}");
        let file = self.medium.open(&self.folder.chunk(id.disk, id.number)).map_err(unreadable)?;
        let file = file.ok_or("it is missing")?;
        if file.bytes().map_err(unreadable)? != chunk::file_bytes(id.head_bytes(), records) {
            return Err("it is not as long as it was".to_owned());
        }
        self.head.resize(usize::try_from(id.head_bytes()).unwrap_or(0));
        let read = file.read_at(self.head.as_mut(), 0).map_err(unreadable)?;
        let head = self.head.as_ref();
        let is_it = read == head.len() && head == id.head(records);
        if is_it { Ok(file) } else { Err("its head is not the one that was written".to_owned()) }
    }
}
