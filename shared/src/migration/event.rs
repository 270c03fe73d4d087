//! What a migration's journal tells, record by record.
//!
//! The form is kept for ever: a drive that lay in a drawer for years is read by the newest version.
//! Events are only ever added; a field that is added has a default.

use serde::{Deserialize, Serialize};

use super::permit::{DiskIdentity, Release};
use super::phase::End;
use super::plan::Plan;
use crate::Timestamp;
use crate::hash::Hash;
use crate::id::{BootId, DriveId, PermitId, SetId, VmId};

/// A line of the journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The clock's time, which may be wrong by years.
    pub at: Timestamp,
    /// The run of dom0 that wrote it.
    pub boot: BootId,
    /// The system that it was written on.
    pub on: Release,
    /// The version of the agent.
    pub agent: String,
    /// The number of the person's decision that is carried out by it ([`super::talk::Decision`]).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<u64>,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

/// What happened, or is about to: whatever cannot be undone is told before it is done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// The first: what is to be done.
    Planned {
        /// That.
        plan: Box<Plan>,
    },
    /// The drive that this journal is on is the one.
    DriveClaimed {
        /// It.
        drive: DriveId,
    },
    /// dom0 is about to be kept from starting these VMs by itself. Told before.
    AutostartOff {
        /// Those that it started.
        vms: Vec<VmId>,
    },
    /// A VM is shut down.
    VmStopped {
        /// Which.
        vm: VmId,
        /// Whether its guest shut down by itself.
        clean: bool,
    },
    /// A VM runs that was shut down: somebody has started it. What was copied of it is no longer what
    /// it is.
    VmRan {
        /// Which.
        vm: VmId,
    },
    /// The set is sealed.
    Sealed {
        /// Which set.
        set: SetId,
        /// How often it was sealed by now.
        generation: u64,
        /// The hash of its manifest, and so of everything in it.
        manifest: Hash,
    },
    /// Every byte of it was read back.
    Verified {
        /// Of which generation.
        generation: u64,
    },
    /// The set is on the second drive as well, and every byte of it was read back there.
    Copied {
        /// That drive.
        drive: DriveId,
        /// Of which generation.
        generation: u64,
    },
    /// The nonce is about to be written to the system disk: from its being there on, the disk can be
    /// overwritten by whoever has a permit. Told before.
    Armed {
        /// The disk.
        disk: DiskIdentity,
        /// The BLAKE3 of the nonce. The nonce itself is on the disk only.
        nonce: Hash,
    },
    /// The nonce is gone from the system disk. Told after.
    Disarmed {
        /// Why.
        reason: Disarm,
    },
    /// The permit is on the drive.
    Permitted {
        /// Which.
        permit: PermitId,
        /// After that it is not good any more.
        not_after: Timestamp,
    },
    /// It is given up. Told before anything is undone.
    GoingBack {
        /// How it is to end.
        end: End,
        /// Why, in words.
        reason: String,
    },
    /// dom0 starts by itself what it started before.
    AutostartRestored,
    /// The system that the permit led to has found its marker, its permit and its set.
    Adopted {
        /// By which permit.
        permit: PermitId,
        /// The permit that overwrote the disk before it, where this one leads back.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<PermitId>,
    },
    /// There is room for all of it.
    RoomFound {
        /// What is needed, in the system's own units of storage.
        needed: u64,
        /// What is there.
        free: u64,
    },
    /// All disks of a VM are written and were read back.
    VmRestored {
        /// Which.
        vm: VmId,
    },
    /// Its configuration is in its place.
    VmConfigured {
        /// Which.
        vm: VmId,
    },
    /// It is about to be started. Told before.
    TrialBoot {
        /// Which.
        vm: VmId,
    },
    /// It is healthy.
    VmHealthy {
        /// Which.
        vm: VmId,
        /// By what evidence, in words.
        evidence: Vec<String>,
    },
    /// Something with it does not work, after as many attempts as there are.
    VmFailed {
        /// Which.
        vm: VmId,
        /// What, in words.
        reason: String,
    },
    /// A person wants it tried again.
    VmRetried {
        /// Which.
        vm: VmId,
        /// Who.
        by: String,
        /// Whether its disks are written anew, and what it has written since is lost.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        afresh: bool,
    },
    /// A person goes without it, or takes it as it is.
    VmWaived {
        /// Which.
        vm: VmId,
        /// Who.
        by: String,
    },
    /// All VMs are healthy, waived or excluded; from now on the appliance is watched.
    Soaking {
        /// Until then.
        until: Timestamp,
    },
    /// Somebody wants to go back to the system before. Told before there is a permit for it.
    RollingBack {
        /// Why, in words.
        reason: String,
        /// The permit by which the disk was overwritten: what the marker on it says.
        after: PermitId,
    },
    /// They stay where they are after all.
    WayBackWithdrawn {
        /// Who said so.
        by: String,
    },
    /// It is over.
    Ended {
        /// How.
        end: End,
    },
}

/// Why a nonce was destroyed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Disarm {
    /// The permit was not used in time.
    Expired,
    /// The migration is given up.
    GoingBack,
    /// A VM runs, or is about to.
    VmRan,
    /// What was on the disk was not the nonce of this migration.
    NotOurs,
}
