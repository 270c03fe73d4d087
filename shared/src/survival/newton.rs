//! The coefficients that make what happened the likeliest.

use nalgebra::{Cholesky, DMatrix, DVector};

use super::cox::CoxError;
use super::design::Design;
use super::likelihood::Likelihood;

/// The best coefficients.
pub(super) struct Fit {
    pub(super) beta: DVector<f64>,
    pub(super) covariance: DMatrix<f64>,
    pub(super) log_likelihood: f64,
    /// Of each coefficient, whether it grows without limit.
    pub(super) runs_away: Vec<bool>,
}

const ITERATIONS: usize = 60;

/// A last step of this many standard deviations of a column. One that settles ends with steps like rounding,
/// one that runs away with steps of about 1.
const RUNS_AWAY: f64 = 1e-3;

/// Newton's method, from where all are 0 and the likelihood is `here`; a step that makes it worse is halved.
/// It ends with the step that wins nothing any more; a coefficient for which even that one is long runs away.
pub(super) fn fit(design: &Design, mut here: Likelihood) -> Result<Fit, CoxError> {
    let mut beta = DVector::zeros(design.width());
    for _ in 0..ITERATIONS {
        let Some(information) = Cholesky::new(here.information.clone()) else { break };
        let step = information.solve(&here.score);
        let gain = step.dot(&here.score);
        let is_last = gain <= 1e-13 * here.log.abs().max(1.0);
        (beta, here) = climb(design, &beta, &step, here.log)?;
        if is_last {
            let Some(information) = Cholesky::new(here.information) else { break };
            return Ok(Fit {
                runs_away: step.iter().map(|step| step.abs() > RUNS_AWAY).collect(),
                covariance: information.inverse(),
                log_likelihood: here.log,
                beta,
            });
        }
    }
    Err(CoxError::NoConvergence(ITERATIONS))
}

/// Goes along `step` as far as it does not lead down.
fn climb(
    design: &Design,
    beta: &DVector<f64>,
    step: &DVector<f64>,
    from: f64,
) -> Result<(DVector<f64>, Likelihood), CoxError> {
    let mut length = 1.0;
    for _ in 0..40 {
        let beta = beta + step * length;
        let there = Likelihood::at(&beta, design);
        if there.log >= from - 1e-12 * from.abs() {
            return Ok((beta, there));
        }
        length /= 2.0;
    }
    Err(CoxError::NoConvergence(ITERATIONS))
}
