//! When a line of a log says that it was written.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Iso8601;
use utoipa::ToSchema;

use crate::Timestamp;

/// When a line says that it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LogTime {
    /// Milliseconds since that boot, by the kernel.
    SinceBootMilliseconds(u64),
    /// By a clock.
    Wall(Timestamp),
}

impl LogTime {
    pub(super) fn since_boot(milliseconds: u64) -> Self {
        Self::SinceBootMilliseconds(milliseconds)
    }

    /// Of ISO 8601 with an offset from UTC; nothing without one, because it may be any hour then.
    pub(super) fn from_date(text: &str) -> Option<Self> {
        let at = OffsetDateTime::parse(text, &Iso8601::PARSING).ok()?;
        let milliseconds = at.unix_timestamp_nanos() / 1_000_000;
        Some(Self::Wall(Timestamp::from_millis(i64::try_from(milliseconds).ok()?)))
    }

    /// Milliseconds from `earlier` to this. Nothing where it cannot be said: by two clocks, or because there was a
    /// boot in between.
    pub(super) fn milliseconds_since(self, earlier: Self) -> Option<u64> {
        match (earlier, self) {
            (Self::SinceBootMilliseconds(before), Self::SinceBootMilliseconds(after)) => {
                after.checked_sub(before)
            }
            (Self::Wall(before), Self::Wall(after)) => {
                u64::try_from(after.as_millis().saturating_sub(before.as_millis())).ok()
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_goes_back_is_another_boot() {
        let at = LogTime::since_boot;

        assert_eq!(at(5000).milliseconds_since(at(2000)), Some(3000));
        assert_eq!(at(2000).milliseconds_since(at(5000)), None);
        let wall = LogTime::from_date("2026-11-29T07:38:16Z").unwrap();
        assert_eq!(at(5000).milliseconds_since(wall), None);
    }

    #[test]
    fn a_date_without_an_offset_is_no_time() {
        assert_eq!(LogTime::from_date("2026-11-29T07:38:16"), None);
        let (one, other) = ("2026-11-29T08:38:16+01:00", "2026-11-29T07:38:16.000Z");
        assert_eq!(LogTime::from_date(one), LogTime::from_date(other));
    }
}
