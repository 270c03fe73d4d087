//! Whether a step has taken effect, told from what the host holds alone.
//!
//! The agent asks this after every step, whatever the tool said, and after a crash, when nobody
//! knows what the tool said. Pure.

mod snapshots;
mod volume;

use domfleet_shared::id::{BootId, VmId};
use domfleet_shared::inventory::{VmState, Volume};

use crate::dom0::step::operation_tag;
use crate::dom0::{Dom0Error, Domain, Observed, Step};

/// What can be said of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It has taken effect.
    Done,
    /// It has not, and nothing of it is under way.
    NotDone,
    /// It is under way: look again.
    UnderWay,
    /// It has not, and cannot any more: something else is in its place.
    Impossible(String),
    /// It cannot be seen.
    Unseen(Dom0Error),
}

/// Of a step that concerns domains, from the domains alone; nothing where more must be looked at.
pub(crate) fn of_domains(step: &Step, domains: &[Domain], same_boot: bool) -> Option<Verdict> {
    match step {
        Step::CreateDomain { vm, .. } => Some(created(*vm, domains)),
        Step::ShutDownDomain { vm, domid } | Step::DestroyDomain { vm, domid } => {
            Some(gone(*vm, *domid, domains, same_boot))
        }
        Step::PauseDomain { vm, domid } => Some(running_as(*vm, *domid, domains, same_boot, true)),
        Step::UnpauseDomain { vm, domid } => {
            Some(running_as(*vm, *domid, domains, same_boot, false))
        }
        Step::RenameDomain { vm, domid, name } => {
            Some(renamed_domain(*vm, *domid, name, domains, same_boot))
        }
        Step::AdoptConfig { .. }
        | Step::WriteConfig { .. }
        | Step::RemoveConfig { .. }
        | Step::SetAutostart { .. }
        | Step::CreateVolume { .. }
        | Step::CreateThinPool { .. }
        | Step::GrowVolume { .. }
        | Step::RevertVolume { .. }
        | Step::RenameVolume { .. }
        | Step::SnapshotVolume { .. }
        | Step::SnapshotDisks { .. }
        | Step::RemoveVolume { .. }
        | Step::AdoptVolume { .. }
        | Step::Reboot
        | Step::ForgetKeptLog { .. } => None,
    }
}

/// Of any step. `begun_in` is the boot in which it was begun.
pub(crate) fn of_host(step: &Step, host: &Observed, begun_in: BootId) -> Verdict {
    let same_boot = host.facts.boot_id == begun_in;
    let verdict = match step {
        Step::CreateDomain { .. }
        | Step::ShutDownDomain { .. }
        | Step::DestroyDomain { .. }
        | Step::PauseDomain { .. }
        | Step::UnpauseDomain { .. }
        | Step::RenameDomain { .. } => match &host.domains {
            Ok(domains) => of_domains(step, domains, same_boot),
            Err(error) => Some(Verdict::Unseen(error.clone())),
        },
        Step::AdoptConfig { vm, .. } => Some(adopted(host, *vm)),
        Step::WriteConfig { vm, text, replaces } => {
            Some(written(host, *vm, text, replaces.as_ref()))
        }
        Step::RemoveConfig { vm, .. } => Some(match host.vm(*vm) {
            Ok(None) => Verdict::Done,
            Ok(Some(vm)) if vm.config_path.is_none() => Verdict::Done,
            Ok(Some(_)) => Verdict::NotDone,
            Err(error) => Verdict::Unseen(error),
        }),
        Step::SetAutostart { vm, enabled, .. } => Some(match host.vm(*vm) {
            Ok(Some(vm)) if vm.autostart == Some(*enabled) => Verdict::Done,
            Ok(Some(_)) => Verdict::NotDone,
            Ok(None) => Verdict::Impossible("the VM is gone".to_owned()),
            Err(error) => Verdict::Unseen(error),
        }),
        Step::GrowVolume { .. } | Step::RevertVolume { .. } | Step::RenameVolume { .. } => {
            Some(volume::of(step, host))
        }
        Step::CreateVolume { operation, volume_group, name, .. }
        | Step::CreateThinPool { operation, volume_group, name, .. }
        | Step::SnapshotVolume { operation, volume_group, name, .. } => {
            Some(made(host, volume_group, name, &operation_tag(*operation)))
        }
        Step::SnapshotDisks { operation, vm, pause, disks, .. } => {
            let domid = pause.filter(|_| same_boot);
            Some(snapshots::taken(host, *operation, (*vm, domid), disks))
        }
        Step::RemoveVolume { lv_uuid, .. } => Some(match host.volume(lv_uuid) {
            Ok(None) => Verdict::Done,
            Ok(Some(_)) => Verdict::NotDone,
            Err(error) => Verdict::Unseen(error),
        }),
        Step::AdoptVolume { lv_uuid, .. } => Some(match host.volume(lv_uuid) {
            Ok(Some(volume)) if volume.managed => Verdict::Done,
            Ok(Some(_)) => Verdict::NotDone,
            Ok(None) => Verdict::Impossible("the volume is gone".to_owned()),
            Err(error) => Verdict::Unseen(error),
        }),
        Step::Reboot if same_boot => Some(Verdict::NotDone),
        Step::Reboot => Some(Verdict::Done),
        // Nobody plans it in an operation, and doing it again does no harm.
        Step::ForgetKeptLog { .. } => Some(Verdict::NotDone),
    };
    verdict.unwrap_or(Verdict::NotDone)
}

fn created(vm: VmId, domains: &[Domain]) -> Verdict {
    let mut of_vm = domains.iter().filter(|domain| domain.uuid == vm);
    if of_vm.clone().any(|domain| is_alive(domain.vm_state())) {
        Verdict::Done
    } else if of_vm.next().is_some() {
        // The old domain may still be dying while the new one is not there yet.
        Verdict::UnderWay
    } else {
        Verdict::NotDone
    }
}

fn is_alive(state: VmState) -> bool {
    match state {
        VmState::Running | VmState::Paused => true,
        VmState::Shutdown | VmState::Crashed | VmState::Dying | VmState::Off | VmState::Unknown => {
            false
        }
    }
}

/// A domain's number is never used twice in a boot, so that another boot is the end of it.
fn gone(vm: VmId, domid: u32, domains: &[Domain], same_boot: bool) -> Verdict {
    let is_it = |domain: &&Domain| domain.domid == domid && domain.uuid == vm;
    match domains.iter().find(is_it).map(Domain::vm_state) {
        None => Verdict::Done,
        Some(_) if !same_boot => Verdict::Done,
        Some(VmState::Dying) => Verdict::UnderWay,
        Some(_) => Verdict::NotDone,
    }
}

fn adopted(host: &Observed, vm: VmId) -> Verdict {
    match host.vm(vm) {
        Ok(Some(vm)) if vm.managed => Verdict::Done,
        Ok(Some(_)) => Verdict::NotDone,
        Ok(None) => Verdict::Impossible("the VM is gone".to_owned()),
        Err(error) => Verdict::Unseen(error),
    }
}

fn made(host: &Observed, volume_group: &str, name: &str, tag: &str) -> Verdict {
    let storage = match &host.storage {
        Ok(storage) => storage,
        Err(error) => return Verdict::Unseen(error.clone()),
    };
    let is_it = |volume: &&Volume| volume.volume_group == volume_group && volume.name == name;
    match storage.volumes.iter().find(is_it) {
        // One operation may make several volumes, so that the tag alone says too little.
        Some(volume) if volume.tags.contains(tag) => Verdict::Done,
        Some(_) => {
            Verdict::Impossible(format!("another volume {volume_group}/{name} was made meanwhile"))
        }
        None => Verdict::NotDone,
    }
}

/// Whether the domain is paused, or is not, as wanted.
fn running_as(vm: VmId, domid: u32, domains: &[Domain], same_boot: bool, paused: bool) -> Verdict {
    let is_it = |domain: &&Domain| domain.domid == domid && domain.uuid == vm && same_boot;
    match domains.iter().find(is_it).map(Domain::vm_state) {
        Some(VmState::Paused) if paused => Verdict::Done,
        Some(VmState::Running) if !paused => Verdict::Done,
        Some(VmState::Running | VmState::Paused) => Verdict::NotDone,
        Some(
            VmState::Shutdown | VmState::Crashed | VmState::Dying | VmState::Off | VmState::Unknown,
        ) => Verdict::Impossible("the guest has shut down or crashed meanwhile".to_owned()),
        None => Verdict::Impossible(format!("domain {domid} of the VM is gone")),
    }
}

/// A domain that is gone takes its name with it: the configuration says the new one.
fn renamed_domain(
    vm: VmId,
    domid: u32,
    name: &str,
    domains: &[Domain],
    same_boot: bool,
) -> Verdict {
    let is_it = |domain: &&Domain| domain.domid == domid && domain.uuid == vm && same_boot;
    match domains.iter().find(is_it) {
        Some(domain) if domain.name != name => Verdict::NotDone,
        _ => Verdict::Done,
    }
}

fn written(host: &Observed, vm: VmId, text: &str, replaces: Option<&String>) -> Verdict {
    if let Err(error) = &host.vms {
        return Verdict::Unseen(error.clone());
    }
    match (host.configs.get(&vm), replaces) {
        (Some(found), _) if found == text => Verdict::Done,
        (None, None) => Verdict::NotDone,
        (Some(found), Some(replaces)) if found == replaces => Verdict::NotDone,
        (Some(_), _) => {
            Verdict::Impossible("somebody changed the VM's configuration meanwhile".to_owned())
        }
        (None, Some(_)) => Verdict::Impossible("the VM's configuration is gone".to_owned()),
    }
}

#[cfg(test)]
#[path = "verdict_tests.rs"]
mod tests;
