//! Errors that hold where rows are not independent: each row's pull on the coefficients, added up by id.
//!
//! A row's pull is its score residual (Therneau, Grambsch and Fleming 1990): what it had when its event came,
//! less what those at risk had on average, less what was to be expected of it all the time that it was at
//! risk. The variance of their sums is Lin and Wei's (1989).

use std::collections::HashMap;

use nalgebra::{DMatrix, DVector};

use super::curve::as_f64;
use super::likelihood::Design;

/// A time at which there were events.
struct Step {
    time: f64,
    /// The hazard of this time and all after it.
    from_here: Weighed,
    /// As much of this time's hazard as counts for those whose event it was: of the shares of a tie, each
    /// was at risk in part only.
    of_dying: Weighed,
    /// What those at risk had on average, over all shares.
    mean: DVector<f64>,
}

/// A hazard, and the same times what those at risk had on average.
#[derive(Clone)]
struct Weighed {
    hazard: f64,
    mean: DVector<f64>,
}

impl Weighed {
    fn zero(width: usize) -> Self {
        Self { hazard: 0.0, mean: DVector::zeros(width) }
    }

    fn add(&mut self, hazard: f64, mean: &DVector<f64>) {
        self.hazard += hazard;
        self.mean.axpy(hazard, mean, 1.0);
    }
}

/// The covariance of the coefficients when rows of the same id go together; each for itself without ids.
pub(super) fn sandwich(
    design: &Design<'_>,
    beta: &DVector<f64>,
    covariance: &DMatrix<f64>,
    ids: Option<&[usize]>,
) -> DMatrix<f64> {
    let width = design.width();
    let mut meat = DMatrix::zeros(width, width);
    let mut by_id: HashMap<usize, DVector<f64>> = HashMap::new();
    for_each_residual(design, beta, |row, residual| match ids {
        Some(ids) => *by_id.entry(ids[row]).or_insert_with(|| DVector::zeros(width)) += residual,
        None => meat.ger(1.0, residual, residual, 1.0),
    });
    for residual in by_id.values() {
        meat.ger(1.0, residual, residual, 1.0);
    }
    covariance * meat * covariance
}

fn for_each_residual(
    design: &Design<'_>,
    beta: &DVector<f64>,
    mut each: impl FnMut(usize, &DVector<f64>),
) {
    let weights = design.weights(beta);
    let steps = steps(design, &weights);
    // The last that fulfils it, of steps that come the latest first.
    let last = |fulfils: &dyn Fn(f64) -> bool| {
        steps.partition_point(|step| fulfils(step.time)).checked_sub(1).map(|at| &steps[at])
    };
    let mut residual = DVector::zeros(design.width());
    for (row, spell) in design.spells.iter().enumerate() {
        let values = design.row(row);
        let mut take = |sums: &Weighed, factor: f64| {
            for ((sum, x), mean) in residual.iter_mut().zip(values).zip(&sums.mean) {
                *sum += factor * (x * sums.hazard - mean);
            }
        };
        let weight = weights[row];
        let (entry, exit) = (spell.entry(), spell.exit());
        if let Some(all) = last(&|time| time > entry) {
            take(&all.from_here, -weight);
        }
        let event = last(&|time| time >= exit).filter(|_| spell.is_event());
        if let Some(event) = event {
            take(&event.from_here, weight);
            take(&event.of_dying, -weight);
            for ((sum, x), mean) in residual.iter_mut().zip(values).zip(&event.mean) {
                *sum += x - mean;
            }
        } else if let Some(after) = last(&|time| time > exit) {
            take(&after.from_here, weight);
        }
        each(row, &residual);
        residual.fill(0.0);
    }
}

fn steps(design: &Design<'_>, weights: &[f64]) -> Vec<Step> {
    let width = design.width();
    let mut steps: Vec<Step> = Vec::new();
    let mut sum = Weighed::zero(width);
    design.walk(weights, |share, _| {
        let mean = DVector::from_column_slice(share.mean);
        sum.add(share.hazard, &mean);
        if share.at == 0 {
            steps.push(Step {
                time: share.time,
                from_here: sum.clone(),
                of_dying: Weighed::zero(width),
                mean: DVector::zeros(width),
            });
        }
        let Some(step) = steps.last_mut() else { return };
        step.from_here = sum.clone();
        step.of_dying.add(share.hazard * (1.0 - as_f64(share.at) / as_f64(share.of)), &mean);
        step.mean.axpy(1.0 / as_f64(share.of), &mean, 1.0);
    });
    steps
}
