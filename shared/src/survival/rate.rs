//! Events for the time that was watched, where the hazard is taken to be the same at every age.

use serde::Serialize;
use statrs::distribution::{Beta, Binomial, ChiSquared, ContinuousCDF as _, Discrete as _};

use super::curve::as_f64;
use super::spell::Spell;

/// A value with its interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Estimate {
    /// The value.
    pub value: f64,
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// So many events in so much time.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rate {
    /// How many there were.
    pub events: usize,
    /// The time that was watched.
    pub exposure: f64,
}

/// How much larger one rate is than another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RateRatio {
    /// Infinite where there was no event in what it is compared with.
    pub ratio: Estimate,
    /// How probable it is that chance alone gives what is this improbable, were the rates the same.
    pub p: f64,
}

impl Rate {
    /// Of these spells.
    pub fn of<'s>(spells: impl Iterator<Item = &'s Spell>) -> Self {
        spells.fold(Self::default(), |sum, spell| Self {
            events: sum.events + usize::from(spell.is_event()),
            exposure: sum.exposure + spell.exposure(),
        })
    }

    /// For `time`, with the exact interval of a Poisson count (Garwood 1936); nothing where no time was
    /// watched.
    pub fn per(&self, time: f64) -> Option<Estimate> {
        if self.exposure <= 0.0 {
            return None;
        }
        let events = as_f64(self.events);
        let low = if self.events == 0 { 0.0 } else { chi_squared(0.025, 2.0 * events) / 2.0 };
        let high = chi_squared(0.975, 2.0 * events + 2.0) / 2.0;
        let factor = time / self.exposure;
        Some(Estimate { value: events * factor, low: low * factor, high: high * factor })
    }

    /// How much larger this is than `other`, given how many events there were in both: which of them were
    /// here is binomial then (Przyborowski and Wilenski 1940), and its interval that of Clopper and Pearson.
    /// Nothing where there was no event, or no time, in either.
    pub fn compared_with(&self, other: &Self) -> Option<RateRatio> {
        let events = self.events + other.events;
        if events == 0 || self.exposure <= 0.0 || other.exposure <= 0.0 {
            return None;
        }
        let factor = other.exposure / self.exposure;
        let (here, there) = (as_f64(self.events), as_f64(other.events));
        let odds = |share: f64| if share >= 1.0 { f64::INFINITY } else { share / (1.0 - share) };
        let low = if self.events == 0 { 0.0 } else { beta(0.025, here, there + 1.0) };
        let high = if other.events == 0 { 1.0 } else { beta(0.975, here + 1.0, there) };
        let value = if other.events == 0 { f64::INFINITY } else { here / there };
        let ratio =
            Estimate { value: value * factor, low: odds(low) * factor, high: odds(high) * factor };
        let share = self.exposure / (self.exposure + other.exposure);
        Some(RateRatio { ratio, p: binomial_p(self.events, events, share)? })
    }
}

fn chi_squared(p: f64, freedom: f64) -> f64 {
    ChiSquared::new(freedom).map_or(f64::NAN, |distribution| distribution.inverse_cdf(p))
}

fn beta(p: f64, a: f64, b: f64) -> f64 {
    Beta::new(a, b).map_or(f64::NAN, |distribution| distribution.inverse_cdf(p))
}

/// The probability of all that is no more probable than what was seen.
fn binomial_p(seen: usize, of: usize, share: f64) -> Option<f64> {
    let distribution = Binomial::new(share, of as u64).ok()?;
    // Two that are equally probable need not come out the same.
    let most = distribution.pmf(seen as u64) * (1.0 + 1e-7);
    let sum: f64 = (0..=of as u64).map(|k| distribution.pmf(k)).filter(|p| *p <= most).sum();
    Some(sum.min(1.0))
}
