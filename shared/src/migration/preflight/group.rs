//! Whether the VMs fit onto 2.x, where disks have their whole size and not only what is on them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::assumptions::Layout;
use super::consent::{Asking, ConsentCode};
use super::facts::VmFacts;
use super::notes::{About, Notes};
use super::room::data_bytes;
use super::say;
use crate::id::VmId;

/// What has to be typed where it does not fit.
const TYPED: &str = "the VMs do not fit";

/// The volume group of 2.x, in extents.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct GroupRoom {
    /// The physical volume.
    pub device_bytes: u64,
    /// How large an extent is.
    pub extent_bytes: u64,
    /// How many there are.
    pub extents: u64,
    /// What each VM takes of them.
    pub vms: Vec<VmExtents>,
    /// The root volume.
    pub root_extents: u64,
    /// Room for snapshots.
    pub snapshot_extents: u64,
    /// Kept free.
    pub spare_extents: u64,
    /// All of that.
    pub needed_extents: u64,
    /// Whether it fits.
    pub fits: bool,
    /// What is missing.
    pub missing_extents: u64,
    /// Whether what is on the disks would fit, in a thin pool.
    pub fits_thin: bool,
    /// VMs without any one of which the others would fit.
    pub fits_without: Vec<VmId>,
}

/// What a VM takes of the volume group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct VmExtents {
    /// The VM.
    pub vm: VmId,
    /// Its name.
    pub name: String,
    /// Of all of its disks.
    pub extents: u64,
}

/// How many extents a physical volume of so many bytes has.
pub(super) fn extents(device_bytes: u64, layout: &Layout) -> u64 {
    let behind = device_bytes.saturating_sub(layout.pe_start_bytes);
    behind.checked_div(layout.extent_bytes).unwrap_or(0)
}

fn up(bytes: u64, layout: &Layout) -> u64 {
    // An extent of no bytes holds nothing.
    if layout.extent_bytes == 0 { u64::MAX } else { bytes.div_ceil(layout.extent_bytes) }
}

fn sum(numbers: impl Iterator<Item = u64>) -> u64 {
    numbers.fold(0, u64::saturating_add)
}

/// The volume group on so many bytes, for these VMs.
pub(super) fn room(device_bytes: u64, layout: &Layout, vms: &[&VmFacts]) -> GroupRoom {
    let all = extents(device_bytes, layout);
    let spare_extents = (all / 100)
        .saturating_mul(layout.spare_percent)
        .saturating_add((all % 100).saturating_mul(layout.spare_percent).div_ceil(100))
        .max(layout.spare_extents);
    let root_extents = up(layout.root_bytes, layout);
    let snapshot_extents = up(layout.snapshot_bytes, layout);
    let reserved = sum([root_extents, snapshot_extents, spare_extents].into_iter());
    let taken: Vec<VmExtents> = vms
        .iter()
        .map(|vm| VmExtents {
            vm: vm.vm,
            name: vm.name.clone(),
            extents: sum(vm.disks.iter().map(|disk| up(disk.virtual_bytes, layout))),
        })
        .collect();
    let needed_extents = sum(taken.iter().map(|vm| vm.extents)).saturating_add(reserved);
    let disks = vms.iter().flat_map(|vm| &vm.disks);
    let thin = sum(disks.map(|disk| up(data_bytes(disk), layout))).saturating_add(reserved);
    let fits = needed_extents <= all;
    let is_enough = |vm: &&VmExtents| needed_extents.saturating_sub(vm.extents) <= all;
    let without = taken.iter().filter(|_| !fits).filter(is_enough).map(|vm| vm.vm).collect();
    GroupRoom {
        device_bytes,
        extent_bytes: layout.extent_bytes,
        extents: all,
        vms: taken,
        root_extents,
        snapshot_extents,
        spare_extents,
        needed_extents,
        fits,
        missing_extents: needed_extents.saturating_sub(all),
        fits_thin: thin <= all,
        fits_without: without,
    }
}

/// Asks for a waiver where it does not fit.
pub(super) fn judge(group: &GroupRoom, asking: &mut Asking<'_>, notes: &mut Notes) {
    if group.fits {
        return;
    }
    let bytes = |extents: u64| say::bytes(extents.saturating_mul(group.extent_bytes));
    let sentence = format!(
        "On 2.x disks have their whole size, and not only what is on them: {} extents are needed ({}), and there are \
         {} ({}): {} are missing ({}).",
        group.needed_extents,
        bytes(group.needed_extents),
        group.extents,
        bytes(group.extents),
        group.missing_extents,
        bytes(group.missing_extents)
    );
    let mut ways = Vec::new();
    if group.fits_thin {
        ways.push("put the disks into a thin pool, which what is on them fits into".to_owned());
    }
    ways.push("make the guests' disks smaller first, with the guests' own tools".to_owned());
    let names: Vec<&str> = group
        .vms
        .iter()
        .filter(|vm| group.fits_without.contains(&vm.vm))
        .map(|vm| vm.name.as_str())
        .collect();
    if names.is_empty() {
        ways.push("leave VMs out".to_owned());
    } else {
        ways.push(format!("leave a VM out (one of {} would be enough)", say::list(names)));
    }
    let todo = format!("Before the reset: {}.", ways.join("; or "));
    let texts = [sentence, TYPED.to_owned(), todo];
    asking.ask(notes, ConsentCode::GroupTooSmall, About::default(), texts);
}
