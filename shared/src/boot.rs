//! Boots: runs of dom0, what they were made of, and how each ended.

mod classify;
mod recording;
mod refine;
pub mod sign;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::component::Change;
use crate::id::BootId;
use crate::inventory::Components;
use crate::timestamp::Timestamp;

pub use classify::{Armed, Remains, classify};
pub use recording::CHANGES_AT_MOST;
pub use refine::{SiteFacts, refine};

/// One run of dom0.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Boot {
    /// The kernel's `boot_id`.
    pub boot_id: BootId,
    /// When it began, by dom0's clock.
    pub started_at: Timestamp,
    /// The last sign of life, once it is over.
    pub ended_at: Option<Timestamp>,
    /// How it ended; nothing while it runs.
    pub end: Option<BootEnd>,
    /// How sure that is.
    pub confidence: Option<Confidence>,
    /// What was found, a sentence each.
    #[serde(default)]
    pub evidence: Vec<String>,
    /// The versions that ran.
    pub components: Components,
    /// dom0's uptime when the agent first saw this boot; nothing where an older agent did not note it. What
    /// was before that was not watched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_seen_seconds: Option<u64>,
    /// dom0's uptime at the last sign of life, once it is over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_seen_seconds: Option<u64>,
    /// What it was made of when it was first seen, and what changed later, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Change>,
}

/// How a boot ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BootEnd {
    /// It was shut down or restarted in order.
    Clean,
    /// It was restarted in order, for other versions.
    Upgrade,
    /// dom0's kernel or Xen panicked.
    Panic,
    /// A watchdog ended it.
    Watchdog,
    /// It froze.
    Hang,
    /// The power went.
    PowerLoss,
    /// A stress run ended it.
    Provoked,
    /// Not in order, and nothing says how.
    Unknown,
    /// It never came back.
    Lost,
}

impl BootEnd {
    /// Whether it counts as a death of the system in statistics. Unknown ends count both ways
    /// there, and are not deaths here.
    pub fn is_failure(self) -> bool {
        match self {
            Self::Panic | Self::Watchdog | Self::Hang => true,
            Self::Clean
            | Self::Upgrade
            | Self::PowerLoss
            | Self::Provoked
            | Self::Unknown
            | Self::Lost => false,
        }
    }
}

/// How sure a classification is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// The nearest guess.
    Low,
    /// What was found points there.
    Medium,
    /// There is a record of it.
    High,
}

/// How a boot ended, as far as can be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ending {
    /// How.
    pub end: BootEnd,
    /// How sure that is.
    pub confidence: Confidence,
    /// What says so, a sentence each, the weightiest first.
    pub evidence: Vec<String>,
}
