//! The line of a migration's phases: which are done, since when, and on what evidence.

use domfleet_shared::Timestamp;
use domfleet_shared::id::VmId;
use domfleet_shared::migration::journey::Migration as Journey;
use domfleet_shared::migration::{Event, Plan, Record};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::view::MigrationPhase;

/// No step tells more: a journal may be long.
const MOST_EVIDENCE: usize = 200;

/// A phase of a migration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = MigrationLineStep)]
pub struct LineStep {
    /// Which.
    pub phase: MigrationPhase,
    /// Whether it is over.
    pub state: LineState,
    /// When it was come to, by the appliance's clock.
    pub at: Option<Timestamp>,
    /// What the journal says of it, in sentences.
    pub evidence: Vec<String>,
}

/// Whether a phase is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = MigrationLineState)]
pub enum LineState {
    /// It is.
    Done,
    /// It is this one.
    Current,
    /// It comes.
    Ahead,
    /// It will not come.
    Skipped,
}

use MigrationPhase as P;

/// Those that come on the way there. The point of no return lies between sealed and permitted.
const THERE: [P; 11] = [
    P::Preflight,
    P::BackingUp,
    P::Verifying,
    P::Sealed,
    P::Permitted,
    P::Resetting,
    P::AwaitingReturn,
    P::Restoring,
    P::Validating,
    P::Soaking,
    P::Succeeded,
];

/// The line, of a migration that is in the phase `current`.
pub fn line(plan: &Plan, records: &[Record], current: MigrationPhase) -> Vec<LineStep> {
    let visited = visited(plan, records);
    let mut steps: Vec<LineStep> = THERE.into_iter().map(empty).collect();
    // What is not on the way there is told where it was come to.
    for step in &visited {
        match steps.iter_mut().find(|known| known.phase == step.phase) {
            Some(known) => *known = step.clone(),
            None => insert(&mut steps, step.clone()),
        }
    }
    if !steps.iter().any(|step| step.phase == current) {
        insert(&mut steps, empty(current));
    }
    let at = steps.iter().position(|step| step.phase == current).unwrap_or(0);
    let goes_on = THERE.contains(&current) || current == P::NeedsHands;
    for (place, step) in steps.iter_mut().enumerate() {
        step.state = if place == at {
            LineState::Current
        } else if step.at.is_some() && (place < at || !goes_on) {
            LineState::Done
        } else if place > at && goes_on {
            LineState::Ahead
        } else {
            LineState::Skipped
        };
    }
    // A reset is not told of while it lasts: who has come back has had one.
    if visited.iter().any(|step| step.phase == P::AwaitingReturn) {
        let reset = steps.iter_mut().find(|step| step.phase == P::Resetting && step.at.is_none());
        if let Some(reset) = reset.filter(|reset| reset.state != LineState::Current) {
            reset.state = LineState::Done;
        }
    }
    steps
}

fn empty(phase: MigrationPhase) -> LineStep {
    LineStep { phase, state: LineState::Ahead, at: None, evidence: Vec::new() }
}

fn insert(steps: &mut Vec<LineStep>, step: LineStep) {
    let place = match step.phase {
        P::NeedsHands => steps.iter().position(|known| known.phase == P::Soaking),
        _ => None,
    };
    steps.insert(place.unwrap_or(steps.len()), step);
}

/// The phases that were come to, each with what is told of it.
fn visited(plan: &Plan, records: &[Record]) -> Vec<LineStep> {
    let Ok(mut journey) = Journey::begin(plan.clone()) else { return Vec::new() };
    let mut steps: Vec<LineStep> = Vec::new();
    let mut note = |phase: MigrationPhase, at: Timestamp, evidence: Option<String>| {
        let place = steps.iter().position(|step| step.phase == phase).unwrap_or_else(|| {
            steps.push(LineStep { at: Some(at), ..empty(phase) });
            steps.len() - 1
        });
        if let Some(step) = steps.get_mut(place)
            && step.evidence.len() < MOST_EVIDENCE
        {
            step.evidence.extend(evidence);
        }
    };
    for (place, record) in records.iter().enumerate() {
        let before = MigrationPhase::from(journey.phase());
        if place > 0 && journey.add(record).is_err() {
            break;
        }
        let after = MigrationPhase::from(journey.phase());
        let of = match &record.event {
            Event::Permitted { .. }
            | Event::GoingBack { .. }
            | Event::Soaking { .. }
            | Event::Ended { .. }
            | Event::VmFailed { .. } => after,
            Event::Adopted { .. } => P::AwaitingReturn,
            _ => before,
        };
        note(of, record.at, sentence(plan, &record.event));
        note(after, record.at, None);
    }
    steps
}

fn name(plan: &Plan, vm: VmId) -> String {
    let known = plan.vms.iter().find(|known| known.uuid == vm);
    known.map_or_else(|| vm.to_string(), |known| known.name.clone())
}

/// What an event says, where that is worth a sentence.
fn sentence(plan: &Plan, event: &Event) -> Option<String> {
    let vm = |vm: &VmId| name(plan, *vm);
    Some(match event {
        Event::DriveClaimed { drive } => format!("The drive {drive} is the one."),
        Event::AutostartOff { .. } => "dom0 starts no VM by itself.".into(),
        Event::VmStopped { vm: which, clean: true } => format!("{} is shut down.", vm(which)),
        Event::VmStopped { vm: which, clean: false } => {
            format!("{} is off; its guest did not shut down by itself.", vm(which))
        }
        Event::VmRan { vm: which } => {
            format!("{} was started meanwhile: what was copied of it counts no more.", vm(which))
        }
        Event::Sealed { set, generation, .. } => {
            format!("The set {set} is sealed (generation {generation}).")
        }
        Event::Verified { generation } => {
            format!("Every byte of generation {generation} was read back.")
        }
        Event::Copied { generation, .. } => {
            format!("Generation {generation} was copied to the second drive and read back there.")
        }
        Event::Armed { disk, .. } => {
            format!("The disk {} can be overwritten with a permit.", disk.wwid)
        }
        Event::Disarmed { .. } => "The number is gone from the disk: no permit is good.".into(),
        Event::Permitted { permit, not_after } => {
            format!("The permit {permit} is on the drive, good until {not_after}.")
        }
        Event::GoingBack { reason, .. } => format!("It is given up: {reason}"),
        Event::AutostartRestored => "dom0 starts by itself what it started before.".into(),
        Event::Adopted { permit, .. } => {
            format!("The other system has found its permit ({permit}) and its set.")
        }
        Event::RoomFound { needed, free } => {
            format!("There is room: {needed} needed, {free} free.")
        }
        Event::VmRestored { vm: which } => format!("{} is written and was read back.", vm(which)),
        Event::VmHealthy { vm: which, evidence } => {
            format!("{} is healthy: {}", vm(which), evidence.join("; "))
        }
        Event::VmFailed { vm: which, reason } => format!("{} failed: {reason}", vm(which)),
        Event::VmRetried { vm: which, by, .. } => format!("{by} has {} tried again.", vm(which)),
        Event::VmWaived { vm: which, by } => format!("{by} goes without {}.", vm(which)),
        Event::Soaking { until } => format!("The appliance is watched until {until}."),
        Event::RollingBack { reason, .. } => format!("It is to go back: {reason}"),
        Event::WayBackWithdrawn { by } => format!("It stays after all, says {by}."),
        Event::Planned { .. }
        | Event::VmConfigured { .. }
        | Event::TrialBoot { .. }
        | Event::Ended { .. } => return None,
    })
}
