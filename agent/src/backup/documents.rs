//! The documents of a set: what is to be in it (`plan.json`), and what is in it (`set.json`).
//!
//! Neither holds a path in the set. What they say of the machine that the set was made on is there
//! to be shown to people, and is never opened.

use std::collections::BTreeSet;

use domfleet_shared::Timestamp;
use domfleet_shared::backup_key::KeyName;
use domfleet_shared::id::{SetId, VmId};
use domfleet_shared::image::Format;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::appliance;
use super::geometry::{Geometry, LARGEST_DISK};
use super::hash::Hash;
use super::names::DiskId;

pub(super) const PLAN: &str = "plan.json";
pub(super) const MANIFEST: &str = "set.json";

/// The newest that this build reads, and what it writes of a set that is encrypted.
const NEWEST: u32 = 2;
/// What this build writes otherwise, so that older builds read it.
const UNENCRYPTED: u32 = 1;
/// No document of ours is longer.
pub(super) const LONGEST: u64 = 16 * 1024 * 1024;
const MOST_VMS: usize = 1_000;
pub(super) const MOST_DISKS: usize = 1_000;

/// What is to be in a set. Written once, before anything else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The version of the set's format.
    pub format: u32,
    /// The set.
    pub set: SetId,
    /// When it was begun, by a clock that may be wrong.
    pub created_at: Timestamp,
    /// The version of the agent.
    pub agent: String,
    /// The key that it is encrypted with, if it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<KeyName>,
    /// How its disks are cut.
    pub geometry: Geometry,
    /// The folder that it was taken over from, where another program had made a backup in it. The disks
    /// were there then, and not where the configurations say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub imported_from: Option<String>,
    /// Whether the set is finished only once parity of it was made. Nothing of it is in the manifest: it
    /// says whether an interrupted backup is to be gone on with.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub parity: bool,
    /// Whose disks they are.
    pub vms: Vec<PlannedVm>,
}

/// A VM of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedVm {
    /// Its identity: the one in its configuration, or one made for this set where it has none.
    pub uuid: VmId,
    /// Whether the UUID was made for this set: the next one has another for the same VM.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_uuid_made_up: bool,
    /// Its name.
    pub name: String,
    /// Its disks that hold something of its own.
    pub disks: Vec<PlannedDisk>,
    /// Those of its disks that are not in the set, each with the reason: a CD, say.
    pub left_out: Vec<LeftOut>,
}

/// A disk of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedDisk {
    /// Its place in the VM's configuration, from 0 on.
    pub number: u32,
    /// What the guest calls it: `xvda`.
    pub vdev: String,
    /// Where it was.
    pub path: String,
    /// What it was kept in.
    pub format: Format,
    /// Its size as the guest sees it.
    pub virtual_bytes: u64,
}

/// A disk that is not in the set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// What the guest calls it.
    pub vdev: String,
    /// Why.
    pub reason: String,
}

/// What is in a set. Written when all of it is there, and with it the set is sealed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The version of the set's format.
    pub format: u32,
    /// The set.
    pub set: SetId,
    /// Counts how often it was sealed: something was found damaged or had changed, and was written
    /// again.
    pub generation: u64,
    /// When it was begun, by a clock that may be wrong.
    pub created_at: Timestamp,
    /// When it was sealed, by the same clock.
    pub sealed_at: Timestamp,
    /// The key that it is encrypted with, if it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<KeyName>,
    /// How its disks are cut.
    pub geometry: Geometry,
    /// Whose disks they are.
    pub vms: Vec<SavedVm>,
    /// Files of the appliance itself, in the order in which they are numbered in the set.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub appliance: Vec<SavedFile>,
}

/// A file of the appliance in a set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedFile {
    /// Where it was on the appliance.
    pub path: String,
    /// Its length.
    pub bytes: u64,
    /// The hash of its content, as it is stored.
    pub hash: Hash,
}

/// A VM in a set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedVm {
    /// Its identity.
    pub uuid: VmId,
    /// Its name.
    pub name: String,
    /// The length of its xl configuration.
    pub config_bytes: u64,
    /// The hash of its xl configuration, as it is stored.
    pub config: Hash,
    /// Its disks.
    pub disks: Vec<SavedDisk>,
    /// Those that are not in the set.
    pub left_out: Vec<LeftOut>,
}

/// A disk in a set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedDisk {
    /// What was planned.
    #[serde(flatten)]
    pub planned: PlannedDisk,
    /// Bytes in frames that are not zeros.
    pub data_bytes: u64,
    /// Bytes of its files in the set.
    pub stored_bytes: u64,
    /// The hash of its content: [`domfleet_shared::content`]; of an encrypted set that is keyed.
    pub content: Hash,
    /// The hash of its index.
    pub index: Hash,
}

/// Why a document is not one of ours.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// No JSON, or another.
    #[error("{0} cannot be understood")]
    Json(&'static str, #[source] serde_json::Error),
    /// It says what cannot be.
    #[error("{0} is not sound: {1}")]
    Unsound(&'static str, &'static str),
    /// Of a version after this one.
    #[error("the set is of format {0}, which is newer than this program: update it")]
    Newer(u32),
}

/// The format of a set that has this key.
pub(super) fn format(key: Option<KeyName>) -> u32 {
    if key.is_some() { NEWEST } else { UNENCRYPTED }
}

#[derive(Deserialize)]
struct Versioned {
    format: u32,
}

fn decode<T: DeserializeOwned>(name: &'static str, bytes: &[u8]) -> Result<T, DocumentError> {
    let json = |error| DocumentError::Json(name, error);
    let Versioned { format } = serde_json::from_slice(bytes).map_err(json)?;
    if format > NEWEST {
        return Err(DocumentError::Newer(format));
    }
    serde_json::from_slice(bytes).map_err(json)
}

/// What there must not be two of, and what cannot be so large.
fn check<'d>(
    name: &'static str,
    geometry: Geometry,
    vms: impl Iterator<Item = (VmId, Vec<&'d PlannedDisk>)>,
) -> Result<(), DocumentError> {
    let unsound = |why| Err(DocumentError::Unsound(name, why));
    if !geometry.is_sound() {
        return unsound("frames of that size are not used");
    }
    let mut seen = BTreeSet::new();
    for (count, (uuid, disks)) in vms.enumerate() {
        if count >= MOST_VMS || disks.len() > MOST_DISKS {
            return unsound("no appliance has so many VMs or disks");
        }
        if !seen.insert(uuid) {
            return unsound("two VMs have the same UUID");
        }
        let numbers: BTreeSet<u32> = disks.iter().map(|disk| disk.number).collect();
        if numbers.len() < disks.len() {
            return unsound("two disks of a VM have the same number");
        }
        if disks.iter().any(|disk| disk.virtual_bytes > LARGEST_DISK) {
            return unsound("a disk is larger than 16 TiB");
        }
    }
    Ok(())
}

impl Plan {
    pub(super) fn decode(bytes: &[u8]) -> Result<Self, DocumentError> {
        let plan: Self = decode(PLAN, bytes)?;
        plan.check()?;
        Ok(plan)
    }

    pub(super) fn check(&self) -> Result<(), DocumentError> {
        let vms = self.vms.iter().map(|vm| (vm.uuid, vm.disks.iter().collect()));
        check(PLAN, self.geometry, vms)
    }

    /// Every disk, and whose it is.
    pub fn disks(&self) -> impl Iterator<Item = (&PlannedVm, DiskId, &PlannedDisk)> {
        self.vms.iter().flat_map(|vm| {
            let id = |number| DiskId { vm: vm.uuid, number };
            vm.disks.iter().map(move |disk| (vm, id(disk.number), disk))
        })
    }
}

impl Manifest {
    pub(super) fn decode(bytes: &[u8]) -> Result<Self, DocumentError> {
        let manifest: Self = decode(MANIFEST, bytes)?;
        let vms = manifest
            .vms
            .iter()
            .map(|vm| (vm.uuid, vm.disks.iter().map(|disk| &disk.planned).collect()));
        check(MANIFEST, manifest.geometry, vms)?;
        if manifest.appliance.len() > appliance::MOST {
            let why = "no appliance has so many files of its own";
            return Err(DocumentError::Unsound(MANIFEST, why));
        }
        Ok(manifest)
    }

    /// Every disk.
    pub fn disks(&self) -> impl Iterator<Item = (DiskId, &SavedDisk)> {
        self.vms.iter().flat_map(SavedVm::disks)
    }

    /// Bytes of the files of all disks.
    pub fn stored_bytes(&self) -> u64 {
        self.disks().map(|(_, disk)| disk.stored_bytes).sum()
    }
}

impl SavedVm {
    /// Every disk of this VM.
    pub fn disks(&self) -> impl Iterator<Item = (DiskId, &SavedDisk)> {
        let id = |number| DiskId { vm: self.uuid, number };
        self.disks.iter().map(move |disk| (id(disk.planned.number), disk))
    }
}
