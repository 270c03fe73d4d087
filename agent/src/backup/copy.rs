//! One disk of a VM into a set: what is there already is kept where it is still right.

use std::collections::BTreeSet;

use super::buffer::{Buffer, LOANS, Loan, Pool};
use super::chunk::{self, ChunkId};
use super::documents::PlannedDisk;
use super::durable;
use super::error::BackupError;
use super::frame::{Packer, Record};
use super::frame_hash::frame_hash;
use super::frames::{self, Frame, ZeroHashes};
use super::hash::Hash;
use super::index::IndexId;
use super::medium::{Medium, MediumFile as _};
use super::names::{DiskId, chunk_number};
use super::open_set::OpenSet;
use super::pipeline;
use super::source::{Source, Sources};
use super::standing::{Event, Saved};
use super::written::Written;

/// Brings a disk of the plan into the set, as far as it is not there.
pub(super) fn copy<M: Medium>(
    set: &mut OpenSet<'_, M>,
    id: DiskId,
    disk: &PlannedDisk,
    sources: &impl Sources,
) -> Result<(), BackupError> {
    let failed = BackupError::source(&disk.path);
    let mut source = sources.open(disk).map_err(&failed)?;
    if source.virtual_bytes() != disk.virtual_bytes {
        let (now, planned) = (source.virtual_bytes(), disk.virtual_bytes);
        return Err(BackupError::Resized { path: disk.path.clone(), now, planned });
    }
    let looks = source.fingerprint().map_err(&failed)?;
    let standing = set.record.standing.disk(id);
    let is_known = |before: Option<Hash>| looks.is_some() && before == looks;
    if standing.copied.is_some_and(|(before, _)| is_known(before)) {
        set.tools.meter.advance(disk.virtual_bytes);
        return Ok(());
    }
    let mut copying = Copying::begin(set, id, disk)?;
    for chunk in &standing.damaged {
        copying.throw_away(*chunk)?;
    }
    if !is_known(standing.source) {
        copying.keep_what_is_equal(&mut source)?;
        let source = looks;
        copying.set.record.add(Event::Copying { vm: id.vm, disk: id.number, source })?;
    }
    let saved = copying.write(&mut source)?;
    if source.fingerprint().map_err(&failed)? != looks {
        return Err(BackupError::Changed(disk.path.clone()));
    }
    set.record.add(Event::Copied { vm: id.vm, disk: id.number, source: looks, saved })
}

struct Copying<'s, 't, M: Medium> {
    set: &'s mut OpenSet<'t, M>,
    index: IndexId,
    path: &'s str,
    /// Chunks that are whole on the medium, as far as their heads tell.
    there: BTreeSet<u64>,
}

impl<'s, 't, M: Medium> Copying<'s, 't, M> {
    fn begin(
        set: &'s mut OpenSet<'t, M>,
        disk: DiskId,
        planned: &'s PlannedDisk,
    ) -> Result<Self, BackupError> {
        let failed = BackupError::medium("looking for what is there already");
        let (medium, chunks) = (set.tools.medium, set.folder.chunks(disk));
        durable::make_folders(medium, &chunks).map_err(&failed)?;
        let index = IndexId {
            set: set.folder.set,
            disk,
            virtual_bytes: planned.virtual_bytes,
            geometry: set.plan.geometry,
        };
        let mut copying = Self { set, index, path: &planned.path, there: BTreeSet::new() };
        for name in medium.list(&chunks).map_err(&failed)? {
            match chunk_number(&name) {
                // One whose head cannot be read is as good as none.
                Some(number) if copying.head(number).is_ok_and(|head| head.is_some()) => {
                    copying.there.insert(number);
                }
                // Unfinished, or damaged.
                _ => medium.remove(&format!("{chunks}/{name}")).map_err(&failed)?,
            }
        }
        Ok(copying)
    }

    fn chunk(&self, number: u64) -> ChunkId {
        let IndexId { set, disk, virtual_bytes, geometry } = self.index;
        ChunkId { set, disk, number, virtual_bytes, geometry }
    }

    fn file(&self, number: u64) -> String {
        self.set.folder.chunk(self.index.disk, number)
    }

    fn chunks(&self) -> u64 {
        self.index.geometry.chunks(self.index.virtual_bytes)
    }

    /// What the head of a chunk says, if the file is there and as long as it says.
    fn head(&self, number: u64) -> Result<Option<Vec<Record>>, BackupError> {
        let failed = BackupError::medium("reading what is there already");
        let chunk = self.chunk(number);
        if number >= self.chunks() {
            return Ok(None);
        }
        let Some(file) = self.set.tools.medium.open(&self.file(number)).map_err(&failed)? else {
            return Ok(None);
        };
        let mut head = vec![0; usize::try_from(chunk.head_bytes()).unwrap_or(0)];
        let read = file.read_at(&mut head, 0).map_err(&failed)?;
        let records = (read == head.len()).then(|| chunk.read_head(&head)).flatten();
        let bytes = file.bytes().map_err(&failed)?;
        Ok(records.filter(|records| chunk::file_bytes(chunk.head_bytes(), records) == bytes))
    }

    fn throw_away(&mut self, chunk: u64) -> Result<(), BackupError> {
        self.there.remove(&chunk);
        durable::remove(self.set.tools.medium, &self.file(chunk))
            .map_err(BackupError::medium("removing what is not right any more"))
    }

    /// Reads from the source what there are chunks of, and throws away those that are of something
    /// else.
    fn keep_what_is_equal(&mut self, source: &mut impl Source) -> Result<(), BackupError> {
        let (pool, zeros) = (Pool::new(LOANS), ZeroHashes::default());
        let (geometry, virtual_bytes) = (self.index.geometry, self.index.virtual_bytes);
        let meter = self.set.tools.meter;
        let failed = BackupError::source(self.path);
        let there = self.there.clone();
        let mut frames = there.iter().flat_map(|chunk| {
            geometry.frames_of(*chunk, virtual_bytes).map(move |frame| (*chunk, frame))
        });
        let produce = || {
            meter.go_on()?;
            let Some((chunk, frame)) = frames.next() else { return Ok(None) };
            let place = geometry.place(frame, virtual_bytes);
            let read = frames::read_paced(source, place, &pool, meter, &failed)?;
            Ok(Some((chunk, read)))
        };
        let worker = || {
            |(chunk, frame)| match frame {
                Frame::Zeros(length) => (chunk, zeros.of(length)),
                Frame::Data(buffer) => (chunk, frame_hash(buffer.as_ref())),
            }
        };
        let mut hashes = Vec::new();
        pipeline::run(self.set.tools.width, produce, worker, |(chunk, hash)| {
            hashes.push(hash);
            if hashes.len() < self.chunk(chunk).frame_count() {
                return Ok(());
            }
            let said = self.head(chunk)?.unwrap_or_default();
            let cipher = &self.set.cipher;
            if !said.iter().map(|record| cipher.plain_hash(record)).eq(hashes.drain(..)) {
                self.throw_away(chunk)?;
            }
            Ok(())
        })
    }

    /// Writes the chunks that are not there, and the index of all.
    fn write(&mut self, source: &mut impl Source) -> Result<Saved, BackupError> {
        let (pool, zeros) = (Pool::new(LOANS), ZeroHashes::default());
        let (geometry, virtual_bytes) = (self.index.geometry, self.index.virtual_bytes);
        let tools = self.set.tools;
        let (failed, there) = (BackupError::source(self.path), self.there.clone());
        let mut frames = 0..geometry.frames(virtual_bytes);
        let produce = || {
            tools.meter.go_on()?;
            let Some(frame) = frames.next() else { return Ok(None) };
            let chunk = frame / u64::from(geometry.chunk_frames);
            if there.contains(&chunk) {
                frames.start = geometry.frames_of(chunk, virtual_bytes).end;
                return Ok(Some(Piece::Kept(chunk)));
            }
            let place = geometry.place(frame, virtual_bytes);
            frames::read_paced(source, place, &pool, tools.meter, &failed)
                .map(|read| Some(Piece::Frame(frame, read)))
        };
        let cipher = self.set.cipher.of_disk(self.index.set, self.index.disk);
        let worker = || {
            // What a frame is packed into; the frame's own buffer is the next one's.
            let (mut packer, mut spare) = (Packer::new(cipher.clone()), Buffer::default());
            let zeros = &zeros;
            move |piece| match piece {
                Piece::Kept(chunk) => Ok(Packed::Kept(chunk)),
                Piece::Frame(_, Frame::Zeros(length)) => Ok(Packed::Frame {
                    record: Record::zeros(zeros.of(length)),
                    stored: None,
                    length,
                }),
                Piece::Frame(number, Frame::Data(mut plain)) => {
                    let packer =
                        packer.as_mut().map_err(|error| std::io::Error::from(error.kind()))?;
                    let record = packer.pack(number, plain.as_ref(), &mut spare)?;
                    let length = plain.as_ref().len();
                    std::mem::swap(&mut *plain, &mut spare);
                    Ok(Packed::Frame { record, stored: Some(plain), length })
                }
            }
        };
        let beginning = BackupError::medium("beginning an index");
        let mut written =
            Written::begin(tools.medium, &self.set.folder, self.index, &self.set.cipher)
                .map_err(&beginning)?;
        pipeline::run(tools.width, produce, worker, |packed: std::io::Result<Packed<'_>>| {
            match packed.map_err(BackupError::source(self.path))? {
                Packed::Kept(chunk) => {
                    let records = self.head(chunk)?.unwrap_or_default();
                    written.keep(&self.chunk(chunk), &records)?;
                    let frames = geometry.frames_of(chunk, virtual_bytes);
                    for frame in frames {
                        tools.meter.advance(geometry.place(frame, virtual_bytes).1 as u64);
                    }
                }
                Packed::Frame { record, stored, length } => {
                    written.add(&record, stored.as_deref())?;
                    tools.meter.advance(length as u64);
                }
            }
            Ok(())
        })?;
        written.finish()
    }
}

/// What is to be packed.
enum Piece<'p> {
    /// A whole chunk that is there already.
    Kept(u64),
    /// A frame, by its number.
    Frame(u64, Frame<'p>),
}

/// What is to be written.
enum Packed<'p> {
    Kept(u64),
    Frame { record: Record, stored: Option<Loan<'p>>, length: usize },
}
