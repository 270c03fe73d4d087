//! Snapshots of the disks of VMs that go on running while they are backed up.
//!
//! How much room a thick snapshot gets: as much as its whole origin could need, so that it cannot overflow
//! whatever the guest writes, where the group has room for that of all disks. Where it has not, all that is
//! free but for a reserve, shared out by size; and where that is less than a tenth of the disks, none is
//! begun: such a backup would be lost half-way, after the guests have paid for it.

use std::collections::BTreeMap;

use domfleet_shared::id::{OperationId, VmId};
use domfleet_shared::inventory::{Vm, VmDisk, VmState, Volume, VolumeGroup};
use domfleet_shared::operation::Reason;

use super::volume::{check_pool, find_group, full_name, in_extents, paths, storage};
use super::{find_vm, reason};
use crate::backup::snapshots::TakenSnapshot;
use crate::dom0::snapshots::is_of;
use crate::dom0::{DiskSnapshot, Observed, Step};

/// What is told of a disk that no snapshot can be made of.
const WHAT_TO_DO: &str = "shut the VM down for its backup, or leave it out";
/// A thick snapshot of less than this part of its origin is none.
const LEAST_PART: u64 = 10;
/// Left free in a group, in extents.
const LEAST_RESERVE: u64 = 16;

/// One step for each of `vms` that has a domain.
pub(super) fn steps(id: OperationId, host: &Observed, vms: &[VmId]) -> Result<Vec<Step>, Reason> {
    let mut running = Vec::new();
    for vm in vms {
        let vm = find_vm(host, *vm)?;
        let pause = match (vm.state, vm.domid) {
            (VmState::Off, _) | (_, None) => continue,
            (VmState::Running, Some(domid)) => Some(domid),
            (VmState::Paused, _) => None,
            (VmState::Crashed | VmState::Shutdown | VmState::Dying | VmState::Unknown, _) => {
                let why = format!("{} neither runs nor is it off: destroy it first", vm.name);
                return Err(reason("refused", why));
            }
        };
        running.push((vm, pause, origins(host, vm)?));
    }
    let thick = running.iter().flat_map(|(.., origins)| origins).filter(|origin| is_thick(origin));
    let room = Room::of(host, thick.copied())?;
    let mut number = 0;
    let mut steps = Vec::new();
    for (vm, pause, origins) in running {
        let mut disks = Vec::new();
        for origin in origins {
            disks.push(DiskSnapshot {
                origin_uuid: origin.lv_uuid.clone(),
                volume_group: origin.volume_group.clone(),
                origin: origin.name.clone(),
                name: format!("backup-{id}-{number}"),
                size_bytes: room.share(origin),
            });
            number += 1;
        }
        if !disks.is_empty() {
            steps.push(Step::SnapshotDisks {
                operation: id,
                vm: vm.uuid,
                pause,
                disks,
                on_site: false,
            });
        }
    }
    Ok(steps)
}

/// The snapshots that the operation has made, each with the paths under which its origin may be named.
pub(super) fn made(
    id: OperationId,
    host: &Observed,
) -> impl Iterator<Item = ([String; 2], &Volume)> {
    let volumes = host.storage.iter().flat_map(|storage| &storage.volumes);
    volumes.filter(move |volume| is_of(volume, id)).filter_map(|volume| {
        let origin = volume.origin.as_ref()?;
        let group = &volume.volume_group;
        Some((domfleet_shared::operation::volume::paths(group, origin), volume))
    })
}

/// What a backup is told of them.
pub(super) fn taken(id: OperationId, host: &Observed) -> Vec<TakenSnapshot> {
    let taken = made(id, host).map(|(origin, volume)| {
        let [path, _] = paths(volume);
        TakenSnapshot { origin, path: path.into(), lv_uuid: volume.lv_uuid.clone() }
    });
    taken.collect()
}

/// Whether each disk of the VM that the guest can write to has its snapshot among `made`.
pub(super) fn covers(vm: &Vm, made: &[([String; 2], &Volume)]) -> bool {
    let mut written = vm.disks.iter().filter(|disk| disk.writable);
    written.all(|disk| {
        disk.target
            .as_ref()
            .is_none_or(|target| made.iter().any(|(paths, _)| paths.contains(target)))
    })
}

/// The volumes that are the disks of a VM.
fn origins<'h>(host: &'h Observed, vm: &Vm) -> Result<Vec<&'h Volume>, Reason> {
    let mut origins = Vec::new();
    for VmDisk { vdev, target, writable, .. } in &vm.disks {
        let Some(target) = target else { continue };
        let mut volumes = storage(host)?.volumes.iter();
        let Some(volume) = volumes.find(|volume| paths(volume).contains(target)) else {
            if *writable {
                let why = format!(
                    "{vdev} of {} is no logical volume, but {target}: a VM that runs can be backed up \
                     only from snapshots, which are made of logical volumes; {WHAT_TO_DO}",
                    vm.name
                );
                return Err(reason("refused", why));
            }
            continue;
        };
        if volume.attributes.starts_with(['s', 'S']) {
            let (name, vm) = (full_name(volume), &vm.name);
            let why = format!(
                "{name}, the disk {vdev} of {vm}, is a snapshot itself, and LVM makes none of it; \
                 {WHAT_TO_DO}"
            );
            return Err(reason("refused", why));
        }
        if let Some(pool) = &volume.pool {
            check_pool(host, &volume.volume_group, pool)?;
        }
        origins.push(volume);
    }
    Ok(origins)
}

fn is_thick(volume: &Volume) -> bool {
    volume.segment_type != "thin"
}

/// The room in the groups for thick snapshots.
struct Room<'h>(BTreeMap<&'h str, GroupRoom<'h>>);

struct GroupRoom<'h> {
    group: &'h VolumeGroup,
    /// Of all origins together.
    origin_bytes: u64,
    /// What all snapshots would take that could not overflow.
    whole_bytes: u64,
}

impl<'h> Room<'h> {
    fn of(host: &'h Observed, origins: impl Iterator<Item = &'h Volume>) -> Result<Self, Reason> {
        let mut groups = BTreeMap::new();
        for origin in origins {
            let group = find_group(host, &origin.volume_group)?;
            let room = groups.entry(group.name.as_str()).or_insert(GroupRoom {
                group,
                origin_bytes: 0,
                whole_bytes: 0,
            });
            room.origin_bytes = room.origin_bytes.saturating_add(origin.size_bytes);
            room.whole_bytes = room.whole_bytes.saturating_add(whole(group, origin));
        }
        for room in groups.values() {
            let (usable, disks) = (room.usable(), room.origin_bytes);
            if usable < disks / LEAST_PART || usable < room.group.extent_bytes {
                let name = &room.group.name;
                let why = format!(
                    "{name} has {usable} bytes free for snapshots of disks of {disks} bytes, and a tenth \
                     is needed: remove volumes that nobody needs, back fewer VMs up at once, or shut \
                     them down for it"
                );
                return Err(reason("no_room", why));
            }
        }
        Ok(Self(groups))
    }

    /// For the snapshot of `origin`; nothing where it is a thin one.
    fn share(&self, origin: &Volume) -> Option<u64> {
        let room = self.0.get(origin.volume_group.as_str()).filter(|_| is_thick(origin))?;
        let (group, usable) = (room.group, room.usable());
        if room.whole_bytes <= usable {
            return Some(whole(group, origin));
        }
        let extent = group.extent_bytes.max(1);
        let part = u128::from(usable) * u128::from(origin.size_bytes)
            / u128::from(room.origin_bytes.max(1));
        let extents = u64::try_from(part).unwrap_or(usable) / extent;
        Some(extents.max(1).saturating_mul(extent))
    }
}

impl GroupRoom<'_> {
    fn usable(&self) -> u64 {
        let extent = self.group.extent_bytes;
        let reserve = extent.saturating_mul(LEAST_RESERVE).max(self.group.size_bytes / 100);
        self.group.free_bytes.saturating_sub(reserve) / extent.max(1) * extent
    }
}

/// What a snapshot needs so that its whole origin may be written to: the content, and tables.
fn whole(group: &VolumeGroup, origin: &Volume) -> u64 {
    // A table entry of 16 bytes for each 4 KiB, and a bit.
    let tables = (origin.size_bytes / 128).saturating_add(group.extent_bytes);
    in_extents(group, origin.size_bytes.saturating_add(tables))
}

#[cfg(test)]
#[path = "snapshots_tests.rs"]
mod tests;
