//! What an appliance can be asked to do, what it may do to it, and what it holds meanwhile.

mod report;
mod state;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use self::report::{Progress, Reason, Report};
pub use self::state::{Change, IllegalChange, OperationState, Reported};
use crate::id::{BundleId, VmId};

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

#[cfg(test)]
mod tests {
    use super::*;

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
