//! Numbers with what is sure of them, as they are told.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::survival::{Estimate, RateRatio};

/// A value with its interval, 95 %.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Range {
    /// The value. Null where no number is large enough.
    pub value: Option<f64>,
    /// The lower end.
    pub low: f64,
    /// The upper end. Null where there is none.
    pub high: Option<f64>,
}

impl Range {
    /// Whether a number is in it.
    pub fn covers(&self, number: f64) -> bool {
        self.low <= number && self.high.is_none_or(|high| number <= high)
    }
}

impl From<Estimate> for Range {
    fn from(Estimate { value, low, high }: Estimate) -> Self {
        let finite = |number: f64| number.is_finite().then_some(number);
        Self { value: finite(value), low, high: finite(high) }
    }
}

/// How many times larger one rate is than another.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Ratio {
    /// So many times, with its exact interval.
    pub ratio: Range,
    /// How probable it is that chance alone gives what is this improbable, were both the same and no two deaths
    /// had to do with each other.
    pub p: f64,
}

impl From<RateRatio> for Ratio {
    fn from(RateRatio { ratio, p }: RateRatio) -> Self {
        Self { ratio: ratio.into(), p }
    }
}

/// A count; those of a fleet are far from where this is not exact.
#[expect(clippy::cast_precision_loss, reason = "exact up to 2^53")]
pub(super) fn as_f64(count: usize) -> f64 {
    count as f64
}
