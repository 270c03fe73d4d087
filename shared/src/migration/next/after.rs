//! On the system that VMs are given back on.

use std::collections::{BTreeMap, BTreeSet};

use crate::Timestamp;
use crate::id::{PermitId, VmId};
use crate::migration::event::Event;
use crate::migration::journey::Migration;
use crate::migration::permit::Release;
use crate::migration::phase::End;
use crate::migration::reset_block::{ResetBlock, Stage};
use crate::migration::vm::Progress;

/// What is seen there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The system.
    pub release: Release,
    /// The time, by dom0's clock.
    pub now: Timestamp,
    /// What is in the system disk's reset block.
    pub block: Option<ResetBlock>,
    /// The permit on the drive, if its signature, appliance, disk and set were found to be right.
    pub permit: Option<Proved>,
    /// Until when the permit for the way back is good that is on the drive.
    pub way_back: Option<Timestamp>,
    /// Whether the drive is there.
    pub has_drive: bool,
    /// The VMs that run.
    pub running: BTreeSet<VmId>,
    /// How the VMs are that are being watched.
    pub health: BTreeMap<VmId, Health>,
}

/// A permit of which everything was checked that can be checked on the appliance itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proved {
    /// Which.
    pub permit: PermitId,
    /// What it led to.
    pub to: Release,
    /// The permit whose reset it undoes.
    pub after: Option<PermitId>,
}

/// How a VM is that is watched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Health {
    /// Not known yet.
    Unknown,
    /// Healthy, and by what.
    Healthy(Vec<String>),
    /// It does not get healthy, and why.
    Failed(String),
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Put this on record; nothing else is to be done.
    Record(Event),
    /// See whether there is room for all of it, and put it on record.
    FindRoom,
    /// Write its disks, read them back, and put it on record.
    Restore(VmId),
    /// Put its configuration in place, and put it on record.
    Configure(VmId),
    /// Start it.
    Start(VmId),
    /// Watch it.
    Watch(VmId),
    /// Have dom0 start by itself what it started before, and put it on record.
    RestoreAutostart,
    /// Have the server sign a permit for the way back and write it to the drive. It signs it under the same id
    /// each time: an interrupted reset goes on under the id in its marker.
    AskWayBack,
    /// Nothing, until something else is seen.
    Wait(Wait),
}

/// What it waits for, and whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Wait {
    /// A person: plug the backup drive in.
    Drive,
    /// A person: the reset was not finished; plug the stick in and restart.
    Reset,
    /// A person: nothing here says that this set belongs to this appliance.
    Proof,
    /// A person: decide about the VMs that failed.
    Hands,
    /// Time.
    Soaking(Timestamp),
    /// A person: the way back needs the other stick.
    ResetBack,
    /// Nobody: it is over.
    Nothing,
}

/// What is to be done.
pub fn step(migration: &Migration, seen: &Seen) -> Step {
    let is_here = migration.adopted.is_some_and(|(release, _)| release == seen.release);
    // VMs that are watched need it no more, unless they are to go back.
    let is_watched = is_here && migration.soaking.is_some() && migration.rolling_back.is_none();
    if !seen.has_drive && migration.end.is_none() && !is_watched {
        return Step::Wait(Wait::Drive);
    }
    if !is_here {
        return adopt(migration, seen);
    }
    if migration.end.is_some() {
        return Step::Wait(Wait::Nothing);
    }
    if migration.rolling_back.is_some() {
        let is_good = seen.way_back.is_some_and(|not_after| not_after >= seen.now);
        return if is_good { Step::Wait(Wait::ResetBack) } else { Step::AskWayBack };
    }
    if !migration.has_room {
        return Step::FindRoom;
    }
    // In the order of the plan; one that fails does not stop the others.
    let next = migration.plan.vms.iter().find_map(|vm| {
        let progress = migration.vms.get(&vm.uuid)?;
        of_vm(vm.uuid, vm.was_running, progress, seen)
    });
    next.unwrap_or_else(|| finish(migration, seen))
}

/// Only local proof counts: the marker on the disk, the permit that it names, and the set that the permit
/// names.
fn adopt(migration: &Migration, seen: &Seen) -> Step {
    let Some(ResetBlock::Marker(marker)) = seen.block else { return Step::Wait(Wait::Proof) };
    let Some(proved) = seen.permit else { return Step::Wait(Wait::Proof) };
    if proved.permit != marker.permit || proved.to != seen.release {
        return Step::Wait(Wait::Proof);
    }
    if marker.stage != Stage::Done {
        return Step::Wait(Wait::Reset);
    }
    let knows = migration.permit.is_some_and(|permitted| permitted.permit == proved.permit);
    if proved.after.is_none() && !knows {
        return Step::Wait(Wait::Proof);
    }
    Step::Record(Event::Adopted { permit: proved.permit, after: proved.after })
}

fn of_vm(vm: VmId, was_running: bool, progress: &Progress, seen: &Seen) -> Option<Step> {
    match progress {
        Progress::Waiting => Some(Step::Restore(vm)),
        Progress::Restored => Some(Step::Configure(vm)),
        Progress::Configured => Some(Step::Record(Event::TrialBoot { vm })),
        // Whoever turned it off does not expect it to be on.
        Progress::Booting if !was_running => {
            let evidence = vec!["it was off before, and is off".to_owned()];
            Some(Step::Record(Event::VmHealthy { vm, evidence }))
        }
        Progress::Booting => Some(match seen.health.get(&vm) {
            Some(Health::Healthy(evidence)) => {
                Step::Record(Event::VmHealthy { vm, evidence: evidence.clone() })
            }
            Some(Health::Failed(reason)) => {
                Step::Record(Event::VmFailed { vm, reason: reason.clone() })
            }
            Some(Health::Unknown) | None if seen.running.contains(&vm) => Step::Watch(vm),
            Some(Health::Unknown) | None => Step::Start(vm),
        }),
        Progress::Healthy | Progress::Failed { .. } | Progress::Waived { .. } => None,
    }
}

fn finish(migration: &Migration, seen: &Seen) -> Step {
    if !migration.all_settled() {
        return Step::Wait(Wait::Hands);
    }
    if !migration.is_autostart_restored() {
        return Step::RestoreAutostart;
    }
    match (seen.release, migration.soaking) {
        (Release::One, _) => Step::Record(Event::Ended { end: End::RolledBack }),
        (Release::Two, None) => soak(migration, seen),
        // The clock was set back: it would be watched for years.
        (Release::Two, Some(until)) if until > seen.now + migration.plan.soak() => {
            soak(migration, seen)
        }
        (Release::Two, Some(until)) if seen.now >= until => {
            Step::Record(Event::Ended { end: End::Succeeded })
        }
        (Release::Two, Some(until)) => Step::Wait(Wait::Soaking(until)),
    }
}

fn soak(migration: &Migration, seen: &Seen) -> Step {
    Step::Record(Event::Soaking { until: seen.now + migration.plan.soak() })
}
