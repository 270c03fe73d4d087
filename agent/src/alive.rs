//! The durable sign of life, and the record of an orderly end.
//!
//! The sign of life is also the canary of the disk: how long it took to write is in the next one.
//! It goes to two files in turn, so that a power cut in the middle of one leaves the other.

use std::collections::VecDeque;
use std::time::Duration;

use domfleet_shared::Timestamp;
use domfleet_shared::id::BootId;
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::agent::Agent;
use crate::dial::Dialer;
use crate::dom0::Dom0;
use crate::storage::Files;
use crate::storage::record::{self, RecordError};

const EVERY: Duration = Duration::from_mins(1);
const SLOTS: [&str; 2] = ["alive.0.json", "alive.1.json"];
const CLEAN: &str = "clean.json";
const LIMIT: usize = 64 * 1024;
/// "Late in that boot" is the last ten minutes.
const WINDOW: usize = 10;

/// A sign of life.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alive {
    /// The boot.
    pub boot_id: BootId,
    /// How long it had been up.
    pub uptime_seconds: u64,
    /// The time of day.
    pub wall: Timestamp,
    /// Counts the signs of life, over all boots.
    pub seq: u64,
    /// The kernel's taint bits.
    pub taint: Option<u64>,
    /// The slowest of the writes before this one, lately.
    pub slowest_milliseconds: u64,
    /// Whether there was a session with the server.
    pub connected: bool,
}

impl Alive {
    /// The newest one on disk.
    pub async fn last(files: &impl Files) -> Option<Self> {
        let mut newest: Option<Self> = None;
        for slot in SLOTS {
            let Ok(Some(bytes)) = files.read(slot, LIMIT).await else { continue };
            // One of the two may be half written: that is what the other is for.
            let Ok(alive) = serde_json::from_slice::<Self>(&bytes) else { continue };
            if newest.as_ref().is_none_or(|newest| newest.seq < alive.seq) {
                newest = Some(alive);
            }
        }
        newest
    }

    async fn store(&self, files: &impl Files) -> std::io::Result<()> {
        let slot = if self.seq.is_multiple_of(2) { SLOTS[0] } else { SLOTS[1] };
        files.append(slot, 0, serde_json::to_vec(self)?).await
    }
}

/// Writes a sign of life each minute.
pub(crate) async fn keep_alive<D: Dom0, F: Files, N: Dialer>(agent: &Agent<D, F, N>) {
    let mut seq = Alive::last(&agent.world.files).await.map_or(0, |last| last.seq);
    let mut took: VecDeque<Duration> = VecDeque::with_capacity(WINDOW);
    let mut tick = interval(EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        let Ok(running) = agent.world.dom0.running() else { continue };
        seq += 1;
        let slowest = took.iter().max().copied().unwrap_or_default();
        let alive = Alive {
            boot_id: running.boot_id,
            uptime_seconds: running.uptime.as_secs(),
            wall: agent.world.clock.now(),
            seq,
            taint: running.taint,
            slowest_milliseconds: u64::try_from(slowest.as_millis()).unwrap_or(u64::MAX),
            connected: *agent.connected.borrow(),
        };
        let began = Instant::now();
        if let Err(error) = alive.store(&agent.world.files).await {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "a sign of life could not be written"
            );
        }
        took.truncate(WINDOW - 1);
        took.push_front(began.elapsed());
    }
}

/// The record that dom0 was going down in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clean {
    /// The boot that ended.
    pub boot_id: BootId,
    /// When.
    pub at: Timestamp,
    /// Whether it was a reboot, not a power-off.
    pub returning: bool,
}

impl Clean {
    /// The one on disk.
    pub async fn load(files: &impl Files) -> Option<Self> {
        match record::load(files, CLEAN).await {
            Ok(clean) => clean,
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "whether the last end was clean cannot be read"
                );
                None
            }
        }
    }

    /// Makes it durable.
    pub async fn store(&self, files: &impl Files) -> Result<(), RecordError> {
        record::store(files, CLEAN, self).await
    }

    /// Takes it back.
    pub async fn forget(files: &impl Files) -> Result<(), RecordError> {
        let io = |source| RecordError::Io { name: CLEAN.to_owned(), source };
        files.remove(CLEAN).await.map_err(io)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::disk::Disk;

    fn alive(seq: u64) -> Alive {
        Alive {
            boot_id: BootId::new(),
            uptime_seconds: 60 * seq,
            wall: Timestamp::from_millis(0),
            seq,
            taint: Some(0),
            slowest_milliseconds: 3,
            connected: true,
        }
    }

    #[tokio::test]
    async fn a_sign_of_life_cut_short_leaves_the_one_before() {
        let folder = tempfile::tempdir().unwrap();
        let disk = Disk::open(folder.path()).unwrap();
        let (first, second) = (alive(1), alive(2));
        first.store(&disk).await.unwrap();
        second.store(&disk).await.unwrap();
        assert_eq!(Alive::last(&disk).await, Some(second.clone()));

        let whole = serde_json::to_vec(&second).unwrap();
        for length in 0..whole.len() {
            disk.append(SLOTS[0], 0, whole[..length].to_vec()).await.unwrap();
            assert_eq!(Alive::last(&disk).await, Some(first.clone()), "{length}");
        }
    }
}
