//! Mitigations.

use domfleet_shared::Timestamp;
use serde_json::Value;

use super::{WorkError, answer};
use crate::mitigation::{self, Asked, MitigationError, System};

/// Does what is asked of the mitigations of `system`. Blocks, and is done when it returns, wanted or
/// not: a file that is changed without the others would be half of a mitigation.
pub fn carry_out(system: &impl System, asked: Asked, now: Timestamp) -> Result<Value, WorkError> {
    let done = mitigation::carry_out(system, asked, now);
    answer(&done.map_err(|error: MitigationError| WorkError::because(error.code(), &error))?)
}
