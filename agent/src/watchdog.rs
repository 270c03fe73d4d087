//! Feeds the machine's watchdog for as long as the disk takes what is written to it, where somebody wants that.
//!
//! A dom0 whose storage hangs still schedules: what only sees that, such as Xen's own watchdog, is fed for ever. So it
//! is fed after a write that came to the disk in time, and by nothing else. What is written is the record of the
//! feeding, from which the agent of the next boot knows that a watchdog was armed: many keep no boot status.

use std::time::Duration;

use domfleet_shared::Timestamp;
use domfleet_shared::id::BootId;
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep};

use crate::agent::Agent;
use crate::dial::Dialer;
use crate::dom0::Dom0;
use crate::storage::{Files, is_full};

/// In turn, so that a reset in the middle of one leaves the other.
pub(crate) const SLOTS: [&str; 2] = ["watchdog.0.json", "watchdog.1.json"];
const LIMIT: usize = 64 * 1024;
/// A disk that does not take the first record, such as one that is mounted read-only, has no watchdog armed on its
/// account: dom0 would be reset for ever.
const TRIED_AGAIN: Duration = Duration::from_mins(1);

/// That a watchdog is armed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Feeding {
    /// In which boot.
    pub boot_id: BootId,
    /// How long that had been up when it was fed.
    pub uptime_seconds: u64,
    /// The time of day.
    pub wall: Timestamp,
    /// How long it waits.
    pub timeout_seconds: u64,
    /// Counts the feedings.
    pub seq: u64,
}

impl Feeding {
    /// The newest on disk; nothing where the watchdog was let go.
    pub async fn last(files: &impl Files) -> Option<Self> {
        let mut newest: Option<Self> = None;
        for slot in SLOTS {
            let Ok(Some(bytes)) = files.read(slot, LIMIT).await else { continue };
            let Ok(feeding) = serde_json::from_slice::<Self>(&bytes) else { continue };
            if newest.as_ref().is_none_or(|newest| newest.seq < feeding.seq) {
                newest = Some(feeding);
            }
        }
        newest
    }

    async fn store(&self, files: &impl Files) -> std::io::Result<()> {
        let slot = if self.seq.is_multiple_of(2) { SLOTS[0] } else { SLOTS[1] };
        files.append(slot, 0, serde_json::to_vec(self)?).await
    }

    async fn forget(files: &impl Files) -> std::io::Result<()> {
        for slot in SLOTS {
            files.remove(slot).await?;
        }
        Ok(())
    }
}

/// Arms it and keeps it fed, but while dom0 goes down in order.
pub(crate) async fn keep_feeding<D: Dom0, F: Files, N: Dialer>(agent: &Agent<D, F, N>) {
    let mut seq = Feeding::last(&agent.world.files).await.map_or(0, |last| last.seq);
    let mut leaving = agent.leaving.subscribe();
    loop {
        if leaving.wait_for(Option::is_none).await.is_err() {
            return;
        }
        // Whoever leaves has let it go.
        let has_failed = tokio::select! {
            _ = leaving.wait_for(Option::is_some) => false,
            () = feed(agent, &mut seq) => true,
        };
        if has_failed {
            sleep(TRIED_AGAIN).await;
        }
    }
}

/// Feeds it until it cannot be.
async fn feed<D: Dom0, F: Files, N: Dialer>(agent: &Agent<D, F, N>, seq: &mut u64) {
    // That it is not wanted is known before anything is written.
    let Some(waits) = armed(agent) else { return std::future::pending().await };
    let (mut is_first, mut is_starved) = (true, false);
    loop {
        let began = Instant::now();
        // Waited for however long it takes: a second write would hang beside it.
        let written = write(agent, waits, seq).await;
        let took = began.elapsed();
        let is_in_time = took <= waits / 2;
        match written {
            // A full disk has answered, and nobody is helped by a reset.
            Err(error) if !is_full(&error) => {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "the watchdog is not fed: its record cannot be written"
                );
                if is_first {
                    return let_go(agent).await;
                }
            }
            _ if !is_in_time => {
                let seconds = took.as_secs();
                tracing::error!(seconds, "the watchdog is not fed: the disk was too slow");
                is_starved = true;
            }
            _ => {
                if std::mem::take(&mut is_starved) {
                    tracing::info!("the disk is fast enough again");
                }
                if let Err(error) = agent.world.dom0.feed_watchdog() {
                    tracing::error!(error = &error as &dyn std::error::Error, "it cannot be fed");
                    return;
                }
            }
        }
        is_first = false;
        sleep((waits / 4).saturating_sub(took)).await;
    }
}

/// Arms it; says how long it waits.
fn armed<D: Dom0, F: Files, N: Dialer>(agent: &Agent<D, F, N>) -> Option<Duration> {
    match agent.world.dom0.arm_watchdog() {
        Ok(waits) => waits,
        Err(error) => {
            tracing::warn!(error = &error as &dyn std::error::Error, "there is no watchdog");
            None
        }
    }
}

async fn write<D: Dom0, F: Files, N: Dialer>(
    agent: &Agent<D, F, N>,
    waits: Duration,
    seq: &mut u64,
) -> std::io::Result<()> {
    let Ok(running) = agent.world.dom0.running() else { return Ok(()) };
    *seq += 1;
    let feeding = Feeding {
        boot_id: running.boot_id,
        uptime_seconds: running.uptime.as_secs(),
        wall: agent.world.clock.now(),
        timeout_seconds: waits.as_secs(),
        seq: *seq,
    };
    feeding.store(&agent.world.files).await
}

/// Lets it go: dom0 or the agent ends in order.
pub(crate) async fn let_go<D: Dom0, F: Files, N: Dialer>(agent: &Agent<D, F, N>) {
    if let Err(error) = agent.world.dom0.disarm_watchdog() {
        tracing::warn!(error = &error as &dyn std::error::Error, "the watchdog goes on");
        return;
    }
    if Feeding::last(&agent.world.files).await.is_none() {
        return;
    }
    if let Err(error) = Feeding::forget(&agent.world.files).await {
        tracing::warn!(error = &error as &dyn std::error::Error, "a record of the watchdog stays");
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc;

    use super::*;
    use crate::agent::World;
    use crate::clock::Clock;
    use crate::network::Network;
    use crate::testing::{Memory, Quiet, joined};

    const WAITS: Duration = Duration::from_mins(1);
    const FOR: Duration = Duration::from_secs(119);

    async fn agent(files: &Memory, waits: Option<Duration>) -> Agent<Quiet, Memory, Network> {
        joined(files).await;
        let dom0 = Quiet::new(BootId::new());
        dom0.watchdog.lock().unwrap().timeout = waits;
        let world = World {
            dom0,
            files: files.clone(),
            clock: Clock::of_the_machine(),
            dialer: Network::new("/nonexistent".into(), None),
            settings: crate::agent::Settings::default(),
        };
        Agent::open(world, mpsc::channel(1).0).await.unwrap()
    }

    /// How often it was fed within two minutes.
    async fn fed(agent: &Agent<Quiet, Memory, Network>) -> usize {
        drop(tokio::time::timeout(FOR, keep_feeding(agent)).await);
        agent.world.dom0.watchdog.lock().unwrap().fed
    }

    #[tokio::test(start_paused = true)]
    async fn it_is_fed_several_times_before_it_would_bite_and_that_is_on_record() {
        let files = Memory::default();
        let agent = agent(&files, Some(WAITS)).await;

        assert_eq!(fed(&agent).await, 8);

        let last = Feeding::last(&files).await.unwrap();
        assert_eq!((last.boot_id, last.timeout_seconds, last.seq), (agent.boot_id, 60, 8));
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_nobody_wants_is_neither_armed_nor_on_record() {
        let files = Memory::default();
        let agent = agent(&files, None).await;

        assert_eq!(fed(&agent).await, 0);
        assert_eq!(Feeding::last(&files).await, None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_disk_that_is_too_slow_starves_it() {
        let files = Memory::default();
        let agent = agent(&files, Some(WAITS)).await;
        files.take_so_long(Some(WAITS / 2 + Duration::from_secs(1)));

        assert_eq!(fed(&agent).await, 0);
        assert!(agent.world.dom0.watchdog.lock().unwrap().is_armed);
    }

    #[tokio::test(start_paused = true)]
    async fn a_full_disk_does_not() {
        let files = Memory::default();
        let agent = agent(&files, Some(WAITS)).await;
        files.full_after(0);

        assert_eq!(fed(&agent).await, 8);
    }

    #[tokio::test(start_paused = true)]
    async fn while_dom0_goes_down_in_order_it_is_let_go_and_armed_again_if_dom0_stays() {
        let files = Memory::default();
        let agent = agent(&files, Some(WAITS)).await;
        fed(&agent).await;

        agent.leave(true).await.unwrap();
        let before = agent.world.dom0.watchdog.lock().unwrap().fed;
        assert!(!agent.world.dom0.watchdog.lock().unwrap().is_armed);
        assert_eq!(Feeding::last(&files).await, None);
        assert_eq!(fed(&agent).await, before);

        agent.stay().await;
        assert!(fed(&agent).await > before);
    }
}
