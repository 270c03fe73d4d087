//! What is asked through the API is done to the appliance: once, and seen there.

use std::time::Duration;

use domfleet_shared::operation::{Operation, OperationState};
use domfleet_tests::fleet::{Appliance, Fleet, code, eventually};
use domfleet_tests::on_both_databases;
use domfleet_tests::sim::hardware::{Guest, VOLUME_GROUP};
use domfleet_tests::sim::{Effect, Fault, Happening};
use serde_json::{Value, json};

on_both_databases![
    a_vm_is_shut_down_and_started_once_each,
    a_vm_is_restarted_in_a_new_domain,
    a_vm_is_destroyed_once_and_only_when_its_name_is_typed,
    dom0_is_restarted_once_and_its_last_boot_ended_in_order,
    a_volume_is_made_snapshotted_and_removed_and_a_foreign_one_is_not,
    only_one_operation_at_a_time_holds_a_vm,
];

const GIB: u64 = 1 << 30;

/// What the server has in the list `section` under the key `id` with that value.
async fn reported(
    fleet: &Fleet,
    appliance: &Appliance,
    section: &str,
    id: (&str, Value),
) -> Option<Value> {
    let found = fleet.api.get(&format!("{}/{section}", appliance.path())).await;
    let rows = found[section].as_array()?.clone();
    rows.into_iter().find(|row| row[id.0] == id.1)
}

async fn a_vm_is_shut_down_and_started_once_each(fleet: &mut Fleet) {
    let appliance = fleet.add_appliance().await;
    let vm = appliance.running_vm();

    fleet.succeed(&appliance, &Operation::VmShutdown { vm, timeout_seconds: None }).await;
    assert_eq!(appliance.host.domid(vm), None);
    fleet.succeed(&appliance, &Operation::VmStart { vm }).await;
    let again = fleet.succeed(&appliance, &Operation::VmStart { vm }).await;

    let domid = appliance.host.domid(vm).unwrap();
    assert_eq!(appliance.host.effects(), [Effect::ShutdownAsked(vm), Effect::DomainCreated(vm)]);
    assert_eq!(again["result"]["already_so"], true);
    eventually("the server knows the new domain", async || {
        let seen = reported(fleet, &appliance, "vms", ("uuid", json!(vm))).await?;
        (seen["state"] == "running" && seen["domid"] == domid).then_some(())
    })
    .await;
}

async fn a_vm_is_restarted_in_a_new_domain(fleet: &mut Fleet) {
    let appliance = fleet.add_appliance().await;
    let vm = appliance.running_vm();
    let before = appliance.host.domid(vm);

    fleet.succeed(&appliance, &Operation::VmReboot { vm, timeout_seconds: None }).await;

    let after = appliance.host.domid(vm);
    assert!(after.is_some() && after != before, "{before:?} {after:?}");
    assert_eq!(appliance.host.effects(), [Effect::ShutdownAsked(vm), Effect::DomainCreated(vm)]);
}

async fn a_vm_is_destroyed_once_and_only_when_its_name_is_typed(fleet: &mut Fleet) {
    let appliance = fleet.add_appliance().await;
    let vm = appliance.running_vm();
    let path = format!("{}/operations", appliance.path());
    let operation = Operation::VmDestroy { vm };

    for confirm in [Value::Null, json!("another"), json!(appliance.name)] {
        let request = json!({ "operation": operation, "confirm": confirm });
        assert_eq!(fleet.api.post(&path, request).await.refusal(), "confirm_required");
    }
    assert_eq!(appliance.host.effects(), []);
    fleet.succeed(&appliance, &operation).await;

    assert_eq!(appliance.host.domid(vm), None);
    assert_eq!(appliance.host.effects(), [Effect::DomainDestroyed(vm)]);
}

async fn dom0_is_restarted_once_and_its_last_boot_ended_in_order(fleet: &mut Fleet) {
    let appliance = fleet.add_appliance().await;

    fleet.succeed(&appliance, &Operation::ApplianceReboot).await;

    let boots = eventually("both boots are known", async || {
        let found = fleet.api.get(&format!("{}/boots", appliance.path())).await;
        let boots = found["boots"].as_array()?.clone();
        (boots.len() == 2).then_some(boots)
    })
    .await;
    let now = json!(appliance.host.running().boot_id);
    let last = boots.iter().find(|boot| boot["boot_id"] != now).unwrap();
    assert_eq!(last["end"], "clean", "{boots:#?}");
    assert_eq!(appliance.host.boots(), 2);
    assert_eq!(appliance.host.effects(), [Effect::Rebooted]);
    fleet.wait_for_presence(&appliance, "online").await;
}

async fn a_volume_is_made_snapshotted_and_removed_and_a_foreign_one_is_not(fleet: &mut Fleet) {
    let appliance = fleet.add_appliance().await;
    let uuid_of = |name: &str| {
        let found = appliance.host.volumes().into_iter().find(|volume| volume.name == name);
        found.unwrap().lv_uuid
    };
    let foreign = appliance.host.volumes()[0].clone();

    let remove = Operation::VolumeRemove { volume: foreign.lv_uuid.clone() };
    assert!(!fleet.try_ask(&appliance, &remove).await.status.is_success());
    let create = Operation::VolumeCreate {
        volume_group: VOLUME_GROUP.into(),
        name: "scratch".into(),
        size_bytes: GIB,
        thin_pool: None,
    };
    fleet.succeed(&appliance, &create).await;
    let scratch = uuid_of("scratch");
    eventually("the server knows the volume", async || {
        reported(fleet, &appliance, "volumes", ("lv_uuid", json!(scratch))).await
    })
    .await;
    let volume = scratch.clone();
    let name = "before-upgrade".to_owned();
    fleet.succeed(&appliance, &Operation::VolumeSnapshot { volume, name, size_bytes: None }).await;
    let snapshot = uuid_of("before-upgrade");
    eventually("the server knows the snapshot", async || {
        reported(fleet, &appliance, "volumes", ("lv_uuid", json!(snapshot))).await
    })
    .await;
    fleet.succeed(&appliance, &Operation::VolumeRemove { volume: snapshot.clone() }).await;

    assert_eq!(
        appliance.host.effects(),
        [
            Effect::VolumeCreated("scratch".into()),
            Effect::SnapshotTaken("before-upgrade".into()),
            Effect::VolumeRemoved(snapshot),
        ]
    );
    assert!(appliance.host.volumes().contains(&foreign));
}

async fn only_one_operation_at_a_time_holds_a_vm(fleet: &mut Fleet) {
    let appliance = fleet.add_appliance().await;
    let vm = appliance.running_vm();
    // The guest takes no notice, so that the first operation stays under way.
    appliance.host.set_guest(vm, Guest::Deaf);
    let shutdown = Operation::VmShutdown { vm, timeout_seconds: Some(2) };

    let first = fleet.ask(&appliance, &shutdown).await;
    let second = fleet.try_ask(&appliance, &Operation::VmDestroy { vm }).await;
    let power = fleet.try_ask(&appliance, &Operation::ApplianceReboot).await;

    assert_eq!(second.refusal(), "locked");
    assert_eq!(power.refusal(), "locked");
    let ended = fleet.end_of(&first).await;
    assert_eq!((ended["state"].as_str(), code(&ended)), (Some("failed"), Some("timeout")));
    assert_eq!(appliance.host.effects(), [Effect::ShutdownAsked(vm)]);
    // It runs on, and it is free.
    fleet.succeed(&appliance, &Operation::VmDestroy { vm }).await;
}

on_both_databases![
    a_step_that_is_refused_fails_and_says_why,
    a_step_whose_answer_is_lost_is_judged_by_what_is_there,
    a_tool_that_says_it_did_what_it_did_not_is_not_believed,
    a_queued_operation_is_cancelled_without_effect,
];

async fn a_step_that_is_refused_fails_and_says_why(fleet: &mut Fleet) {
    let appliance = fleet.add_appliance().await;
    let vm = appliance.running_vm();
    appliance.host.fault_on("xl destroy", Fault::Refuse);

    let ended = fleet.carry_out(&appliance, &Operation::VmDestroy { vm }).await;

    assert_eq!((ended["state"].as_str(), code(&ended)), (Some("failed"), Some("refused")));
    assert_eq!(appliance.host.effects(), []);
    assert!(appliance.host.domid(vm).is_some());
}

async fn a_step_whose_answer_is_lost_is_judged_by_what_is_there(fleet: &mut Fleet) {
    let appliance = fleet.add_appliance().await;
    let vm = appliance.running_vm();
    appliance.host.fault_on("xl destroy", Fault::LoseAnswer);

    fleet.succeed(&appliance, &Operation::VmDestroy { vm }).await;

    assert_eq!(appliance.host.effects(), [Effect::DomainDestroyed(vm)]);
}

async fn a_tool_that_says_it_did_what_it_did_not_is_not_believed(fleet: &mut Fleet) {
    let appliance = fleet.add_appliance().await;
    let vm = appliance.running_vm();
    appliance.host.fault_on("xl destroy", Fault::Lie);

    let ended = fleet.carry_out(&appliance, &Operation::VmDestroy { vm }).await;

    assert_eq!((ended["state"].as_str(), code(&ended)), (Some("failed"), Some("refused")));
    assert_eq!(appliance.host.effects(), []);
}

async fn a_queued_operation_is_cancelled_without_effect(fleet: &mut Fleet) {
    let mut appliance = fleet.add_appliance().await;
    let vm = appliance.running_vm();
    // Whoever is frozen takes no offer.
    appliance.host.happen(Happening::Freeze { cycled_after: None });
    appliance.status.wait_for(|status| status.is_frozen).await.unwrap();
    fleet.pass_until(&appliance, "offline", Duration::from_mins(6)).await;
    let operation = fleet.ask(&appliance, &Operation::VmDestroy { vm }).await;

    fleet.api.post(&format!("/api/v1/operations/{operation}/cancel"), json!({})).await.ok();

    appliance.host.happen(Happening::PowerCycle);
    fleet.wait_for_state(&operation, OperationState::Cancelled).await;
    fleet.wait_for_presence(&appliance, "online").await;
    assert_eq!(appliance.host.effects(), []);
}
