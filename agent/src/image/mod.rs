//! Disk images: what they are, and whether what they hold can be trusted.
//!
//! Looks at the file itself and asks no `qemu-img`: see `docs/decisions/0009-our-own-look-at-images.md`.
//! Nothing here writes to an image. It must belong to no running VM: what a VM writes meanwhile
//! looks like damage.

mod chain;
pub mod convert;
pub mod disk;
mod format;
mod inflate;
mod judge;
mod place;
mod qcow1;
pub(crate) mod qcow2;
#[cfg(test)]
mod tests;

use std::fs::File;
use std::io::{self, Seek as _, SeekFrom};
use std::os::unix::fs::{FileExt as _, FileTypeExt as _};
use std::path::{Path, PathBuf};

use domfleet_shared::image::{Format, Judgement};

/// Why nothing can be said of a file.
#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    /// It cannot be opened or read.
    #[error("{} cannot be read", path.display())]
    Unreadable {
        /// Its path.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A folder, a pipe, a terminal.
    #[error("{} is neither a file nor a block device", .0.display())]
    NoImage(PathBuf),
}

/// Looks at the image in `path` and everything that it is based on. Without `format` it is told by
/// the first bytes: whoever writes to a raw disk could write those of another format, so pass
/// what the VM's configuration says where there is one.
pub fn check(path: &Path, format: Option<Format>) -> Result<Judgement, ImageError> {
    Ok(judge::judge(&chain::follow(path, format)?))
}

/// A file or block device, opened to be read.
#[derive(Debug)]
struct Opened {
    file: File,
    bytes: u64,
}

impl Opened {
    fn open(path: &Path) -> Result<Self, ImageError> {
        let unreadable = |source| ImageError::Unreadable { path: path.into(), source };
        // Opening a pipe would wait for somebody to write to it.
        let kind = std::fs::metadata(path).map_err(unreadable)?.file_type();
        if !kind.is_file() && !kind.is_block_device() {
            return Err(ImageError::NoImage(path.into()));
        }
        let mut file = File::open(path).map_err(unreadable)?;
        // The only way that works for block devices too.
        let bytes = file.seek(SeekFrom::End(0)).map_err(unreadable)?;
        Ok(Self { file, bytes })
    }
}

/// A table of numbers of eight bytes, most significant first, which must be there as a whole.
fn numbers(file: &File, offset: u64, bytes: u64) -> io::Result<Vec<u64>> {
    let length = usize::try_from(bytes).map_err(|_| io::ErrorKind::OutOfMemory)?;
    let mut read = vec![0; length];
    file.read_exact_at(&mut read, offset)?;
    Ok(read.as_chunks().0.iter().map(|number| u64::from_be_bytes(*number)).collect())
}
