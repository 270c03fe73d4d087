//! One turn of whoever carries a migration out: look, decide, do one step, say what came of it.
//!
//! Nothing is remembered between two turns but what is on the drive, on the system disk and in the agent's
//! folder, so that a turn after a power cut is a turn like any other.

use std::time::Duration;

use domfleet_shared::id::DriveId;
use domfleet_shared::migration::Record;
use domfleet_shared::migration::talk::{Ask, CarriedIdentity, Now, RefusedDecision, Waits};

/// What came of a turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// The journal on the drive, whole; nothing where the drive is not there, or no journal on it yet.
    pub story: Option<Vec<Record>>,
    /// What is being done, or waited for.
    pub now: Now,
    /// What is asked of the server.
    pub ask: Option<Ask>,
    /// Decisions that could not be carried out.
    pub refused: Vec<RefusedDecision>,
    /// The drive, where one is in use.
    pub drive: Option<DriveId>,
    /// What is on the drive for the system after the reset to be taken in again by.
    pub carried: Option<CarriedIdentity>,
    /// When the next turn is due.
    pub again: Again,
}

impl Turn {
    /// A turn in which nothing was done, because there is nothing here to do it with: `what` says why.
    pub fn idle(what: impl Into<String>, waits: Option<Waits>, again: Again) -> Self {
        let now = Now { waits, what: what.into(), done: None, total: None, trouble: None };
        Self { story: None, now, ask: None, refused: Vec::new(), drive: None, carried: None, again }
    }
}

/// When the next turn is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Again {
    /// Now: a step was done.
    AtOnce,
    /// After that, or as soon as something else is wanted.
    After(Duration),
    /// Never: it is over, and nothing of it is left to be done here.
    Never,
}
