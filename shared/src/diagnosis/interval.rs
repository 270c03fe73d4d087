//! A stretch of one boot in which nothing changed.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::boot::BootEnd;
use crate::component::Component;
use crate::survival::{Spell, SpellError};

/// What an appliance is made of; a component that is not known is missing.
pub type Values = BTreeMap<Component, String>;

/// The components that are told of: the suspects, and those that are the sum of others or beside the point.
pub const COMPONENTS: [Component; 11] = [
    Component::Hypervisor,
    Component::Dom0Kernel,
    Component::Xen,
    Component::QemuRunning,
    Component::QemuInstalled,
    Component::Alpine,
    Component::DiskFormat,
    Component::IoScheduler,
    Component::Swap,
    Component::Overcommit,
    Component::Agent,
];

/// A stretch of one boot in which nothing changed. Those of one appliance stand in the order of time, and those
/// of one boot beside each other.
#[derive(Clone, Debug, PartialEq)]
pub struct Interval {
    /// The appliance, as the caller calls it.
    pub appliance: Arc<str>,
    /// The boot; told apart within its appliance only.
    pub boot: Arc<str>,
    /// The uptime from which on it was watched, in days.
    pub entry_days: f64,
    /// The uptime up to which it was.
    pub exit_days: f64,
    /// What then was.
    pub end: End,
    /// What it was made of.
    pub values: Arc<Values>,
}

/// What was at the end of an interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// It went on, made of something else or no longer watched.
    Alive,
    /// The boot ended so.
    Ended(BootEnd),
}

impl End {
    /// Whether it froze, panicked or was ended by a watchdog.
    pub fn is_death(self) -> bool {
        matches!(self, Self::Ended(end) if end.is_failure())
    }

    /// Whether nobody knows how it ended, so that it has to count both ways.
    pub fn is_unknown(self) -> bool {
        self == Self::Ended(BootEnd::Unknown)
    }
}

impl Interval {
    /// As statistics see it: with an event where it died.
    pub fn spell(&self) -> Result<Spell, SpellError> {
        Spell::late(self.entry_days, self.exit_days, self.end.is_death())
    }
}
