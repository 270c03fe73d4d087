//! Backup sets, as far as those who do not hold the drive in their hands need to know.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Timestamp;
use crate::backup_key::KeyName;
use crate::id::{DriveId, SetId, VmId};

/// What an agent tells of the sets on a drive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SetsOnDrive {
    /// The drive.
    pub drive: DriveId,
    /// Sets on it, oldest first.
    pub sets: Vec<SetSummary>,
    /// Whether these are all: then what is not named is not there any more.
    pub is_complete: bool,
}

/// A backup set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SetSummary {
    /// The set.
    pub set: SetId,
    /// When it was begun, by the agent's clock.
    pub created_at: Timestamp,
    /// When everything was in it; nothing where it is not finished.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed_at: Option<Timestamp>,
    /// When every byte of it was last read back and found whole, with nothing written since. Only
    /// then is it a backup.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verified_at: Option<Timestamp>,
    /// The key that it is encrypted with; nothing where whoever has the drive can read it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<KeyName>,
    /// What it takes on the drive.
    #[serde(default)]
    pub stored_bytes: u64,
    /// Whether there is parity of it, read back as well, from which a drive that loses some of it is mended.
    #[serde(default)]
    pub is_protected: bool,
    /// What is damaged, or why nothing can be said of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub troubles: Vec<String>,
    /// What is in it, or is to be.
    pub vms: Vec<SetVm>,
}

/// A VM in a set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SetVm {
    /// The VM.
    pub uuid: VmId,
    /// Its name.
    pub name: String,
    /// Its disks.
    pub disks: Vec<SetDisk>,
    /// Disks that are not in the set, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<String>,
}

/// A disk in a set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SetDisk {
    /// Its name in the guest.
    pub vdev: String,
    /// Its size, as the guest sees it.
    pub virtual_bytes: u64,
    /// How much of it is not zeros; 0 while it is not finished.
    #[serde(default)]
    pub data_bytes: u64,
}
