//! The changes that the agent can make to a host.

use domfleet_shared::id::{OperationId, VmId};
use serde::{Deserialize, Serialize};

use super::snapshots::DiskSnapshot;

/// The tag of every volume that we made or adopted. Nothing without it is ever removed.
pub const MANAGED_TAG: &str = "domfleet.managed";

/// The tag by which a volume is known to have been made by one operation, after a crash too.
pub fn operation_tag(operation: OperationId) -> String {
    format!("domfleet.op.{operation}")
}

/// The operation that a tag names.
pub fn operation_of_tag(tag: &str) -> Option<OperationId> {
    tag.strip_prefix("domfleet.op.")?.parse().ok()
}

/// One change to a host: everything that the agent can do to it is in this list.
///
/// A step names its object by an identity that is never reused, so that a step which is carried
/// out late finds its object or nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum Step {
    /// Create the VM's domain from a configuration file.
    CreateDomain {
        /// The VM. The file must say so.
        vm: VmId,
        /// The file.
        config_path: String,
    },
    /// Ask the guest to shut down. Done when the domain is gone, which is the guest's to decide.
    ShutDownDomain {
        /// The VM.
        vm: VmId,
        /// Its domain. One of another number or UUID is left alone.
        domid: u32,
    },
    /// Pull a domain's plug.
    DestroyDomain {
        /// The VM.
        vm: VmId,
        /// Its domain. One of another number or UUID is left alone.
        domid: u32,
    },
    /// Stop a domain's virtual CPUs.
    PauseDomain {
        /// The VM.
        vm: VmId,
        /// Its domain. One of another number or UUID is left alone.
        domid: u32,
    },
    /// Let a domain's virtual CPUs go on.
    UnpauseDomain {
        /// The VM.
        vm: VmId,
        /// Its domain. One of another number or UUID is left alone.
        domid: u32,
    },
    /// Give a domain another name.
    RenameDomain {
        /// The VM.
        vm: VmId,
        /// Its domain. One of another number or UUID is left alone.
        domid: u32,
        /// The new name.
        name: String,
    },
    /// Write a VM's configuration into our folder, once `xl` has found nothing wrong with it.
    WriteConfig {
        /// The VM. The text must say so.
        vm: VmId,
        /// The whole of it.
        text: String,
        /// The whole of what it takes the place of; nothing where there is none yet.
        replaces: Option<String>,
    },
    /// Put a VM's configuration aside, and have dom0 start it no more. A copy is kept in our
    /// folder.
    RemoveConfig {
        /// The VM.
        vm: VmId,
        /// What stays of its disks, for whoever asked.
        keeps: Vec<String>,
    },
    /// Have a VM started with dom0, or no more.
    SetAutostart {
        /// The VM.
        vm: VmId,
        /// The file that it is started from.
        config_path: String,
        /// Whether it is.
        enabled: bool,
    },
    /// Copy a VM's configuration into our folder, its UUID and MAC addresses written into it.
    AdoptConfig {
        /// The VM.
        vm: VmId,
        /// The file to copy. It stays as it is.
        config_path: String,
        /// The addresses of the network cards, in the order of the configuration.
        macs: Vec<String>,
    },
    /// Create a logical volume with both of our tags.
    CreateVolume {
        /// Whose doing it is.
        operation: OperationId,
        /// The volume group's name.
        volume_group: String,
        /// The new volume's name.
        name: String,
        /// A multiple of the group's extent size.
        size_bytes: u64,
        /// The thin pool that it is made in.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        thin_pool: Option<String>,
    },
    /// Create a thin pool with both of our tags.
    CreateThinPool {
        /// Whose doing it is.
        operation: OperationId,
        /// The volume group's name.
        volume_group: String,
        /// The new pool's name.
        name: String,
        /// A multiple of the group's extent size.
        size_bytes: u64,
        /// Room for the pool's tables; what LVM finds fit where it is not said.
        metadata_bytes: Option<u64>,
    },
    /// Make a logical volume larger.
    GrowVolume {
        /// `lv_uuid`.
        lv_uuid: String,
        /// The volume group's name.
        volume_group: String,
        /// The volume's name.
        name: String,
        /// Its size then, a multiple of the group's extent size.
        size_bytes: u64,
    },
    /// Give the origin of a snapshot its content, and use the snapshot up.
    RevertVolume {
        /// `lv_uuid` of the snapshot.
        lv_uuid: String,
        /// The volume group's name.
        volume_group: String,
        /// The snapshot's name.
        name: String,
        /// The origin's name.
        origin: String,
        /// `lv_uuid` of the origin.
        origin_uuid: String,
    },
    /// Give a logical volume another name.
    RenameVolume {
        /// `lv_uuid`.
        lv_uuid: String,
        /// The volume group's name.
        volume_group: String,
        /// The volume's name.
        name: String,
        /// Its name then.
        to: String,
    },
    /// Snapshot a logical volume; the snapshot has both of our tags.
    SnapshotVolume {
        /// Whose doing it is.
        operation: OperationId,
        /// `lv_uuid` of the origin.
        origin_uuid: String,
        /// The volume group's name.
        volume_group: String,
        /// The origin's name.
        origin: String,
        /// The snapshot's name.
        name: String,
        /// Room for changes, a multiple of the group's extent size; nothing for a thin snapshot.
        size_bytes: Option<u64>,
    },
    /// Snapshot all disks of a VM at one moment, in which its domain is paused; the snapshots have our
    /// tags and that of backups. Where some are there and not all, they are removed first. The domain
    /// goes on whatever comes of it.
    SnapshotDisks {
        /// Whose doing it is.
        operation: OperationId,
        /// The VM.
        vm: VmId,
        /// Its domain; nothing where it does not run, or somebody else has paused it.
        pause: Option<u32>,
        /// Its disks.
        disks: Vec<DiskSnapshot>,
        /// Whether it is for somebody who works on site.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        on_site: bool,
    },
    /// Remove a logical volume and what is on it. One of another `lv_uuid`, or without our tag, is
    /// left alone.
    RemoveVolume {
        /// `lv_uuid`.
        lv_uuid: String,
        /// The volume group's name.
        volume_group: String,
        /// The volume's name.
        name: String,
    },
    /// Give a logical volume our tag.
    AdoptVolume {
        /// `lv_uuid`.
        lv_uuid: String,
        /// The volume group's name.
        volume_group: String,
        /// The volume's name.
        name: String,
    },
    /// Restart dom0 in order. It has taken effect when the boot id is another.
    Reboot,
    /// Remove a kernel log that the platform kept, once a copy of it is durable.
    ForgetKeptLog {
        /// [`super::KeptLog::name`].
        name: String,
    },
}

impl Step {
    /// What it does, for people.
    pub fn describe(&self) -> String {
        match self {
            Self::CreateDomain { config_path, .. } => {
                format!("creating a domain from {config_path}")
            }
            Self::ShutDownDomain { domid, .. } => {
                format!("waiting for domain {domid} to shut down")
            }
            Self::DestroyDomain { domid, .. } => format!("destroying domain {domid}"),
            Self::PauseDomain { domid, .. } => format!("pausing domain {domid}"),
            Self::UnpauseDomain { domid, .. } => format!("unpausing domain {domid}"),
            Self::RenameDomain { domid, name, .. } => format!("renaming domain {domid} to {name}"),
            Self::WriteConfig { .. } => "writing the VM's configuration".to_owned(),
            Self::RemoveConfig { .. } => "removing the VM's configuration".to_owned(),
            Self::SetAutostart { enabled: true, .. } => "having it started with dom0".to_owned(),
            Self::SetAutostart { enabled: false, .. } => {
                "having it started with dom0 no more".to_owned()
            }
            Self::AdoptConfig { config_path, .. } => format!("copying {config_path}"),
            Self::CreateThinPool { volume_group, name, .. } => {
                format!("creating the thin pool {volume_group}/{name}")
            }
            Self::GrowVolume { volume_group, name, .. } => {
                format!("growing the volume {volume_group}/{name}")
            }
            Self::RevertVolume { volume_group, origin, name, .. } => {
                format!("reverting {volume_group}/{origin} to {name}")
            }
            Self::RenameVolume { volume_group, name, to, .. } => {
                format!("renaming the volume {volume_group}/{name} to {to}")
            }
            Self::CreateVolume { volume_group, name, .. } => {
                format!("creating the volume {volume_group}/{name}")
            }
            Self::SnapshotVolume { volume_group, origin, .. } => {
                format!("taking a snapshot of {volume_group}/{origin}")
            }
            Self::SnapshotDisks { disks, .. } => {
                let names: Vec<&str> = disks.iter().map(|disk| disk.origin.as_str()).collect();
                format!("taking snapshots of {}", names.join(", "))
            }
            Self::RemoveVolume { volume_group, name, .. } => {
                format!("removing the volume {volume_group}/{name}")
            }
            Self::AdoptVolume { volume_group, name, .. } => {
                format!("tagging the volume {volume_group}/{name}")
            }
            Self::Reboot => "restarting dom0".to_owned(),
            Self::ForgetKeptLog { name } => format!("removing the kept kernel log {name}"),
        }
    }

    /// Whether what it ends or destroys cannot be brought back.
    pub fn is_destructive(&self) -> bool {
        match self {
            Self::DestroyDomain { .. }
            | Self::RemoveConfig { .. }
            | Self::RevertVolume { .. }
            | Self::RemoveVolume { .. }
            | Self::Reboot => true,
            Self::CreateDomain { .. }
            | Self::ShutDownDomain { .. }
            | Self::PauseDomain { .. }
            | Self::UnpauseDomain { .. }
            | Self::RenameDomain { .. }
            | Self::WriteConfig { .. }
            | Self::SetAutostart { .. }
            | Self::AdoptConfig { .. }
            | Self::CreateVolume { .. }
            | Self::CreateThinPool { .. }
            | Self::GrowVolume { .. }
            | Self::RenameVolume { .. }
            | Self::SnapshotVolume { .. }
            | Self::SnapshotDisks { .. }
            | Self::AdoptVolume { .. }
            | Self::ForgetKeptLog { .. } => false,
        }
    }
}
