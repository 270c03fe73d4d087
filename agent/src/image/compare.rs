//! Two disks, read whole and compared.

use std::io;

use domfleet_shared::content::{ContentHasher, FRAME_BYTES};

use super::disk::Disk;
use crate::meter::Meter;

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compared {
    /// They are the same, and this is the hash of what is on the first.
    Equal([u8; 32]),
    /// The first byte that differs is in the frame that begins there.
    Differs(u64),
}

/// Compares `second` with `first`. The second may be longer, by zeros.
pub(super) fn compare(
    first: &mut Disk,
    second: &mut Disk,
    meter: &dyn Meter,
) -> io::Result<Compared> {
    meter.begin("comparing", second.virtual_bytes());
    if second.virtual_bytes() < first.virtual_bytes() {
        return Ok(Compared::Differs(second.virtual_bytes()));
    }
    let frame = usize::try_from(FRAME_BYTES.get()).map_err(|_| io::ErrorKind::OutOfMemory)?;
    let (mut ours, mut theirs) = (vec![0; frame], vec![0; frame]);
    let mut hasher = ContentHasher::new(first.virtual_bytes(), FRAME_BYTES);
    let mut at = 0;
    while at < second.virtual_bytes() {
        meter.go_on()?;
        // What is beyond the first is no part of its content.
        let of_first = hasher.next_bytes();
        let bytes = match of_first {
            0 => (second.virtual_bytes() - at).min(FRAME_BYTES.get()),
            bytes => bytes,
        };
        let length = usize::try_from(bytes).map_err(|_| io::ErrorKind::OutOfMemory)?;
        let (ours, theirs) = (&mut ours[..length], &mut theirs[..length]);
        if first.zeros(at, bytes)? == bytes && second.zeros(at, bytes)? == bytes {
            if of_first > 0 {
                hasher.zero_frame();
            }
        } else {
            first.read(at, ours)?;
            second.read(at, theirs)?;
            if ours != theirs {
                return Ok(Compared::Differs(at));
            }
            if of_first > 0 {
                hasher.frame(blake3::hash(ours).as_bytes());
            }
        }
        at += bytes;
        meter.advance(bytes);
    }
    Ok(Compared::Equal(hasher.finish().map_err(io::Error::other)?))
}
