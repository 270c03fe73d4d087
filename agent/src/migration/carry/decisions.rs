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
    for decision in &intent.decisions {
        let number = Some(decision.number);
        if ledger.records().iter().any(|record| record.decision == number) {
            continue;
        }
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
