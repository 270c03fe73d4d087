//! Why a turn came to nothing.

use std::error::Error;
use std::fmt::Write as _;

use super::host::HostError;
use crate::backup::BackupError;
use crate::backup::prepare::Blockers;
use crate::meter::Cancelled;
use crate::migration::block::WriteError;
use crate::migration::book::BookError;

/// Why a step was not done. It is tried again.
#[derive(Debug, thiserror::Error)]
pub(super) enum TurnError {
    /// The appliance.
    #[error(transparent)]
    Host(#[from] HostError),
    /// The story.
    #[error(transparent)]
    Book(#[from] BookError),
    /// The set.
    #[error(transparent)]
    Backup(#[from] BackupError),
    /// VMs that cannot be backed up as they are.
    #[error("the VMs cannot be backed up: {0}")]
    Blocked(#[from] Blockers),
    /// The reset block.
    #[error(transparent)]
    Block(#[from] WriteError),
    /// What lies beside the story.
    #[error("{what} is not possible")]
    Io {
        /// What was being done.
        what: &'static str,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// It would be wrong.
    #[error("{0}")]
    Refused(String),
    /// Nobody wants it any more.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

impl TurnError {
    /// For a call that does `what`.
    pub(super) fn io(what: &'static str) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self::Io { what, source }
    }

    /// Whether it only ended because nobody wanted it any more.
    pub(super) fn is_cancelled(&self) -> bool {
        match self {
            Self::Cancelled(_) | Self::Host(HostError::Cancelled(_)) => true,
            Self::Backup(error) => error.is_cancelled(),
            _ => false,
        }
    }
}

/// An error in words: all of it, down to what the system said, and nothing twice.
pub(super) fn words(error: &dyn Error) -> String {
    let mut message = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let text = inner.to_string();
        if !message.contains(&text) {
            // Into a text: this cannot fail.
            write!(message, ": {text}").ok();
        }
        cause = inner.source();
    }
    message
}
