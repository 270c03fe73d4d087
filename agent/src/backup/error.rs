//! Why a backup set cannot be made, proved or restored.

use std::io;

use domfleet_shared::backup_key::KeyId;

use super::documents::DocumentError;
use super::journal::JournalError;
use crate::meter::Cancelled;

/// Why it did not go on. What is in the set stays, and the same command goes on from there.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The drive or folder of the set.
    #[error("{} ({what})", advice(.source))]
    Medium {
        /// What was being done.
        what: &'static str,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A VM's disk.
    #[error("{path} cannot be read")]
    Source {
        /// The disk.
        path: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A VM's disk was written to meanwhile.
    #[error("{0} was changed while it was copied: leave its VM off and start again")]
    Changed(String),
    /// A snapshot is no longer what it was.
    #[error("{0}")]
    Snapshot(String),
    /// A VM's disk has another size now.
    #[error("{path} has {now} bytes now, and had {planned} when the backup was begun")]
    Resized {
        /// The disk.
        path: String,
        /// What it has.
        now: u64,
        /// What the plan says.
        planned: u64,
    },
    /// Something does not fit.
    #[error(
        "{needed} more bytes are needed, and {free} are free: use a larger drive, or make room"
    )]
    NoRoom {
        /// At most, because nobody knows how well it compresses.
        needed: u64,
        /// What there is.
        free: u64,
    },
    /// The medium gives back something else than what was written, again and again.
    #[error(
        "the drive does not keep what is written to it ({0}): use another one, and throw this one away"
    )]
    Unreliable(String),
    /// Where something is to be restored, there is something.
    #[error("{0} is there already: restore to another place, or move it away")]
    Exists(String),
    /// It would be wrong.
    #[error("{0}")]
    Refused(String),
    /// There is no such thing.
    #[error("{0}")]
    Missing(String),
    /// The set is not whole.
    #[error("the set is not sealed: the backup was not finished; run it again to go on")]
    NotSealed,
    /// The set is encrypted.
    #[error(
        "the set is encrypted with the key {0}, which is not here: give it with --key FILE; the server \
         keeps it where the backup was asked for there"
    )]
    KeyMissing(KeyId),
    /// A piece of the set is not what it was.
    #[error("{0}")]
    Damaged(Damage),
    /// A target.
    #[error("{what} cannot be written")]
    Target {
        /// The target.
        what: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A volume manager.
    #[error("the volumes cannot be made")]
    Volumes {
        /// What it said.
        #[source]
        source: super::volumes::VolumeError,
    },
    /// What was restored is not what was in the set, and nothing of it is left.
    #[error("{0} was read back, and is not what was written to it")]
    TargetDiffers(String),
    /// A set that was proved, and has got no parity though it was to have it.
    #[error("the backup is whole and verified, and parity of it could not be made")]
    Unprotected(#[source] Box<Self>),
    /// The journal.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A document.
    #[error("the set is damaged")]
    Document(#[from] DocumentError),
    /// Nobody wants it any more.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

/// A piece of a set that is not what it was.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {what}")]
pub struct Damage {
    /// The disk, where it is of one.
    pub disk: Option<super::names::DiskId>,
    /// The chunk, where it is one.
    pub chunk: Option<u64>,
    /// Where, for people.
    pub place: String,
    /// What is wrong.
    pub what: String,
}

impl BackupError {
    pub(super) fn medium(what: &'static str) -> impl Fn(io::Error) -> Self {
        move |source| Self::Medium { what, source }
    }

    pub(super) fn source(path: &str) -> impl Fn(io::Error) -> Self {
        move |source| Self::Source { path: path.to_owned(), source }
    }

    /// What went wrong, whatever was done by then.
    pub fn cause(&self) -> &Self {
        match self {
            Self::Unprotected(cause) => cause.cause(),
            cause => cause,
        }
    }

    /// Whether it only ended because nobody wanted it any more.
    pub fn is_cancelled(&self) -> bool {
        match self.cause() {
            Self::Cancelled(_) => true,
            Self::Medium { source, .. }
            | Self::Source { source, .. }
            | Self::Target { source, .. } => Cancelled::is_why(source),
            _ => false,
        }
    }

    /// Whether the drive may be behind it: of one that was pulled out, what is not in memory cannot be
    /// read, and looks damaged.
    pub fn may_be_of_the_drive(&self) -> bool {
        self.is_of_the_medium() || matches!(self.cause(), Self::Damaged(_))
    }

    /// Whether the drive itself is the trouble, so that it may go on when it is plugged in again.
    pub fn is_of_the_medium(&self) -> bool {
        matches!(self.cause(), Self::Medium { .. } | Self::Journal(JournalError::Io(_)))
    }
}

/// What a person can do about it.
fn advice(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "the drive is full: make room on it or use a larger one, and start again to go on"
        }
        io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => {
            "the drive cannot be written to: it is write-protected, or failed and was made read-only"
        }
        _ => {
            "the drive cannot be used: plug it in again, or use another one, and start again to go on"
        }
    }
}
