//! Why a command did not do what it was asked, and the exit code that says so.

use std::path::PathBuf;

use serde::Deserialize;

/// What a server says when it refuses (`application/problem+json`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub(crate) struct Problem {
    #[serde(default)]
    pub(crate) title: String,
    #[serde(default)]
    pub(crate) code: String,
    #[serde(default)]
    pub(crate) what_to_do: String,
    #[serde(default)]
    pub(crate) request_id: String,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("not logged in: run `domfleet login URL --email YOU`")]
    NotLoggedIn,
    #[error("{}: {}", .problem.title, .problem.what_to_do)]
    Refused { status: u16, problem: Problem },
    #[error("the server cannot be reached: {0}")]
    Unreachable(String),
    #[error("the server answered what this client does not understand: {0}")]
    Answer(String),
    #[error("{}: {why}", .path.display())]
    File { path: PathBuf, why: String },
    #[error("{}: {why}", .path.display())]
    Unreadable { path: PathBuf, why: String },
    #[error("not everything could be read: see above")]
    NotAllRead,
    #[error("{0}")]
    Usage(String),
    #[error("no {what} is called \"{name}\"")]
    NotFound { what: &'static str, name: String },
    #[error("more than one {what} begins with \"{name}\": give more of it")]
    Ambiguous { what: &'static str, name: String },
    #[error("the operation ended as {state}: {why}")]
    Ended { state: String, why: String },
    #[error("not every disk is the same as in the set: see above")]
    Differs,
    #[error("in the way of the migration: {count}, see above")]
    InTheWay { count: usize },
    #[error("the migration is {phase}{}", if .why.is_empty() { String::new() } else { format!(": {why}") })]
    Migration { phase: String, why: String },
    #[error("still {state} after {seconds} s; it goes on: domfleet migrations watch {id}")]
    StillMigrating { id: String, state: String, seconds: u64 },
    #[error("{refused} of {total} appliances refused it: see above")]
    Partly { refused: u64, total: u64 },
    #[error("still {state} after {seconds} s; it goes on: domfleet operations watch {id}")]
    TimedOut { id: String, state: String, seconds: u64 },
}

impl Error {
    /// 1 failed, 2 wrong usage or an input that cannot be read, 3 not found, 4 not logged in or not
    /// allowed, 5 refused as things are, 6 partly failed, 124 timed out.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Usage(_)
            | Self::Unreadable { .. }
            | Self::NotAllRead
            | Self::Ambiguous { .. }
            | Self::Refused { status: 400 | 422, .. } => 2,
            Self::NotFound { .. } | Self::Refused { status: 404, .. } => 3,
            Self::NotLoggedIn | Self::Refused { status: 401 | 403, .. } => 4,
            Self::Refused { status: 409 | 412, .. } => 5,
            Self::Partly { .. } => 6,
            Self::TimedOut { .. } | Self::StillMigrating { .. } => 124,
            Self::Unreachable(_)
            | Self::Answer(_)
            | Self::File { .. }
            | Self::Ended { .. }
            | Self::Differs
            | Self::InTheWay { .. }
            | Self::Migration { .. }
            | Self::Refused { .. } => 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_can_tell_a_refusal_from_a_fault() {
        let refused = |status| Error::Refused { status, problem: Problem::default() }.exit_code();

        assert_eq!(refused(404), 3);
        assert_eq!(refused(403), 4);
        assert_eq!(refused(409), 5);
        assert_eq!(refused(422), 2);
        assert_eq!(refused(500), 1);
    }
}
