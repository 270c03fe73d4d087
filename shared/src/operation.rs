//! What an appliance can be asked to do, and how far an operation is.
//!
//! ```text
//!  queued ──▶ offered ──▶ accepted ──▶ running ──▶ succeeded | failed
//!    │           │            │          │ ▲
//!    ▼           ▼            ▼          ▼ │ a later report
//!  cancelled  cancelling   rejected     lost ──▶ written_off
//!  expired       │
//!                └──▶ cancelled | accepted …
//! ```
//!
//! The server alone moves an operation that is still queued. From the first offer on, only the
//! agent's word ends it: silence is not a no.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Timestamp;
use crate::id::{BundleId, OperationId, VmId};

/// One thing asked of one appliance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Operation {
    /// Create the VM's domain from its configuration. A running VM is left as it is.
    VmStart {
        /// The VM.
        vm: VmId,
    },
    /// Ask the guest to shut down, and wait for the domain to be gone.
    VmShutdown {
        /// The VM.
        vm: VmId,
        /// How long the guest is given, in seconds; 300 where it is not said. After that the
        /// operation fails, and the VM runs on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        timeout_seconds: Option<u32>,
    },
    /// Shut the guest down and create its domain anew.
    VmReboot {
        /// The VM.
        vm: VmId,
        /// As for a shutdown.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        timeout_seconds: Option<u32>,
    },
    /// Pull the plug: what the guest had not written is lost.
    VmDestroy {
        /// The VM.
        vm: VmId,
    },
    /// Take a VM that others made under management. Its configuration is copied and its identity
    /// pinned; the VM itself is not touched.
    VmAdopt {
        /// The VM.
        vm: VmId,
    },
    /// Create a logical volume that carries our tag.
    VolumeCreate {
        /// The volume group's name.
        volume_group: String,
        /// The new volume's name.
        name: String,
        /// At least so many bytes; rounded up to whole extents.
        size_bytes: u64,
    },
    /// Snapshot a logical volume; the snapshot carries our tag.
    VolumeSnapshot {
        /// `lv_uuid` of the origin.
        volume: String,
        /// The snapshot's name.
        name: String,
        /// Room for changes of a thick snapshot, in bytes; a tenth of the origin where it is not
        /// said. Thin snapshots need none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        size_bytes: Option<u64>,
    },
    /// Remove a logical volume and what is on it. One without our tag is refused.
    VolumeRemove {
        /// `lv_uuid` of the volume.
        volume: String,
    },
    /// Take a volume that others made under management: give it our tag.
    VolumeAdopt {
        /// `lv_uuid` of the volume.
        volume: String,
    },
    /// Restart dom0, and with it every VM.
    ApplianceReboot,
    /// Collect debug files and upload them.
    DebugBundle {
        /// The bundle that they become.
        bundle: BundleId,
    },
    /// A kind that this build does not know. Received, never sent; it is rejected.
    #[serde(other)]
    Unknown,
}

/// What an operation can do to an appliance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// Changes nothing.
    Read,
    /// Changes something that can be changed back.
    Mutate,
    /// Ends or destroys something. Done at most once, and never repeated on a guess.
    Destructive,
}

/// What only one operation at a time may hold on an appliance.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Lock {
    /// The system: its disk, its boot loader.
    Os,
    /// Volume groups and what is in them.
    Storage,
    /// Whether dom0 runs.
    Power,
    /// One VM.
    Vm(VmId),
}

impl std::fmt::Display for Lock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Os => f.write_str("os"),
            Self::Storage => f.write_str("storage"),
            Self::Power => f.write_str("power"),
            Self::Vm(vm) => write!(f, "vm:{vm}"),
        }
    }
}

impl Operation {
    /// The kind, as it is written in JSON.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::VmStart { .. } => "vm_start",
            Self::VmShutdown { .. } => "vm_shutdown",
            Self::VmReboot { .. } => "vm_reboot",
            Self::VmDestroy { .. } => "vm_destroy",
            Self::VmAdopt { .. } => "vm_adopt",
            Self::VolumeCreate { .. } => "volume_create",
            Self::VolumeSnapshot { .. } => "volume_snapshot",
            Self::VolumeRemove { .. } => "volume_remove",
            Self::VolumeAdopt { .. } => "volume_adopt",
            Self::ApplianceReboot => "appliance_reboot",
            Self::DebugBundle { .. } => "debug_bundle",
            Self::Unknown => "unknown",
        }
    }

    /// What it can do.
    pub fn class(&self) -> Class {
        match self {
            Self::DebugBundle { .. } | Self::Unknown => Class::Read,
            Self::VmStart { .. }
            | Self::VmShutdown { .. }
            | Self::VmReboot { .. }
            | Self::VmAdopt { .. }
            | Self::VolumeCreate { .. }
            | Self::VolumeSnapshot { .. }
            | Self::VolumeAdopt { .. } => Class::Mutate,
            Self::VmDestroy { .. } | Self::VolumeRemove { .. } | Self::ApplianceReboot => {
                Class::Destructive
            }
        }
    }

    /// What it holds while it is under way.
    ///
    /// A reboot of the appliance ends every VM and every change to storage, so it conflicts with
    /// all of them: see [`conflicts`].
    pub fn locks(&self) -> Vec<Lock> {
        match self {
            Self::VmStart { vm }
            | Self::VmShutdown { vm, .. }
            | Self::VmReboot { vm, .. }
            | Self::VmDestroy { vm }
            | Self::VmAdopt { vm } => vec![Lock::Vm(*vm)],
            Self::VolumeCreate { .. }
            | Self::VolumeSnapshot { .. }
            | Self::VolumeRemove { .. }
            | Self::VolumeAdopt { .. } => vec![Lock::Storage],
            Self::ApplianceReboot => vec![Lock::Power],
            Self::DebugBundle { .. } | Self::Unknown => Vec::new(),
        }
    }
}

/// Whether an operation that wants `wanted` must wait for the holder of `held`.
pub fn conflicts(wanted: &Lock, held: &Lock) -> bool {
    wanted == held || *wanted == Lock::Power || *held == Lock::Power
}

/// How far an operation is, as the server knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OperationState {
    /// Waiting at the server; no agent has heard of it.
    Queued,
    /// Sent to the agent, which has not answered.
    Offered,
    /// Withdrawn after it was offered; the agent has not said which came first.
    Cancelling,
    /// On the agent's disk.
    Accepted,
    /// Begun.
    Running,
    /// Begun, and silent past its deadline. Not an end.
    Lost,
    /// Done.
    Succeeded,
    /// Begun, and not done.
    Failed,
    /// Never begun: the agent said why.
    Rejected,
    /// Never begun: withdrawn in time.
    Cancelled,
    /// Never offered: its time ran out.
    Expired,
    /// Lost, and given up by an operator. Frees the server's lock and nothing else.
    WrittenOff,
}

impl OperationState {
    /// All of them, in the order in which they come.
    pub const ALL: [Self; 12] = [
        Self::Queued,
        Self::Offered,
        Self::Cancelling,
        Self::Accepted,
        Self::Running,
        Self::Lost,
        Self::Succeeded,
        Self::Failed,
        Self::Rejected,
        Self::Cancelled,
        Self::Expired,
        Self::WrittenOff,
    ];

    /// Whether nothing comes after it.
    pub fn is_end(self) -> bool {
        match self {
            Self::Queued
            | Self::Offered
            | Self::Cancelling
            | Self::Accepted
            | Self::Running
            | Self::Lost => false,
            Self::Succeeded
            | Self::Failed
            | Self::Rejected
            | Self::Cancelled
            | Self::Expired
            | Self::WrittenOff => true,
        }
    }

    /// As it is written in JSON and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Offered => "offered",
            Self::Cancelling => "cancelling",
            Self::Accepted => "accepted",
            Self::Running => "running",
            Self::Lost => "lost",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Rejected => "rejected",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
            Self::WrittenOff => "written_off",
        }
    }

    /// The state of that name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }

    /// The state after `change`.
    pub fn after(self, change: Change) -> Result<Self, IllegalChange> {
        use OperationState as S;
        match (self, change) {
            // Offering again is the same offer: the id is the key.
            (S::Queued | S::Offered, Change::Offer) => Ok(S::Offered),
            (S::Queued, Change::Cancel) => Ok(S::Cancelled),
            (S::Offered | S::Cancelling, Change::Cancel) => Ok(S::Cancelling),
            (S::Queued, Change::Expire) => Ok(S::Expired),
            (S::Accepted | S::Running | S::Lost, Change::Silence) => Ok(S::Lost),
            (S::Lost, Change::WriteOff) => Ok(S::WrittenOff),
            (state, Change::Report(reported)) => state.after_report(reported),
            (state, change) => Err(IllegalChange { state, change }),
        }
    }

    /// An agent may have said less than it did: a message lost on the way is made up for by the
    /// next one, so reports may skip states, but never lead back.
    fn after_report(self, reported: Reported) -> Result<Self, IllegalChange> {
        use OperationState as S;
        let to = reported.state();
        match (self, reported) {
            _ if self == to => Ok(self),
            (S::Offered | S::Cancelling, _)
            | (
                S::Accepted,
                Reported::Running | Reported::Succeeded | Reported::Failed | Reported::Rejected,
            )
            | (S::Running | S::Lost, Reported::Succeeded | Reported::Failed)
            | (S::Lost, Reported::Running | Reported::Rejected) => Ok(to),
            // An older report that was overtaken says nothing new.
            (S::Running | S::Lost, Reported::Accepted) => Ok(self),
            (state, reported) => Err(IllegalChange { state, change: Change::Report(reported) }),
        }
    }
}

/// What can happen to an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Change {
    /// The server sends it to the agent.
    Offer,
    /// An operator no longer wants it.
    Cancel,
    /// Nobody could be offered it in time.
    Expire,
    /// The agent says where it is.
    Report(Reported),
    /// The agent has said nothing until the deadline.
    Silence,
    /// An operator gives it up.
    WriteOff,
}

/// What an agent can say of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reported {
    /// It is on disk and will be begun.
    Accepted,
    /// It is begun.
    Running,
    /// It is done.
    Succeeded,
    /// It was begun and is not done.
    Failed,
    /// It was never begun.
    Rejected,
    /// It was withdrawn before it was accepted, and never will be.
    Cancelled,
}

impl Reported {
    /// Whether the agent says nothing more of the operation after it.
    pub fn is_end(self) -> bool {
        self.state().is_end()
    }

    /// The state that it asks for.
    pub fn state(self) -> OperationState {
        match self {
            Self::Accepted => OperationState::Accepted,
            Self::Running => OperationState::Running,
            Self::Succeeded => OperationState::Succeeded,
            Self::Failed => OperationState::Failed,
            Self::Rejected => OperationState::Rejected,
            Self::Cancelled => OperationState::Cancelled,
        }
    }
}

/// A change that an operation in this state cannot undergo.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an operation that is {} cannot undergo {change:?}", state.as_str())]
pub struct IllegalChange {
    /// Where it was.
    pub state: OperationState,
    /// What was to happen.
    pub change: Change,
}

/// Where an operation is, in the agent's words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Report {
    /// The operation.
    pub id: OperationId,
    /// Counts the reports of this operation from 1; the server acknowledges by it.
    pub report: u64,
    /// Where it is.
    pub state: Reported,
    /// When it came there, by the agent's clock.
    pub at: Timestamp,
    /// Why, where it failed or was rejected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// How far it is, while it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<Progress>,
    /// What came of it, for people and programs: small, and never a secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<serde_json::Value>,
}

/// Why an operation was not done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Reason {
    /// A word for programs: `expired`, `epoch`, `read_only`, `unknown_kind`, `not_found`,
    /// `not_ours`, `no_room`, `withdrawn`, `unknown`, `timeout`, `refused`, `disk_full` …
    pub code: String,
    /// A sentence for people.
    pub message: String,
}

/// How far an operation is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Progress {
    /// What is being done now, for people.
    pub step: String,
    /// Bytes done.
    pub done_bytes: u64,
    /// Bytes in all, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total_bytes: Option<u64>,
    /// Bytes a second, lately.
    pub rate_bytes_per_second: u64,
    /// Seconds left at that rate, where that can be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left_seconds: Option<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPORTS: [Reported; 6] = [
        Reported::Accepted,
        Reported::Running,
        Reported::Succeeded,
        Reported::Failed,
        Reported::Rejected,
        Reported::Cancelled,
    ];

    fn changes() -> Vec<Change> {
        let mut all =
            vec![Change::Offer, Change::Cancel, Change::Expire, Change::Silence, Change::WriteOff];
        all.extend(REPORTS.map(Change::Report));
        all
    }

    #[test]
    fn nothing_leaves_an_end() {
        for state in OperationState::ALL.into_iter().filter(|state| state.is_end()) {
            for change in changes() {
                if let Ok(after) = state.after(change) {
                    assert_eq!(after, state, "{change:?}");
                }
            }
        }
    }

    #[test]
    fn once_offered_only_the_agent_s_word_or_an_operator_s_giving_up_ends_it() {
        for state in OperationState::ALL {
            if state == OperationState::Queued || state.is_end() {
                continue;
            }
            for change in changes() {
                let Ok(after) = state.after(change) else { continue };
                if after.is_end() {
                    let by_agent = matches!(change, Change::Report(_));
                    let given_up = state == OperationState::Lost && change == Change::WriteOff;
                    assert!(by_agent || given_up, "{state:?} ended by {change:?}");
                }
            }
        }
    }

    #[test]
    fn what_no_agent_has_heard_of_cannot_be_reported() {
        for reported in REPORTS {
            assert!(OperationState::Queued.after(Change::Report(reported)).is_err());
        }
    }

    #[test]
    fn a_withdrawal_that_came_too_late_goes_on() {
        let cancelling = OperationState::Offered.after(Change::Cancel).unwrap();

        assert_eq!(cancelling, OperationState::Cancelling);
        assert_eq!(
            cancelling.after(Change::Report(Reported::Accepted)),
            Ok(OperationState::Accepted)
        );
    }

    #[test]
    fn a_running_operation_is_never_rejected_or_cancelled() {
        for reported in [Reported::Rejected, Reported::Cancelled] {
            assert!(OperationState::Running.after(Change::Report(reported)).is_err());
        }
    }

    #[test]
    fn every_state_is_found_by_its_name() {
        for state in OperationState::ALL {
            assert_eq!(OperationState::parse(state.as_str()), Some(state));
            assert_eq!(serde_json::to_value(state).unwrap(), state.as_str());
        }
    }

    #[test]
    fn a_reboot_of_the_appliance_waits_for_everything_and_everything_for_it() {
        let vm = Lock::Vm(VmId::new());

        assert!(conflicts(&Lock::Power, &vm));
        assert!(conflicts(&Lock::Storage, &Lock::Power));
        assert!(!conflicts(&Lock::Storage, &vm));
        assert!(!conflicts(&Lock::Vm(VmId::new()), &vm));
    }

    #[test]
    fn an_operation_of_tomorrow_is_understood_as_unknown() {
        let json = r#"{"kind":"vm_teleport","vm":"x","speed":3}"#;

        assert_eq!(serde_json::from_str::<Operation>(json).unwrap(), Operation::Unknown);
    }
}
