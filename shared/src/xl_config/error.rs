//! Why a text is no configuration.

use crate::operation::Reason;

/// Why a text is no configuration, or not one that is taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{what}", .line.map(|line| format!("line {line}: ")).unwrap_or_default())]
pub struct ConfigError {
    /// Where, counted from 1, where it is in one place.
    pub line: Option<usize>,
    /// What is wrong, for whoever wrote it.
    pub what: String,
}

impl From<ConfigError> for Reason {
    fn from(error: ConfigError) -> Self {
        let message = format!("the configuration cannot be used: {error}");
        Self { code: "refused".to_owned(), message }
    }
}

impl ConfigError {
    /// Wrong in that line.
    pub(super) fn at(line: usize, what: impl Into<String>) -> Self {
        Self { line: Some(line), what: what.into() }
    }

    /// Wrong as a whole.
    pub(super) fn whole(what: impl Into<String>) -> Self {
        Self { line: None, what: what.into() }
    }
}
