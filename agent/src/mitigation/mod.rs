//! Mitigations: what makes freezes of 1.x appliances rarer, applied so that it can be taken back.
//!
//! Three of them, from the vendor's page: no swap, no scheduler of dom0's own, no memory promised that
//! is not there. Each is in files, which count from the next boot on, and in the running kernel.
//! [`System`] is the seam: really [`OnDisk`], and a simulated one in the tests.
//!
//! `text` changes files' contents; `edits` says which files, `force` what is done to the kernel;
//! `apply` and `revert` carry it out, by way of `change` and with what `record` keeps; `standing` says
//! how each is, at every look at dom0.

mod apply;
mod change;
mod diff;
mod edits;
mod error;
mod force;
mod host;
mod memory;
mod on_disk;
mod record;
mod release;
mod revert;
mod scheduler;
mod standing;
mod system;
#[cfg(test)]
mod tests;
mod text;

use domfleet_shared::Timestamp;
use domfleet_shared::mitigation::{
    Mitigation, MitigationAnswer, MitigationAnswers, MitigationStanding,
};

pub use self::error::MitigationError;
pub use self::on_disk::OnDisk;
pub(crate) use self::release::major;
pub use self::system::System;

/// What is asked of mitigations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// How one stands, or all, and what applying would change.
    Check(Option<Mitigation>),
    /// To apply one, or only to say what that would change.
    Apply {
        /// Which.
        which: Mitigation,
        /// Whether only to say it.
        dry_run: bool,
    },
    /// To take one back, or only to say what that would change.
    Revert {
        /// Which.
        which: Mitigation,
        /// Whether only to say it.
        dry_run: bool,
    },
}

/// How each mitigation stands. The same as long as nothing changes.
pub fn standings(system: &impl System) -> Result<Vec<MitigationStanding>, MitigationError> {
    let host = host::Host::look(system).map_err(error::of("/proc"))?;
    let record = record::Record::load(system)?;
    let all = Mitigation::ALL.into_iter();
    all.map(|which| standing::standing(which, &host, system, &record)).collect()
}

/// Does what is asked. Blocks.
pub fn carry_out(
    system: &impl System,
    asked: Asked,
    now: Timestamp,
) -> Result<MitigationAnswers, MitigationError> {
    let (dry_run, mitigations) = match asked {
        Asked::Check(which) => {
            let which = which.map_or(Mitigation::ALL.to_vec(), |which| vec![which]);
            let all = which.into_iter().map(|which| apply::check(system, which));
            (true, all.collect::<Result<Vec<MitigationAnswer>, _>>()?)
        }
        Asked::Apply { which, dry_run: true } => (true, vec![apply::check(system, which)?]),
        Asked::Apply { which, dry_run: false } => (false, vec![apply::apply(system, which, now)?]),
        Asked::Revert { which, dry_run: true } => (true, vec![revert::preview(system, which)?]),
        Asked::Revert { which, dry_run: false } => (false, vec![revert::revert(system, which)?]),
    };
    Ok(MitigationAnswers { dry_run, mitigations })
}
