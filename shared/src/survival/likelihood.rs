//! Cox's partial likelihood, with ties as Efron counts them, in one walk over the times.

use nalgebra::{DMatrix, DVector};

use super::column::Column;
use super::cox::Scale;
use super::curve::as_f64;
use super::spell::Spell;

/// The rows of a model, in the order in which the walk needs them.
pub(super) struct Design<'s> {
    pub(super) spells: &'s [Spell],
    /// Row after row, moved and stretched.
    values: Vec<f64>,
    width: usize,
    /// The rows by the end of their spells, the latest first; of those that end together, events first.
    by_exit: Vec<usize>,
    /// The rows by the beginning of their spells, the latest first.
    by_entry: Vec<usize>,
}

/// What the walk finds.
pub(super) struct Likelihood {
    pub(super) log: f64,
    pub(super) score: DVector<f64>,
    pub(super) information: DMatrix<f64>,
}

/// The sums over those at risk, each weighed with its hazard.
#[derive(Clone)]
struct Sums {
    weight: f64,
    first: Vec<f64>,
    second: Vec<f64>,
}

impl Sums {
    fn zero(width: usize) -> Self {
        Self { weight: 0.0, first: vec![0.0; width], second: vec![0.0; width * width] }
    }

    fn clear(&mut self) {
        self.weight = 0.0;
        self.first.fill(0.0);
        self.second.fill(0.0);
    }

    /// Adds a row with its weight; takes it away again where that is negative.
    fn add(&mut self, row: &[f64], weight: f64) {
        self.weight += weight;
        for (i, x) in row.iter().enumerate() {
            let weighed = weight * x;
            self.first[i] += weighed;
            // The lower triangle only.
            for (sum, y) in self.second[i * row.len()..].iter_mut().zip(&row[..=i]) {
                *sum += weighed * y;
            }
        }
    }
}

/// One share of what happened at one time: with `d` events at once, Efron lets the first happen with all of
/// them at risk, the second with all but a share of 1/d of each, and so on.
pub(super) struct Share<'m> {
    pub(super) time: f64,
    /// Which of them, from 0.
    pub(super) at: usize,
    /// How many there are.
    pub(super) of: usize,
    /// The hazard of this share.
    pub(super) hazard: f64,
    /// What those at risk had on average.
    pub(super) mean: &'m [f64],
}

impl<'s> Design<'s> {
    pub(super) fn new(spells: &'s [Spell], columns: &[Column], scales: &[Scale]) -> Self {
        let width = columns.len();
        let mut values = Vec::with_capacity(spells.len() * width);
        for row in 0..spells.len() {
            let of_row = columns.iter().zip(scales);
            values.extend(of_row.map(|(column, by)| (column.values[row] - by.mean) / by.spread));
        }
        let mut by_exit: Vec<usize> = (0..spells.len()).collect();
        let mut by_entry = by_exit.clone();
        by_exit.sort_unstable_by(|a, b| {
            let (a, b) = (&spells[*a], &spells[*b]);
            b.exit().total_cmp(&a.exit()).then(b.is_event().cmp(&a.is_event()))
        });
        by_entry.sort_unstable_by(|a, b| spells[*b].entry().total_cmp(&spells[*a].entry()));
        Self { spells, values, width, by_exit, by_entry }
    }

    /// The same rows with these columns.
    pub(super) fn only(&self, columns: &[usize]) -> Self {
        let rows = (0..self.spells.len()).map(|row| self.row(row));
        let values = rows.flat_map(|row| columns.iter().map(|at| row[*at])).collect();
        Self {
            spells: self.spells,
            values,
            width: columns.len(),
            by_exit: self.by_exit.clone(),
            by_entry: self.by_entry.clone(),
        }
    }

    pub(super) fn width(&self) -> usize {
        self.width
    }

    pub(super) fn row(&self, row: usize) -> &[f64] {
        &self.values[row * self.width..][..self.width]
    }

    /// How much likelier an event is for each row than where all columns are at their mean.
    pub(super) fn weights(&self, beta: &DVector<f64>) -> Vec<f64> {
        (0..self.spells.len()).map(|row| dot(self.row(row), beta).exp()).collect()
    }

    /// The likelihood of what happened, its slope and its curvature.
    pub(super) fn likelihood(&self, beta: &DVector<f64>) -> Likelihood {
        let mut log = 0.0;
        let mut score = DVector::zeros(self.width);
        let mut lower = vec![0.0; self.width * self.width];
        let weights = self.weights(beta);
        let events = self.spells.iter().enumerate().filter(|(_, spell)| spell.is_event());
        for (row, _) in events {
            let row = self.row(row);
            log += dot(row, beta);
            for (sum, x) in score.iter_mut().zip(row) {
                *sum += x;
            }
        }
        self.walk(&weights, |share, second| {
            log += share.hazard.ln();
            for (i, mean) in share.mean.iter().enumerate() {
                score[i] -= mean;
                for j in 0..=i {
                    let at = i * self.width + j;
                    lower[at] += second[at] * share.hazard - mean * share.mean[j];
                }
            }
        });
        let information = DMatrix::from_fn(self.width, self.width, |i, j| {
            lower[i.max(j) * self.width + i.min(j)]
        });
        Likelihood { log, score, information }
    }

    /// Goes through the times at which there were events, the latest first, and tells of each share.
    pub(super) fn walk(&self, weights: &[f64], mut share: impl FnMut(Share<'_>, &[f64])) {
        let mut at_risk = Sums::zero(self.width);
        let mut dying = Sums::zero(self.width);
        let mut mean = vec![0.0; self.width];
        let mut second = vec![0.0; self.width * self.width];
        let (mut joined, mut gone) = (0, 0);
        while let Some(&next) = self.by_exit.get(joined) {
            let time = self.spells[next].exit();
            while let Some(&row) = self.by_entry.get(gone) {
                if self.spells[row].entry() < time {
                    break;
                }
                at_risk.add(self.row(row), -weights[row]);
                gone += 1;
            }
            if joined == gone {
                // Nobody is left: what remains in the sums is rounding.
                at_risk.clear();
            }
            dying.clear();
            let mut events = 0_usize;
            while let Some(&row) = self.by_exit.get(joined) {
                let spell = &self.spells[row];
                if spell.exit() < time {
                    break;
                }
                at_risk.add(self.row(row), weights[row]);
                if spell.is_event() {
                    dying.add(self.row(row), weights[row]);
                    events += 1;
                }
                joined += 1;
            }
            for k in 0..events {
                let part = as_f64(k) / as_f64(events);
                let hazard = 1.0 / (at_risk.weight - part * dying.weight);
                for (i, mean) in mean.iter_mut().enumerate() {
                    *mean = (at_risk.first[i] - part * dying.first[i]) * hazard;
                }
                for (at, sum) in second.iter_mut().enumerate() {
                    *sum = at_risk.second[at] - part * dying.second[at];
                }
                share(Share { time, at: k, of: events, hazard, mean: &mean }, &second);
            }
        }
    }
}

fn dot(row: &[f64], beta: &DVector<f64>) -> f64 {
    row.iter().zip(beta).map(|(x, b)| x * b).sum()
}
