//! Backups on a schedule: what one says, and how it is shown.

mod due;

use domfleet_shared::Timestamp;
use domfleet_shared::id::{ApplianceId, DriveId, OperationId, ScheduleId, VmId};
use domfleet_shared::operation::Operation;
use domfleet_shared::operation::Reason;
use domfleet_shared::operation::backup::BackupCreate;
use domfleet_shared::operation::keep::Keep;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use self::due::{Due, due, next};
use super::operation::Requester;
use super::people::{Named, words};

/// The longest spread: half a day.
const MOST_SPREAD: u16 = 12 * 60;
/// So many appliances can be named one by one.
const MOST_NAMED: usize = 1_000;

/// What a schedule says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SchedulePlan {
    /// What people call it.
    pub name: String,
    /// Which appliances: a filter (docs/filter.md), evaluated anew each time, as whoever wrote the schedule
    /// sees the fleet. Either this or `appliances`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<String>,
    /// Which appliances: their ids.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub appliances: Option<Vec<ApplianceId>>,
    /// What becomes of VMs that run.
    #[serde(default)]
    pub how: How,
    /// When.
    pub when: When,
    /// Which sets of a drive stay once the new one is verified; all where it is not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keep: Option<Keep>,
    /// Encrypt the sets. Each has a key of its own, which the server gives out and an administrator can ask for.
    #[serde(default)]
    pub encrypted: bool,
    /// Make parity of each set, a tenth of its size, from which a drive that loses sectors is mended.
    #[serde(default)]
    pub parity: bool,
}

/// What becomes of VMs that run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// They go on, and snapshots of their disks are copied, which must be logical volumes.
    #[default]
    Snapshot,
    /// They are shut down, and started again afterwards.
    ShutDown,
    /// Nothing is backed up while one runs.
    MustBeOff,
}

/// When backups are made: by the clock on the wall of each appliance's site; by UTC where it has none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct When {
    /// The time of day, as `HH:MM`.
    #[schema(value_type = String, example = "02:30")]
    pub at: TimeOfDay,
    /// On these days of the week; on each where none is named.
    #[serde(default)]
    pub days: Vec<Day>,
    /// Each appliance begins up to so many minutes later, another number each day, so that not all begin at
    /// once.
    #[serde(default)]
    #[schema(maximum = 720)]
    pub spread_minutes: u16,
}

/// A time of day, to the minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TimeOfDay {
    hour: i8,
    minute: i8,
}

impl TryFrom<String> for TimeOfDay {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let number = |part: &str, most: i8| {
            let is_number = part.len() == 2 && part.bytes().all(|digit| digit.is_ascii_digit());
            part.parse().ok().filter(|number: &i8| is_number && *number <= most)
        };
        let parts = text.split_once(':');
        let time = parts.and_then(|(hour, minute)| {
            Some(Self { hour: number(hour, 23)?, minute: number(minute, 59)? })
        });
        time.ok_or("a time of day is HH:MM, such as 02:30")
    }
}

impl From<TimeOfDay> for String {
    fn from(TimeOfDay { hour, minute }: TimeOfDay) -> Self {
        format!("{hour:02}:{minute:02}")
    }
}

/// A day of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "their names say it")]
pub enum Day {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

impl SchedulePlan {
    /// Why it cannot be meant, with the field that is wrong; filters are checked where they are known.
    pub fn check(&self) -> Result<(), (&'static str, String)> {
        let name = self.name.trim();
        if name.is_empty() || name.len() > 100 {
            return Err(("name", "1 to 100 letters".into()));
        }
        match (&self.filter, &self.appliances) {
            (Some(_), None) => {}
            (None, Some(named)) if !named.is_empty() && named.len() <= MOST_NAMED => {}
            (None, Some(_)) => return Err(("appliances", format!("1 to {MOST_NAMED}"))),
            _ => return Err(("filter", "either filter or appliances is needed".into())),
        }
        if self.when.spread_minutes > MOST_SPREAD {
            return Err(("when", format!("at most {MOST_SPREAD} minutes of spread")));
        }
        if self.keep.is_some_and(|keep| !keep.is_something()) {
            return Err(("keep", "say how many sets are kept, or nothing of it".into()));
        }
        Ok(())
    }

    /// What is asked of an appliance: all its VMs onto that drive.
    pub fn operation(&self, drive: DriveId) -> Operation {
        Operation::BackupCreate(BackupCreate {
            drive,
            vms: Vec::<VmId>::new(),
            shut_down: self.how == How::ShutDown,
            snapshot: self.how == How::Snapshot,
            keep: self.keep,
            encrypted: self.encrypted,
            key: None,
            parity: self.parity,
        })
    }
}

/// What came of a time at which an appliance was to be backed up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RunOutcome {
    /// It was asked for it: its operation says how far it is.
    Asked,
    /// It could not be asked.
    Refused,
}

words! {
    RunOutcome { Asked = "asked", Refused = "refused" }
}

/// A schedule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = BackupScheduleView)]
pub struct BackupSchedule {
    /// Its id.
    pub id: ScheduleId,
    /// Whose it is.
    pub organisation: Named,
    /// Who wrote it. It reaches what they may see, for as long as they may ask.
    pub created_by: Requester,
    /// What it says.
    pub plan: SchedulePlan,
    /// Whether nothing is asked for the time being.
    pub paused: bool,
    /// Why nothing is asked although it is not paused.
    pub trouble: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Rises with each change.
    pub version: u64,
    /// How many appliances it chooses now.
    pub appliances: u64,
    /// The next times, in each time zone in which there is one of its appliances.
    pub next: Vec<NextTimes>,
    /// What came of the newest time of each appliance, counted.
    pub last: LastRuns,
}

/// The newest runs of a schedule, one of each appliance, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LastRuns {
    /// Backups that were made and verified.
    pub succeeded: u64,
    /// Those that are under way, or wait for their appliance.
    pub unfinished: u64,
    /// Those that came to nothing.
    pub failed: u64,
    /// Appliances that could not be asked.
    pub refused: u64,
}

/// When the next backups begin where the clocks show the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NextTimes {
    /// The time zone.
    pub time_zone: String,
    /// How many of the appliances are in it.
    pub appliances: u64,
    /// The first three times, without the spread.
    pub at: Vec<Timestamp>,
}

/// What came of a time at which an appliance was to be backed up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ScheduleRun {
    /// The appliance.
    pub appliance: Named,
    /// When it was to begin.
    pub due_at: Timestamp,
    /// When it was decided.
    pub decided_at: Timestamp,
    /// Earlier times that passed without a backup, for all of which this one was made: the server was not
    /// there, say.
    pub missed: u32,
    /// What came of it.
    pub outcome: RunOutcome,
    /// What was asked.
    pub operation_id: Option<OperationId>,
    /// How far that is.
    pub state: Option<String>,
    /// Why it could not be asked, or failed.
    pub reason: Option<Reason>,
    /// What to do about it.
    pub what_to_do: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan() -> SchedulePlan {
        let text = r#"{"name":"nightly","filter":"","when":{"at":"02:30"}}"#;
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn what_is_not_said_is_the_harmless_thing() {
        let plan = plan();
        let Operation::BackupCreate(create) = plan.operation(DriveId::new()) else { panic!() };

        assert_eq!(plan.check(), Ok(()));
        assert!(create.snapshot && !create.shut_down && create.vms.is_empty());
        assert_eq!((create.keep, plan.when.spread_minutes), (None, 0));
    }

    #[test]
    fn a_time_of_day_is_two_digits_twice() {
        for text in ["2:30", "24:00", "02:60", "02-30", "+2:30", "0230", "02:300", ""] {
            assert!(TimeOfDay::try_from(text.to_owned()).is_err(), "{text}");
        }
        let time = TimeOfDay::try_from("23:05".to_owned()).unwrap();
        assert_eq!(String::from(time), "23:05");
    }

    #[test]
    fn what_cannot_be_meant_is_refused_by_its_field() {
        let refused = |change: &dyn Fn(&mut SchedulePlan)| {
            let mut plan = plan();
            change(&mut plan);
            plan.check().unwrap_err().0
        };

        assert_eq!(refused(&|plan| plan.name = "  ".into()), "name");
        assert_eq!(refused(&|plan| plan.filter = None), "filter");
        assert_eq!(refused(&|plan| plan.appliances = Some(vec![ApplianceId::new()])), "filter");
        let nobody = |plan: &mut SchedulePlan| {
            (plan.filter, plan.appliances) = (None, Some(Vec::new()));
        };
        assert_eq!(refused(&nobody), "appliances");
        assert_eq!(refused(&|plan| plan.when.spread_minutes = 721), "when");
        assert_eq!(refused(&|plan| plan.keep = Some(Keep::default())), "keep");
    }
}
