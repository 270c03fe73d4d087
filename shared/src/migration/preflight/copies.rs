//! Where the second good copy is between the wipe and a healthy restore.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::assumptions::Layout;
use super::consent::{Asking, ConsentCode};
use super::drive;
use super::facts::{DriveFacts, SystemDisk, VmFacts};
use super::group;
use super::notes::{About, Notes};
use super::room::DriveNeed;
use super::say;

/// What has to be typed where there is none.
pub const ONLY_COPY: &str = "one drive holds the only copy";

/// The second copy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SecondCopy {
    /// Where it is.
    #[serde(flatten)]
    pub by: SecondCopyBy,
    /// What is so, for people.
    pub sentence: String,
    /// Why what 1.x holds cannot stay where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_kept: Option<String>,
}

/// Where a second copy is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "second_copy", rename_all = "snake_case")]
pub enum SecondCopyBy {
    /// The VMs' disks are not on the system disk, which alone is written to.
    OtherDisk,
    /// 2.x fits before the part of the system disk that they are on, which stays unwritten.
    KeptBeside {
        /// How much of the disk 2.x may take.
        up_to_bytes: u64,
    },
    /// A second set is made on another drive.
    SecondDrive {
        /// Its device.
        path: String,
    },
    /// Nowhere.
    OneDrive,
}

/// What 1.x holds may stay beside 2.x, or why not.
fn keep_old(
    disk: Option<&SystemDisk>,
    layout: &Layout,
    vms: &[&VmFacts],
) -> Result<SecondCopyBy, String> {
    let mut disks = vms.iter().flat_map(|vm| &vm.disks);
    if disks.all(|disk| disk.is_on_system_disk == Some(false)) {
        return Ok(SecondCopyBy::OtherDisk);
    }
    let disk = disk.ok_or("which disk 2.x goes onto is not known")?;
    let with_disks = disk.partitions.iter().filter(|part| part.holds_disks);
    let first = with_disks.min_by_key(|part| part.start_bytes);
    let first = first.ok_or("which part of the system disk holds them is not known")?;
    let up_to_bytes = first.start_bytes;
    let room = group::room(up_to_bytes.saturating_sub(layout.pv_start_bytes), layout, vms);
    if room.fits {
        return Ok(SecondCopyBy::KeptBeside { up_to_bytes });
    }
    let missing = room.missing_extents.saturating_mul(room.extent_bytes);
    Err(format!(
        "they are on {}, which begins at {} of the disk, and 2.x needs {} more than there is before it",
        first.path,
        say::bytes(up_to_bytes),
        say::bytes(missing)
    ))
}

/// Where it is, by what is known.
pub(super) fn find(
    (disk, layout): (Option<&SystemDisk>, &Layout),
    vms: &[&VmFacts],
    (drives, first): (&[DriveFacts], Option<&DriveFacts>),
    need: &DriveNeed,
) -> SecondCopy {
    let (by, not_kept) = match keep_old(disk, layout, vms) {
        Ok(by) => (by, None),
        Err(why) => match drive::second(drives, first, need) {
            Some(second) => (SecondCopyBy::SecondDrive { path: second.path.clone() }, Some(why)),
            None => (SecondCopyBy::OneDrive, Some(why)),
        },
    };
    let sentence = match &by {
        SecondCopyBy::OtherDisk => {
            "The VMs' disks are not on the system disk: what 1.x holds stays as it is.".to_owned()
        }
        SecondCopyBy::KeptBeside { up_to_bytes } => format!(
            "2.x fits into the first {} of the system disk: what 1.x holds stays unwritten behind it.",
            say::bytes(*up_to_bytes)
        ),
        SecondCopyBy::SecondDrive { path } => format!("A second set goes onto {path}."),
        SecondCopyBy::OneDrive => {
            "Between the reset and the restore the backup drive holds the only copy of the VMs: the set gets parity, \
             and a person has to accept that."
                .to_owned()
        }
    };
    SecondCopy { by, sentence, not_kept }
}

/// Asks for the acceptance where there is none.
pub(super) fn judge(copy: &SecondCopy, asking: &mut Asking<'_>, notes: &mut Notes) {
    if copy.by == SecondCopyBy::OneDrive {
        let texts = [copy.sentence.clone(), ONLY_COPY.to_owned(), String::new()];
        asking.ask(notes, ConsentCode::OnlyCopy, About::default(), texts);
    }
}
