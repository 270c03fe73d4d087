//! The index of a disk: how each of its frames is stored.
//!
//! Little-endian: 16 bytes [`MAGIC`]; set and VM as 16 bytes each; disk u32; frame bytes u32; virtual
//! bytes u64; and a [`Record`] for each frame, of which the position in its chunk follows from the
//! lengths of those before it. The manifest holds the hash of the whole.

use std::io;

use domfleet_shared::id::SetId;

use super::durable::{self, UNFINISHED};
use super::frame::{RECORD_BYTES, Record};
use super::geometry::Geometry;
use super::hash::Hash;
use super::medium::{Medium, MediumFile as _};
use super::names::{DiskId, Folder};

const MAGIC: &[u8; 16] = b"domfleet index 1";
const HEAD_BYTES: u64 = 64;
/// It is written and read in pieces of about so many bytes: that of a large disk has many MiB.
const PIECE: usize = 256 * 1024;

/// Which index it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct IndexId {
    pub(super) set: SetId,
    pub(super) disk: DiskId,
    pub(super) virtual_bytes: u64,
    pub(super) geometry: Geometry,
}

impl IndexId {
    pub(super) fn head(&self) -> Vec<u8> {
        let mut head = Vec::new();
        head.extend(MAGIC);
        head.extend(self.set.0.as_bytes());
        head.extend(self.disk.vm.0.as_bytes());
        head.extend(self.disk.number.to_le_bytes());
        head.extend(self.geometry.frame_bytes.to_le_bytes());
        head.extend(self.virtual_bytes.to_le_bytes());
        head
    }

    /// Its whole length.
    pub(super) fn file_bytes(&self) -> u64 {
        HEAD_BYTES + self.geometry.frames(self.virtual_bytes) * RECORD_BYTES as u64
    }
}

/// An index that is being written.
pub(super) struct IndexWriter<'m, M: Medium> {
    medium: &'m M,
    name: String,
    file: M::File,
    hasher: blake3::Hasher,
    written: u64,
    waiting: Vec<u8>,
}

impl<'m, M: Medium> IndexWriter<'m, M> {
    pub(super) fn begin(medium: &'m M, folder: &Folder, id: IndexId) -> io::Result<Self> {
        let name = folder.index(id.disk);
        let file = medium.create(&format!("{name}{UNFINISHED}"))?;
        let hasher = blake3::Hasher::new();
        Ok(Self { medium, name, file, hasher, written: 0, waiting: id.head() })
    }

    pub(super) fn add(&mut self, record: &Record) -> io::Result<()> {
        self.waiting.extend(record.encode());
        if self.waiting.len() >= PIECE { self.write() } else { Ok(()) }
    }

    fn write(&mut self) -> io::Result<()> {
        self.hasher.update(&self.waiting);
        self.file.write_at(&self.waiting, self.written)?;
        self.written += self.waiting.len() as u64;
        self.waiting.clear();
        Ok(())
    }

    /// Gives it its name, and tells its length and hash. Durable when it returns.
    pub(super) fn finish(mut self) -> io::Result<(u64, Hash)> {
        self.write()?;
        self.file.sync()?;
        drop(self.file);
        durable::settle(self.medium, &format!("{}{UNFINISHED}", self.name), &self.name)?;
        Ok((self.written, Hash(*self.hasher.finalize().as_bytes())))
    }
}

/// An index that is being read, from front to back.
pub(super) struct IndexReader<F> {
    file: F,
    id: IndexId,
    at: u64,
    piece: Vec<u8>,
    used: usize,
}

/// What is wrong with an index.
#[derive(Debug, thiserror::Error)]
pub(super) enum IndexError {
    #[error("the index is missing")]
    Missing,
    #[error("the index is not the one that was written")]
    Differs,
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl<F: super::medium::MediumFile> IndexReader<F> {
    /// Opens an index whose hash is known, and reads all of it once to see that it is that one.
    pub(super) fn open<M: Medium<File = F>>(
        medium: &M,
        folder: &Folder,
        id: IndexId,
        hash: Hash,
    ) -> Result<Self, IndexError> {
        let file = medium.open(&folder.index(id.disk))?.ok_or(IndexError::Missing)?;
        Self::read(file, id, hash)
    }

    pub(super) fn read(file: F, id: IndexId, hash: Hash) -> Result<Self, IndexError> {
        if file.bytes()? != id.file_bytes() {
            return Err(IndexError::Differs);
        }
        let mut reader = Self { file, id, at: 0, piece: Vec::new(), used: 0 };
        let mut hasher = blake3::Hasher::new();
        let mut is_first = true;
        while reader.next_piece()? {
            if is_first && !reader.piece.starts_with(&id.head()) {
                return Err(IndexError::Differs);
            }
            is_first = false;
            hasher.update(&reader.piece);
        }
        if *hasher.finalize().as_bytes() != hash.0 {
            return Err(IndexError::Differs);
        }
        (reader.at, reader.used) = (HEAD_BYTES, 0);
        reader.piece.clear();
        Ok(reader)
    }

    fn next_piece(&mut self) -> io::Result<bool> {
        let left = self.id.file_bytes().saturating_sub(self.at);
        let length = usize::try_from(left).unwrap_or(PIECE).min(PIECE);
        self.piece.resize(length, 0);
        self.used = 0;
        if self.file.read_at(&mut self.piece, self.at)? < length {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.at += length as u64;
        Ok(length > 0)
    }

    /// The record of the next frame; nothing where what is there is no record, which is only so
    /// when the file has changed since it was opened.
    pub(super) fn next(&mut self, frame: u64) -> Result<Record, IndexError> {
        let mut bytes = [0; RECORD_BYTES];
        let mut filled = 0;
        while filled < RECORD_BYTES {
            if self.used == self.piece.len() && !self.next_piece()? {
                return Err(IndexError::Differs);
            }
            let more = (RECORD_BYTES - filled).min(self.piece.len() - self.used);
            bytes[filled..filled + more].copy_from_slice(&self.piece[self.used..self.used + more]);
            filled += more;
            self.used += more;
        }
        let (_, length) = self.id.geometry.place(frame, self.id.virtual_bytes);
        let length = u32::try_from(length).map_err(|_| IndexError::Differs)?;
        Record::decode(&bytes, length).map_err(|_| IndexError::Differs)
    }
}
