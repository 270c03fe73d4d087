//! Which share is still there at which age: Kaplan and Meier's estimate.

use super::DEVIATE;
use super::spell::{AtRisk, Spell, event_times};

/// The estimate, a step down at each time at which there were events.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    /// The steps, in order of time.
    pub points: Vec<Point>,
}

/// A step of a curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// When.
    pub time: f64,
    /// How many were watched then.
    pub at_risk: usize,
    /// How many of them had an event.
    pub events: usize,
    /// The share that is left after it.
    pub survival: f64,
    /// By Greenwood's formula. Nothing where nobody is left.
    pub std_error: Option<f64>,
    /// The interval, on the log(-log) scale, so that it stays between 0 and 1.
    pub interval: Option<(f64, f64)>,
}

impl Curve {
    /// Of these spells. An event comes before what is censored at the same time.
    pub fn of<'s>(spells: impl Iterator<Item = &'s Spell> + Clone) -> Self {
        Self::beginning_with(spells, 1)
    }

    /// The same from the first age on at which at least `fewest` were watched, as the share of those that
    /// reached it: with left truncation, the first few that were seen young decide over everything after.
    pub fn beginning_with<'s>(
        spells: impl Iterator<Item = &'s Spell> + Clone,
        fewest: usize,
    ) -> Self {
        let mut at_risk = AtRisk::of(spells.clone());
        let (mut survival, mut greenwood) = (1.0, 0.0);
        let mut points = Vec::new();
        for (time, events) in event_times(spells) {
            let watched = at_risk.at(time);
            if points.is_empty() && watched < fewest {
                continue;
            }
            let (watched_f, events_f) = (as_f64(watched), as_f64(events));
            survival *= (watched_f - events_f) / watched_f;
            greenwood += events_f / (watched_f * (watched_f - events_f));
            let is_left = survival > 0.0;
            points.push(Point {
                time,
                at_risk: watched,
                events,
                survival,
                std_error: is_left.then(|| survival * greenwood.sqrt()),
                interval: is_left.then(|| log_log(survival, greenwood)),
            });
        }
        Self { points }
    }

    /// The first age at which no more than half are left.
    pub fn median(&self) -> Option<f64> {
        // What is exactly a half need not come out as such.
        let half = 0.5 + 1e-12;
        self.points.iter().find(|point| point.survival <= half).map(|point| point.time)
    }

    /// The share that is left at an age.
    pub fn at(&self, time: f64) -> f64 {
        let after = self.points.partition_point(|point| point.time <= time);
        self.points[..after].last().map_or(1.0, |point| point.survival)
    }
}

fn log_log(survival: f64, greenwood: f64) -> (f64, f64) {
    let width = DEVIATE * greenwood.sqrt() / survival.ln().abs();
    (survival.powf(width.exp()), survival.powf((-width).exp()))
}

/// A count; those of a fleet are far from where this is not exact.
#[expect(clippy::cast_precision_loss, reason = "exact up to 2^53")]
pub(super) fn as_f64(count: usize) -> f64 {
    count as f64
}
