//! What an agent is told of an operation.

use std::time::Duration;

use domfleet_shared::Timestamp;
use domfleet_shared::operation::{Class, OperationState};

/// An operation that has not been begun.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    pub state: OperationState,
    pub class: Class,
    pub epoch: u32,
    pub expires_at: Timestamp,
}

/// A session with the agent.
#[derive(Clone, Copy, Debug)]
pub struct Reached {
    pub epoch: u32,
    pub read_only: bool,
    pub welcomed_at: Timestamp,
}

/// What to tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tell {
    /// Do it; begin within so long of this session's welcome.
    Offer { start_before: Duration },
    /// Do not do it.
    Withdraw,
}

/// What an agent in a session is told of an operation; nothing where it is not to be told.
///
/// What was offered once is offered again in every session until the agent says something, even
/// after its time and in another epoch: only the agent's word ends it, and its word will be no.
pub fn tell(asked: &Asked, reached: &Reached, now: Timestamp) -> Option<Tell> {
    let may_change = !reached.read_only || asked.class == Class::Read;
    let offer = Tell::Offer { start_before: asked.expires_at.since(reached.welcomed_at) };
    match asked.state {
        OperationState::Queued => {
            let is_for_it = asked.epoch == reached.epoch && now < asked.expires_at;
            (may_change && is_for_it).then_some(offer)
        }
        OperationState::Offered => may_change.then_some(offer),
        OperationState::Cancelling => Some(Tell::Withdraw),
        OperationState::Accepted
        | OperationState::Running
        | OperationState::Lost
        | OperationState::Succeeded
        | OperationState::Failed
        | OperationState::Rejected
        | OperationState::Cancelled
        | OperationState::Expired
        | OperationState::WrittenOff => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_795_000_000_000);
    const MINUTE: Duration = Duration::from_mins(1);

    fn asked(state: OperationState, class: Class) -> Asked {
        Asked { state, class, epoch: 2, expires_at: NOW + MINUTE }
    }

    fn reached() -> Reached {
        Reached { epoch: 2, read_only: false, welcomed_at: NOW - MINUTE }
    }

    #[test]
    fn what_waits_is_offered_with_its_time_counted_from_the_welcome() {
        for state in [OperationState::Queued, OperationState::Offered] {
            let told = tell(&asked(state, Class::Destructive), &reached(), NOW);

            assert_eq!(told, Some(Tell::Offer { start_before: 2 * MINUTE }));
        }
    }

    #[test]
    fn one_that_may_be_a_clone_is_asked_for_nothing_that_changes_anything() {
        let reached = Reached { read_only: true, ..reached() };
        let told = |state, class| tell(&asked(state, class), &reached, NOW);

        for state in [OperationState::Queued, OperationState::Offered] {
            assert_eq!(told(state, Class::Mutate), None);
            assert_eq!(told(state, Class::Destructive), None);
            assert!(told(state, Class::Read).is_some());
        }
        assert_eq!(told(OperationState::Cancelling, Class::Mutate), Some(Tell::Withdraw));
    }

    #[test]
    fn what_is_for_another_epoch_or_too_late_is_not_offered_for_the_first_time() {
        let other = Reached { epoch: 3, ..reached() };
        let late = NOW + 2 * MINUTE;

        assert_eq!(tell(&asked(OperationState::Queued, Class::Read), &other, NOW), None);
        assert_eq!(tell(&asked(OperationState::Queued, Class::Read), &reached(), late), None);
        assert!(tell(&asked(OperationState::Offered, Class::Read), &other, late).is_some());
    }

    #[test]
    fn what_the_agent_has_is_not_offered_again() {
        for state in OperationState::ALL {
            let told = tell(&asked(state, Class::Read), &reached(), NOW).is_some();
            let open =
                [OperationState::Queued, OperationState::Offered, OperationState::Cancelling];

            assert_eq!(told, open.contains(&state), "{state:?}");
        }
    }
}
