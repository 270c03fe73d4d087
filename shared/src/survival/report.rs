//! What is told of groups of spells, in the words of JSON.

use std::collections::BTreeMap;

use serde::Serialize;

use super::cox::{CoxModel, Effect};
use super::curve::{Curve, Point};
use super::log_rank::{LogRank, log_rank};
use super::profile::Ends;
use super::rate::{Estimate, Rate};
use super::spell::Spell;

/// How groups fare, whether they differ, and on what it depends. Intervals are 95 %.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Each group by itself.
    pub groups: Vec<GroupReport>,
    /// Whether they differ.
    pub log_rank: LogRankReport,
    /// On what it depends, where that was asked for.
    pub cox: Option<CoxReport>,
}

/// How one group fares.
#[derive(Clone, Debug, Serialize)]
pub struct GroupReport {
    /// The group's name.
    pub name: String,
    /// How many spells there are.
    pub n: usize,
    /// How many of them ended with an event.
    pub events: usize,
    /// The time that was watched.
    pub exposure: f64,
    /// Events in 1000 units of time, with the exact interval of a Poisson count. Null where none was watched.
    pub rate_per_1000: Option<Estimate>,
    /// The least time at which no more than half are left; null where more are.
    pub median: Option<f64>,
    /// By Kaplan and Meier, a row for each time at which there were events.
    pub curve: Vec<CurvePoint>,
}

/// A step of a curve.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct CurvePoint {
    /// When.
    pub time: f64,
    /// How many were watched then.
    pub at_risk: usize,
    /// How many of them had an event.
    pub events: usize,
    /// The share that is left.
    pub survival: f64,
    /// By Greenwood. Null, as the interval is, where nobody is left.
    pub std_error: Option<f64>,
    /// The lower end of the interval, on the log(-log) scale.
    pub low: Option<f64>,
    /// The upper end.
    pub high: Option<f64>,
}

/// Whether groups differ.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct LogRankReport {
    /// How far what happened is from what was to be expected.
    pub chi2: f64,
    /// Degrees of freedom; 0 where nothing can be compared.
    pub df: usize,
    /// Null where nothing can be compared.
    pub p: Option<f64>,
}

/// A fitted Cox model.
#[derive(Clone, Debug, Serialize)]
pub struct CoxReport {
    /// How ties are counted.
    pub ties: &'static str,
    /// One for each column.
    pub coefficients: Vec<CoefficientReport>,
    /// The logarithm of the partial likelihood, of the model without columns and of this one.
    pub log_likelihood: [f64; 2],
}

/// What a model says of one column. All numbers are null where `why_not` says why.
#[derive(Clone, Debug, Serialize)]
pub struct CoefficientReport {
    /// The column; of one with texts, `column=text`, compared with the first text in sorted order.
    pub name: String,
    /// The logarithm of the hazard ratio for one more of it.
    pub coef: Option<f64>,
    /// Its standard error, were all rows independent.
    pub se: Option<f64>,
    /// Its standard error when rows of the same id go together; each row for itself without ids.
    pub robust_se: Option<f64>,
    /// Wald's test: by `robust_se` where ids were given, else by `se`.
    pub p: Option<f64>,
    /// How many times likelier an event is with one more of it, with the interval that belongs to `p`.
    pub hazard_ratio: Option<Estimate>,
    /// Its interval by the likelihood, where events are so few that the one above is not to be trusted, or
    /// where no ratio is the best: an end is null where it could be as small or as large as one likes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hazard_ratio_by_likelihood: Option<Ends>,
    /// Why there is no number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why_not: Option<String>,
    /// The columns from which this one cannot be told apart.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub aliased_with: Vec<String>,
}

impl Report {
    /// Of groups by name.
    pub fn of(names: Vec<String>, groups: &[Vec<Spell>]) -> Self {
        let of = names.into_iter().zip(groups);
        Self {
            groups: of.map(|(name, spells)| GroupReport::of(name, spells)).collect(),
            log_rank: log_rank(groups).into(),
            cox: None,
        }
    }
}

impl GroupReport {
    fn of(name: String, spells: &[Spell]) -> Self {
        let rate = Rate::of(spells.iter());
        let curve = Curve::of(spells.iter());
        Self {
            name,
            n: spells.len(),
            events: rate.events,
            exposure: rate.exposure,
            rate_per_1000: rate.per(1000.0),
            median: curve.median(),
            curve: curve.points.iter().map(CurvePoint::from).collect(),
        }
    }
}

impl From<&Point> for CurvePoint {
    fn from(point: &Point) -> Self {
        let Point { time, at_risk, events, survival, std_error, interval } = *point;
        let (low, high) = interval.unzip();
        Self { time, at_risk, events, survival, std_error, low, high }
    }
}

impl From<LogRank> for LogRankReport {
    fn from(found: LogRank) -> Self {
        Self { chi2: found.chi2, df: found.freedom, p: found.p }
    }
}

impl CoxReport {
    /// Of a model, with the intervals by the likelihood that were asked for, by the column's name.
    pub fn of(model: CoxModel, by_likelihood: &BTreeMap<String, Ends>) -> Self {
        let (null, fitted) = model.log_likelihood;
        let coefficients = model.coefficients.into_iter();
        Self {
            ties: "efron",
            coefficients: coefficients
                .map(|one| CoefficientReport {
                    hazard_ratio_by_likelihood: by_likelihood.get(&one.name).copied(),
                    ..CoefficientReport::of(one.name, one.estimate)
                })
                .collect(),
            log_likelihood: [null, fitted],
        }
    }
}

impl CoefficientReport {
    fn of(name: String, effect: Effect) -> Self {
        let nothing = Self {
            name,
            coef: None,
            se: None,
            robust_se: None,
            p: None,
            hazard_ratio: None,
            hazard_ratio_by_likelihood: None,
            why_not: None,
            aliased_with: Vec::new(),
        };
        match effect {
            Effect::Estimated { coef, se, robust_se, ratio, p } => Self {
                coef: Some(coef),
                se: Some(se),
                robust_se: Some(robust_se),
                p: Some(p),
                hazard_ratio: Some(ratio),
                ..nothing
            },
            Effect::Infinite { is_harmful } => {
                let side = if is_harmful { "larger" } else { "smaller" };
                let why_not =
                    format!("all events were where it was {side}: no finite ratio is large enough");
                Self { why_not: Some(why_not), ..nothing }
            }
            Effect::Aliased { with } if with.is_empty() => {
                let why_not = "it is the same for all that were watched at the same age".to_owned();
                Self { why_not: Some(why_not), ..nothing }
            }
            Effect::Aliased { with } => Self {
                why_not: Some(format!("it always changes together with {}", with.join(", "))),
                aliased_with: with,
                ..nothing
            },
        }
    }
}
