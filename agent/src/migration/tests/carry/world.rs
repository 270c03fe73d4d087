//! An appliance with guests that hold something, a drive, and what is plugged into it: all of it in one power
//! supply, which can be cut at every point of any part. It can be copied as it is, so that what comes of it can be
//! seen in more than one way.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard};
use std::time::Duration;

use domfleet_shared::Timestamp;
use domfleet_shared::id::{BootId, DriveId, VmId};
use domfleet_shared::inventory::{Vm, VmState};
use domfleet_shared::migration::Plan;
use domfleet_shared::migration::permit::Release;
use domfleet_shared::migration::plan::{Copies, PlannedVm};
use uuid::Uuid;

use super::system::System;
use crate::backup::config;
use crate::backup::tests::drive::{Drive, Left, Power};
use crate::clock::Clock;
use crate::migration::carry::watch::Watch;
use crate::migration::tests::{MemoryDisk, partitioned};

pub(super) const DRIVE: DriveId = DriveId(Uuid::from_u128(5));
/// The one that holds the copy, where one is planned.
pub(super) const SECOND: DriveId = DriveId(Uuid::from_u128(6));
/// One of another appliance.
const STRANGER: DriveId = DriveId(Uuid::from_u128(7));
/// Where 2.x has its volumes.
pub(super) const GROUP: &str = "/dev/vg0";
/// Where 1.x has its images.
pub(super) const IMAGES: &str = "/srv/vm";
/// Of the system disk there is as much as is ever looked at.
const DISK_BYTES: usize = 64 * 1024;
/// What each of a VM's disks holds.
const SIZES: [usize; 2] = [3_072, 1_024];

/// What configurations and the sizes of images are read from: none of it ever changes.
static BESIDE: LazyLock<tempfile::TempDir> = LazyLock::new(|| {
    let folder = in_memory();
    for (number, bytes) in SIZES.iter().enumerate() {
        std::fs::write(folder.path().join(number.to_string()), vec![0; *bytes]).unwrap();
    }
    folder
});

fn in_memory() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap()
}

pub(super) fn vm(n: u128) -> VmId {
    VmId(Uuid::from_u128(0x100 + n))
}

/// An appliance; clones are the same one.
#[derive(Clone)]
pub(super) struct World {
    pub(super) power: Power,
    pub(super) clock: Clock,
    pub(super) watch: Arc<Watch>,
    state: Arc<Mutex<State>>,
}

#[derive(Clone)]
pub(super) struct State {
    pub(super) system: System,
    /// The stick that is plugged in.
    pub(super) stick: Option<Release>,
    pub(super) boot: BootId,
    pub(super) uptime: Duration,
    /// What the clock says, in milliseconds.
    pub(super) now: Arc<Mutex<i64>>,
    pub(super) drive: Drive,
    pub(super) has_drive: bool,
    /// The drive for the copy.
    pub(super) second: Drive,
    pub(super) has_second: bool,
    /// A drive that somebody has plugged in and that is another appliance's.
    pub(super) stranger: Option<Drive>,
    /// The agent's folder on the system disk.
    pub(super) keep: Drive,
    pub(super) disk: MemoryDisk,
    /// The images of 1.x: what is in them, and how often it was written to.
    pub(super) images: BTreeMap<String, (Vec<u8>, u64)>,
    /// Where images are that were put back.
    pub(super) folder: Option<Arc<tempfile::TempDir>>,
    /// Configurations, by the VM.
    pub(super) configs: BTreeMap<VmId, String>,
    pub(super) autostart: BTreeSet<VmId>,
    pub(super) running: BTreeMap<VmId, u32>,
    next_domain: u32,
    /// Volumes of 2.x by name: which file of `store` it is, and its tags.
    pub(super) volumes: BTreeMap<String, (String, BTreeSet<String>)>,
    pub(super) store: Drive,
    pub(super) next_volume: u32,
    /// Whether the change is lost in which the power is cut.
    pub(super) loses: bool,
    /// How often somebody was given what nobody can guess.
    pub(super) dice: u64,
    /// VMs whose guests crash when they are started.
    pub(super) sick: BTreeSet<VmId>,
    /// VMs whose guests do not listen.
    pub(super) deaf: BTreeSet<VmId>,
    /// What is on each VM's disks, in its newest state: what must not be lost.
    pub(super) current: BTreeMap<VmId, Vec<Vec<u8>>>,
    /// The same when its VM was shut down last on the system that was to go.
    pub(super) in_set: BTreeMap<VmId, Vec<Vec<u8>>>,
    /// Bytes that volumes can take.
    pub(super) room: u64,
    pub(super) plan: Option<Plan>,
}

/// What a guest holds at first: no disk as another, and one that is compressible in part.
fn content(n: u128, disk: usize) -> Vec<u8> {
    let seed = u32::try_from(n).unwrap() * 7 + u32::try_from(disk).unwrap();
    let bytes = (0..u32::try_from(SIZES[disk]).unwrap())
        .map(|at| (at.wrapping_mul(at + seed) >> 3).to_le_bytes()[0]);
    let mut content: Vec<u8> = bytes.collect();
    content[512..900].fill(0);
    content
}

fn image(vm: VmId, disk: usize) -> String {
    format!("{IMAGES}/{vm}.{disk}")
}

impl World {
    /// 1.x with so many VMs that run.
    pub(super) fn new(vms: u128) -> Self {
        let power = Power::default();
        let now = Arc::new(Mutex::new(1_790_000_000_000));
        let mut state = State {
            system: System::Whole(Release::One),
            stick: None,
            boot: BootId(Uuid::from_u128(0x900)),
            uptime: Duration::from_secs(5_000),
            now,
            drive: Drive::plugged_into(&power),
            has_drive: true,
            second: Drive::plugged_into(&power),
            has_second: false,
            stranger: None,
            keep: Drive::plugged_into(&power),
            disk: system_disk(2048),
            images: BTreeMap::new(),
            folder: None,
            configs: BTreeMap::new(),
            autostart: BTreeSet::new(),
            running: BTreeMap::new(),
            next_domain: 1,
            volumes: BTreeMap::new(),
            store: Drive::plugged_into(&power),
            next_volume: 0,
            loses: false,
            dice: 0,
            sick: BTreeSet::new(),
            deaf: BTreeSet::new(),
            current: BTreeMap::new(),
            in_set: BTreeMap::new(),
            room: 1 << 30,
            plan: None,
        };
        for n in 0..vms {
            let contents: Vec<Vec<u8>> = (0..SIZES.len()).map(|disk| content(n, disk)).collect();
            let mut disks = Vec::new();
            for (disk, content) in contents.iter().enumerate() {
                let path = image(vm(n), disk);
                disks.push(format!("'{path},raw,xvd{},w'", ['a', 'b'][disk]));
                state.images.insert(path, (content.clone(), 0));
            }
            let text = format!(
                "name = 'vm{n}'\nuuid = '{}'\nmemory = 64\ndisk = [ {} ]\n",
                vm(n),
                disks.join(", ")
            );
            state.configs.insert(vm(n), text);
            state.autostart.insert(vm(n));
            state.current.insert(vm(n), contents);
            let domain = state.next_domain();
            state.running.insert(vm(n), domain);
        }
        Self::of(power, Arc::default(), state)
    }

    fn of(power: Power, watch: Arc<Watch>, state: State) -> Self {
        let now = Arc::clone(&state.now);
        let clock = Clock::new(move || Timestamp::from_millis(*now.lock().unwrap()));
        Self { power, clock, watch, state: Arc::new(Mutex::new(state)) }
    }

    /// A copy, of which nothing is shared with this one.
    pub(super) fn copied(&self) -> Self {
        let mut state = self.state().clone();
        let power = Power::default();
        if self.power.is_off() {
            power.cut();
        }
        let now = *state.now.lock().unwrap();
        state.now = Arc::new(Mutex::new(now));
        for part in state.parts_mut() {
            *part = part.copied_into(&power);
        }
        state.stranger = state.stranger.map(|stranger| stranger.copied_into(&power));
        if let Some(before) = state.folder.take() {
            let folder = in_memory();
            for entry in std::fs::read_dir(before.path()).unwrap() {
                let entry = entry.unwrap();
                std::fs::copy(entry.path(), folder.path().join(entry.file_name())).unwrap();
            }
            let (from, to) = (before.path().to_str().unwrap(), folder.path().to_str().unwrap());
            for text in state.configs.values_mut() {
                *text = text.replace(from, to);
            }
            state.folder = Some(Arc::new(folder));
        }
        Self::of(power, Arc::new(self.watch.copied()), state)
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// The drive that is to be in it.
    pub(super) fn drive(&self) -> Drive {
        self.state().drive.clone()
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

    /// The power is back after a cut; nothing is started yet.
    pub(super) fn power_up(&self, left: Left) {
        self.power.restore();
        self.shut_down(left);
    }

    /// Nothing runs any more: what was not flushed is there as far as that says.
    pub(super) fn shut_down(&self, left: Left) {
        self.pass(Duration::from_mins(2));
        let state = self.state();
        for part in [&state.drive, &state.second, &state.keep, &state.store] {
            part.set_read_only(false);
            part.power_up(left);
        }
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
}

/// With a first partition that begins at that sector.
pub(super) fn system_disk(first_sector: u32) -> MemoryDisk {
    let mut disk = partitioned(first_sector);
    disk.bytes.truncate(DISK_BYTES);
    disk
}

/// The file of that configuration.
pub(super) fn config_file(text: &str) -> PathBuf {
    let name = blake3::hash(text.as_bytes()).to_hex();
    let path = BESIDE.path().join(format!("{name}.cfg"));
    if !path.exists() {
        // Whole, whoever else looks for it.
        let draft = tempfile::NamedTempFile::new_in(BESIDE.path()).unwrap();
        std::fs::write(draft.path(), text).unwrap();
        draft.persist(&path).unwrap();
    }
    path
}

/// What has the size of that image.
pub(super) fn stand_in(target: &str) -> Option<PathBuf> {
    let number = target.strip_prefix(IMAGES)?.rsplit('.').next()?;
    Some(BESIDE.path().join(number))
}

impl State {
    /// All that can lose what was not flushed.
    fn parts_mut(&mut self) -> [&mut Drive; 4] {
        [&mut self.drive, &mut self.second, &mut self.keep, &mut self.store]
    }

    /// The drives that are plugged in.
    pub(super) fn plugged_in(&self) -> Vec<(DriveId, Drive)> {
        let first = self.has_drive.then(|| (DRIVE, self.drive.clone()));
        let second = self.has_second.then(|| (SECOND, self.second.clone()));
        let stranger = self.stranger.clone().map(|drive| (STRANGER, drive));
        first.into_iter().chain(second).chain(stranger).collect()
    }

    pub(super) fn next_domain(&mut self) -> u32 {
        self.next_domain += 1;
        self.next_domain
    }

    /// Where images are put back.
    pub(super) fn folder(&mut self) -> PathBuf {
        let folder = self.folder.get_or_insert_with(|| Arc::new(in_memory()));
        folder.path().to_owned()
    }

    /// The disks that its configuration names.
    pub(super) fn targets(&self, vm: VmId) -> Vec<String> {
        let config = self.configs.get(&vm).and_then(|text| config::parse(text));
        let disks = config.map(|config| config.disks).unwrap_or_default();
        disks.into_iter().filter_map(|disk| disk.target).collect()
    }

    fn read(&self, target: &str) -> Option<Vec<u8>> {
        if let Some((content, _)) = self.images.get(target) {
            return Some(content.clone());
        }
        match target.strip_prefix(&format!("{GROUP}/")) {
            Some(volume) => {
                let (file, _) = self.volumes.get(volume)?;
                self.store.kept().get(file).cloned()
            }
            None => std::fs::read(target).ok(),
        }
    }

    fn write(&mut self, target: &str, content: Vec<u8>) {
        if let Some((image, times)) = self.images.get_mut(target) {
            (*image, *times) = (content, *times + 1);
            return;
        }
        match target.strip_prefix(&format!("{GROUP}/")) {
            Some(volume) => {
                let (file, _) = &self.volumes[volume];
                self.store.tamper(file, |bytes| *bytes = content);
            }
            None => std::fs::write(target, content).unwrap(),
        }
    }

    /// Whether the system that is there has all of the VM, in its newest state.
    pub(super) fn has_whole(&self, vm: VmId) -> bool {
        let (targets, current) = (self.targets(vm), &self.current[&vm]);
        targets.len() == current.len()
            && targets.iter().zip(current).all(|(target, current)| {
                self.read(target).is_some_and(|there| there.starts_with(current))
            })
    }

    /// Creates a VM's domain: the guest writes something to each disk.
    pub(super) fn start(&mut self, vm: VmId) {
        let targets = self.targets(vm);
        if targets.is_empty() || self.running.contains_key(&vm) {
            return;
        }
        assert!(self.has_whole(vm), "{vm} is started with what is not its newest state");
        for (number, target) in targets.iter().enumerate() {
            let mut content = self.read(target).unwrap();
            content[1] = content[1].wrapping_add(1);
            let current = &mut self.current.get_mut(&vm).unwrap()[number];
            *current = content[..current.len()].to_vec();
            self.write(target, content);
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
                config_path: Some(config_file(text).display().to_string()),
                managed: true,
                autostart: Some(self.autostart.contains(uuid)),
                started_at: None,
            }
        };
        self.configs.iter().map(vm).collect()
    }
}
