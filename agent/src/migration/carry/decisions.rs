//! What people have decided, each carried out once: the journal tells by which number.

use domfleet_shared::migration::Event;
use domfleet_shared::migration::talk::{Decision, RefusedDecision, What};

use super::error::TurnError;
use super::host::Host;
use super::ledger::Ledger;
use super::scene::Scene;
use crate::migration::book::BookError;

/// Puts the first that is not on record yet on record: what it says follows from there. Says what that was, and which
/// cannot be carried out.
pub(super) fn carry_out<H: Host>(
    scene: &Scene<'_, H>,
    ledger: &mut Ledger<'_, H>,
) -> Result<(Option<String>, Vec<RefusedDecision>), TurnError> {
    let mut refused = Vec::new();
    let Some(intent) = &scene.wanted.intent else { return Ok((None, refused)) };
    for decision in open(&intent.decisions, ledger) {
        let mut refuse =
            |why: String| refused.push(RefusedDecision { number: decision.number, why });
        let Some(event) = event(decision, ledger) else {
            refuse("this agent does not know how: update it".to_owned());
            continue;
        };
        match ledger.tell_decision(decision.number, event) {
            Ok(()) => return Ok((Some("carrying out what was decided".to_owned()), refused)),
            Err(TurnError::Book(BookError::Illegal(_))) => {
                refuse(why_not(&decision.what).to_owned())
            }
            Err(error) => return Err(error),
        }
    }
    Ok((None, refused))
}

/// Whether somebody wants the system before back, and it is not on record yet.
pub(super) fn wants_way_back<H: Host>(scene: &Scene<'_, H>, ledger: &Ledger<'_, H>) -> bool {
    let story = ledger.story();
    if story.rolling_back.is_some() || story.end.is_some() {
        return false;
    }
    let Some(intent) = &scene.wanted.intent else { return false };
    let open = open(&intent.decisions, ledger);
    let mut way =
        open.iter().filter(|decision| matches!(decision.what, What::RollBack { .. } | What::Stay));
    way.next_back().is_some_and(|last| last.what != What::Stay)
}

/// Those that are not on record yet.
fn open<'d, H: Host>(decisions: &'d [Decision], ledger: &Ledger<'_, H>) -> Vec<&'d Decision> {
    let told = |number: u64| ledger.records().iter().any(|record| record.decision == Some(number));
    decisions.iter().filter(|decision| !told(decision.number)).collect()
}

fn event<H: Host>(decision: &Decision, ledger: &Ledger<'_, H>) -> Option<Event> {
    let by = decision.by.clone();
    Some(match &decision.what {
        What::Retry { vm, afresh } => Event::VmRetried { vm: *vm, by, afresh: *afresh },
        What::Waive { vm } => Event::VmWaived { vm: *vm, by },
        What::RollBack { reason } => {
            let (_, after) = ledger.story().adopted?;
            Event::RollingBack { reason: reason.clone(), after }
        }
        What::Stay => Event::WayBackWithdrawn { by },
        What::Unknown => return None,
    })
}

fn why_not(what: &What) -> &'static str {
    match what {
        What::Retry { .. } | What::Waive { .. } => {
            "the VM has not failed, so there is nothing to decide"
        }
        What::RollBack { .. } => "it is on its way back already, or this is the system before",
        What::Stay => "nobody is on the way back",
        What::Unknown => "this agent does not know how: update it",
    }
}
