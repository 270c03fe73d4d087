//! Mitigations: what makes freezes of 1.x appliances rarer, how each stands on an appliance, and what
//! is told of one that was checked, applied or reverted.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One of them.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Mitigation {
    /// dom0 has no swap.
    Swap,
    /// The kernel leaves the order of I/O to the disks: scheduler `noop`, or `none`.
    Scheduler,
    /// dom0 promises no more memory than it has: `vm.overcommit_memory=2`.
    Overcommit,
    /// One that this build does not know.
    #[serde(other)]
    Unknown,
}

impl Mitigation {
    /// Those that this build knows, in the order in which they are applied.
    pub const ALL: [Self; 3] = [Self::Swap, Self::Scheduler, Self::Overcommit];

    /// As it is written in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Swap => "swap",
            Self::Scheduler => "scheduler",
            Self::Overcommit => "overcommit",
            Self::Unknown => "unknown",
        }
    }
}

impl fmt::Display for Mitigation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How a mitigation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MitigationStatus {
    /// It is in the files and in force.
    Applied,
    /// It is not, or not wholly, and was not applied by the agent.
    NotApplied,
    /// It is in the files, and comes into force with the next boot.
    PendingReboot,
    /// It was applied, or is part of the release, and is not there any more.
    Drifted,
    /// It is not for this release.
    NotOffered,
    /// It is part of the release, and in force.
    BuiltIn,
    /// It cannot be applied, or reverted, as things are.
    Refused,
    /// A state that this build does not know.
    #[serde(other)]
    Unknown,
}

/// How a mitigation stands on an appliance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MitigationStanding {
    /// Which.
    pub which: Mitigation,
    /// How it stands.
    pub status: MitigationStatus,
    /// Whether the agent has applied it, and can take it back.
    pub ours: bool,
    /// Why it stands so, and what else is to be known, for people.
    #[serde(default)]
    pub reasons: Vec<String>,
    /// What the kernel itself says.
    #[serde(default)]
    pub runtime: Vec<RuntimeValue>,
}

/// Something that the kernel says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RuntimeValue {
    /// What, such as `scheduler of sda`.
    pub name: String,
    /// What it is, such as `noop`.
    pub value: String,
}

/// What came of checking, applying or reverting mitigations.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MitigationAnswers {
    /// Whether it was only said what would be done.
    pub dry_run: bool,
    /// Of each one that was asked about.
    pub mitigations: Vec<MitigationAnswer>,
}

/// What came of one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MitigationAnswer {
    /// How it stands now.
    #[serde(flatten)]
    pub standing: MitigationStanding,
    /// What was, or would be, changed in files. Secrets are not in it.
    #[serde(default)]
    pub files: Vec<FileChange>,
    /// What was, or would be, done to the running kernel.
    #[serde(default)]
    pub commands: Vec<String>,
}

/// A change of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FileChange {
    /// The file.
    pub path: String,
    /// A unified diff.
    pub diff: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_build_of_tomorrow_says_of_a_mitigation_is_unknown_and_no_error() {
        let json = r#"{"which":"hugepages","status":"half","ours":false,"since":3}"#;

        let standing: MitigationStanding = serde_json::from_str(json).unwrap();

        assert_eq!(standing.which, Mitigation::Unknown);
        assert_eq!(standing.status, MitigationStatus::Unknown);
    }

    #[test]
    fn each_is_written_in_json_as_it_calls_itself() {
        for which in Mitigation::ALL {
            assert_eq!(serde_json::to_value(which).unwrap(), which.as_str());
        }
    }
}
