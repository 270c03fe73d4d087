//! How many times likelier an event is at any age, for each thing that differs: Cox's model.

use nalgebra::{Cholesky, DMatrix, DVector};
use statrs::distribution::{ContinuousCDF as _, Normal};

use super::column::Column;
use super::likelihood::{Design, Likelihood};
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
        /// Wald's test of whether it is 0: by the robust error where ids were given.
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
    let scales: Vec<Scale> = columns.iter().map(Scale::of).collect();
    let all = Design::new(spells, columns, &scales);
    let start = all.likelihood(&DVector::zeros(columns.len()));
    let (kept, aliased) = tell_apart(&start.information, columns);
    let design = all.only(&kept);
    let fit = fit(&design)?;
    let robust = sandwich(&design, &fit.beta, &fit.covariance, ids);

    let mut estimates = aliased;
    for (at, &column) in kept.iter().enumerate() {
        let scale = scales[column].spread;
        let (coef, se) = (fit.beta[at] / scale, fit.covariance[(at, at)].sqrt() / scale);
        let robust_se = robust[(at, at)].sqrt() / scale;
        let error = if ids.is_some() { robust_se } else { se };
        estimates[column] = Some(if fit.is_infinite[at] {
            Effect::Infinite { is_harmful: coef > 0.0 }
        } else {
            Effect::Estimated { coef, se, robust_se, p: two_sided(coef / error) }
        });
    }
    let coefficients = columns.iter().zip(estimates).filter_map(|(column, estimate)| {
        Some(Coefficient { name: column.name.clone(), estimate: estimate? })
    });
    let start = design.likelihood(&DVector::zeros(kept.len()));
    Ok(CoxModel {
        coefficients: coefficients.collect(),
        log_likelihood: (start.log, fit.log_likelihood),
        score: Cholesky::new(start.information)
            .map_or(0.0, |information| start.score.dot(&information.solve(&start.score))),
    })
}

/// How a column is moved and stretched, so that all are alike in size.
pub(super) struct Scale {
    pub(super) mean: f64,
    pub(super) spread: f64,
}

impl Scale {
    fn of(column: &Column) -> Self {
        let count = super::curve::as_f64(column.values.len().max(1));
        let mean = column.values.iter().sum::<f64>() / count;
        let squares = column.values.iter().map(|value| (value - mean).powi(2)).sum::<f64>();
        let spread = (squares / count).sqrt();
        // What differs by no more than rounding does not differ.
        let differs = spread > mean.abs() * 1e-12;
        Self { mean, spread: if differs { spread } else { f64::INFINITY } }
    }
}

/// Which columns can be told apart from those before them, and for each other one why not. Columns say the
/// same where some sum of them is the same for all that were at risk together, which the information sees.
fn tell_apart(information: &DMatrix<f64>, columns: &[Column]) -> (Vec<usize>, Vec<Option<Effect>>) {
    let mut kept: Vec<usize> = Vec::new();
    let mut effects = vec![None; columns.len()];
    for column in 0..columns.len() {
        let own = information[(column, column)];
        let before = information.select_rows(&kept).select_columns(&kept);
        let shared =
            DVector::from_iterator(kept.len(), kept.iter().map(|at| information[(*at, column)]));
        let by_others = Cholesky::new(before)
            .map_or_else(|| DVector::zeros(kept.len()), |before| before.solve(&shared));
        let left = own - shared.dot(&by_others);
        if own > 0.0 && left > own * SAME {
            kept.push(column);
            continue;
        }
        let with = kept
            .iter()
            .zip(&by_others)
            .filter(|(at, by)| by.abs() * information[(**at, **at)].sqrt() > own.sqrt() * 1e-4);
        let with = with.map(|(at, _)| columns[*at].name.clone()).collect();
        effects[column] = Some(Effect::Aliased { with });
    }
    (kept, effects)
}

/// The share of a column's information below which what is left of it is rounding.
const SAME: f64 = 1e-9;

struct Fit {
    beta: DVector<f64>,
    covariance: DMatrix<f64>,
    log_likelihood: f64,
    is_infinite: Vec<bool>,
}

const ITERATIONS: usize = 60;

/// A last step of this many standard deviations of a column. One that settles ends with steps like rounding,
/// one that runs away with steps of about 1.
const RUNS_AWAY: f64 = 1e-3;

/// Newton's method, where a step that makes it worse is halved. It ends with the step that wins nothing any
/// more; a coefficient for which even that one is long runs away.
fn fit(design: &Design<'_>) -> Result<Fit, CoxError> {
    let mut beta = DVector::zeros(design.width());
    let mut here = design.likelihood(&beta);
    for _ in 0..ITERATIONS {
        let Some(information) = Cholesky::new(here.information.clone()) else { break };
        let step = information.solve(&here.score);
        let gain = step.dot(&here.score);
        let is_last = gain <= 1e-13 * here.log.abs().max(1.0);
        let (length, there) = climb(design, &beta, &step, here.log)?;
        beta.axpy(length, &step, 1.0);
        if is_last || design.width() == 0 {
            let Some(information) = Cholesky::new(there.information) else { break };
            return Ok(Fit {
                is_infinite: step.iter().map(|step| step.abs() > RUNS_AWAY).collect(),
                covariance: information.inverse(),
                log_likelihood: there.log,
                beta,
            });
        }
        here = there;
    }
    Err(CoxError::NoConvergence(ITERATIONS))
}

/// Goes along `step` as far as it does not lead down.
fn climb(
    design: &Design<'_>,
    beta: &DVector<f64>,
    step: &DVector<f64>,
    from: f64,
) -> Result<(f64, Likelihood), CoxError> {
    let mut length = 1.0;
    for _ in 0..40 {
        let there = design.likelihood(&(beta + step * length));
        if there.log >= from - 1e-12 * from.abs() {
            return Ok((length, there));
        }
        length /= 2.0;
    }
    Err(CoxError::NoConvergence(ITERATIONS))
}

fn two_sided(deviate: f64) -> f64 {
    2.0 * Normal::standard().sf(deviate.abs())
}
