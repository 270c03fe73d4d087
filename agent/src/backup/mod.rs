//! Backup sets: the disks and configurations of VMs on a drive or in a folder, which are called
//! verified only once every byte has been read back.
//!
//! [`create()`] copies, seals and proves; [`verify()`] proves again; [`restore::Sealed`] gives a disk back. The
//! layout and why it is so: `docs/decisions/0010-backup-sets.md`. All of it runs on the calling
//! thread and some beside it, and is to be called where blocking is fine.
//!
//! Two seams: [`medium::Medium`] is the file system of the set, [`source::Sources`] the VMs' disks. The
//! tests put a disk below the first that loses what was not flushed.

pub mod appliance;
pub mod begun;
pub(crate) mod buffer;
mod chunk;
pub mod cipher;
pub mod compare;
pub(crate) mod config;
mod copy;
pub mod create;
pub mod direct;
pub mod documents;
pub(crate) mod draft;
pub mod drive;
pub mod duplicate;
pub(crate) mod durable;
pub mod error;
pub mod files;
pub mod folder;
mod frame;
mod frame_hash;
mod frames;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
pub mod geometry;
pub mod identity;
pub(crate) mod image_target;
pub mod import;
mod index;
pub mod journal;
pub mod key_files;
pub mod last_look;
pub mod list;
pub mod medium;
pub mod names;
pub mod on_drive;
mod open_set;
pub mod paced;
mod pacing;
pub mod parity;
pub mod pipeline;
pub mod prepare;
pub mod prune;
mod reader;
pub mod restore;
pub mod retention;
mod room;
pub mod snapshots;
pub mod source;
mod standing;
pub mod target;
#[cfg(test)]
pub(crate) mod tests;
pub mod to_folder;
pub mod to_volumes;
pub mod tools;
pub mod verify;
pub mod volumes;
mod written;

pub use domfleet_shared::hash;

pub use self::create::create;
pub use self::duplicate::duplicate;
pub use self::error::{BackupError, Damage};
pub use self::verify::verify;
