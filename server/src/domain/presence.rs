//! Whether an appliance is there.

use std::time::Duration;

use domfleet_shared::Timestamp;

use super::appliance::Presence;

/// How long silence means what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    stale: Duration,
    offline: Duration,
}

impl Patience {
    /// Ninety seconds and five minutes, or more where heartbeats are rarer than every half minute.
    pub fn with_heartbeat(heartbeat: Duration) -> Self {
        Self {
            stale: Duration::from_secs(90).max(heartbeat * 3),
            offline: Duration::from_mins(5).max(heartbeat * 10),
        }
    }

    /// How long an appliance may be silent before it counts as offline.
    pub fn offline(self) -> Duration {
        self.offline
    }

    /// Whether an appliance that spoke at `seen` is there at `now`.
    ///
    /// `expected_until` is set by its goodbye and cleared when it comes back.
    pub fn judge(
        self,
        seen: Option<Timestamp>,
        expected_until: Option<Timestamp>,
        now: Timestamp,
    ) -> Presence {
        if expected_until.is_some_and(|until| now < until) {
            return Presence::ExpectedOffline;
        }
        let Some(seen) = seen else { return Presence::Offline };
        let silent = now.since(seen);
        if silent >= self.offline {
            Presence::Offline
        } else if silent >= self.stale {
            Presence::Stale
        } else {
            Presence::Online
        }
    }
}

/// How long an appliance that said it would come back is expected not to be there.
pub const RETURNS_WITHIN: Duration = Duration::from_mins(20);

/// How long one is expected not to be there that has gone to be reset. Whether a person is to look sooner is
/// for the migration to say.
pub const RESET_WITHIN: Duration = Duration::from_hours(1);

/// The end of the silence of an appliance that was switched off in order.
pub const NEVER: Timestamp = Timestamp::from_millis(253_402_300_799_999);

/// Fewer than this are a site, not the server.
const SUSPICIOUS: usize = 10;

/// Whether it is more likely that the server has lost its appliances than that they are gone:
/// of `lately` that spoke not long ago, `silent` are silent now.
pub fn server_is_suspect(silent: usize, lately: usize) -> bool {
    silent >= SUSPICIOUS && silent * 2 >= lately
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_795_000_000_000);

    fn after(seconds: u64) -> Presence {
        let patience = Patience::with_heartbeat(Duration::from_secs(30));
        patience.judge(Some(NOW - Duration::from_secs(seconds)), None, NOW)
    }

    #[test]
    fn silence_is_stale_after_ninety_seconds_and_offline_after_five_minutes() {
        assert_eq!(after(0), Presence::Online);
        assert_eq!(after(89), Presence::Online);
        assert_eq!(after(90), Presence::Stale);
        assert_eq!(after(299), Presence::Stale);
        assert_eq!(after(300), Presence::Offline);
    }

    #[test]
    fn one_that_never_spoke_is_offline_and_a_clock_set_back_makes_nobody_silent() {
        let patience = Patience::with_heartbeat(Duration::from_secs(30));

        assert_eq!(patience.judge(None, None, NOW), Presence::Offline);
        let ahead = NOW + Duration::from_hours(1);
        assert_eq!(patience.judge(Some(ahead), None, NOW), Presence::Online);
    }

    #[test]
    fn a_goodbye_excuses_silence_until_it_has_lasted_too_long() {
        let patience = Patience::with_heartbeat(Duration::from_secs(30));
        let judge = |minutes| {
            let now = NOW + Duration::from_mins(minutes);
            patience.judge(Some(NOW), Some(NOW + RETURNS_WITHIN), now)
        };

        assert_eq!(judge(1), Presence::ExpectedOffline);
        assert_eq!(judge(19), Presence::ExpectedOffline);
        assert_eq!(judge(21), Presence::Offline);
    }

    #[test]
    fn rare_heartbeats_are_given_more_time() {
        let patience = Patience::with_heartbeat(Duration::from_mins(1));
        let seen = Some(NOW - Duration::from_secs(170));

        assert_eq!(patience.judge(seen, None, NOW), Presence::Online);
    }

    #[test]
    fn half_the_fleet_at_once_is_more_likely_the_server_and_a_site_is_not() {
        assert!(server_is_suspect(500, 1000));
        assert!(!server_is_suspect(499, 1000));
        assert!(!server_is_suspect(9, 9));
        assert!(!server_is_suspect(0, 0));
    }
}
