//! From the boots of an appliance to intervals in which nothing changed.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::interval::{COMPONENTS, End, Interval, Values};
use crate::boot::Boot;
use crate::component::{Change, Component, Makeup};
use crate::id::BootId;

/// The boot that an appliance is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Running {
    /// Which.
    pub boot: BootId,
    /// dom0's uptime when it was last heard of.
    pub uptime_seconds: u64,
}

/// What was watched of an appliance.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Watched {
    /// The intervals, in order of time.
    pub intervals: Vec<Interval>,
    /// The boots that say nothing, each with why.
    pub left_out: Vec<(BootId, WhyNot)>,
}

/// Why a boot says nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WhyNot {
    /// It may have been known only because it was old already: counting it from its beginning would leave out
    /// all that died before anybody looked.
    #[error("nobody noted at which uptime it was first seen, and no earlier boot is known")]
    NobodyKnowsSinceWhen,
    /// There is no last sign of life.
    #[error("nobody noted how long it ran")]
    NobodyKnowsHowLong,
    /// The numbers cannot be.
    #[error("it was last seen before it was first seen, or ran for more than twenty years")]
    Senseless,
}

const DAY: u64 = 86_400;

/// No uptime is longer than this many seconds, twenty years.
const LONGEST: u64 = 20 * 366 * DAY;

/// A boot whose first sign of life was its last one died before the next would have come, after this many seconds.
const SIGN: u64 = 60;

/// Cuts the boots of one appliance where something changed.
///
/// Watched is what was between the first and the last sign of life, by uptime, so that clocks do not matter.
/// Older agents did not note the first one. What they tell counts from the beginning of the boot, for an
/// agent begins with dom0; only of the first boot that is known of an appliance nobody knows when the agent
/// came, and it is left out. A boot that was told of twice counts once, as it was told of last with an end.
pub fn intervals(appliance: &str, boots: &[Boot], running: Option<Running>) -> Watched {
    let appliance: Arc<str> = appliance.into();
    let mut watched = Watched::default();
    for (at, boot) in in_order(boots).into_iter().enumerate() {
        let is_first = at == 0;
        match Span::of(boot, running, is_first) {
            Ok(span) => watched.intervals.extend(cut(&appliance, boot, span)),
            Err(why) => watched.left_out.push((boot.boot_id, why)),
        }
    }
    watched
}

fn in_order(boots: &[Boot]) -> Vec<&Boot> {
    let mut once: Vec<&Boot> = Vec::with_capacity(boots.len());
    let mut known = std::collections::BTreeMap::new();
    for boot in boots {
        let at = *known.entry(boot.boot_id.0).or_insert(once.len());
        match once.get_mut(at) {
            Some(told) if told.end.is_none() || boot.end.is_some() => *told = boot,
            Some(_) => {}
            None => once.push(boot),
        }
    }
    once.sort_by_key(|boot| boot.started_at);
    once
}

/// From which uptime to which a boot was watched, in seconds, and what then was.
#[derive(Clone, Copy)]
struct Span {
    entry: u64,
    exit: u64,
    end: End,
}

impl Span {
    fn of(boot: &Boot, running: Option<Running>, is_first: bool) -> Result<Self, WhyNot> {
        let entry = match boot.first_seen_seconds {
            Some(seconds) => seconds,
            None if is_first => return Err(WhyNot::NobodyKnowsSinceWhen),
            None => 0,
        };
        let now = running.filter(|running| running.boot == boot.boot_id && boot.end.is_none());
        let by_clock = || boot.ended_at.map(|ended| ended.since(boot.started_at).as_secs());
        // The last change is a sign of life too.
        let by_changes = || boot.changes.iter().map(|change| change.uptime_seconds).max();
        let exit = now
            .map(|running| running.uptime_seconds)
            .or(boot.last_seen_seconds)
            .or_else(by_clock)
            .or_else(|| by_changes().filter(|_| boot.end.is_none()))
            .ok_or(WhyNot::NobodyKnowsHowLong)?;
        let end = boot.end.map_or(End::Alive, End::Ended);
        let exit = if exit == entry && end != End::Alive { exit + SIGN } else { exit };
        if exit < entry || exit > LONGEST {
            return Err(WhyNot::Senseless);
        }
        Ok(Self { entry, exit, end })
    }
}

/// Cuts a boot where the appliance as a whole became another one.
fn cut(appliance: &Arc<str>, boot: &Boot, span: Span) -> Vec<Interval> {
    let mut changes: Vec<&Change> = boot.changes.iter().collect();
    changes.sort_by_key(|change| change.uptime_seconds);
    let mut makeup = untold(boot);
    let name: Arc<str> = boot.boot_id.0.to_string().into();
    let mut pieces: Vec<Interval> = Vec::new();
    let mut changes = changes.into_iter().peekable();
    let mut entry = span.entry;
    while entry < span.exit {
        while let Some(change) = changes.next_if(|change| change.uptime_seconds <= entry) {
            makeup.apply(change);
        }
        let next = changes.peek().map_or(span.exit, |change| change.uptime_seconds);
        let exit = next.min(span.exit);
        let values = values(&makeup);
        match pieces.last_mut() {
            Some(last) if *last.values == values => last.exit_days = days(exit),
            _ => pieces.push(Interval {
                appliance: Arc::clone(appliance),
                boot: Arc::clone(&name),
                entry_days: days(entry),
                exit_days: days(exit),
                end: End::Alive,
                values: Arc::new(values),
            }),
        }
        entry = exit;
    }
    if let Some(last) = pieces.last_mut() {
        last.end = span.end;
    }
    pieces
}

/// What a boot's versions say of components of which its changes never speak, as an older agent tells them.
/// Of the others they may be what came later.
fn untold(boot: &Boot) -> Makeup {
    let told: BTreeSet<Component> = boot.changes.iter().map(|change| change.component).collect();
    let all = Makeup::default().changes_to(&Makeup::of(&boot.components, &[]), 0);
    all.into_iter().filter(|change| !told.contains(&change.component)).collect()
}

fn values(makeup: &Makeup) -> Values {
    let value = |component| Some((component, makeup.value(component)?));
    COMPONENTS.into_iter().filter_map(value).collect()
}

/// Seconds that are no more than [`LONGEST`], in days.
#[expect(clippy::cast_precision_loss, reason = "exact up to 2^53")]
fn days(seconds: u64) -> f64 {
    seconds as f64 / DAY as f64
}
