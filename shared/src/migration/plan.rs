//! What a migration is to do, written down before it begins and never changed.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Timestamp;
use crate::id::{ApplianceId, MigrationId, VmId};
use crate::inventory::Fingerprint;

/// The newest that this build reads, and the one it writes.
pub const FORMAT: u32 = 1;
/// How long VMs may be off before the permit, where nothing is said.
pub const DOWNTIME: Duration = Duration::from_hours(4);
/// How long a migrated appliance is watched, where nothing is said.
pub const SOAK: Duration = Duration::from_hours(7 * 24);
/// How long a VM has to be up before it can be called healthy, where nothing is said.
pub const HEALTHY_AFTER: Duration = Duration::from_mins(10);

/// What a migration is to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Plan {
    /// The version of this form.
    pub format: u32,
    /// The migration.
    pub migration: MigrationId,
    /// Whose.
    pub appliance: ApplianceId,
    /// The appliance's epoch when it began.
    pub epoch: u32,
    /// What the hardware is known by.
    pub fingerprint: Fingerprint,
    /// When it was made, by a clock that may be wrong.
    pub created_at: Timestamp,
    /// The VMs that come along, in the order in which they are given back.
    pub vms: Vec<PlannedVm>,
    /// The VMs that do not, each with whose word that is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub excluded: Vec<Excluded>,
    /// How there come to be two copies while there is no VM.
    pub copies: Copies,
    /// How long VMs may be off before the permit; when that is spent, they are started again.
    pub downtime_seconds: u64,
    /// How long the appliance is watched after the last VM was found healthy.
    pub soak_seconds: u64,
    /// How long a VM has to be up before it can be called healthy.
    #[serde(default = "healthy_after", skip_serializing_if = "is_healthy_after")]
    pub healthy_after_seconds: u64,
}

const fn healthy_after() -> u64 {
    HEALTHY_AFTER.as_secs()
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
const fn is_healthy_after(seconds: &u64) -> bool {
    *seconds == healthy_after()
}

/// A VM that comes along.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PlannedVm {
    /// Its identity.
    pub uuid: VmId,
    /// Its name.
    pub name: String,
    /// Whether it ran when the migration began: then it is to run at its end.
    pub was_running: bool,
    /// Whether dom0 starts it when dom0 boots.
    pub autostart: bool,
}

/// A VM that does not come along.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Excluded {
    /// Its identity.
    pub uuid: VmId,
    /// Its name.
    pub name: String,
    /// Who said so.
    pub by: String,
    /// Why.
    pub reason: String,
}

/// How there come to be two independent copies of every VM between the wipe and a healthy restore.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Copies {
    /// The region of 1.x's data stays unwritten: 2.x has room beside it.
    DataRegion,
    /// There is a second set on another drive.
    SecondDrive,
    /// One drive holds the only copy, with parity in the set, and somebody has accepted that.
    Accepted {
        /// Who typed the sentence.
        by: String,
        /// When.
        at: Timestamp,
    },
}

/// Why a plan is not one that can be carried out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnsoundPlan {
    /// Written by a version after this one.
    #[error("the plan is of format {0}, which is newer than this program: update it")]
    Newer(u32),
    /// The same VM twice.
    #[error("the VM {0} is in the plan twice")]
    Twice(VmId),
    /// No VM.
    #[error("no VM is in the plan: name at least one that is to come along")]
    Empty,
}

impl Plan {
    /// Whether it can be carried out at all.
    pub fn check(&self) -> Result<(), UnsoundPlan> {
        if self.format > FORMAT {
            return Err(UnsoundPlan::Newer(self.format));
        }
        if self.vms.is_empty() {
            return Err(UnsoundPlan::Empty);
        }
        let mut seen = BTreeSet::new();
        let all = self.vms.iter().map(|vm| vm.uuid);
        for vm in all.chain(self.excluded.iter().map(|vm| vm.uuid)) {
            if !seen.insert(vm) {
                return Err(UnsoundPlan::Twice(vm));
            }
        }
        Ok(())
    }

    /// How long VMs may be off before the permit.
    pub fn downtime(&self) -> Duration {
        Duration::from_secs(self.downtime_seconds)
    }

    /// How long the appliance is watched at the end.
    pub fn soak(&self) -> Duration {
        Duration::from_secs(self.soak_seconds)
    }

    /// How long a VM has to be up before it can be called healthy.
    pub fn healthy_after(&self) -> Duration {
        Duration::from_secs(self.healthy_after_seconds)
    }
}
