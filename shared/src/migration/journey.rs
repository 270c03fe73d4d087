//! What a migration's journal comes to.

use std::collections::BTreeMap;

use super::event::{Event, Record};
use super::permit::{DiskIdentity, Release};
use super::phase::{End, Phase};
use super::plan::{Copies, Plan, UnsoundPlan};
use super::vm::Progress;
use crate::Timestamp;
use crate::hash::Hash;
use crate::id::{DriveId, PermitId, SetId, VmId};

/// A migration, as its journal tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Migration {
    /// What is to be done.
    pub plan: Plan,
    /// The drive.
    pub drive: Option<DriveId>,
    /// The VMs that dom0 started by itself and does not now.
    pub autostart_off: Option<Vec<VmId>>,
    /// The VMs that are shut down, and were not seen running since.
    pub stopped: Vec<VmId>,
    /// The set, once it is sealed.
    pub sealed: Option<Sealed>,
    /// The generation of it that was read back.
    pub verified: Option<u64>,
    /// What there is of it on the second drive.
    pub copied: Option<Copied>,
    /// What the system disk is armed with.
    pub armed: Option<Armed>,
    /// The permit that is on the drive.
    pub permit: Option<Permitted>,
    /// How it is to end, where it is given up, and why.
    pub going_back: Option<(End, String)>,
    /// The system that the VMs are given back on, and the permit that led to it; nothing before.
    pub adopted: Option<(Release, PermitId)>,
    /// Whether there is room for all of it.
    pub has_room: bool,
    /// How far each VM is there.
    pub vms: BTreeMap<VmId, Progress>,
    /// Until when the appliance is watched.
    pub soaking: Option<Timestamp>,
    /// Why it is to go back to the system before.
    pub rolling_back: Option<String>,
    /// How it ended.
    pub end: Option<End>,
    restored_autostart: bool,
}

/// A set that is sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// Which.
    pub set: SetId,
    /// How often it was sealed.
    pub generation: u64,
    /// The hash of its manifest.
    pub manifest: Hash,
}

/// A set that is on a second drive, and was read back there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Copied {
    /// That drive.
    pub drive: DriveId,
    /// Of which generation.
    pub generation: u64,
}

/// A system disk that can be overwritten by whoever has a permit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Armed {
    /// The disk.
    pub disk: DiskIdentity,
    /// The BLAKE3 of the nonce on it.
    pub nonce: Hash,
}

/// A permit on the drive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Permitted {
    /// Which.
    pub permit: PermitId,
    /// After that it is not good any more.
    pub not_after: Timestamp,
}

/// A journal that tells what cannot be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Illegal {
    /// It does not begin as it should.
    #[error("the journal does not begin with the plan")]
    NoPlan,
    /// Its plan is none.
    #[error("the plan cannot be carried out")]
    Plan(#[from] UnsoundPlan),
    /// Something happened that could not.
    #[error("the journal tells what cannot be: {0}")]
    Event(&'static str),
}

type Checked = Result<(), Illegal>;

fn only_if(holds: bool, otherwise: &'static str) -> Checked {
    if holds { Ok(()) } else { Err(Illegal::Event(otherwise)) }
}

impl Migration {
    /// What these records come to.
    pub fn of<'r>(records: impl IntoIterator<Item = &'r Record>) -> Result<Self, Illegal> {
        let mut records = records.into_iter();
        let Some(Record { event: Event::Planned { plan }, on: Release::One, .. }) = records.next()
        else {
            return Err(Illegal::NoPlan);
        };
        let mut migration = Self::begin(Plan::clone(plan))?;
        records.try_for_each(|record| migration.add(record))?;
        Ok(migration)
    }

    /// One of which nothing is told but its plan.
    pub fn begin(plan: Plan) -> Result<Self, Illegal> {
        plan.check()?;
        let vms = plan.vms.iter().map(|vm| (vm.uuid, Progress::Waiting)).collect();
        Ok(Self {
            plan,
            drive: None,
            autostart_off: None,
            stopped: Vec::new(),
            sealed: None,
            verified: None,
            copied: None,
            armed: None,
            permit: None,
            going_back: None,
            adopted: None,
            has_room: false,
            vms,
            soaking: None,
            rolling_back: None,
            end: None,
            restored_autostart: false,
        })
    }

    /// The system that is to do what comes next.
    pub fn release(&self) -> Release {
        self.adopted.map_or(Release::One, |(release, _)| release)
    }

    /// Whether every VM of the plan is shut down.
    pub fn all_stopped(&self) -> bool {
        self.plan.vms.iter().all(|vm| self.stopped.contains(&vm.uuid))
    }

    /// Whether the set is proved as it was sealed, with no VM started since: what a permit asks for.
    pub fn is_proved(&self) -> bool {
        let sealed = self.sealed.map(|sealed| sealed.generation);
        sealed.is_some() && sealed == self.verified && self.all_stopped()
    }

    /// Whether every copy is there that the plan wants before the reset.
    pub fn is_copied(&self) -> bool {
        let sealed = self.sealed.map(|sealed| sealed.generation);
        let copied = self.copied.map(|copied| copied.generation);
        self.is_proved() && (!self.wants_second_drive() || copied == sealed)
    }

    /// Whether a second drive is to hold a copy of the set.
    pub fn wants_second_drive(&self) -> bool {
        self.plan.copies == Copies::SecondDrive
    }

    /// Whether dom0 starts by itself what it started before.
    pub fn is_autostart_restored(&self) -> bool {
        self.autostart_off.is_none() || self.restored_autostart
    }

    /// Whether only what is on the disk, or another reset, undoes what was done.
    pub fn is_past_the_point(&self) -> bool {
        self.armed.is_some() || self.phase().is_past_the_point()
    }

    /// Where it is.
    pub fn phase(&self) -> Phase {
        if let Some(end) = self.end {
            return Phase::Ended(end);
        }
        if self.going_back.is_some() {
            return Phase::GoingBack;
        }
        if self.permit.is_some() && (self.adopted.is_none() || self.rolling_back.is_some()) {
            return Phase::Permitted;
        }
        if self.adopted.is_some() { self.phase_of_return() } else { self.phase_before() }
    }

    fn phase_before(&self) -> Phase {
        if self.is_proved() {
            Phase::Sealed
        } else if self.sealed.is_some() {
            Phase::Verifying
        } else if self.drive.is_some() {
            Phase::BackingUp
        } else {
            Phase::Preflight
        }
    }

    fn phase_of_return(&self) -> Phase {
        if self.soaking.is_some() {
            return Phase::Soaking;
        }
        let any = |is: fn(&Progress) -> bool| self.vms.values().any(is);
        if any(|vm| matches!(vm, Progress::Waiting | Progress::Restored)) {
            Phase::Restoring
        } else if any(|vm| matches!(vm, Progress::Configured | Progress::Booting)) {
            Phase::Validating
        } else if any(|vm| matches!(vm, Progress::Failed { .. })) {
            Phase::NeedsHands
        } else {
            Phase::Validating
        }
    }

    /// Takes in what happened next; as it was where that cannot be.
    pub fn add(&mut self, record: &Record) -> Checked {
        let mut after = self.clone();
        let here = record.on == after.release();
        match &record.event {
            Event::Adopted { permit, after: before } => {
                after.adopt(record.on, *permit, *before)?;
            }
            Event::RollingBack { .. }
            | Event::WayBackWithdrawn { .. }
            | Event::VmRetried { .. }
            | Event::VmWaived { .. } => {
                only_if(here, "it was told on the other system")?;
                after.decided(&record.event)?;
            }
            event => {
                only_if(here, "it was told on the other system")?;
                only_if(after.end.is_none(), "it went on after its end")?;
                if after.adopted.is_none() {
                    after.before(event)?
                } else {
                    after.returned(event)?
                }
            }
        }
        *self = after;
        Ok(())
    }

    fn knows(&self, vm: VmId) -> Checked {
        only_if(self.vms.contains_key(&vm), "a VM is not in the plan")
    }

    /// On the system that is to go.
    fn before(&mut self, event: &Event) -> Checked {
        let goes_on = || only_if(self.going_back.is_none(), "it went on after it was given up");
        match event {
            Event::DriveClaimed { drive } => {
                goes_on()?;
                only_if(self.drive.is_none(), "two drives were claimed")?;
                self.drive = Some(*drive);
            }
            Event::AutostartOff { vms } => {
                goes_on()?;
                only_if(self.drive.is_some(), "there was no drive yet")?;
                only_if(self.autostart_off.is_none(), "autostart was turned off twice")?;
                self.autostart_off = Some(vms.clone());
            }
            Event::VmStopped { vm, .. } => {
                goes_on()?;
                self.knows(*vm)?;
                only_if(self.autostart_off.is_some(), "dom0 would have started the VM again")?;
                only_if(!self.stopped.contains(vm), "a VM was shut down twice")?;
                self.stopped.push(*vm);
            }
            Event::VmRan { vm } => {
                self.knows(*vm)?;
                self.stopped.retain(|stopped| stopped != vm);
                // What is in the set is no longer what the VM is.
                (self.sealed, self.verified, self.copied) = (None, None, None);
            }
            Event::Sealed { set, generation, manifest } => {
                goes_on()?;
                only_if(self.all_stopped(), "a VM ran when the set was sealed")?;
                only_if(self.armed.is_none(), "the set was sealed while the disk was armed")?;
                let sealed = Sealed { set: *set, generation: *generation, manifest: *manifest };
                (self.sealed, self.verified, self.copied) = (Some(sealed), None, None);
            }
            Event::Verified { generation } => {
                goes_on()?;
                only_if(self.all_stopped(), "a VM ran when the set was verified")?;
                let sealed = self.sealed.map(|sealed| sealed.generation);
                only_if(sealed == Some(*generation), "another set was verified than was sealed")?;
                self.verified = Some(*generation);
            }
            Event::Copied { drive, generation } => {
                goes_on()?;
                only_if(self.wants_second_drive(), "nobody wanted a second drive")?;
                only_if(self.is_proved(), "a set was copied that is not proved")?;
                only_if(self.armed.is_none(), "the set was copied while the disk was armed")?;
                only_if(self.drive != Some(*drive), "the second drive is the first")?;
                only_if(self.verified == Some(*generation), "another set was copied")?;
                self.copied = Some(Copied { drive: *drive, generation: *generation });
            }
            Event::Armed { disk, nonce } => {
                goes_on()?;
                only_if(self.is_proved(), "the disk was armed without a proved set")?;
                only_if(self.is_copied(), "the disk was armed without the second copy")?;
                only_if(self.armed.is_none(), "the disk was armed twice")?;
                only_if(!disk.wwid.trim().is_empty(), "the disk has no identity")?;
                self.armed = Some(Armed { disk: disk.clone(), nonce: *nonce });
            }
            Event::Permitted { permit, not_after } => {
                goes_on()?;
                only_if(self.is_copied(), "there is a permit without a proved set")?;
                only_if(self.armed.is_some(), "there is a permit for a disk that is not armed")?;
                self.permit = Some(Permitted { permit: *permit, not_after: *not_after });
            }
            Event::Disarmed { .. } => {
                only_if(self.armed.is_some(), "the disk was not armed")?;
                (self.armed, self.permit) = (None, None);
            }
            Event::GoingBack { end, reason } => {
                goes_on()?;
                only_if(!end.is_past_the_point(), "it cannot end like that before the reset")?;
                self.going_back = Some((*end, reason.clone()));
            }
            Event::AutostartRestored => {
                only_if(self.going_back.is_some(), "it was not given up")?;
                only_if(self.armed.is_none(), "VMs may start while the disk is armed")?;
                self.restored_autostart = true;
            }
            Event::Ended { end } => {
                let wanted = self.going_back.as_ref().map(|(end, _)| *end);
                only_if(wanted == Some(*end), "it ended otherwise than it was given up")?;
                only_if(self.armed.is_none(), "it ended while the disk was armed")?;
                only_if(self.is_autostart_restored(), "it ended with autostart turned off")?;
                self.end = Some(*end);
            }
            _ => return Err(Illegal::Event("it happened before the reset")),
        }
        Ok(())
    }

    /// The other system takes over.
    fn adopt(&mut self, on: Release, permit: PermitId, after: Option<PermitId>) -> Checked {
        let known = self.permit.map(|permitted| permitted.permit);
        match self.adopted {
            // The way back, after 2.x or where it never came up.
            Some((Release::Two, before)) if on == Release::One => {
                only_if(after == Some(before), "the way back begins with another reset")?;
            }
            None if on == Release::One => {
                only_if(known.is_some() && after == known, "there was no reset to go back from")?;
            }
            None => {
                only_if(self.end.is_none(), "it went on after its end")?;
                only_if(self.is_proved(), "it was adopted without a proved set")?;
                only_if(known == Some(permit) && after.is_none(), "it was adopted without permit")?;
            }
            Some(_) => return Err(Illegal::Event("it was adopted twice")),
        }
        self.adopted = Some((on, permit));
        (self.armed, self.permit, self.going_back) = (None, None, None);
        (self.end, self.soaking, self.rolling_back) = (None, None, None);
        (self.has_room, self.restored_autostart) = (false, false);
        self.vms.values_mut().for_each(|vm| *vm = Progress::Waiting);
        Ok(())
    }

    /// On the system that VMs are given back on.
    fn returned(&mut self, event: &Event) -> Checked {
        only_if(self.rolling_back.is_none() || matches!(event, Event::Permitted { .. }), {
            "it went on after it was to go back"
        })?;
        match event {
            Event::RoomFound { .. } => self.has_room = true,
            Event::VmRestored { vm } => {
                only_if(self.has_room, "nobody had looked whether there is room")?;
                self.step(*vm, &Progress::Waiting, Progress::Restored)?;
            }
            Event::VmConfigured { vm } => {
                self.step(*vm, &Progress::Restored, Progress::Configured)?;
            }
            Event::TrialBoot { vm } => {
                self.step(*vm, &Progress::Configured, Progress::Booting)?;
            }
            Event::VmHealthy { vm, .. } => {
                self.step(*vm, &Progress::Booting, Progress::Healthy)?;
            }
            Event::VmFailed { vm, reason } => {
                self.knows(*vm)?;
                let at = self.vms.get(vm).and_then(Progress::step);
                let Some(at) = at else {
                    return Err(Illegal::Event("a VM failed that was not being given back"));
                };
                self.vms.insert(*vm, Progress::Failed { at, reason: reason.clone() });
                self.soaking = None;
            }
            Event::AutostartRestored => {
                only_if(self.all_settled(), "VMs are not given back yet")?;
                self.restored_autostart = true;
            }
            Event::Soaking { until } => {
                only_if(self.all_settled(), "VMs are not given back yet")?;
                only_if(self.is_autostart_restored(), "autostart is turned off")?;
                self.soaking = Some(*until);
            }
            Event::Permitted { permit, not_after } => {
                only_if(self.rolling_back.is_some(), "there is a permit that nobody wanted")?;
                self.permit = Some(Permitted { permit: *permit, not_after: *not_after });
            }
            Event::Ended { end: end @ (End::Succeeded | End::RolledBack) } => {
                let forward = *end == End::Succeeded;
                only_if(forward == (self.release() == Release::Two), "it ended elsewhere")?;
                only_if(self.all_settled(), "VMs are not given back yet")?;
                only_if(self.is_autostart_restored(), "it ended with autostart turned off")?;
                only_if(!forward || self.soaking.is_some(), "nobody watched the appliance")?;
                self.end = Some(*end);
            }
            _ => return Err(Illegal::Event("it happened after the reset")),
        }
        Ok(())
    }

    /// What people decide on the system that VMs are given back on.
    fn decided(&mut self, event: &Event) -> Checked {
        only_if(self.adopted.is_some(), "it happened before the reset")?;
        match event {
            Event::VmRetried { vm, afresh, .. } => {
                self.knows(*vm)?;
                let Some(Progress::Failed { at, .. }) = self.vms.get(vm) else {
                    return Err(Illegal::Event("a VM was tried again that had not failed"));
                };
                let again = if *afresh { Progress::Waiting } else { at.again() };
                self.vms.insert(*vm, again);
            }
            Event::VmWaived { vm, by } => {
                self.knows(*vm)?;
                let failed = matches!(self.vms.get(vm), Some(Progress::Failed { .. }));
                only_if(failed, "a VM was given up that had not failed")?;
                self.vms.insert(*vm, Progress::Waived { by: by.clone() });
            }
            Event::RollingBack { reason, after } => {
                let there = self.adopted == Some((Release::Two, *after));
                only_if(there, "the way back begins with another reset")?;
                only_if(self.rolling_back.is_none(), "it was to go back twice")?;
                self.rolling_back = Some(reason.clone());
                self.end = None;
            }
            Event::WayBackWithdrawn { .. } => {
                only_if(self.rolling_back.is_some(), "nobody wanted to go back")?;
                (self.rolling_back, self.permit) = (None, None);
            }
            _ => return Err(Illegal::Event("nobody decides that")),
        }
        Ok(())
    }

    /// Whether every VM is healthy, or a person goes without it.
    pub fn all_settled(&self) -> bool {
        self.vms.values().all(Progress::is_settled)
    }

    fn step(&mut self, vm: VmId, from: &Progress, to: Progress) -> Checked {
        self.knows(vm)?;
        only_if(self.vms.get(&vm) == Some(from), "a step of a VM was left out")?;
        self.vms.insert(vm, to);
        Ok(())
    }

    /// Whether one drive holds the only copy while there is no VM.
    pub fn has_one_copy(&self) -> bool {
        matches!(self.plan.copies, Copies::Accepted { .. })
    }
}
