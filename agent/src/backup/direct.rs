//! A file that is written, and once it has been opened anew also read, past the system's cache: dom0
//! keeps its little memory for other things, and what is read comes from the medium.

use std::fs::File;
use std::io;
use std::os::unix::fs::{FileExt as _, FileTypeExt as _};
use std::path::Path;

use rustix::fs::{Advice, CWD, Mode, OFlags, fadvise, openat};

use super::buffer::Buffer;
use super::medium::{ALIGNMENT, MediumFile};
use super::target::Device;

/// A file or block device.
pub struct DirectFile {
    file: File,
    /// The same, past the cache; nothing where the file system cannot do that.
    direct: Option<File>,
    is_read_directly: bool,
}

impl DirectFile {
    /// Opens `name` in `folder`, itself and not what it may be a link to.
    pub(super) fn open(
        folder: impl rustix::fd::AsFd,
        name: &str,
        flags: OFlags,
        is_read_directly: bool,
    ) -> io::Result<Self> {
        let common = OFlags::CLOEXEC | OFlags::NOFOLLOW;
        // Only root reads what customers' disks hold.
        let mode = Mode::RUSR | Mode::WUSR;
        let file = File::from(openat(folder.as_fd(), name, flags | common, mode)?);
        let again = flags.difference(OFlags::CREATE | OFlags::TRUNC | OFlags::EXCL);
        let direct = openat(folder.as_fd(), name, again | common | OFlags::DIRECT, mode);
        Ok(Self { file, direct: direct.ok().map(File::from), is_read_directly })
    }

    /// Opens a block device, which must be one and not in use: a file that was made in its place, or a
    /// disk that is mounted, is never written to.
    pub(super) fn open_block_device(path: &Path) -> io::Result<Self> {
        let flags = OFlags::RDWR | OFlags::CLOEXEC;
        let file = File::from(openat(CWD, path, flags | OFlags::EXCL, Mode::empty())?);
        if !file.metadata()?.file_type().is_block_device() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no block device"));
        }
        let direct = openat(CWD, path, flags | OFlags::DIRECT, Mode::empty());
        Ok(Self { file, direct: direct.ok().map(File::from), is_read_directly: false })
    }

    fn fits(part: &[u8], offset: u64) -> bool {
        part.as_ptr().align_offset(ALIGNMENT) == 0
            && part.len().is_multiple_of(ALIGNMENT)
            && offset.is_multiple_of(ALIGNMENT as u64)
    }
}

impl MediumFile for DirectFile {
    fn bytes(&self) -> io::Result<u64> {
        // A block device has a length only for those who seek in it.
        Ok(rustix::fs::seek(&self.file, rustix::fs::SeekFrom::End(0))?)
    }

    fn read_at(&self, part: &mut [u8], offset: u64) -> io::Result<usize> {
        match &self.direct {
            Some(direct) if self.is_read_directly => read_directly(direct, part, offset),
            _ => {
                if self.is_read_directly {
                    fadvise(&self.file, 0, None, Advice::DontNeed)?;
                }
                read(&self.file, part, offset)
            }
        }
    }

    fn write_at(&mut self, part: &[u8], offset: u64) -> io::Result<()> {
        match &self.direct {
            Some(direct) if Self::fits(part, offset) => direct.write_all_at(part, offset),
            _ => self.file.write_all_at(part, offset),
        }
    }

    fn truncate(&mut self, bytes: u64) -> io::Result<()> {
        self.file.set_len(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.file.sync_data()
    }
}

impl Device for DirectFile {
    fn reopen(mut self) -> io::Result<Self> {
        self.file.sync_all()?;
        fadvise(&self.file, 0, None, Advice::DontNeed)?;
        self.is_read_directly = true;
        Ok(self)
    }
}

/// As much as there is, up to the whole part.
fn read(file: &File, part: &mut [u8], offset: u64) -> io::Result<usize> {
    let mut seen = 0;
    while seen < part.len() {
        match file.read_at(&mut part[seen..], offset + seen as u64) {
            Ok(0) => break,
            Ok(more) => seen += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(seen)
}

/// The same past the cache, by way of aligned memory where `part` is not.
fn read_directly(file: &File, part: &mut [u8], offset: u64) -> io::Result<usize> {
    if DirectFile::fits(part, offset) {
        return read_aligned(file, part, offset);
    }
    let begin = offset - offset % ALIGNMENT as u64;
    let skipped = usize::try_from(offset - begin).unwrap_or(0);
    let mut around = Buffer::new(0);
    around.resize((skipped + part.len()).next_multiple_of(ALIGNMENT));
    let seen = read_aligned(file, around.as_mut(), begin)?;
    let length = seen.saturating_sub(skipped).min(part.len());
    part[..length].copy_from_slice(&around.as_ref()[skipped..skipped + length]);
    Ok(length)
}

/// Less than was asked for is the end of the file: going on from there would not be aligned.
fn read_aligned(file: &File, part: &mut [u8], offset: u64) -> io::Result<usize> {
    let mut seen = 0;
    while seen < part.len() {
        match file.read_at(&mut part[seen..], offset + seen as u64) {
            Ok(more) => {
                seen += more;
                if more == 0 || !more.is_multiple_of(ALIGNMENT) {
                    break;
                }
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(seen)
}
