//! Cox's partial likelihood, with ties as Efron counts them, in one walk over the times.

use nalgebra::{Cholesky, DMatrix, DVector};

use super::curve::as_f64;
use super::design::Design;

/// What the walk finds.
pub(super) struct Likelihood {
    pub(super) log: f64,
    pub(super) score: DVector<f64>,
    pub(super) information: DMatrix<f64>,
}

impl Likelihood {
    /// The likelihood of what happened, its slope and its curvature.
    pub(super) fn at(beta: &DVector<f64>, design: &Design) -> Self {
        let width = design.width();
        let mut log = 0.0;
        let mut score = DVector::zeros(width);
        for row in design.steps.iter().flat_map(|step| step.dying.clone()) {
            log += design.joining.risk(row, beta);
            for (sum, x) in score.iter_mut().zip(&design.joining.row(row)[1..]) {
                *sum += x;
            }
        }
        let mut mean = vec![0.0; width + 1];
        let mut information = Sums::zero(width + 1);
        for_each_share(design, beta, |share| {
            log += share.hazard.ln();
            for (mean, sum) in mean.iter_mut().zip(share.at_risk.first()) {
                *mean = sum * share.hazard;
            }
            for (sum, mean) in score.iter_mut().zip(&mean[1..]) {
                *sum -= mean;
            }
            information.add_all(share.at_risk, share.hazard);
            information.add(&mean, -1.0);
        });
        let information = DMatrix::from_fn(width, width, |i, j| information.at(i + 1, j + 1));
        Self { log, score, information }
    }

    /// The same of these columns, where the others' coefficients are 0.
    pub(super) fn keep(&mut self, columns: &[usize]) {
        self.score = self.score.select_rows(columns);
        self.information = self.information.select_rows(columns).select_columns(columns);
    }

    /// The test of whether the coefficients can be what they are here.
    pub(super) fn score_test(&self) -> f64 {
        Cholesky::new(self.information.clone())
            .map_or(0.0, |information| self.score.dot(&information.solve(&self.score)))
    }

    /// The same where one coefficient cannot be changed.
    pub(super) fn hold(&mut self, column: usize) {
        self.score[column] = 0.0;
        self.information.row_mut(column).fill(0.0);
        self.information.column_mut(column).fill(0.0);
        self.information[(column, column)] = 1.0;
    }
}

/// One share of what happened at one time: with `d` events at once, Efron lets the first happen with all of
/// them at risk, the second with all but a share of 1/d of each, and so on.
pub(super) struct Share<'w> {
    /// The number of the time's step.
    pub(super) step: usize,
    /// The part of those who die here that is no longer at risk.
    pub(super) gone: f64,
    /// The hazard of this share.
    pub(super) hazard: f64,
    /// The sums over those at risk.
    pub(super) at_risk: &'w Sums,
}

/// Goes through the steps, and tells of each share.
pub(super) fn for_each_share(
    design: &Design,
    beta: &DVector<f64>,
    mut each: impl FnMut(Share<'_>),
) {
    let Design { joining, leaving, .. } = design;
    let length = design.width() + 1;
    let mut at_risk = Sums::zero(length);
    let mut dying = Sums::zero(length);
    let mut shared = Sums::zero(length);
    for (number, step) in design.steps.iter().enumerate() {
        for row in step.leaving.clone() {
            at_risk.add(leaving.row(row), -leaving.weight(row, beta));
        }
        if step.joining.start == step.leaving.end {
            // Nobody is left: what remains in the sums is rounding.
            at_risk.clear();
        }
        for row in step.joining.clone() {
            at_risk.add(joining.row(row), joining.weight(row, beta));
        }
        dying.clear();
        for row in step.dying.clone() {
            dying.add(joining.row(row), joining.weight(row, beta));
        }
        let events = as_f64(step.dying.len());
        for k in 0..step.dying.len() {
            let gone = as_f64(k) / events;
            shared.clone_from(&at_risk);
            shared.add_all(&dying, -gone);
            let hazard = 1.0 / shared.first()[0];
            each(Share { step: number, gone, hazard, at_risk: &shared });
        }
    }
}

/// Sums of products of what rows have, each with each, weighed: a symmetric matrix, of which the upper triangle
/// is kept. As each row begins with 1, its first line are the sums of the weights and of what rows have.
#[derive(Clone)]
pub(super) struct Sums {
    length: usize,
    upper: Vec<f64>,
}

impl Sums {
    fn zero(length: usize) -> Self {
        Self { length, upper: vec![0.0; length * (length + 1) / 2] }
    }

    fn clear(&mut self) {
        self.upper.fill(0.0);
    }

    /// Adds a row with its weight; takes it away again where that is negative.
    fn add(&mut self, row: &[f64], weight: f64) {
        let mut rest = self.upper.as_mut_slice();
        for (i, x) in row.iter().enumerate() {
            let (line, below) = rest.split_at_mut(row.len() - i);
            let weighed = weight * x;
            for (sum, y) in line.iter_mut().zip(&row[i..]) {
                *sum += weighed * y;
            }
            rest = below;
        }
    }

    fn add_all(&mut self, other: &Self, factor: f64) {
        for (sum, one) in self.upper.iter_mut().zip(&other.upper) {
            *sum += factor * one;
        }
    }

    fn at(&self, i: usize, j: usize) -> f64 {
        let (line, column) = (i.min(j), i.max(j));
        // The lines before it are one shorter each.
        self.upper[line * (2 * self.length - line + 1) / 2 + column - line]
    }

    /// The sum of the weights, and those of what rows have.
    pub(super) fn first(&self) -> &[f64] {
        &self.upper[..self.length]
    }
}
