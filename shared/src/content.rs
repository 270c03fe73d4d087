//! What is on a guest's disk, as one hash: the same for an image, a volume and a backup of it,
//! whatever the format and whatever is allocated.
//!
//! The disk is cut in frames; the last may be shorter. The content hash is BLAKE3 over
//! `"domfleet content 1\n"`, the disk's size and the size of a frame (eight bytes each, least
//! significant first), and the BLAKE3 of each frame's bytes, in order.

use std::num::NonZeroU64;

/// The size of a frame, wherever nothing else is said.
pub const FRAME_BYTES: NonZeroU64 = NonZeroU64::new(4 << 20).unwrap();

const DOMAIN: &[u8] = b"domfleet content 1\n";

/// Puts the hashes of frames together.
#[derive(Clone, Debug)]
pub struct ContentHasher {
    hasher: blake3::Hasher,
    virtual_bytes: u64,
    frame_bytes: NonZeroU64,
    added: u64,
    /// Of a whole frame of zeros, once there was one.
    zeros: Option<[u8; 32]>,
}

/// Frames are missing, or there were too many.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the disk has {wanted} frames, and {added} were hashed")]
pub struct WrongCount {
    /// How many the disk has.
    pub wanted: u64,
    /// How many were given.
    pub added: u64,
}

impl ContentHasher {
    /// Of a disk of so many bytes, cut in frames of `frame_bytes`.
    pub fn new(virtual_bytes: u64, frame_bytes: NonZeroU64) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(DOMAIN);
        hasher.update(&virtual_bytes.to_le_bytes());
        hasher.update(&frame_bytes.get().to_le_bytes());
        Self { hasher, virtual_bytes, frame_bytes, added: 0, zeros: None }
    }

    /// How many frames the disk has.
    pub fn frames(&self) -> u64 {
        self.virtual_bytes.div_ceil(self.frame_bytes.get())
    }

    /// How many bytes the next frame has; 0 once there is none.
    pub fn next_bytes(&self) -> u64 {
        let start = self.added.saturating_mul(self.frame_bytes.get());
        self.virtual_bytes.saturating_sub(start).min(self.frame_bytes.get())
    }

    /// The next frame, whose bytes have this BLAKE3.
    pub fn frame(&mut self, hash: &[u8; 32]) {
        self.hasher.update(hash);
        self.added += 1;
    }

    /// The next frame is zeros.
    pub fn zero_frame(&mut self) {
        let bytes = self.next_bytes();
        let hash = if bytes == self.frame_bytes.get() {
            *self.zeros.get_or_insert_with(|| of_zeros(bytes))
        } else {
            of_zeros(bytes)
        };
        self.frame(&hash);
    }

    /// The content hash, once each frame was there.
    pub fn finish(self) -> Result<[u8; 32], WrongCount> {
        let (wanted, added) = (self.frames(), self.added);
        if wanted == added {
            Ok(*self.hasher.finalize().as_bytes())
        } else {
            Err(WrongCount { wanted, added })
        }
    }
}

/// A content hash as people and JSON have it.
pub fn in_hex(hash: &[u8; 32]) -> String {
    hex::encode(hash)
}

/// The BLAKE3 of so many zeros.
fn of_zeros(bytes: u64) -> [u8; 32] {
    const ZEROS: [u8; 16 * 1024] = [0; 16 * 1024];
    let mut hasher = blake3::Hasher::new();
    let mut left = bytes;
    while left > 0 {
        let now = usize::try_from(left).unwrap_or(ZEROS.len()).min(ZEROS.len());
        hasher.update(&ZEROS[..now]);
        left -= now as u64;
    }
    *hasher.finalize().as_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame_bytes(bytes: u64) -> NonZeroU64 {
        NonZeroU64::new(bytes).unwrap()
    }

    /// By the definition, from all bytes at once.
    fn by_the_definition(disk: &[u8], frame: usize) -> [u8; 32] {
        let mut said = b"domfleet content 1\n".to_vec();
        said.extend((disk.len() as u64).to_le_bytes());
        said.extend((frame as u64).to_le_bytes());
        for part in disk.chunks(frame) {
            said.extend(blake3::hash(part).as_bytes());
        }
        *blake3::hash(&said).as_bytes()
    }

    #[test]
    fn the_hash_is_what_its_definition_says_and_stays_so() {
        let disk: Vec<u8> = (0..=250).cycle().take(100_000).collect();
        let mut hasher = ContentHasher::new(disk.len() as u64, frame_bytes(4096));
        for part in disk.chunks(4096) {
            assert_eq!(hasher.next_bytes(), part.len() as u64);
            hasher.frame(blake3::hash(part).as_bytes());
        }

        let hash = hasher.finish().unwrap();

        assert_eq!(hash, by_the_definition(&disk, 4096));
        // Hashes are kept for years on drives: no build may give another.
        assert_eq!(
            hex::encode(hash),
            "7f0e12fd441879995c3612c767aeae91d784ea4ace29961e02d7998faee58b29"
        );
    }

    #[test]
    fn frames_of_zeros_need_not_be_read_and_the_last_may_be_shorter() {
        for bytes in [0, 1, 511, 512, 4096, 4097, 40_000, 40_960] {
            let mut hasher = ContentHasher::new(bytes, frame_bytes(4096));
            for _ in 0..hasher.frames() {
                hasher.zero_frame();
            }
            let disk = vec![0; usize::try_from(bytes).unwrap()];
            assert_eq!(hasher.finish(), Ok(by_the_definition(&disk, 4096)), "{bytes}");
        }
    }

    #[test]
    fn a_hash_over_too_few_or_too_many_frames_is_none() {
        let mut hasher = ContentHasher::new(8193, frame_bytes(4096));
        hasher.zero_frame();
        hasher.zero_frame();
        assert_eq!(hasher.clone().finish(), Err(WrongCount { wanted: 3, added: 2 }));
        hasher.zero_frame();
        assert!(hasher.clone().finish().is_ok());
        hasher.zero_frame();
        assert_eq!(hasher.finish(), Err(WrongCount { wanted: 3, added: 4 }));
    }
}
