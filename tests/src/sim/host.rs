//! A simulated appliance's dom0, seen from outside: what is there, what was done to it, and what a
//! test does to it behind the agent's back.

use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domfleet_agent::clock::Clock;
use domfleet_agent::dom0::step::MANAGED_TAG;
use domfleet_agent::dom0::{Dom0Error, Kept, Running};
use domfleet_shared::Timestamp;
use domfleet_shared::id::VmId;
use domfleet_shared::inventory::Volume;
use tokio::sync::{Notify, mpsc};
use tokio::time::Instant;

use super::boot::{Happening, Run, panic_log, precursors};
use super::dice::Dice;
use super::effect::{Effect, Fault};
use super::hardware::{self, Appliance, Guest, SimVm};
use super::release::Release;
use super::steps;
use super::system::Settings;
use super::watchdog::SimWatchdog;
use super::works::SimDrive;

/// A simulated dom0. Shared by the agent's [`super::SimDom0`], the machine that runs the agent, and
/// the test.
#[derive(Debug)]
pub struct Host {
    state: Mutex<State>,
    pub(super) log_grew: Notify,
    pub(super) watchdog_moved: Notify,
    happenings: mpsc::Sender<Happening>,
    clock_ahead_milliseconds: AtomicI64,
}

/// A domain.
#[derive(Clone, Debug)]
pub(super) struct SimDomain {
    pub(super) domid: u32,
    pub(super) uuid: VmId,
    /// As in `xl list`.
    pub(super) letters: &'static str,
    pub(super) qemu: String,
    /// When it was created, by this machine's clock.
    pub(super) started_at: Timestamp,
    /// When it is gone.
    pub(super) gone_at: Option<Instant>,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) appliance: Appliance,
    pub(super) run: Run,
    /// dom0's own files, and what its kernel goes by.
    pub(super) settings: Settings,
    pub(super) boots: u64,
    pub(super) domains: BTreeMap<u32, SimDomain>,
    pub(super) kept: Kept,
    pub(super) effects: Vec<Effect>,
    pub(super) faults: VecDeque<(&'static str, Fault)>,
    pub(super) storage_hangs: bool,
    /// Snapshots that are being merged, and when each is used up.
    pub(super) merges: Vec<(String, Instant)>,
    /// The USB drives that somebody has for it.
    pub(super) drives: Vec<SimDrive>,
    /// Where this machine keeps what is on a volume, by the volume's name.
    pub(super) contents: BTreeMap<String, PathBuf>,
    /// Whether the vendor's tools want to be told of VMs.
    pub(super) has_hook: bool,
    /// Whether a stress run has its disk under load. Only what ends it takes that away.
    pub(super) is_under_load: bool,
    /// The watchdog that it has and is to feed.
    pub(super) watchdog: Option<SimWatchdog>,
    /// How often its disk has lost its power; nothing where it does not count that.
    pub(super) power_cycles: Option<u64>,
    /// Whom somebody replaces while the agent is dead: see [`Host::replace_vm_at_death`].
    replaced_at_death: Option<VmId>,
    pub(super) dice: Dice,
}

/// No more can happen to an appliance at once.
const HAPPENINGS: usize = 8;

impl Host {
    /// The appliance of those dice, and what happens to it.
    pub fn roll(
        mut dice: Dice,
        release: Option<&'static Release>,
    ) -> (Arc<Self>, mpsc::Receiver<Happening>) {
        let appliance = Appliance::roll(&mut dice, release);
        let run = Run::begin(&mut dice, appliance.uptime, &greeting(&appliance));
        let mut state = State {
            settings: Settings::of(appliance.release),
            appliance,
            run,
            boots: 1,
            domains: BTreeMap::new(),
            kept: Kept::default(),
            effects: Vec::new(),
            faults: VecDeque::new(),
            storage_hangs: false,
            merges: Vec::new(),
            drives: Vec::new(),
            contents: BTreeMap::new(),
            has_hook: false,
            is_under_load: false,
            watchdog: None,
            power_cycles: None,
            replaced_at_death: None,
            dice,
        };
        state.start_vms();
        let (happenings, receiver) = mpsc::channel(HAPPENINGS);
        let host = Self {
            state: Mutex::new(state),
            log_grew: Notify::new(),
            watchdog_moved: Notify::new(),
            happenings,
            clock_ahead_milliseconds: AtomicI64::new(0),
        };
        (Arc::new(host), receiver)
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.settle();
        state
    }

    /// The time of day there. It may be wrong: see [`Self::set_clock_ahead`].
    pub fn now(&self) -> Timestamp {
        self.shown(Timestamp::now())
    }

    /// What its clock shows at a moment of this machine's.
    pub(super) fn shown(&self, moment: Timestamp) -> Timestamp {
        let ahead = self.clock_ahead_milliseconds.load(Ordering::Relaxed);
        Timestamp::from_millis(moment.as_millis().saturating_add(ahead))
    }

    /// Its clock.
    pub fn clock(self: &Arc<Self>) -> Clock {
        let host = Arc::clone(self);
        Clock::new(move || host.now())
    }

    /// Sets its clock so far ahead of this machine's; behind, where it is negative.
    pub fn set_clock_ahead(&self, milliseconds: i64) {
        self.clock_ahead_milliseconds.store(milliseconds, Ordering::Relaxed);
    }

    /// Moves its clock on, as time does.
    pub fn advance_clock(&self, by: Duration) {
        let by = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        self.clock_ahead_milliseconds.fetch_add(by, Ordering::Relaxed);
    }

    /// Makes something happen to the appliance.
    pub fn happen(&self, happening: Happening) {
        // Where eight things are about to happen already, one more makes no difference.
        self.happenings.try_send(happening).ok();
    }

    /// Lets the next step of that kind go wrong. Kinds are those of [`super::effect`], such as
    /// `xl destroy`.
    pub fn fault_on(&self, kind: &'static str, fault: Fault) {
        self.state().faults.push_back((kind, fault));
    }

    /// Its disk counts from now on how often it loses its power.
    pub fn count_power_cycles(&self) {
        let mut state = self.state();
        state.power_cycles = Some(412);
        state.kept.power_cycles = state.power_cycles;
    }

    /// Whether its disk is under load.
    pub fn is_under_load(&self) -> bool {
        self.state().is_under_load
    }

    /// The vendor's tools want to be told of VMs.
    pub fn install_hook(&self) {
        self.state().has_hook = true;
    }

    /// What `xl list` shows of the VM's domain.
    pub fn domain_state(&self, vm: VmId) -> Option<String> {
        self.state().domain_of(vm).map(|domain| domain.letters.to_owned())
    }

    /// A thin pool of that fill, in hundredths of a percent, that carries our tag.
    pub fn set_pool(&self, name: &str, data: u32, metadata: u32) {
        let mut state = self.state();
        let known = state.appliance.volumes.iter().position(|volume| volume.name == name);
        let at = known.unwrap_or_else(|| {
            let mut pool = hardware::volume(&mut state.dice, name, 1 << 30);
            "twi-aotz--".clone_into(&mut pool.attributes);
            "thin-pool".clone_into(&mut pool.segment_type);
            hardware::tag(&mut pool, [MANAGED_TAG.to_owned()]);
            state.appliance.volumes.push(pool);
            state.appliance.volumes.len() - 1
        });
        let pool = &mut state.appliance.volumes[at];
        (pool.data_basis_points, pool.metadata_basis_points) = (Some(data), Some(metadata));
    }

    /// From now on whatever asks LVM waits for ever, or no longer.
    pub fn hang_storage(&self, hangs: bool) {
        self.state().storage_hangs = hangs;
    }

    /// Everything that was done to it, in order.
    pub fn effects(&self) -> Vec<Effect> {
        self.state().effects.clone()
    }

    /// How often that was done.
    pub fn count(&self, effect: &Effect) -> usize {
        self.state().effects.iter().filter(|done| *done == effect).count()
    }

    /// This run of dom0.
    pub fn running(&self) -> Running {
        let state = self.state();
        Running {
            boot_id: state.run.boot_id,
            uptime: state.run.uptime(),
            taint: Some(state.run.taint),
        }
    }

    /// How many runs of dom0 there have been.
    pub fn boots(&self) -> u64 {
        self.state().boots
    }

    /// What it calls itself.
    pub fn hostname(&self) -> String {
        self.state().appliance.hardware.hostname.clone()
    }

    /// Its VMs.
    pub fn vms(&self) -> Vec<SimVm> {
        self.state().appliance.vms.values().cloned().collect()
    }

    /// The number of the VM's domain.
    pub fn domid(&self, vm: VmId) -> Option<u32> {
        self.state().domain_of(vm).map(|domain| domain.domid)
    }

    /// Its volumes.
    pub fn volumes(&self) -> Vec<Volume> {
        self.state().appliance.volumes.clone()
    }

    /// The release it runs.
    pub fn release(&self) -> &'static Release {
        self.state().appliance.release
    }

    /// How the VM's guest takes being asked to shut down.
    pub fn set_guest(&self, vm: VmId, guest: Guest) {
        if let Some(vm) = self.state().appliance.vms.get_mut(&vm) {
            vm.guest = guest;
        }
    }

    /// Somebody destroys the VM's domain, deletes the VM, and makes another of the same name and
    /// configuration file. The new VM runs.
    pub fn replace_vm(&self, vm: VmId) -> Option<VmId> {
        self.state().replace_vm(vm)
    }

    /// The same, once the agent dies and before it is back; nobody, where it is nothing.
    pub fn replace_vm_at_death(&self, vm: Option<VmId>) {
        self.state().replaced_at_death = vm;
    }

    /// The agent is dead.
    pub(super) fn agent_died(&self) {
        let mut state = self.state();
        if let Some(vm) = state.replaced_at_death.take() {
            state.replace_vm(vm);
        }
    }

    /// Somebody sets up a VM by writing its configuration to that file of this machine's. It is off.
    pub fn set_up_vm(&self, uuid: VmId, path: &str, text: &str) {
        let vm = SimVm::configured(uuid, text, path.to_owned());
        let vm = vm.map(|vm| SimVm { managed: false, config: None, ..vm });
        self.state().appliance.vms.extend(vm.map(|vm| (uuid, vm)));
    }

    /// Somebody restarts the VM's domain by hand: another number, the same VM.
    pub fn restart_vm(&self, vm: VmId) {
        let mut state = self.state();
        state.domains.retain(|_, domain| domain.uuid != vm);
        state.create_domain(vm);
    }

    /// Somebody creates a volume, with no tag of ours.
    pub fn make_volume(&self, name: &str, size_bytes: u64) -> Volume {
        let mut state = self.state();
        let volume = hardware::volume(&mut state.dice, name, size_bytes);
        state.appliance.volumes.push(volume.clone());
        volume
    }

    /// Somebody creates a volume that holds what is in that file of this machine's.
    pub fn make_volume_of(&self, name: &str, content: PathBuf) -> Volume {
        let size_bytes = std::fs::metadata(&content).map_or(0, |data| data.len());
        self.state().contents.insert(name.to_owned(), content);
        self.make_volume(name, size_bytes)
    }

    /// A guest writes so much that the snapshots there are have no room for it.
    pub fn overflow_snapshots(&self) {
        for volume in &mut self.state().appliance.volumes {
            if volume.origin.is_some() {
                "swi-I-s---".clone_into(&mut volume.attributes);
                volume.data_basis_points = Some(10_000);
            }
        }
    }

    /// A small volume that carries our tag, and that no VM uses.
    pub fn make_managed_volume(&self, name: &str) {
        let mut state = self.state();
        let mut volume = hardware::volume(&mut state.dice, name, 4 << 20);
        "-wi-a-----".clone_into(&mut volume.attributes);
        hardware::tag(&mut volume, [MANAGED_TAG.to_owned()]);
        state.appliance.volumes.push(volume);
    }

    /// The kernel says something.
    pub fn say(&self, level: u8, text: &str) {
        self.state().run.say(level, text);
        self.log_grew.notify_waiters();
    }

    /// The kernel says what it says before it freezes.
    pub fn say_precursors(&self) {
        {
            let mut state = self.state();
            let lines = precursors(&mut state.dice);
            state.run.taint |= 1 << 14;
            for line in lines {
                state.run.say(3, &line);
            }
        }
        self.log_grew.notify_waiters();
    }

    /// The next run of dom0 begins, after `happening` ended the last one.
    pub fn boot_anew(&self, happening: Happening) {
        let mut state = self.state();
        let greeting = greeting(&state.appliance);
        match happening {
            Happening::Panic => state.kept = panic_log(&mut state.dice),
            Happening::Watchdog => {
                state.kept.watchdog_reset = state.watchdog.is_none_or(|it| it.keeps_status);
            }
            Happening::AgentKilled
            | Happening::Restart
            | Happening::PowerCut
            | Happening::Freeze { .. }
            | Happening::PowerCycle => state.kept.watchdog_reset = false,
        }
        let cuts_power = match happening {
            Happening::PowerCut | Happening::PowerCycle | Happening::Freeze { .. } => 1,
            Happening::AgentKilled
            | Happening::Restart
            | Happening::Panic
            | Happening::Watchdog => 0,
        };
        state.power_cycles = state.power_cycles.map(|cycles| cycles + cuts_power);
        state.kept.power_cycles = state.power_cycles;
        // The machine's firmware lets it go.
        state.watchdog = state.watchdog.map(SimWatchdog::at_rest);
        state.run = Run::begin(&mut state.dice, Duration::ZERO, &greeting);
        state.boots += 1;
        state.settings.boot();
        state.domains.clear();
        state.is_under_load = false;
        // What never had a configuration is gone with its domain.
        state.appliance.vms.retain(|_, vm| vm.config_path.is_some());
        state.start_vms();
    }
}

impl State {
    /// What time has done since.
    fn settle(&mut self) {
        let now = Instant::now();
        self.domains.retain(|_, domain| domain.gone_at.is_none_or(|at| at > now));
        self.merges.retain(|(snapshot, at)| {
            let goes_on = *at > now;
            if !goes_on {
                steps::merged(&mut self.appliance.volumes, snapshot);
            }
            goes_on
        });
    }

    fn start_vms(&mut self) {
        let starting: Vec<VmId> = (self.appliance.vms.values())
            .filter(|vm| vm.starts_with_dom0)
            .map(|vm| vm.uuid)
            .collect();
        for vm in starting {
            self.create_domain(vm);
        }
    }

    pub(super) fn create_domain(&mut self, uuid: VmId) {
        let domid = self.run.domid();
        let qemu = self.appliance.release.components().qemu_installed.unwrap_or_default();
        let letters = if self.dice.percent(20) { "r-----" } else { "-b----" };
        let started_at = Timestamp::now();
        let domain = SimDomain { domid, uuid, letters, qemu, started_at, gone_at: None };
        self.domains.insert(domid, domain);
    }

    fn replace_vm(&mut self, vm: VmId) -> Option<VmId> {
        let mut other = self.appliance.vms.remove(&vm)?;
        self.domains.retain(|_, domain| domain.uuid != vm);
        other.uuid = VmId(self.dice.uuid());
        let uuid = other.uuid;
        self.appliance.vms.insert(uuid, other);
        self.create_domain(uuid);
        Some(uuid)
    }

    pub(super) fn domain_of(&self, vm: VmId) -> Option<&SimDomain> {
        self.domains.values().find(|domain| domain.uuid == vm)
    }

    /// Memory that no domain has.
    pub(super) fn free_memory(&self) -> u64 {
        let hardware = &self.appliance.hardware;
        let taken: u64 = (self.domains.values())
            .filter_map(|domain| self.appliance.vms.get(&domain.uuid))
            .map(|vm| vm.memory_bytes)
            .sum();
        hardware.memory_bytes.saturating_sub(hardware.dom0_memory_bytes).saturating_sub(taken)
    }

    /// Room that no volume has.
    pub(super) fn free_room(&self, group: &str) -> Result<u64, Dom0Error> {
        let found = self.appliance.groups.iter().find(|found| found.name == group);
        let Some(found) = found else {
            return Err(Dom0Error::refused(
                "lvcreate",
                format!("Volume group \"{group}\" not found"),
            ));
        };
        let taken: u64 = (self.appliance.volumes.iter())
            .filter(|volume| volume.volume_group == group)
            .map(|volume| volume.size_bytes)
            .sum();
        Ok(found.size_bytes.saturating_sub(taken))
    }
}

fn greeting(appliance: &Appliance) -> String {
    let kernel = appliance.release.components().dom0_kernel.unwrap_or_default();
    format!("Linux version {kernel} (buildozer@build-3-0-x86_64)")
}
