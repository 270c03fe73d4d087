//! For how long VMs have been off, how often dom0 froze meanwhile, and for how long the drive is away.
//!
//! The clock of an appliance may be wrong by years, and may be set right in the middle of it. So the time within one
//! run of dom0 is told by its uptime, which only grows: for each run it is noted in the agent's folder from which
//! uptime to which it was seen with VMs off. Only what lies between two runs is told by the clock. There a clock that
//! went back counts as no time, and so does one that leapt ahead by more than a week: what lies between two runs is
//! then lost, and the time of this run still counts. Where the notes are gone they begin with the journal's
//! records: what it told in this run of dom0 counts from then on, and never for longer than dom0 is up.
//!
//! Nobody can tell a freeze from a power cut from within. Each further run of dom0 in which VMs are still off
//! counts as one: three of them say that something is wrong with this appliance, whatever it is.

use std::time::Duration;

use domfleet_shared::Timestamp;
use domfleet_shared::id::BootId;
use domfleet_shared::migration::{Event, Migration, Record};
use serde::{Deserialize, Serialize};

use crate::backup::durable;
use crate::backup::medium::Medium;
use crate::dom0::Running;
use crate::migration::book::folder;

const NOTES: &str = "spent.json";
const LONGEST: u64 = 256 * 1024;
/// No appliance is without power for longer in the middle of it; a clock that was set right leaps further.
const LONGEST_GAP: Duration = Duration::from_hours(7 * 24);
/// Notes are not written more often, but for what is new in them.
const EVERY: u64 = 60_000;
/// More runs than anybody counts.
const MOST_RUNS: usize = 100;

/// What was noted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Notes {
    /// The runs of dom0 in which VMs were seen to be off.
    runs: Vec<Run>,
    /// Since when the drive is away.
    #[serde(default)]
    away: Option<Since>,
}

/// A run of dom0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Run {
    boot: BootId,
    /// The uptimes, in milliseconds, between which VMs were seen to be off.
    from: u64,
    to: u64,
    /// What the clock said then.
    begun_at: Timestamp,
    ended_at: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Since {
    boot: BootId,
    uptime: u64,
}

/// What came of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Spent {
    /// For how long VMs have been off.
    pub(super) off: Duration,
    /// How often dom0 froze since.
    pub(super) freezes: u32,
    /// For how long the drive is away; nothing where it is there.
    pub(super) away: Option<Duration>,
}

/// Where and when it is asked.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) story: &'a Migration,
    pub(super) records: &'a [Record],
    pub(super) running: &'a Running,
    pub(super) now: Timestamp,
    pub(super) has_drive: bool,
}

/// What time has passed by now; noted, so that the next run of dom0 knows.
pub(super) fn spent(keep: &impl Medium, asked: Asked<'_>) -> Spent {
    let name = format!("{}/{NOTES}", folder(asked.story.plan.migration));
    let before = match durable::read(keep, &name, LONGEST) {
        Ok(Some(bytes)) => serde_json::from_slice(&bytes).unwrap_or_default(),
        Ok(None) => Notes::default(),
        Err(error) => {
            tracing::warn!(%error, "the notes on how long VMs are off cannot be read");
            Notes::default()
        }
    };
    let mut notes = before.clone();
    notes.take(asked);
    if notes.is_news_after(&before) {
        let bytes = serde_json::to_vec(&notes).map_err(std::io::Error::other);
        let folder = folder(asked.story.plan.migration);
        let written = bytes.and_then(|bytes| {
            durable::make_folders(keep, &folder)?;
            durable::publish(keep, &name, &bytes)
        });
        // Where the disk is full or broken, VMs come up again all the same.
        if let Err(error) = written {
            tracing::warn!(%error, "how long VMs are off cannot be noted");
        }
    }
    notes.spent(asked)
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

impl Notes {
    fn take(&mut self, asked: Asked<'_>) {
        let Asked { story, running, now, has_drive, .. } = asked;
        let (boot, uptime) = (running.boot_id, millis(running.uptime));
        if story.stopped.is_empty() || story.adopted.is_some() {
            self.runs.clear();
        } else if let Some(run) = self.runs.iter_mut().find(|run| run.boot == boot) {
            (run.to, run.ended_at) = (uptime, now);
        } else if self.runs.len() < MOST_RUNS {
            let from = first_stop(asked).unwrap_or(uptime);
            self.runs.push(Run { boot, from, to: uptime, begun_at: now, ended_at: now });
        }
        self.away = if has_drive {
            None
        } else {
            Some(self.away.filter(|since| since.boot == boot).unwrap_or(Since { boot, uptime }))
        };
    }

    fn is_news_after(&self, before: &Self) -> bool {
        let last = |notes: &Self| notes.runs.last().map_or(0, |run| run.to);
        self.runs.len() != before.runs.len()
            || self.away != before.away
            || last(self) >= last(before).saturating_add(EVERY)
    }

    fn spent(&self, asked: Asked<'_>) -> Spent {
        let within = self.runs.iter().map(|run| run.to.saturating_sub(run.from));
        let between = self.runs.windows(2).filter_map(|pair| {
            let [before, after] = pair else { return None };
            let gap = after.begun_at.as_millis().checked_sub(before.ended_at.as_millis())?;
            let gap = Duration::from_millis(u64::try_from(gap).ok()?);
            (gap <= LONGEST_GAP).then(|| millis(gap))
        });
        let off = within.chain(between).fold(0, u64::saturating_add);
        let freezes = u32::try_from(self.runs.len().saturating_sub(1)).unwrap_or(u32::MAX);
        let uptime = millis(asked.running.uptime);
        let away = self.away.map(|since| uptime.saturating_sub(since.uptime));
        Spent { off: Duration::from_millis(off), freezes, away: away.map(Duration::from_millis) }
    }
}

/// The uptime at which the first of the VMs that are off was shut down in this run of dom0, by what was told since:
/// nothing where none was.
fn first_stop(asked: Asked<'_>) -> Option<u64> {
    let Asked { story, records, running, now, .. } = asked;
    let is_it = |record: &&Record| {
        let stops =
            matches!(record.event, Event::VmStopped { vm, .. } if story.stopped.contains(&vm));
        stops && record.boot == running.boot_id
    };
    let at = records.iter().find(is_it)?.at;
    let ago = u64::try_from(now.as_millis().saturating_sub(at.as_millis())).unwrap_or(0);
    Some(millis(running.uptime).saturating_sub(ago))
}

#[cfg(test)]
mod tests {
    use domfleet_shared::migration::Plan;
    use domfleet_shared::migration::permit::Release;
    use uuid::Uuid;

    use super::*;
    use crate::backup::tests::drive::Drive;

    const HOUR: u64 = 3_600;

    /// A migration whose only VM is off, and the agent's folder.
    struct Off {
        keep: Drive,
        records: Vec<Record>,
    }

    impl Off {
        fn since(at: i64, boot: u128) -> Self {
            let text = include_str!("../tests/plan-1.json");
            let plan: Plan = serde_json::from_str(text).unwrap();
            let vm = plan.vms[0].uuid;
            let drive = domfleet_shared::id::DriveId(Uuid::from_u128(5));
            let events = [
                Event::Planned { plan: Box::new(plan) },
                Event::DriveClaimed { drive },
                Event::AutostartOff { vms: vec![vm] },
                Event::VmStopped { vm, clean: true },
            ];
            let record = |event| Record {
                at: clock(at),
                boot: BootId(Uuid::from_u128(boot)),
                on: Release::One,
                agent: "1".to_owned(),
                decision: None,
                event,
            };
            Self { keep: Drive::new(), records: events.map(record).into() }
        }

        /// In that run of dom0, at that uptime and that time, in seconds.
        fn at(&self, boot: u128, uptime: u64, now: i64, has_drive: bool) -> Spent {
            let story = Migration::of(&self.records).unwrap();
            let boot_id = BootId(Uuid::from_u128(boot));
            let running = Running { boot_id, uptime: Duration::from_secs(uptime), taint: None };
            let (records, now) = (self.records.as_slice(), clock(now));
            let asked = Asked { story: &story, records, running: &running, now, has_drive };
            spent(&self.keep, asked)
        }
    }

    fn clock(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1_000)
    }

    fn hours(spent: Spent) -> u64 {
        spent.off.as_secs() / HOUR
    }

    #[test]
    fn the_time_since_the_first_vm_was_shut_down_counts_over_restarts() {
        let off = Off::since(1_000_000, 1);
        assert_eq!(off.at(1, 500, 1_000_000, true), Spent::default());
        assert_eq!(hours(off.at(1, 500 + HOUR, 1_003_600, true)), 1);
        // An hour without power, and an hour in the next run.
        let later = off.at(2, 10, 1_007_200, true);
        assert_eq!((hours(later), later.freezes), (2, 1));
        let later = off.at(2, 10 + HOUR, 1_010_800, true);
        assert_eq!((hours(later), later.freezes), (3, 1));
        assert_eq!(off.at(3, 10, 1_010_900, true).freezes, 2);
    }

    #[test]
    fn a_clock_that_is_set_in_the_middle_changes_nothing_within_a_run() {
        for now in [-900_000_000, 5_000_000_000] {
            let off = Off::since(1_000_000, 1);
            off.at(1, 500, 1_000_000, true);
            assert_eq!(hours(off.at(1, 500 + HOUR, now, true)), 1, "{now}");
            // Between two runs it is no time at all, and the rest still counts.
            let next = off.at(2, 10, 1_000_000, true);
            assert_eq!((hours(next), next.freezes), (1, 1), "{now}");
            assert_eq!(hours(off.at(2, 10 + HOUR, now, true)), 2, "{now}");
        }
    }

    #[test]
    fn notes_that_are_gone_are_begun_anew_with_what_was_told_in_this_run() {
        let off = Off::since(1_000_000, 1);
        assert_eq!(hours(off.at(1, 5 * HOUR, 1_000_000 + 7_200, true)), 2);
        // The clock says years, and dom0 is up for two hours.
        let off = Off::since(0, 1);
        assert_eq!(hours(off.at(1, 2 * HOUR, 1_700_000_000, true)), 2);
        let off = Off::since(0, 7);
        assert_eq!(hours(off.at(1, 2 * HOUR, 1_700_000_000, true)), 0);
    }

    #[test]
    fn a_drive_is_away_from_when_it_is_missed_until_it_is_back() {
        let off = Off::since(1_000_000, 1);
        assert_eq!(off.at(1, 500, 1_000_000, true).away, None);
        assert_eq!(off.at(1, 600, 1_000_100, false).away, Some(Duration::ZERO));
        assert_eq!(off.at(1, 2_400, 0, false).away, Some(Duration::from_mins(30)));
        assert_eq!(off.at(1, 2_500, 0, true).away, None);
        assert_eq!(off.at(1, 2_600, 0, false).away, Some(Duration::ZERO));
    }
}
