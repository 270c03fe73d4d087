//! Which of the drives the backup goes onto, and whether it does.

use std::cmp::Reverse;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::buy;
use super::facts::DriveFacts;
use super::notes::{About, BlockerCode, Notes, WarningCode};
use super::room::DriveNeed;
use super::say;
use crate::id::DriveId;
use crate::usb::{ContentKind, Smart, Usage};

/// The drive that the backup goes onto, and what there is to be said of its room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DriveRoom {
    /// Its device; nothing where none is plugged in.
    pub path: Option<String>,
    /// What is free on it.
    pub free_bytes: Option<u64>,
    /// Whether that is what would be free once it is prepared.
    pub is_estimated: bool,
    /// What is needed.
    pub need: DriveNeed,
    /// Whether it fits.
    pub fits: bool,
    /// What is missing.
    pub missing_bytes: u64,
}

/// What is free on a drive, or would be once it is prepared.
fn free(drive: &DriveFacts) -> (Option<u64>, bool) {
    match drive.usage {
        Usage::Empty | Usage::Unfinished { .. } => (Some(buy::usable(drive.size_bytes)), true),
        _ => (drive.free_bytes, false),
    }
}

/// Something is wrong with a drive.
type Fault = (BlockerCode, String, String);

/// All that is, but for its room.
fn faults(drive: &DriveFacts) -> Vec<Fault> {
    let path = &drive.path;
    let mut faults = Vec::new();
    let mut add = |code, sentence: String, todo: &str| {
        faults.push((code, sentence, todo.to_owned()));
    };
    let prepare =
        "Prepare it (domfleet usb prepare, with its serial number): everything on it is lost.";
    match &drive.usage {
        Usage::Ours { .. } if drive.file_system != Some(ContentKind::Ext4) => {
            let found = drive.file_system.map_or("no file system that is known", ContentKind::name);
            add(
                BlockerCode::DriveNotExt4,
                format!("{path} has {found}, and a backup set needs ext4."),
                prepare,
            );
        }
        Usage::Ours { .. } => {}
        Usage::Empty => {
            add(
                BlockerCode::DriveNotPrepared,
                format!("{path} is empty and not prepared."),
                prepare,
            );
        }
        Usage::Unfinished { .. } => {
            let sentence = format!("Preparing {path} was begun and is not finished.");
            add(BlockerCode::DriveNotPrepared, sentence, prepare);
        }
        Usage::Foreign { what } => add(
            BlockerCode::DriveForeign,
            format!("{path} holds something of somebody's: {what}."),
            "Plug in another drive; or prepare this one, if what is on it may go.",
        ),
        Usage::System { reason } => add(
            BlockerCode::DriveUnusable,
            format!("{path} is in use: {reason}."),
            "Plug in another drive.",
        ),
        Usage::Unknown => add(
            BlockerCode::DriveUnusable,
            format!("What {path} is used for is not known here."),
            "Plug in another drive.",
        ),
    }
    if drive.is_read_only {
        add(
            BlockerCode::DriveUnusable,
            format!("The kernel does not write to {path}."),
            "Look for a switch on the drive, or plug in another one.",
        );
    }
    if let Some(why) = &drive.unreadable {
        add(
            BlockerCode::DriveUnusable,
            format!("{path} cannot be looked into: {why}."),
            "Plug it in again; if that does not help, take another one.",
        );
    } else if matches!(drive.usage, Usage::Ours { .. }) && drive.free_bytes.is_none() {
        add(
            BlockerCode::DriveUnusable,
            format!("How much is free on {path} is not known."),
            "Ask again when nothing else works with the drive.",
        );
    }
    if let Some(last) = drive.io_errors.last() {
        let count = drive.io_errors.len();
        add(
            BlockerCode::DriveFailing,
            format!("The kernel has complained of {path} {count} times, at last: {last}"),
            "Plug it into another port, and try it out (domfleet usb qualify); or take another one.",
        );
    }
    if let Some(why) = drive.smart.as_ref().and_then(failing) {
        let todo = "Take another drive: no backup may be trusted to this one.";
        add(BlockerCode::DriveFailing, format!("{path}: {why}."), todo);
    }
    faults
}

/// Why a disk must not be trusted by what it thinks of its own health.
pub(super) fn failing(smart: &Smart) -> Option<String> {
    let bad = |count: Option<u64>| count.filter(|count| *count > 0);
    if smart.passed == Some(false) {
        return Some("by its own judgement (SMART) it is about to fail".to_owned());
    }
    let sectors = bad(smart.pending_sectors).or_else(|| bad(smart.uncorrectable_sectors))?;
    Some(format!("{sectors} of its sectors cannot be read (SMART)"))
}

fn fits(drive: &DriveFacts, need: &DriveNeed) -> bool {
    free(drive).0.is_some_and(|free| free >= need.required_bytes)
}

/// The one to be used: with the fewest faults, then large enough, then with the most room.
pub(super) fn choose<'f>(drives: &[&'f DriveFacts], need: &DriveNeed) -> Option<&'f DriveFacts> {
    let badness =
        |drive: &&DriveFacts| (faults(drive).len(), !fits(drive, need), Reverse(free(drive).0));
    drives.iter().copied().min_by_key(badness)
}

/// What is to be said of the drive that is to hold a copy.
pub(super) fn judge_second(
    (wanted, found): (DriveId, Option<&DriveFacts>),
    need: &DriveNeed,
    notes: &mut Notes,
) {
    let anything = About::default();
    let Some(drive) = found else {
        let sentence = format!("The second drive, {wanted}, is not plugged in.");
        let todo = "Plug it in beside the first one; or go without it, if somebody accepts that one drive holds \
                    the only copy.";
        notes.block(BlockerCode::NoSecondDrive, anything, sentence, todo);
        return;
    };
    for (code, sentence, todo) in faults(drive) {
        notes.block(code, anything, sentence, todo);
    }
    check_room(drive, need, notes);
}

/// How much is missing on it.
fn check_room(drive: &DriveFacts, need: &DriveNeed, notes: &mut Notes) -> u64 {
    let free = free(drive).0;
    let missing = need.required_bytes.saturating_sub(free.unwrap_or(0));
    if let (Some(free), true) = (free, missing > 0) {
        let sentence = format!(
            "{} has {} free, and {} have to be: {} are missing.",
            drive.path,
            say::bytes(free),
            say::bytes(need.required_bytes),
            say::bytes(missing)
        );
        let todo = format!(
            "Make room on it (domfleet backups prune), or take another drive: {}.",
            to_buy(need)
        );
        notes.block(BlockerCode::DriveTooSmall, About::default(), sentence, todo);
    }
    missing
}

fn to_buy(need: &DriveNeed) -> String {
    match buy::choose(need.required_bytes).size_bytes {
        Some(size) => format!("one of at least {}", say::bytes(size)),
        None => "none that is sold as one: leave VMs out, or split what they hold".to_owned(),
    }
}

/// What is to be said of the drive that was chosen, and of those that were not.
pub(super) fn judge(
    drives: &[&DriveFacts],
    chosen: Option<&DriveFacts>,
    need: DriveNeed,
    notes: &mut Notes,
) -> DriveRoom {
    let anything = About::default();
    let Some(drive) = chosen else {
        notes.block(
            BlockerCode::NoDrive,
            anything,
            "No USB drive is plugged in that a backup could go onto.",
            format!("Plug in a drive: {}. It is not the recovery stick.", to_buy(&need)),
        );
        let missing_bytes = need.required_bytes;
        return DriveRoom {
            path: None,
            free_bytes: None,
            is_estimated: false,
            need,
            fits: false,
            missing_bytes,
        };
    };
    for (code, sentence, todo) in faults(drive) {
        notes.block(code, anything, sentence, todo);
    }
    for other in drives.iter().filter(|other| other.path != drive.path) {
        let sentence = format!("{} is plugged in, too, and is not used.", other.path);
        notes.warn(WarningCode::DriveIgnored, anything, sentence);
    }
    let (free_bytes, is_estimated) = free(drive);
    let missing_bytes = check_room(drive, &need, notes);
    DriveRoom {
        path: Some(drive.path.clone()),
        free_bytes,
        is_estimated,
        need,
        fits: free_bytes.is_some() && missing_bytes == 0,
        missing_bytes,
    }
}
