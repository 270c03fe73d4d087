//! All of it.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::apart::{Separation, separations};
use super::factor::Factors;
use super::interval::Interval;
use super::model::{Fitted, Model};
use super::rows::{Rows, by_combination};
use super::say::list;
use super::settings::Settings;
use super::tables::{ComponentReport, components};
use super::verdict::{OneAppliance, Verdict, verdict};
use crate::component::Component;

/// Which component makes appliances freeze, as far as that can be said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Diagnosis {
    /// How many appliances were watched.
    pub appliances: usize,
    /// In how many boots.
    pub boots: usize,
    /// In how many intervals in which nothing changed.
    pub intervals: usize,
    /// How many intervals made no sense, and were left out.
    pub left_out: usize,
    /// How long all were watched together, in days.
    pub appliance_days: f64,
    /// How many boots ended with a panic, a hang or a watchdog.
    pub deaths: usize,
    /// How many ended nobody knows how.
    pub unknown: usize,
    /// What cannot be told apart. To be read before anything else.
    pub inseparable: Vec<Inseparable>,
    /// How well all pairs of components can be told apart, the worst first.
    pub separations: Vec<Separation>,
    /// What was always the same, as far as it was watched long enough: nothing can be said of it.
    pub constant: Vec<Component>,
    /// Settings that no appliance changed while it was watched. Who had one from the beginning may have been given
    /// it because of freezes, so nothing can be said of it.
    pub unchanged: Vec<Component>,
    /// What can be said.
    pub verdict: Verdict,
    /// What would be said, if it did not hang on one appliance.
    pub hangs_on_one: Vec<OneAppliance>,
    /// All components at once; null where `why_no_model` says why.
    pub model: Option<Model>,
    /// Why there is none.
    pub why_no_model: Option<String>,
    /// Each component by itself.
    pub components: Vec<ComponentReport>,
}

/// Components of which one cannot be told apart from the others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Inseparable {
    /// Which.
    pub components: Vec<Component>,
    /// In what way, a sentence.
    pub why: String,
}

/// Says what can be said. The same intervals give the same diagnosis.
pub fn diagnose(intervals: &[Interval], settings: &Settings) -> Diagnosis {
    let rows = Rows::of(intervals);
    let factors = Factors::of(&rows, &Component::SUSPECTS, settings);
    let (fitted, why_no_model) = if factors.all.is_empty() {
        (None, Some("no component has two values that were watched long enough to be compared"))
    } else {
        match Fitted::of(&rows, &factors) {
            None => (None, Some("nobody died whose components could be compared")),
            fitted => (fitted, None),
        }
    };
    let rate = rows.rate();
    let varying: Vec<Component> = Component::SUSPECTS
        .into_iter()
        .filter(|component| !factors.constant.contains(component))
        .collect();
    let separations = separations(&rows, &by_combination(&rows), &varying);
    let (verdict, hangs_on_one) = verdict(&rows, &factors, fitted.as_ref(), &separations, settings);
    Diagnosis {
        appliances: rows.appliances.len(),
        boots: rows.all.iter().map(|row| row.boot).collect::<BTreeSet<_>>().len(),
        intervals: rows.all.len(),
        left_out: rows.left_out,
        appliance_days: rate.exposure,
        deaths: rate.events,
        unknown: rows.all.iter().filter(|row| row.end.is_unknown()).count(),
        inseparable: inseparable(&factors, fitted.as_ref()),
        separations,
        constant: factors.constant.clone(),
        unchanged: fitted.as_ref().map(|fitted| fitted.unchanged.clone()).unwrap_or_default(),
        verdict,
        hangs_on_one,
        components: components(&rows, settings),
        model: fitted.map(|fitted| fitted.model),
        why_no_model: why_no_model.map(str::to_owned),
    }
}

fn inseparable(factors: &Factors, fitted: Option<&Fitted<'_>>) -> Vec<Inseparable> {
    let same = factors.all.iter().filter(|factor| factor.components.len() > 1);
    let same = same.map(|factor| Inseparable {
        components: factor.components.clone(),
        why: format!("{} always changed together", list(&factor.components)),
    });
    let sets = fitted.into_iter().flat_map(|fitted| &fitted.aliases).map(|(lost, others)| {
        let why = match (lost.as_slice(), others.as_slice()) {
            ([], others) => format!("some values of {} always changed together", list(others)),
            (lost, []) => format!("each of {} is explained by the others as well", list(lost)),
            (lost, others) => {
                format!(
                    "all that is known of {} is explained by {} as well",
                    list(lost),
                    list(others)
                )
            }
        };
        Inseparable { components: lost.iter().chain(others).copied().collect(), why }
    });
    same.chain(sets).collect()
}
