//! Where a disk is restored to.

use std::io;
use std::ops::Range;

use super::buffer::Buffer;
use super::frame::is_zeros;
use super::medium::MediumFile;
use super::source::Source;

/// A disk that is being written, from front to back.
pub trait Target {
    /// The same disk, read.
    type Back: Source;

    /// For people.
    fn name(&self) -> String;

    /// Writes a frame. Offsets only grow; each frame comes once.
    fn write(&mut self, offset: u64, frame: &[u8]) -> io::Result<()>;

    /// A frame of zeros. It must read as zeros afterwards, whatever was there before.
    fn zeros(&mut self, offset: u64, bytes: u64) -> io::Result<()>;

    /// Makes all of it durable, has whatever is beyond `virtual_bytes` be zeros, and opens it again
    /// so that what is read comes from the medium and not from a cache.
    fn finish(self, virtual_bytes: u64) -> io::Result<Self::Back>;
}

/// A file or a volume that holds a disk as it is.
pub trait Device: MediumFile + Sized {
    /// Closes it, and opens it again to be read from the medium.
    fn reopen(self) -> io::Result<Self>;
}

/// A disk as it is, on a device that may be longer.
pub struct Whole<D> {
    device: D,
    name: String,
    /// Whether it holds nothing but zeros before anything is written to it.
    is_new: bool,
    zeros: Buffer,
}

/// Runs of zeros shorter than this are written: a file in many pieces is slower than they are.
const PIECE: usize = 64 << 10;
/// So many zeros are written at once.
const ZEROS: usize = 1 << 20;

impl<D: Device> Whole<D> {
    /// A device that someone may have used before.
    pub fn used(device: D, name: String) -> Self {
        Self::new(device, name, false)
    }

    /// A new file of the disk's length, which reads as zeros.
    pub fn fresh(device: D, name: String) -> Self {
        Self::new(device, name, true)
    }

    fn new(device: D, name: String, is_new: bool) -> Self {
        let mut zeros = Buffer::new(ZEROS);
        zeros.resize(ZEROS);
        zeros.as_mut().fill(0);
        Self { device, name, is_new, zeros }
    }

    /// Writes what is not zeros already: a file stays as sparse as its disk is, and most of a frame of a
    /// file system's metadata is zeros.
    fn write_data(&mut self, offset: u64, frame: &[u8]) -> io::Result<()> {
        let (mut begin, mut end) = (0, 0);
        for piece in frame.chunks(PIECE) {
            if is_zeros(piece) {
                self.write_part(offset, frame, begin..end)?;
                begin = end + piece.len();
            }
            end += piece.len();
        }
        self.write_part(offset, frame, begin..end)
    }

    fn write_part(&mut self, offset: u64, frame: &[u8], part: Range<usize>) -> io::Result<()> {
        let at = offset + part.start as u64;
        match frame.get(part) {
            None | Some([]) => Ok(()),
            Some(part) => self.device.write_at(part, at),
        }
    }

    fn write_zeros(&mut self, offset: u64, bytes: u64) -> io::Result<()> {
        let mut written = 0;
        while written < bytes {
            let length = usize::try_from(bytes - written).unwrap_or(ZEROS).min(ZEROS);
            let zeros = self.zeros.as_ref().get(..length).unwrap_or_default();
            self.device.write_at(zeros, offset + written)?;
            written += length as u64;
        }
        Ok(())
    }
}

impl<D: Device> Target for Whole<D> {
    type Back = Back<D>;

    fn name(&self) -> String {
        self.name.clone()
    }

    fn write(&mut self, offset: u64, frame: &[u8]) -> io::Result<()> {
        if self.is_new {
            self.write_data(offset, frame)
        } else {
            self.device.write_at(frame, offset)
        }
    }

    fn zeros(&mut self, offset: u64, bytes: u64) -> io::Result<()> {
        if self.is_new { Ok(()) } else { self.write_zeros(offset, bytes) }
    }

    fn finish(mut self, virtual_bytes: u64) -> io::Result<Back<D>> {
        let tail = self.device.bytes()?.saturating_sub(virtual_bytes);
        if !self.is_new {
            self.write_zeros(virtual_bytes, tail)?;
        }
        self.device.sync()?;
        let device = self.device.reopen()?;
        Ok(Back { bytes: device.bytes()?, device })
    }
}

/// A device that was written, read.
pub struct Back<D> {
    device: D,
    bytes: u64,
}

impl<D: MediumFile> Source for Back<D> {
    fn virtual_bytes(&self) -> u64 {
        self.bytes
    }

    fn read(&mut self, offset: u64, part: &mut [u8]) -> io::Result<()> {
        if self.device.read_at(part, offset)? < part.len() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(())
    }

    fn zeros(&mut self, _offset: u64, _most: u64) -> io::Result<u64> {
        // What is to be proved is not taken on trust.
        Ok(0)
    }

    fn fingerprint(&self) -> io::Result<Option<super::hash::Hash>> {
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt as _;

    use super::*;
    use crate::backup::folder::Folder;

    const FRAME: usize = 8 * PIECE;

    /// Zeros but for the first and the sixth piece.
    fn frame() -> Vec<u8> {
        let mut frame = vec![0; FRAME];
        frame[..PIECE].fill(1);
        frame[5 * PIECE + 7] = 2;
        frame
    }

    #[test]
    fn a_new_file_takes_room_for_what_is_not_zeros() {
        let folder = tempfile::tempdir().unwrap();
        let file = Folder::open(folder.path()).unwrap().create_sized("a", FRAME as u64).unwrap();
        let mut target = Whole::fresh(file, "a".into());

        target.write(0, &frame()).unwrap();
        target.finish(FRAME as u64).unwrap();

        let path = folder.path().join("a");
        assert!(std::fs::read(&path).unwrap() == frame());
        let taken = std::fs::metadata(&path).unwrap().blocks() * 512;
        assert!(taken <= 2 * PIECE as u64 + 4096, "{taken}");
    }

    #[test]
    fn where_something_was_before_zeros_are_written_over_it() {
        let folder = tempfile::tempdir().unwrap();
        let folder = Folder::open(folder.path()).unwrap();
        let mut file = folder.create_sized("a", FRAME as u64).unwrap();
        file.write_at(&vec![9; FRAME], 0).unwrap();
        let mut target = Whole::used(file, "a".into());

        target.write(0, &frame()).unwrap();
        let mut back = target.finish(FRAME as u64).unwrap();

        let mut read = vec![0; FRAME];
        back.read(0, &mut read).unwrap();
        assert!(read == frame());
    }
}
