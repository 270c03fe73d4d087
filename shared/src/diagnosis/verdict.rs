//! What can be said: never the cause, always the evidence.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::apart::Separation;
use super::factor::Factors;
use super::fit::Question;
use super::model::{ComponentTest, Fitted};
use super::range::{Range, as_f64};
use super::rows::{Rows, by_combination};
use super::say;
use super::settings::Settings;
use crate::component::Component;
use crate::survival::Rate;

/// What can be said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Verdict {
    /// Too little was watched to say anything.
    NotEnough {
        /// What was watched.
        have: Amount,
        /// What would be needed to find a hazard ratio that is worth it (Schoenfeld 1983).
        need: Amount,
    },
    /// Nothing that could be compared makes a difference that chance does not explain.
    NothingStandsOut {
        /// Of these, too little was watched to say even that.
        too_little: Vec<Component>,
    },
    /// Something does, but the first of the suspects is several components that cannot be told apart.
    Inseparable {
        /// The most improbable by chance first.
        suspects: Vec<Suspect>,
    },
    /// These do.
    Suspects {
        /// The most improbable by chance first.
        suspects: Vec<Suspect>,
    },
}

/// How much was watched.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Amount {
    /// How many died.
    pub deaths: f64,
    /// How long appliances were watched.
    pub appliance_days: f64,
}

/// What may be to blame, and what speaks for it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Suspect {
    /// One component, or several that cannot be told apart.
    pub components: Vec<Component>,
    /// How probable chance alone makes as much, after all components were asked about.
    pub p_adjusted: f64,
    /// What separates it from the components that it goes together with the most.
    pub separations: Vec<Separation>,
    /// The evidence, a sentence each.
    pub evidence: Vec<String>,
}

/// A component that is not named, because all hangs on one appliance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct OneAppliance {
    /// The component, or several that cannot be told apart.
    pub components: Vec<Component>,
    /// The appliance.
    pub appliance: String,
    /// The value with which it died.
    pub value: String,
    /// How often.
    pub deaths: usize,
    /// How many died with that value in all.
    pub of: usize,
    /// How probable chance makes what is left without it.
    pub p_without: Option<f64>,
}

/// An appliance with a smaller share of the deaths of a value does not decide.
const DECIDES: f64 = 0.1;

/// How many neighbours a suspect is told apart from.
const NEIGHBOURS: usize = 3;

pub(super) fn verdict(
    rows: &Rows<'_>,
    factors: &Factors,
    fitted: Option<&Fitted<'_>>,
    separations: &[Separation],
    settings: &Settings,
) -> (Verdict, Vec<OneAppliance>) {
    let mut hanging = Vec::new();
    let mut suspects: Vec<(Suspect, &[usize])> = Vec::new();
    let tests: &[ComponentTest] = fitted.map_or(&[], |fitted| &fitted.model.tests);
    let is_improbable = |test: &ComponentTest| test.p_adjusted < settings.alpha;
    let named = tests.iter().enumerate();
    let named = named.filter(|(_, test)| is_improbable(test) && matters(test, settings));
    for (at, test) in named {
        let Some(fitted) = fitted else { break };
        let of = &fitted.factors[at];
        // Of a set, one that is named already says more.
        if suspects
            .iter()
            .any(|(_, known)| of.len() > 1 && known.iter().all(|one| of.contains(one)))
        {
            continue;
        }
        let worst = worst(rows, factors, fitted, at);
        if let Some(worst) = &worst
            && worst.p_without.is_none_or(|p| p >= settings.alpha)
        {
            hanging.push(worst.clone());
            continue;
        }
        suspects.push((suspect(rows, test, separations, worst.as_ref()), of));
    }
    let suspects: Vec<Suspect> = suspects.into_iter().map(|(suspect, _)| suspect).collect();
    let verdict = match suspects.first() {
        Some(first) if first.components.len() > 1 => Verdict::Inseparable { suspects },
        Some(_) => Verdict::Suspects { suspects },
        None => nobody(rows, tests, settings),
    };
    (verdict, hanging)
}

/// Whether some value makes a difference that is large and sure enough to be worth a word.
fn matters(test: &ComponentTest, settings: &Settings) -> bool {
    test.values.iter().any(|hazard| match (hazard.hazard_ratio, hazard.p) {
        (Some(Range { value: Some(ratio), .. }), Some(p)) => {
            p < settings.alpha && ratio.ln().abs() >= settings.least_ratio.ln()
        }
        _ => hazard.is_one_sided,
    })
}

fn suspect(
    rows: &Rows<'_>,
    test: &ComponentTest,
    separations: &[Separation],
    worst: Option<&OneAppliance>,
) -> Suspect {
    let is_of = |separation: &&Separation| {
        test.components.contains(&separation.component)
            != test.components.contains(&separation.from)
    };
    let separations: Vec<Separation> =
        separations.iter().filter(is_of).take(NEIGHBOURS).copied().collect();
    Suspect {
        components: test.components.clone(),
        p_adjusted: test.p_adjusted,
        evidence: say::evidence(test, &separations, worst, rows.appliances.len()),
        separations,
    }
}

fn nobody(rows: &Rows<'_>, tests: &[ComponentTest], settings: &Settings) -> Verdict {
    let is_too_little = |test: &&ComponentTest| {
        test.detectable_ratio.is_none_or(|ratio| ratio > settings.worthwhile_ratio)
    };
    let too_little: Vec<&ComponentTest> = tests.iter().filter(is_too_little).collect();
    if too_little.len() < tests.len() {
        let of = |test: &&ComponentTest| test.components.clone();
        return Verdict::NothingStandsOut { too_little: too_little.iter().flat_map(of).collect() };
    }
    let rate = rows.rate();
    let have = Amount { deaths: as_f64(rate.events), appliance_days: rate.exposure };
    Verdict::NotEnough { have, need: need(rows, rate, settings) }
}

/// How many deaths are needed to find a ratio that is worth it, four times in five: `(1.96 + 0.84)^2 / (p (1 - p)
/// ln^2 ratio)` (Schoenfeld 1983), where `p` is the share of the time in which a component is another one than it
/// mostly is. That of the component with the best share is taken; a half where none ever differs.
fn need(rows: &Rows<'_>, rate: Rate, settings: &Settings) -> Amount {
    let watched = by_combination(rows);
    let share = |component: Component| {
        let mut days: BTreeMap<&str, f64> = BTreeMap::new();
        for (values, rate) in rows.combinations.iter().zip(&watched) {
            if let Some(value) = values.get(&component) {
                *days.entry(value).or_default() += rate.exposure;
            }
        }
        let all: f64 = days.values().sum();
        let most = days.values().copied().fold(0.0, f64::max);
        if all > 0.0 { 1.0 - most / all } else { 0.0 }
    };
    let share = Component::SUSPECTS.into_iter().map(share).fold(0.0, f64::max).min(0.5);
    let share = if share > 0.01 { share } else { 0.5 };
    let deaths = 2.8_f64.powi(2) / (share * (1.0 - share) * settings.worthwhile_ratio.ln().powi(2));
    let deaths = deaths.ceil().max(2.0 * settings.least_deaths);
    let per_day = as_f64(rate.events) / rate.exposure.max(f64::MIN_POSITIVE);
    let days = if rate.events > 0 { deaths / per_day } else { 0.0 };
    Amount { deaths, appliance_days: days.max(2.0 * settings.least_days).max(rate.exposure) }
}

/// The appliance without which the least is left of what speaks against a component: of those that have a good
/// part of the deaths of one of its values.
fn worst(
    rows: &Rows<'_>,
    factors: &Factors,
    fitted: &Fitted<'_>,
    at: usize,
) -> Option<OneAppliance> {
    let test = &fitted.model.tests[at];
    let mut most: Vec<(usize, String, usize, usize)> = Vec::new();
    for factor in fitted.factors[at].iter().map(|factor| &factors.all[*factor]) {
        for value in factor.values.iter().chain([&factor.reference]) {
            let mut deaths: BTreeMap<usize, usize> = BTreeMap::new();
            for row in rows.all.iter().filter(|row| row.spell.is_event()) {
                if rows.value(row, factor.components[0]) == Some(value) {
                    *deaths.entry(row.appliance).or_default() += 1;
                }
            }
            let all: usize = deaths.values().sum();
            let first = deaths
                .into_iter()
                .max_by_key(|(appliance, deaths)| (*deaths, std::cmp::Reverse(*appliance)));
            if let Some((appliance, deaths)) = first {
                most.push((appliance, value.clone(), deaths, all));
            }
        }
    }
    let told = most.into_iter().map(|(appliance, value, deaths, of)| {
        let decides = as_f64(deaths) > DECIDES * as_f64(of);
        let p_without = if decides {
            let Question { factors, cells } = &fitted.question;
            let left = Question { factors, cells: cells.without(appliance) };
            left.ask_of(&fitted.factors[at]).map(|joint| joint.p)
        } else {
            Some(test.p)
        };
        let (components, appliance) =
            (test.components.clone(), rows.appliances[appliance].to_owned());
        OneAppliance { components, appliance, value, deaths, of, p_without }
    });
    told.max_by(|a, b| {
        let p = |one: &OneAppliance| one.p_without.unwrap_or(1.0);
        let share = |one: &OneAppliance| as_f64(one.deaths) / as_f64(one.of.max(1));
        p(a).total_cmp(&p(b)).then(share(a).total_cmp(&share(b)))
    })
}
