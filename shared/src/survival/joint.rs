//! Whether several columns together explain anything, as the texts of one component do.

use nalgebra::DVector;
use statrs::distribution::{ChiSquared, ContinuousCDF as _};

use super::cox::{CoxModel, Effect};
use super::curve::as_f64;
use super::log_rank::distance;

/// A test of several coefficients at once.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Joint {
    /// How far they are from being 0.
    pub chi2: f64,
    /// How many of them could be estimated.
    pub freedom: usize,
    /// How probable it is that chance alone puts them so far away.
    pub p: f64,
}

impl Joint {
    fn of(chi2: f64, freedom: usize) -> Option<Self> {
        let p = ChiSquared::new(as_f64(freedom)).ok()?.sf(chi2);
        Some(Self { chi2, freedom, p })
    }
}

impl CoxModel {
    /// Wald's test of whether the coefficients of these columns are all 0: by the robust errors where ids were
    /// given. Those that are aliased are left out. Nothing where that leaves none, where one is not in the
    /// model, or where one runs away: [`Self::beyond`] a model without these columns can be asked then.
    pub fn joint(&self, names: &[&str]) -> Option<Joint> {
        let (mut deviates, mut places) = (Vec::new(), Vec::new());
        for name in names {
            let at = self.coefficients.iter().position(|one| one.name == *name)?;
            match self.coefficients[at].estimate {
                Effect::Aliased { .. } => {}
                Effect::Infinite { .. } => return None,
                Effect::Estimated { coef, .. } => {
                    let before = self.coefficients[..at].iter();
                    let place = before.filter(|one| one.estimate.is_fitted()).count();
                    deviates.push(coef / self.covariance[(place, place)].sqrt());
                    places.push(place);
                }
            }
        }
        // All in units of their own errors: what is small is small for all.
        let correlation = self.covariance.select_rows(&places).select_columns(&places);
        let errors = correlation.diagonal().map(f64::sqrt);
        if errors.iter().any(|error| error.is_nan() || *error <= 0.0) {
            return None;
        }
        let correlation = correlation.component_div(&(&errors * errors.transpose()));
        let (chi2, freedom) = distance(&DVector::from_vec(deviates), correlation);
        Joint::of(chi2, freedom)
    }

    /// The likelihood ratio test of what this model says beyond `simpler`, one of the same spells with some of
    /// its columns. It holds where events are few or a coefficient runs away, and takes all rows for
    /// independent. Nothing where this one has no more coefficients, or the two are not of the same spells.
    pub fn beyond(&self, simpler: &Self) -> Option<Joint> {
        let ((null, here), (same, there)) = (self.log_likelihood, simpler.log_likelihood);
        if (null - same).abs() > null.abs() * 1e-9 {
            return None;
        }
        let freedom = self.covariance.nrows().checked_sub(simpler.covariance.nrows())?;
        Joint::of((2.0 * (here - there)).max(0.0), freedom)
    }
}

impl Effect {
    /// The 95 % interval of the hazard ratio, by the robust error where ids were given.
    pub fn interval(&self) -> Option<(f64, f64)> {
        match self {
            Self::Estimated { ratio, .. } => Some((ratio.low, ratio.high)),
            Self::Infinite { .. } | Self::Aliased { .. } => None,
        }
    }

    /// Whether the model has a coefficient for it.
    fn is_fitted(&self) -> bool {
        !matches!(self, Self::Aliased { .. })
    }
}
