//! What mitigations need of a system: its files, its kernel's settings, a few of its commands, and a
//! place of ours to keep what was there before.

use std::io;

use crate::dom0::Dom0Error;

/// A system. Paths are absolute in it.
pub trait System {
    /// Whether commands, and what is set below `/proc` and `/sys`, change the kernel that runs. Not so
    /// of a folder with a fake system in it.
    fn is_live(&self) -> bool;

    /// What the vendor's product file says.
    fn release(&self) -> Option<String>;

    /// A file's content; nothing where there is none.
    fn read(&self, path: &str) -> io::Result<Option<Vec<u8>>>;

    /// What is in a folder, by name; nothing where there is no such folder.
    fn names(&self, folder: &str) -> Vec<String>;

    /// Where a path leads once all links in it are followed.
    fn resolved(&self, path: &str) -> Option<String>;

    /// Why a file cannot be replaced by another: it is a link, or no file.
    fn obstacle(&self, path: &str) -> Option<String>;

    /// Puts `content` in a file's place, or removes the file where it is nothing. Whatever happens
    /// meanwhile, the old content is there or the new, whole; after `Ok` the new one outlives a power
    /// cut. Mode and owner stay; a new file can be run by all where `is_program`.
    fn replace(&self, path: &str, content: Option<&[u8]>, is_program: bool) -> io::Result<()>;

    /// Sets a value of the kernel's below `/proc` or `/sys`.
    fn set(&self, path: &str, value: &str) -> io::Result<()>;

    /// Runs a program to its end.
    fn run(&self, program: &str, arguments: &[&str]) -> Result<(), Dom0Error>;

    /// What is kept of ours under that name; nothing where nothing is.
    fn kept(&self, name: &str) -> io::Result<Option<Vec<u8>>>;

    /// Keeps something of ours, readable by nobody else, as durable as [`Self::replace`].
    fn keep(&self, name: &str, content: &[u8]) -> io::Result<()>;

    /// The names of all that is kept.
    fn kept_names(&self) -> Vec<String>;

    /// Removes what is kept under that name.
    fn forget(&self, name: &str) -> io::Result<()>;
}
