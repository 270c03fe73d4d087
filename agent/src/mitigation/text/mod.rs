//! What each mitigation does to the text of a file, and how it is taken back.
//!
//! Pure, and on bytes: what is not ours to change comes out exactly as it came in, whatever it is
//! encoded in and however its lines end. Doing one twice is doing it once.

pub(super) mod extlinux;
pub(super) mod fstab;
mod lines;
pub(super) mod local_start;
pub(super) mod sysctl;
mod tokens;
pub(super) mod update_extlinux;

/// Why our change cannot be taken out of a text that others have changed since.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Conflict(pub(super) String);
