//! The hash of what is on a guest's disk, whatever it is kept in.

use std::io;
use std::num::NonZeroU64;

use domfleet_shared::content::ContentHasher;

use super::disk::Disk;
use crate::meter::Meter;

/// Reads the disk whole. What it is, [`domfleet_shared::content`] says.
pub fn content_hash(
    disk: &mut Disk,
    frame_bytes: NonZeroU64,
    meter: &dyn Meter,
) -> io::Result<[u8; 32]> {
    meter.begin("hashing", disk.virtual_bytes());
    let mut hasher = ContentHasher::new(disk.virtual_bytes(), frame_bytes);
    let mut frame = Vec::new();
    let mut at = 0;
    loop {
        let bytes = hasher.next_bytes();
        if bytes == 0 {
            return hasher.finish().map_err(io::Error::other);
        }
        meter.go_on()?;
        if disk.zeros(at, bytes)? == bytes {
            hasher.zero_frame();
        } else {
            frame.resize(usize::try_from(bytes).map_err(|_| io::ErrorKind::OutOfMemory)?, 0);
            disk.read(at, &mut frame)?;
            hasher.frame(blake3::hash(&frame).as_bytes());
        }
        at += bytes;
        meter.advance(bytes);
    }
}
