//! A copy of a file as it is, with its holes.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;

use rustix::fs::{SeekFrom, ioctl_ficlone, seek};
use rustix::io::Errno;

use crate::image::opened::Opened;
use crate::meter::Meter;

/// What is copied at once.
const PIECE: u64 = 4 << 20;

/// Copies all of `from` into `to`, which is empty. Takes no room where the file system can share
/// what is the same.
pub(super) fn copy(from: &Opened, to: &File, meter: &dyn Meter) -> io::Result<()> {
    if ioctl_ficlone(to, &from.file).is_ok() {
        return Ok(());
    }
    meter.begin("copying", from.bytes);
    to.set_len(from.bytes)?;
    let mut piece = vec![0; usize::try_from(PIECE).map_err(io::Error::other)?];
    let mut at = 0;
    while at < from.bytes {
        meter.go_on()?;
        let (start, end) = data(&from.file, at, from.bytes)?;
        meter.advance(start - at);
        at = start;
        while at < end {
            meter.go_on()?;
            let bytes = (end - at).min(PIECE);
            let part = &mut piece[..usize::try_from(bytes).map_err(io::Error::other)?];
            from.file.read_exact_at(part, at)?;
            to.write_all_at(part, at)?;
            at += bytes;
            meter.advance(bytes);
        }
    }
    Ok(())
}

/// From where to where there is something, from `at` on.
fn data(file: &File, at: u64, end: u64) -> io::Result<(u64, u64)> {
    match seek(file, SeekFrom::Data(at)) {
        Ok(start) => {
            let stop = seek(file, SeekFrom::Hole(start))?;
            Ok((start.min(end), stop.min(end)))
        }
        // Nothing more.
        Err(Errno::NXIO) => Ok((end, end)),
        // It cannot be asked, such as of a volume.
        Err(_) => Ok((at, end)),
    }
}
