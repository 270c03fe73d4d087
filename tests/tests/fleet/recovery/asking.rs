//! Operations to be interrupted, and what must be true of them afterwards.

use domfleet_shared::id::{BootId, VmId};
use domfleet_shared::operation::Operation;
use domfleet_tests::fleet::{Appliance, Fleet, eventually};
use domfleet_tests::sim::Effect;
use domfleet_tests::sim::hardware::VOLUME_GROUP;
use serde_json::Value;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Case {
    ApplianceReboot,
    VmDestroy,
    /// The same, where another VM takes the name and the file of the first when the agent dies.
    DestroyOfReplaced,
    VolumeRemove,
    VolumeCreate,
}

impl Case {
    /// Those whose object stays what it is.
    pub(super) const ALL: [Self; 4] =
        [Self::ApplianceReboot, Self::VmDestroy, Self::VolumeRemove, Self::VolumeCreate];
}

/// An operation that has been asked for, and what there was before.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) case: Case,
    pub(super) id: String,
    effect: Effect,
    done_before: usize,
    destroyed_before: usize,
    boot: BootId,
    vm: Option<(VmId, u32)>,
}

/// Asks `appliance` for the `number`-th operation of this kind.
pub(super) async fn ask(fleet: &Fleet, appliance: &Appliance, case: Case, number: usize) -> Asked {
    let host = &appliance.host;
    let mut of_vm = None;
    let (operation, effect) = match case {
        Case::ApplianceReboot => (Operation::ApplianceReboot, Effect::Rebooted),
        Case::VmDestroy | Case::DestroyOfReplaced => {
            let vm = host.vms()[0].uuid;
            if host.domid(vm).is_none() {
                host.restart_vm(vm);
            }
            host.replace_vm_at_death((case == Case::DestroyOfReplaced).then_some(vm));
            of_vm = host.domid(vm).map(|domid| (vm, domid));
            (Operation::VmDestroy { vm }, Effect::DomainDestroyed(vm))
        }
        Case::VolumeRemove => {
            let name = format!("spare-{number}");
            let found = host.volumes().into_iter().find(|volume| volume.name == name);
            let volume = found.unwrap().lv_uuid;
            (Operation::VolumeRemove { volume: volume.clone() }, Effect::VolumeRemoved(volume))
        }
        Case::VolumeCreate => {
            let (name, size_bytes) = (format!("made-{number}"), 4 << 20);
            let operation = Operation::VolumeCreate {
                volume_group: VOLUME_GROUP.into(),
                name: name.clone(),
                size_bytes,
                thin_pool: None,
            };
            (operation, Effect::VolumeCreated(name))
        }
    };
    let (done_before, boot) = (host.count(&effect), host.running().boot_id);
    let destroyed_before = destroyed(appliance);
    let id = eventually("it is taken", async || {
        // A VM that has just come is known a moment later.
        let answer = fleet.try_ask(appliance, &operation).await;
        if answer.status.is_success() {
            return Some(answer.json()["id"].as_str()?.to_owned());
        }
        assert_eq!(
            (case, answer.refusal()),
            (Case::DestroyOfReplaced, "no_such_object".to_owned())
        );
        None
    })
    .await;
    Asked { case, id, effect, done_before, destroyed_before, boot, vm: of_vm }
}

/// How many domains were destroyed, of whichever VM.
fn destroyed(appliance: &Appliance) -> usize {
    let is_destroy = |effect: &&Effect| matches!(effect, Effect::DomainDestroyed(_));
    appliance.host.effects().iter().filter(is_destroy).count()
}

impl Asked {
    /// What must be true once it has ended; returns the operation.
    pub(super) async fn check(&self, fleet: &Fleet, appliance: &Appliance) -> Value {
        let ended = fleet.end_of(&self.id).await;
        let host = &appliance.host;
        let done = host.count(&self.effect) - self.done_before;
        assert!(done <= 1, "{:?} was done {done} times: {ended:#}", self.case);
        if let Some((vm, _)) = self.vm {
            host.replace_vm_at_death(None);
            // Whoever has its name by now was not meant.
            assert_eq!(destroyed(appliance), self.destroyed_before + done, "{vm}: {ended:#}");
        }
        let state = ended["state"].as_str().unwrap();
        let is_same_boot = host.running().boot_id == self.boot;
        match state {
            "succeeded" => {
                // The end of a boot is the end of every domain in it, and a reboot.
                let ends_by_boot = match self.case {
                    Case::ApplianceReboot | Case::VmDestroy | Case::DestroyOfReplaced => true,
                    Case::VolumeRemove | Case::VolumeCreate => false,
                };
                let by_boot = ends_by_boot && !is_same_boot;
                assert!(done == 1 || by_boot, "{:?} was not done: {ended:#}", self.case);
                if let Some((vm, domid)) = self.vm {
                    assert!(!is_same_boot || host.domid(vm) != Some(domid), "{ended:#}");
                }
            }
            "failed" | "rejected" => {
                assert!(ended["reason"]["message"].is_string(), "{ended:#}");
            }
            other => panic!("{:?} ended as {other}: {ended:#}", self.case),
        }
        ended
    }
}

/// What must have succeeded.
#[track_caller]
pub(super) fn check_success(ended: &Value) {
    assert_eq!(ended["state"], "succeeded", "{ended:#}");
}

/// No end changes afterwards.
pub(super) async fn check_that_ends_stay(fleet: &Fleet, ends: &[Value]) {
    for end in ends {
        assert_eq!(fleet.operation(end["id"].as_str().unwrap()).await["state"], end["state"]);
    }
}
