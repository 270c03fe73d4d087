//! What a backup of all VMs needs of the drive, as if nothing could be compressed.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::assumptions::LegacyBackups;
use super::facts::{DiskFacts, VmFacts};
use crate::id::VmId;

const MIB: u64 = 1024 * 1024;
/// A chunk of the set, and what its part of the index takes.
const CHUNK_BYTES: u64 = 64 * MIB;
const INDEX_BYTES: u64 = 2 * 1024;
/// Frames have heads: half a percent.
const HEADS: u64 = 200;
const JOURNAL_BYTES: u64 = 64 * MIB;
const IN_FLIGHT_BYTES: u64 = 128 * MIB;
/// A tenth, and the hashes of its blocks.
const PARITY_PERCENT: u64 = 11;
/// A twentieth more than is needed, and this, have to be free.
const MARGIN: u64 = 20;
const MARGIN_BYTES: u64 = 1024 * MIB;

/// What is needed of the drive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DriveNeed {
    /// Of each VM.
    pub vms: Vec<VmNeed>,
    /// Backups of the 1.x dashboard.
    pub legacy_bytes: u64,
    /// The journals and configurations.
    pub journal_bytes: u64,
    /// What is being written.
    pub in_flight_bytes: u64,
    /// Parity, where one drive holds the only copy.
    pub parity_bytes: u64,
    /// All of that.
    pub bytes: u64,
    /// What has to be free: a twentieth and 1 GiB more.
    pub required_bytes: u64,
}

/// What a VM needs of the drive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct VmNeed {
    /// The VM.
    pub vm: VmId,
    /// Its name.
    pub name: String,
    /// What is read of its disks.
    pub data_bytes: u64,
    /// The sizes of its disks.
    pub virtual_bytes: u64,
    /// What that takes on the drive.
    pub bytes: u64,
}

/// What is read of a disk: all of it where nobody knows better.
pub(super) fn data_bytes(disk: &DiskFacts) -> u64 {
    disk.data_bytes.unwrap_or(disk.virtual_bytes)
}

fn disk_bytes(disk: &DiskFacts) -> u64 {
    let data = data_bytes(disk);
    data.saturating_add(data.div_ceil(HEADS))
        .saturating_add(INDEX_BYTES.saturating_mul(disk.virtual_bytes.div_ceil(CHUNK_BYTES)))
}

fn sum(numbers: impl Iterator<Item = u64>) -> u64 {
    numbers.fold(0, u64::saturating_add)
}

fn of_vm(vm: &VmFacts) -> VmNeed {
    VmNeed {
        vm: vm.vm,
        name: vm.name.clone(),
        data_bytes: sum(vm.disks.iter().map(data_bytes)),
        virtual_bytes: sum(vm.disks.iter().map(|disk| disk.virtual_bytes)),
        bytes: sum(vm.disks.iter().map(disk_bytes)),
    }
}

impl DriveNeed {
    pub(super) fn of(vms: &[&VmFacts], legacy: LegacyBackups, with_parity: bool) -> Self {
        let vms: Vec<VmNeed> = vms.iter().map(|vm| of_vm(vm)).collect();
        let sets = sum(vms.iter().map(|vm| vm.bytes));
        let twice = if legacy.converted_on_drive { 2 } else { 1 };
        let legacy_bytes = legacy.bytes.saturating_mul(twice);
        let parity_bytes =
            if with_parity { (sets / 100 + 1).saturating_mul(PARITY_PERCENT) } else { 0 };
        let parts = [sets, legacy_bytes, JOURNAL_BYTES, IN_FLIGHT_BYTES, parity_bytes];
        let bytes = sum(parts.into_iter());
        Self {
            vms,
            legacy_bytes,
            journal_bytes: JOURNAL_BYTES,
            in_flight_bytes: IN_FLIGHT_BYTES,
            parity_bytes,
            bytes,
            required_bytes: bytes
                .saturating_add(bytes.div_ceil(MARGIN))
                .saturating_add(MARGIN_BYTES),
        }
    }

    /// What is read of all disks together.
    pub(super) fn data_bytes(&self) -> u64 {
        sum(self.vms.iter().map(|vm| vm.data_bytes))
    }
}
