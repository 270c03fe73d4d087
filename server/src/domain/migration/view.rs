//! Migrations, as operators see them.

use std::collections::HashMap;

use domfleet_shared::Timestamp;
use domfleet_shared::id::{BootId, DriveId, MigrationId, PermitId, VmId};
use domfleet_shared::migration::permit::Release;
use domfleet_shared::migration::phase::{End, Phase};
use domfleet_shared::migration::talk::Waits;
use domfleet_shared::migration::task::Task;
use domfleet_shared::migration::vm::Progress;
use domfleet_shared::migration::{Plan, Record};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::line::LineStep;
use super::wanted::{Decided, GivenUp, Lost};
use crate::domain::people::{Named, words};

/// Where a migration is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MigrationPhase {
    /// Nothing was told of it but its plan.
    Preflight,
    /// VMs are shut down and copied to the drive.
    BackingUp,
    /// Every byte of the set is read back.
    Verifying,
    /// The set is proved; there is no permit.
    Sealed,
    /// The system disk may be overwritten: the point of no return lies before it.
    Permitted,
    /// It is being given up.
    GoingBack,
    /// The appliance fell silent with a permit: most likely the medium lays out the other system.
    Resetting,
    /// It has been silent for longer than a reset takes: somebody has to look.
    AwaitingReturn,
    /// VMs are written to the other system.
    Restoring,
    /// VMs run on it, and are watched until they are healthy.
    Validating,
    /// A VM could not be given back as it should: a person decides.
    NeedsHands,
    /// All VMs are healthy; the appliance is watched.
    Soaking,
    /// All VMs run on the other system.
    Succeeded,
    /// It could not be done; the VMs run as before.
    FailedSafe,
    /// Not now; the VMs run as before.
    Deferred,
    /// Nobody wanted it any more; the VMs run as before.
    Cancelled,
    /// All VMs run on the system before again.
    RolledBack,
    /// The appliance never came back. The drive has everything.
    LostAppliance,
}

words! {
    MigrationPhase {
        Preflight = "preflight", BackingUp = "backing_up", Verifying = "verifying", Sealed = "sealed",
        Permitted = "permitted", GoingBack = "going_back", Resetting = "resetting",
        AwaitingReturn = "awaiting_return", Restoring = "restoring", Validating = "validating",
        NeedsHands = "needs_hands", Soaking = "soaking", Succeeded = "succeeded",
        FailedSafe = "failed_safe", Deferred = "deferred", Cancelled = "cancelled",
        RolledBack = "rolled_back", LostAppliance = "lost_appliance",
    }
}

impl From<Phase> for MigrationPhase {
    fn from(phase: Phase) -> Self {
        match phase {
            Phase::Preflight => Self::Preflight,
            Phase::BackingUp => Self::BackingUp,
            Phase::Verifying => Self::Verifying,
            Phase::Sealed => Self::Sealed,
            Phase::Permitted => Self::Permitted,
            Phase::GoingBack => Self::GoingBack,
            Phase::Resetting => Self::Resetting,
            Phase::AwaitingReturn => Self::AwaitingReturn,
            Phase::Restoring => Self::Restoring,
            Phase::Validating => Self::Validating,
            Phase::NeedsHands => Self::NeedsHands,
            Phase::Soaking => Self::Soaking,
            Phase::Ended(End::Succeeded) => Self::Succeeded,
            Phase::Ended(End::FailedSafe) => Self::FailedSafe,
            Phase::Ended(End::Deferred) => Self::Deferred,
            Phase::Ended(End::Cancelled) => Self::Cancelled,
            Phase::Ended(End::RolledBack) => Self::RolledBack,
            Phase::Ended(End::LostAppliance) => Self::LostAppliance,
        }
    }
}

/// A migration, as the table has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MigrationRow {
    /// Its id.
    pub id: MigrationId,
    /// The appliance.
    pub appliance: Named,
    /// Where it is.
    pub phase: MigrationPhase,
    /// Whether only another reset undoes what was done.
    pub is_past_the_point: bool,
    /// What it waits for, where it waits.
    pub waits: Option<Waits>,
    /// What is being done, in words.
    pub what: Option<String>,
    /// What is wrong, in words.
    pub trouble: Option<String>,
    /// How far what is being done is, in bytes.
    pub done: Option<u64>,
    /// Of how many bytes.
    pub total: Option<u64>,
    /// When it was started.
    pub started_at: Timestamp,
    /// Who started it; nothing where that is not known any more.
    pub started_by: Option<String>,
    /// When anything of it last changed.
    pub changed_at: Timestamp,
    /// When the appliance last told of it.
    pub heard_at: Option<Timestamp>,
    /// When the server was told that it is over.
    pub ended_at: Option<Timestamp>,
    /// Until when the appliance is watched.
    pub soaking_until: Option<Timestamp>,
    /// How many VMs come along.
    pub vms_total: u32,
    /// How many of them are healthy, or gone without.
    pub vms_settled: u32,
    /// How many of them have failed.
    pub vms_failed: u32,
    /// Rises with each change.
    pub version: u64,
}

/// A migration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Migration)]
pub struct MigrationView {
    /// As the table has it.
    #[serde(flatten)]
    pub row: MigrationRow,
    /// What is to be done.
    pub plan: Plan,
    /// The drive that it is done with.
    pub drive: Option<DriveId>,
    /// The one that holds the second copy, where one was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second_drive: Option<DriveId>,
    /// The phases in their order.
    pub line: Vec<LineStep>,
    /// The VMs that come along, in the order in which they are given back.
    pub vms: Vec<MigratedVm>,
    /// The permit that was last signed.
    pub permit: Option<PermitFacts>,
    /// The permit for the way back, where that is wanted.
    pub way_back: Option<PermitFacts>,
    /// That it is given up.
    pub given_up: Option<GivenUp>,
    /// That the appliance is not expected back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lost: Option<Lost>,
    /// What people have decided.
    pub decisions: Vec<Decided>,
    /// What people do, step by step.
    pub tasks: Vec<Task>,
    /// What can be done about it now.
    pub may: May,
}

/// A VM that comes along.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MigratedVm {
    /// Its identity.
    pub vm: VmId,
    /// Its name.
    pub name: String,
    /// How far it is.
    pub progress: Progress,
}

/// A permit, less what makes it one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PermitFacts {
    /// Its id.
    pub id: PermitId,
    /// When it was signed.
    pub issued_at: Timestamp,
    /// After that it is not good any more.
    pub not_after: Timestamp,
}

/// What can be done.
#[expect(clippy::struct_excessive_bools, reason = "each is true or not whatever the others are")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = MigrationMay)]
pub struct May {
    /// Give it up for good.
    pub cancel: bool,
    /// Give it up for now.
    pub defer: bool,
    /// Go back to the system before.
    pub roll_back: bool,
    /// Stay after all.
    pub stay: bool,
    /// Say that the appliance is not expected back.
    pub lose: bool,
    /// Take a permit away as a file.
    pub permit_file: bool,
}

/// A line of a migration's journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = MigrationRecord)]
pub struct RecordView {
    /// Counts from 1.
    pub number: u64,
    /// When, by the appliance's clock, which may be wrong.
    pub at: Timestamp,
    /// The run of dom0 that wrote it.
    pub boot: BootId,
    /// The system that it was written on.
    pub on: Release,
    /// The version of the agent.
    pub agent: String,
    /// The number of the decision that is carried out by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<u64>,
    /// What happened, in a word.
    pub event: String,
    /// What the event says besides.
    #[serde(flatten)]
    #[schema(value_type = HashMap<String, Object>)]
    pub more: HashMap<String, serde_json::Value>,
}

impl RecordView {
    /// The record of that number; nothing where it cannot be told.
    pub fn of(number: u64, record: &Record) -> Option<Self> {
        let mut value = serde_json::to_value(record).ok()?;
        value.as_object_mut()?.insert("number".into(), number.into());
        serde_json::from_value(value).ok()
    }
}
