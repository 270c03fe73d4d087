//! Where everything of a set is. Every name comes from ids and numbers, and none from what a set or
//! a configuration says: so none leads anywhere else.

use domfleet_shared::id::{SetId, VmId};

use super::journal::Place;

/// Under the medium's root: all that is ours.
pub(crate) const OURS: &str = "DOMFLEET";

/// Under the medium's root: what is ours on a drive that may hold other things.
pub(super) const SETS: &str = "DOMFLEET/sets";

/// The folder of a set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder {
    pub(super) set: SetId,
    path: String,
}

/// A disk of a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DiskId {
    /// Whose it is.
    pub vm: VmId,
    /// Its place in the VM's configuration, from 0 on.
    pub number: u32,
}

impl Folder {
    /// Of the set of that id, below the medium's root.
    pub fn new(set: SetId) -> Self {
        Self { set, path: format!("{SETS}/{set}") }
    }

    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// Where its journal is.
    pub(super) fn journal(&self) -> Place {
        Place { folder: self.path.clone(), of: self.set.0 }
    }

    pub(super) fn file(&self, name: &str) -> String {
        format!("{}/{name}", self.path)
    }

    pub(super) fn config(&self, vm: VmId) -> String {
        self.file(&format!("vm/{vm}/config.xl"))
    }

    pub(super) fn appliance(&self) -> String {
        self.file("appliance")
    }

    pub(super) fn appliance_file(&self, number: usize) -> String {
        format!("{}/{number}", self.appliance())
    }

    pub(super) fn index(&self, disk: DiskId) -> String {
        format!("{}/index", self.disk(disk))
    }

    pub(super) fn chunks(&self, disk: DiskId) -> String {
        format!("{}/c", self.disk(disk))
    }

    pub(super) fn chunk(&self, disk: DiskId, number: u64) -> String {
        format!("{}/{number:08}", self.chunks(disk))
    }

    pub(super) fn parities(&self, disk: DiskId) -> String {
        format!("{}/p", self.disk(disk))
    }

    pub(super) fn parity(&self, disk: DiskId, number: u64) -> String {
        format!("{}/{number:08}", self.parities(disk))
    }

    /// Where the second copy is of a file of the set.
    pub(super) fn copy_of(&self, name: &str) -> String {
        let within = name.strip_prefix(&self.path).unwrap_or(name);
        format!("{}/copy/{}", self.path, within.trim_start_matches('/'))
    }

    fn disk(&self, DiskId { vm, number }: DiskId) -> String {
        self.file(&format!("vm/{vm}/d{number}"))
    }
}

/// The number of the chunk in a file of that name in the folder of chunks.
pub(super) fn chunk_number(name: &str) -> Option<u64> {
    (name.len() >= 8 && name.bytes().all(|byte| byte.is_ascii_digit()))
        .then(|| name.parse().ok())?
}
