//! The documents of a set as a stranger may have written them.

use std::io;

use domfleet_shared::id::{SetId, VmId};
use uuid::Uuid;

use super::chunk::ChunkId;
use super::cipher::Keyring;
use super::documents::{Manifest, Plan};
use super::frame::Packer;
use super::geometry::Geometry;
use super::hash::Hash;
use super::index::{IndexId, IndexReader};
use super::journal::{self, Record};
use super::medium::MediumFile;
use super::names::{DiskId, Folder};
use super::parity::head::{self, HeadError};
use super::parity::layout::ParityId;
use super::standing::{Event, Standing};

const SET: SetId = SetId(Uuid::from_u128(1));
const DISK: DiskId = DiskId { vm: VmId(Uuid::from_u128(2)), number: 0 };
const GEOMETRY: Geometry = Geometry { frame_bytes: 4_096, chunk_frames: 4 };

struct Bytes<'b>(&'b [u8]);

impl MediumFile for Bytes<'_> {
    fn bytes(&self) -> io::Result<u64> {
        Ok(self.0.len() as u64)
    }

    fn read_at(&self, part: &mut [u8], offset: u64) -> io::Result<usize> {
        let from = usize::try_from(offset).unwrap_or(usize::MAX).min(self.0.len());
        let length = part.len().min(self.0.len() - from);
        part[..length].copy_from_slice(&self.0[from..from + length]);
        Ok(length)
    }

    fn write_at(&mut self, _: &[u8], _: u64) -> io::Result<()> {
        Err(io::ErrorKind::ReadOnlyFilesystem.into())
    }

    fn truncate(&mut self, _: u64) -> io::Result<()> {
        Err(io::ErrorKind::ReadOnlyFilesystem.into())
    }

    fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The records of an index and of a chunk's head. What guards them, the head of the index and the
/// hashes, fits: a stranger can make that so, and a fuzzer cannot.
pub(crate) fn index(bytes: &[u8]) {
    let frames = bytes.len() / super::frame::RECORD_BYTES;
    let virtual_bytes = frames as u64 * u64::from(GEOMETRY.frame_bytes);
    let id = IndexId { set: SET, disk: DISK, virtual_bytes, geometry: GEOMETRY };
    let records = &bytes[..frames * super::frame::RECORD_BYTES];
    let whole = [id.head().as_slice(), records].concat();
    let mut packer = Keyring::EMPTY
        .cipher(None)
        .ok()
        .and_then(|cipher| Packer::new(cipher.of_disk(SET, DISK)).ok());
    let mut plain = vec![0; 4_096];
    if let Ok(mut reader) = IndexReader::read(Bytes(&whole), id, Hash::of(&whole)) {
        for frame in 0..frames as u64 {
            let Ok(record) = reader.next(frame) else { break };
            // Whatever it says of its length, no more than a frame comes of it.
            let length = usize::try_from(record.stored_bytes).unwrap_or(0).min(bytes.len());
            if let Some(packer) = &mut packer {
                packer.unpack(frame, &record, &mut bytes[..length].to_vec(), &mut plain).ok();
            }
        }
    }
    let chunk = ChunkId { set: SET, disk: DISK, number: 0, virtual_bytes, geometry: GEOMETRY };
    let head = [bytes, blake3::hash(bytes).as_bytes()].concat();
    if let Some(records) = chunk.read_head(&head) {
        assert!(chunk.head(&records) == head, "a head is read as what it is");
    }
    drop(chunk.records(records));
}

/// The head of a parity file, in two copies: as they are, and of hashes that fit, one copy of which is damaged.
/// The first bytes say how long the chunk is, and where the damage is.
pub(crate) fn parity(bytes: &[u8]) {
    let Some(([blocks, damage @ ..], rest)) = bytes.split_first_chunk::<4>() else { return };
    let virtual_bytes = u64::from(GEOMETRY.frame_bytes);
    let chunk = ChunkId { set: SET, disk: DISK, number: 0, virtual_bytes, geometry: GEOMETRY };
    let file_bytes = u64::from(*blocks) * 8 * 4_096;
    let id = ParityId { chunk, file_bytes, head: Hash([3; 32]) };
    let Some(layout) = id.layout() else { return };
    let (first, second) = rest.split_at(rest.len() / 2);
    if let Ok(read) = head::combine(&id, layout, [first, second]) {
        assert!(read.hashes.len() <= layout.hashes());
    }
    let mut hashes = vec![[0; 16]; layout.hashes()];
    for (hash, part) in hashes.iter_mut().zip(rest.as_chunks().0) {
        *hash = *part;
    }
    let whole = head::encode(&id, &hashes);
    let mut broken = whole.clone();
    let at = usize::from(u16::from_le_bytes([damage[0], damage[1]])) % broken.len();
    broken[at] ^= damage[2] | 1;
    let said = Ok(hashes.iter().copied().map(Some).collect::<Vec<_>>());
    for copies in [[whole.as_slice(), &broken], [&broken, &whole], [&[], &whole]] {
        let read = head::combine(&id, layout, copies);
        assert_eq!(read.map(|head| head.hashes), said, "one copy is enough");
    }
    let other = ParityId { head: Hash([4; 32]), ..id };
    let read = head::combine(&other, layout, [&whole, &broken]);
    assert_eq!(read, Err(HeadError::Stale), "an earlier state is told");
}

/// The manifest and the plan, which must not lead anyone to read or make more than there is.
pub(crate) fn manifest(bytes: &[u8]) {
    if let Ok(manifest) = Manifest::decode(bytes) {
        for (disk, saved) in manifest.disks() {
            let name = Folder::new(manifest.set).index(disk);
            assert!(!name.contains("..") && name.starts_with("DOMFLEET/sets/"), "{name}");
            let frames = manifest.geometry.frames(saved.planned.virtual_bytes);
            assert!(frames.saturating_mul(72) < 1 << 42, "an index without end");
        }
    }
    drop(Plan::decode(bytes));
}

/// Two copies of a journal: as they are, and of lines whose hashes fit. The first byte says where the second
/// copy is cut off.
pub(crate) fn journal(bytes: &[u8]) {
    let Some((first, rest)) = bytes.split_first() else { return };
    let chained = journal::chained(SET.0, rest.split(|byte| *byte == b'\n'));
    let cut = |whole: &[u8]| whole.len() * usize::from(*first) / 255;
    let (raw, whole) = (rest.split_at(cut(rest)), chained.as_slice());
    for copies in [[raw.0, raw.1], [rest, rest], [whole, &whole[..cut(whole)]], [whole, rest]] {
        if let Ok(read) = journal::combine::<Record<Event>>(SET.0, copies) {
            let standing = Standing::of(&read.records);
            assert!(standing.verified.is_none() || standing.sealed.is_some());
        }
    }
}
