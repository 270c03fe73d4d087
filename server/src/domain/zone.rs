//! Local time: what the clock on the wall of a site shows, and when it shows it.

use domfleet_shared::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;

/// A time zone of the IANA database, which is part of this program.
#[derive(Clone, Debug)]
pub struct Zone(TimeZone);

impl Zone {
    /// That of the name, if there is one.
    pub fn named(name: &str) -> Option<Self> {
        TimeZone::get(name).ok().map(Self)
    }

    /// That of the name; UTC where there is none.
    pub fn or_utc(name: &str) -> Self {
        Self::named(name).unwrap_or(Self(TimeZone::UTC))
    }

    /// The day there.
    pub fn date(&self, moment: Timestamp) -> Date {
        // No clock shows a moment beyond those that there are days for.
        let moment = jiff::Timestamp::from_millisecond(moment.as_millis()).unwrap_or_default();
        moment.to_zoned(self.0.clone()).date()
    }

    /// When the clock there shows `time` on `date`. Where it jumps over that time, as much later as it jumps;
    /// where it shows it twice, the first of them.
    pub fn moment(&self, date: Date, time: Time) -> Option<Timestamp> {
        let moment = self.0.to_ambiguous_zoned(date.to_datetime(time)).compatible().ok()?;
        Some(Timestamp::from_millis(moment.timestamp().as_millisecond()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(zone: &str, date: &str, time: &str) -> String {
        let zone = Zone::named(zone).unwrap();
        zone.moment(date.parse().unwrap(), time.parse().unwrap()).unwrap().to_string()
    }

    #[test]
    fn the_clock_of_a_site_is_that_of_its_zone_in_summer_and_in_winter() {
        assert_eq!(at("Europe/Vienna", "2026-01-15", "02:00"), "2026-01-15T01:00:00.000Z");
        assert_eq!(at("Europe/Vienna", "2026-07-15", "02:00"), "2026-07-15T00:00:00.000Z");
        assert_eq!(at("America/St_Johns", "2026-01-15", "02:00"), "2026-01-15T05:30:00.000Z");
    }

    #[test]
    fn a_time_that_is_jumped_over_comes_later_and_one_that_comes_twice_is_taken_once() {
        // To summer time at 2:00, and back at 3:00.
        assert_eq!(at("Europe/Vienna", "2026-03-29", "02:30"), "2026-03-29T01:30:00.000Z");
        assert_eq!(at("Europe/Vienna", "2026-10-25", "02:30"), "2026-10-25T00:30:00.000Z");
    }

    #[test]
    fn a_zone_that_is_none_is_none() {
        assert!(Zone::named("Europe/Atlantis").is_none());
        assert!(Zone::named("../../etc/passwd").is_none());
    }
}
