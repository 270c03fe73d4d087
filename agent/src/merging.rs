//! How far a volume is with being reverted to a snapshot.

use std::time::Duration;

use domfleet_shared::operation::{Pace, Progress};

use crate::agent::Agent;
use crate::dial::Dialer;
use crate::dom0::{Dom0, Step};
use crate::storage::Files;

/// Between two words on it: it takes minutes or hours.
const TELL_AGAIN: Duration = Duration::from_secs(30);

/// Follows one merge.
#[derive(Default)]
pub(crate) struct Merging {
    pace: Option<(Pace, u64)>,
    told_at: Option<Duration>,
}

impl Merging {
    /// What there is to tell, once in a while. The fill of a snapshot that is merged only shrinks.
    pub(crate) fn progress<D: Dom0, F: Files, N: Dialer>(
        &mut self,
        step: &Step,
        agent: &Agent<D, F, N>,
        elapsed: Duration,
    ) -> Option<Progress> {
        let Step::RevertVolume { lv_uuid, .. } = step else { return None };
        if self.told_at.is_some_and(|at| elapsed < at + TELL_AGAIN) {
            return None;
        }
        self.told_at = Some(elapsed);
        let left = agent.inventory.filled_bytes(lv_uuid)?;
        let (pace, whole) = self.pace.get_or_insert_with(|| (Pace::new(Some(left)), left));
        Some(pace.progress(&step.describe(), whole.saturating_sub(left), elapsed))
    }
}
