//! Intervals that hold where events are few: all hazard ratios that explain what happened not much worse than
//! the best one does (Venzon and Moolgavkar 1988). Of one that has no best, they say how large it is at least.

use super::DEVIATE;
use super::column::Column;
use super::cox::{CoxError, prepare};
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

/// The 95 % intervals of these columns' hazard ratios in Cox's model, by the likelihood; nothing for one that
/// is aliased or no column. Rows count as independent. Each takes as long as some five models.
pub fn likelihood_intervals(
    spells: &[Spell],
    columns: &[Column],
    names: &[&str],
) -> Result<Vec<Option<Ends>>, CoxError> {
    let (design, start, apart) = prepare(spells, columns)?;
    let top = start.climb(&design, None)?;
    let interval = |name: &&str| {
        let at = apart.kept.iter().position(|column| columns[*column].name == *name);
        let ends = |at: usize| {
            let ratio = |coef: f64| (coef / design.spreads[at]).exp();
            let end = |side: f64| Ok(end(&design, &top, at, side)?.map(ratio));
            Ok(Ends { low: end(-1.0)?, high: end(1.0)? })
        };
        at.map(ends).transpose()
    };
    names.iter().map(interval).collect()
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
    let mut last = 0.0;
    for _ in 0..ITERATIONS {
        let distance = near.0 - near.1 * (far.0 - near.0) / (far.1 - near.1);
        let found = excess(distance)?;
        if found.abs() < NEAR || far.0 - near.0 < distance * NEAR {
            return Ok(Some(best.beta[at] + side * distance));
        }
        let (moves, stays) =
            if found < 0.0 { (&mut near, &mut far) } else { (&mut far, &mut near) };
        *moves = (distance, found);
        if found.signum() == last {
            stays.1 /= 2.0;
        }
        last = found.signum();
    }
    Err(CoxError::NoConvergence(ITERATIONS))
}
