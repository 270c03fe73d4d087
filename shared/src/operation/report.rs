//! What the agent tells of an operation.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Reported;
use crate::Timestamp;
use crate::id::OperationId;

/// Where an operation is, in the agent's words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Report {
    /// The operation.
    pub id: OperationId,
    /// Counts the reports of this operation from 1; the server acknowledges by it.
    pub report: u64,
    /// Where it is.
    pub state: Reported,
    /// When it came there, by the agent's clock.
    pub at: Timestamp,
    /// Why, where it failed or was rejected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// How far it is, while it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<Progress>,
    /// What came of it, for people and programs: small, and never a secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<serde_json::Value>,
}

/// Why an operation was not done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Reason {
    /// A word for programs: `expired`, `epoch`, `read_only`, `unknown_kind`, `not_found`,
    /// `not_ours`, `no_room`, `withdrawn`, `unknown`, `timeout`, `refused`, `disk_full` …
    pub code: String,
    /// A sentence for people.
    pub message: String,
}

/// How far an operation is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Progress {
    /// What is being done now, for people.
    pub step: String,
    /// Bytes done.
    pub done_bytes: u64,
    /// Bytes in all, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total_bytes: Option<u64>,
    /// Bytes a second, lately.
    pub rate_bytes_per_second: u64,
    /// Seconds left at that rate, where that can be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left_seconds: Option<u64>,
}
