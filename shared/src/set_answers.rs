//! What is answered about backup sets beyond which there are: how a set compares with its disks, and
//! what becomes of each when room is made.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::Timestamp;
use crate::backup_set::SetsOnDrive;
use crate::id::{SetId, VmId};

/// A set, held against the disks that it was made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ComparedSet {
    /// The set.
    pub set: SetId,
    /// When it was begun.
    pub created_at: Timestamp,
    /// When it was last read back and found whole. Comparing does not read it back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verified_at: Option<Timestamp>,
    /// Whether every disk is there and the same, every byte of it.
    pub same: bool,
    /// Each of its disks that was looked at.
    pub disks: Vec<ComparedDisk>,
}

/// A disk of a set, and what there is of it now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ComparedDisk {
    /// Whose it is.
    pub vm: VmId,
    /// Its VM's name.
    pub name: String,
    /// What the guest calls it.
    pub vdev: String,
    /// Where it was, and was looked for.
    pub path: String,
    /// What was found there.
    #[serde(flatten)]
    pub found: Found,
}

/// What there is where a disk was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "found", rename_all = "snake_case")]
pub enum Found {
    /// The same, every byte of it.
    Same,
    /// Something else.
    Differs {
        /// Its size now, where it is another.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        virtual_bytes: Option<u64>,
        /// Bytes in frames that differ.
        bytes: u64,
        /// Where they are, the first of them.
        ranges: Vec<Range<u64>>,
    },
    /// Nothing.
    Missing,
    /// Something that cannot be read to its end.
    Unreadable {
        /// Why.
        why: String,
    },
}

/// What making room has come to, or would.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrunedSets {
    /// The sets that are on the drive now: all of them.
    #[serde(flatten)]
    pub left: SetsOnDrive,
    /// Each set that was there, oldest first.
    pub judged: Vec<JudgedSet>,
    /// What the removed ones took, as far as their manifests say.
    pub freed_bytes: u64,
    /// Whether nothing was removed, and this only says what would be.
    pub dry_run: bool,
}

/// A set, and what becomes of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JudgedSet {
    /// The set.
    pub set: SetId,
    /// When it was begun.
    pub created_at: Timestamp,
    /// The names of its VMs.
    pub vms: Vec<String>,
    /// What it takes on the drive, as far as is known.
    pub stored_bytes: u64,
    /// What becomes of it.
    pub fate: Fate,
}

/// What becomes of a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// It is one of the newest.
    KeptAsLast,
    /// It is that of a day.
    KeptForDay,
    /// It is that of a week.
    KeptForWeek,
    /// It is that of a month.
    KeptForMonth,
    /// It is the newest verified set that holds one of its VMs.
    KeptAsOnly,
    /// It is not verified, and no verified set that is newer holds all of its VMs.
    KeptUnfinished,
    /// What it is worth has to be found out by a person.
    KeptUnclear,
    /// A migration that is not over stands on it.
    KeptForMigration,
    /// It goes.
    Removed,
}

/// A backup of another program's that was taken over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportedSet {
    /// The new set.
    #[serde(flatten)]
    pub made: SetsOnDrive,
    /// The folder that it came from.
    pub imported_from: String,
    /// Files of it that nothing names, the first of them.
    pub unused: Vec<String>,
    /// How many there are.
    pub unused_count: usize,
}
