//! What people may do to a migration that is under way, and when.

use domfleet_shared::Timestamp;
use domfleet_shared::id::VmId;
use domfleet_shared::migration::permit::Release;
use domfleet_shared::migration::phase::End;
use domfleet_shared::migration::talk::{Waits, What};
use domfleet_shared::migration::vm::Progress;

use super::view::MigrationPhase;
use super::wanted::{Decided, DecidedState, GivenUp, Lost};
use super::{Standing, Story};

/// No reason is longer, in letters.
pub const LONGEST_REASON: usize = 2000;

/// Why something is not done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{title}")]
pub struct Refused {
    /// A word for programs, which never changes.
    pub code: &'static str,
    /// What is in the way.
    pub title: String,
    /// What can be done instead.
    pub what_to_do: String,
    /// Whether it is the request that is wrong, and not the moment.
    pub is_request: bool,
}

impl Refused {
    /// It is not the moment for it.
    pub fn now(code: &'static str, title: impl Into<String>, todo: impl Into<String>) -> Self {
        Self { code, title: title.into(), what_to_do: todo.into(), is_request: false }
    }

    /// What was asked for cannot be.
    pub fn request(code: &'static str, title: impl Into<String>, todo: impl Into<String>) -> Self {
        Self { code, title: title.into(), what_to_do: todo.into(), is_request: true }
    }
}

/// What a person wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    /// Give it up, before the point of no return.
    GiveUp { end: End, reason: String },
    /// Go back to the system before.
    RollBack { reason: String },
    /// Stay after all.
    Stay,
    /// The appliance is not expected back.
    Lose { reason: String },
    /// Try a VM again.
    Retry { vm: VmId, afresh: bool },
    /// Go without a VM.
    Waive { vm: VmId },
}

impl Wish {
    /// Its name in the trail.
    pub fn action(&self) -> &'static str {
        match self {
            Self::GiveUp { end: End::Deferred, .. } => "migration.defer",
            Self::GiveUp { .. } => "migration.cancel",
            Self::RollBack { .. } => "migration.roll_back",
            Self::Stay => "migration.stay",
            Self::Lose { .. } => "migration.lose",
            Self::Retry { .. } => "migration.retry_vm",
            Self::Waive { .. } => "migration.waive_vm",
        }
    }
}

/// Whether `wish` can be had now; `is_there` is whether the appliance is connected.
pub fn check(
    standing: &Standing,
    story: &Story,
    wish: &Wish,
    is_there: bool,
) -> Result<(), Refused> {
    // Whoever can send somebody with the stick for the way back has not given it up.
    if standing.wanted.lost.is_some() && !matches!(wish, Wish::RollBack { .. }) {
        let todo = "It goes on by itself as soon as the appliance is heard of again.";
        return Err(Refused::now("over", "the appliance is not expected back", todo));
    }
    match wish {
        Wish::GiveUp { reason, .. } => {
            reason_of(reason)?;
            give_up(standing, story, is_there)
        }
        Wish::RollBack { reason } => {
            reason_of(reason)?;
            roll_back(standing, story, is_there)
        }
        Wish::Stay => stay(standing, story),
        Wish::Lose { reason } => {
            reason_of(reason)?;
            lose(standing, story, is_there)
        }
        Wish::Retry { vm, .. } | Wish::Waive { vm } => about_vm(standing, story, *vm),
    }
}

/// Notes down that `by` wants it. It has been checked.
pub fn make(standing: &mut Standing, story: &Story, wish: Wish, by: &str, now: Timestamp) {
    let what = match wish {
        Wish::GiveUp { end, reason } => {
            standing.wanted.given_up = Some(GivenUp { end, reason, by: by.into(), at: now });
            standing.revision += 1;
            return;
        }
        Wish::Lose { reason } => {
            standing.wanted.lost = Some(Lost { reason, by: by.into(), at: now });
            (standing.phase, standing.ended_at) = (MigrationPhase::LostAppliance, Some(now));
            standing.revision += 1;
            return;
        }
        Wish::RollBack { reason } => {
            standing.wanted.lost = None;
            standing.phase = story.journey.phase().into();
            What::RollBack { reason }
        }
        Wish::Stay => {
            if let Some(back) = &mut standing.wanted.way_back {
                back.is_withdrawn = true;
            }
            if story.journey.adopted.is_none() {
                withdraw_unseen(standing);
                standing.revision += 1;
                return;
            }
            What::Stay
        }
        Wish::Retry { vm, afresh } => What::Retry { vm, afresh },
        Wish::Waive { vm } => What::Waive { vm },
    };
    let decisions = &mut standing.wanted.decisions;
    let before = decisions.iter().map(|decided| decided.number).max().unwrap_or(0);
    decisions.push(Decided {
        // A server that was restored may have forgotten some that the journal tells of.
        number: before.max(story.decided) + 1,
        by: by.into(),
        at: now,
        what,
        state: DecidedState::Waiting,
        why: None,
    });
    standing.revision += 1;
}

/// A way back that no appliance has heard of is not wanted any more.
fn withdraw_unseen(standing: &mut Standing) {
    let waiting = |decided: &&mut Decided| decided.state == DecidedState::Waiting;
    for decided in standing.wanted.decisions.iter_mut().filter(waiting) {
        decided.state = DecidedState::Refused;
        decided.why = Some("it stays after all".into());
    }
}

fn reason_of(reason: &str) -> Result<(), Refused> {
    let letters = reason.trim().chars().count();
    if (1..=LONGEST_REASON).contains(&letters) {
        return Ok(());
    }
    let title = "the reason is empty, or too long";
    Err(Refused::request(
        "invalid",
        title,
        format!("Say why, in at most {LONGEST_REASON} letters."),
    ))
}

fn give_up(standing: &Standing, story: &Story, is_there: bool) -> Result<(), Refused> {
    let journey = &story.journey;
    if let Some(end) = journey.end {
        return Err(over(end));
    }
    if journey.adopted.is_some() {
        return Err(Refused::now(
            "past_the_point",
            "the system disk was overwritten",
            "Go on, or go back by another reset (rollback).",
        ));
    }
    if standing.wanted.given_up.is_some() || journey.going_back.is_some() {
        return Err(Refused::now(
            "given_up",
            "it is being given up already",
            "Wait until the appliance says that its VMs run again.",
        ));
    }
    if (standing.wanted.permit.is_some() || journey.permit.is_some()) && !is_there {
        return Err(Refused::now(
            "past_the_point",
            "the appliance has a permit and is not heard of: its disk may be being overwritten",
            "Wait until it calls; then cancel it, or go back by another reset (rollback).",
        ));
    }
    Ok(())
}

fn over(end: End) -> Refused {
    let todo = "Nothing is left to be done of it; start another one where that is wanted.";
    Refused::now("over", format!("it is over: {}", end.name()), todo)
}

fn wants_back(standing: &Standing, story: &Story) -> bool {
    let mut wants = story.journey.rolling_back.is_some();
    for decided in standing.wanted.waiting() {
        match decided.what {
            What::RollBack { .. } => wants = true,
            What::Stay => wants = false,
            _ => {}
        }
    }
    wants
}

fn roll_back(standing: &Standing, story: &Story, is_there: bool) -> Result<(), Refused> {
    let journey = &story.journey;
    if wants_back(standing, story) {
        return Err(Refused::now(
            "going_back",
            "it is going back already",
            "Follow the steps that the migration lists.",
        ));
    }
    match journey.adopted {
        Some((Release::Two, _)) => return Ok(()),
        Some((Release::One, _)) => {
            return Err(Refused::now(
                "back_already",
                "it is on the system before already",
                "Decide about the VMs that failed, if there are any.",
            ));
        }
        None => {}
    }
    if let Some(end) = journey.end {
        return Err(over(end));
    }
    if journey.permit.is_none() {
        let todo = "Cancel it: nothing was overwritten.";
        return Err(Refused::now("before_the_point", "the system disk was not overwritten", todo));
    }
    if is_there {
        let title = "the system before is still there";
        let todo = "Cancel it: nothing was overwritten as long as it is heard of.";
        return Err(Refused::now("before_the_point", title, todo));
    }
    Ok(())
}

fn stay(standing: &Standing, story: &Story) -> Result<(), Refused> {
    if matches!(story.journey.adopted, Some((Release::One, _))) || !wants_back(standing, story) {
        let todo = "Nothing has to be done for it to stay.";
        return Err(Refused::now("not_going_back", "it is not going back", todo));
    }
    Ok(())
}

/// Only a reset, or a drive that died after it, loses an appliance: before that it has its VMs.
fn lose(standing: &Standing, story: &Story, is_there: bool) -> Result<(), Refused> {
    let journey = &story.journey;
    if let Some(end) = journey.end {
        return Err(over(end));
    }
    let waits = standing.now.as_ref().and_then(|now| now.waits);
    let may_be_reset = standing.wanted.permit.is_some() || journey.permit.is_some();
    match journey.adopted {
        None if !may_be_reset => {
            let todo = "Cancel it: nothing was overwritten.";
            Err(Refused::now("before_the_point", "the system disk was not overwritten", todo))
        }
        None if is_there => {
            let todo = "Cancel it: nothing was overwritten as long as it is heard of.";
            Err(Refused::now("before_the_point", "the system before is still there", todo))
        }
        Some(_) if is_there && waits != Some(Waits::Drive) => {
            let title = "the appliance is connected, and has its drive";
            let todo = "Follow the steps that the migration lists.";
            Err(Refused::now("not_lost", title, todo))
        }
        _ => Ok(()),
    }
}

fn about_vm(standing: &Standing, story: &Story, vm: VmId) -> Result<(), Refused> {
    let journey = &story.journey;
    let Some(progress) = journey.vms.get(&vm) else {
        let todo = "Choose one of the VMs that come along.";
        return Err(Refused::request("no_such_vm", format!("no VM {vm} comes along"), todo));
    };
    if !matches!(progress, Progress::Failed { .. }) {
        let todo = "Decide about VMs that have failed; the others go on by themselves.";
        return Err(Refused::now("not_failed", "the VM has not failed", todo));
    }
    if let Some(end) = journey.end {
        return Err(over(end));
    }
    let same = |decided: &Decided| matches!(decided.what, What::Retry { vm: of, .. } | What::Waive { vm: of } if of == vm);
    if standing.wanted.waiting().any(same) {
        let todo = "Wait until the appliance has carried that out.";
        return Err(Refused::now("decided", "it is decided what becomes of the VM", todo));
    }
    Ok(())
}
