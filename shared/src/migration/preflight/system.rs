//! The appliance itself: its disk and its clock.

use super::assumptions::Layout;
use super::drive::failing;
use super::facts::{Clock, Facts, SystemDisk};
use super::group::{self, GroupRoom};
use super::notes::{About, BlockerCode, Notes, WarningCode};

/// Says what is wrong with the disk that 2.x goes onto, and gives the volume group that would be on it.
pub(super) fn judge(
    facts: &Facts,
    layout: &Layout,
    vms: &[&super::VmFacts],
    notes: &mut Notes,
) -> Option<GroupRoom> {
    let anything = About::default();
    if facts.clock == Clock::Unset {
        let sentence = "The appliance does not know what time it is: times in its journal mean little, and a permit's \
                        last moment is held to by the server alone.";
        notes.warn(WarningCode::ClockUnset, anything, sentence);
    }
    let disk = match &facts.system_disk {
        Some(disk) if disk.bytes > 0 && disk.wwid.is_some() => disk,
        other => {
            let sentence = match other {
                None => "Which disk dom0 was booted from could not be told.".to_owned(),
                Some(disk) if disk.bytes == 0 => {
                    format!("How large the system disk {} is could not be told.", disk.path)
                }
                Some(disk) => format!(
                    "The system disk {} says nothing that it is known by for ever (WWID): a permit cannot name it.",
                    disk.path
                ),
            };
            let todo = "Look into /sys/block of the appliance: a permit is for one disk, and nothing is reset without.";
            notes.block(BlockerCode::SystemDiskUnknown, anything, sentence, todo);
            let disk = other.as_ref().filter(|disk| disk.bytes > 0)?;
            source(disk, notes);
            return Some(room(disk, layout, vms));
        }
    };
    source(disk, notes);
    Some(room(disk, layout, vms))
}

fn room(disk: &SystemDisk, layout: &Layout, vms: &[&super::VmFacts]) -> GroupRoom {
    group::room(disk.bytes.saturating_sub(layout.pv_start_bytes), layout, vms)
}

fn source(disk: &SystemDisk, notes: &mut Notes) {
    let path = &disk.path;
    let todo = "Back the VMs up first of all, by hand if need be, and have the disk replaced.";
    if let Some(last) = disk.io_errors.last() {
        let count = disk.io_errors.len();
        let sentence =
            format!("The kernel has complained of {path} {count} times, at last: {last}");
        notes.block(BlockerCode::SourceFailing, About::default(), sentence, todo);
    }
    if let Some(why) = disk.smart.as_ref().and_then(failing) {
        notes.block(BlockerCode::SourceFailing, About::default(), format!("{path}: {why}."), todo);
    }
}
