//! What an appliance says of itself before it is moved.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::figures::Figure;
use crate::Timestamp;
use crate::id::VmId;
use crate::image::{Format, Verdict};
use crate::usb::{ContentKind, Smart, Usage};

/// Everything that a preflight looks at. What is not known is absent, and counts against it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Facts {
    /// When it was looked at, by the appliance's clock.
    pub taken_at: Option<Timestamp>,
    /// Every VM.
    pub vms: Vec<VmFacts>,
    /// The USB drives that are plugged in, but those that the system itself works with.
    pub drives: Vec<DriveFacts>,
    /// The disk that 2.x is put onto, where it can be told.
    pub system_disk: Option<SystemDisk>,
    /// Whether the appliance knows what time it is.
    pub clock: Clock,
    /// How fast things are there.
    pub measured: Measured,
}

/// A VM.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct VmFacts {
    /// What Xen knows it by.
    pub vm: VmId,
    /// Its name.
    pub name: String,
    /// Whether it has a domain, whatever that does.
    pub is_running: bool,
    /// The file that a saved VM would be resumed from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub save_file: Option<String>,
    /// Hardware of the host that it is given, as its configuration says.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub passthrough: Vec<String>,
    /// Whether it is started with dom0, where that can be told.
    pub autostart: Option<bool>,
    /// Whether there is a configuration that it can be made from again, and why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_config: Option<String>,
    /// Its disks.
    pub disks: Vec<DiskFacts>,
    /// What of it is not moved.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<LeftOut>,
}

/// A disk of a VM.
#[expect(clippy::struct_excessive_bools, reason = "each is true or not whatever the others are")]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DiskFacts {
    /// What the guest calls it.
    pub vdev: String,
    /// Where it is in dom0.
    pub path: String,
    /// How its image is laid out.
    pub format: Format,
    /// Its size as the guest sees it; 0 where that cannot be known.
    pub virtual_bytes: u64,
    /// How much of it is not known to be zeros: what is to be read. Nothing where that cannot be known.
    pub data_bytes: Option<u64>,
    /// The names of its image's own snapshots.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub snapshots: Vec<String>,
    /// What is to be thought of its image; nothing where it was not checked, because something uses it.
    pub verdict: Option<Verdict>,
    /// Whether it can be backed up as it is, as far as its format goes.
    #[serde(default)]
    pub is_convertible: bool,
    /// Sentences to that.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<String>,
    /// QEMU found damage in it while a VM was running.
    #[serde(default)]
    pub is_marked_corrupt: bool,
    /// Whether it cannot be read without a key.
    #[serde(default)]
    pub is_encrypted: bool,
    /// Whether something that it is based on is not there.
    #[serde(default)]
    pub is_backing_missing: bool,
    /// Names of other VMs that have the same disk.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shared_with: Vec<String>,
    /// Whether it is on the system disk, where that can be told.
    pub is_on_system_disk: Option<bool>,
    /// Who writes to it now, such as its own VM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holder: Option<String>,
    /// Why it cannot be read at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unreadable: Option<String>,
}

/// Something in a VM's configuration that is not moved with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LeftOut {
    /// What the guest calls it.
    pub vdev: String,
    /// Why.
    pub reason: String,
}

/// A USB drive that is plugged in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DriveFacts {
    /// Its device, such as `/dev/sdb`.
    pub path: String,
    /// Its name, as it says itself.
    pub model: Option<String>,
    /// The serial number of its hardware.
    pub serial: Option<String>,
    /// As it says itself.
    pub size_bytes: u64,
    /// What it may be used for.
    #[serde(rename = "use")]
    pub usage: Usage,
    /// What is on it that backups would be written to.
    pub file_system: Option<ContentKind>,
    /// Whether the kernel refuses to write to it.
    #[serde(default)]
    pub is_read_only: bool,
    /// What is free on it, where it could be asked.
    pub free_bytes: Option<u64>,
    /// What the kernel has said against it in this boot.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub io_errors: Vec<String>,
    /// Why it could not be looked into.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unreadable: Option<String>,
    /// What it thinks of its own health.
    pub smart: Option<Smart>,
    /// What its bus runs at: 480 is USB 2.
    pub speed_megabits: Option<u32>,
    /// How fast it is read.
    pub read_rate: Option<Figure>,
    /// How fast it is written.
    pub write_rate: Option<Figure>,
}

/// The disk that dom0 was booted from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SystemDisk {
    /// Its device, such as `/dev/sda`.
    pub path: String,
    /// What it is known by for ever, where it says so.
    pub wwid: Option<String>,
    /// How large it is.
    pub bytes: u64,
    /// How it is divided, as far as that is known; empty where nothing is.
    pub partitions: Vec<PartitionFacts>,
    /// What the kernel has said against it in this boot.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub io_errors: Vec<String>,
    /// What it thinks of its own health.
    pub smart: Option<Smart>,
}

/// A partition of the system disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PartitionFacts {
    /// Its device, such as `/dev/sda2`.
    pub path: String,
    /// Where it begins.
    pub start_bytes: u64,
    /// How long it is.
    pub bytes: u64,
    /// Whether a disk of a VM is on it.
    pub holds_disks: bool,
}

/// Whether the appliance knows what time it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Clock {
    /// As far as it can tell.
    Set,
    /// It says a time at which this program did not exist.
    Unset,
    /// Nobody has looked.
    #[default]
    #[serde(other)]
    Unknown,
}

/// How fast things were when they were tried there; nothing where they were not.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Measured {
    /// The disks of the VMs, read.
    pub source_read: Option<Figure>,
}
