//! The server's clock: the one place where its time comes from.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use domfleet_shared::Timestamp;

/// This machine's clock, and how far a test has moved it.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    ahead_milliseconds: Arc<AtomicI64>,
}

impl Clock {
    /// What time it is.
    pub fn now(&self) -> Timestamp {
        let ahead = self.ahead_milliseconds.load(Ordering::Relaxed);
        Timestamp::from_millis(Timestamp::now().as_millis().saturating_add(ahead))
    }

    /// Moves it forward, for tests of what happens later.
    pub fn advance(&self, by: Duration) {
        let by = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        self.ahead_milliseconds.fetch_add(by, Ordering::Relaxed);
    }
}
