//! How long things last, and on what that depends.
//!
//! What is watched is watched in spells: from an age at which it was first seen to one at which it was seen
//! last, with or without an event at the end. Spells that begin late (left truncation) and spells that end
//! without an event (right censoring) are the ordinary case here: most boots are seen from their middle on, and
//! most are still running.
//!
//! The formulas are those of Klein and Moeschberger, *Survival Analysis*, 2nd ed., and the results are held
//! against R's `survival` and Python's `lifelines`. Wherever something is said with confidence, it is 95 %.

mod apart;
mod column;
mod cox;
mod curve;
mod design;
mod joint;
mod likelihood;
mod log_rank;
mod newton;
mod profile;
mod rate;
mod report;
mod robust;
mod spell;

pub use column::{Column, indicators};
pub use cox::{Coefficient, CoxError, CoxModel, Effect, cox};
pub use curve::{Curve, Point};
pub use joint::Joint;
pub use log_rank::{LogRank, log_rank};
pub use profile::{Ends, likelihood_intervals};
pub use rate::{Estimate, Rate, RateRatio};
pub use report::{CoefficientReport, CoxReport, CurvePoint, GroupReport, LogRankReport, Report};
pub use spell::{Spell, SpellError};

/// The standard normal deviate that leaves 2.5 % on either side.
const DEVIATE: f64 = 1.959_963_984_540_054;

#[cfg(test)]
mod tests;
