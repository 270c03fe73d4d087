//! The seam below a backup set: a file system, call by call.
//!
//! It is this low so that what makes a file durable (flush it, rename it, flush the folder) stands in
//! our code, where the tests can cut the power between any two calls. The real one is
//! [`super::folder`].

use std::io;

/// A file system, or a folder of one, for one set's writer and any number of readers.
///
/// Names are relative, with `/` between their parts. Nothing is durable before it has been flushed:
/// a file's content by [`MediumFile::sync`], a name that was made, changed or removed by
/// [`Medium::sync_folder`] of the folder that it is in.
pub trait Medium: Send + Sync {
    /// An open file.
    type File: MediumFile;

    /// A new, empty file, to be written. What was there under that name is gone.
    fn create(&self, name: &str) -> io::Result<Self::File>;

    /// A file to be added to, made where there is none.
    fn extend(&self, name: &str) -> io::Result<Self::File>;

    /// A file to be read; nothing where there is none.
    fn open(&self, name: &str) -> io::Result<Option<Self::File>>;

    /// Gives a file another name in the same folder, at once and in place of what has it.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Removes a file; succeeds where there is none. A folder is [`io::ErrorKind::IsADirectory`].
    fn remove(&self, name: &str) -> io::Result<()>;

    /// Removes a folder that is empty.
    fn remove_folder(&self, name: &str) -> io::Result<()>;

    /// What is in a folder, by name; nothing where there is no such folder. A file is [`io::ErrorKind::NotADirectory`].
    fn list(&self, folder: &str) -> io::Result<Vec<String>>;

    /// Makes a folder in one that is there; succeeds where it is there.
    fn make_folder(&self, name: &str) -> io::Result<()>;

    /// Makes durable which names are in a folder.
    fn sync_folder(&self, folder: &str) -> io::Result<()>;

    /// Has everything that is read from now on come from the medium itself, and not from what this
    /// system remembers of it: as unmounting and mounting again does.
    fn remount(&self) -> io::Result<()>;

    /// Bytes that can still be written.
    fn free_bytes(&self) -> io::Result<u64>;
}

/// An open file of a [`Medium`].
pub trait MediumFile: Send + Sync {
    /// Its length.
    fn bytes(&self) -> io::Result<u64>;

    /// Reads from `offset` on. Less than was asked for only at the file's end.
    fn read_at(&self, part: &mut [u8], offset: u64) -> io::Result<usize>;

    /// Writes all of it at `offset`.
    fn write_at(&mut self, part: &[u8], offset: u64) -> io::Result<()>;

    /// Cuts it to its first `bytes`.
    fn truncate(&mut self, bytes: u64) -> io::Result<()>;

    /// Makes its content and its length durable.
    fn sync(&mut self) -> io::Result<()>;
}

/// Offsets and lengths of what is read and written without a cache in between are multiples of
/// this: the largest sector that drives have.
pub const ALIGNMENT: usize = 4096;

/// The next multiple of [`ALIGNMENT`].
pub fn aligned(bytes: u64) -> u64 {
    bytes.next_multiple_of(ALIGNMENT as u64)
}
