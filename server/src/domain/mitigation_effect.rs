//! What became of one appliance once a mitigation was in force on it: it beside itself before.
//!
//! One appliance dies too rarely to prove anything. So what is told first is whether it has been watched for long
//! enough to tell at all; `shared::diagnosis` asks the same of the whole fleet.

use domfleet_shared::component::Component;
use domfleet_shared::diagnosis::{Interval, Range};
use domfleet_shared::mitigation::Mitigation;
use domfleet_shared::survival::{Rate, Spell};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Rates are told for so many days.
const PER_DAYS: f64 = 1000.0;
/// Where fewer deaths than that were to be expected, none at all is no surprise: at three, one time in twenty.
const EXPECTED: f64 = 3.0;

/// An appliance before and after a mitigation came into force on it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MitigationEffect {
    /// Which.
    pub which: Mitigation,
    /// Until it was first in force.
    pub before: WatchedFor,
    /// Since then, as far as it was in force.
    pub after: WatchedFor,
    /// How many times as often it died after as before, with the exact interval, 95 %. Null where nobody died.
    pub ratio: Option<Range>,
    /// What may be said of it.
    pub verdict: EffectVerdict,
    /// The same as a sentence.
    pub sentence: String,
}

/// For how long an appliance was watched, and how it went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct WatchedFor {
    /// How long, in days.
    pub days: f64,
    /// How often it froze, panicked or was ended by a watchdog.
    pub deaths: usize,
    /// How often it ended in a way that nobody knows, which is no death here.
    pub unknown: usize,
    /// Deaths in 1000 days, with the exact interval, 95 %. Null where it was not watched.
    pub rate: Option<Range>,
}

/// What may be said of a mitigation by one appliance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EffectVerdict {
    /// It was not watched without it, or did not die then.
    NothingBefore,
    /// It was not watched with it for long enough.
    TooShort,
    /// Chance alone may explain the difference.
    NoDifference,
    /// It dies more rarely.
    Fewer,
    /// It dies more often.
    More,
}

/// Of each mitigation that was in force, as the component tells that it is what changes.
pub fn effects(intervals: &[Interval]) -> Vec<MitigationEffect> {
    Mitigation::ALL.into_iter().filter_map(|which| effect(which, intervals)).collect()
}

/// Whether it was in force while the appliance was made so; nothing where that is not known.
fn is_in_force(which: Mitigation, interval: &Interval) -> Option<bool> {
    let value = |component| interval.values.get(&component).map(String::as_str);
    match which {
        Mitigation::Swap => value(Component::Swap).map(|swap| swap == "off"),
        Mitigation::Scheduler => {
            value(Component::IoScheduler).map(|scheduler| matches!(scheduler, "noop" | "none"))
        }
        Mitigation::Overcommit => value(Component::Overcommit).map(|mode| mode == "2"),
        Mitigation::Unknown => None,
    }
}

/// Nothing where it was never in force. `intervals` are of one appliance, in the order of time.
fn effect(which: Mitigation, intervals: &[Interval]) -> Option<MitigationEffect> {
    let first = intervals.iter().position(|one| is_in_force(which, one) == Some(true))?;
    let without = intervals[..first].iter().filter(|one| is_in_force(which, one) == Some(false));
    let with = intervals[first..].iter().filter(|one| is_in_force(which, one) == Some(true));
    let ((before, rate_before), (after, rate_after)) = (watched(without), watched(with));
    let ratio = rate_after.compared_with(&rate_before).map(|found| Range::from(found.ratio));
    let expected = rate_before.per(rate_after.exposure).map_or(0.0, |estimate| estimate.value);
    let verdict = verdict(&before, ratio, expected);
    let sentence = sentence(verdict, &before, &after, expected);
    Some(MitigationEffect { which, before, after, ratio, verdict, sentence })
}

fn watched<'i>(intervals: impl Iterator<Item = &'i Interval>) -> (WatchedFor, Rate) {
    let intervals: Vec<&Interval> = intervals.collect();
    let spells: Vec<Spell> = intervals.iter().filter_map(|one| one.spell().ok()).collect();
    let rate = Rate::of(spells.iter());
    let unknown = intervals.iter().filter(|one| one.end.is_unknown()).count();
    let range = rate.per(PER_DAYS).map(Range::from);
    (WatchedFor { days: rate.exposure, deaths: rate.events, unknown, rate: range }, rate)
}

fn verdict(before: &WatchedFor, ratio: Option<Range>, expected: f64) -> EffectVerdict {
    match ratio {
        Some(ratio) if ratio.high.is_some_and(|high| high < 1.0) => EffectVerdict::Fewer,
        Some(ratio) if ratio.low > 1.0 => EffectVerdict::More,
        _ if before.deaths == 0 => EffectVerdict::NothingBefore,
        _ if expected < EXPECTED => EffectVerdict::TooShort,
        _ => EffectVerdict::NoDifference,
    }
}

fn sentence(
    verdict: EffectVerdict,
    before: &WatchedFor,
    after: &WatchedFor,
    expected: f64,
) -> String {
    let days = counted(after.days);
    match verdict {
        EffectVerdict::NothingBefore if before.days <= 0.0 => {
            "It was in force for as long as this appliance was watched: there is nothing to compare with.".into()
        }
        EffectVerdict::NothingBefore => {
            format!("It did not die in {} before: there is nothing to get better.", counted(before.days))
        }
        EffectVerdict::TooShort => format!(
            "{days} after: too short to tell. At the rate before, {expected:.1} deaths were to be expected by now; it \
             takes {EXPECTED:.0} until none at all would say something."
        ),
        EffectVerdict::NoDifference => {
            format!("{days} after: chance alone may explain the difference.")
        }
        EffectVerdict::Fewer => format!(
            "{days} after: it dies more rarely than before. What led to the change is among the deaths before, which \
             makes before look worse than it was."
        ),
        EffectVerdict::More => format!("{days} after: it dies more often than before."),
    }
}

fn counted(days: f64) -> String {
    let days = format!("{days:.0}");
    if days == "1" { "1 day".into() } else { format!("{days} days") }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use domfleet_shared::boot::BootEnd;
    use domfleet_shared::diagnosis::End;

    use super::*;

    /// A boot of so many days with swap on or off.
    fn boot(days: f64, end: BootEnd, swap: &str) -> Interval {
        Interval {
            appliance: "a".into(),
            boot: "b".into(),
            entry_days: 0.0,
            exit_days: days,
            end: End::Ended(end),
            values: Arc::new([(Component::Swap, swap.to_owned())].into()),
        }
    }

    fn of_swap(intervals: &[Interval]) -> MitigationEffect {
        let found = effects(intervals);
        assert_eq!(found.len(), 1);
        found[0].clone()
    }

    fn dying(times: usize, swap: &str) -> Vec<Interval> {
        vec![boot(10.0, BootEnd::Hang, swap); times]
    }

    #[test]
    fn what_was_never_in_force_has_no_effect() {
        assert_eq!(effects(&dying(5, "on")), []);
    }

    #[test]
    fn before_and_after_are_counted_apart_and_a_time_without_it_again_is_neither() {
        let mut intervals = dying(3, "on");
        intervals.extend([boot(20.0, BootEnd::Unknown, "off"), boot(40.0, BootEnd::Hang, "on")]);
        intervals.push(boot(5.0, BootEnd::Panic, "off"));

        let found = of_swap(&intervals);

        assert_eq!((found.before.days, found.before.deaths), (30.0, 3));
        assert_eq!((found.after.days, found.after.deaths, found.after.unknown), (25.0, 1, 1));
        let rate = found.before.rate.unwrap();
        assert!((rate.value.unwrap() - 100.0).abs() < 1e-9 && rate.covers(30.0), "{rate:?}");
    }

    #[test]
    fn a_few_days_without_a_death_are_too_short_to_tell() {
        let mut intervals = dying(3, "on");
        intervals.push(boot(12.0, BootEnd::Clean, "off"));

        let found = of_swap(&intervals);

        assert_eq!(found.verdict, EffectVerdict::TooShort);
        assert!(found.sentence.starts_with("12 days after: too short to tell"), "{found:?}");
        assert!(found.sentence.contains("1.2 deaths"), "{found:?}");
    }

    #[test]
    fn many_days_without_a_death_are_fewer_deaths_and_as_many_deaths_are_no_difference() {
        let mut better = dying(10, "on");
        better.push(boot(100.0, BootEnd::Clean, "off"));
        assert_eq!(of_swap(&better).verdict, EffectVerdict::Fewer);

        let same = [dying(10, "on"), dying(10, "off")].concat();
        assert_eq!(of_swap(&same).verdict, EffectVerdict::NoDifference);

        let mut worse = vec![boot(1000.0, BootEnd::Hang, "on")];
        worse.extend(dying(10, "off"));
        assert_eq!(of_swap(&worse).verdict, EffectVerdict::More);
    }

    #[test]
    fn one_that_had_it_from_the_beginning_or_never_died_before_has_nothing_to_compare_with() {
        let always = of_swap(&dying(3, "off"));
        assert_eq!(always.verdict, EffectVerdict::NothingBefore);
        assert!(always.sentence.contains("as long as"), "{always:?}");

        let well = of_swap(&[boot(90.0, BootEnd::Clean, "on"), boot(9.0, BootEnd::Clean, "off")]);
        assert_eq!((well.verdict, well.ratio), (EffectVerdict::NothingBefore, None));
        assert!(well.sentence.contains("90 days"), "{well:?}");
    }
}
