//! The coefficients that make what happened the likeliest.

use nalgebra::{Cholesky, DMatrix, DVector};

use super::cox::CoxError;
use super::design::Design;
use super::likelihood::Likelihood;

/// Coefficients, and how likely they make what happened.
pub(super) struct Place {
    pub(super) beta: DVector<f64>,
    pub(super) likelihood: Likelihood,
}

/// Where it is the likeliest.
pub(super) struct Top {
    pub(super) place: Place,
    /// Of each coefficient, whether it grows without limit.
    pub(super) runs_away: Vec<bool>,
    /// Of the coefficients, were all rows independent.
    pub(super) covariance: DMatrix<f64>,
}

const ITERATIONS: usize = 60;

/// A last step of this many standard deviations of a column. One that settles ends with steps like rounding,
/// one that runs away with steps of about 1.
const RUNS_AWAY: f64 = 1e-3;

impl Place {
    pub(super) fn new(design: &Design, beta: DVector<f64>) -> Self {
        let likelihood = Likelihood::at(&beta, design);
        Self { beta, likelihood }
    }

    /// Only these columns of it.
    pub(super) fn keep(&mut self, columns: &[usize]) {
        self.beta = self.beta.select_rows(columns);
        self.likelihood.keep(columns);
    }

    /// Newton's method, where a step that makes it worse is halved. It ends with the step that wins nothing
    /// any more; a coefficient for which even that one is long runs away. The one that is `held` stays.
    pub(super) fn climb(mut self, design: &Design, held: Option<usize>) -> Result<Top, CoxError> {
        for _ in 0..ITERATIONS {
            if let Some(held) = held {
                self.likelihood.hold(held);
            }
            let Likelihood { score, information, log } = &self.likelihood;
            let Some(curvature) = Cholesky::new(information.clone()) else { break };
            let step = curvature.solve(score);
            let is_last = step.dot(score) <= 1e-13 * log.abs().max(1.0);
            self = self.step_up(design, &step)?;
            if is_last {
                let curvature = Cholesky::new(self.likelihood.information.clone());
                let Some(curvature) = curvature else { break };
                let runs_away = step.iter().map(|step| step.abs() > RUNS_AWAY).collect();
                return Ok(Top { place: self, runs_away, covariance: curvature.inverse() });
            }
        }
        Err(CoxError::NoConvergence(ITERATIONS))
    }

    /// Goes along `step` as far as it does not lead down.
    fn step_up(&self, design: &Design, step: &DVector<f64>) -> Result<Self, CoxError> {
        let from = self.likelihood.log;
        let mut length = 1.0;
        for _ in 0..40 {
            let there = Self::new(design, &self.beta + step * length);
            if there.likelihood.log >= from - 1e-12 * from.abs() {
                return Ok(there);
            }
            length /= 2.0;
        }
        Err(CoxError::NoConvergence(ITERATIONS))
    }
}
