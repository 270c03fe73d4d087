//! The record that a stress run is under way: what ends dom0 meanwhile was provoked.

use std::time::Duration;

use domfleet_shared::Timestamp;
use domfleet_shared::id::BootId;
use serde::{Deserialize, Serialize};

use crate::storage::Files;
use crate::storage::record;

/// The file, which is there while a run is under way.
pub const STRESS: &str = "stress.json";
/// dom0 may die of what a run has left behind: writes that are still on their way to the disk.
const AFTERMATH: Duration = Duration::from_mins(10);

/// A stress run that was begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stress {
    /// The boot in which it was.
    pub boot_id: BootId,
    /// When, by the agent's clock.
    pub started_at: Timestamp,
    /// When it ends by itself.
    pub until: Timestamp,
}

impl Stress {
    /// The one on disk. One that cannot be read is none: its boot must not be left out of any count.
    pub async fn load(files: &impl Files) -> Option<Self> {
        record::load(files, STRESS).await.unwrap_or_else(|error| {
            tracing::warn!(error = &error as &dyn std::error::Error, "no word of a stress run");
            None
        })
    }

    /// Whether it was under way, or only just over, when `boot_id` gave its last sign of life.
    pub fn was_open(self, boot_id: BootId, last_sign: Option<Timestamp>) -> bool {
        let over = self.until + AFTERMATH;
        self.boot_id == boot_id && last_sign.is_none_or(|last| last <= over)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_that_was_over_long_before_the_end_did_not_provoke_it() {
        let at = |minutes: i64| Timestamp::from_millis(minutes * 60_000);
        let boot_id = BootId::new();
        let stress = Stress { boot_id, started_at: at(0), until: at(20) };

        assert!(stress.was_open(boot_id, Some(at(7))));
        assert!(stress.was_open(boot_id, Some(at(29))));
        assert!(stress.was_open(boot_id, None));
        assert!(!stress.was_open(boot_id, Some(at(31))));
        assert!(!stress.was_open(BootId::new(), Some(at(7))));
    }
}
