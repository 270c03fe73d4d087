//! How far an operation is, and what can happen to it.
//!
//! ```text
//!  queued ──▶ offered ──▶ accepted ──▶ running ──▶ succeeded | failed
//!    │           │            │ │        │ │ ▲
//!    ▼           ├────────────┼─┴────────┘ ▼ │ a later report
//!  cancelled     ▼            ▼           lost ──▶ written_off
//!  expired   cancelling    rejected
//!                └──▶ cancelled | succeeded | failed | rejected | lost
//! ```
//!
//! The server alone moves an operation that is still queued. From the first offer on, only the
//! agent's word ends it: silence is not a no. An agent that is asked to cancel what it has begun
//! stops at the next point where nothing is left half done, or goes on to the end; until it says
//! which, the operation is cancelling, whatever else it tells of it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How far an operation is, as the server knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OperationState {
    /// Waiting at the server; no agent has heard of it.
    Queued,
    /// Sent to the agent, which has not answered.
    Offered,
    /// No longer wanted after it was offered; the agent has not said what became of it.
    Cancelling,
    /// On the agent's disk.
    Accepted,
    /// Begun.
    Running,
    /// Begun, and silent past its deadline. Not an end.
    Lost,
    /// Done.
    Succeeded,
    /// Begun, and not done.
    Failed,
    /// Never begun: the agent said why.
    Rejected,
    /// Withdrawn before it was begun, or stopped where nothing is left half done.
    Cancelled,
    /// Never offered: its time ran out.
    Expired,
    /// Lost, and given up by an operator. Frees the server's lock and nothing else.
    WrittenOff,
}

impl OperationState {
    /// All of them, in the order in which they come.
    pub const ALL: [Self; 12] = [
        Self::Queued,
        Self::Offered,
        Self::Cancelling,
        Self::Accepted,
        Self::Running,
        Self::Lost,
        Self::Succeeded,
        Self::Failed,
        Self::Rejected,
        Self::Cancelled,
        Self::Expired,
        Self::WrittenOff,
    ];

    /// Whether nothing comes after it.
    pub fn is_end(self) -> bool {
        match self {
            Self::Queued
            | Self::Offered
            | Self::Cancelling
            | Self::Accepted
            | Self::Running
            | Self::Lost => false,
            Self::Succeeded
            | Self::Failed
            | Self::Rejected
            | Self::Cancelled
            | Self::Expired
            | Self::WrittenOff => true,
        }
    }

    /// As it is written in JSON and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Offered => "offered",
            Self::Cancelling => "cancelling",
            Self::Accepted => "accepted",
            Self::Running => "running",
            Self::Lost => "lost",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Rejected => "rejected",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
            Self::WrittenOff => "written_off",
        }
    }

    /// The state of that name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }

    /// The state after `change`.
    pub fn after(self, change: Change) -> Result<Self, IllegalChange> {
        use OperationState as S;
        match (self, change) {
            // Offering again is the same offer: the id is the key.
            (S::Queued | S::Offered, Change::Offer) => Ok(S::Offered),
            (S::Queued, Change::Cancel) => Ok(S::Cancelled),
            (S::Offered | S::Cancelling | S::Accepted | S::Running, Change::Cancel) => {
                Ok(S::Cancelling)
            }
            (S::Queued, Change::Expire) => Ok(S::Expired),
            (S::Accepted | S::Running | S::Cancelling | S::Lost, Change::Silence) => Ok(S::Lost),
            (S::Lost, Change::WriteOff) => Ok(S::WrittenOff),
            (state, Change::Report(reported)) => state.after_report(reported),
            (state, change) => Err(IllegalChange { state, change }),
        }
    }

    /// An agent may have said less than it did: a message lost on the way is made up for by the
    /// next one, so reports may skip states, but never lead back.
    fn after_report(self, reported: Reported) -> Result<Self, IllegalChange> {
        use OperationState as S;
        let to = reported.state();
        match (self, reported) {
            _ if self == to => Ok(self),
            // It goes on, and may still stop: only an end says which. And an older report that was
            // overtaken says nothing new.
            (S::Cancelling, Reported::Accepted | Reported::Running)
            | (S::Running | S::Lost, Reported::Accepted) => Ok(self),
            (S::Offered | S::Cancelling, _)
            | (
                S::Accepted,
                Reported::Running
                | Reported::Succeeded
                | Reported::Failed
                | Reported::Rejected
                | Reported::Cancelled,
            )
            | (
                S::Running | S::Lost,
                Reported::Succeeded | Reported::Failed | Reported::Cancelled,
            )
            | (S::Lost, Reported::Running | Reported::Rejected) => Ok(to),
            (state, reported) => Err(IllegalChange { state, change: Change::Report(reported) }),
        }
    }
}

/// What can happen to an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Change {
    /// The server sends it to the agent.
    Offer,
    /// An operator no longer wants it.
    Cancel,
    /// Nobody could be offered it in time.
    Expire,
    /// The agent says where it is.
    Report(Reported),
    /// The agent has said nothing until the deadline.
    Silence,
    /// An operator gives it up.
    WriteOff,
}

/// What an agent can say of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reported {
    /// It is on disk and will be begun.
    Accepted,
    /// It is begun.
    Running,
    /// It is done.
    Succeeded,
    /// It was begun and is not done.
    Failed,
    /// It was never begun.
    Rejected,
    /// It was withdrawn before it was begun, or stopped where nothing is left half done.
    Cancelled,
}

impl Reported {
    /// Whether the agent says nothing more of the operation after it.
    pub fn is_end(self) -> bool {
        self.state().is_end()
    }

    /// The state that it asks for.
    pub fn state(self) -> OperationState {
        match self {
            Self::Accepted => OperationState::Accepted,
            Self::Running => OperationState::Running,
            Self::Succeeded => OperationState::Succeeded,
            Self::Failed => OperationState::Failed,
            Self::Rejected => OperationState::Rejected,
            Self::Cancelled => OperationState::Cancelled,
        }
    }
}

/// A change that an operation in this state cannot undergo.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an operation that is {} cannot undergo {change:?}", state.as_str())]
pub struct IllegalChange {
    /// Where it was.
    pub state: OperationState,
    /// What was to happen.
    pub change: Change,
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPORTS: [Reported; 6] = [
        Reported::Accepted,
        Reported::Running,
        Reported::Succeeded,
        Reported::Failed,
        Reported::Rejected,
        Reported::Cancelled,
    ];

    fn changes() -> Vec<Change> {
        let mut all =
            vec![Change::Offer, Change::Cancel, Change::Expire, Change::Silence, Change::WriteOff];
        all.extend(REPORTS.map(Change::Report));
        all
    }

    #[test]
    fn nothing_leaves_an_end() {
        for state in OperationState::ALL.into_iter().filter(|state| state.is_end()) {
            for change in changes() {
                if let Ok(after) = state.after(change) {
                    assert_eq!(after, state, "{change:?}");
                }
            }
        }
    }

    #[test]
    fn once_offered_only_the_agent_s_word_or_an_operator_s_giving_up_ends_it() {
        for state in OperationState::ALL {
            if state == OperationState::Queued || state.is_end() {
                continue;
            }
            for change in changes() {
                let Ok(after) = state.after(change) else { continue };
                if after.is_end() {
                    let by_agent = matches!(change, Change::Report(_));
                    let given_up = state == OperationState::Lost && change == Change::WriteOff;
                    assert!(by_agent || given_up, "{state:?} ended by {change:?}");
                }
            }
        }
    }

    #[test]
    fn what_no_agent_has_heard_of_cannot_be_reported() {
        for reported in REPORTS {
            assert!(OperationState::Queued.after(Change::Report(reported)).is_err());
        }
    }

    #[test]
    fn what_is_to_be_cancelled_stays_so_until_the_agent_says_how_it_ended() {
        for from in [OperationState::Offered, OperationState::Accepted, OperationState::Running] {
            let cancelling = from.after(Change::Cancel).unwrap();

            assert_eq!(cancelling, OperationState::Cancelling);
            for going_on in [Reported::Accepted, Reported::Running] {
                assert_eq!(cancelling.after(Change::Report(going_on)), Ok(cancelling));
            }
            for end in [Reported::Cancelled, Reported::Succeeded, Reported::Failed] {
                assert_eq!(cancelling.after(Change::Report(end)), Ok(end.state()));
            }
        }
    }

    #[test]
    fn a_running_operation_is_never_rejected() {
        assert!(OperationState::Running.after(Change::Report(Reported::Rejected)).is_err());
    }

    #[test]
    fn every_state_is_found_by_its_name() {
        for state in OperationState::ALL {
            assert_eq!(OperationState::parse(state.as_str()), Some(state));
            assert_eq!(serde_json::to_value(state).unwrap(), state.as_str());
        }
    }
}
