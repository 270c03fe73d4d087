//! How fast something goes on, and how long it will take: told in one place for everything that
//! moves bytes.

use std::time::Duration;

use super::Progress;

/// Over about so long a rate is taken, so that neither a burst nor a stall is the whole truth.
const WINDOW: Duration = Duration::from_secs(15);

/// Follows one part of an operation.
#[derive(Clone, Debug)]
pub struct Pace {
    total_bytes: Option<u64>,
    last: Option<(Duration, u64)>,
    bytes_per_second: f64,
}

impl Pace {
    /// Of a part that has so many bytes, where that is known.
    pub fn new(total_bytes: Option<u64>) -> Self {
        Self { total_bytes, last: None, bytes_per_second: 0.0 }
    }

    /// How far it is: `done_bytes` of it at `at`, counted from any fixed moment.
    pub fn progress(&mut self, step: &str, done_bytes: u64, at: Duration) -> Progress {
        if let Some((then, before)) = self.last {
            let seconds = at.saturating_sub(then).as_secs_f64();
            if seconds > 0.0 {
                let now = bytes(done_bytes.saturating_sub(before)) / seconds;
                // The older a rate is, the less it weighs, however often it is asked for.
                let weight = 1.0 - (-seconds / WINDOW.as_secs_f64()).exp();
                let is_first = self.bytes_per_second == 0.0;
                let weight = if is_first { 1.0 } else { weight };
                self.bytes_per_second += weight * (now - self.bytes_per_second);
                self.last = Some((at, done_bytes));
            }
        } else {
            self.last = Some((at, done_bytes));
        }
        let rate_bytes_per_second = whole(self.bytes_per_second);
        Progress {
            step: step.to_owned(),
            done_bytes,
            total_bytes: self.total_bytes,
            rate_bytes_per_second,
            left_seconds: left(self.total_bytes, done_bytes, rate_bytes_per_second),
        }
    }
}

/// Seconds left at that rate; nothing where nothing moves or the end is not known.
fn left(total_bytes: Option<u64>, done_bytes: u64, rate_bytes_per_second: u64) -> Option<u64> {
    let left = total_bytes?.saturating_sub(done_bytes);
    if left == 0 {
        return Some(0);
    }
    (rate_bytes_per_second > 0).then(|| left.div_ceil(rate_bytes_per_second))
}

#[expect(clippy::cast_precision_loss, reason = "a rate is told to people")]
fn bytes(number: u64) -> f64 {
    number as f64
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "never negative, and far from the largest number"
)]
fn whole(rate: f64) -> u64 {
    rate.round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn second(n: u64) -> Duration {
        Duration::from_secs(n)
    }

    #[test]
    fn a_steady_pace_tells_its_rate_and_what_is_left() {
        let mut pace = Pace::new(Some(1000));

        assert_eq!(pace.progress("x", 0, second(7)).left_seconds, None);
        pace.progress("x", 100, second(8));
        let progress = pace.progress("x", 200, second(9));

        assert_eq!((progress.rate_bytes_per_second, progress.left_seconds), (100, Some(8)));
    }

    #[test]
    fn a_stall_slows_the_rate_without_an_end_that_is_promised() {
        let mut pace = Pace::new(Some(1000));
        pace.progress("x", 0, second(0));
        pace.progress("x", 100, second(1));

        let stalled = pace.progress("x", 100, second(16));
        assert!((30..=50).contains(&stalled.rate_bytes_per_second), "{stalled:?}");
        let long = pace.progress("x", 100, second(1000));

        assert_eq!((long.rate_bytes_per_second, long.left_seconds), (0, None));
    }

    #[test]
    fn what_is_done_has_nothing_left_and_the_same_moment_twice_changes_nothing() {
        let mut pace = Pace::new(Some(10));
        pace.progress("x", 0, second(0));
        let done = pace.progress("x", 10, second(1));

        assert_eq!(done.left_seconds, Some(0));
        assert_eq!(pace.progress("x", 10, second(1)), done);
        assert_eq!(Pace::new(None).progress("x", 5, second(0)).left_seconds, None);
    }
}
