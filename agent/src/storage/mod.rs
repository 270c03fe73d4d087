//! The agent's own durable state: a folder of small files.
//!
//! [`Files`] is the seam below identity, journal, signs of life and waiting bundles. The real one
//! is [`disk`]; the tests have one that loses what was not made durable, is full, or dies after any
//! byte. A name is relative, with `/` between its parts.

pub mod disk;
pub mod record;

use std::future::Future;
use std::io;

/// A folder of files, each with one writer.
///
/// When a method that writes returns `Ok`, what it did outlives a power cut. When it fails or is
/// dropped half-way, what was there before may be cut short or not, as each method says.
pub trait Files: Send + Sync + 'static {
    /// The whole file, nothing where there is none. A file longer than `limit` bytes is an error:
    /// nobody but us writes here, and what is that long is not ours.
    fn read(
        &self,
        name: &str,
        limit: usize,
    ) -> impl Future<Output = io::Result<Option<Vec<u8>>>> + Send;

    /// Up to `length` bytes from `offset` on; fewer only at the file's end.
    fn read_at(
        &self,
        name: &str,
        offset: u64,
        length: usize,
    ) -> impl Future<Output = io::Result<Vec<u8>>> + Send;

    /// Cuts the file to its first `at` bytes and adds `bytes`. Makes the file where there is none.
    ///
    /// After a failure the first `at` bytes are as they were; behind them there may be any
    /// beginning of `bytes`, which the next call with the same `at` cuts off.
    fn append(
        &self,
        name: &str,
        at: u64,
        bytes: Vec<u8>,
    ) -> impl Future<Output = io::Result<()>> + Send;

    /// Puts `bytes` in the file's place. After a failure it holds the old content or the new, and
    /// nothing between.
    fn replace(&self, name: &str, bytes: Vec<u8>) -> impl Future<Output = io::Result<()>> + Send;

    /// Removes the file; succeeds where there is none.
    fn remove(&self, name: &str) -> impl Future<Output = io::Result<()>> + Send;

    /// The files of a folder, by name, without those that [`Self::replace`] left unfinished;
    /// nothing where there is no such folder.
    fn list(&self, folder: &str) -> impl Future<Output = io::Result<Vec<Entry>>> + Send;

    /// The room on the file system.
    fn space(&self) -> impl Future<Output = io::Result<Space>> + Send;
}

/// A file of a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name in the folder.
    pub name: String,
    /// Its length.
    pub bytes: u64,
}

/// The room on a file system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Space {
    /// In all.
    pub total_bytes: u64,
    /// Free to us.
    pub free_bytes: u64,
}

/// Whether a failed write means that there is no room, so that people can be told what to do.
pub fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}
