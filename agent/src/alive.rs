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
use crate::dom0::{Dom0, Running};
use crate::storage::Files;
use crate::storage::record::{self, RecordError};

const EVERY: Duration = Duration::from_mins(1);
/// Its files, in turn.
pub(crate) const SLOTS: [&str; 2] = ["alive.0.json", "alive.1.json"];
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
    /// The kernel's taint bits when the agent first saw this boot.
    #[serde(default)]
    pub first_taint: Option<u64>,
    /// By how much a sign of life came late at most, lately.
    #[serde(default)]
    pub latest_milliseconds: u64,
    /// For how long there had been no session.
    #[serde(default)]
    pub offline_seconds: u64,
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

/// What one sign of life has to know of those before it.
struct Pulse {
    seq: u64,
    first_taint: Option<u64>,
    /// The uptime since which there is no session.
    offline_since: Option<Duration>,
    /// When the last one was due to be written, and how long that took.
    last: Option<(Duration, Duration)>,
    took: VecDeque<Duration>,
    late: VecDeque<Duration>,
}

impl Pulse {
    /// Goes on from what the agent of this boot, or of the one before, left on disk.
    fn after(last: Option<&Alive>, running: &Running) -> Self {
        let same = last.filter(|last| last.boot_id == running.boot_id);
        let offline = same.map_or(0, |last| last.offline_seconds);
        Self {
            seq: last.map_or(0, |last| last.seq),
            first_taint: same.map_or(running.taint, |last| last.first_taint.or(last.taint)),
            offline_since: Some(running.uptime.saturating_sub(Duration::from_secs(offline))),
            last: None,
            took: VecDeque::with_capacity(WINDOW),
            late: VecDeque::with_capacity(WINDOW),
        }
    }

    fn beat(&mut self, running: &Running, wall: Timestamp, connected: bool) -> Alive {
        self.seq += 1;
        self.offline_since = match self.offline_since {
            _ if connected => None,
            since => since.or(Some(running.uptime)),
        };
        if let Some((at, took)) = self.last {
            let late = running.uptime.saturating_sub(at).saturating_sub(EVERY).saturating_sub(took);
            push(&mut self.late, late);
        }
        self.last = Some((running.uptime, Duration::ZERO));
        let offline = self.offline_since.map(|since| running.uptime.saturating_sub(since));
        Alive {
            boot_id: running.boot_id,
            uptime_seconds: running.uptime.as_secs(),
            wall,
            seq: self.seq,
            taint: running.taint,
            slowest_milliseconds: longest(&self.took),
            connected,
            first_taint: self.first_taint,
            latest_milliseconds: longest(&self.late),
            offline_seconds: offline.unwrap_or_default().as_secs(),
        }
    }

    fn took(&mut self, took: Duration) {
        push(&mut self.took, took);
        if let Some((_, last)) = &mut self.last {
            *last = took;
        }
    }
}

fn push(window: &mut VecDeque<Duration>, newest: Duration) {
    window.truncate(WINDOW - 1);
    window.push_front(newest);
}

fn longest(window: &VecDeque<Duration>) -> u64 {
    let longest = window.iter().max().copied().unwrap_or_default();
    u64::try_from(longest.as_millis()).unwrap_or(u64::MAX)
}

/// Writes a sign of life each minute.
pub(crate) async fn keep_alive<D: Dom0, F: Files, N: Dialer>(agent: &Agent<D, F, N>) {
    let last = Alive::last(&agent.world.files).await;
    let mut pulse: Option<Pulse> = None;
    let mut tick = interval(EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        let Ok(running) = agent.world.dom0.running() else { continue };
        let pulse = pulse.get_or_insert_with(|| Pulse::after(last.as_ref(), &running));
        let connected = *agent.connected.borrow();
        let alive = pulse.beat(&running, agent.world.clock.now(), connected);
        let began = Instant::now();
        if let Err(error) = alive.store(&agent.world.files).await {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "a sign of life could not be written"
            );
        }
        pulse.took(began.elapsed());
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
            first_taint: Some(0),
            latest_milliseconds: 0,
            offline_seconds: 0,
        }
    }

    fn running(boot_id: BootId, seconds: u64, taint: u64) -> Running {
        Running { boot_id, uptime: Duration::from_secs(seconds), taint: Some(taint) }
    }

    #[test]
    fn a_sign_of_life_tells_how_late_it_comes_and_how_slow_the_last_one_was() {
        let (boot_id, wall) = (BootId::new(), Timestamp::from_millis(0));
        let mut pulse = Pulse::after(None, &running(boot_id, 60, 0));
        pulse.beat(&running(boot_id, 60, 0), wall, true);
        pulse.took(Duration::from_secs(40));

        let slow = pulse.beat(&running(boot_id, 160, 0), wall, true);
        pulse.took(Duration::ZERO);
        let late = pulse.beat(&running(boot_id, 265, 0), wall, true);

        assert_eq!((slow.slowest_milliseconds, slow.latest_milliseconds), (40_000, 0));
        assert_eq!((late.slowest_milliseconds, late.latest_milliseconds), (40_000, 45_000));
    }

    #[test]
    fn it_tells_for_how_long_there_was_no_session_also_over_a_restart_of_the_agent() {
        let (boot_id, wall) = (BootId::new(), Timestamp::from_millis(0));
        let mut pulse = Pulse::after(None, &running(boot_id, 60, 0));
        assert_eq!(pulse.beat(&running(boot_id, 60, 0), wall, true).offline_seconds, 0);
        assert_eq!(pulse.beat(&running(boot_id, 120, 0), wall, false).offline_seconds, 0);
        let last = pulse.beat(&running(boot_id, 420, 0), wall, false);
        assert_eq!(last.offline_seconds, 300);

        let mut again = Pulse::after(Some(&last), &running(boot_id, 430, 0));

        assert_eq!(again.beat(&running(boot_id, 430, 0), wall, false).offline_seconds, 300);
        assert_eq!(again.beat(&running(boot_id, 490, 0), wall, true).offline_seconds, 0);
    }

    #[test]
    fn the_taint_that_a_boot_began_with_is_kept_through_it_and_no_further() {
        let (boot_id, wall) = (BootId::new(), Timestamp::from_millis(0));
        let mut pulse = Pulse::after(None, &running(boot_id, 60, 1));
        pulse.beat(&running(boot_id, 60, 1), wall, true);
        let last = pulse.beat(&running(boot_id, 120, 129), wall, true);
        assert_eq!((last.first_taint, last.taint), (Some(1), Some(129)));

        let same = Pulse::after(Some(&last), &running(boot_id, 130, 129));
        let next = Pulse::after(Some(&last), &running(BootId::new(), 30, 4));

        assert_eq!((same.first_taint, next.first_taint), (Some(1), Some(4)));
        assert_eq!((same.seq, next.seq), (2, 2));
    }

    #[test]
    fn a_sign_of_life_of_an_older_agent_is_read() {
        let text = r#"{"boot_id":"5f0c2c3e-8d1b-4a5e-9a53-6c1f0e7b9d21","uptime_seconds":60,
            "wall":"2026-01-01T00:00:00.000Z","seq":7,"taint":0,"slowest_milliseconds":3,"connected":true}"#;

        assert_eq!(serde_json::from_str::<Alive>(text).unwrap().seq, 7);
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
