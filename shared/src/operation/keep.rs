//! How many backup sets are kept.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How many sets of the same VMs are kept when room is made. A set that any of these numbers keeps
/// stays, and so does the newest verified set that holds a VM.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct Keep {
    /// The newest.
    pub last: u32,
    /// The newest of each of so many days, of those that have one.
    pub daily: u32,
    /// The same of weeks, which begin on Monday.
    pub weekly: u32,
    /// The same of months.
    pub monthly: u32,
}

impl Keep {
    /// Whether it says that something is kept at all.
    pub fn is_something(&self) -> bool {
        *self != Self::default()
    }
}
