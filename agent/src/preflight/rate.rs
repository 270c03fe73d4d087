//! How fast a disk is read, tried for a few seconds past the kernel's memory.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::time::{Duration, Instant};

use domfleet_shared::migration::preflight::{Figure, VmFacts};
use rustix::fs::{OFlags, SeekFrom};
use rustix::io::Errno;

use crate::meter::{Cancelled, Meter};

/// No disk's sectors are longer.
const ALIGNMENT: usize = 4096;
const PIECE: usize = 1024 * 1024;
/// It is I/O load, on an appliance that may freeze of it.
const MOST_BYTES: u64 = 256 * 1024 * 1024;
const MOST_TIME: Duration = Duration::from_secs(5);
/// Of less, nobody could tell.
const LEAST_BYTES: u64 = 16 * 1024 * 1024;

/// How fast the VMs' disks are read: tried on the largest that nobody uses.
pub(crate) fn source_read(vms: &[VmFacts], meter: &dyn Meter) -> Result<Option<Figure>, Cancelled> {
    let unused = vms.iter().filter(|vm| !vm.is_running);
    let disks = unused.flat_map(|vm| vm.disks.iter().map(move |disk| (vm, disk)));
    let readable = disks.filter(|(_, disk)| disk.holder.is_none() && disk.unreadable.is_none());
    let largest = readable.max_by_key(|(_, disk)| disk.data_bytes);
    match largest {
        Some((vm, disk)) => {
            read(Path::new(&disk.path), &format!("{} of {}", disk.vdev, vm.name), meter)
        }
        None => Ok(None),
    }
}

/// How fast `path` is read, which is `what` for people; nothing where it cannot be told.
pub(super) fn read(
    path: &Path,
    what: &str,
    meter: &dyn Meter,
) -> Result<Option<Figure>, Cancelled> {
    meter.begin(&format!("trying how fast {what} is read"), 0);
    match tried(path, meter) {
        Ok((bytes, took)) if bytes >= LEAST_BYTES => {
            let a_second = u128::from(bytes) * 1_000_000_000 / took.as_nanos().max(1);
            let rate = u64::try_from(a_second).unwrap_or(u64::MAX).max(1);
            Ok(Some(Figure::measured(rate, format!("{} MiB of {what}, read once", bytes >> 20))))
        }
        Ok(_) => Ok(None),
        Err(error) if Cancelled::is_why(&error) => Err(Cancelled),
        Err(error) => {
            tracing::debug!(path = %path.display(), %error, "how fast it is read is not known");
            Ok(None)
        }
    }
}

/// How much was read, and how long that took: of what is there, and not of holes.
fn tried(path: &Path, meter: &dyn Meter) -> io::Result<(u64, Duration)> {
    let flags = OFlags::DIRECT.bits().cast_signed();
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    let mut memory = vec![0; PIECE + ALIGNMENT];
    let aligned = memory.as_ptr().align_offset(ALIGNMENT).min(ALIGNMENT);
    let piece = memory.get_mut(aligned..aligned + PIECE).unwrap_or_default();
    let begun = Instant::now();
    let (mut at, mut bytes) = (0, 0);
    while bytes < MOST_BYTES && begun.elapsed() < MOST_TIME {
        meter.go_on()?;
        let Some(data) = next_data(&file, at) else { break };
        at = data;
        match file.read_at(piece, at)? {
            0 => break,
            read => {
                bytes += read as u64;
                at += PIECE as u64;
                meter.advance(read as u64);
            }
        }
    }
    Ok((bytes, begun.elapsed()))
}

/// Where the next data is, at a multiple of a piece; `at` itself of what has no holes, such as a device. Nothing
/// where there is no more.
fn next_data(file: &File, at: u64) -> Option<u64> {
    match rustix::fs::seek(file, SeekFrom::Data(at)) {
        Ok(data) => Some(at.max(data / PIECE as u64 * PIECE as u64)),
        Err(Errno::NXIO) => None,
        Err(_) => Some(at),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meter::Unwatched;

    #[test]
    fn a_file_is_read_but_for_its_holes_and_too_little_says_nothing() {
        let folder = tempfile::tempdir_in("/var/tmp").unwrap();
        let path = folder.path().join("disk");
        std::fs::write(&path, vec![7; 20 << 20]).unwrap();
        let large = read(&path, "a disk", &Unwatched).unwrap().unwrap();
        std::fs::write(&path, vec![7; 1 << 20]).unwrap();
        File::options().write(true).open(&path).unwrap().set_len(1 << 40).unwrap();

        let (bytes, _) = tried(&path, &Unwatched).unwrap();

        assert!(large.value > 1 && large.from.contains("20 MiB of a disk"), "{large:?}");
        assert!(bytes <= 4 << 20, "{bytes} bytes are no data");
        assert_eq!(read(&path, "a disk", &Unwatched), Ok(None));
        assert_eq!(read(Path::new("/nonexistent"), "a disk", &Unwatched), Ok(None));
    }
}
