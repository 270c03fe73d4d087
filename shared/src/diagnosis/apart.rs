//! What changes together, and what tells it apart.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::rows::Rows;
use crate::component::Component;
use crate::survival::Rate;

/// How well two components can be told apart.
///
/// Each value of one has a value of the other that it mostly goes with. What is watched while both are as they
/// mostly are says nothing of which of the two is to blame.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Separation {
    /// The one.
    pub component: Component,
    /// The other.
    pub from: Component,
    /// For how many appliance-days they did not go together.
    pub appliance_days: f64,
    /// How many died then.
    pub deaths: usize,
    /// Those days, as a share of all.
    pub share: f64,
}

/// All pairs of `components`, those first that are told apart the least.
pub(super) fn separations(
    rows: &Rows<'_>,
    watched: &[Rate],
    components: &[Component],
) -> Vec<Separation> {
    let total: f64 = watched.iter().map(|rate| rate.exposure).sum();
    let mut all = Vec::new();
    for (at, &component) in components.iter().enumerate() {
        for &from in &components[at + 1..] {
            let of = |which| rows.combinations.iter().map(move |values| values.get(&which));
            let one: Vec<Option<&String>> = of(component).collect();
            let other: Vec<Option<&String>> = of(from).collect();
            let (there, back) = (mostly(&one, &other, watched), mostly(&other, &one, watched));
            let goes_alone =
                |at: &usize| there[&one[*at]] != other[*at] || back[&other[*at]] != one[*at];
            let alone = (0..watched.len()).filter(goes_alone);
            let (days, deaths) = alone.fold((0.0, 0), |(days, deaths), at| {
                (days + watched[at].exposure, deaths + watched[at].events)
            });
            let share = if total > 0.0 { days / total } else { 0.0 };
            all.push(Separation { component, from, appliance_days: days, deaths, share });
        }
    }
    all.sort_by(|a, b| a.appliance_days.total_cmp(&b.appliance_days));
    all
}

/// For each of `keys`, the one of `values` that it went with for the longest time.
fn mostly<T: Ord + Copy>(keys: &[T], values: &[T], watched: &[Rate]) -> BTreeMap<T, T> {
    let mut days: BTreeMap<(T, T), f64> = BTreeMap::new();
    for ((key, value), rate) in keys.iter().zip(values).zip(watched) {
        *days.entry((*key, *value)).or_default() += rate.exposure;
    }
    let mut most: BTreeMap<T, (T, f64)> = BTreeMap::new();
    for ((key, value), days) in days {
        let longest = most.entry(key).or_insert((value, days));
        if days > longest.1 {
            *longest = (value, days);
        }
    }
    most.into_iter().map(|(key, (value, _))| (key, value)).collect()
}
