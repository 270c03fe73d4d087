//! Boots that have ended, as operators see them in the table of the whole fleet.

use domfleet_shared::Timestamp;
use domfleet_shared::boot::{BootEnd, Confidence};
use domfleet_shared::id::BootId;
use domfleet_shared::inventory::Components;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::people::Named;

/// A run of dom0 that is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = EndedBootView)]
pub struct EndedBoot {
    /// The appliance.
    pub appliance: Named,
    /// The kernel's `boot_id`.
    pub boot_id: BootId,
    /// The epoch of the appliance.
    pub epoch: u32,
    /// When it began, by dom0's clock.
    pub started_at: Timestamp,
    /// The last sign of life.
    pub ended_at: Timestamp,
    /// How it ended; nothing where an agent did not say.
    pub end: Option<BootEnd>,
    /// How sure that is.
    pub confidence: Option<Confidence>,
    /// What was found, a sentence each, the weightiest first.
    pub evidence: Vec<String>,
    /// dom0's uptime at the last sign of life; nothing where an older agent did not note it.
    pub last_seen_seconds: Option<u64>,
    /// The versions that ran.
    pub components: Components,
}
