//! There are two of an appliance, or an old copy of one, or of the server.

use domfleet_shared::operation::Operation;
use domfleet_tests::fleet::{Appliance, Fleet, Plan, eventually};
use domfleet_tests::on_both_databases;
use domfleet_tests::sim::hardware::VOLUME_GROUP;
use domfleet_tests::sim::{Effect, Happening, Route};
use serde_json::{Value, json};

on_both_databases![
    two_that_are_alive_with_one_identity_are_both_read_only_until_a_person_picks,
    an_identity_on_other_hardware_is_read_only,
    a_disk_put_back_from_yesterday_is_read_only_until_a_person_says_that_it_is_fine,
    a_server_restored_from_a_backup_repeats_nothing_and_asks_for_nothing_before_it_has_heard,
    an_old_copy_of_the_server_is_not_obeyed,
];

fn volume(name: &str) -> Operation {
    Operation::VolumeCreate {
        volume_group: VOLUME_GROUP.into(),
        name: name.into(),
        size_bytes: 4 << 20,
        thin_pool: None,
    }
}

async fn wait_until_read_only(fleet: &Fleet, appliance: &Appliance, is_read_only: bool) -> Value {
    eventually(&format!("read-only is {is_read_only}"), async || {
        let seen = fleet.see(appliance).await;
        (seen["read_only"].is_string() == is_read_only).then_some(seen)
    })
    .await
}

async fn resolve(fleet: &Fleet, appliance: &Appliance) {
    let confirm = json!({ "confirm": appliance.name });
    fleet.api.post(&format!("{}/clones/resolve", appliance.path()), confirm).await.ok();
    wait_until_read_only(fleet, appliance, false).await;
}

/// The same box with the same disk, as a copied virtual machine is.
async fn twin(fleet: &mut Fleet, appliance: &Appliance, seed: u64) -> Appliance {
    let machine = fleet.machine(&Plan { seed: Some(seed), ..Plan::default() });
    machine.files.restore(appliance.files.content());
    fleet.launch(machine, appliance.id).await
}

async fn two_that_are_alive_with_one_identity_are_both_read_only_until_a_person_picks(
    fleet: &mut Fleet,
) {
    let appliance = fleet.add(Plan { seed: Some(7), ..Plan::default() }).await;

    let copy = twin(fleet, &appliance, 7).await;

    wait_until_read_only(fleet, &appliance, true).await;
    assert_eq!(fleet.alarms("clone").await, (1, 1));
    assert_eq!(fleet.try_ask(&appliance, &volume("no")).await.refusal(), "read_only");
    fleet.remove(&copy).await;
    appliance.host.happen(Happening::AgentKilled);
    fleet.wait_until_reported(&appliance).await;
    // What only reads is still done: it may say which of the two is which.
    let bundle = fleet.api.post(&format!("{}/bundles", appliance.path()), json!({})).await.ok();
    let bundle = fleet.end_of(bundle["id"].as_str().unwrap()).await;
    assert_eq!(bundle["state"], "succeeded", "{bundle:#}");
    assert!(fleet.see(&appliance).await["read_only"].is_string());

    resolve(fleet, &appliance).await;
    fleet.wait_for_presence(&appliance, "online").await;
    fleet.succeed(&appliance, &volume("yes")).await;
    assert_eq!(fleet.alarms("clone").await, (1, 0));
    assert!(copy.host.effects().is_empty());
}

async fn an_identity_on_other_hardware_is_read_only(fleet: &mut Fleet) {
    let appliance = fleet.add_appliance().await;
    fleet.remove(&appliance).await;

    let moved = twin(fleet, &appliance, 4711).await;

    wait_until_read_only(fleet, &moved, true).await;
    assert_eq!(fleet.try_ask(&moved, &volume("no")).await.refusal(), "read_only");
    resolve(fleet, &moved).await;
    fleet.wait_until_reported(&moved).await;
    fleet.succeed(&moved, &volume("yes")).await;
}

async fn a_disk_put_back_from_yesterday_is_read_only_until_a_person_says_that_it_is_fine(
    fleet: &mut Fleet,
) {
    let appliance = fleet.add_appliance().await;
    let yesterday = appliance.files.content();
    for name in ["one", "two", "three"] {
        let starts = appliance.status.borrow().starts;
        appliance.host.happen(Happening::AgentKilled);
        let mut status = appliance.status.clone();
        status.wait_for(|status| status.starts > starts).await.unwrap();
        fleet.succeed(&appliance, &volume(name)).await;
    }
    let done = appliance.host.effects();

    appliance.files.restore(yesterday);
    appliance.host.happen(Happening::PowerCut);

    wait_until_read_only(fleet, &appliance, true).await;
    assert_eq!(fleet.alarms("clone").await, (1, 1));
    assert_eq!(fleet.try_ask(&appliance, &volume("four")).await.refusal(), "read_only");
    resolve(fleet, &appliance).await;
    fleet.succeed(&appliance, &volume("five")).await;
    assert_eq!(appliance.host.effects().len(), done.len() + 1);
}

async fn held(fleet: &Fleet) -> Value {
    fleet.api.get("/api/v1/server").await
}

async fn a_server_restored_from_a_backup_repeats_nothing_and_asks_for_nothing_before_it_has_heard(
    fleet: &mut Fleet,
) {
    // In the backup a VM's destruction is queued; after it that was done, and more.
    let (here, away) = (fleet.add_appliance().await, fleet.add_appliance().await);
    let vm = here.running_vm();
    let link = fleet.link().await;
    link.hold(true);
    here.network.set_route(Route::Down);
    here.host.happen(Happening::AgentKilled);
    let destroy = fleet.ask(&here, &Operation::VmDestroy { vm }).await;
    let backup = fleet.back_up().await;
    here.network.set_route(Route::Direct);
    here.host.happen(Happening::AgentKilled);
    assert_eq!(fleet.end_of(&destroy).await["state"], "succeeded");
    here.host.restart_vm(vm);
    let unknown = fleet.carry_out(&here, &Operation::ApplianceReboot).await;
    let later = fleet.add_appliance().await;
    fleet.stop_server().await;
    away.network.set_route(Route::Down);
    away.host.happen(Happening::AgentKilled);

    fleet.restore(&backup).await;

    let server = held(fleet).await;
    assert_eq!((&server["held"], &server["incarnation"]), (&json!(true), &json!(2)));
    fleet.wait_for_presence(&here, "online").await;
    assert_eq!(fleet.try_ask(&here, &volume("no")).await.refusal(), "held");
    // It waits for the one that is away, and knows nothing of what came after the backup.
    eventually("one of two has reported", async || {
        (held(fleet).await["appliances_reconciled"] == 1).then_some(())
    })
    .await;
    assert_eq!(held(fleet).await["held"], true);
    let path = format!("/api/v1/operations/{}", unknown["id"].as_str().unwrap());
    assert_eq!(fleet.api.send(hyper::Method::GET, &path, None).await.refusal(), "not_found");
    // One that joined later is taken in, and waits for a person.
    eventually("the later one is there", async || {
        let seen = fleet.api.send(hyper::Method::GET, &later.path(), None).await;
        (seen.status.is_success() && seen.json()["state"] == "pending").then_some(())
    })
    .await;

    let release = json!({ "confirm": "release" });
    fleet.api.post("/api/v1/server/release-hold", release).await.ok();

    assert_eq!(fleet.end_of(&destroy).await["state"], "succeeded");
    assert_eq!(here.host.count(&Effect::DomainDestroyed(vm)), 1);
    assert_eq!(here.host.count(&Effect::Rebooted), 1);
    fleet.succeed(&here, &volume("after")).await;
    away.network.set_route(Route::Direct);
    away.host.happen(Happening::AgentKilled);
    fleet.wait_for_presence(&away, "online").await;
    fleet.succeed(&away, &volume("after")).await;
}

async fn an_old_copy_of_the_server_is_not_obeyed(fleet: &mut Fleet) {
    let appliance = fleet.add_appliance().await;
    let vm = appliance.running_vm();
    let backup = fleet.back_up().await;
    fleet.stop_server().await;
    fleet.restore(&backup).await;
    fleet.wait_for_presence(&appliance, "online").await;
    eventually("it has reported", async || (held(fleet).await["held"] == false).then_some(()))
        .await;
    fleet.stop_server().await;

    // Somebody starts the old machine again.
    fleet.start_older_server().await;
    appliance.host.happen(Happening::AgentKilled);
    let old = fleet.ask(&appliance, &Operation::VmDestroy { vm }).await;
    let mut status = appliance.status.clone();
    let starts = status.borrow().starts;
    appliance.host.happen(Happening::PowerCut);
    status.wait_for(|status| status.starts > starts).await.unwrap();
    fleet.pass_until(&appliance, "offline", std::time::Duration::from_mins(10)).await;

    assert_eq!(appliance.host.count(&Effect::DomainDestroyed(vm)), 0);
    fleet.stop_server().await;
    fleet.start_older_server().await;
    appliance.host.happen(Happening::AgentKilled);
    fleet.wait_for_presence(&appliance, "online").await;
    assert_eq!(appliance.host.count(&Effect::DomainDestroyed(vm)), 0);
    let path = format!("/api/v1/operations/{old}");
    assert_eq!(fleet.api.send(hyper::Method::GET, &path, None).await.refusal(), "not_found");
}
