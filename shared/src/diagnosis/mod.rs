//! Which component makes appliances freeze.
//!
//! What is known are boots: each was watched from some uptime on, mostly still runs or was ended in order, and changed
//! on its way what it was made of. [`intervals`] cuts them where something changed; [`diagnose`] tells of each
//! component by itself, of what cannot be told apart, of all components together, and what that amounts to.
//!
//! Units: uptimes and exposures in days, rates in deaths per 1000 appliance-days; intervals are 95 %. Deaths are
//! panics, hangs and what a watchdog ended. What was ended in order, by the power or by a stress run, and what
//! never came back, is censored; ends that nobody knows of are told both ways.

mod apart;
mod before_after;
mod boots;
mod cox;
mod factor;
mod fit;
mod frailty;
mod holm;
mod imported;
mod interval;
mod model;
mod range;
mod report;
mod rows;
mod say;
mod settings;
mod tables;
mod verdict;

pub use apart::Separation;
pub use before_after::{Around, BeforeAfter, before_after};
pub use boots::{Running, Watched, WhyNot, intervals};
pub use imported::{Columns, ImportError};
pub use interval::{COMPONENTS, End, Interval, Values};
pub use model::{ComponentTest, Hazard, Model};
pub use range::{Range, Ratio};
pub use report::{Diagnosis, Inseparable, diagnose};
pub use settings::Settings;
pub use tables::{ComponentReport, CurveStep, Difference, ValueReport};
pub use verdict::{Amount, OneAppliance, Suspect, Verdict};

#[cfg(test)]
mod tests;
