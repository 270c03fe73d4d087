//! What is told of an operation that has succeeded: to whoever asked, and to the host.

use domfleet_shared::id::{OperationId, VmId};
use domfleet_shared::inventory::Vm;
use domfleet_shared::operation::Operation;
use domfleet_shared::operation::vm::{VmChange, VmCreate};
use serde_json::{Value, json};

use crate::dom0::step::operation_tag;
use crate::dom0::{Dom0Error, Happened, News, Observed, Step};

/// Whether there is more to tell of it than that it is done.
pub(crate) fn tells_more(operation: &Operation) -> bool {
    matches!(
        operation,
        Operation::VmCreate(_)
            | Operation::VmChange(_)
            | Operation::VmRename { .. }
            | Operation::VmRemove { .. }
            | Operation::VmAdopt { .. }
            | Operation::VolumeCreate { .. }
            | Operation::VolumeSnapshot { .. }
            | Operation::ThinPoolCreate { .. }
    )
}

/// What came of it, from what was done and what is there now; small.
pub(crate) fn result(
    id: OperationId,
    operation: &Operation,
    steps: &[Step],
    host: &Observed,
) -> Option<Value> {
    if steps.is_empty() {
        return Some(json!({ "already_so": true }));
    }
    match operation {
        Operation::VmCreate(VmCreate { vm: Some(vm), .. }) => {
            let found = find(host, *vm);
            Some(json!({
                "vm": vm,
                "name": found.map(|vm| &vm.name),
                "config_path": found.and_then(|vm| vm.config_path.as_ref()),
                "macs": found.map(|vm| &vm.macs),
                "volumes": made(id, host),
            }))
        }
        Operation::VmChange(VmChange { .. }) => {
            Some(json!({ "takes_effect": "next_start", "volumes": made(id, host) }))
        }
        Operation::VmRemove { .. } => Some(removed(steps)),
        Operation::VolumeCreate { .. }
        | Operation::VolumeSnapshot { .. }
        | Operation::ThinPoolCreate { .. } => Some(json!({ "volumes": made(id, host) })),
        _ => None,
    }
}

fn find(host: &Observed, vm: VmId) -> Option<&Vm> {
    host.vm(vm).ok().flatten()
}

/// The volumes that the operation has made.
fn made(id: OperationId, host: &Observed) -> Vec<Value> {
    let tag = operation_tag(id);
    let volumes = host.storage.iter().flat_map(|storage| &storage.volumes);
    let made = volumes.filter(|volume| volume.tags.contains(&tag)).map(|volume| {
        json!({
            "lv_uuid": volume.lv_uuid,
            "volume_group": volume.volume_group,
            "name": volume.name,
            "size_bytes": volume.size_bytes,
        })
    });
    made.collect()
}

fn removed(steps: &[Step]) -> Value {
    let (mut kept, mut gone) = (Vec::new(), Vec::new());
    for step in steps {
        match step {
            Step::RemoveConfig { keeps, .. } => kept.clone_from(keeps),
            Step::RemoveVolume { volume_group, name, .. } => {
                gone.push(format!("{volume_group}/{name}"));
            }
            _ => {}
        }
    }
    json!({ "kept_disks": kept, "removed_volumes": gone })
}

/// What the host's own programs are told of it.
pub(crate) fn news(
    id: OperationId,
    operation: &Operation,
    steps: &[Step],
    host: &Observed,
) -> Option<News> {
    if steps.is_empty() {
        return None;
    }
    let (event, vm) = match operation {
        Operation::VmCreate(VmCreate { vm: Some(vm), .. }) => (Happened::VmCreated, *vm),
        Operation::VmAdopt { vm } => (Happened::VmMoved, *vm),
        Operation::VmChange(change) => (Happened::VmChanged, change.vm),
        Operation::VmRename { vm, .. } => (Happened::VmRenamed, *vm),
        Operation::VmRemove { vm, .. } => (Happened::VmRemoved, *vm),
        _ => return None,
    };
    let found = find(host, vm);
    Some(News {
        event,
        vm,
        name: found.map(|vm| vm.name.clone()),
        config_path: found.and_then(|vm| vm.config_path.clone()),
        operation: id,
    })
}

/// The result with what came of telling it. That nobody could be told fails nothing.
pub(crate) fn with_telling(
    result: Option<Value>,
    told: Option<Result<(), Dom0Error>>,
) -> Option<Value> {
    let Some(told) = told else { return result };
    let mut result = result.unwrap_or_else(|| json!({}));
    match told {
        Ok(()) => result["hook"] = json!("told"),
        Err(error) => result["hook_error"] = json!(error.to_string()),
    }
    Some(result)
}

/// Whether it may be stopped before the step that comes after `done` of them: nothing may be left
/// that is worse than before, or than the end.
pub(crate) fn may_stop(operation: &Operation, done: usize) -> bool {
    match operation {
        // Between the two the guest is off, which nobody asked for.
        Operation::VmReboot { .. } => done == 0,
        _ => true,
    }
}

/// What is said of an operation that was stopped after `done` of its steps.
pub(crate) fn stopped(steps: &[Step], done: usize) -> String {
    let did: Vec<String> = steps.iter().take(done).map(Step::describe).collect();
    if did.is_empty() {
        return "it was stopped before anything was done".to_owned();
    }
    format!("it was stopped after {}; that stays done", did.join(", "))
}

#[cfg(test)]
mod tests {
    use domfleet_shared::id::BootId;
    use domfleet_shared::operation::vm::Disks;

    use super::*;
    use crate::testing::{empty, volume};

    #[test]
    fn what_was_removed_and_what_stays_is_said() {
        let vm = VmId::new();
        let steps = [
            Step::RemoveConfig { vm, keeps: vec!["/vm/data.qcow2".into()] },
            Step::RemoveVolume {
                lv_uuid: "u".into(),
                volume_group: "vg0".into(),
                name: "root".into(),
            },
        ];
        let remove = Operation::VmRemove { vm, disks: Disks::Remove };

        let result = result(OperationId::new(), &remove, &steps, &empty(BootId::new())).unwrap();

        assert_eq!(result["kept_disks"], json!(["/vm/data.qcow2"]));
        assert_eq!(result["removed_volumes"], json!(["vg0/root"]));
    }

    #[test]
    fn only_volumes_that_this_operation_made_are_its_result() {
        let id = OperationId::new();
        let mut host = empty(BootId::new());
        let volumes =
            vec![volume("vg0", "mine", 1, id), volume("vg0", "other", 1, OperationId::new())];
        host.storage.as_mut().unwrap().volumes = volumes;

        let made = made(id, &host);

        assert_eq!(made.len(), 1);
        assert_eq!(made[0]["name"], "mine");
    }

    #[test]
    fn a_hook_that_fails_is_reported_and_one_that_is_not_there_is_not() {
        let failed = Some(Err(Dom0Error::refused("the hook", "exit code 1")));

        assert_eq!(with_telling(None, None), None);
        assert_eq!(with_telling(None, Some(Ok(()))), Some(json!({ "hook": "told" })));
        let told = with_telling(Some(json!({ "vm": 1 })), failed).unwrap();
        assert!(told["hook_error"].as_str().unwrap().contains("exit code 1"), "{told}");
        assert_eq!(told["vm"], 1);
    }

    #[test]
    fn a_guest_is_not_left_off_by_a_cancelled_reboot() {
        let reboot = Operation::VmReboot { vm: VmId::new(), timeout_seconds: None };

        assert!(may_stop(&reboot, 0));
        assert!(!may_stop(&reboot, 1));
    }
}
