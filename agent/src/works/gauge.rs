//! How far a work is, for whoever asks for it from afar.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use domfleet_shared::operation::{Pace, Progress};

use crate::meter::Meter;

/// Follows a work, and stops it.
#[derive(Debug)]
pub struct Gauge {
    part: Mutex<Part>,
    is_cancelled: AtomicBool,
}

#[derive(Debug)]
struct Part {
    what: String,
    pace: Pace,
    done_bytes: u64,
    begun: Instant,
}

impl Default for Gauge {
    fn default() -> Self {
        let part = Part {
            what: "beginning".into(),
            pace: Pace::new(None),
            done_bytes: 0,
            begun: Instant::now(),
        };
        Self { part: Mutex::new(part), is_cancelled: AtomicBool::new(false) }
    }
}

impl Gauge {
    /// How far it is.
    pub fn progress(&self) -> Progress {
        let mut part = self.part.lock().unwrap_or_else(PoisonError::into_inner);
        let (done_bytes, elapsed) = (part.done_bytes, part.begun.elapsed());
        let what = part.what.clone();
        part.pace.progress(&what, done_bytes, elapsed)
    }

    /// Stops it at its next safe point.
    pub fn cancel(&self) {
        self.is_cancelled.store(true, Ordering::Relaxed);
    }
}

impl Meter for Gauge {
    fn begin(&self, what: &str, total_bytes: u64) {
        let total = (total_bytes > 0).then_some(total_bytes);
        let mut part = self.part.lock().unwrap_or_else(PoisonError::into_inner);
        *part = Part {
            what: what.to_owned(),
            pace: Pace::new(total),
            done_bytes: 0,
            begun: Instant::now(),
        };
    }

    fn advance(&self, bytes: u64) {
        let mut part = self.part.lock().unwrap_or_else(PoisonError::into_inner);
        part.done_bytes = part.done_bytes.saturating_add(bytes);
    }

    fn is_cancelled(&self) -> bool {
        self.is_cancelled.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_part_is_told_by_itself_with_its_bytes() {
        let gauge = Gauge::default();
        gauge.begin("copying", 100);
        gauge.advance(30);
        gauge.advance(12);

        let copying = gauge.progress();
        gauge.begin("reading back", 0);
        let reading = gauge.progress();

        assert_eq!((copying.step.as_str(), copying.done_bytes), ("copying", 42));
        assert_eq!(copying.total_bytes, Some(100));
        assert_eq!((reading.step.as_str(), reading.done_bytes), ("reading back", 0));
        assert_eq!(reading.total_bytes, None);
    }

    #[test]
    fn what_is_cancelled_stays_so() {
        let gauge = Gauge::default();
        assert!(gauge.go_on().is_ok());

        gauge.cancel();
        gauge.begin("copying", 1);

        assert!(gauge.go_on().is_err());
    }
}
