//! Whether an appliance is to be backed up now: pure, from the schedule, its site's clock, and the last time
//! for which that was decided.

use std::time::Duration;

use domfleet_shared::Timestamp;
use domfleet_shared::id::{ApplianceId, ScheduleId};
use jiff::civil::{Date, Time, Weekday};

use super::{Day, TimeOfDay, When};
use crate::domain::zone::Zone;

/// So many days are looked back for what was missed.
const MOST_DAYS: usize = 400;

/// A time at which an appliance is to be backed up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// When it was to begin.
    pub at: Timestamp,
    /// Earlier times, since the last one that was decided, that passed without a backup.
    pub missed: u32,
}

/// The newest time that has come, and for which nothing was decided: `since` is the last for which it was, or
/// when the schedule began. However many have passed, there is one.
pub fn due(
    when: &When,
    zone: &Zone,
    of: (ScheduleId, ApplianceId),
    since: Timestamp,
    now: Timestamp,
) -> Option<Due> {
    if since >= now {
        return None;
    }
    // With its spread, what began on a day may still come on the next.
    let first = zone.date(since).yesterday().ok()?;
    let mut found: Option<Due> = None;
    let mut date = Some(zone.date(now));
    for _ in 0..MOST_DAYS {
        let Some(day) = date.filter(|day| *day >= first) else { break };
        if let Some(at) = begins(when, zone, of, day).filter(|at| *at > since && *at <= now) {
            match &mut found {
                Some(due) => due.missed += 1,
                None => found = Some(Due { at, missed: 0 }),
            }
        }
        date = day.yesterday().ok();
    }
    found
}

/// The next times after `now`, without the spread.
pub fn next(when: &When, zone: &Zone, now: Timestamp, count: usize) -> Vec<Timestamp> {
    let mut days = std::iter::successors(Some(zone.date(now)), |day| day.tomorrow().ok());
    let times = days.by_ref().take(MOST_DAYS).filter_map(|day| on(when, zone, day));
    times.filter(|at| *at > now).take(count).collect()
}

/// When backups begin on that day, the spread left out.
fn on(when: &When, zone: &Zone, date: Date) -> Option<Timestamp> {
    let is_meant = when.days.is_empty() || when.days.contains(&day(date.weekday()));
    let TimeOfDay { hour, minute } = when.at;
    zone.moment(date, Time::new(hour, minute, 0, 0).ok()?).filter(|_| is_meant)
}

fn begins(
    when: &When,
    zone: &Zone,
    (schedule, appliance): (ScheduleId, ApplianceId),
    date: Date,
) -> Option<Timestamp> {
    let at = on(when, zone, date)?;
    // The same whoever asks, and however often.
    let dice = blake3::hash(format!("domfleet schedule {schedule} {appliance} {date}").as_bytes());
    let [a, b, c, d, ..] = *dice.as_bytes();
    let minutes = u32::from_le_bytes([a, b, c, d]) % (u32::from(when.spread_minutes) + 1);
    Some(at + Duration::from_mins(minutes.into()))
}

fn day(weekday: Weekday) -> Day {
    match weekday {
        Weekday::Monday => Day::Monday,
        Weekday::Tuesday => Day::Tuesday,
        Weekday::Wednesday => Day::Wednesday,
        Weekday::Thursday => Day::Thursday,
        Weekday::Friday => Day::Friday,
        Weekday::Saturday => Day::Saturday,
        Weekday::Sunday => Day::Sunday,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(text: &str) -> Timestamp {
        serde_json::from_value(text.into()).unwrap()
    }

    fn when(at: &str, days: &[Day], spread_minutes: u16) -> When {
        When { at: at.to_owned().try_into().unwrap(), days: days.to_vec(), spread_minutes }
    }

    fn someone() -> (ScheduleId, ApplianceId) {
        (ScheduleId::new(), ApplianceId::new())
    }

    /// By UTC.
    fn asked(when: &When, since: &str, now: &str) -> Option<(String, u32)> {
        let due = due(when, &Zone::or_utc("UTC"), someone(), moment(since), moment(now));
        due.map(|due| (due.at.to_string(), due.missed))
    }

    #[test]
    fn a_time_is_due_once_it_has_come_and_not_again_once_it_was_decided() {
        let nightly = when("02:30", &[], 0);
        let at = "2026-03-02T02:30:00.000Z";

        assert_eq!(asked(&nightly, "2026-03-01T12:00:00Z", "2026-03-02T02:29:59Z"), None);
        let due = asked(&nightly, "2026-03-01T12:00:00Z", "2026-03-02T02:30:00Z");
        assert_eq!(due, Some((at.into(), 0)));
        assert_eq!(asked(&nightly, at, "2026-03-02T23:00:00Z"), None);
    }

    #[test]
    fn one_run_is_made_for_all_that_passed_while_the_server_was_down() {
        let nightly = when("02:30", &[], 0);

        let due = asked(&nightly, "2026-03-02T02:30:00Z", "2026-03-06T12:00:00Z");

        assert_eq!(due, Some(("2026-03-06T02:30:00.000Z".into(), 3)));
        // A clock that was years ahead: still one.
        let (at, missed) = asked(&nightly, "2026-03-02T02:30:00Z", "2036-03-02T12:00:00Z").unwrap();
        assert_eq!((at.as_str(), missed), ("2036-03-02T02:30:00.000Z", 399));
    }

    #[test]
    fn a_clock_that_is_set_back_makes_no_second_run() {
        let nightly = when("02:30", &[], 0);

        assert_eq!(asked(&nightly, "2026-03-02T02:30:00Z", "2026-03-02T02:00:00Z"), None);
        assert_eq!(asked(&nightly, "2026-03-02T02:30:00Z", "2026-03-02T02:30:00Z"), None);
    }

    #[test]
    fn only_days_that_are_named_count() {
        let weekly = when("22:00", &[Day::Saturday], 0);

        // The 7th is a Saturday.
        assert_eq!(asked(&weekly, "2026-03-01T00:00:00Z", "2026-03-06T23:00:00Z"), None);
        let due = asked(&weekly, "2026-03-01T00:00:00Z", "2026-03-09T00:00:00Z");
        assert_eq!(due, Some(("2026-03-07T22:00:00.000Z".into(), 0)));
    }

    #[test]
    fn the_spread_is_the_same_whoever_asks_stays_within_its_bound_and_reaches_the_next_day() {
        let late = when("23:50", &[], 60);
        let zone = Zone::or_utc("UTC");
        let (since, now) = (moment("2026-03-01T12:00:00Z"), moment("2026-03-02T12:00:00Z"));
        let begins = moment("2026-03-01T23:50:00Z");
        let mut minutes = std::collections::BTreeSet::new();
        for _ in 0..200 {
            let of = someone();
            let first = due(&late, &zone, of, since, now).unwrap();

            assert_eq!(due(&late, &zone, of, since, first.at), Some(first));
            assert_eq!(due(&late, &zone, of, first.at, now), None);
            assert!(first.at >= begins && first.at <= begins + Duration::from_hours(1));
            minutes.insert(first.at.since(begins).as_secs() / 60);
        }
        assert!(minutes.len() > 30, "{minutes:?}");
    }

    #[test]
    fn what_comes_next_is_by_the_clock_of_the_site_over_the_change_to_summer_time() {
        let nightly = when("02:30", &[], 0);
        let zone = Zone::named("Europe/Vienna").unwrap();

        let next = next(&nightly, &zone, moment("2026-03-27T12:00:00Z"), 3);

        let texts: Vec<String> = next.iter().map(ToString::to_string).collect();
        assert_eq!(
            texts,
            ["2026-03-28T01:30:00.000Z", "2026-03-29T01:30:00.000Z", "2026-03-30T00:30:00.000Z"]
        );
    }
}
