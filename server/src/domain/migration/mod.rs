//! A migration at the server: what is wanted of it, what its journal tells, and what may be done.
//!
//! The story is the appliance's: it is told by its agent and never made up here. What people want is the
//! server's. Nothing that is decided here is needed by a VM to be safe: each permit that is signed says what
//! has to be on the disk, and whoever overwrites that looks for himself.

pub mod change;
pub mod line;
pub mod link;
pub mod mirror;
pub mod on_site;
pub mod permit;
pub mod rejoin;
pub mod start;
#[cfg(test)]
mod tests;
pub mod view;
pub mod wanted;

use domfleet_shared::Timestamp;
use domfleet_shared::hash::Hash;
use domfleet_shared::id::{ApplianceId, DriveId, MigrationId, OrganisationId};
use domfleet_shared::migration::journey::Migration as Journey;
use domfleet_shared::migration::phase::End;
use domfleet_shared::migration::talk::Now;
use domfleet_shared::migration::vm::Progress;
use domfleet_shared::migration::{Plan, Record};

use self::view::MigrationPhase;
pub use self::wanted::Wanted;

/// A migration, apart from its records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    pub id: MigrationId,
    pub organisation: OrganisationId,
    pub appliance: ApplianceId,
    pub plan: Plan,
    /// Not known of one that a restored server was told of, before it has claimed its drive.
    pub drive: Option<DriveId>,
    pub wanted: Wanted,
    /// Of what is wanted.
    pub revision: u64,
    /// How many records the server has.
    pub records: u64,
    /// The hash of all of them, by the agent's own reckoning; nothing before the first.
    pub chain: Option<Hash>,
    /// Where it is, as it is shown: silence is no part of its story.
    pub phase: MigrationPhase,
    /// What the agent is at.
    pub now: Option<Now>,
    pub started_by: Option<String>,
    pub started_at: Timestamp,
    pub changed_at: Timestamp,
    pub heard_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
    /// Of the row.
    pub version: u64,
}

/// What its records come to, as far as they can be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Story {
    pub journey: Journey,
    /// What is told in them that cannot be. Such a journal is kept and shown, and never obeyed.
    pub trouble: Option<String>,
    /// The highest number of a decision that they say was carried out.
    pub decided: u64,
}

impl Story {
    /// Of `records`, the first of which is the first of all; nothing where the plan is none.
    pub fn of(plan: &Plan, records: &[Record]) -> Option<Self> {
        let decided = records.iter().filter_map(|record| record.decision).max().unwrap_or(0);
        match Journey::of(records) {
            Ok(journey) => return Some(Self { journey, trouble: None, decided }),
            Err(_) if records.is_empty() => {
                let journey = Journey::begin(plan.clone()).ok()?;
                return Some(Self { journey, trouble: None, decided });
            }
            Err(_) => {}
        }
        // As far as it goes.
        let mut journey = Journey::begin(plan.clone()).ok()?;
        let trouble = match Journey::of(records.first()) {
            Ok(begun) => {
                journey = begun;
                records.iter().skip(1).find_map(|record| journey.add(record).err())
            }
            Err(error) => Some(error),
        };
        Some(Self { journey, trouble: trouble.map(|error| error.to_string()), decided })
    }

    /// How many VMs are settled, and how many have failed.
    pub fn counts(&self) -> (usize, usize) {
        let vms = || self.journey.vms.values();
        let failed = |vm: &&Progress| matches!(vm, Progress::Failed { .. });
        (vms().filter(|vm| vm.is_settled()).count(), vms().filter(failed).count())
    }

    /// Whether nothing more will be told of it.
    pub fn is_over(&self) -> bool {
        self.journey.end.is_some()
    }
}

impl Standing {
    /// The story as people see it: it is over for them where they do not expect the appliance back.
    pub fn shown(&self, story: &Story) -> Journey {
        let mut journey = story.journey.clone();
        if self.wanted.lost.is_some() {
            journey.end.get_or_insert(End::LostAppliance);
        }
        journey
    }

    /// Whether it holds its appliance.
    pub fn is_open(&self) -> bool {
        self.ended_at.is_none()
    }
}
