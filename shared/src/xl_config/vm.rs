//! What a configuration says of its VM.

use uuid::Uuid;

use super::device::{Disk, Nic};
use super::document::Document;
use crate::id::VmId;
use crate::inventory::VmDisk;

/// A VM, as its configuration describes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VmConfig {
    /// Its name.
    pub name: String,
    /// Its UUID, where it is pinned.
    pub uuid: Option<VmId>,
    /// Memory.
    pub memory_mib: u64,
    /// Virtual CPUs.
    pub vcpus: u32,
    /// Its disks.
    pub disks: Vec<Disk>,
    /// Its network cards.
    pub nics: Vec<Nic>,
}

impl VmConfig {
    /// What `document` says; nothing where it names no VM.
    pub fn of(document: &Document) -> Option<Self> {
        let name = document.atom("name").filter(|name| !name.is_empty())?;
        let uuid = document.atom("uuid").and_then(|uuid| uuid.parse::<Uuid>().ok()).map(VmId);
        let vcpus = document.number("vcpus").and_then(|vcpus| vcpus.try_into().ok());
        Some(Self {
            name,
            uuid,
            memory_mib: document.number("memory").unwrap_or(0),
            vcpus: vcpus.unwrap_or(1),
            disks: document.texts("disk").iter().map(|spec| Disk::parse(spec)).collect(),
            nics: document.texts("vif").iter().map(|spec| Nic::parse(spec)).collect(),
        })
    }

    /// Memory in bytes.
    pub fn memory_bytes(&self) -> u64 {
        self.memory_mib.saturating_mul(1024 * 1024)
    }

    /// The addresses that are pinned.
    pub fn macs(&self) -> Vec<String> {
        self.nics.iter().filter_map(|nic| nic.mac.clone()).collect()
    }

    /// Its disks, as they are reported.
    pub fn vm_disks(&self) -> Vec<VmDisk> {
        let disks = self.disks.iter().cloned().map(|disk| VmDisk {
            vdev: disk.vdev,
            target: disk.target,
            format: disk.format,
            writable: disk.writable,
        });
        disks.collect()
    }
}
