//! Whether a set is protected: the document that says so, `parity.json`.
//!
//! It is written last, when all parity and all copies were read back, and removed as soon as some of it is
//! found damaged. It holds the hash of the manifest, so that it says nothing of a set that was sealed anew.
//! What guards a set does not depend on it: it is there to be told.

use domfleet_shared::Timestamp;
use serde::{Deserialize, Serialize};

use super::super::documents::LONGEST;
use super::super::durable;
use super::super::hash::Hash;
use super::super::medium::Medium;
use super::super::names::Folder;

pub(in crate::backup) const MARK: &str = "parity.json";
const FORMAT: u32 = 1;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Mark {
    format: u32,
    /// Of the set that is protected.
    pub(super) manifest: Hash,
    /// When its parity was last written and read back, by a clock that may be wrong.
    at: Timestamp,
    /// What the parity takes.
    parity_bytes: u64,
}

/// Whether the set that was sealed as `sealed` was protected. What cannot be read says nothing.
pub(in crate::backup) fn is_there(medium: &impl Medium, folder: &Folder, sealed: Hash) -> bool {
    let Ok(Some(bytes)) = durable::read(medium, &folder.file(MARK), LONGEST) else { return false };
    let mark = serde_json::from_slice::<Mark>(&bytes);
    mark.is_ok_and(|mark| mark.format == FORMAT && mark.manifest == sealed)
}

pub(super) fn put(
    medium: &impl Medium,
    folder: &Folder,
    (manifest, at, parity_bytes): (Hash, Timestamp, u64),
) -> std::io::Result<()> {
    let mark = Mark { format: FORMAT, manifest, at, parity_bytes };
    let bytes = serde_json::to_vec_pretty(&mark)?;
    durable::publish(medium, &folder.file(MARK), &bytes)
}

pub(in crate::backup) fn remove(medium: &impl Medium, folder: &Folder) -> std::io::Result<()> {
    durable::remove(medium, &folder.file(MARK))
}
