//! How grave something is.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How grave something is; the later is the graver.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Good to know.
    Info,
    /// Nothing is broken yet.
    Warn,
    /// Something does not work.
    High,
    /// Something is damaged, or will soon stand still.
    Crit,
    /// Everything on the box has stopped.
    Fatal,
}

impl Severity {
    /// As it is written everywhere.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warn => "warn",
            Self::High => "high",
            Self::Crit => "crit",
            Self::Fatal => "fatal",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_graver_is_the_greater_and_its_name_is_what_json_says() {
        let all = [Severity::Info, Severity::Warn, Severity::High, Severity::Crit, Severity::Fatal];

        assert!(all.is_sorted());
        for one in all {
            assert_eq!(serde_json::to_value(one).unwrap(), one.name());
        }
    }
}
