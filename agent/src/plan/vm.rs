//! A VM's domain: started, stopped, paused; and a VM that others made.

use domfleet_shared::inventory::{Vm, VmState};
use domfleet_shared::operation::Reason;

use super::reason;
use crate::dom0::Step;

fn create_domain(vm: &Vm) -> Result<Step, Reason> {
    let config_path = vm.config_path.clone().ok_or_else(|| {
        reason(
            "not_found",
            format!("no configuration file of {} was found to start it from", vm.name),
        )
    })?;
    Ok(Step::CreateDomain { vm: vm.uuid, config_path })
}

pub(super) fn start(vm: &Vm) -> Result<Vec<Step>, Reason> {
    match vm.state {
        VmState::Running | VmState::Paused => Ok(Vec::new()),
        VmState::Off => Ok(vec![create_domain(vm)?]),
        VmState::Shutdown | VmState::Crashed | VmState::Dying | VmState::Unknown => Err(reason(
            "refused",
            format!("{} still has a domain, which does not run: destroy it first", vm.name),
        )),
    }
}

pub(super) fn shut_down(vm: &Vm) -> Result<Vec<Step>, Reason> {
    match (vm.state, vm.domid) {
        (VmState::Off, _) | (_, None) => Ok(Vec::new()),
        (VmState::Paused, _) => Err(reason(
            "refused",
            format!("{} is paused and would not hear of it: unpause it first", vm.name),
        )),
        (VmState::Crashed, _) => {
            Err(reason("refused", format!("{} has crashed: destroy it", vm.name)))
        }
        (VmState::Running | VmState::Shutdown | VmState::Dying | VmState::Unknown, Some(domid)) => {
            Ok(vec![Step::ShutDownDomain { vm: vm.uuid, domid }])
        }
    }
}

pub(super) fn reboot(vm: &Vm) -> Result<Vec<Step>, Reason> {
    // Looked for first: a guest that cannot be started again is not shut down.
    let create = create_domain(vm)?;
    let mut steps = shut_down(vm)?;
    steps.push(create);
    Ok(steps)
}

pub(super) fn destroy(vm: &Vm) -> Vec<Step> {
    vm.domid.map(|domid| Step::DestroyDomain { vm: vm.uuid, domid }).into_iter().collect()
}

pub(super) fn adopt(vm: &Vm) -> Result<Vec<Step>, Reason> {
    if vm.managed {
        return Ok(Vec::new());
    }
    let config_path = vm.config_path.clone().ok_or_else(|| {
        reason("not_found", format!("no configuration file of {} was found to adopt", vm.name))
    })?;
    Ok(vec![Step::AdoptConfig { vm: vm.uuid, config_path, macs: vm.macs.clone() }])
}

pub(super) fn pause(vm: &Vm) -> Result<Vec<Step>, Reason> {
    match (vm.state, vm.domid) {
        (VmState::Paused, _) => Ok(Vec::new()),
        (VmState::Running, Some(domid)) => Ok(vec![Step::PauseDomain { vm: vm.uuid, domid }]),
        _ => Err(not_running(vm)),
    }
}

pub(super) fn unpause(vm: &Vm) -> Result<Vec<Step>, Reason> {
    match (vm.state, vm.domid) {
        (VmState::Running, _) => Ok(Vec::new()),
        (VmState::Paused, Some(domid)) => Ok(vec![Step::UnpauseDomain { vm: vm.uuid, domid }]),
        _ => Err(not_running(vm)),
    }
}

fn not_running(vm: &Vm) -> Reason {
    reason("refused", format!("{} does not run", vm.name))
}
