//! What the joint model compares: components as columns that are 1 where an appliance has a value and 0 elsewhere.
//!
//! Where VMs of one appliance differ, what they are together is a value of its own: whether one of them is enough to
//! make dom0 freeze, or all are needed, is not known before.

use std::collections::{BTreeMap, BTreeSet};

use super::interval::Values;
use super::range::as_f64;
use super::rows::{Rows, by_combination};
use super::settings::Settings;
use crate::component::Component;
use crate::survival::Rate;

/// Components that always change together, and so have one set of columns.
#[derive(Clone, Debug)]
pub(super) struct Factor {
    /// One or more.
    pub(super) components: Vec<Component>,
    /// The value of the first of them that the others are compared with: that which was watched longest.
    pub(super) reference: String,
    /// The values that have a column.
    pub(super) values: Vec<String>,
}

/// A column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ColumnOf {
    pub(super) name: String,
    /// The factor, where it is one of those that are asked about; nothing of values that are pooled or not known.
    pub(super) factor: Option<usize>,
    /// Whether it is of an appliance for good, because of what it had when it was first seen.
    pub(super) is_at_first: bool,
}

/// All that is compared.
#[derive(Debug, Default)]
pub(super) struct Factors {
    pub(super) all: Vec<Factor>,
    pub(super) columns: Vec<ColumnOf>,
    /// For each combination of values, the columns that are 1; nothing where it has a value that is too rare to
    /// be compared, even together with others.
    pub(super) codes: Vec<Option<Vec<usize>>>,
    /// For each appliance, the columns that are 1 because of a setting that it had when it was first seen.
    pub(super) at_first: Vec<Vec<usize>>,
    /// The components of which there is but one value that is not too rare.
    pub(super) constant: Vec<Component>,
}

/// A component by itself.
struct Coding {
    component: Component,
    reference: String,
    values: Vec<String>,
    /// For each combination, which of `values` it has, as bits, and behind them whether it has a rare one and
    /// whether it is not known.
    bits: Vec<Option<u64>>,
}

/// What people change on appliances because they freeze.
const SETTINGS: [Component; 3] = [Component::IoScheduler, Component::Swap, Component::Overcommit];

/// More values than this of one component are pooled with the rare ones.
const MOST: usize = 40;
const RARE: u64 = 1 << MOST;
const NOT_KNOWN: u64 = 1 << (MOST + 1);

impl Factors {
    pub(super) fn of(rows: &Rows<'_>, components: &[Component], settings: &Settings) -> Self {
        let watched = by_combination(rows);
        let codings = components
            .iter()
            .map(|component| Coding::of(*component, &rows.combinations, &watched, settings));
        let (codings, constant): (Vec<_>, Vec<_>) =
            codings.partition(|coding| !coding.values.is_empty());
        let counts = |at: &usize| codings.iter().all(|coding| coding.bits[*at].is_some());
        let counted: Vec<usize> = (0..watched.len()).filter(counts).collect();

        let mut factors = Self {
            constant: constant.into_iter().map(|coding| coding.component).collect(),
            codes: vec![None; watched.len()],
            ..Self::default()
        };
        let mut firsts: Vec<&Coding> = Vec::new();
        for coding in &codings {
            if let Some(at) = firsts.iter().position(|first| first.is_the_same(coding, &counted)) {
                factors.all[at].components.push(coding.component);
            } else {
                firsts.push(coding);
                factors.all.push(Factor {
                    components: vec![coding.component],
                    reference: coding.reference.clone(),
                    values: coding.values.clone(),
                });
            }
        }
        for at in counted.iter().copied() {
            factors.codes[at] = Some(Vec::new());
        }
        // What is not asked about comes first, so that a factor's columns are said to be like it, not it like them.
        let mut seen: BTreeSet<Vec<usize>> = BTreeSet::new();
        for (bit, what) in [(RARE, "a rare one"), (NOT_KNOWN, "not known")] {
            for coding in &firsts {
                let those = coding.having(bit, &counted);
                let name = format!("{}: {what}", coding.component.as_str());
                if !those.is_empty() && seen.insert(those.clone()) {
                    factors.push(ColumnOf { name, factor: None, is_at_first: false }, &those);
                }
            }
        }
        factors.at_first = vec![Vec::new(); rows.appliances.len()];
        for coding in firsts.iter().filter(|coding| SETTINGS.contains(&coding.component)) {
            factors.push_at_first(coding, rows);
        }
        for (at, coding) in firsts.iter().enumerate() {
            for (bit, value) in coding.values.iter().enumerate() {
                let name = column_name(coding.component, value);
                let column = ColumnOf { name, factor: Some(at), is_at_first: false };
                factors.push(column, &coding.having(1 << bit, &counted));
            }
        }
        factors
    }

    fn push(&mut self, column: ColumnOf, those: &[usize]) {
        for at in those {
            self.codes[*at].get_or_insert_default().push(self.columns.len());
        }
        self.columns.push(column);
    }

    /// Settings are changed on appliances that freeze, mostly before anybody watched. So those that had one when
    /// they were first seen are compared with each other only, and what it does is asked of those that
    /// changed.
    fn push_at_first(&mut self, coding: &Coding, rows: &Rows<'_>) {
        let mut first: Vec<Option<u64>> = vec![None; rows.appliances.len()];
        for row in &rows.all {
            let bits =
                coding.bits[row.combination].filter(|_| self.codes[row.combination].is_some());
            let known = &mut first[row.appliance];
            *known = known.or(bits);
        }
        for (bit, value) in coding.values.iter().enumerate() {
            let name = format!("{} at first", column_name(coding.component, value));
            for (of, bits) in self.at_first.iter_mut().zip(&first) {
                if bits.is_some_and(|bits| bits & (1 << bit) != 0) {
                    of.push(self.columns.len());
                }
            }
            self.columns.push(ColumnOf { name, factor: None, is_at_first: true });
        }
    }

    /// A factor's columns.
    pub(super) fn columns_of(&self, factor: usize) -> impl Iterator<Item = usize> {
        let all = self.columns.iter().enumerate();
        all.filter(move |(_, column)| column.factor == Some(factor)).map(|(at, _)| at)
    }
}

pub(super) fn column_name(component: Component, value: &str) -> String {
    format!("{}={value}", component.as_str())
}

impl Coding {
    fn of(
        component: Component,
        combinations: &[&Values],
        watched: &[Rate],
        settings: &Settings,
    ) -> Self {
        let mut by_value: BTreeMap<&str, Rate> = BTreeMap::new();
        for (values, rate) in combinations.iter().zip(watched) {
            if let Some(value) = values.get(&component) {
                add(by_value.entry(value).or_default(), rate);
            }
        }
        let all = watched.iter().fold(Rate::default(), |mut all, rate| {
            add(&mut all, rate);
            all
        });
        let is_enough = |rate: &Rate| {
            let expected = as_f64(all.events) * rate.exposure / all.exposure.max(f64::MIN_POSITIVE);
            rate.exposure >= settings.least_days
                && (as_f64(rate.events) >= settings.least_deaths
                    || expected >= settings.least_deaths)
        };
        let mut kept: Vec<(&str, Rate)> =
            by_value.into_iter().filter(|(_, rate)| is_enough(rate)).collect();
        kept.sort_by(|a, b| b.1.exposure.total_cmp(&a.1.exposure));
        kept.truncate(MOST + 1);
        let mut values: Vec<String> = kept.into_iter().map(|(value, _)| value.to_owned()).collect();
        let reference = if values.is_empty() { String::new() } else { values.remove(0) };
        values.sort();

        let bit = |value: &String| match values.iter().position(|kept| kept == value) {
            Some(at) => 1 << at,
            None if *value == reference => 0,
            None => RARE,
        };
        let bits = combinations
            .iter()
            .map(|combination| combination.get(&component).map_or(NOT_KNOWN, bit));
        let bits: Vec<u64> = bits.collect();
        let too_few = [RARE, NOT_KNOWN].into_iter().filter(|bit| {
            let having = bits.iter().zip(watched).filter(|(bits, _)| *bits & bit != 0);
            let rate = having.fold(Rate::default(), |mut sum, (_, rate)| {
                add(&mut sum, rate);
                sum
            });
            !is_enough(&rate)
        });
        let too_few = too_few.fold(0, std::ops::BitOr::bitor);
        let bits = bits.into_iter().map(|bits| (bits & too_few == 0).then_some(bits)).collect();
        Self { component, reference, values, bits }
    }

    /// Whether there is one code of `other` for each of this, and one of this for each of the other.
    fn is_the_same(&self, other: &Self, counted: &[usize]) -> bool {
        let mut there = BTreeMap::new();
        let mut back = BTreeMap::new();
        counted.iter().all(|at| {
            let (this, that) = (self.bits[*at], other.bits[*at]);
            *there.entry(this).or_insert(that) == that && *back.entry(that).or_insert(this) == this
        })
    }

    /// The combinations that have one of these bits.
    fn having(&self, bit: u64, counted: &[usize]) -> Vec<usize> {
        let has = |at: &usize| self.bits[*at].is_some_and(|bits| bits & bit != 0);
        counted.iter().copied().filter(has).collect()
    }
}

fn add(sum: &mut Rate, rate: &Rate) {
    sum.exposure += rate.exposure;
    sum.events += rate.events;
}
