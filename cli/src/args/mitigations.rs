//! The words for mitigations.

use clap::{Args as ClapArgs, Subcommand, ValueEnum};

use super::Waiting;

#[derive(Debug, Subcommand)]
pub(crate) enum Mitigations {
    /// Have an appliance say how a mitigation stands, or all do, and what applying would change.
    Check {
        /// Name, id, or the beginning of an id.
        appliance: String,
        /// Which, instead of all.
        which: Option<Which>,
        #[command(flatten)]
        waiting: Waiting,
    },
    /// Apply one. Of each file that it changes a copy is kept.
    Apply(OneMitigation),
    /// Take one back.
    Revert(OneMitigation),
}

#[derive(Debug, ClapArgs)]
pub(crate) struct OneMitigation {
    /// Name, id, or the beginning of an id.
    pub(crate) appliance: String,
    /// Which.
    pub(crate) which: Which,
    /// Only say what would be changed.
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) waiting: Waiting,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Which {
    /// No swap in dom0.
    Swap,
    /// The order of I/O is left to the disks: scheduler noop, or none.
    Scheduler,
    /// No memory is promised that dom0 does not have.
    Overcommit,
}

impl Which {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Swap => "swap",
            Self::Scheduler => "scheduler",
            Self::Overcommit => "overcommit",
        }
    }
}
