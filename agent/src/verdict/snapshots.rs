//! Whether the disks of a VM were snapshot, and the VM goes on.

use domfleet_shared::id::{OperationId, VmId};
use domfleet_shared::inventory::VmState;

use super::Verdict;
use crate::dom0::snapshots::{has_overflowed, is_of};
use crate::dom0::{DiskSnapshot, Observed};

/// Of snapshots of `disks`, for which the domain was to be paused where one is named.
pub(super) fn taken(
    host: &Observed,
    operation: OperationId,
    (vm, domid): (VmId, Option<u32>),
    disks: &[DiskSnapshot],
) -> Verdict {
    let (storage, domains) = match (&host.storage, &host.domains) {
        (Ok(storage), Ok(domains)) => (storage, domains),
        (Err(error), _) | (_, Err(error)) => return Verdict::Unseen(error.clone()),
    };
    for disk in disks {
        let mut volumes = storage.volumes.iter();
        let found = volumes
            .find(|volume| volume.volume_group == disk.volume_group && volume.name == disk.name);
        match found {
            Some(found) if !is_of(found, operation) => {
                let (group, name) = (&disk.volume_group, &disk.name);
                let why = format!("another volume {group}/{name} was made meanwhile");
                return Verdict::Impossible(why);
            }
            Some(found) if !has_overflowed(found) => {}
            // Of some of the disks only: they are of another moment than the rest would be.
            _ => return Verdict::NotDone,
        }
    }
    let is_it = |domain: &&crate::dom0::Domain| Some(domain.domid) == domid && domain.uuid == vm;
    match domains.iter().find(is_it).map(crate::dom0::Domain::vm_state) {
        Some(VmState::Paused) => Verdict::NotDone,
        _ => Verdict::Done,
    }
}
