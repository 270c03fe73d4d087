//! Why something of a mitigation came to nothing.

use std::io;

/// Why.
#[derive(Debug, thiserror::Error)]
pub enum MitigationError {
    /// It cannot be done as things are, and nothing was changed.
    #[error("{0}")]
    Refused(String),
    /// A file, or something that is kept.
    #[error("{path}")]
    File {
        /// Which.
        path: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The files are changed, and a system that runs from memory forgets that with the next boot.
    #[error("the files are changed, and lbu has not kept them over a reboot: {0}; ask again")]
    NotKept(String),
}

impl MitigationError {
    pub(super) fn refused(reasons: &[String]) -> Self {
        Self::Refused(reasons.join("; "))
    }

    /// A word for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Refused(_) => "refused",
            Self::File { .. } => "io",
            Self::NotKept(_) => "not_kept",
        }
    }
}

/// Says of which file an error is.
pub(super) fn of(path: &str) -> impl FnOnce(io::Error) -> MitigationError {
    let path = path.to_owned();
    move |source| MitigationError::File { path, source }
}
