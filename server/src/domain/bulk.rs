//! What was asked of many appliances at once, as operators see it.

use std::collections::BTreeMap;

use domfleet_shared::Timestamp;
use domfleet_shared::id::{BulkId, OperationId};
use domfleet_shared::operation::{Class, Operation, OperationState, Priority, Progress, Reason};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::operation::Requester;
use super::people::Named;

/// Something that was asked of many appliances at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = BulkView)]
pub struct Bulk {
    /// Its id; nothing where it was only tried out.
    pub id: Option<BulkId>,
    /// Whether it was only tried out: nothing is asked of anybody.
    pub dry_run: bool,
    /// What kind of thing.
    pub kind: String,
    /// What it can do.
    pub class: Class,
    /// All of it.
    pub operation: Operation,
    /// What is offered first.
    pub priority: Priority,
    /// The filter that chose them, where one did.
    pub filter: Option<String>,
    /// Who asked.
    pub requested_by: Option<Requester>,
    /// When.
    pub created_at: Timestamp,
    /// How many appliances.
    pub total: u64,
    /// How many there are in each [`BulkResult::state`]; states that none is in are left out.
    pub counts: BTreeMap<String, u64>,
    /// Whether nothing more will change.
    pub done: bool,
    /// Some of the appliances; failures first.
    pub results: Vec<BulkResult>,
    /// What to send as `next` to go on; nothing at the end.
    pub next: Option<String>,
}

/// What became of it at one appliance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BulkResult {
    /// The appliance.
    pub appliance: Named,
    /// `pending` where it has not been asked yet, `refused` where it was not admitted, `admitted`
    /// where it would be, else the operation's state.
    pub state: String,
    /// The operation, where there is one.
    pub operation_id: Option<OperationId>,
    /// Why it was not admitted or not done.
    pub reason: Option<Reason>,
    /// What a person can do about a refusal.
    pub what_to_do: Option<String>,
    /// How far the agent is with it.
    pub progress: Option<Progress>,
}

/// The same without what became of it at each appliance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = BulkSummaryView)]
pub struct BulkSummary {
    /// Its id.
    pub id: BulkId,
    /// What kind of thing.
    pub kind: String,
    /// What it can do.
    pub class: Class,
    /// What is offered first.
    pub priority: Priority,
    /// The filter that chose the appliances, where one did.
    pub filter: Option<String>,
    /// Who asked.
    pub requested_by: Requester,
    /// When.
    pub created_at: Timestamp,
    /// How many appliances.
    pub total: u64,
    /// How many there are in each [`BulkResult::state`]; states that none is in are left out.
    pub counts: BTreeMap<String, u64>,
    /// Whether nothing more will change.
    pub done: bool,
}

/// What became of it where what was asked of many is no longer wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BulkCancelled {
    /// Appliances that were not asked yet, and are not asked any more.
    pub withdrawn: u64,
    /// Operations that are over: nobody had heard of them.
    pub cancelled: u64,
    /// Operations that are over once their appliance has said so.
    pub cancelling: u64,
}

/// The states of results that are no operation's.
pub const PENDING: &str = "pending";
pub const REFUSED: &str = "refused";
pub const ADMITTED: &str = "admitted";

/// Where a state comes in a list: what a person must look at first.
pub fn rank(state: &str) -> u8 {
    use OperationState as S;
    match OperationState::parse(state) {
        None if state == REFUSED => 0,
        Some(S::Failed) => 1,
        Some(S::Rejected) => 2,
        Some(S::Lost) => 3,
        Some(S::WrittenOff) => 4,
        Some(S::Expired) => 5,
        Some(S::Cancelled) => 6,
        Some(S::Cancelling) => 7,
        Some(S::Running) => 8,
        Some(S::Accepted) => 9,
        Some(S::Offered) => 10,
        Some(S::Queued) => 11,
        None => 12,
        Some(S::Succeeded) => 13,
    }
}

/// Whether nothing comes after a state.
pub fn is_end(state: &str) -> bool {
    match OperationState::parse(state) {
        Some(state) => state.is_end(),
        None => state != PENDING,
    }
}

/// What must be typed before something is ended or destroyed at that many appliances.
pub fn confirmation(class: Class, appliances: usize) -> Option<String> {
    (class == Class::Destructive).then(|| match appliances {
        1 => "1 appliance".to_owned(),
        more => format!("{more} appliances"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_failed_comes_before_what_goes_on_and_success_comes_last() {
        let mut states = vec!["succeeded", "running", "failed", "pending", "refused", "lost"];
        states.sort_by_key(|state| rank(state));

        assert_eq!(states, ["refused", "failed", "lost", "running", "pending", "succeeded"]);
    }

    #[test]
    fn only_what_destroys_is_confirmed_and_by_how_many_it_concerns() {
        assert_eq!(confirmation(Class::Mutate, 5), None);
        assert_eq!(confirmation(Class::Destructive, 1).as_deref(), Some("1 appliance"));
        assert_eq!(confirmation(Class::Destructive, 12).as_deref(), Some("12 appliances"));
    }
}
