//! What is known of how a boot ended from the appliances beside it.
//!
//! All times are the server's: the clocks of boxes that have just lost their power are worth little. How long a box
//! was up is worth more, and carries its end over a time in which its site had no line.

use std::collections::BTreeMap;
use std::time::Duration;

use domfleet_shared::Timestamp;
use domfleet_shared::boot::SiteFacts;
use domfleet_shared::id::ApplianceId;

/// Who ended so shortly before or after another ended with it. A sign of life on disk and a heartbeat may each be
/// most of a minute old when a box ends.
pub const TOGETHER: Duration = Duration::from_mins(2);
/// Nobody comes back after so long.
const HOPE: Duration = Duration::from_hours(24 * 30);
const SOONEST: Duration = Duration::from_mins(1);

/// A boot of an appliance, as the server has followed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    pub appliance: ApplianceId,
    pub from: Timestamp,
    /// Its last sign of life, on its disk or here.
    pub until: Timestamp,
    pub course: Course,
}

/// What is known of a boot's end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Course {
    /// Its appliance has not been heard of in another boot.
    Newest,
    /// Its appliance is in another boot, and has not told yet how this one ended.
    Untold,
    /// Told, and there is no record of how.
    Guessed,
    /// Told, and there is a record: it ended of itself, and says nothing of the site's power.
    Recorded,
}

/// The server's time of a boot's last sign of life: heard of at `heard_at`, when it had been up for `heard_uptime`,
/// it went on until `last_seen`.
pub fn last_sign(
    heard_at: Timestamp,
    heard_uptime: Option<Duration>,
    last_seen: Option<Duration>,
) -> Timestamp {
    let unheard = last_seen.zip(heard_uptime).map(|(seen, heard)| seen.saturating_sub(heard));
    heard_at + unheard.unwrap_or_default()
}

/// What those beside a boot say of its end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Beside {
    pub facts: SiteFacts,
    /// Whether they may say more when they are heard of again.
    pub is_open: bool,
}

/// What those beside `ended` say of its end. `runs` are of the whole site.
pub fn beside(ended: &Run, runs: &[Run]) -> Beside {
    let mut others: BTreeMap<ApplianceId, Vec<&Run>> = BTreeMap::new();
    for run in runs.iter().filter(|run| run.appliance != ended.appliance) {
        others.entry(run.appliance).or_default().push(run);
    }
    let mut beside = Beside::default();
    for runs in others.values() {
        let fate = fate(ended.until, runs);
        let facts = &mut beside.facts;
        facts.others_total += usize::from(!matches!(fate, Fate::Absent | Fate::Unheard));
        facts.others_vanished += usize::from(matches!(fate, Fate::Vanished));
        facts.others_silent += usize::from(matches!(fate, Fate::Silent));
        beside.is_open |= matches!(fate, Fate::Silent | Fate::Unheard);
    }
    beside
}

enum Fate {
    Vanished,
    Silent,
    WentOn,
    /// Silent since before, and perhaps only without a line.
    Unheard,
    /// Not there, or ended for reasons of its own.
    Absent,
}

/// What became of an appliance at a time.
fn fate(at: Timestamp, runs: &[&Run]) -> Fate {
    if let Some(run) = runs.iter().find(|run| distance(run.until, at) <= TOGETHER) {
        return match run.course {
            Course::Guessed => Fate::Vanished,
            Course::Newest | Course::Untold => Fate::Silent,
            Course::Recorded => Fate::Absent,
        };
    }
    if runs.iter().any(|run| run.from < at && run.until > at) {
        return Fate::WentOn;
    }
    let has_come_back = runs.iter().all(|run| run.course != Course::Newest || run.until > at);
    if has_come_back { Fate::Absent } else { Fate::Unheard }
}

/// How far apart two moments are.
pub fn distance(one: Timestamp, other: Timestamp) -> Duration {
    one.since(other).max(other.since(one))
}

/// When to look again at an end that nobody can tell yet, ever more rarely.
pub fn look_again(ended: Timestamp, now: Timestamp) -> Option<Timestamp> {
    let age = now.since(ended);
    (age < HOPE).then(|| now + (age / 4).max(SOONEST))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_hours(24);
    const CUT: Timestamp = Timestamp::from_millis(1_795_000_000_000);

    fn run(until: Timestamp, course: Course) -> Run {
        Run { appliance: ApplianceId::new(), from: CUT - DAY, until, course }
    }

    /// Total, vanished, silent.
    fn counts(others: &[Run]) -> (usize, usize, usize) {
        let facts = beside(&run(CUT, Course::Guessed), others).facts;
        (facts.others_total, facts.others_vanished, facts.others_silent)
    }

    #[test]
    fn who_ended_within_two_minutes_without_a_record_vanished() {
        let (early, late) = (CUT - Duration::from_secs(119), CUT + Duration::from_secs(119));
        let others = [run(early, Course::Guessed), run(late, Course::Guessed)];

        assert_eq!(counts(&others), (2, 2, 0));
    }

    #[test]
    fn who_ended_with_a_record_or_was_not_there_says_nothing() {
        let others = [
            run(CUT, Course::Recorded),
            run(CUT - Duration::from_mins(3), Course::Newest),
            run(CUT - Duration::from_mins(3), Course::Guessed),
            Run { from: CUT + Duration::from_mins(3), ..run(CUT + DAY, Course::Newest) },
        ];

        assert_eq!(counts(&others), (0, 0, 0));
    }

    #[test]
    fn who_was_heard_of_in_the_same_boot_later_went_on_however_that_ended() {
        let others = [
            run(CUT + DAY, Course::Newest),
            run(CUT + DAY, Course::Recorded),
            run(CUT + Duration::from_mins(3), Course::Guessed),
        ];

        assert_eq!(counts(&others), (3, 0, 0));
    }

    #[test]
    fn who_has_not_been_heard_of_since_or_has_not_told_may_yet_be_either() {
        let others = [run(CUT, Course::Newest), run(CUT, Course::Untold)];

        assert_eq!(counts(&others), (2, 0, 2));
        assert!(beside(&run(CUT, Course::Guessed), &others).is_open);
    }

    #[test]
    fn who_had_lost_its_line_before_says_nothing_until_it_has_one_again() {
        let offline = run(CUT - Duration::from_mins(30), Course::Newest);
        let ended = run(CUT, Course::Guessed);

        assert_eq!(beside(&ended, &[offline]), Beside { is_open: true, ..Beside::default() });
        let back = Run { until: CUT + Duration::from_mins(30), ..offline };
        let found = beside(&ended, &[back]);
        assert_eq!((found.facts.others_total, found.is_open), (1, false));
    }

    #[test]
    fn an_appliance_counts_once_and_never_for_itself() {
        let ended = run(CUT, Course::Guessed);
        let before = run(CUT, Course::Guessed);
        let back = Run { from: CUT, until: CUT + DAY, course: Course::Newest, ..before };
        let own = Run { course: Course::Newest, until: CUT + DAY, ..ended };

        let facts = beside(&ended, &[ended, own, before, back]).facts;

        assert_eq!((facts.others_total, facts.others_vanished), (1, 1));
    }

    #[test]
    fn an_end_without_a_line_is_where_the_uptime_says() {
        let up = |minutes| Some(Duration::from_mins(minutes));

        assert_eq!(last_sign(CUT, up(10), up(70)), CUT + Duration::from_hours(1));
        assert_eq!(last_sign(CUT, up(10), up(9)), CUT);
        assert_eq!(last_sign(CUT, None, up(9)), CUT);
        assert_eq!(last_sign(CUT, up(10), None), CUT);
    }

    #[test]
    fn what_is_open_is_looked_at_again_ever_more_rarely_and_not_for_ever() {
        assert_eq!(look_again(CUT, CUT), Some(CUT + Duration::from_mins(1)));
        assert_eq!(look_again(CUT, CUT + DAY), Some(CUT + DAY + DAY / 4));
        assert_eq!(look_again(CUT, CUT + DAY * 31), None);
    }
}
