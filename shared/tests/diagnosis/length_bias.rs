//! Uptimes of boxes that run are those of boxes that did not freeze.

use std::collections::BTreeMap;
use std::sync::Arc;

use domfleet_shared::boot::BootEnd;
use domfleet_shared::component::Component;
use domfleet_shared::diagnosis::{End, Interval, Settings, ValueReport, diagnose};
use rand::SeedableRng as _;
use rand::rngs::StdRng;

use super::world::wait;

const BOXES: usize = 20_000;
const RATE: f64 = 1.0 / 30.0;
const FOLLOWED: f64 = 90.0;

/// Boxes that freeze once in thirty days, first seen in the middle of a boot and followed for ninety days.
fn boxes(counted_from_boot: bool) -> Vec<Interval> {
    let mut random = StdRng::seed_from_u64(1);
    let values = Arc::new(BTreeMap::from([(Component::Xen, "4.6.0".to_owned())]));
    let one = |number| {
        let seen = wait(&mut random, RATE);
        let left = wait(&mut random, RATE);
        let froze = left <= FOLLOWED;
        Interval {
            appliance: format!("{number}").into(),
            boot: "1".into(),
            entry_days: if counted_from_boot { 0.0 } else { seen },
            exit_days: seen + left.min(FOLLOWED),
            end: if froze { End::Ended(BootEnd::Hang) } else { End::Alive },
            values: Arc::clone(&values),
        }
    };
    (0..BOXES).map(one).collect()
}

fn told(counted_from_boot: bool) -> ValueReport {
    let diagnosis = diagnose(&boxes(counted_from_boot), &Settings::default());
    diagnosis.components[0].values[0].clone()
}

fn left_at_100_days(value: &ValueReport) -> f64 {
    value.curve.iter().rfind(|step| step.days <= 100.0).unwrap().survival
}

#[test]
fn boxes_that_were_first_seen_late_count_from_then_on() {
    let value = told(false);

    let rate = value.rate_per_1000.unwrap();
    assert!(rate.covers(1000.0 * RATE), "{rate:?}");
    assert!((rate.value.unwrap() - 33.33).abs() < 0.5, "{rate:?}");
    let left = left_at_100_days(&value);
    assert!((left - (-100.0 * RATE).exp()).abs() < 0.004, "{left}");
}

/// What the analysis would say if it fell into the trap, so that the test above is known to see it.
#[test]
fn counted_from_boot_they_would_seem_to_freeze_half_as_often() {
    let value = told(true);

    let rate = value.rate_per_1000.unwrap().value.unwrap();
    assert!((rate - 16.28).abs() < 0.3, "{rate}");
    let left = left_at_100_days(&value);
    assert!((left - 0.155).abs() < 0.01, "{left}");
}
