//! Intervals as numbers: what is the same text is the same number.

use std::collections::HashMap;
use std::sync::Arc;

use super::interval::{End, Interval, Values};
use crate::component::Component;
use crate::survival::{Rate, Spell};

/// All intervals, those of one appliance beside each other and in order of time.
pub(super) struct Rows<'i> {
    pub(super) all: Vec<Row>,
    pub(super) appliances: Vec<&'i str>,
    /// Each different set of values.
    pub(super) combinations: Vec<&'i Values>,
    /// How many intervals were none.
    pub(super) left_out: usize,
}

/// An interval.
#[derive(Clone, Copy)]
pub(super) struct Row {
    pub(super) spell: Spell,
    pub(super) end: End,
    pub(super) appliance: usize,
    /// Of all appliances together.
    pub(super) boot: usize,
    pub(super) combination: usize,
}

impl<'i> Rows<'i> {
    pub(super) fn of(intervals: &'i [Interval]) -> Self {
        let mut appliances = Numbers::default();
        let mut combinations = Numbers::default();
        // Intervals of one boot share their values: most need not be looked at.
        let mut known: Option<(&Arc<Values>, usize)> = None;
        let mut read = Vec::with_capacity(intervals.len());
        for interval in intervals {
            let Ok(spell) = interval.spell() else { continue };
            let combination = match known {
                Some((values, at)) if Arc::ptr_eq(values, &interval.values) => at,
                _ => combinations.of(&*interval.values),
            };
            known = Some((&interval.values, combination));
            read.push((appliances.of(&*interval.appliance), interval, spell, combination));
        }
        read.sort_by_key(|(appliance, ..)| *appliance);
        let mut boot = 0;
        let mut before: Option<(usize, &str)> = None;
        let rows = read.into_iter().map(|(appliance, interval, spell, combination)| {
            let this = (appliance, &*interval.boot);
            if before.is_some_and(|before| before != this) {
                boot += 1;
            }
            before = Some(this);
            Row { spell, end: interval.end, appliance, boot, combination }
        });
        let all: Vec<Row> = rows.collect();
        Self {
            left_out: intervals.len() - all.len(),
            all,
            appliances: appliances.texts,
            combinations: combinations.texts,
        }
    }

    /// What `component` was in a row.
    pub(super) fn value(&self, row: &Row, component: Component) -> Option<&'i str> {
        self.combinations[row.combination].get(&component).map(String::as_str)
    }

    pub(super) fn rate(&self) -> Rate {
        Rate::of(self.all.iter().map(|row| &row.spell))
    }
}

/// How much was watched of each combination, and how many died of it.
pub(super) fn by_combination(rows: &Rows<'_>) -> Vec<Rate> {
    let mut rates = vec![Rate::default(); rows.combinations.len()];
    for row in &rows.all {
        let rate = &mut rates[row.combination];
        rate.exposure += row.spell.exposure();
        rate.events += usize::from(row.spell.is_event());
    }
    rates
}

/// Numbers for texts, in the order in which they are met.
struct Numbers<'t, T: ?Sized> {
    texts: Vec<&'t T>,
    known: HashMap<&'t T, usize>,
}

impl<T: ?Sized> Default for Numbers<'_, T> {
    fn default() -> Self {
        Self { texts: Vec::new(), known: HashMap::new() }
    }
}

impl<'t, T: std::hash::Hash + Eq + ?Sized> Numbers<'t, T> {
    fn of(&mut self, text: &'t T) -> usize {
        *self.known.entry(text).or_insert_with(|| {
            self.texts.push(text);
            self.texts.len() - 1
        })
    }
}
