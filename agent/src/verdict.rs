//! Whether a step has taken effect, told from what the host holds alone.
//!
//! The agent asks this after every step, whatever the tool said, and after a crash, when nobody
//! knows what the tool said. Pure.

use domfleet_shared::id::{BootId, VmId};
use domfleet_shared::inventory::VmState;

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
        Step::AdoptConfig { .. }
        | Step::CreateVolume { .. }
        | Step::SnapshotVolume { .. }
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
        Step::CreateDomain { .. } | Step::ShutDownDomain { .. } | Step::DestroyDomain { .. } => {
            match &host.domains {
                Ok(domains) => of_domains(step, domains, same_boot),
                Err(error) => Some(Verdict::Unseen(error.clone())),
            }
        }
        Step::AdoptConfig { vm, .. } => Some(adopted(host, *vm)),
        Step::CreateVolume { operation, volume_group, name, .. }
        | Step::SnapshotVolume { operation, volume_group, name, .. } => {
            Some(made(host, volume_group, name, &operation_tag(*operation)))
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
    if storage.volumes.iter().any(|volume| volume.tags.contains(tag)) {
        return Verdict::Done;
    }
    let is_taken = storage
        .volumes
        .iter()
        .any(|volume| volume.volume_group == volume_group && volume.name == name);
    if is_taken {
        Verdict::Impossible(format!("another volume {volume_group}/{name} was made meanwhile"))
    } else {
        Verdict::NotDone
    }
}

#[cfg(test)]
#[path = "verdict_tests.rs"]
mod tests;
