//! What an appliance reports of itself.
//!
//! It travels by digest: the agent names the digest of each [`Section`], and the server asks for
//! those that it does not have. What is unknown is `null`, never an empty text.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::boot::Boot;
use crate::id::{BootId, VmId};
use crate::mitigation::MitigationStanding;
use crate::timestamp::Timestamp;
use crate::usb::UsbDrive;

/// A part of the inventory that travels by itself.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Section {
    /// [`Facts`].
    Facts,
    /// A list of [`Vm`]s.
    Vms,
    /// [`Storage`].
    Storage,
    /// A list of [`Boot`]s, newest last, the 50 newest.
    Boots,
    /// A list of [`UsbDrive`]s.
    Usb,
    /// A list of [`MitigationStanding`]s.
    Mitigations,
    /// A section that this build does not know.
    #[serde(other)]
    Unknown,
}

impl Section {
    /// Those that an agent of this build reports.
    pub const ALL: [Self; 6] =
        [Self::Facts, Self::Vms, Self::Storage, Self::Boots, Self::Usb, Self::Mitigations];

    /// As it is written in JSON and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Facts => "facts",
            Self::Vms => "vms",
            Self::Storage => "storage",
            Self::Boots => "boots",
            Self::Usb => "usb",
            Self::Mitigations => "mitigations",
            Self::Unknown => "unknown",
        }
    }
}

/// A section's content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "section", content = "content", rename_all = "snake_case")]
pub enum Content {
    /// The appliance itself.
    Facts(Box<Facts>),
    /// Its VMs, by UUID.
    Vms(Vec<Vm>),
    /// Its volume groups and volumes, by name.
    Storage(Storage),
    /// Its boots, oldest first.
    Boots(Vec<Boot>),
    /// The USB drives that are plugged in, by their device.
    Usb(Vec<UsbDrive>),
    /// How each mitigation stands.
    Mitigations(Vec<MitigationStanding>),
}

impl Content {
    /// The section that it fills.
    pub fn section(&self) -> Section {
        match self {
            Self::Facts(_) => Section::Facts,
            Self::Vms(_) => Section::Vms,
            Self::Storage(_) => Section::Storage,
            Self::Boots(_) => Section::Boots,
            Self::Usb(_) => Section::Usb,
            Self::Mitigations(_) => Section::Mitigations,
        }
    }

    /// BLAKE3 of its JSON, in hexadecimal.
    ///
    /// Two builds may write the same content differently; the price is one message more.
    pub fn digest(&self) -> String {
        // Text keys and numbers only: this cannot fail.
        let json = serde_json::to_vec(self).unwrap_or_default();
        blake3::hash(&json).to_hex().to_string()
    }
}

/// Digests of sections, in hexadecimal.
pub type Digests = BTreeMap<Section, String>;

/// What does not change while dom0 runs, or changes rarely.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Facts {
    /// What the hardware is known by.
    pub fingerprint: Fingerprint,
    /// dom0's own name for itself. Not an identity.
    pub hostname: String,
    /// This run of dom0.
    pub boot_id: BootId,
    /// When it began, by dom0's clock.
    pub booted_at: Timestamp,
    /// Memory of the whole machine, as `xl info` has it.
    pub memory_bytes: Option<u64>,
    /// Memory that no domain has.
    pub free_memory_bytes: Option<u64>,
    /// Memory of dom0.
    pub dom0_memory_bytes: Option<u64>,
    /// Physical CPUs.
    pub cpus: Option<u32>,
    /// The versions of what it is made of.
    pub components: Components,
    /// The kernel's taint bits (`/proc/sys/kernel/tainted`).
    pub taint: Option<u64>,
}

/// What hardware is known by. Never the hostname.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Fingerprint {
    /// DMI `product_uuid`.
    pub system_uuid: Option<String>,
    /// DMI `board_serial`.
    pub board_serial: Option<String>,
    /// MAC addresses of physical network cards, lower case.
    #[serde(default)]
    pub macs: BTreeSet<String>,
    /// WWIDs of fixed disks.
    #[serde(default)]
    pub disks: BTreeSet<String>,
}

impl Fingerprint {
    /// How many of the parts that both have agree, and how many both have.
    ///
    /// MACs and disks agree where they share one: cards and disks are added and replaced.
    pub fn agreement(&self, other: &Self) -> Agreement {
        let texts =
            [(&self.system_uuid, &other.system_uuid), (&self.board_serial, &other.board_serial)];
        let sets = [(&self.macs, &other.macs), (&self.disks, &other.disks)];
        let texts = texts.into_iter().filter_map(|(a, b)| Some(a.as_ref()? == b.as_ref()?));
        let sets = sets
            .into_iter()
            .filter(|(a, b)| !a.is_empty() && !b.is_empty())
            .map(|(a, b)| !a.is_disjoint(b));
        let parts: Vec<bool> = texts.chain(sets).collect();
        Agreement { equal: parts.iter().filter(|equal| **equal).count(), compared: parts.len() }
    }

    /// Whether this is the hardware that `other` was read from: at least two parts agree, and not
    /// more differ than agree.
    pub fn is_same_hardware(&self, other: &Self) -> bool {
        let Agreement { equal, compared } = self.agreement(other);
        equal >= 2 && equal * 2 >= compared
    }
}

/// How far two fingerprints agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Agreement {
    /// Parts that agree.
    pub equal: usize,
    /// Parts that both fingerprints have.
    pub compared: usize,
}

/// Versions of what an appliance is made of: the suspects, each by itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Components {
    /// The vendor's release, as its product file names it.
    pub hypervisor: Option<String>,
    /// dom0's kernel, as `uname -r` prints it.
    pub dom0_kernel: Option<String>,
    /// Xen, as `xl info` has it in `xen_version`.
    pub xen: Option<String>,
    /// The QEMU that is installed. What runs is told for each VM.
    pub qemu_installed: Option<String>,
    /// Alpine, as `/etc/alpine-release` has it.
    pub alpine: Option<String>,
    /// The agent.
    pub agent: Option<String>,
    /// The I/O scheduler of the system disk.
    pub io_scheduler: Option<String>,
    /// Whether swap is on.
    pub swap: Option<bool>,
    /// `vm.overcommit_memory`.
    pub overcommit: Option<u8>,
}

/// How a VM is, as Xen tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum VmState {
    /// It has a domain that runs or waits for something to do.
    Running,
    /// Its virtual CPUs are stopped.
    Paused,
    /// The guest has shut down; the domain is still there.
    Shutdown,
    /// The guest has crashed; the domain is still there.
    Crashed,
    /// The domain is going away.
    Dying,
    /// There is a configuration and no domain.
    Off,
    /// A state that this build does not know.
    #[serde(other)]
    Unknown,
}

/// A VM: the durable thing. Its running incarnation is a domain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Vm {
    /// What Xen knows it by.
    pub uuid: VmId,
    /// Its name in Xen.
    pub name: String,
    /// How it is.
    pub state: VmState,
    /// The domain's number, while it has one.
    pub domid: Option<u32>,
    /// Memory.
    pub memory_bytes: u64,
    /// Virtual CPUs.
    pub vcpus: u32,
    /// Its disks, in the order of its configuration.
    pub disks: Vec<VmDisk>,
    /// Its network cards' MAC addresses, in the order of its configuration.
    pub macs: Vec<String>,
    /// The QEMU that serves the running domain, which an upgrade does not change.
    pub qemu_running: Option<String>,
    /// The file that it is started from, if there is one.
    pub config_path: Option<String>,
    /// Whether it was adopted or made by us.
    pub managed: bool,
    /// Whether it is started with dom0, where that can be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub autostart: Option<bool>,
    /// When its domain was created, or the last one was that the agent has seen, by dom0's clock; nothing
    /// where that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
}

/// A disk of a VM.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct VmDisk {
    /// Its name in the guest, such as `xvda`.
    pub vdev: String,
    /// File or block device in dom0; nothing for an empty CD drive.
    pub target: Option<String>,
    /// By content where it could be read, else as configured: `qcow`, `qcow2`, `raw`, `lv`, `vhd`,
    /// `qed`.
    pub format: String,
    /// Whether the guest may write.
    pub writable: bool,
}

/// Volume groups and volumes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Storage {
    /// By name.
    pub volume_groups: Vec<VolumeGroup>,
    /// By volume group and name.
    pub volumes: Vec<Volume>,
}

/// An LVM volume group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct VolumeGroup {
    /// `vg_uuid`.
    pub uuid: String,
    /// `vg_name`.
    pub name: String,
    /// `vg_size`.
    pub size_bytes: u64,
    /// `vg_free`.
    pub free_bytes: u64,
    /// `vg_extent_size`.
    pub extent_bytes: u64,
}

/// An LVM logical volume.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Volume {
    /// `lv_uuid`.
    pub lv_uuid: String,
    /// `lv_name`.
    pub name: String,
    /// `vg_name`.
    pub volume_group: String,
    /// `lv_size`.
    pub size_bytes: u64,
    /// `lv_attr`, as LVM prints it.
    pub attributes: String,
    /// `segtype`: `linear`, `thin`, `thin-pool`, …
    pub segment_type: String,
    /// `origin`, of a snapshot.
    pub origin: Option<String>,
    /// `data_percent`, of thin volumes, pools and snapshots, in hundredths of a percent.
    pub data_basis_points: Option<u32>,
    /// `metadata_percent`, of thin pools, in hundredths of a percent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata_basis_points: Option<u32>,
    /// `pool_lv`: the pool of a thin volume.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pool: Option<String>,
    /// `lv_tags`.
    pub tags: BTreeSet<String>,
    /// Whether it carries our tag: only then is it ever removed.
    pub managed: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hardware() -> Fingerprint {
        Fingerprint {
            system_uuid: Some("0a".into()),
            board_serial: Some("B7".into()),
            macs: BTreeSet::from(["00:16:3e:00:00:01".into()]),
            disks: BTreeSet::from(["naa.5000".into()]),
        }
    }

    #[test]
    fn a_new_disk_does_not_make_new_hardware() {
        let repaired = Fingerprint { disks: BTreeSet::from(["naa.6000".into()]), ..hardware() };

        assert!(repaired.is_same_hardware(&hardware()));
    }

    #[test]
    fn a_disk_moved_to_another_board_is_other_hardware() {
        let other = Fingerprint {
            system_uuid: Some("0b".into()),
            board_serial: Some("B8".into()),
            macs: BTreeSet::from(["00:16:3e:00:00:02".into()]),
            ..hardware()
        };

        assert!(!other.is_same_hardware(&hardware()));
    }

    #[test]
    fn one_part_alone_proves_nothing() {
        let bare = Fingerprint { board_serial: Some("B7".into()), ..Fingerprint::default() };

        assert!(!bare.is_same_hardware(&hardware()));
    }

    #[test]
    fn a_digest_follows_the_content() {
        let none = Content::Vms(Vec::new());
        let storage = Content::Storage(Storage::default());

        assert_eq!(none.digest(), Content::Vms(Vec::new()).digest());
        assert_ne!(none.digest(), storage.digest());
    }
}
