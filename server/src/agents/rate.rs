//! How many frames an agent may send.

use std::time::{Duration, Instant};

/// Frames that an agent may send in a minute, and at once.
const PER_MINUTE: f32 = 600.0;

/// A token bucket.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rate {
    left: f32,
    at: Instant,
}

impl Rate {
    pub(super) fn new(now: Instant) -> Self {
        Self { left: PER_MINUTE, at: now }
    }

    /// Whether one more is allowed at `now`.
    pub(super) fn allows(&mut self, now: Instant) -> bool {
        let passed: Duration = now.saturating_duration_since(self.at);
        self.left = (self.left + passed.as_secs_f32() * PER_MINUTE / 60.0).min(PER_MINUTE);
        self.at = now;
        if self.left < 1.0 {
            return false;
        }
        self.left -= 1.0;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_s_worth_may_come_at_once_and_then_ten_a_second() {
        let start = Instant::now();
        let mut rate = Rate::new(start);

        assert_eq!((0..1000).filter(|_| rate.allows(start)).count(), 600);
        let later = start + Duration::from_secs(3);
        assert_eq!((0..1000).filter(|_| rate.allows(later)).count(), 30);
    }
}
