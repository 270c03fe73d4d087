//! On the system that is to go.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::Timestamp;
use crate::hash::Hash;
use crate::id::{PermitId, VmId};
use crate::migration::event::{Disarm, Event};
use crate::migration::journey::Migration;
use crate::migration::phase::{End, Phase};
use crate::migration::reset_block::{Marker, Nonce, ResetBlock, Stage};

/// After that many freezes in the middle of it, dom0 is not one to migrate.
pub const MOST_FREEZES: u32 = 3;
/// The drive may be away for so long while VMs are off.
pub const DRIVE_AWAY: Duration = Duration::from_mins(30);

/// What is seen there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The time, by dom0's clock.
    pub now: Timestamp,
    /// What is in the system disk's reset block; nothing where that cannot be read.
    pub block: Option<ResetBlock>,
    /// The VMs that run.
    pub running: BTreeSet<VmId>,
    /// The VMs whose disks do not look any more as they did when they were copied: they ran where nobody saw it.
    pub changed: BTreeSet<VmId>,
    /// The VMs that dom0 starts by itself.
    pub autostart: BTreeSet<VmId>,
    /// Since when the drive is away; nothing where it is there.
    pub drive_away: Option<Duration>,
    /// Whether the second drive is there; `true` where none is wanted.
    pub has_second: bool,
    /// How long VMs have been off.
    pub off: Duration,
    /// How often dom0 froze since the first VM was shut down.
    pub freezes: u32,
    /// A permit that the server has signed for this migration.
    pub permit: Option<Offered>,
    /// The permit that is on the drive.
    pub stored: Option<PermitId>,
    /// What people want.
    pub wish: Option<Wish>,
}

/// A permit whose signature was checked, and which is for this migration, this set and this disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offered {
    /// Which.
    pub permit: PermitId,
    /// The nonce that it is bound to.
    pub nonce: Nonce,
    /// After that it is not good any more.
    pub not_after: Timestamp,
}

/// What people want of a migration that is under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    /// How it is to end.
    pub end: End,
    /// Why, in words.
    pub reason: String,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Put this on record; nothing else is to be done.
    Record(Event),
    /// Find the drive, make it ours, and put it on record.
    ClaimDrive,
    /// On record first; then keep dom0 from starting VMs by itself.
    TurnAutostartOff,
    /// dom0 starts VMs by itself that it was kept from: keep it from that again.
    TurnAutostartOffAgain,
    /// Shut it down, and put it on record.
    StopVm(VmId),
    /// Copy all VMs into a set, seal it, and read every byte back; each on record.
    BackUp,
    /// Read every byte back.
    Verify,
    /// Copy the set to the second drive, read every byte back there, and put it on record.
    Copy,
    /// On record first; then write a new nonce to the system disk.
    Arm,
    /// Put zeros in place of the nonce; then it may be put on record.
    DestroyNonce,
    /// Have the server sign a permit for this nonce; it signs one, however often it is asked.
    AskPermit(Nonce),
    /// On record first; then write the permit to the drives, to that which the medium looks for last.
    TakePermit(Offered),
    /// Write the permit to the drives: it is on record already.
    StorePermit(PermitId),
    /// Have dom0 start VMs by itself as before, and put it on record.
    RestoreAutostart,
    /// Start it again.
    StartVm(VmId),
    /// Nothing, until something else is seen.
    Wait(Wait),
}

/// What it waits for, and whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Wait {
    /// A person: plug the drive in again.
    Drive,
    /// A person: plug the second drive in, beside the first.
    SecondDrive,
    /// A person: plug the recovery stick in and restart the appliance.
    Reset,
    /// The other system.
    Return,
    /// The system disk, which cannot be read.
    SystemDisk,
    /// Nobody: it is over.
    Nothing,
}

/// What is to be done.
pub fn step(migration: &Migration, seen: &Seen) -> Step {
    if migration.adopted.is_some() {
        return Step::Wait(Wait::Return);
    }
    // Before anything else: a disk that may be overwritten stays one only for a VM that stays off.
    let Some(block) = seen.block else { return Step::Wait(Wait::SystemDisk) };
    let token = token(migration, block);
    if migration.end.is_some() {
        return if token.is_some() { Step::DestroyNonce } else { Step::Wait(Wait::Nothing) };
    }
    if let Some(step) = guard(migration, seen, token) {
        return step;
    }
    if let Some((end, _)) = &migration.going_back {
        return go_back(migration, seen, *end);
    }
    if let Some(wish) = give_up(migration, seen) {
        return Step::Record(Event::GoingBack { end: wish.end, reason: wish.reason });
    }
    go_on(migration, seen, block)
}

/// What lets the disk be overwritten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token {
    /// What this migration has written, or what the medium has made of it. Whoever asks runs from the disk, so
    /// nothing else of it was overwritten yet.
    Ours,
    /// Somebody else's.
    Other,
}

fn token(migration: &Migration, block: ResetBlock) -> Option<Token> {
    let ours = |is_ours: bool| Some(if is_ours { Token::Ours } else { Token::Other });
    let permit = migration.permit.map(|permitted| permitted.permit);
    match block {
        ResetBlock::Nonce(nonce) => {
            let hash = Hash::of(&nonce.0);
            ours(migration.armed.as_ref().is_some_and(|armed| armed.nonce == hash))
        }
        ResetBlock::Marker(Marker { permit: begun, stage: Stage::Begun }) => {
            ours(permit == Some(begun))
        }
        _ => None,
    }
}

/// What must not go on for another moment.
fn guard(migration: &Migration, seen: &Seen, token: Option<Token>) -> Option<Step> {
    let was_copied = migration.sealed.is_some();
    let has_run =
        |vm: &&VmId| seen.running.contains(vm) || (was_copied && seen.changed.contains(vm));
    let ran = migration.stopped.iter().find(has_run);
    let armed = migration.armed.as_ref();
    let expired = migration.permit.is_some_and(|permitted| seen.now > permitted.not_after);
    let why = if ran.is_some() {
        Some(Disarm::VmRan)
    } else if migration.going_back.is_some() {
        Some(Disarm::GoingBack)
    } else if expired {
        Some(Disarm::Expired)
    } else if armed.is_some() && token != Some(Token::Ours) {
        // It was not written any more, or somebody else has written there.
        Some(Disarm::NotOurs)
    } else {
        None
    };
    if token.is_some() && (why.is_some() || armed.is_none()) {
        return Some(Step::DestroyNonce);
    }
    if let (Some(reason), Some(_)) = (why, armed) {
        return Some(Step::Record(Event::Disarmed { reason }));
    }
    if migration.going_back.is_some() {
        return None;
    }
    if let Some(vm) = ran {
        return Some(Step::Record(Event::VmRan { vm: *vm }));
    }
    let off = migration.autostart_off.as_ref()?;
    off.iter().any(|vm| seen.autostart.contains(vm)).then_some(Step::TurnAutostartOffAgain)
}

fn give_up(migration: &Migration, seen: &Seen) -> Option<Wish> {
    if let Some(wish) = &seen.wish {
        return Some(wish.clone());
    }
    // Once VMs are off, and until there is a permit that is on its way to be used.
    if migration.stopped.is_empty() || migration.phase() == Phase::Permitted {
        return None;
    }
    let failed = |reason: &str| Some(Wish { end: End::FailedSafe, reason: reason.to_owned() });
    if seen.freezes >= MOST_FREEZES {
        failed("dom0 froze too often in the middle of it")
    } else if seen.drive_away.is_some_and(|away| away >= DRIVE_AWAY) {
        failed("the backup drive was away for too long")
    } else if seen.off >= migration.plan.downtime() {
        failed("VMs were off for as long as they may be")
    } else {
        None
    }
}

fn go_on(migration: &Migration, seen: &Seen, block: ResetBlock) -> Step {
    if migration.drive.is_none() {
        return Step::ClaimDrive;
    }
    if seen.drive_away.is_some() {
        return Step::Wait(Wait::Drive);
    }
    if migration.autostart_off.is_none() {
        // While VMs run nobody minds that somebody has to fetch it.
        let is_there = seen.has_second;
        return if is_there { Step::TurnAutostartOff } else { Step::Wait(Wait::SecondDrive) };
    }
    let running = migration.plan.vms.iter().find(|vm| !migration.stopped.contains(&vm.uuid));
    if let Some(vm) = running {
        return Step::StopVm(vm.uuid);
    }
    if migration.sealed.is_none() {
        return Step::BackUp;
    }
    if !migration.is_proved() {
        return Step::Verify;
    }
    if !migration.is_copied() {
        return if seen.has_second { Step::Copy } else { Step::Wait(Wait::SecondDrive) };
    }
    if migration.armed.is_none() {
        return match block {
            ResetBlock::Empty | ResetBlock::Damaged | ResetBlock::Marker(_) => Step::Arm,
            // Something of somebody else, which we do not write over.
            ResetBlock::Foreign | ResetBlock::Nonce(_) => Step::Record(Event::GoingBack {
                end: End::FailedSafe,
                reason: "the place of the nonce on the system disk is in use by something else"
                    .to_owned(),
            }),
        };
    }
    // The medium had begun, and has not come further than that.
    let ResetBlock::Nonce(nonce) = block else { return Step::Wait(Wait::Reset) };
    let known = migration.permit.map(|permitted| permitted.permit);
    if known.is_some() && known == seen.stored {
        return Step::Wait(Wait::Reset);
    }
    // What it holds is worth something only with the permit beside it.
    if !seen.has_second {
        return Step::Wait(Wait::SecondDrive);
    }
    let good = |offered: &Offered| offered.nonce == nonce && offered.not_after >= seen.now;
    match (seen.permit.filter(good), known) {
        (None, _) => Step::AskPermit(nonce),
        (Some(offered), None) => Step::TakePermit(offered),
        (Some(offered), Some(known)) if offered.permit == known => Step::StorePermit(known),
        // The server has signed two: neither is used.
        (Some(_), Some(_)) => Step::DestroyNonce,
    }
}

/// The disk is not armed any more.
fn go_back(migration: &Migration, seen: &Seen, end: End) -> Step {
    if !migration.is_autostart_restored() {
        return Step::RestoreAutostart;
    }
    let is_down = |vm: &VmId| !seen.running.contains(vm);
    let mut ran = migration.plan.vms.iter().filter(|vm| vm.was_running).map(|vm| vm.uuid);
    match ran.find(is_down) {
        Some(vm) => Step::StartVm(vm),
        None => Step::Record(Event::Ended { end }),
    }
}
