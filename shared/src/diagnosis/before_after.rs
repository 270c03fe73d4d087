//! What became of appliances after a component of theirs was changed, each beside itself before.
//!
//! A mitigation is put on appliances because they froze. Beside the others they look worse with it than the others
//! without it. Beside itself, each appliance is as bad as it is; but what led to the change is among the deaths
//! before it, so that before looks worse than it was. Without the last death before the change it looks better
//! than it was. What is true is between the two, and both are told.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::interval::Interval;
use super::range::{Range, as_f64};
use crate::component::Component;

/// Appliances before and after a change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct BeforeAfter {
    /// What was changed.
    pub component: Component,
    /// What it was.
    pub from: String,
    /// What it became.
    pub to: String,
    /// Each appliance on which that was done.
    pub appliances: Vec<Around>,
    /// How many times as often they died after it as before, each beside itself; null where nobody died.
    pub ratio: Option<Range>,
    /// The same without the last death of each before it, which may be why it was done.
    pub ratio_without_last: Option<Range>,
}

/// One appliance before and after a change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Around {
    /// The appliance.
    pub appliance: String,
    /// How long it was watched before, in days.
    pub days_before: f64,
    /// How often it died.
    pub deaths_before: usize,
    /// How long it was watched after it, as long as it stayed so.
    pub days_after: f64,
    /// How often it died.
    pub deaths_after: usize,
}

/// How `component` going from `from` to `to` went with deaths. Of each appliance counts what was before the first
/// such change, and all after it where it was `to`.
pub fn before_after(
    intervals: &[Interval],
    component: Component,
    from: &str,
    to: &str,
) -> BeforeAfter {
    let mut of_appliances: BTreeMap<&str, Around> = BTreeMap::new();
    for interval in intervals {
        let (Ok(spell), Some(value)) = (interval.spell(), interval.values.get(&component)) else {
            continue;
        };
        let around = of_appliances.entry(&interval.appliance).or_insert_with(|| Around {
            appliance: interval.appliance.to_string(),
            days_before: 0.0,
            deaths_before: 0,
            days_after: 0.0,
            deaths_after: 0,
        });
        let died = usize::from(spell.is_event());
        if value == from && around.days_after <= 0.0 {
            around.days_before += spell.exposure();
            around.deaths_before += died;
        } else if value == to && around.days_before > 0.0 {
            around.days_after += spell.exposure();
            around.deaths_after += died;
        }
    }
    let appliances: Vec<Around> =
        of_appliances.into_values().filter(|around| around.days_after > 0.0).collect();
    let of = |around: &Around, spared: usize| Stratum {
        deaths: around.deaths_before.saturating_sub(spared) + around.deaths_after,
        after: around.deaths_after,
        odds: around.days_after / around.days_before,
    };
    let ratio =
        |spared| ratio(&appliances.iter().map(|around| of(around, spared)).collect::<Vec<_>>());
    BeforeAfter {
        component,
        from: from.to_owned(),
        to: to.to_owned(),
        ratio: ratio(0),
        ratio_without_last: ratio(1),
        appliances,
    }
}

/// One appliance: so many deaths, of which so many after the change; the time after it, divided by that before.
struct Stratum {
    deaths: usize,
    after: usize,
    odds: f64,
}

/// Of so many deaths at most, the distribution is computed; beyond, its normal approximation is as good.
const EXACT: usize = 400;

/// The rate after, divided by that before, the same for all appliances, whatever the rate of each is.
///
/// Given how often an appliance died in all, how often after the change is binomial with odds `ratio * days after /
/// days before`. The sum over appliances is what the likeliest ratio and its interval are found by (Martin and
/// Austin 1996, "Exact estimates for a rate ratio"), the interval with half of what was seen itself (mid-p,
/// Lancaster 1961).
fn ratio(strata: &[Stratum]) -> Option<Range> {
    let all: usize = strata.iter().map(|stratum| stratum.deaths).sum();
    let after: usize = strata.iter().map(|stratum| stratum.after).sum();
    if all == 0 {
        return None;
    }
    let seen = as_f64(after);
    let value = (after < all).then(|| solve(|ratio| moments(strata, ratio).0 - seen));
    let low = if after == 0 { 0.0 } else { solve(|ratio| above(strata, ratio, after) - 0.025) };
    let high = (after < all).then(|| solve(|ratio| 0.025 - (1.0 - above(strata, ratio, after))));
    Some(Range { value: if after == 0 { Some(0.0) } else { value }, low, high })
}

/// How many deaths after the change are to be expected, and the variance of that.
fn moments(strata: &[Stratum], ratio: f64) -> (f64, f64) {
    strata.iter().fold((0.0, 0.0), |(mean, variance), stratum| {
        let share = share(stratum, ratio);
        let of = as_f64(stratum.deaths);
        (mean + of * share, variance + of * share * (1.0 - share))
    })
}

fn share(stratum: &Stratum, ratio: f64) -> f64 {
    let odds = ratio * stratum.odds;
    odds / (1.0 + odds)
}

/// How probable more than `after` deaths after the change are, and half of just as many.
fn above(strata: &[Stratum], ratio: f64, after: usize) -> f64 {
    use statrs::distribution::{ContinuousCDF as _, Normal};

    let all: usize = strata.iter().map(|stratum| stratum.deaths).sum();
    if all > EXACT {
        let (mean, variance) = moments(strata, ratio);
        return Normal::standard().sf((as_f64(after) - mean) / variance.sqrt());
    }
    // Death after death: how probable each number of them is.
    let mut probabilities = vec![0.0; all + 1];
    probabilities[0] = 1.0;
    let mut died = 0;
    for stratum in strata {
        let share = share(stratum, ratio);
        for _ in 0..stratum.deaths {
            died += 1;
            for at in (0..=died).rev() {
                let one_less = if at > 0 { probabilities[at - 1] } else { 0.0 };
                probabilities[at] = probabilities[at] * (1.0 - share) + one_less * share;
            }
        }
    }
    probabilities[after] / 2.0 + probabilities[after + 1..].iter().sum::<f64>()
}

/// Where something that grows with the ratio becomes positive.
fn solve(grows: impl Fn(f64) -> f64) -> f64 {
    let (mut low, mut high) = (-30.0_f64, 30.0_f64);
    for _ in 0..100 {
        let middle = f64::midpoint(low, high);
        if grows(middle.exp()) < 0.0 {
            low = middle;
        } else {
            high = middle;
        }
    }
    f64::midpoint(low, high).exp()
}
