//! How a guest's disk is cut: into frames, which are compressed and checked on their own, and
//! frames into chunks, which are files.

use std::num::NonZeroU64;

use serde::{Deserialize, Serialize};

use super::medium::aligned;

/// The sizes of a set, the same for all of its disks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Geometry {
    /// Bytes of the guest's disk in a frame. A power of two.
    pub frame_bytes: u32,
    /// Frames in a chunk.
    pub chunk_frames: u32,
}

/// The largest disk that can be in a set: ext4's largest file is no larger.
pub(super) const LARGEST_DISK: u64 = 16 << 40;

impl Geometry {
    /// 4 MiB, and 64 MiB: frames large enough to compress well and be read at a drive's full rate,
    /// chunks small enough that a power cut costs seconds (DESIGN.md 5).
    pub const USUAL: Self = Self { frame_bytes: 4 << 20, chunk_frames: 16 };

    /// Whether a set that says so can be read without exhausting the memory of a dom0.
    pub(super) fn is_sound(self) -> bool {
        self.frame_bytes.is_power_of_two()
            && (512..=16 << 20).contains(&self.frame_bytes)
            && (1..=256).contains(&self.chunk_frames)
    }

    pub(super) fn frame_bytes_u64(self) -> NonZeroU64 {
        // A size of 0 is not sound, and never gets so far.
        NonZeroU64::new(self.frame_bytes.into()).unwrap_or(NonZeroU64::MIN)
    }

    /// Frames of a disk.
    pub(super) fn frames(self, virtual_bytes: u64) -> u64 {
        virtual_bytes.div_ceil(self.frame_bytes.into())
    }

    /// Chunks of a disk.
    pub(super) fn chunks(self, virtual_bytes: u64) -> u64 {
        self.frames(virtual_bytes).div_ceil(self.chunk_frames.into())
    }

    /// The frames of a chunk.
    pub(super) fn frames_of(self, chunk: u64, virtual_bytes: u64) -> std::ops::Range<u64> {
        let first = chunk * u64::from(self.chunk_frames);
        first..(first + u64::from(self.chunk_frames)).min(self.frames(virtual_bytes))
    }

    /// Where a frame begins on the disk, and how long it is: the last may be shorter.
    pub(super) fn place(self, frame: u64, virtual_bytes: u64) -> (u64, usize) {
        let at = frame * u64::from(self.frame_bytes);
        let length = virtual_bytes.saturating_sub(at).min(self.frame_bytes.into());
        (at, usize::try_from(length).unwrap_or(0))
    }

    /// The length of a chunk's head with so many frames.
    pub(super) fn head_bytes(frames: usize) -> u64 {
        aligned((super::chunk::FIXED_BYTES + frames * super::frame::RECORD_BYTES) as u64 + 32)
    }
}
