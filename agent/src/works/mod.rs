//! Works: what takes minutes or hours, and is done by our own code instead of dom0's tools.
//!
//! Unlike a [`Step`](crate::dom0::Step) a work gives an answer, tells how far it is, and stops at safe
//! points. What it leaves when it is cut off is either nothing or something that the same work goes on
//! from, so that it is begun again after a restart of the agent; but for those that overwrite
//! something, which a person has to ask for again.

pub mod backups;
mod gauge;
mod images;
pub mod mitigations;
mod preflight;
pub mod stress;
mod usb;

use std::error::Error;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use domfleet_shared::backup_key::KeyName;
use domfleet_shared::id::{DriveId, SetId, VmId};
use domfleet_shared::image::Format;
use domfleet_shared::operation::Reason;
use domfleet_shared::operation::backup::RestoreTo;
use domfleet_shared::operation::keep::Keep;
use domfleet_shared::operation::stress::StressRun;
use domfleet_shared::operation::usb::DriveAt;
use domfleet_shared::usb::QualifyMode;
use serde::Serialize;
use serde_json::Value;

pub use self::gauge::Gauge;
pub use self::stress::Stress;
use crate::backup::cipher::Keyring;
use crate::backup::identity::Others;
use crate::backup::snapshots::TakenSnapshot;
use crate::clock::Clock;
use crate::image::convert::Conversion;
use crate::image::repair::Repair;
use crate::meter::Meter;
use crate::mitigation::{Asked, OnDisk};
use crate::preflight::Preflight;
use crate::usb::Usb;

/// One of them.
#[derive(Clone, Debug)]
pub enum Work {
    /// Look at an image and judge it.
    CheckImage(Image),
    /// Look at an image and tell everything of it.
    InspectImage(Image),
    /// Repair a copy of an image.
    RepairImage(Repair),
    /// Convert an image.
    ConvertImage(Conversion),
    /// See which USB drives there are.
    ListDrives,
    /// Find out what a drive is worth.
    QualifyDrive {
        /// The drive.
        drive: DriveAt,
        /// How much of it.
        mode: QualifyMode,
        /// Whether all that is on it may go.
        erase: bool,
    },
    /// Make a drive ours. All that is on it may go.
    PrepareDrive(DriveAt),
    /// See which sets are on a drive.
    ListSets(DriveId),
    /// Back VMs up.
    BackUp {
        /// The drive.
        drive: DriveId,
        /// The VMs' configurations.
        configs: Vec<PathBuf>,
        /// The key that a new set is encrypted with.
        key: Option<KeyName>,
        /// Whether parity is made of what was proved.
        parity: bool,
        /// Snapshots that are read in place of disks whose VMs run.
        snapshots: Vec<TakenSnapshot>,
        /// What is kept of the drive's sets once the new one is verified: all where it is not said.
        keep: Option<Keep>,
    },
    /// Read sets back.
    VerifySets {
        /// The drive.
        drive: DriveId,
        /// One, instead of all.
        set: Option<SetId>,
    },
    /// Restore a VM.
    RestoreVm {
        /// The drive.
        drive: DriveId,
        /// A set other than the newest that holds the VM.
        set: Option<SetId>,
        /// The VM.
        vm: VmId,
        /// Where its disks go.
        to: RestoreTo,
        /// As another VM.
        as_other: Option<AsOther>,
    },
    /// Hold a set against the disks that it was made of.
    CompareSet {
        /// The drive.
        drive: DriveId,
        /// A set other than the newest.
        set: Option<SetId>,
        /// One VM, instead of all.
        vm: Option<VmId>,
        /// VMs that run, and cannot be compared.
        running: Vec<VmId>,
    },
    /// Remove sets that need not be kept.
    PruneSets {
        /// The drive.
        drive: DriveId,
        /// What is kept.
        keep: Keep,
        /// Whether only to say what would be removed.
        dry_run: bool,
    },
    /// Take over a backup of another program's.
    ImportSet {
        /// The drive.
        drive: DriveId,
        /// The folder.
        from: PathBuf,
        /// The key that the new set is encrypted with.
        key: Option<KeyName>,
    },
    /// Check, apply or revert a mitigation.
    Mitigate(Asked),
    /// Say what stands in the way of the move to 2.x.
    Preflight(Preflight),
    /// Put load on the disk.
    Stress(Stress),
    /// End what is left of that, after the agent was killed or dom0 died.
    ClearStress(StressRun),
}

/// As which other VM one is restored.
#[derive(Clone, Debug)]
pub struct AsOther {
    /// Its name.
    pub name: String,
    /// The VMs that there are, with which it must share nothing.
    pub others: Others,
}

/// An image to be looked at.
#[derive(Clone, Debug)]
pub struct Image {
    /// A file or a block device.
    pub path: PathBuf,
    /// What the VM's configuration calls its format.
    pub format: Option<Format>,
}

/// Where works are done.
#[derive(Clone, Debug)]
pub struct Place {
    /// This dom0's drives.
    pub usb: Usb,
    /// Where the configuration goes of a VM whose disks become volumes.
    pub configs: PathBuf,
    /// The time of day.
    pub clock: Clock,
    /// The system that mitigations are applied to.
    pub system: OnDisk,
    /// The agent's own folder.
    pub data_dir: PathBuf,
}

/// Why a work came to nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WorkError {
    /// It was no longer wanted, and has stopped.
    Cancelled,
    /// It failed.
    Failed(Reason),
}

impl WorkError {
    /// It failed, and `error` is why: all of it, down to what the system said.
    pub fn because(code: &str, error: &dyn Error) -> Self {
        let mut message = error.to_string();
        let mut cause = error.source();
        while let Some(inner) = cause {
            let text = inner.to_string();
            if !message.contains(&text) {
                // Into a text: this cannot fail.
                write!(message, ": {text}").ok();
            }
            cause = inner.source();
        }
        Self::failed(code, message)
    }

    /// It failed.
    pub fn failed(code: &str, message: impl Into<String>) -> Self {
        Self::Failed(Reason { code: code.to_owned(), message: message.into() })
    }
}

/// Does one of them on this machine, and gives its answer.
pub async fn carry_out(
    place: &Place,
    work: Work,
    keys: Keyring,
    meter: &Arc<dyn Meter>,
) -> Result<Value, WorkError> {
    match work {
        Work::CheckImage(_)
        | Work::InspectImage(_)
        | Work::RepairImage(_)
        | Work::ConvertImage(_) => images::carry_out(work, meter).await,
        Work::ListDrives | Work::QualifyDrive { .. } | Work::PrepareDrive(_) => {
            usb::carry_out(place, work, meter).await
        }
        Work::ListSets(_)
        | Work::BackUp { .. }
        | Work::VerifySets { .. }
        | Work::RestoreVm { .. }
        | Work::CompareSet { .. }
        | Work::PruneSets { .. }
        | Work::ImportSet { .. } => backups::carry_out(place, work, keys, meter).await,
        Work::Mitigate(asked) => {
            let (system, now) = (place.system.clone(), place.clock.now());
            apart(move || mitigations::carry_out(&system, asked, now)).await
        }
        Work::Preflight(asked) => preflight::run(place, asked, meter).await,
        Work::Stress(asked) => stress::run(&place.data_dir, asked, meter).await,
        Work::ClearStress(run) => stress::clear(&place.data_dir, &run).await,
    }
}

/// Runs what blocks where it is in nobody's way.
async fn apart<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, WorkError> + Send + 'static,
) -> Result<T, WorkError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|error| Err(WorkError::because("unknown", &error)))
}

fn answer(said: &impl Serialize) -> Result<Value, WorkError> {
    serde_json::to_value(said).map_err(|error| WorkError::because("unknown", &error))
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;
    use crate::image::ImageError;

    #[test]
    fn a_failure_says_everything_down_to_what_the_system_said_and_nothing_twice() {
        let source = io::Error::other("No space left");
        let error = ImageError::Unreadable { path: "/vm/a".into(), source };

        let WorkError::Failed(reason) = WorkError::because("io", &error) else { panic!() };

        assert_eq!(reason.code, "io");
        assert!(reason.message.starts_with("/vm/a cannot be read"), "{}", reason.message);
        assert_eq!(reason.message.matches("No space left").count(), 1, "{}", reason.message);
    }
}
