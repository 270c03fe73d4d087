//! A frame: some MiB of a guest's disk, compressed and hashed on its own.

use std::io;

use super::buffer::Buffer;
use super::cipher::{DiskCipher, SEAL_BYTES};
use super::frame_hash::frame_hash;
use super::medium::aligned;

/// The bytes that a [`Record`] takes, in the index and in a chunk's head.
pub(super) const RECORD_BYTES: usize = 72;

/// The level that gives most for its time: USB 2.0 is slower than it, USB 3.0 about as fast.
const LEVEL: i32 = 1;

/// How a frame is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Not at all: it is all zeros.
    Zeros,
    /// As it is: compressing did not make it smaller.
    Plain,
    /// Compressed with Zstandard.
    Zstd,
    /// As it is, and sealed ([`super::cipher`]).
    SealedPlain,
    /// Compressed, and then sealed.
    SealedZstd,
}

/// What is known of a stored frame. Little-endian: kind u32, stored bytes u32, BLAKE3 of the guest's
/// bytes (veiled where the frame is sealed), BLAKE3 of the stored ones (zeros for a frame that is not
/// stored).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) kind: Kind,
    pub(super) stored_bytes: u32,
    pub(super) plain: [u8; 32],
    pub(super) stored: [u8; 32],
}

/// What is wrong with a frame or with what is said of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum FrameError {
    #[error("a record is of no known kind or size")]
    Record,
    #[error("the stored bytes are not those that were written")]
    Stored,
    #[error("what was stored was not sealed with the set's key, or belongs to another place")]
    Sealed,
    #[error("what was stored cannot be decompressed")]
    Compressed,
    #[error("the guest's bytes are not those that were read")]
    Plain,
}

impl Record {
    pub(super) fn zeros(plain: [u8; 32]) -> Self {
        Self { kind: Kind::Zeros, stored_bytes: 0, plain, stored: [0; 32] }
    }

    pub(super) fn encode(&self) -> [u8; RECORD_BYTES] {
        let mut bytes = [0; RECORD_BYTES];
        let kind: u32 = match self.kind {
            Kind::Zeros => 0,
            Kind::Plain => 1,
            Kind::Zstd => 2,
            Kind::SealedPlain => 3,
            Kind::SealedZstd => 4,
        };
        bytes[..4].copy_from_slice(&kind.to_le_bytes());
        bytes[4..8].copy_from_slice(&self.stored_bytes.to_le_bytes());
        bytes[8..40].copy_from_slice(&self.plain);
        bytes[40..].copy_from_slice(&self.stored);
        bytes
    }

    /// Reads one of a frame of `plain_bytes`: what it says never makes anyone allocate more.
    pub(super) fn decode(bytes: &[u8; RECORD_BYTES], plain_bytes: u32) -> Result<Self, FrameError> {
        let (number, hash) = (
            |at: usize| {
                bytes.get(at..at + 4).and_then(|part| part.try_into().ok()).map(u32::from_le_bytes)
            },
            |at: usize| bytes.get(at..at + 32).and_then(|part| <[u8; 32]>::try_from(part).ok()),
        );
        let (Some(kind), Some(stored_bytes), Some(plain), Some(stored)) =
            (number(0), number(4), hash(8), hash(40))
        else {
            return Err(FrameError::Record);
        };
        // What sealing adds is no part of what was sealed.
        let packed = match kind {
            3 | 4 => usize::try_from(stored_bytes).unwrap_or(0).checked_sub(SEAL_BYTES),
            _ => usize::try_from(stored_bytes).ok(),
        };
        let packed = packed.and_then(|bytes| u32::try_from(bytes).ok());
        let packed = packed.ok_or(FrameError::Record)?;
        let kind = match (kind, packed) {
            (0, 0) if stored == [0; 32] => Kind::Zeros,
            (1, packed) if packed == plain_bytes => Kind::Plain,
            (2, packed) if packed > 0 && packed < plain_bytes => Kind::Zstd,
            (3, packed) if packed == plain_bytes => Kind::SealedPlain,
            (4, packed) if packed > 0 && packed < plain_bytes => Kind::SealedZstd,
            _ => return Err(FrameError::Record),
        };
        Ok(Self { kind, stored_bytes, plain, stored })
    }

    /// What it takes in its chunk, to the next frame.
    pub(super) fn room(&self) -> u64 {
        aligned(u64::from(self.stored_bytes))
    }
}

/// Packs and unpacks the frames of a disk; one for each thread.
pub(super) struct Packer {
    compressor: zstd::bulk::Compressor<'static>,
    decompressor: zstd::bulk::Decompressor<'static>,
    cipher: DiskCipher,
}

impl Packer {
    pub(super) fn new(cipher: DiskCipher) -> io::Result<Self> {
        let mut compressor = zstd::bulk::Compressor::new(LEVEL)?;
        // The hashes are the better check.
        compressor.include_checksum(false)?;
        Ok(Self { compressor, decompressor: zstd::bulk::Decompressor::new()?, cipher })
    }

    /// What is to be stored of a frame, in `stored`, with zeros up to the next whole
    /// [`super::medium::ALIGNMENT`].
    pub(super) fn pack(
        &mut self,
        frame: u64,
        plain: &[u8],
        stored: &mut Buffer,
    ) -> io::Result<Record> {
        let hash = frame_hash(plain);
        if is_zeros(plain) {
            stored.resize(0);
            return Ok(Record::zeros(hash));
        }
        let (head, added) = (self.cipher.cipher.head_bytes(), self.cipher.cipher.added_bytes());
        stored.resize(zstd::zstd_safe::compress_bound(plain.len()) + added);
        let room = stored.as_mut().get_mut(head..).unwrap_or_default();
        let packed = self.compressor.compress_to_buffer(plain, room)?;
        let is_smaller = packed < plain.len();
        let length = if is_smaller {
            packed
        } else {
            stored.as_mut()[head..head + plain.len()].copy_from_slice(plain);
            plain.len()
        };
        stored.resize(length + added);
        self.cipher.seal(frame, stored.as_mut())?;
        let kind = match (self.cipher.cipher.is_none(), is_smaller) {
            (true, true) => Kind::Zstd,
            (true, false) => Kind::Plain,
            (false, true) => Kind::SealedZstd,
            (false, false) => Kind::SealedPlain,
        };
        let stored_hash = *blake3::hash(stored.as_ref()).as_bytes();
        stored.pad();
        let stored_bytes = u32::try_from(length + added).map_err(io::Error::other)?;
        let plain = self.cipher.cipher.veil(hash, &stored_hash);
        Ok(Record { kind, stored_bytes, plain, stored: stored_hash })
    }

    /// The guest's bytes of a frame, in `plain`, which has their length. Checked before and after. What
    /// was sealed is opened where it is, so that `stored` is not what it was.
    pub(super) fn unpack(
        &mut self,
        frame: u64,
        record: &Record,
        stored: &mut [u8],
        plain: &mut [u8],
    ) -> Result<(), FrameError> {
        if record.kind != Kind::Zeros && *blake3::hash(stored).as_bytes() != record.stored {
            return Err(FrameError::Stored);
        }
        let is_sealed = matches!(record.kind, Kind::SealedPlain | Kind::SealedZstd);
        if record.kind != Kind::Zeros && is_sealed == self.cipher.cipher.is_none() {
            return Err(FrameError::Sealed);
        }
        let packed: &[u8] = if is_sealed {
            self.cipher.open(frame, stored).ok_or(FrameError::Sealed)?
        } else {
            stored
        };
        match record.kind {
            Kind::Zeros => plain.fill(0),
            Kind::Plain | Kind::SealedPlain if packed.len() == plain.len() => {
                plain.copy_from_slice(packed);
            }
            Kind::Plain | Kind::SealedPlain => return Err(FrameError::Record),
            Kind::Zstd | Kind::SealedZstd => decompress(&mut self.decompressor, packed, plain)?,
        }
        if frame_hash(plain) != self.cipher.cipher.plain_hash(record) {
            return Err(FrameError::Plain);
        }
        Ok(())
    }
}

/// Into room for one frame: a frame that grows beyond it is refused there.
fn decompress(
    decompressor: &mut zstd::bulk::Decompressor<'_>,
    packed: &[u8],
    plain: &mut [u8],
) -> Result<(), FrameError> {
    let unpacked = decompressor.decompress_to_buffer(packed, plain);
    match unpacked.map_err(|_| FrameError::Compressed)? {
        length if length == plain.len() => Ok(()),
        _ => Err(FrameError::Compressed),
    }
}

pub(super) fn is_zeros(bytes: &[u8]) -> bool {
    let (wide, rest) = bytes.as_chunks::<16>();
    wide.iter().all(|part| u128::from_ne_bytes(*part) == 0) && rest.iter().all(|byte| *byte == 0)
}
