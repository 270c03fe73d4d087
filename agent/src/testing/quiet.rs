//! A dom0 in memory.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use domfleet_shared::id::{BootId, OperationId, VmId};
use domfleet_shared::inventory::{Vm, VmState, Volume};
use domfleet_shared::migration::talk::Waits;
use serde_json::Value;

use super::belongings::{domain, empty, managed, taken, volume};
use super::memory::Fuse;
use crate::backup::cipher::Keyring;
use crate::dom0::snapshots::{ON_SITE_TAG, has_overflowed};
use crate::dom0::{
    Collected, DiskSnapshot, Dom0, Dom0Error, Domain, Item, Kept, KernelMessage, Limit, News,
    Observed, Running, Step,
};
use crate::meter::Meter;
use crate::migration::carry::{Again, Turn, Wanted};
use crate::works::{Work, WorkError};

/// A dom0 in which nothing happens by itself; clones are the same one.
#[derive(Clone)]
pub(crate) struct Quiet {
    pub(crate) boot_id: BootId,
    pub(crate) observed: Arc<Mutex<Observed>>,
    /// What took effect, in order.
    pub(crate) effects: Arc<Mutex<Vec<Step>>>,
    /// What whoever wants to know was told.
    pub(crate) told: Arc<Mutex<Vec<News>>>,
    /// Works that were begun, for people.
    pub(crate) works: Arc<Mutex<Vec<String>>>,
    /// Those that the last work was given.
    pub(crate) keys: Arc<Mutex<Keyring>>,
    /// How the next ones end; a work for which there is none goes on until it is cancelled.
    pub(crate) answers: Arc<Mutex<VecDeque<Result<Value, WorkError>>>>,
    /// Whether there is no room for snapshots, whatever was said before.
    pub(crate) refuse_snapshots: Arc<AtomicBool>,
    /// What the platform kept over the last reset.
    pub(crate) kept: Arc<Mutex<Kept>>,
    pub(crate) watchdog: Arc<Mutex<QuietWatchdog>>,
    /// What each item of a bundle holds; its own path where nobody says.
    pub(crate) collects: Arc<Mutex<Option<Collects>>>,
    pub(crate) further: Arc<Mutex<Vec<Item>>>,
    /// Items that nobody gets to the end of.
    pub(crate) hangs: Arc<Mutex<Vec<Item>>>,
    /// What came of the next turns of a migration; one for which there is none goes on until it is cancelled.
    pub(crate) turns: Arc<Mutex<VecDeque<Turn>>>,
    /// What each turn was told.
    pub(crate) wanted: Arc<Mutex<Vec<Wanted>>>,
    pub(crate) fuse: Fuse,
}

/// What comes of collecting an item.
pub(crate) type Collects = Arc<dyn Fn(&Item) -> Collected + Send + Sync>;

/// A watchdog that never bites.
#[derive(Default)]
pub(crate) struct QuietWatchdog {
    /// Nothing where there is none.
    pub(crate) timeout: Option<Duration>,
    pub(crate) is_armed: bool,
    pub(crate) fed: usize,
}

impl Quiet {
    pub(crate) fn new(boot_id: BootId) -> Self {
        Self {
            boot_id,
            observed: Arc::new(Mutex::new(empty(boot_id))),
            effects: Arc::default(),
            told: Arc::default(),
            works: Arc::default(),
            keys: Arc::default(),
            answers: Arc::default(),
            refuse_snapshots: Arc::default(),
            kept: Arc::default(),
            watchdog: Arc::default(),
            collects: Arc::default(),
            further: Arc::default(),
            hangs: Arc::default(),
            turns: Arc::default(),
            wanted: Arc::default(),
            fuse: Fuse::default(),
        }
    }

    /// The same host in its next boot: every VM is off.
    pub(crate) fn boot_anew(&mut self) {
        self.boot_id = BootId::new();
        let mut observed = self.observed.lock().unwrap();
        observed.facts.boot_id = self.boot_id;
        observed.domains = Ok(Vec::new());
        for vm in observed.vms.as_mut().unwrap() {
            (vm.state, vm.domid) = (VmState::Off, None);
        }
    }

    fn take_effect(&self, step: &Step) -> Result<(), Dom0Error> {
        let mut observed = self.observed.lock().unwrap();
        let Observed { domains, vms, storage, configs, .. } = &mut *observed;
        let (domains, vms) = (domains.as_mut().unwrap(), vms.as_mut().unwrap());
        let volumes = &mut storage.as_mut().unwrap().volumes;
        match step {
            Step::CreateDomain { vm, .. } => {
                let vm = vms.iter_mut().find(|known| known.uuid == *vm).unwrap();
                if vm.domid.is_some() {
                    return Err(Dom0Error::refused("xl create", "it runs"));
                }
                let domid = 100 + u32::try_from(self.effects.lock().unwrap().len()).unwrap();
                domains.push(domain(domid, vm.uuid));
                (vm.state, vm.domid) = (VmState::Running, Some(domid));
            }
            Step::ShutDownDomain { vm, domid } | Step::DestroyDomain { vm, domid } => {
                let before = domains.len();
                domains.retain(|domain| domain.domid != *domid || domain.uuid != *vm);
                if domains.len() == before {
                    return Ok(());
                }
                let vm = vms.iter_mut().find(|known| known.uuid == *vm).unwrap();
                (vm.state, vm.domid) = (VmState::Off, None);
            }
            Step::PauseDomain { vm, .. } => {
                set_paused(vms, domains, *vm, true);
            }
            Step::UnpauseDomain { vm, .. } => {
                set_paused(vms, domains, *vm, false);
            }
            Step::WriteConfig { vm, text, replaces } => {
                if configs.get(vm) != replaces.as_ref() {
                    return Err(Dom0Error::not_run("cp", "somebody changed it"));
                }
                configs.insert(*vm, text.clone());
                if vms.iter().all(|known| known.uuid != *vm) {
                    vms.push(managed(*vm, VmState::Off, None));
                }
            }
            Step::RemoveConfig { vm, .. } => {
                configs.remove(vm);
                vms.retain(|known| known.uuid != *vm);
            }
            Step::SetAutostart { vm, enabled, .. } => {
                let vm = vms.iter_mut().find(|known| known.uuid == *vm).unwrap();
                vm.autostart = Some(*enabled);
            }
            Step::GrowVolume { lv_uuid, size_bytes, .. } => {
                let found = volumes.iter_mut().find(|volume| volume.lv_uuid == *lv_uuid).unwrap();
                found.size_bytes = *size_bytes;
            }
            Step::RenameVolume { lv_uuid, to, .. } => {
                let found = volumes.iter_mut().find(|volume| volume.lv_uuid == *lv_uuid).unwrap();
                found.name.clone_from(to);
            }
            Step::RevertVolume { lv_uuid, .. } => {
                volumes.retain(|volume| volume.lv_uuid != *lv_uuid);
            }
            Step::CreateVolume { operation, volume_group, name, size_bytes, .. } => {
                volumes.push(volume(volume_group, name, *size_bytes, *operation));
            }
            Step::RemoveVolume { lv_uuid, .. } => {
                volumes.retain(|volume| volume.lv_uuid != *lv_uuid);
            }
            _ => {}
        }
        self.effects.lock().unwrap().push(step.clone());
        Ok(())
    }
}

impl Quiet {
    /// One thing after the other, so that it can be cut between any two.
    async fn snapshot_disks(
        &self,
        (operation, on_site): (OperationId, bool),
        (vm, pause): (VmId, Option<u32>),
        disks: &[DiskSnapshot],
    ) -> Result<(), Dom0Error> {
        let change = |change: &dyn Fn(&mut Observed)| change(&mut self.observed.lock().unwrap());
        let paused = |paused: bool| {
            change(&|Observed { vms, domains, .. }| {
                set_paused(vms.as_mut().unwrap(), domains.as_mut().unwrap(), vm, paused);
            });
        };
        let is_there = |volume: &Volume| disks.iter().any(|disk| disk.is(volume, operation));
        let there = |host: &Observed| {
            let volumes = host.storage.as_ref().unwrap().volumes.iter();
            volumes.filter(|volume| is_there(volume) && !has_overflowed(volume)).count()
        };
        if there(&self.observed.lock().unwrap()) < disks.len() {
            change(&|host| {
                host.storage.as_mut().unwrap().volumes.retain(|volume| !is_there(volume));
            });
            if pause.is_some() {
                paused(true);
            }
            self.fuse.spend().await;
            for disk in disks {
                if self.refuse_snapshots.load(Ordering::Relaxed) {
                    paused(false);
                    return Err(Dom0Error::refused("lvcreate", "no room"));
                }
                let mut made = taken(disk, operation);
                made.tags.extend(on_site.then(|| ON_SITE_TAG.to_owned()));
                change(&|host| host.storage.as_mut().unwrap().volumes.push(made.clone()));
                self.fuse.spend().await;
            }
        }
        if pause.is_some() {
            paused(false);
        }
        Ok(())
    }
}

fn set_paused(vms: &mut [Vm], domains: &mut [Domain], vm: VmId, paused: bool) {
    let domain = domains.iter_mut().find(|domain| domain.uuid == vm).unwrap();
    if paused { "--p---" } else { "-b----" }.clone_into(&mut domain.state);
    let vm = vms.iter_mut().find(|known| known.uuid == vm).unwrap();
    vm.state = if paused { VmState::Paused } else { VmState::Running };
}

impl Dom0 for Quiet {
    fn running(&self) -> Result<Running, Dom0Error> {
        Ok(Running { boot_id: self.boot_id, uptime: Duration::from_secs(100), taint: Some(0) })
    }

    async fn observe(&self) -> Observed {
        self.observed.lock().unwrap().clone()
    }

    async fn domains(&self) -> Result<Vec<Domain>, Dom0Error> {
        self.observed.lock().unwrap().domains.clone()
    }

    async fn apply(&self, step: &Step) -> Result<(), Dom0Error> {
        self.fuse.spend().await;
        if let Step::SnapshotDisks { operation, vm, pause, disks, on_site } = step {
            self.snapshot_disks((*operation, *on_site), (*vm, *pause), disks).await?;
        }
        let said = self.take_effect(step);
        self.fuse.spend().await;
        said
    }

    async fn work(
        &self,
        work: Work,
        keys: Keyring,
        meter: &Arc<dyn Meter>,
    ) -> Result<Value, WorkError> {
        self.fuse.spend().await;
        *self.keys.lock().unwrap() = keys;
        self.works.lock().unwrap().push(format!("{work:?}"));
        if let Some(said) = self.answers.lock().unwrap().pop_front() {
            return said;
        }
        // Until it is no longer wanted.
        while !meter.is_cancelled() {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        Err(WorkError::Cancelled)
    }

    async fn turn(&self, wanted: Wanted, _keys: Keyring, meter: &Arc<dyn Meter>) -> Turn {
        self.wanted.lock().unwrap().push(wanted);
        let turn = self.turns.lock().unwrap().pop_front();
        if let Some(turn) = turn {
            return turn;
        }
        // One that takes as long as it is let.
        meter.begin("copying", 100);
        while !meter.is_cancelled() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let what = "the backup drive is not plugged in";
        Turn::idle(what, Some(Waits::Drive), Again::After(Duration::from_mins(1)))
    }

    async fn tell(&self, news: &News) -> Option<Result<(), Dom0Error>> {
        self.told.lock().unwrap().push(news.clone());
        Some(Ok(()))
    }

    async fn collect(&self, item: Item, _limit: Limit) -> Collected {
        self.fuse.spend().await;
        let hangs = self.hangs.lock().unwrap().contains(&item);
        if hangs {
            std::future::pending::<()>().await;
        }
        let collects = self.collects.lock().unwrap().clone();
        match collects {
            Some(collects) => collects(&item),
            None => Collected { bytes: item.path().into_bytes(), ..Collected::default() },
        }
    }

    async fn further_items(&self) -> Vec<Item> {
        self.further.lock().unwrap().clone()
    }

    async fn kept(&self) -> Kept {
        self.kept.lock().unwrap().clone()
    }

    fn arm_watchdog(&self) -> Result<Option<Duration>, Dom0Error> {
        let mut watchdog = self.watchdog.lock().unwrap();
        watchdog.is_armed = watchdog.timeout.is_some();
        Ok(watchdog.timeout)
    }

    fn feed_watchdog(&self) -> Result<(), Dom0Error> {
        let mut watchdog = self.watchdog.lock().unwrap();
        if !watchdog.is_armed {
            return Err(Dom0Error::refused("feeding the watchdog", "it is not armed"));
        }
        watchdog.fed += 1;
        Ok(())
    }

    fn disarm_watchdog(&self) -> Result<(), Dom0Error> {
        self.watchdog.lock().unwrap().is_armed = false;
        Ok(())
    }

    async fn kernel_log(&self, _after: Option<u64>) -> Result<Vec<KernelMessage>, Dom0Error> {
        std::future::pending().await
    }
}
