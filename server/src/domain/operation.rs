//! An operation, as operators see it.

use domfleet_shared::Timestamp;
use domfleet_shared::id::{ApplianceId, BulkId, BundleId, OperationId, OperatorId};
use domfleet_shared::operation::{Class, Operation, OperationState, Priority, Progress, Reason};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::people::Named;

/// One thing asked of one appliance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OperationView {
    /// Its id.
    pub id: OperationId,
    /// The appliance.
    pub appliance: Named,
    /// The epoch of the appliance that it is for.
    pub epoch: u32,
    /// What kind of thing.
    pub kind: String,
    /// What it can do.
    pub class: Class,
    /// All of it.
    pub operation: Operation,
    /// How far it is.
    pub state: OperationState,
    /// Who asked; nothing where the server did.
    pub requested_by: Option<Requester>,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it was first sent to the agent.
    pub offered_at: Option<Timestamp>,
    /// When the agent had it on disk.
    pub accepted_at: Option<Timestamp>,
    /// When the agent began.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// When it is no longer to be begun.
    pub expires_at: Timestamp,
    /// When silence makes it lost.
    pub deadline_at: Option<Timestamp>,
    /// How far the agent is with it.
    pub progress: Option<Progress>,
    /// Why it was not done.
    pub reason: Option<Reason>,
    /// What came of it.
    #[schema(value_type = Option<Object>)]
    pub result: Option<serde_json::Value>,
    /// The bundle that it fills.
    pub bundle_id: Option<BundleId>,
    /// What is offered first.
    pub priority: Priority,
    /// The request that asked many at once.
    pub bulk_id: Option<BulkId>,
    /// Rises with each change.
    pub version: u64,
}

impl OperationView {
    /// The appliance's id.
    pub fn appliance_id(&self) -> ApplianceId {
        ApplianceId(self.appliance.id)
    }
}

/// Who asked for something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = RequestedBy)]
pub struct Requester {
    /// The operator.
    pub id: OperatorId,
    /// Its e-mail address.
    pub email: String,
}
