//! What people do for a migration, step by step, as it is numbered on the page and on paper: dom0 is down
//! while the most important of it is done, and a page cannot be relied on.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::journey::Migration;
use super::permit::Release;
use super::phase::{End, Phase};
use super::talk::Waits;

/// A step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = MigrationTask)]
pub struct Task {
    /// Counts from 1.
    pub number: u32,
    /// What is to be done.
    pub text: String,
    /// Whether it is its turn.
    pub state: TaskState,
    /// Who does it.
    pub who: Who,
}

/// Whether it is a step's turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = MigrationTaskState)]
pub enum TaskState {
    /// It was done.
    Done,
    /// It is to be done now.
    Now,
    /// Its turn has not come.
    Later,
}

/// Who does a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = MigrationTaskWho)]
pub enum Who {
    /// Whoever stands before the appliance.
    OnSite,
    /// Whoever looks at the page.
    Operator,
}

/// What stands in a list before it is known whose turn it is.
struct Draft {
    text: String,
    who: Who,
    is_done: bool,
    is_now: bool,
}

impl Draft {
    fn new(who: Who, is_done: bool, is_now: bool, text: impl Into<String>) -> Self {
        Self { text: text.into(), who, is_done, is_now: is_now && !is_done }
    }
}

/// The steps of a migration, as far as is known of it; `waits` is what the agent waits for.
pub fn tasks(migration: &Migration, waits: Option<Waits>) -> Vec<Task> {
    let steps = match migration.phase() {
        Phase::GoingBack => given_up(),
        Phase::Ended(end) if !end.is_past_the_point() => Vec::new(),
        Phase::Ended(End::LostAppliance) => lost(),
        _ if migration.rolling_back.is_some() || is_back(migration) => way_back(migration, waits),
        _ => forward(migration, waits),
    };
    (1..)
        .zip(steps)
        .map(|(number, Draft { text, who, is_done, is_now })| {
            let state = match (is_done, is_now) {
                (true, _) => TaskState::Done,
                (false, true) => TaskState::Now,
                (false, false) => TaskState::Later,
            };
            Task { number, text, state, who }
        })
        .collect()
}

fn is_back(migration: &Migration) -> bool {
    matches!(migration.adopted, Some((Release::One, _)))
}

fn forward(migration: &Migration, waits: Option<Waits>) -> Vec<Draft> {
    use Who::{OnSite, Operator};
    let is_there = migration.adopted.is_some();
    let is_permitted = is_there || migration.permit.is_some();
    let has_drive = migration.drive.is_some();
    let lacks_drive = matches!(waits, Some(Waits::Drive | Waits::SecondDrive));
    let has_second = migration.wants_second_drive();
    let resets = is_permitted && !is_there;
    let failed = failed(migration);
    let mut steps = vec![
        Draft::new(
            OnSite,
            has_drive && !lacks_drive,
            true,
            if has_second {
                "Plug both backup drives into the appliance. Leave the recovery stick out."
            } else {
                "Plug the backup drive into the appliance. Leave the recovery stick out."
            },
        ),
        Draft::new(
            Operator,
            is_permitted,
            has_drive && !lacks_drive,
            "Wait until the VMs are backed up and proved and the permit is on the drive. From here \
             to the permit it can be cancelled, and the VMs start again.",
        ),
        Draft::new(
            OnSite,
            is_there,
            resets,
            if has_second {
                "Pull the second drive out and put it away: it is needed only where the first one fails. \
                 Plug the recovery stick for 2.x in, beside the first drive, and restart the appliance. Start no VM."
            } else {
                "Plug the recovery stick for 2.x in, beside the backup drive, and restart the appliance. \
                 Start no VM."
            },
        ),
        Draft::new(
            OnSite,
            is_there,
            false,
            "The stick says on the screen what it does. Leave stick and drive in and the power on until it \
             says that it is done. Where it refuses it has written nothing: read the sentence to whoever \
             looks at the page.",
        ),
        Draft::new(
            OnSite,
            is_there,
            false,
            "Once it has said so, pull the recovery stick out; the appliance starts 2.x by itself. The drive \
             stays in.",
        ),
        Draft::new(
            Operator,
            migration.soaking.is_some() || migration.end.is_some(),
            is_there && (failed > 0 || waits == Some(Waits::Hands)),
            hands(failed),
        ),
    ];
    steps.push(soak(migration));
    steps
}

fn soak(migration: &Migration) -> Draft {
    Draft::new(
        Who::OnSite,
        migration.end == Some(End::Succeeded),
        migration.soaking.is_some(),
        "Leave the backup drive in, or lock it away, until the migration has ended: until then it is the \
         second copy of every VM.",
    )
}

fn failed(migration: &Migration) -> usize {
    let failed = |vm: &&super::vm::Progress| matches!(vm, super::vm::Progress::Failed { .. });
    migration.vms.values().filter(failed).count()
}

fn hands(failed: usize) -> String {
    match failed {
        0 => "Watch the VMs come back; each is called healthy once it is.".into(),
        1 => "Decide about the VM that failed: try it again, or go without it.".into(),
        many => format!("Decide about the {many} VMs that failed: try them again, or go without."),
    }
}

fn way_back(migration: &Migration, waits: Option<Waits>) -> Vec<Draft> {
    use Who::{OnSite, Operator};
    let is_back = is_back(migration);
    let is_permitted = is_back || migration.permit.is_some();
    let ended = migration.end == Some(End::RolledBack);
    let failed = failed(migration);
    vec![
        Draft::new(
            Operator,
            is_permitted,
            !is_permitted && waits != Some(Waits::ResetBack),
            "Wait until the permit for the way back is on the drive.",
        ),
        Draft::new(
            OnSite,
            is_back,
            is_permitted || waits == Some(Waits::ResetBack),
            "Plug the recovery stick for 1.x in, the other one, beside the backup drive, and restart the \
             appliance.",
        ),
        Draft::new(
            OnSite,
            is_back,
            false,
            "Leave both in until the stick says that it is done; then pull the stick out.",
        ),
        Draft::new(Operator, ended, is_back, hands(failed)),
    ]
}

fn given_up() -> Vec<Draft> {
    vec![Draft::new(
        Who::OnSite,
        false,
        true,
        "Leave the appliance on and the recovery stick out: the VMs are started again as before.",
    )]
}

fn lost() -> Vec<Draft> {
    vec![Draft::new(
        Who::OnSite,
        false,
        true,
        "Keep the backup drive safe, even one that seems dead: the VMs are on it, and another appliance can be given \
         them.",
    )]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::migration::event::Record;

    const STORY: &str = include_str!("tests/journal-1.jsonl");

    /// The story of a journal, up to each of its records.
    fn stories() -> Vec<Migration> {
        let mut records = Vec::new();
        let mut stories = Vec::new();
        for line in STORY.lines().filter(|line| !line.is_empty()) {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            let record = line.get("record").unwrap_or(&line);
            records.push(serde_json::from_value::<Record>(record.clone()).unwrap());
            stories.push(Migration::of(&records).unwrap());
        }
        stories
    }

    fn states(migration: &Migration, waits: Option<Waits>) -> Vec<TaskState> {
        tasks(migration, waits).into_iter().map(|task| task.state).collect()
    }

    #[test]
    fn steps_are_numbered_from_one_and_never_go_back_to_be_done_on_the_way_there() {
        let mut done = 0;
        for migration in stories() {
            let tasks = tasks(&migration, None);
            let numbers: Vec<u32> = tasks.iter().map(|task| task.number).collect();
            assert_eq!(numbers, (1..).take(tasks.len()).collect::<Vec<_>>());
            if migration.rolling_back.is_some() || is_back(&migration) {
                break;
            }
            let now = tasks.iter().filter(|task| task.state == TaskState::Done).count();
            assert!(now >= done, "{now} of {done}: {tasks:?}");
            done = now;
        }
        assert!(done >= 5);
    }

    #[test]
    fn the_stick_is_plugged_in_when_there_is_a_permit_and_never_before() {
        for migration in stories().iter().filter(|story| story.adopted.is_none()) {
            let stick = states(migration, None)[2];
            let expected =
                if migration.permit.is_some() { TaskState::Now } else { TaskState::Later };
            assert_eq!(stick, expected, "{migration:?}");
        }
    }

    #[test]
    fn a_drive_that_is_away_is_asked_for_again() {
        let stories = stories();
        let claimed = stories.iter().find(|story| story.drive.is_some()).unwrap();

        assert_eq!(states(claimed, None)[0], TaskState::Done);
        assert_eq!(states(claimed, Some(Waits::Drive))[0], TaskState::Now);
        assert_eq!(states(claimed, Some(Waits::Drive))[1], TaskState::Later);
    }
}
