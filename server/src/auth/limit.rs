//! How often something may go wrong: counted in memory, for a bounded number of keys.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use domfleet_shared::Timestamp;

/// More keys than this are not told apart: whoever makes up so many is an attacker, and those who
/// are counted already must stay counted.
const KEYS: usize = 16 * 1024;

/// Counts failures of each key in a window of time.
#[derive(Debug)]
pub struct Limiter {
    most: u32,
    within: Duration,
    counts: Mutex<HashMap<String, Count>>,
}

#[derive(Clone, Copy, Debug)]
struct Count {
    since: Timestamp,
    failures: u32,
}

impl Limiter {
    /// At most `most` failures `within` that time.
    pub fn new(most: u32, within: Duration) -> Self {
        Self { most, within, counts: Mutex::new(HashMap::new()) }
    }

    /// Counts a try as a failure until [`Self::forgive`] is called, and says whether it may go on;
    /// if not, how long to wait.
    pub fn try_once(&self, key: &str, now: Timestamp) -> Result<(), Duration> {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.len() >= KEYS && !counts.contains_key(key) {
            counts.retain(|_, count| now.since(count.since) < self.within);
            if counts.len() >= KEYS {
                return Err(self.within);
            }
        }
        let count = counts.entry(key.to_owned()).or_insert(Count { since: now, failures: 0 });
        if now.since(count.since) >= self.within {
            *count = Count { since: now, failures: 0 };
        }
        if count.failures >= self.most {
            return Err(self.within.saturating_sub(now.since(count.since)));
        }
        count.failures += 1;
        Ok(())
    }

    /// It went well: that try is no failure.
    pub fn forgive(&self, key: &str) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(key) {
            count.failures = count.failures.saturating_sub(1);
            if count.failures == 0 {
                counts.remove(key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_mins(1);

    #[test]
    fn after_too_many_failures_one_waits_until_the_window_is_over() {
        let limiter = Limiter::new(2, MINUTE);
        let start = Timestamp::from_millis(0);

        assert!(limiter.try_once("ann", start).is_ok());
        assert!(limiter.try_once("ann", start).is_ok());
        assert_eq!(limiter.try_once("ann", start + MINUTE / 2), Err(MINUTE / 2));
        assert!(limiter.try_once("bob", start).is_ok());
        assert!(limiter.try_once("ann", start + MINUTE).is_ok());
    }

    #[test]
    fn what_went_well_does_not_count() {
        let limiter = Limiter::new(1, MINUTE);
        let now = Timestamp::from_millis(0);

        for _ in 0..5 {
            assert!(limiter.try_once("ann", now).is_ok());
            limiter.forgive("ann");
        }
    }

    #[test]
    fn made_up_names_do_not_push_out_those_that_are_counted() {
        let limiter = Limiter::new(1, MINUTE);
        let now = Timestamp::from_millis(0);
        limiter.try_once("ann", now).unwrap();

        for n in 0..2 * KEYS {
            let _made_up = limiter.try_once(&n.to_string(), now);
        }

        assert!(limiter.try_once("ann", now).is_err());
        assert!(limiter.counts.lock().unwrap().len() <= KEYS);
    }
}
