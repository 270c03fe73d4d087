//! How far a VM is.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How far a VM is on the system that it is given back on.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(tag = "state", rename_all = "snake_case")]
#[schema(as = VmProgress)]
pub enum Progress {
    /// Its turn has not come, or it is being written.
    Waiting,
    /// Its disks are there and were read back.
    Restored,
    /// Its configuration is in its place.
    Configured,
    /// It is being started, or watched.
    Booting,
    /// It is healthy.
    Healthy,
    /// Something does not work.
    Failed {
        /// At which step.
        at: FailedAt,
        /// What, in words.
        reason: String,
    },
    /// A person goes without it, or takes it as it is.
    Waived {
        /// Who.
        by: String,
    },
}

/// The step at which a VM failed: where another attempt begins.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[schema(as = VmFailedAt)]
pub enum FailedAt {
    /// Writing its disks.
    Restore,
    /// Putting its configuration in place.
    Configuration,
    /// Starting it, or its health.
    Boot,
}

impl Progress {
    /// Whether nothing more is to be done for it.
    pub const fn is_settled(&self) -> bool {
        matches!(self, Self::Healthy | Self::Waived { .. })
    }

    /// The step that it is at.
    pub const fn step(&self) -> Option<FailedAt> {
        match self {
            Self::Waiting => Some(FailedAt::Restore),
            Self::Restored => Some(FailedAt::Configuration),
            // A VM that was healthy may cease to be.
            Self::Configured | Self::Booting | Self::Healthy => Some(FailedAt::Boot),
            Self::Failed { .. } | Self::Waived { .. } => None,
        }
    }
}

impl FailedAt {
    /// Where a VM is from which this step is tried again.
    pub const fn again(self) -> Progress {
        match self {
            Self::Restore => Progress::Waiting,
            Self::Configuration => Progress::Restored,
            Self::Boot => Progress::Configured,
        }
    }
}
