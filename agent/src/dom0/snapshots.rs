//! Snapshots of a VM's disks that a backup is read from while the VM goes on running.

use domfleet_shared::id::OperationId;
use domfleet_shared::inventory::Volume;
use serde::{Deserialize, Serialize};

use super::step::operation_tag;

/// The tag of every snapshot that is there for a backup alone, beside [`super::step::MANAGED_TAG`] and
/// the operation's: whoever finds one whose operation is over removes it.
pub const BACKUP_TAG: &str = "domfleet.backup";

/// The tag of those that were taken on site, which no agent knows of and none but the next backup on site
/// clears away.
pub const ON_SITE_TAG: &str = "domfleet.on-site";

/// One volume, and the snapshot that is made of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiskSnapshot {
    /// `lv_uuid` of the origin.
    pub origin_uuid: String,
    /// The volume group's name.
    pub volume_group: String,
    /// The origin's name.
    pub origin: String,
    /// The snapshot's name.
    pub name: String,
    /// Room for what the guest writes meanwhile, in whole extents; nothing for a thin snapshot.
    pub size_bytes: Option<u64>,
}

impl DiskSnapshot {
    /// Whether `volume` is this snapshot, as `operation` has made it.
    pub fn is(&self, volume: &Volume, operation: OperationId) -> bool {
        volume.name == self.name
            && volume.volume_group == self.volume_group
            && volume.origin.as_deref() == Some(&*self.origin)
            && is_of(volume, operation)
    }
}

/// Whether `volume` is a snapshot that `operation` has made for its backup.
pub fn is_of(volume: &Volume, operation: OperationId) -> bool {
    is_for_backup(volume) && volume.tags.contains(&operation_tag(operation))
}

/// Whether `volume` is a snapshot that was made for some backup.
pub fn is_for_backup(volume: &Volume) -> bool {
    volume.managed && volume.tags.contains(BACKUP_TAG)
}

/// Whether more was written to the origin than the snapshot had room for, so that what it held is lost.
pub fn has_overflowed(volume: &Volume) -> bool {
    // The fifth letter of `lv_attr`: an invalid snapshot, or one that is suspended too.
    let is_invalid = matches!(volume.attributes.as_bytes().get(4), Some(b'I' | b'S'));
    let is_thick = volume.pool.is_none();
    is_invalid || (is_thick && volume.data_basis_points.is_some_and(|fill| fill >= 10_000))
}
