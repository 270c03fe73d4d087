//! What the recovery needs of the box that it runs on.

use std::fmt;
use std::io;

use domfleet_shared::Timestamp;
use domfleet_shared::inventory::Fingerprint;

use crate::backup::appliance::ApplianceFile;
use crate::backup::medium::Medium;
use crate::backup::source::Sources;
use crate::migration::block::Disk;
use crate::migration::system_disk::Found;

/// The box.
pub trait Machine: Sync {
    /// A backup drive that cannot be written to.
    type Drive: Medium;
    /// A disk.
    type Disk: Disk;
    /// The VMs' disks of the system before.
    type Sources: Sources;

    /// The time, by its clock.
    fn now(&self) -> Timestamp;

    /// What it is known by.
    fn fingerprint(&self) -> Fingerprint;

    /// Tells whoever sits at a screen or at the serial line.
    fn say(&self, words: &str);

    /// Waits a moment for what is missing, `why` for people; false once nobody waits any more.
    fn wait(&self, why: &str) -> bool;

    /// The drives of ours that are plugged in, each set read-only before anything of it was mounted. One that
    /// cannot be had like that is told of, and left out.
    fn drives(&self) -> Vec<Self::Drive>;

    /// All disks that have something to be known by, opened to be read.
    fn disks(&self) -> Vec<(Found, Self::Disk)>;

    /// One of them, opened to be written to.
    fn open_to_write(&self, disk: &Found) -> io::Result<Self::Disk>;

    /// Has `look` at the VMs' disks of the system that is on `disk`, where paths lead where they do there.
    fn at_system_before<T>(
        &self,
        disk: &Found,
        look: impl FnOnce(&Self::Sources) -> T,
    ) -> Result<T, NotSeen>;

    /// One stage of the layout, with these files on top of the system's own. Durable when it returns; may be
    /// repeated.
    fn lay_out(
        &self,
        stage: Stage,
        disk: &Found,
        settings: &[ApplianceFile],
    ) -> Result<(), StageFailed>;
}

/// The system before cannot be looked at.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct NotSeen(pub String);

/// A stage of the layout failed.
#[derive(Debug, thiserror::Error)]
#[error("{why} (stage {stage})")]
pub struct StageFailed {
    /// Which.
    pub stage: Stage,
    /// Why.
    pub why: String,
}

/// The stages of a layout: `deploy/image/recovery/lay-out` says what each does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Stage {
    /// Writes nothing.
    Check,
    /// From its first write on the system before is gone.
    Partition,
    /// The volume group.
    Volumes,
    /// The root's files.
    Root,
    /// The files on top of them.
    Settings,
    /// The boot partition.
    Boot,
    /// Writes nothing.
    Verify,
    /// The disk is one that the stick starts.
    Finish,
}

impl Stage {
    /// Those between the two markers, in their order.
    pub const WRITING: [Self; 6] =
        [Self::Partition, Self::Volumes, Self::Root, Self::Settings, Self::Boot, Self::Verify];

    /// For whoever watches.
    pub fn words(self) -> &'static str {
        match self {
            Self::Check => "checking what is on the stick",
            Self::Partition => "dividing the disk: the system before is gone from here on",
            Self::Volumes => "making the volume group",
            Self::Root => "writing the system",
            Self::Settings => "writing the network configuration",
            Self::Boot => "writing what starts it",
            Self::Verify => "reading all of it back",
            Self::Finish => "finishing",
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Check => "check",
            Self::Partition => "partition",
            Self::Volumes => "volumes",
            Self::Root => "root",
            Self::Settings => "settings",
            Self::Boot => "boot",
            Self::Verify => "verify",
            Self::Finish => "finish",
        })
    }
}
