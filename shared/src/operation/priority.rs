//! Which of several operations goes first.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What is offered first to an appliance that has several things to do. It breaks no lock.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// One of many, which nobody waits for.
    Bulk,
    /// As usual.
    #[default]
    Normal,
    /// Somebody stands beside it.
    Urgent,
}

impl Priority {
    /// Whether it is the usual one, which is not written down.
    pub fn is_usual(&self) -> bool {
        *self == Self::default()
    }
}
