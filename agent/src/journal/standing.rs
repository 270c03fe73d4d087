//! Where an operation stands: the fold of its events, and nothing else.
//!
//! ```text
//!            ┌─rejected──────────────────────────────▶ Ended ──acknowledged──▶ Ended, to be
//!  (nothing)─┼─withdrawn─────────────────────────────▶   ▲                     remembered only
//!            └─accepted─▶ Accepted ──begun──▶ Begun ─────┤ succeeded, failed, cancelled
//!                            └─────rejected, withdrawn───┘
//! ```

use domfleet_shared::Timestamp;
use domfleet_shared::id::{BootId, OperationId};
use domfleet_shared::operation::{Operation, Priority, Reason, Report, Reported};
use serde::{Deserialize, Serialize};

use crate::dom0::Step;

/// So many reports may be sent of a running operation before their numbers are reserved anew.
pub const RESERVED_REPORTS: u64 = 32;

/// A line of the journal: something that happened to an operation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The operation.
    pub id: OperationId,
    /// When, by the agent's clock.
    pub at: Timestamp,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

/// What can happen to an operation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// It will be begun, or be rejected because it was too late.
    Accepted(Task),
    /// It never will be begun.
    Rejected {
        /// Why.
        reason: Reason,
    },
    /// The server took it back before it was begun.
    Withdrawn,
    /// What follows may already have been done when the next event is missing.
    Begun {
        /// The boot in which it was begun.
        boot_id: BootId,
        /// What it consists of. Recorded, never planned again: another build may plan otherwise.
        steps: Vec<Step>,
    },
    /// The next step is done.
    Done,
    /// The numbers of reports up to this one may have been used.
    Counted {
        /// The number.
        reports: u64,
    },
    /// It is done.
    Succeeded {
        /// What came of it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        result: Option<serde_json::Value>,
    },
    /// It was begun, and is not done.
    Failed {
        /// Why.
        reason: Reason,
    },
    /// It was begun, and stopped where nothing is left half done, because it was no longer wanted.
    Cancelled {
        /// What had been done.
        reason: Reason,
    },
    /// The server has its end.
    Acknowledged,
    /// All that is kept of an operation that has ended, once the journal was written anew.
    Remembered {
        /// How it ended.
        ending: Ending,
        /// Whether the server has it.
        acknowledged: bool,
    },
}

/// An operation that was accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// What to do.
    pub operation: Operation,
    /// The boot in which it was accepted. In another it is too late.
    pub boot_id: BootId,
    /// It must have begun before dom0 has been up for so many seconds.
    pub begin_before_uptime_seconds: u64,
    /// What of those that wait is begun first.
    #[serde(default, skip_serializing_if = "Priority::is_usual")]
    pub priority: Priority,
}

/// How an operation ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ending {
    /// One of the ends.
    pub state: Reported,
    /// The number of the report that says so, higher than any before.
    pub report: u64,
    /// When.
    pub at: Timestamp,
    /// Why, where it failed or was rejected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// What came of it; dropped once the server has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<serde_json::Value>,
}

/// Where an operation stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// On disk, not begun.
    Accepted {
        /// What to do.
        task: Task,
        /// Since when.
        at: Timestamp,
    },
    /// Begun.
    Begun {
        /// What to do.
        task: Task,
        /// Since when.
        at: Timestamp,
        /// The boot in which it was begun.
        boot_id: BootId,
        /// What it consists of.
        steps: Vec<Step>,
        /// How many steps are done. The next one may be, too.
        done: usize,
        /// The highest number of a report that may have been used.
        reports: u64,
    },
    /// Over.
    Ended {
        /// How.
        ending: Ending,
        /// Whether the server has it.
        acknowledged: bool,
    },
}

/// An event that cannot follow: the journal is not one that we wrote.
#[derive(Debug, thiserror::Error)]
#[error("operation {id}: {event} cannot follow there")]
pub struct IllegalEvent {
    id: OperationId,
    event: String,
}

impl Standing {
    /// Where an operation stands after `entry`, that stood at `before`.
    pub fn after(before: Option<&Self>, entry: Entry) -> Result<Self, IllegalEvent> {
        let Entry { id, at, event } = entry;
        let illegal = |event: &Event| IllegalEvent { id, event: format!("{event:?}") };
        let end = |state, report, reason, result| Self::Ended {
            ending: Ending { state, report, at, reason, result },
            acknowledged: false,
        };
        match (before, event) {
            (None, Event::Accepted(task)) => Ok(Self::Accepted { task, at }),
            (None, Event::Rejected { reason }) => {
                Ok(end(Reported::Rejected, 1, Some(reason), None))
            }
            (None, Event::Withdrawn) => Ok(end(Reported::Cancelled, 1, None, None)),
            (None, Event::Remembered { ending, acknowledged }) => {
                Ok(Self::Ended { ending, acknowledged })
            }
            (Some(Self::Accepted { .. }), Event::Rejected { reason }) => {
                Ok(end(Reported::Rejected, 2, Some(reason), None))
            }
            (Some(Self::Accepted { .. }), Event::Withdrawn) => {
                Ok(end(Reported::Cancelled, 2, None, None))
            }
            (Some(Self::Accepted { task, .. }), Event::Begun { boot_id, steps }) => {
                let reports = 2 + RESERVED_REPORTS;
                Ok(Self::Begun { task: task.clone(), at, boot_id, steps, done: 0, reports })
            }
            (Some(begun @ Self::Begun { reports, .. }), event) => match event {
                Event::Done | Event::Counted { .. } => {
                    begun.going_on(&event).ok_or_else(|| illegal(&event))
                }
                Event::Succeeded { result } => {
                    Ok(end(Reported::Succeeded, reports + 1, None, result))
                }
                Event::Failed { reason } => {
                    Ok(end(Reported::Failed, reports + 1, Some(reason), None))
                }
                Event::Cancelled { reason } => {
                    Ok(end(Reported::Cancelled, reports + 1, Some(reason), None))
                }
                event => Err(illegal(&event)),
            },
            (Some(Self::Ended { ending, .. }), Event::Acknowledged) => {
                let ending = Ending { result: None, ..ending.clone() };
                Ok(Self::Ended { ending, acknowledged: true })
            }
            (_, event) => Err(illegal(&event)),
        }
    }

    fn going_on(&self, event: &Event) -> Option<Self> {
        let mut after = self.clone();
        let Self::Begun { steps, done, reports, .. } = &mut after else { return None };
        match event {
            Event::Done if *done < steps.len() => *done += 1,
            Event::Counted { reports: counted } if *counted > *reports => *reports = *counted,
            _ => return None,
        }
        Some(after)
    }

    /// The fewest events that lead here, for a journal that is written anew.
    pub fn entries(&self, id: OperationId) -> Vec<Entry> {
        let entry = |at: &Timestamp, event| Entry { id, at: *at, event };
        match self {
            Self::Accepted { task, at } => vec![entry(at, Event::Accepted(task.clone()))],
            Self::Begun { task, at, boot_id, steps, done, reports } => {
                let begun = Event::Begun { boot_id: *boot_id, steps: steps.clone() };
                let mut entries = vec![entry(at, Event::Accepted(task.clone())), entry(at, begun)];
                entries.extend((0..*done).map(|_| entry(at, Event::Done)));
                if *reports > 2 + RESERVED_REPORTS {
                    entries.push(entry(at, Event::Counted { reports: *reports }));
                }
                entries
            }
            Self::Ended { ending, acknowledged } => {
                let event =
                    Event::Remembered { ending: ending.clone(), acknowledged: *acknowledged };
                vec![entry(&ending.at, event)]
            }
        }
    }

    /// What the server is told.
    pub fn report(&self, id: OperationId) -> Report {
        let plain = |report, state, at: &Timestamp| Report {
            id,
            report,
            state,
            at: *at,
            reason: None,
            progress: None,
            result: None,
        };
        match self {
            Self::Accepted { at, .. } => plain(1, Reported::Accepted, at),
            Self::Begun { at, .. } => plain(2, Reported::Running, at),
            Self::Ended { ending, .. } => Report {
                reason: ending.reason.clone(),
                result: ending.result.clone(),
                ..plain(ending.report, ending.state, &ending.at)
            },
        }
    }

    /// Whether it is over.
    pub fn is_ended(&self) -> bool {
        matches!(self, Self::Ended { .. })
    }

    /// Whether the server still has to hear of it.
    pub fn is_owed(&self) -> bool {
        !matches!(self, Self::Ended { acknowledged: true, .. })
    }

    /// The operation, while it is not over.
    pub fn task(&self) -> Option<&Task> {
        match self {
            Self::Accepted { task, .. } | Self::Begun { task, .. } => Some(task),
            Self::Ended { .. } => None,
        }
    }
}
