//! Where the second good copy is between the wipe and a healthy restore.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::consent::{Asking, ConsentCode};
use super::facts::VmFacts;
use super::notes::{About, Notes};

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
}

/// Where a second copy is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "second_copy", rename_all = "snake_case")]
pub enum SecondCopyBy {
    /// A second drive.
    SecondDrive,
    /// The VMs' disks are not on the system disk, which alone is written to.
    OtherDisk,
    /// Nowhere.
    OneDrive,
}

/// Where it is, by what is known.
pub(super) fn find(vms: &[&VmFacts], has_second_drive: bool) -> SecondCopy {
    let mut disks = vms.iter().flat_map(|vm| &vm.disks);
    let by = if has_second_drive {
        SecondCopyBy::SecondDrive
    } else if disks.all(|disk| disk.is_on_system_disk == Some(false)) {
        SecondCopyBy::OtherDisk
    } else {
        SecondCopyBy::OneDrive
    };
    let sentence = match &by {
        SecondCopyBy::SecondDrive => {
            "The set is copied to the second drive and read back there, before the permit; after that the drive is put away."
        }
        SecondCopyBy::OtherDisk => {
            "The VMs' disks are not on the system disk: what 1.x holds stays as it is."
        }
        SecondCopyBy::OneDrive => {
            "Between the reset and the restore the backup drive holds the only copy of the VMs: the set gets parity, \
             and a person has to accept that, or name a second drive."
        }
    };
    SecondCopy { by, sentence: sentence.to_owned() }
}

/// Asks for the acceptance where there is none.
pub(super) fn judge(copy: &SecondCopy, asking: &mut Asking<'_>, notes: &mut Notes) {
    if copy.by == SecondCopyBy::OneDrive {
        let texts = [copy.sentence.clone(), ONLY_COPY.to_owned(), String::new()];
        asking.ask(notes, ConsentCode::OnlyCopy, About::default(), texts);
    }
}
