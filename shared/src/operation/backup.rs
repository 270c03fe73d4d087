//! What is to be backed up, and where a VM is restored to.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::keep::Keep;
use crate::backup_key::KeyName;
use crate::id::{DriveId, SetId, VmId};
use crate::image::Format;

/// VMs to be backed up onto a drive of ours; every byte is read back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a choice of its own, and is called by its name in a request"
)]
pub struct BackupCreate {
    /// The drive, which must be plugged in.
    pub drive: DriveId,
    /// The VMs; all that the appliance has where none is named. The server settles it.
    #[serde(default)]
    pub vms: Vec<VmId>,
    /// Shut down those that run, and start them again afterwards, whatever comes of the backup.
    /// Otherwise a VM that runs is a reason to refuse.
    #[serde(default)]
    pub shut_down: bool,
    /// Encrypt the set, with a key that the server keeps. Otherwise whoever has the drive can read it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub encrypted: bool,
    /// The key, where the set is encrypted. The server settles it, whatever is asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(read_only)]
    pub key: Option<KeyName>,
    /// Make parity of it once it is verified, a tenth of its size: so that it survives a drive that loses
    /// some of it.
    #[serde(default)]
    pub parity: bool,
    /// Let those that run go on, and copy snapshots of their disks, all of a VM from one moment. Each
    /// of their disks must be a logical volume.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub snapshot: bool,
    /// Once the backup is verified, remove the sets of the drive that need not be kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keep: Option<Keep>,
}

/// A VM to be restored out of a set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BackupRestore {
    /// The drive, which must be plugged in.
    pub drive: DriveId,
    /// The set; the newest that holds the VM where none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub set: Option<SetId>,
    /// The VM.
    pub vm: VmId,
    /// Where its disks go.
    pub to: RestoreTo,
    /// As a VM of this name, with a new UUID and new addresses, which can run beside it; as itself
    /// where it is not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub as_name: Option<String>,
}

/// Where the disks of a VM are restored to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RestoreTo {
    /// New files.
    Folder(RestoreFolder),
    /// New volumes of that group.
    VolumeGroup(String),
}

/// A folder that a VM is restored into.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RestoreFolder {
    /// Its absolute path; made where it is not there.
    pub path: String,
    /// What the disks become, raw or qcow2; what they were where it is not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<Format>,
}
