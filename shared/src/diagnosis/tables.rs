//! Each component by itself: what was watched of each of its values, how many died of it, and how old they became.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::interval::{COMPONENTS, End};
use super::range::{Range, Ratio};
use super::rows::{Row, Rows};
use super::settings::Settings;
use crate::boot::BootEnd;
use crate::component::Component;
use crate::survival::{Curve, Rate, Spell, log_rank};

/// One component by itself. What always changes together with it is in here too.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ComponentReport {
    /// Which.
    pub component: Component,
    /// Its values, in sorted order.
    pub values: Vec<ValueReport>,
    /// Whether their curves differ; null where there is nothing to compare. Other components, and that boots
    /// of one appliance are alike, are not accounted for.
    pub log_rank: Option<Difference>,
}

/// Whether groups differ.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Difference {
    /// How far what happened is from what was to be expected, were they alike.
    pub chi2: f64,
    /// Degrees of freedom.
    pub df: usize,
    /// How probable chance alone makes as much.
    pub p: f64,
}

/// One value of a component.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ValueReport {
    /// The value. Where VMs of one appliance differ, all that there are, with ` + ` between.
    pub value: String,
    /// How many intervals were watched.
    pub intervals: usize,
    /// In how many boots.
    pub boots: usize,
    /// Of how many appliances.
    pub appliances: usize,
    /// How many ended with a panic, a hang or a watchdog.
    pub deaths: usize,
    /// The most deaths of one appliance.
    pub most_of_one_appliance: usize,
    /// How many ended nobody knows how.
    pub unknown: usize,
    /// How many were ended by a stress run: censored, not deaths.
    pub provoked: usize,
    /// How many never came back: censored when they were last heard of, though something may have happened.
    pub lost: usize,
    /// How long all were watched together.
    pub appliance_days: f64,
    /// Deaths in 1000 appliance-days, with the exact interval; unknown ends are no deaths.
    pub rate_per_1000: Option<Range>,
    /// The same were all unknown ends deaths: what is true is most likely between the two.
    pub rate_per_1000_with_unknown: Option<Range>,
    /// The rate beside that of the value which was watched longest; null of that one itself.
    pub compared: Option<Ratio>,
    /// The uptime in days that half of them do not reach; null where more do.
    pub median_days: Option<f64>,
    /// The share that is left at each uptime, from the first on at which five were watched.
    pub curve: Vec<CurveStep>,
}

/// A step of a curve.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CurveStep {
    /// The uptime in days.
    pub days: f64,
    /// How many were watched then.
    pub at_risk: usize,
    /// How many died since the step before.
    pub deaths: usize,
    /// The share that is left.
    pub survival: f64,
    /// The lower end of its interval; null, as the upper end, where nobody is left.
    pub low: Option<f64>,
    /// The upper end.
    pub high: Option<f64>,
}

/// With left truncation the first few that are watched decide over all that comes later.
const FEWEST: usize = 5;

pub(super) fn components(rows: &Rows<'_>, settings: &Settings) -> Vec<ComponentReport> {
    COMPONENTS.into_iter().filter_map(|component| of(rows, component, settings)).collect()
}

fn of(rows: &Rows<'_>, component: Component, settings: &Settings) -> Option<ComponentReport> {
    let mut by_value: BTreeMap<&str, Vec<&Row>> = BTreeMap::new();
    for row in &rows.all {
        if let Some(value) = rows.value(row, component) {
            by_value.entry(value).or_default().push(row);
        }
    }
    let groups: Vec<Vec<Spell>> = by_value.values().map(|rows| spells(rows)).collect();
    let rates: Vec<Rate> = groups.iter().map(|group| Rate::of(group.iter())).collect();
    let longest = (0..rates.len()).max_by(|a, b| {
        // Of two that are equal, the first in sorted order.
        rates[*a].exposure.total_cmp(&rates[*b].exposure).then(b.cmp(a))
    })?;
    let values = by_value.iter().zip(&groups).zip(&rates).enumerate();
    let values = values.map(|(at, (((value, rows), spells), rate))| {
        let mut report = value_report(value, rows, spells, *rate, settings);
        let compared = (at != longest).then(|| rate.compared_with(&rates[longest])).flatten();
        report.compared = compared.map(Ratio::from);
        report
    });
    let found = log_rank(&groups);
    Some(ComponentReport {
        component,
        values: values.collect(),
        log_rank: found.p.map(|p| Difference { chi2: found.chi2, df: found.freedom, p }),
    })
}

fn spells(rows: &[&Row]) -> Vec<Spell> {
    rows.iter().map(|row| row.spell).collect()
}

fn value_report(
    value: &str,
    rows: &[&Row],
    spells: &[Spell],
    rate: Rate,
    settings: &Settings,
) -> ValueReport {
    let ended = |how: BootEnd| rows.iter().filter(|row| row.end == End::Ended(how)).count();
    let unknown = ended(BootEnd::Unknown);
    let with_unknown = Rate { events: rate.events + unknown, ..rate };
    let curve = Curve::beginning_with(spells.iter(), FEWEST);
    let boots: BTreeSet<usize> = rows.iter().map(|row| row.boot).collect();
    let mut deaths: BTreeMap<usize, usize> = BTreeMap::new();
    for row in rows {
        *deaths.entry(row.appliance).or_default() += usize::from(row.spell.is_event());
    }
    ValueReport {
        value: value.to_owned(),
        intervals: rows.len(),
        boots: boots.len(),
        appliances: deaths.len(),
        deaths: rate.events,
        most_of_one_appliance: deaths.into_values().max().unwrap_or(0),
        unknown,
        provoked: ended(BootEnd::Provoked),
        lost: ended(BootEnd::Lost),
        appliance_days: rate.exposure,
        rate_per_1000: rate.per(1000.0).map(Range::from),
        rate_per_1000_with_unknown: with_unknown.per(1000.0).map(Range::from),
        compared: None,
        median_days: curve.median(),
        curve: thinned(&curve, settings.curve_step),
    }
}

/// The steps of a curve without those that nobody would see.
fn thinned(curve: &Curve, least: f64) -> Vec<CurveStep> {
    let mut steps: Vec<CurveStep> = Vec::new();
    let mut deaths = 0;
    let mut survival = f64::INFINITY;
    for (at, point) in curve.points.iter().enumerate() {
        deaths += point.events;
        let is_last = at + 1 == curve.points.len();
        // Below a tenth, a share of a tenth.
        if survival - point.survival < least * survival.clamp(0.1, 1.0) && !is_last {
            continue;
        }
        survival = point.survival;
        let (low, high) = point.interval.unzip();
        let (days, at_risk) = (point.time, point.at_risk);
        steps.push(CurveStep { days, at_risk, deaths, survival, low, high });
        deaths = 0;
    }
    steps
}
