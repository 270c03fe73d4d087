//! Volumes that grow, are renamed and go back to what they were; and pools that fill up.

use domfleet_shared::inventory::Volume;
use domfleet_shared::operation::Operation;
use domfleet_tests::fleet::{Appliance, Fleet, code, eventually};
use domfleet_tests::on_both_databases;
use domfleet_tests::sim::hardware::VOLUME_GROUP;
use domfleet_tests::sim::{Effect, Fault};

on_both_databases![
    a_volume_grows_and_is_renamed_and_what_others_made_is_not,
    a_volume_goes_back_to_its_snapshot_once,
    a_volume_in_use_is_not_reverted,
    a_thin_volume_is_made_in_a_pool_of_ours,
    a_power_cut_in_the_middle_of_a_revert_leaves_it_done_once_or_failed,
];

/// The volume, once the server knows it.
async fn known(fleet: &Fleet, appliance: &Appliance, name: &str) -> Volume {
    eventually("the server knows the volume", async || {
        let found = fleet.api.get(&format!("{}/volumes", appliance.path())).await;
        let volumes: Vec<Volume> = serde_json::from_value(found["volumes"].clone()).ok()?;
        volumes.into_iter().find(|volume| volume.name == name)
    })
    .await
}

async fn made(fleet: &Fleet, appliance: &Appliance, name: &str) -> Volume {
    appliance.host.make_managed_volume(name);
    // What nobody asked for is seen when the appliance is looked at for another reason.
    let nudge = Operation::VolumeCreate {
        volume_group: VOLUME_GROUP.into(),
        name: format!("{name}-nudge"),
        size_bytes: 1,
        thin_pool: None,
    };
    fleet.succeed(appliance, &nudge).await;
    known(fleet, appliance, name).await
}

async fn snapshotted(fleet: &Fleet, appliance: &Appliance, name: &str) -> (Volume, Volume) {
    let origin = made(fleet, appliance, name).await;
    let snapshot = Operation::VolumeSnapshot {
        volume: origin.lv_uuid.clone(),
        name: format!("{name}-before"),
        size_bytes: None,
    };
    fleet.succeed(appliance, &snapshot).await;
    let snapshot = known(fleet, appliance, &format!("{name}-before")).await;
    (origin, snapshot)
}

async fn a_volume_grows_and_is_renamed_and_what_others_made_is_not(fleet: &mut Fleet) {
    let appliance = fleet.add_appliance().await;
    let volume = made(fleet, &appliance, "data").await;
    let grow = |size_bytes| Operation::VolumeGrow { volume: volume.lv_uuid.clone(), size_bytes };

    fleet.succeed(&appliance, &grow(9 << 20)).await;
    assert_eq!(fleet.try_ask(&appliance, &grow(1)).await.refusal(), "invalid");
    let rename = |volume: &Volume, name: &str| Operation::VolumeRename {
        volume: volume.lv_uuid.clone(),
        name: name.into(),
    };
    fleet.succeed(&appliance, &rename(&volume, "archive")).await;

    let now = known(fleet, &appliance, "archive").await;
    assert_eq!((now.lv_uuid.as_str(), now.size_bytes), (volume.lv_uuid.as_str(), 12 << 20));
    let foreign = appliance.host.volumes()[0].clone();
    assert_eq!(fleet.try_ask(&appliance, &rename(&foreign, "mine")).await.refusal(), "not_ours");
    let taken = fleet.try_ask(&appliance, &rename(&now, &foreign.name)).await;
    assert_eq!(taken.refusal(), "taken");
}

async fn a_volume_goes_back_to_its_snapshot_once(fleet: &mut Fleet) {
    let appliance = fleet.add_appliance().await;
    let (origin, snapshot) = snapshotted(fleet, &appliance, "data").await;
    let revert = Operation::VolumeRevert { volume: snapshot.lv_uuid.clone() };
    let path = format!("{}/operations", appliance.path());
    let unconfirmed = serde_json::json!({ "operation": revert, "confirm": snapshot.name });
    assert_eq!(fleet.api.post(&path, unconfirmed).await.refusal(), "confirm_required");

    // What is confirmed is the name of what is lost: the origin's newer content.
    fleet.succeed(&appliance, &revert).await;

    assert_eq!(appliance.host.count(&Effect::VolumeReverted(snapshot.lv_uuid.clone())), 1);
    let left = appliance.host.volumes();
    assert!(left.iter().any(|volume| volume.lv_uuid == origin.lv_uuid));
    assert!(left.iter().all(|volume| volume.lv_uuid != snapshot.lv_uuid));
}

async fn a_volume_in_use_is_not_reverted(fleet: &mut Fleet) {
    let appliance = fleet.add_appliance().await;
    let origin = appliance.host.volumes()[0].clone();
    let snapshot = Operation::VolumeSnapshot {
        volume: origin.lv_uuid,
        name: "before".into(),
        size_bytes: None,
    };
    fleet.succeed(&appliance, &snapshot).await;
    let snapshot = known(fleet, &appliance, "before").await;

    let revert = Operation::VolumeRevert { volume: snapshot.lv_uuid };
    let ended = fleet.carry_out(&appliance, &revert).await;

    assert_eq!((ended["state"].as_str(), code(&ended)), (Some("rejected"), Some("refused")));
}

async fn a_thin_volume_is_made_in_a_pool_of_ours(fleet: &mut Fleet) {
    let appliance = fleet.add_appliance().await;
    let pool = Operation::ThinPoolCreate {
        volume_group: VOLUME_GROUP.into(),
        name: "pool0".into(),
        size_bytes: 1 << 30,
        metadata_bytes: None,
    };
    let thin = Operation::VolumeCreate {
        volume_group: VOLUME_GROUP.into(),
        name: "thin".into(),
        size_bytes: 4 << 30,
        thin_pool: Some("pool0".into()),
    };

    assert_eq!(fleet.try_ask(&appliance, &thin).await.refusal(), "no_such_object");
    fleet.succeed(&appliance, &pool).await;
    known(fleet, &appliance, "pool0").await;
    fleet.succeed(&appliance, &thin).await;

    let made = known(fleet, &appliance, "thin").await;
    assert_eq!((made.pool.as_deref(), made.managed), (Some("pool0"), true));
    // It would be lost along with its pool.
    let pool = known(fleet, &appliance, "pool0").await.lv_uuid;
    let ended = fleet.carry_out(&appliance, &Operation::VolumeRemove { volume: pool }).await;
    assert_eq!((ended["state"].as_str(), code(&ended)), (Some("rejected"), Some("refused")));
}

async fn a_power_cut_in_the_middle_of_a_revert_leaves_it_done_once_or_failed(fleet: &mut Fleet) {
    let appliance = fleet.add_appliance().await;
    for (number, fault) in
        [Fault::PowerCutBefore, Fault::PowerCutAfter, Fault::KilledAfter, Fault::LoseAnswer]
            .into_iter()
            .enumerate()
    {
        let (_, snapshot) = snapshotted(fleet, &appliance, &format!("data-{number}")).await;
        appliance.host.fault_on("lvconvert", fault);
        let revert = Operation::VolumeRevert { volume: snapshot.lv_uuid.clone() };
        let ended = fleet.carry_out(&appliance, &revert).await;

        let done = appliance.host.count(&Effect::VolumeReverted(snapshot.lv_uuid.clone()));
        match ended["state"].as_str().unwrap() {
            "succeeded" => assert_eq!(done, 1, "{ended:#}"),
            "failed" => assert_eq!((done, code(&ended)), (0, Some("interrupted")), "{ended:#}"),
            other => panic!("{other}: {ended:#}"),
        }
        fleet.wait_for_presence(&appliance, "online").await;
    }
}
