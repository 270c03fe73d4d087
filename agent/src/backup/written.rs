//! The chunks and the index of a disk, as they are written, frame after frame.

use domfleet_shared::content::ContentHasher;

use super::buffer::Buffer;
use super::chunk::{self, ChunkId};
use super::cipher::Cipher;
use super::durable::{self, UNFINISHED};
use super::error::BackupError;
use super::frame::{Kind, Record};
use super::geometry::Geometry;
use super::index::{IndexId, IndexWriter};
use super::medium::{Medium, MediumFile as _, aligned};
use super::names::Folder;
use super::standing::Saved;

pub(super) struct Written<'m, M: Medium> {
    medium: &'m M,
    folder: &'m Folder,
    id: IndexId,
    cipher: &'m Cipher,
    index: IndexWriter<'m, M>,
    content: ContentHasher,
    saved_data: u64,
    saved_stored: u64,
    /// The chunk that is under way.
    chunk: Option<OpenChunk<M::File>>,
    next_frame: u64,
    /// Chunks that are written and not durable yet. To flush each by itself takes longer than to write it
    /// where a disk is mostly empty.
    unsettled: Vec<(M::File, String)>,
    unsettled_bytes: u64,
}

/// A power cut costs no more chunks than these, and no more bytes than a full one has.
const MOST_UNSETTLED: usize = 16;

struct OpenChunk<F> {
    id: ChunkId,
    /// There is none as long as all of it is zeros.
    file: Option<F>,
    end: u64,
    records: Vec<Record>,
}

impl<'m, M: Medium> Written<'m, M> {
    pub(super) fn begin(
        medium: &'m M,
        folder: &'m Folder,
        id: IndexId,
        cipher: &'m Cipher,
    ) -> std::io::Result<Self> {
        Ok(Self {
            cipher,
            medium,
            folder,
            id,
            index: IndexWriter::begin(medium, folder, id)?,
            content: ContentHasher::new(id.virtual_bytes, id.geometry.frame_bytes_u64()),
            saved_data: 0,
            saved_stored: 0,
            chunk: None,
            next_frame: 0,
            unsettled: Vec::new(),
            unsettled_bytes: 0,
        })
    }

    /// A chunk that is there already comes next.
    pub(super) fn keep(&mut self, chunk: &ChunkId, records: &[Record]) -> Result<(), BackupError> {
        self.saved_stored += chunk::file_bytes(chunk.head_bytes(), records);
        records.iter().try_for_each(|record| self.tell(record))
    }

    /// The next frame. `stored` is what is to be stored of it, if anything is.
    pub(super) fn add(
        &mut self,
        record: &Record,
        stored: Option<&Buffer>,
    ) -> Result<(), BackupError> {
        let mut chunk = self.chunk.take().unwrap_or_else(|| self.begin_chunk());
        if let (Some(stored), true) = (stored, record.kind != Kind::Zeros) {
            self.store(&mut chunk, stored).map_err(BackupError::medium("writing a frame"))?;
        }
        chunk.records.push(*record);
        self.tell(record)?;
        if chunk.records.len() < chunk.id.frame_count() {
            self.chunk = Some(chunk);
            return Ok(());
        }
        self.finish_chunk(chunk).map_err(BackupError::medium("finishing a chunk"))
    }

    fn begin_chunk(&self) -> OpenChunk<M::File> {
        let IndexId { set, disk, virtual_bytes, geometry } = self.id;
        let number = self.next_frame / u64::from(geometry.chunk_frames);
        let id = ChunkId { set, disk, number, virtual_bytes, geometry };
        OpenChunk { id, file: None, end: id.head_bytes(), records: Vec::new() }
    }

    fn name(&self, chunk: &ChunkId) -> String {
        self.folder.chunk(chunk.disk, chunk.number)
    }

    fn store(&self, chunk: &mut OpenChunk<M::File>, stored: &Buffer) -> std::io::Result<()> {
        if chunk.file.is_none() {
            let name = format!("{}{UNFINISHED}", self.name(&chunk.id));
            chunk.file = Some(self.medium.create(&name)?);
        }
        let Some(file) = &mut chunk.file else { return Ok(()) };
        file.write_at(stored.as_ref(), chunk.end)?;
        chunk.end += stored.as_ref().len() as u64;
        Ok(())
    }

    fn finish_chunk(&mut self, chunk: OpenChunk<M::File>) -> std::io::Result<()> {
        let OpenChunk { id, file, end, records } = chunk;
        let Some(mut file) = file else { return Ok(()) };
        // Last, so that a file that is not whole has no head.
        file.write_at(&id.head(&records), 0)?;
        self.saved_stored += end;
        self.unsettled_bytes += end;
        self.unsettled.push((file, self.name(&id)));
        let Geometry { frame_bytes, chunk_frames } = self.id.geometry;
        let full = u64::from(chunk_frames) * aligned(frame_bytes.into());
        if self.unsettled_bytes < full && self.unsettled.len() < MOST_UNSETTLED {
            return Ok(());
        }
        self.settle()
    }

    /// Gives chunks their names, once they are durable.
    fn settle(&mut self) -> std::io::Result<()> {
        self.unsettled_bytes = 0;
        let mut names = Vec::new();
        for (mut file, name) in self.unsettled.drain(..) {
            file.sync()?;
            names.push((format!("{name}{UNFINISHED}"), name));
        }
        durable::settle_all(self.medium, &names)
    }

    fn tell(&mut self, record: &Record) -> Result<(), BackupError> {
        let (_, length) = self.id.geometry.place(self.next_frame, self.id.virtual_bytes);
        self.next_frame += 1;
        if record.kind != Kind::Zeros {
            self.saved_data += length as u64;
        }
        self.content.frame(&self.cipher.plain_hash(record));
        self.index.add(record).map_err(BackupError::medium("writing an index"))
    }

    /// What was written of the disk, once all of its frames were.
    pub(super) fn finish(mut self) -> Result<Saved, BackupError> {
        self.settle().map_err(BackupError::medium("finishing a chunk"))?;
        let failed = BackupError::medium("finishing an index");
        let content = self.content.finish().map_err(std::io::Error::other).map_err(&failed)?;
        let (index_bytes, index) = self.index.finish().map_err(&failed)?;
        Ok(Saved {
            data_bytes: self.saved_data,
            stored_bytes: self.saved_stored + index_bytes,
            content: self.cipher.content(content),
            index,
        })
    }
}
