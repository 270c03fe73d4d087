//! A simulated machine's watchdog: it bites when it is not fed.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::host::Host;

/// A watchdog.
#[derive(Clone, Copy, Debug)]
pub(super) struct SimWatchdog {
    waits: Duration,
    /// Whether it remembers that it bit: Xen's does not.
    pub(super) keeps_status: bool,
    /// Nothing while it is not armed.
    bites_at: Option<Instant>,
}

impl SimWatchdog {
    pub(super) fn at_rest(self) -> Self {
        Self { bites_at: None, ..self }
    }
}

impl Host {
    /// The machine has a watchdog that waits so long, and the agent is to feed it. Known to the agent when it next
    /// starts.
    pub fn fit_watchdog(&self, waits: Duration, keeps_status: bool) {
        self.state().watchdog = Some(SimWatchdog { waits, keeps_status, bites_at: None });
    }

    /// Whether there is an armed watchdog.
    pub fn is_guarded(&self) -> bool {
        self.state().watchdog.is_some_and(|watchdog| watchdog.bites_at.is_some())
    }

    pub(super) fn arm_watchdog(&self) -> Option<Duration> {
        let waits = self.state().watchdog?.waits;
        self.move_watchdog(Some(Instant::now() + waits));
        Some(waits)
    }

    pub(super) fn feed_watchdog(&self) -> bool {
        let is_armed = self.is_guarded();
        if is_armed {
            self.arm_watchdog();
        }
        is_armed
    }

    pub(super) fn disarm_watchdog(&self) {
        self.move_watchdog(None);
    }

    fn move_watchdog(&self, bites_at: Option<Instant>) {
        if let Some(watchdog) = &mut self.state().watchdog {
            watchdog.bites_at = bites_at;
        }
        self.watchdog_moved.notify_waiters();
    }

    /// Returns when it bites.
    pub(super) async fn watchdog_bites(&self) {
        loop {
            // Registered before looking, or what moves between looking and waiting would be missed.
            let moved = self.watchdog_moved.notified();
            let bites_at = self.state().watchdog.and_then(|watchdog| watchdog.bites_at);
            match bites_at {
                None => moved.await,
                Some(at) if at <= Instant::now() => return,
                Some(at) => tokio::select! {
                    () = moved => {}
                    () = sleep_until(at) => {}
                },
            }
        }
    }
}
