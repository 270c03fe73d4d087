//! What is said of small fleets, of which one can say beforehand what is to be said.

mod before_after;
mod boots;
mod imported;
mod verdict;

use std::sync::Arc;

use super::{End, Interval, Values};
use crate::boot::BootEnd;
use crate::component::Component;

/// A boot that was watched from its beginning on.
fn watched(appliance: &str, days: f64, end: End, values: &[(Component, &str)]) -> Interval {
    let values: Values =
        values.iter().map(|(component, value)| (*component, (*value).to_owned())).collect();
    Interval {
        appliance: appliance.into(),
        boot: "1".into(),
        entry_days: 0.0,
        exit_days: days,
        end,
        values: Arc::new(values),
    }
}

const FROZE: End = End::Ended(BootEnd::Hang);
