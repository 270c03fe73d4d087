//! Errors that hold where rows are not independent: each row's pull on the coefficients, added up by id.
//!
//! A row's pull is its score residual (Therneau, Grambsch and Fleming 1990): what it had when its event came,
//! less what those at risk had on average, less what was to be expected of it all the time that it was at
//! risk. The variance of their sums is Lin and Wei's (1989).

use std::ops::AddAssign as _;

use nalgebra::{DMatrix, DVector};

use super::curve::as_f64;
use super::design::{Design, Row};
use super::likelihood::for_each_share;

/// The covariance of the coefficients when rows of the same id go together; each for itself without ids.
pub(super) fn sandwich(
    design: &Design,
    beta: &DVector<f64>,
    covariance: &DMatrix<f64>,
    ids: Option<&[usize]>,
) -> DMatrix<f64> {
    let width = design.width();
    let variance = if let Some(ids) = ids {
        let (count, places) = places(ids);
        let mut by_id = DMatrix::zeros(width, count);
        for_each_pull(design, beta, |row, pull| {
            by_id.column_mut(places[row.given]).add_assign(pull)
        });
        &by_id * by_id.transpose()
    } else {
        let mut sum = DMatrix::zeros(width, width);
        for_each_pull(design, beta, |_, pull| sum.ger(1.0, pull, pull, 1.0));
        sum
    };
    covariance * variance * covariance
}

/// Numbers from 0 on for ids, in their order, and how many there are.
fn places(ids: &[usize]) -> (usize, Vec<usize>) {
    let mut different = ids.to_vec();
    different.sort_unstable();
    different.dedup();
    let places = ids.iter().map(|id| different.partition_point(|other| other < id));
    (different.len(), places.collect())
}

fn for_each_pull(design: &Design, beta: &DVector<f64>, mut each: impl FnMut(&Row, &DVector<f64>)) {
    let hazards = Hazards::of(design, beta);
    let mut pull = DVector::zeros(design.width());
    for (at, row) in design.rows.iter().enumerate() {
        hazards.pull(design, at, design.joining.weight(at, beta), &mut pull);
        each(row, &pull);
    }
}

/// Hazards, each followed by the same times what those at risk had on average: a line for each step. A row's
/// own are what comes between its two steps.
struct Hazards {
    length: usize,
    /// Of all steps before it.
    before: Vec<f64>,
    /// The part of its own that is not for those whose event it was: of the shares of a tie, each was at risk
    /// in part only.
    spared: Vec<f64>,
    /// What those at risk had on average, over all shares; it begins with 1.
    mean: Vec<f64>,
}

impl Hazards {
    fn of(design: &Design, beta: &DVector<f64>) -> Self {
        let length = design.width() + 1;
        let lines = |count: usize| vec![0.0; count * length];
        let count = design.steps.len();
        let mut found =
            Self { length, before: lines(count + 1), spared: lines(count), mean: lines(count) };
        let mut sum = vec![0.0; length];
        for_each_share(design, beta, |share| {
            let events = as_f64(design.steps[share.step].dying.len());
            let own = share.step * length;
            for (at, weighed) in share.at_risk.first().iter().enumerate() {
                let mean = weighed * share.hazard;
                let hazard = mean * share.hazard;
                sum[at] += hazard;
                found.spared[own + at] += hazard * share.gone;
                found.mean[own + at] += mean / events;
            }
            found.before[own + length..][..length].copy_from_slice(&sum);
        });
        found
    }

    /// How far a row pulls the coefficients.
    fn pull(&self, design: &Design, row: usize, weight: f64, pull: &mut DVector<f64>) {
        let (steps, is_event) = (&design.rows[row].steps, design.rows[row].is_event);
        let [from, to] = [steps.start, steps.end].map(|step| self.line(&self.before, step));
        let [spared, mean] = [&self.spared, &self.mean].map(|of| self.line(of, steps.start));
        let event = f64::from(u8::from(is_event));
        // What was to be expected of it: the hazard first.
        let expected = |at: usize| to[at] - from[at] - event * spared[at];
        for (at, (pull, x)) in (1..).zip(pull.iter_mut().zip(&design.joining.row(row)[1..])) {
            *pull = event * (x - mean[at]) - weight * (x * expected(0) - expected(at));
        }
    }

    fn line<'h>(&self, of: &'h [f64], step: usize) -> &'h [f64] {
        &of[step * self.length..][..self.length]
    }
}
