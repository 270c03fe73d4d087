//! An appliance with guests that hold something, a drive, and a person who does as told: all of it in one power
//! supply, which can be cut at every point of any part.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use domfleet_shared::Timestamp;
use domfleet_shared::id::{BootId, DriveId, VmId};
use domfleet_shared::inventory::{Vm, VmState};
use domfleet_shared::migration::permit::Release;
use domfleet_shared::migration::plan::{Copies, PlannedVm};
use domfleet_shared::migration::reset_block::ResetBlock;
use domfleet_shared::migration::{Migration, Plan};
use uuid::Uuid;

use crate::backup::config;
use crate::backup::tests::drive::{Drive, Left, Power};
use crate::clock::Clock;
use crate::migration::block;
use crate::migration::carry::watch::Watch;
use crate::migration::tests::{MemoryDisk, partitioned};

pub(super) const DRIVE: DriveId = DriveId(Uuid::from_u128(5));
/// Where 2.x has its volumes.
pub(super) const GROUP: &str = "/dev/vg0";

pub(super) fn vm(n: u128) -> VmId {
    VmId(Uuid::from_u128(0x100 + n))
}

/// An appliance; clones are the same one.
#[derive(Clone)]
pub(super) struct World {
    pub(super) power: Power,
    pub(super) drive: Drive,
    pub(super) clock: Clock,
    pub(super) watch: Arc<Watch>,
    state: Arc<Mutex<State>>,
}

pub(super) struct State {
    pub(super) release: Release,
    pub(super) boot: BootId,
    pub(super) uptime: Duration,
    /// What the clock says, in milliseconds.
    pub(super) now: Arc<Mutex<i64>>,
    pub(super) has_drive: bool,
    /// The agent's folder on the system disk.
    pub(super) keep: Drive,
    pub(super) disk: MemoryDisk,
    /// Where 1.x has files.
    pub(super) files: tempfile::TempDir,
    /// Configurations, by the VM.
    pub(super) configs: BTreeMap<VmId, String>,
    pub(super) autostart: BTreeSet<VmId>,
    pub(super) running: BTreeMap<VmId, u32>,
    next_domain: u32,
    /// Volumes of 2.x by name: which file of `store` it is, and its tags.
    pub(super) volumes: BTreeMap<String, (String, BTreeSet<String>)>,
    pub(super) store: Drive,
    pub(super) next_volume: u32,
    /// VMs whose guests crash when they are started.
    pub(super) sick: BTreeSet<VmId>,
    /// VMs whose guests do not listen.
    pub(super) deaf: BTreeSet<VmId>,
    /// What each VM is, in its newest state: what must not be lost.
    pub(super) current: BTreeMap<VmId, Vec<u8>>,
    /// What each VM was when it was shut down last on the system that was to go.
    pub(super) in_set: BTreeMap<VmId, Vec<u8>>,
    /// Bytes that volumes can take.
    pub(super) room: u64,
    pub(super) plan: Option<Plan>,
}

/// What a guest holds at first: no VM as another.
fn content(n: u128) -> Vec<u8> {
    let n = u32::try_from(n).unwrap();
    let bytes = (0..9_000_u32).map(|at| (at.wrapping_mul(at + n) >> 3).to_le_bytes()[0]);
    let mut content: Vec<u8> = bytes.collect();
    content[2_000..6_500].fill(0);
    content
}

impl World {
    /// 1.x with so many VMs that run.
    pub(super) fn new(vms: u128) -> Self {
        let power = Power::default();
        let now = Arc::new(Mutex::new(1_790_000_000_000));
        let clock = Arc::clone(&now);
        let clock = Clock::new(move || Timestamp::from_millis(*clock.lock().unwrap()));
        let memory = Path::new("/dev/shm");
        let files = if memory.is_dir() {
            tempfile::tempdir_in(memory).unwrap()
        } else {
            tempfile::tempdir().unwrap()
        };
        let mut state = State {
            release: Release::One,
            boot: BootId(Uuid::from_u128(0x900)),
            uptime: Duration::from_secs(5_000),
            now,
            has_drive: true,
            keep: Drive::plugged_into(&power),
            disk: partitioned(2048),
            files,
            configs: BTreeMap::new(),
            autostart: BTreeSet::new(),
            running: BTreeMap::new(),
            next_domain: 1,
            volumes: BTreeMap::new(),
            store: Drive::plugged_into(&power),
            next_volume: 0,
            sick: BTreeSet::new(),
            deaf: BTreeSet::new(),
            current: BTreeMap::new(),
            in_set: BTreeMap::new(),
            room: 1 << 30,
            plan: None,
        };
        for n in 0..vms {
            let path = state.image(vm(n));
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, content(n)).unwrap();
            let text = format!(
                "name = 'vm{n}'\nuuid = '{}'\nmemory = 64\ndisk = [ '{},raw,xvda,w' ]\n",
                vm(n),
                path.display()
            );
            std::fs::write(state.config_file(vm(n)), &text).unwrap();
            state.configs.insert(vm(n), text);
            state.autostart.insert(vm(n));
            state.current.insert(vm(n), content(n));
            let domain = state.next_domain();
            state.running.insert(vm(n), domain);
        }
        let drive = Drive::plugged_into(&power);
        let state = Arc::new(Mutex::new(state));
        Self { power, drive, clock, watch: Arc::default(), state }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// What is to be done with it.
    pub(super) fn plan(&self) -> Plan {
        let plan: Plan = serde_json::from_str(include_str!("../plan-1.json")).unwrap();
        let planned = |uuid: &VmId| PlannedVm {
            uuid: *uuid,
            name: config::parse(&self.state().configs[uuid]).unwrap().name,
            was_running: true,
            autostart: true,
        };
        let ids: Vec<VmId> = self.state().configs.keys().copied().collect();
        Plan {
            vms: ids.iter().map(planned).collect(),
            copies: Copies::DataRegion,
            soak_seconds: 3_600,
            healthy_after_seconds: 60,
            ..plan
        }
    }

    /// Time passes.
    pub(super) fn pass(&self, time: Duration) {
        let mut state = self.state();
        state.uptime += time;
        *state.now.lock().unwrap() += i64::try_from(time.as_millis()).unwrap();
    }

    /// The power is back after a cut, and the machine is started.
    pub(super) fn start_again(&self, left: Left) {
        self.power.restore();
        self.drive.power_up(left);
        self.pass(Duration::from_mins(2));
        let state = self.state();
        state.keep.power_up(left);
        state.store.power_up(left);
        drop(state);
        self.boot();
    }

    /// dom0 boots, with no domain but those that it starts by itself.
    pub(super) fn boot(&self) {
        let mut state = self.state();
        state.boot = BootId(Uuid::from_u128(state.boot.0.as_u128() + 1));
        state.uptime = Duration::from_secs(30);
        state.running.clear();
        let all: Vec<VmId> = state.autostart.iter().copied().collect();
        for vm in all {
            state.start(vm);
        }
        drop(state);
        self.watch.forget_all();
    }

    /// The medium has overwritten the system disk: nothing of the system before is left.
    pub(super) fn put_there(&self, release: Release, block: ResetBlock) {
        let mut state = self.state();
        state.release = release;
        let mut disk = partitioned(if release == Release::Two { 4096 } else { 2048 });
        block::write(&mut disk, block).unwrap();
        state.disk = disk;
        state.keep = Drive::plugged_into(&self.power);
        state.store = Drive::plugged_into(&self.power);
        state.volumes.clear();
        state.configs.clear();
        state.autostart.clear();
        let one = state.files.path().join("one");
        if one.exists() {
            std::fs::remove_dir_all(&one).unwrap();
        }
        std::fs::create_dir_all(&one).unwrap();
        drop(state);
        self.boot();
    }

    /// The VM is in its newest state, on the system or in a set that was proved.
    pub(super) fn check_nothing_is_lost(&self, story: Option<&Migration>) {
        let state = self.state();
        for (vm, current) in &state.current {
            let on_disk = state.holds(*vm).is_some_and(|there| there.starts_with(current));
            let is_proved = story.is_some_and(Migration::is_proved);
            assert!(on_disk || is_proved, "no good copy of {vm} is left");
        }
        let has_nonce = matches!(block::read(&state.disk).unwrap(), ResetBlock::Nonce(_));
        if has_nonce {
            assert!(state.running.is_empty(), "a VM runs on a disk that may be overwritten");
        }
    }
}

impl State {
    pub(super) fn next_domain(&mut self) -> u32 {
        self.next_domain += 1;
        self.next_domain
    }

    pub(super) fn image(&self, vm: VmId) -> PathBuf {
        self.files.path().join(format!("one/{vm}.img"))
    }

    pub(super) fn config_file(&self, vm: VmId) -> PathBuf {
        self.files.path().join(format!("one/{vm}.cfg"))
    }

    /// The disk that its configuration names.
    fn target(&self, vm: VmId) -> Option<String> {
        config::parse(self.configs.get(&vm)?)?.disks.first()?.target.clone()
    }

    fn holds(&self, vm: VmId) -> Option<Vec<u8>> {
        let target = self.target(vm)?;
        match target.strip_prefix(&format!("{GROUP}/")) {
            Some(volume) => {
                let (file, _) = self.volumes.get(volume)?;
                self.store.kept().get(file).cloned()
            }
            None => std::fs::read(target).ok(),
        }
    }

    /// Creates a VM's domain: the guest writes something.
    pub(super) fn start(&mut self, vm: VmId) {
        if self.running.contains_key(&vm) {
            return;
        }
        let Some(mut content) = self.holds(vm) else { return };
        let current = self.current.get_mut(&vm).unwrap();
        assert!(content.starts_with(current), "{vm} is started with what is not its newest state");
        content[1] = content[1].wrapping_add(1);
        *current = content[..current.len()].to_vec();
        let target = self.target(vm).unwrap();
        match target.strip_prefix(&format!("{GROUP}/")) {
            Some(volume) => {
                let (file, _) = &self.volumes[volume];
                self.store.tamper(file, |bytes| *bytes = content);
            }
            None => std::fs::write(target, content).unwrap(),
        }
        let domain = self.next_domain();
        self.running.insert(vm, domain);
    }

    pub(super) fn vms(&self) -> Vec<Vm> {
        let vm = |(uuid, text): (&VmId, &String)| {
            let config = config::parse(text).unwrap();
            let domid = self.running.get(uuid).copied();
            Vm {
                uuid: *uuid,
                name: config.name.clone(),
                state: if domid.is_some() { VmState::Running } else { VmState::Off },
                domid,
                memory_bytes: config.memory_bytes(),
                vcpus: 1,
                disks: config.vm_disks(),
                macs: Vec::new(),
                qemu_running: None,
                config_path: Some(self.config_file(*uuid).display().to_string()),
                managed: true,
                autostart: Some(self.autostart.contains(uuid)),
                started_at: None,
            }
        };
        self.configs.iter().map(vm).collect()
    }
}
