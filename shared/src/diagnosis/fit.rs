//! The model of all components at once, and what it says of each of them beyond all others.

use std::collections::BTreeSet;

use nalgebra::{Cholesky, DMatrix, DVector};
use statrs::distribution::{ChiSquared, ContinuousCDF as _};

use super::factor::Factors;
use super::frailty::{Cells, Fit, fit};
use super::range::as_f64;

/// A test of several coefficients at once.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Joint {
    pub(super) chi2: f64,
    pub(super) df: usize,
    pub(super) p: f64,
}

/// What was found of one column.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Effect {
    /// The logarithm of a hazard ratio, with its standard error.
    Estimated { coefficient: f64, error: f64 },
    /// Nobody died with it, or nobody without.
    Infinite { is_harmful: bool },
    /// It says the same as these columns together.
    Aliased { with: Vec<usize> },
}

/// What was found of some factors together.
#[derive(Clone, Debug)]
pub(super) struct Found {
    /// Which.
    pub(super) factors: Vec<usize>,
    /// Nothing where nothing of it can be told apart from the others.
    pub(super) joint: Option<Joint>,
    /// Each of their columns.
    pub(super) effects: Vec<(usize, Effect)>,
    /// The factors from which something of it cannot be told apart.
    pub(super) like: BTreeSet<usize>,
}

/// What is asked, and of what.
pub(super) struct Question<'f> {
    pub(super) factors: &'f Factors,
    pub(super) cells: Cells,
}

/// Columns that can be told apart, and the others, each with those it is the sum of.
#[derive(Default)]
struct Apart {
    kept: Vec<usize>,
    aliased: Vec<(usize, Vec<usize>)>,
}

/// All that was found.
pub(super) struct Answer {
    pub(super) found: Vec<Found>,
    /// The variance of the appliances' factors.
    pub(super) variance: f64,
}

impl Question<'_> {
    /// What is to be said of each factor, and of each set of them of which something cannot be told apart. Nothing
    /// where nobody died.
    pub(super) fn ask(&self) -> Option<Answer> {
        let overlap = self.cells.overlap();
        let all: Vec<usize> = (0..self.factors.columns.len()).collect();
        let apart = self.apart(&overlap, &all);
        let sets = self.sets(&apart);
        let fitted = fit(&self.cells, &apart.kept)?;
        let mut found = Vec::new();
        for factor in 0..self.factors.all.len() {
            let of = BTreeSet::from([factor]);
            found.push(match sets.iter().find(|set| set.contains(&factor)) {
                None => self.found(&fitted, &apart, of, BTreeSet::new()),
                Some(set) => {
                    // What is left of it beside all others: their columns come first.
                    let own: Vec<usize> = self.factors.columns_of(factor).collect();
                    let others = all.iter().copied().filter(|column| !own.contains(column));
                    let order: Vec<usize> = others.chain(own.iter().copied()).collect();
                    let apart = self.apart(&overlap, &order);
                    let like = set.iter().copied().filter(|other| *other != factor).collect();
                    let fitted = fitted.in_terms_of(&apart.kept, &self.cells)?;
                    self.found(&fitted, &apart, of, like)
                }
            });
        }
        for set in sets {
            found.push(self.found(&fitted, &apart, set, BTreeSet::new()));
        }
        Some(Answer { found, variance: fitted.variance })
    }

    /// What is to be said of these factors together.
    pub(super) fn ask_of(&self, factors: &[usize]) -> Option<Joint> {
        let all: Vec<usize> = (0..self.factors.columns.len()).collect();
        let apart = self.apart(&self.cells.overlap(), &all);
        let fitted = fit(&self.cells, &apart.kept)?;
        self.found(&fitted, &apart, factors.iter().copied().collect(), BTreeSet::new()).joint
    }

    fn found(
        &self,
        fitted: &Fit,
        apart: &Apart,
        factors: BTreeSet<usize>,
        like: BTreeSet<usize>,
    ) -> Found {
        let columns: Vec<usize> =
            factors.iter().flat_map(|factor| self.factors.columns_of(*factor)).collect();
        let effects: Vec<(usize, Effect)> =
            columns.iter().map(|column| (*column, self.effect(fitted, apart, *column))).collect();
        let places: Vec<usize> =
            (0..apart.kept.len()).filter(|place| columns.contains(&apart.kept[*place])).collect();
        let runs_away = effects.iter().any(|(_, effect)| matches!(effect, Effect::Infinite { .. }));
        let joint = if runs_away {
            let others: Vec<usize> =
                apart.kept.iter().copied().filter(|column| !columns.contains(column)).collect();
            fit(&self.cells, &others)
                .and_then(|simpler| by_likelihood(fitted, &simpler, places.len()))
        } else {
            by_distance(fitted, &places)
        };
        Found { factors: factors.into_iter().collect(), joint, effects, like }
    }

    fn effect(&self, fitted: &Fit, apart: &Apart, column: usize) -> Effect {
        if let Some((_, with)) = apart.aliased.iter().find(|(of, _)| *of == column) {
            return Effect::Aliased { with: with.clone() };
        }
        let Some(place) = apart.kept.iter().position(|kept| *kept == column) else {
            return Effect::Aliased { with: Vec::new() };
        };
        let coefficient = fitted.coefficients[place];
        if self.cells.is_one_sided(column) {
            return Effect::Infinite { is_harmful: coefficient > 0.0 };
        }
        Effect::Estimated { coefficient, error: error(fitted, place) }
    }

    /// Column after column in this order, each that is no sum of those before it. What is always the same is, of
    /// the bands.
    fn apart(&self, overlap: &DMatrix<f64>, order: &[usize]) -> Apart {
        let mut before: Vec<usize> =
            self.cells.bands().filter(|at| overlap[(*at, *at)] > 0.0).collect();
        let bands = before.len();
        let mut apart = Apart::default();
        for &column in order {
            let own = overlap[(column, column)];
            let those = overlap.select_rows(&before).select_columns(&before);
            let shared = DVector::from_iterator(
                before.len(),
                before.iter().map(|at| overlap[(*at, column)]),
            );
            let by_others = Cholesky::new(those)
                .map_or_else(|| DVector::zeros(before.len()), |those| those.solve(&shared));
            if own - shared.dot(&by_others) > own * SAME {
                before.push(column);
                continue;
            }
            let with = before.iter().zip(&by_others).skip(bands).filter(|(_, by)| by.abs() > 1e-4);
            apart.aliased.push((column, with.map(|(at, _)| *at).collect()));
        }
        apart.kept = before.split_off(bands);
        apart
    }

    /// The sets of factors of which something cannot be told apart.
    fn sets(&self, apart: &Apart) -> Vec<BTreeSet<usize>> {
        let factor = |column: &usize| self.factors.columns[*column].factor;
        let mut sets: Vec<BTreeSet<usize>> = Vec::new();
        for (column, with) in &apart.aliased {
            let Some(of) = factor(column) else { continue };
            let mut set: BTreeSet<usize> = with.iter().filter_map(factor).collect();
            set.insert(of);
            // Sets that share a factor are one.
            let (shared, others): (Vec<_>, Vec<_>) =
                sets.into_iter().partition(|known| !known.is_disjoint(&set));
            set.extend(shared.into_iter().flatten());
            sets = others;
            sets.push(set);
        }
        sets.retain(|set| set.len() > 1);
        sets
    }
}

/// The share of a column's days below which what is left of it beside others is rounding.
const SAME: f64 = 1e-9;

/// The larger of the two errors: the robust one is too small where few appliances died.
fn error(fitted: &Fit, place: usize) -> f64 {
    fitted.plain[(place, place)].max(fitted.robust[(place, place)]).sqrt()
}

/// Wald's test, by that of the two covariances that finds less.
fn by_distance(fitted: &Fit, places: &[usize]) -> Option<Joint> {
    let coefficients =
        DVector::from_iterator(places.len(), places.iter().map(|at| fitted.coefficients[*at]));
    let distance = |covariance: &DMatrix<f64>| {
        let covariance = covariance.select_rows(places).select_columns(places);
        Some(coefficients.dot(&Cholesky::new(covariance)?.solve(&coefficients)))
    };
    let plain = distance(&fitted.plain)?;
    // Where fewer appliances died than there are coefficients, the robust one has no inverse.
    let chi2 = distance(&fitted.robust).map_or(plain, |robust| robust.min(plain));
    joint(chi2, places.len())
}

/// The likelihood ratio test, for coefficients that run away.
fn by_likelihood(fitted: &Fit, simpler: &Fit, df: usize) -> Option<Joint> {
    joint((2.0 * (fitted.log_likelihood - simpler.log_likelihood)).max(0.0), df)
}

fn joint(chi2: f64, df: usize) -> Option<Joint> {
    let p = ChiSquared::new(as_f64(df)).ok()?.sf(chi2);
    Some(Joint { chi2, df, p })
}
