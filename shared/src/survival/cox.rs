//! How many times likelier an event is at any age, for each thing that differs: Cox's model.

use nalgebra::{DMatrix, DVector};
use statrs::distribution::{ContinuousCDF as _, Normal};

use super::DEVIATE;
use super::apart::Apart;
use super::column::Column;
use super::design::Design;
use super::newton::{Place, Top};
use super::rate::Estimate;
use super::robust::sandwich;
use super::spell::Spell;

/// What a fitted model says.
#[derive(Clone, Debug, PartialEq)]
pub struct CoxModel {
    /// One for each column, in their order.
    pub coefficients: Vec<Coefficient>,
    /// The logarithm of the partial likelihood with all coefficients 0, and with those found.
    pub log_likelihood: (f64, f64),
    /// Whether all together explain anything: the score test with all coefficients 0. Without ties and with
    /// groups as columns, it is the log-rank test.
    pub score: f64,
    /// How many events it explains.
    pub events: usize,
    /// Of the coefficients that are not aliased, in their order: by the robust errors where ids were given.
    pub(super) covariance: DMatrix<f64>,
}

/// What a fitted model says of one column.
#[derive(Clone, Debug, PartialEq)]
pub struct Coefficient {
    /// The column's name.
    pub name: String,
    /// What could be found out.
    pub estimate: Effect,
}

/// What can be found out of one column.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// A number.
    Estimated {
        /// The logarithm of the hazard ratio for one more of it.
        coef: f64,
        /// Its standard error, were all rows independent.
        se: f64,
        /// Its standard error when rows of the same id go together.
        robust_se: f64,
        /// How many times likelier an event is with one more of it: by the robust error where ids were given.
        ratio: Estimate,
        /// Wald's test of whether it is 1, by the same error.
        p: f64,
    },
    /// All events were on one side of it: it grows without limit, and nothing finite is the best.
    Infinite {
        /// Whether events are where it is larger.
        is_harmful: bool,
    },
    /// Whenever it changed, these others changed as well. It cannot be told apart from them, and none of its
    /// effect is in the model's other numbers' errors.
    Aliased {
        /// The columns, of those before it, that say the same; none where it never differs at all.
        with: Vec<String>,
    },
}

/// Why there is no model.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum CoxError {
    /// Nothing to be explained.
    #[error("there is no event: nothing can be said of what makes them likelier")]
    NoEvent,
    /// Rows do not fit together.
    #[error("`{name}` has {values} values for {rows} rows")]
    Uneven {
        /// Of the column.
        name: String,
        /// How many it has.
        values: usize,
        /// How many there should be.
        rows: usize,
    },
    /// A value is none.
    #[error("`{name}` of row {row} is not a finite number")]
    NotFinite {
        /// Of the column.
        name: String,
        /// Which row, counted from 1.
        row: usize,
    },
    /// Nothing differs between ids.
    #[error("all rows have the same id: errors by id need several")]
    OneId,
    /// The iteration went on and on.
    #[error("no best coefficients were found in {0} iterations")]
    NoConvergence(usize),
}

/// Fits the model, ties by Efron's method; `ids` says which rows go together.
pub fn cox(
    spells: &[Spell],
    columns: &[Column],
    ids: Option<&[usize]>,
) -> Result<CoxModel, CoxError> {
    let (design, start, apart) = prepare(spells, columns)?;
    if ids.is_some_and(|ids| ids.windows(2).all(|pair| pair[0] == pair[1])) {
        return Err(CoxError::OneId);
    }
    let (null, score) = (start.likelihood.log, start.likelihood.score_test());
    let Top { place, runs_away, covariance } = start.climb(&design, None)?;
    let robust = sandwich(&design, &place.beta, &covariance, ids);

    // Back from columns that are alike in size.
    let spreads = DVector::from_column_slice(&design.spreads);
    let coefs = place.beta.component_div(&spreads);
    let squares = &spreads * spreads.transpose();
    let [plain, robust] = [covariance, robust].map(|one| one.component_div(&squares));
    let covariance = if ids.is_some() { &robust } else { &plain };

    let mut estimates = apart.aliased;
    for (at, &column) in apart.kept.iter().enumerate() {
        let coef = coefs[at];
        estimates[column] = Some(if runs_away[at] {
            Effect::Infinite { is_harmful: coef > 0.0 }
        } else {
            let [se, robust_se, error] =
                [&plain, &robust, covariance].map(|one| one[(at, at)].sqrt());
            let ratio = |deviate: f64| (coef + deviate * error).exp();
            let ratio = Estimate { value: ratio(0.0), low: ratio(-DEVIATE), high: ratio(DEVIATE) };
            Effect::Estimated { coef, se, robust_se, ratio, p: two_sided(coef / error) }
        });
    }
    let coefficients = columns.iter().zip(estimates).filter_map(|(column, estimate)| {
        Some(Coefficient { name: column.name.clone(), estimate: estimate? })
    });
    Ok(CoxModel {
        coefficients: coefficients.collect(),
        log_likelihood: (null, place.likelihood.log),
        score,
        events: spells.iter().filter(|spell| spell.is_event()).count(),
        covariance: covariance.clone(),
    })
}

/// Looks at what was given, and lays it out with the columns that can be told apart; and where none of them has
/// an effect.
pub(super) fn prepare(
    spells: &[Spell],
    columns: &[Column],
) -> Result<(Design, Place, Apart), CoxError> {
    for column in columns {
        let (name, values) = (column.name.clone(), column.values.len());
        if values != spells.len() {
            return Err(CoxError::Uneven { name, values, rows: spells.len() });
        }
        if let Some(at) = column.values.iter().position(|value| !value.is_finite()) {
            return Err(CoxError::NotFinite { name, row: at + 1 });
        }
    }
    if !spells.iter().any(Spell::is_event) {
        return Err(CoxError::NoEvent);
    }
    let mut design = Design::new(spells, columns);
    let mut start = Place::new(&design, DVector::zeros(columns.len()));
    let apart = Apart::of(&start.likelihood.information, columns);
    if apart.kept.len() < columns.len() {
        design.keep(&apart.kept);
        start.keep(&apart.kept);
    }
    Ok((design, start, apart))
}

fn two_sided(deviate: f64) -> f64 {
    2.0 * Normal::standard().sf(deviate.abs())
}
