//! Intervals that hold where events are few: all hazard ratios that explain what happened not much worse than
//! the best one does (Venzon and Moolgavkar 1988). Of one that has no best, they say how large it is at least.

use std::collections::BTreeMap;

use super::DEVIATE;
use super::column::Column;
use super::cox::{CoxError, CoxModel, Effect, prepare};
use super::design::Design;
use super::newton::{Place, Top};
use super::spell::Spell;

/// An interval of a hazard ratio.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Ends {
    /// The lower end; none where no ratio is too small.
    pub low: Option<f64>,
    /// The upper end; none where no ratio is too large.
    pub high: Option<f64>,
}

/// The 95 % intervals of these columns' hazard ratios in Cox's model, by the likelihood; none of one that is
/// aliased. Rows count as independent. Each takes as long as some five models.
pub fn likelihood_intervals(
    spells: &[Spell],
    columns: &[Column],
    names: &[&str],
) -> Result<BTreeMap<String, Ends>, CoxError> {
    if names.is_empty() {
        return Ok(BTreeMap::new());
    }
    let (design, start, apart) = prepare(spells, columns)?;
    let top = start.climb(&design, None)?;
    let mut found = BTreeMap::new();
    for (at, column) in apart.kept.iter().map(|column| &columns[*column]).enumerate() {
        if names.contains(&column.name.as_str()) {
            let ratio = |coef: f64| (coef / design.spreads[at]).exp();
            let [low, high] = [-1.0, 1.0].map(|side| end(&design, &top, at, side));
            let ends = Ends { low: low?.map(ratio), high: high?.map(ratio) };
            found.insert(column.name.clone(), ends);
        }
    }
    Ok(found)
}

/// With fewer events for each coefficient, Wald's intervals are not to be trusted (Peduzzi et al. 1995).
const EVENTS_ENOUGH: usize = 10;

impl CoxModel {
    /// The columns of which [`likelihood_intervals`] say more than this does: those whose coefficient runs
    /// away, and where events are few, all that could be estimated.
    pub fn thin(&self) -> Vec<&str> {
        let is_thin = self.events < EVENTS_ENOUGH * self.covariance.nrows();
        let thin = self.coefficients.iter().filter(|one| match one.estimate {
            Effect::Estimated { .. } => is_thin,
            Effect::Infinite { .. } => true,
            Effect::Aliased { .. } => false,
        });
        thin.map(|one| one.name.as_str()).collect()
    }
}

/// How near the end that is sought must be found, in standard errors; and that many digits of where it is are
/// enough where so many rows are added up that rounding does not let it come so near.
const NEAR: f64 = 1e-8;
const ITERATIONS: usize = 100;

/// How far a coefficient can go to one side.
fn end(design: &Design, top: &Top, at: usize, side: f64) -> Result<Option<f64>, CoxError> {
    let best = &top.place;
    if top.runs_away[at] && best.beta[at] * side > 0.0 {
        return Ok(None);
    }
    let mut beta = best.beta.clone();
    // In standard errors, which is about straight; above 0 it is too far.
    let mut excess = |distance: f64| -> Result<f64, CoxError> {
        beta[at] = best.beta[at] + side * distance;
        let there = Place::new(design, beta.clone()).climb(design, Some(at))?.place;
        beta = there.beta;
        Ok((2.0 * (best.likelihood.log - there.likelihood.log)).max(0.0).sqrt() - DEVIATE)
    };
    let first = (DEVIATE * top.covariance[(at, at)].sqrt()).min(1.0);
    let (mut near, mut far) = ((0.0, -DEVIATE), (first, excess(first)?));
    while far.1 < 0.0 {
        (near, far) = (far, (2.0 * far.0, excess(2.0 * far.0)?));
    }
    // Regula falsi, where an end that stays twice counts half (Illinois).
    let mut was_near = None;
    for _ in 0..ITERATIONS {
        let distance = near.0 - near.1 * (far.0 - near.0) / (far.1 - near.1);
        let found = excess(distance)?;
        if found.abs() < NEAR || far.0 - near.0 < distance * NEAR {
            return Ok(Some(best.beta[at] + side * distance));
        }
        let is_near = Some(found < 0.0);
        let (moves, stays) =
            if found < 0.0 { (&mut near, &mut far) } else { (&mut far, &mut near) };
        *moves = (distance, found);
        if is_near == was_near {
            stays.1 /= 2.0;
        }
        was_near = is_near;
    }
    Err(CoxError::NoConvergence(ITERATIONS))
}
