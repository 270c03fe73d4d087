//! Where a set stands: the fold of its journal.

use std::collections::{BTreeMap, BTreeSet};

use domfleet_shared::Timestamp;
use domfleet_shared::id::VmId;
use serde::{Deserialize, Serialize};

use super::hash::Hash;
use super::journal::{self, JournalError, Read, Record};
use super::medium::Medium;
use super::names::{DiskId, Folder};

/// What is put on record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(super) enum Event {
    /// The plan is there.
    Planned { plan: Hash },
    /// Whatever chunks of that disk are there, and whatever is added from here on, is of a source that
    /// looked like this.
    Copying { vm: VmId, disk: u32, source: Option<Hash> },
    /// All of the disk is there, and its index.
    Copied { vm: VmId, disk: u32, source: Option<Hash>, saved: Saved },
    /// All of the set is there, and its manifest.
    Sealed { generation: u64, manifest: Hash },
    /// Every byte of it was read back, and is what was written.
    Verified { generation: u64, manifest: Hash },
    /// Something could not be read back.
    Damaged { generation: u64, vm: Option<VmId>, disk: Option<u32>, chunk: Option<u64> },
    /// Something will be written to it again.
    Reopened { generation: u64 },
}

/// What is on record of a set.
pub(super) fn read(
    medium: &impl Medium,
    folder: &Folder,
) -> Result<Read<Record<Event>>, JournalError> {
    journal::read(medium, &folder.journal())
}

/// What the manifest will say of a disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Saved {
    pub(super) data_bytes: u64,
    pub(super) stored_bytes: u64,
    pub(super) content: Hash,
    pub(super) index: Hash,
}

/// Where a set stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) plan: Option<Hash>,
    /// Counts the sealings; the one that is under way or was last.
    pub(super) generation: u64,
    pub(super) disks: BTreeMap<DiskId, DiskStanding>,
    /// The manifest, while nothing is written to the set.
    pub(super) sealed: Option<Hash>,
    /// When it was read back last, and found whole.
    pub(super) verified: Option<Timestamp>,
}

/// Where a disk stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct DiskStanding {
    /// What the source of the chunks that are there looked like; nothing where that cannot be told.
    pub(super) source: Option<Hash>,
    /// Once all of it is there, what its source looked like then, and what was written.
    pub(super) copied: Option<(Option<Hash>, Saved)>,
    /// Chunks that could not be read back and have not been written since.
    pub(super) damaged: BTreeSet<u64>,
}

impl Standing {
    pub(super) fn of(records: &[Record<Event>]) -> Self {
        let mut standing = Self { generation: 1, ..Self::default() };
        for record in records {
            standing.take(record);
        }
        standing
    }

    pub(super) fn take(&mut self, record: &Record<Event>) {
        match &record.event {
            Event::Planned { plan } => self.plan = Some(*plan),
            Event::Copying { vm, disk, source } => {
                let standing = self.disks.entry(DiskId { vm: *vm, number: *disk }).or_default();
                standing.source = *source;
                standing.copied = None;
            }
            Event::Copied { vm, disk, source, saved } => {
                let standing = self.disks.entry(DiskId { vm: *vm, number: *disk }).or_default();
                standing.source = *source;
                standing.copied = Some((*source, saved.clone()));
                standing.damaged.clear();
            }
            Event::Sealed { generation, manifest } => {
                self.generation = *generation;
                self.sealed = Some(*manifest);
                self.verified = None;
            }
            Event::Verified { manifest, .. } => {
                if self.sealed == Some(*manifest) {
                    self.verified = Some(record.at);
                }
            }
            Event::Damaged { vm, disk, chunk, .. } => {
                self.verified = None;
                if let (Some(vm), Some(disk)) = (vm, disk) {
                    let standing = self.disks.entry(DiskId { vm: *vm, number: *disk }).or_default();
                    standing.copied = None;
                    standing.damaged.extend(chunk);
                }
            }
            Event::Reopened { generation } => {
                self.generation = *generation;
                self.sealed = None;
                self.verified = None;
            }
        }
    }

    pub(super) fn disk(&self, disk: DiskId) -> DiskStanding {
        self.disks.get(&disk).cloned().unwrap_or_default()
    }
}
