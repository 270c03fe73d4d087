//! The agent's part in a migration: what it keeps on the backup drive and on the system disk.
//!
//! What is to be done is decided in [`domfleet_shared::migration`]; here is what it is decided from, and what
//! makes it last. [`book`] is the story on the drive, [`permit`] says which permits are real, [`block`] reads
//! and writes the one place of the system disk that is ours, [`system_disk`] says which disk that is, [`told`] is
//! the story as the server is told it, and [`holds`] says which sets must stay until it is over.

pub mod block;
pub mod book;
pub mod carry;
pub(crate) mod following;
pub mod holds;
pub mod kept;
pub mod partition_table;
pub mod permit;
pub mod system_disk;
pub(crate) mod telling;
#[cfg(test)]
mod tests;
pub mod told;
