//! An appliance, a drive, a stick and a person, as far as a migration is concerned: every action is durable
//! when it is done, and the power may be cut between any two.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::migration::event::{Event, Record};
use crate::migration::journey::Migration;
use crate::migration::phase::End;
use crate::migration::reset_block::ResetBlock;
use crate::migration::vm::Progress;

/// A copy of a VM's disks: which state of the VM, and whether it is what it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Copy {
    pub(super) version: u8,
    pub(super) is_good: bool,
}

/// What the processor runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Runs {
    Nothing,
    Hypervisor(Release),
    Medium(Release),
}

/// What is on the system disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum System {
    Whole(Release),
    /// The layout of this one was begun.
    Half(Release),
}

#[expect(clippy::struct_excessive_bools, reason = "they have nothing to do with each other")]
#[derive(Clone, Debug)]
pub(super) struct World {
    pub(super) story: Migration,
    pub(super) runs: Runs,
    pub(super) system: System,
    pub(super) block: ResetBlock,
    pub(super) has_drive: bool,
    pub(super) has_second: bool,
    pub(super) stick: Option<Release>,
    /// The permit that has run out or not.
    pub(super) now: i64,
    pub(super) running: BTreeSet<VmId>,
    pub(super) autostart: bool,
    /// What the VM is: what must not be lost.
    pub(super) current: BTreeMap<VmId, u8>,
    /// On the system disk.
    pub(super) disks: BTreeMap<VmId, Copy>,
    /// On the drive.
    pub(super) set: BTreeMap<VmId, Copy>,
    pub(super) generation: u64,
    pub(super) permit: Option<Permit>,
    /// A permit that the server has signed and that has not reached the drive.
    pub(super) signed: Option<Permit>,
    pub(super) wish: Option<End>,
    pub(super) server_says_no: bool,
    /// Whether VMs were off for as long as they may be.
    pub(super) is_late: bool,
    pub(super) nonces: u8,
    pub(super) permits: u128,
    pub(super) faults: u8,
}

/// What an action is made of: the power may be cut after each.
pub(super) type Part = Box<dyn Fn(&mut World)>;

/// What happens next, and whether it is a fault.
pub(super) struct Edge {
    pub(super) name: String,
    pub(super) is_fault: bool,
    pub(super) world: World,
}

/// No VM is written to more often.
const MOST_VERSIONS: u8 = 3;
/// After that hour, no more time passes.
const LAST: i64 = 30;
/// No more permits are signed for one migration here.
pub(super) const MOST_PERMITS: u128 = 3;

impl World {
    pub(super) fn new(vms: u128, faults: u8) -> Self {
        let plan = plan(vms);
        let all: Vec<VmId> = plan.vms.iter().map(|vm| vm.uuid).collect();
        Self {
            story: Migration::begin(plan).unwrap(),
            runs: Runs::Hypervisor(Release::One),
            system: System::Whole(Release::One),
            block: ResetBlock::Empty,
            has_drive: true,
            has_second: true,
            stick: None,
            now: 0,
            running: all.iter().copied().collect(),
            autostart: true,
            current: all.iter().map(|vm| (*vm, 0)).collect(),
            disks: all.iter().map(|vm| (*vm, Copy { version: 0, is_good: true })).collect(),
            set: BTreeMap::new(),
            generation: 0,
            permit: None,
            signed: None,
            wish: None,
            server_says_no: false,
            is_late: false,
            nonces: 0,
            permits: 0,
            faults,
        }
    }

    /// What this world is, in a form in which the same worlds are equal.
    pub(super) fn key(&self) -> [u8; 32] {
        *blake3::hash(format!("{self:?}").as_bytes()).as_bytes()
    }

    pub(super) fn tell(&mut self, on: Release, event: Event) {
        let record = Record {
            at: hour(self.now),
            boot: crate::id::BootId(uuid(9)),
            on,
            agent: "1.0.0".to_owned(),
            decision: None,
            event,
        };
        let told = self.story.add(&record);
        assert_eq!(told, Ok(()), "{record:?} in {self:#?}");
    }

    fn write(&mut self, vm: VmId) {
        let Some(disk) = self.disks.get_mut(&vm) else { return };
        if disk.version < MOST_VERSIONS {
            disk.version += 1;
        }
        let version = disk.version;
        // On the way back, what VMs write is given up, and the page says so.
        if self.story.rolling_back.is_none() {
            self.current.insert(vm, version);
        }
    }

    pub(super) fn start(&mut self, vm: VmId) {
        if self.running.insert(vm) {
            self.write(vm);
        }
    }

    pub(super) fn power_off(&mut self) {
        self.runs = Runs::Nothing;
        self.running.clear();
    }

    pub(super) fn boot_disk(&mut self) {
        self.running.clear();
        self.runs = match self.system {
            System::Whole(release) => Runs::Hypervisor(release),
            System::Half(_) => Runs::Nothing,
        };
        if self.runs != Runs::Nothing && self.autostart {
            let all: Vec<VmId> = self.disks.keys().copied().collect();
            for vm in all {
                self.start(vm);
            }
        }
    }

    /// Everything that can happen now.
    pub(super) fn edges(&self) -> Vec<Edge> {
        let mut edges = Vec::new();
        match self.runs {
            Runs::Nothing => {}
            Runs::Hypervisor(_) => {
                let (name, parts) = self.work();
                self.perform(&name, &parts, &mut edges);
            }
            Runs::Medium(release) => {
                let (name, parts) = self.medium(release);
                self.perform(&name, &parts, &mut edges);
            }
        }
        self.people(&mut edges);
        if self.faults > 0 {
            self.misfortunes(&mut edges);
        }
        edges
    }

    fn perform(&self, name: &str, parts: &[Part], edges: &mut Vec<Edge>) {
        let mut world = self.clone();
        for (done, part) in parts.iter().enumerate() {
            if self.faults > 0 {
                let mut cut = world.clone();
                cut.faults -= 1;
                cut.power_off();
                let name = format!("{name}, cut after {done}");
                edges.push(Edge { name, is_fault: true, world: cut });
            }
            part(&mut world);
        }
        if self.faults > 0 && !parts.is_empty() {
            let mut cut = world.clone();
            cut.faults -= 1;
            cut.power_off();
            edges.push(Edge { name: format!("{name}, cut after"), is_fault: true, world: cut });
        }
        edges.push(Edge { name: name.to_owned(), is_fault: false, world });
    }

    fn people(&self, edges: &mut Vec<Edge>) {
        let mut does = |name: &str, act: &dyn Fn(&mut Self)| {
            let mut world = self.clone();
            act(&mut world);
            edges.push(Edge { name: name.to_owned(), is_fault: false, world });
        };
        if self.runs == Runs::Nothing {
            does("power on", &|world| match world.stick {
                Some(release) => world.runs = Runs::Medium(release),
                None => world.boot_disk(),
            });
        } else {
            does("power off", &Self::power_off);
        }
        if !self.has_drive {
            does("plug the drive in", &|world| world.has_drive = true);
        }
        if !self.has_second && self.story.permit.is_none() {
            does("plug the second drive in", &|world| world.has_second = true);
        }
        // It matters only when the appliance is started.
        if self.runs != Runs::Nothing {
        } else if self.stick.is_some() {
            does("pull the stick out", &|world| world.stick = None);
        } else {
            does("plug the stick in", &|world| world.stick = Some(Release::Two));
            if self.story.rolling_back.is_some() || matches!(self.system, System::Half(_)) {
                does("plug the other stick in", &|world| world.stick = Some(Release::One));
            }
        }
        let is_good = |permit: &Option<Permit>| {
            permit.as_ref().is_some_and(|permit| permit.not_after >= hour(self.now))
        };
        if self.now < LAST && (is_good(&self.permit) || is_good(&self.signed)) {
            does("a day passes", &|world| world.now += 30);
        }
        if !self.is_late && self.runs != Runs::Nothing && !self.story.stopped.is_empty() {
            does("the time is spent", &|world| world.is_late = true);
        }
        let on_two = self.runs == Runs::Hypervisor(Release::Two) && self.has_drive;
        if on_two && self.story.rolling_back.is_some() {
            does("they stay", &|world| {
                world.tell(Release::Two, Event::WayBackWithdrawn { by: "ada".to_owned() });
                // What the VMs have written since counts again.
                for (vm, disk) in &world.disks {
                    world.current.insert(*vm, disk.version);
                }
            });
        }
        if self.server_says_no && self.wish.is_none() && self.story.adopted.is_none() {
            does("its no is heard", &|world| world.wish = Some(End::Cancelled));
        }
        // The way back from a system that never came up: the server signs it by the marker that it knows of.
        let leads_back = self
            .permit
            .as_ref()
            .is_some_and(|permit| permit.to == Release::One && permit.not_after >= hour(self.now));
        let is_half = matches!(self.system, System::Half(Release::Two)) && !leads_back;
        if is_half && self.has_drive {
            does("a permit for the way back", &|world| {
                let used = world.story.permit.unwrap().permit;
                world.permit = Some(world.way_back(used));
            });
        }
    }

    fn misfortunes(&self, edges: &mut Vec<Edge>) {
        let mut befalls = |name: String, act: &dyn Fn(&mut Self)| {
            let mut world = self.clone();
            act(&mut world);
            world.faults -= 1;
            edges.push(Edge { name, is_fault: true, world });
        };
        if self.has_drive {
            befalls("the drive is pulled out".to_owned(), &|world| world.has_drive = false);
        }
        if self.has_second && self.story.adopted.is_none() {
            befalls("the second is pulled out".to_owned(), &|world| world.has_second = false);
        }
        if self.runs == Runs::Hypervisor(Release::One) && self.story.adopted.is_none() {
            for vm in self.disks.keys().filter(|vm| !self.running.contains(vm)) {
                befalls(format!("{vm} is started by hand"), &|world| world.start(*vm));
            }
            if self.wish.is_none() && self.story.going_back.is_none() {
                befalls("it is cancelled".to_owned(), &|world| world.wish = Some(End::Cancelled));
            }
        }
        if self.runs == Runs::Hypervisor(Release::Two)
            && self.story.release() == Release::Two
            && self.story.rolling_back.is_none()
        {
            befalls("somebody wants to go back".to_owned(), &|world| {
                let (_, after) = world.story.adopted.unwrap();
                let reason = "the telephones are silent".to_owned();
                world.tell(Release::Two, Event::RollingBack { reason, after });
                // What the VMs have written since is given up, and the page says so.
                for (vm, copy) in &world.set {
                    world.current.insert(*vm, copy.version);
                }
            });
        }
        if !self.server_says_no {
            befalls("the server says no".to_owned(), &|world| world.server_says_no = true);
        }
        if self.stick.is_none() {
            let old = "the stick of 1.x is plugged in".to_owned();
            befalls(old, &|world| world.stick = Some(Release::One));
        }
    }

    /// The server signs the way back under the same id however often it is asked: an interrupted reset goes
    /// on under the id that is in its marker.
    pub(super) fn way_back(&self, after: PermitId) -> Permit {
        Permit {
            id: PermitId(uuid(0x8000 + after.0.as_u128())),
            to: Release::One,
            generation: self.generation,
            proof: Proof::Marker { after },
            issued_at: hour(self.now),
            not_after: hour(self.now + 24),
            ..permit(Nonce([0; 32]))
        }
    }

    /// What must hold in every world.
    pub(super) fn check(&self) {
        let is_source = self.story.adopted.is_none() && self.system == System::Whole(Release::One);
        for (vm, version) in &self.current {
            let is_it = |copy: &Copy| copy.version == *version && copy.is_good;
            let written = !matches!(self.story.vms[vm], Progress::Waiting);
            let on_disk = self.disks.get(vm).is_some_and(is_it) && (is_source || written);
            let in_set = self.set.get(vm).is_some_and(is_it) && self.story.is_proved();
            assert!(on_disk || in_set, "I1: no good copy of {vm} is left");
        }
        let is_permitted = self.story.permit.is_some() && self.story.adopted.is_none();
        assert!(!is_permitted || self.story.is_copied(), "there is a permit, and one copy alone");
        // Whoever reads the story knows whether the disk can be overwritten.
        let has_nonce = matches!(self.block, ResetBlock::Nonce(_));
        assert!(!has_nonce || self.story.armed.is_some(), "there is a nonce that nobody knows of");
    }
}
