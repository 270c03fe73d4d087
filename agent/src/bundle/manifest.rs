//! What a bundle says of itself, whole or cut.

use domfleet_shared::Timestamp;
use domfleet_shared::id::{ApplianceId, BootId, BundleId, OperationId};
use serde::{Deserialize, Serialize};

use super::Trigger;
use super::pseudonym::Privacy;

/// Its file.
pub(super) const MANIFEST: &str = "manifest.json";

/// What is known of a bundle before anything is in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// What this is.
    pub format: String,
    /// The bundle.
    pub bundle: BundleId,
    /// Why it was made.
    pub trigger: Trigger,
    /// The operation that asked for it.
    pub operation: Option<OperationId>,
    /// The appliance.
    pub appliance: ApplianceId,
    /// The boot in which it was collected.
    pub boot_id: BootId,
    /// When, by the agent's clock.
    pub created_at: Timestamp,
    /// Who collected it.
    pub agent_version: String,
    /// How much it tells of who and where.
    pub privacy: Privacy,
}

/// What a bundle says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// What was known before.
    #[serde(flatten)]
    pub head: Head,
    /// Whether it was collected to its end. One that was cut by a freeze is sealed by the next start, as far as it
    /// came.
    pub sealed: bool,
    /// Whether everything could be looked at.
    pub is_whole: bool,
    /// What could not, for want of time or room.
    pub left_out: Vec<String>,
    /// What is in it.
    pub entries: Vec<Described>,
}

/// An entry of a bundle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Described {
    /// Its path.
    pub path: String,
    /// Its length.
    pub bytes: u64,
    /// BLAKE3 of it, in hexadecimal.
    pub blake3: String,
    /// How long it took to collect.
    pub duration_milliseconds: u64,
    /// The command's exit code.
    pub exit_code: Option<i32>,
    /// Whether something was left out.
    pub truncated: bool,
    /// What went wrong.
    pub error: Option<String>,
    /// How many secrets were taken out.
    pub redactions: usize,
}
