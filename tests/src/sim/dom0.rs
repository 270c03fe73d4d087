//! The agent's seam [`Dom0`] over a simulated [`Host`].

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use domfleet_agent::backup::cipher::Keyring;
use domfleet_agent::dom0::{
    Collected, Dom0, Dom0Error, Domain, Item, Kept, KernelMessage, Limit, News, Observed, Running,
    Step,
};
use domfleet_agent::meter::Meter;
use domfleet_agent::migration::carry::{Again, Turn, Wanted};
use domfleet_agent::mitigation;
use domfleet_agent::works::{Work, WorkError};
use domfleet_shared::id::VmId;
use domfleet_shared::inventory::{Components, Facts, Storage, Vm, VmState, VolumeGroup};
use serde_json::Value;

use super::boot::Happening;
use super::effect::{Effect, Fault, kind};
use super::host::{Host, State};
use super::{collect, steps, works};

/// A simulated dom0, as the agent sees it.
#[derive(Clone, Debug)]
pub struct SimDom0(pub Arc<Host>);

impl Dom0 for SimDom0 {
    fn running(&self) -> Result<Running, Dom0Error> {
        Ok(self.0.running())
    }

    async fn observe(&self) -> Observed {
        let drives = self.0.drives();
        let mitigations = mitigation::standings(&*self.0)
            .map_err(|error| Dom0Error::unknown("looking at mitigations", error.to_string()));
        let state = self.0.state();
        Observed {
            facts: facts(&self.0, &state),
            domains: Ok(domains(&state)),
            vms: Ok(vms(&self.0, &state)),
            storage: storage(&state),
            usb: Ok(drives),
            mitigations,
            configs: configs(&state),
        }
    }

    async fn domains(&self) -> Result<Vec<Domain>, Dom0Error> {
        Ok(domains(&self.0.state()))
    }

    async fn apply(&self, step: &Step) -> Result<(), Dom0Error> {
        let what = kind(step);
        let fault = {
            let mut state = self.0.state();
            let at = state.faults.iter().position(|(of, _)| *of == what);
            at.and_then(|at| state.faults.remove(at)).map(|(_, fault)| fault)
        };
        match fault {
            None => self.carry_out(step),
            Some(Fault::Refuse) => Err(Dom0Error::refused(what, "it was told to refuse")),
            Some(Fault::LoseAnswer) => {
                self.carry_out(step).ok();
                Err(Dom0Error::unknown(what, "it did not end in time"))
            }
            Some(Fault::Lie) => Ok(()),
            Some(Fault::Slow(long)) => {
                tokio::time::sleep(long).await;
                self.carry_out(step)
            }
            Some(Fault::KilledBefore) => self.end(Happening::AgentKilled).await,
            Some(Fault::PowerCutBefore) => self.end(Happening::PowerCut).await,
            Some(Fault::KilledAfter) => {
                self.carry_out(step).ok();
                self.end(Happening::AgentKilled).await
            }
            Some(Fault::PowerCutAfter) => {
                self.carry_out(step).ok();
                self.end(Happening::PowerCut).await
            }
        }
    }

    async fn work(
        &self,
        work: Work,
        keys: Keyring,
        meter: &Arc<dyn Meter>,
    ) -> Result<Value, WorkError> {
        works::carry_out(&self.0, work, keys, meter).await
    }

    async fn turn(&self, _wanted: Wanted, _keys: Keyring, _meter: &Arc<dyn Meter>) -> Turn {
        let what = "this simulated appliance carries out no migration";
        Turn::idle(what, None, Again::Never)
    }

    async fn tell(&self, news: &News) -> Option<Result<(), Dom0Error>> {
        let mut state = self.0.state();
        if !state.has_hook {
            return None;
        }
        let fault = state.faults.iter().position(|(of, _)| *of == "hook");
        if fault.and_then(|at| state.faults.remove(at)).is_some() {
            return Some(Err(Dom0Error::refused("hook", "exit code 1: no such tool")));
        }
        state.effects.push(Effect::Told(news.event, news.vm));
        Some(Ok(()))
    }

    async fn collect(&self, item: Item, limit: Limit) -> Collected {
        collect::item(&self.0.state(), &item, limit)
    }

    async fn further_items(&self) -> Vec<Item> {
        collect::further(&self.0.state())
    }

    async fn kept(&self) -> Kept {
        self.0.state().kept.clone()
    }

    fn arm_watchdog(&self) -> Result<Option<Duration>, Dom0Error> {
        Ok(self.0.arm_watchdog())
    }

    fn feed_watchdog(&self) -> Result<(), Dom0Error> {
        self.0
            .feed_watchdog()
            .then_some(())
            .ok_or_else(|| Dom0Error::refused("feeding the watchdog", "it is not armed"))
    }

    fn disarm_watchdog(&self) -> Result<(), Dom0Error> {
        self.0.disarm_watchdog();
        Ok(())
    }

    async fn kernel_log(&self, after: Option<u64>) -> Result<Vec<KernelMessage>, Dom0Error> {
        loop {
            // Registered before looking, or a line between looking and waiting would be missed.
            let grew = self.0.log_grew.notified();
            let found: Vec<KernelMessage> = (self.0.state().run.log.iter())
                .filter(|message| after.is_none_or(|after| message.sequence > after))
                .cloned()
                .collect();
            if !found.is_empty() {
                return Ok(found);
            }
            grew.await;
        }
    }
}

impl SimDom0 {
    fn carry_out(&self, step: &Step) -> Result<(), Dom0Error> {
        let happening = steps::carry_out(&mut self.0.state(), step)?;
        if let Some(happening) = happening {
            self.0.happen(happening);
        }
        Ok(())
    }

    /// The agent does not live to hear the answer.
    async fn end(&self, happening: Happening) -> Result<(), Dom0Error> {
        self.0.happen(happening);
        std::future::pending().await
    }
}

fn storage(state: &State) -> Result<Storage, Dom0Error> {
    if state.storage_hangs {
        // A command in uninterruptible sleep is left alone when its time is up.
        return Err(Dom0Error::unknown("lvs", "it did not end in time"));
    }
    let mut volumes = state.appliance.volumes.clone();
    volumes.sort_by(|a, b| (&a.volume_group, &a.name).cmp(&(&b.volume_group, &b.name)));
    let groups = state.appliance.groups.iter().map(|group| {
        let free_bytes = state.free_room(&group.name).unwrap_or(0);
        VolumeGroup { free_bytes, ..group.clone() }
    });
    Ok(Storage { volume_groups: groups.collect(), volumes })
}

fn facts(host: &Host, state: &State) -> Facts {
    let hardware = &state.appliance.hardware;
    Facts {
        fingerprint: hardware.fingerprint.clone(),
        hostname: hardware.hostname.clone(),
        boot_id: state.run.boot_id,
        // As the kernel has it: it moves when the clock is set, and else not by a millisecond.
        booted_at: host.shown(state.run.booted_at),
        memory_bytes: Some(hardware.memory_bytes),
        free_memory_bytes: Some(state.free_memory()),
        dom0_memory_bytes: Some(hardware.dom0_memory_bytes),
        cpus: Some(hardware.cpus),
        components: Components {
            io_scheduler: Some(state.settings.scheduler.to_owned()),
            swap: Some(state.settings.has_swap),
            overcommit: Some(state.settings.overcommit),
            ..state.appliance.release.components()
        },
        taint: Some(state.run.taint),
    }
}

pub(super) fn domains(state: &State) -> Vec<Domain> {
    let domain = |domain: &super::host::SimDomain| {
        let vm = state.appliance.vms.get(&domain.uuid)?;
        Some(Domain {
            domid: domain.domid,
            uuid: domain.uuid,
            name: vm.name.clone(),
            state: domain.letters.to_owned(),
            memory_bytes: vm.memory_bytes,
            vcpus: vm.vcpus,
        })
    };
    state.domains.values().filter_map(domain).collect()
}

fn configs(state: &State) -> BTreeMap<VmId, String> {
    let vms = state.appliance.vms.values();
    vms.filter_map(|vm| Some((vm.uuid, vm.config.clone()?))).collect()
}

fn vms(host: &Host, state: &State) -> Vec<Vm> {
    let domains = domains(state);
    let vm = |vm: &super::hardware::SimVm| {
        let domain = domains.iter().find(|domain| domain.uuid == vm.uuid);
        Vm {
            uuid: vm.uuid,
            name: vm.name.clone(),
            state: domain.map_or(VmState::Off, Domain::vm_state),
            domid: domain.map(|domain| domain.domid),
            memory_bytes: vm.memory_bytes,
            vcpus: vm.vcpus,
            disks: vm.disks.clone(),
            macs: vm.macs.clone(),
            qemu_running: state.domain_of(vm.uuid).map(|domain| domain.qemu.clone()),
            config_path: vm.config_path.clone(),
            managed: vm.managed,
            autostart: Some(vm.starts_with_dom0),
            started_at: state.domain_of(vm.uuid).map(|domain| host.shown(domain.started_at)),
        }
    };
    state.appliance.vms.values().map(vm).collect()
}
