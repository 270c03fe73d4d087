//! Whether a VM, and each of its disks, can be moved as it is.

use super::assumptions::{Layout, Moment};
use super::consent::{Asking, ConsentCode};
use super::facts::{DiskFacts, VmFacts};
use super::notes::{About, BlockerCode, Notes, WarningCode};
use super::say;
use crate::image::Verdict;

pub(super) fn judge(
    vm: &VmFacts,
    moment: Moment,
    layout: &Layout,
    asking: &mut Asking<'_>,
    notes: &mut Notes,
) {
    let name = &vm.name;
    let about = About { vm: Some(vm.vm), disk: None };
    if vm.is_running {
        match moment {
            Moment::VmsOff => notes.block(
                BlockerCode::VmRunning,
                about,
                format!("{name} runs."),
                "Shut it down: what it writes now would be in no backup.",
            ),
            Moment::Ahead => notes.warn(
                WarningCode::VmRunning,
                about,
                format!(
                    "{name} runs: what is said of its disks is what was last written of their tables, and they are \
                     checked when it is off."
                ),
            ),
        }
    }
    if let Some(file) = &vm.save_file {
        notes.block(
            BlockerCode::SaveFile,
            about,
            format!("{name} was saved into {file}: resumed later it would write over what it does not know of."),
            "Resume it and shut it down; or remove the file, if its memory may be lost.",
        );
    }
    if let Some(why) = &vm.no_config {
        notes.block(
            BlockerCode::NoConfig,
            about,
            format!("{name} has no configuration that it could be made from again: {why}."),
            "Write its configuration into a file (xl list -l), or take it under management.",
        );
    }
    if !vm.passthrough.is_empty() {
        let devices = vm.passthrough.join(", ");
        let texts = [
            format!(
                "{name} is given hardware of the host ({devices}), which may have another address on 2.x."
            ),
            name.clone(),
            "Say that it is tried by hand after the move.".to_owned(),
        ];
        asking.ask(notes, ConsentCode::Passthrough, about, texts);
    }
    if vm.autostart.is_none() {
        let sentence =
            format!("Whether {name} is started with dom0 could not be told: on 2.x it is not.");
        notes.warn(WarningCode::AutostartUnknown, about, sentence);
    }
    for left_out in &vm.left_out {
        let about = About { vm: Some(vm.vm), disk: Some(&left_out.vdev) };
        let sentence = format!(
            "{name}, {}: it is not moved, because it is {}.",
            left_out.vdev, left_out.reason
        );
        notes.warn(WarningCode::LeftOut, about, sentence);
    }
    for disk in &vm.disks {
        judge_disk(vm, disk, asking, notes);
        sizes(vm, disk, layout, notes);
    }
}

fn judge_disk(vm: &VmFacts, disk: &DiskFacts, asking: &mut Asking<'_>, notes: &mut Notes) {
    let what = format!("{}, {} ({})", vm.name, disk.vdev, disk.path);
    let about = About { vm: Some(vm.vm), disk: Some(&disk.vdev) };
    let mut block = |code, why: &str, todo: &str| {
        notes.block(code, about, format!("{what}: {why}."), todo);
    };
    if !disk.shared_with.is_empty() {
        let others = say::list(disk.shared_with.iter().map(String::as_str));
        block(
            BlockerCode::DiskShared,
            &format!("it is a disk of {others}, too"),
            "Give each VM a disk of its own: two that have one cannot both be restored.",
        );
    }
    if let Some(why) = &disk.unreadable {
        let todo = "Look for it in dom0, and correct the VM's configuration if it is elsewhere.";
        block(BlockerCode::DiskUnreadable, &format!("it cannot be read: {why}"), todo);
        return;
    }
    if let Some(holder) = disk.holder.as_ref().filter(|_| !vm.is_running) {
        block(
            BlockerCode::DiskInUse,
            &format!("{holder} writes to it"),
            "End that first: what it writes now would be in no backup.",
        );
    }
    if disk.is_encrypted || disk.verdict == Some(Verdict::Encrypted) {
        block(
            BlockerCode::DiskEncrypted,
            "it cannot be read without its key",
            "Decrypt it into another image (qemu-img convert), and give the VM that one.",
        );
        return;
    }
    if disk.is_backing_missing || disk.verdict == Some(Verdict::MissingBacking) {
        block(
            BlockerCode::BackingMissing,
            "what it is based on is not there",
            "Put that file back where the image looks for it.",
        );
        return;
    }
    if disk.is_marked_corrupt {
        block(
            BlockerCode::ImageMarkedCorrupt,
            "QEMU found damage in it while its VM was running, and marked it",
            "Repair a copy (domfleet images repair), look at what is in it, and give the VM that one.",
        );
    } else {
        judge_verdict(vm, disk, &what, asking, notes);
    }
    snapshots(disk, &what, about, asking, notes);
}

fn judge_verdict(
    vm: &VmFacts,
    disk: &DiskFacts,
    what: &str,
    asking: &mut Asking<'_>,
    notes: &mut Notes,
) {
    let about = About { vm: Some(vm.vm), disk: Some(&disk.vdev) };
    let reasons = disk.reasons.join(" ");
    match disk.verdict {
        Some(Verdict::Corrupt | Verdict::Unclean) => {
            let texts = [
                format!("{what}: its image is damaged. {reasons}"),
                vm.name.clone(),
                "Repair a copy (domfleet images repair), compare it, and give the VM that one; or say that it is \
                 moved as it can be read."
                    .to_owned(),
            ];
            asking.ask(notes, ConsentCode::ImageDamaged, about, texts);
        }
        Some(Verdict::Leaks) => {
            let sentence = format!("{what}: its image wastes room, and is whole. {reasons}");
            notes.warn(WarningCode::ImageLeaks, about, sentence);
        }
        Some(Verdict::Ok | Verdict::Uncheckable) if disk.is_convertible => {}
        // One that its VM uses is looked at later.
        None if vm.is_running => {}
        None => notes.block(
            BlockerCode::DiskUnreadable,
            about,
            format!("{what}: it was not looked at."),
            "Ask again.",
        ),
        Some(_) => notes.block(
            BlockerCode::ImageUnknown,
            about,
            format!("{what}: {} images of this kind cannot be backed up. {reasons}", disk.format),
            "Convert it into a qcow2 or raw image, and give the VM that one.",
        ),
    }
}

fn snapshots(
    disk: &DiskFacts,
    what: &str,
    about: About<'_>,
    asking: &mut Asking<'_>,
    notes: &mut Notes,
) {
    if disk.snapshots.is_empty() {
        return;
    }
    let (count, names) =
        (disk.snapshots.len(), say::list(disk.snapshots.iter().map(String::as_str)));
    let texts = [
        format!("{what}: its image has snapshots of its own ({count}: {names}), which are not moved."),
        names,
        "Copy out what is still needed of them (qemu-img convert -l), and say that the rest may go.".to_owned(),
    ];
    asking.ask(notes, ConsentCode::SnapshotsLost, about, texts);
}

fn sizes(vm: &VmFacts, disk: &DiskFacts, layout: &Layout, notes: &mut Notes) {
    let about = About { vm: Some(vm.vm), disk: Some(&disk.vdev) };
    let what = format!("{}, {}", vm.name, disk.vdev);
    if disk.data_bytes.is_none() && disk.virtual_bytes > 0 {
        let sentence = format!(
            "{what}: how much is on it is not known, so that all of its {} count.",
            say::bytes(disk.virtual_bytes)
        );
        notes.warn(WarningCode::DataUnknown, about, sentence);
    }
    let over = disk.virtual_bytes.checked_rem(layout.extent_bytes).unwrap_or(0);
    if over > 0 {
        let more = layout.extent_bytes - over;
        let sentence = format!(
            "{what}: on 2.x it is {} larger, because volumes are made of whole extents. A guest with a GPT says that \
             its second header is not at the end; that does no harm.",
            say::bytes(more)
        );
        notes.warn(WarningCode::DiskRoundedUp, about, sentence);
    }
}
