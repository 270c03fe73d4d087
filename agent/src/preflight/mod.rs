//! What a migration would meet on this appliance: looked at, and nothing but looked at. What follows from it is
//! [`domfleet_shared::migration::preflight`]'s to say.

mod blocks;
mod complaints;
mod drives;
mod rate;
mod system;
#[cfg(test)]
mod tests;
mod vms;

use domfleet_shared::Timestamp;
use domfleet_shared::inventory::Vm;
use domfleet_shared::migration::preflight::{Assumptions, Clock, Facts, Report, report};

pub(crate) use self::blocks::Blocks;
pub(crate) use self::complaints::complaints;
pub use self::drives::drive_facts;
pub(crate) use self::drives::look_into;
pub(crate) use self::rate::source_read;
pub(crate) use self::system::{system_disk, system_disk_name};
pub use self::vms::{Where, Whereabouts, vm_facts};

/// This program did not exist before, in milliseconds: the beginning of 2026.
const NOT_BEFORE: Timestamp = Timestamp::from_millis(1_767_225_600_000);

/// A preflight that was asked for.
#[derive(Clone, Debug)]
pub struct Preflight {
    /// The VMs that there are.
    pub vms: Vec<Vm>,
    /// What is taken for granted.
    pub assumptions: Box<Assumptions>,
}

/// Whether a clock that says `now` was ever set.
pub fn clock(now: Timestamp) -> Clock {
    if now < NOT_BEFORE { Clock::Unset } else { Clock::Set }
}

/// What follows from what was found.
pub fn conclude(facts: &Facts, assumptions: &Assumptions) -> Report {
    report(facts, assumptions)
}
