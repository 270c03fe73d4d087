//! Debug bundles: asked for or made by themselves, collected, uploaded, downloaded.

use std::io::Read as _;

use domfleet_tests::fleet::{Appliance, Fleet, code, eventually};
use domfleet_tests::on_both_databases;
use domfleet_tests::sim;
use domfleet_tests::sim::Death;
use hyper::Method;
use serde_json::{Value, json};

on_both_databases![
    a_bundle_holds_what_helps_and_no_password,
    a_bundle_that_finds_no_room_fails_and_says_so,
    a_kernel_that_met_its_own_error_has_a_bundle_made_at_once_and_no_second_one,
    a_bundle_that_a_freeze_cuts_midway_arrives_as_far_as_it_came,
];

/// The archive's files, by name.
fn files_of(content: &[u8]) -> Vec<(String, String)> {
    let tar = zstd::decode_all(content).unwrap();
    let mut archive = tar::Archive::new(tar.as_slice());
    let entries = archive.entries().unwrap().map(|entry| {
        let mut entry = entry.unwrap();
        let name = entry.path().unwrap().display().to_string();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        (name, String::from_utf8_lossy(&bytes).into_owned())
    });
    entries.collect()
}

async fn a_bundle_holds_what_helps_and_no_password(fleet: &mut Fleet) {
    let appliance = fleet.add_appliance().await;
    appliance.host.say_precursors();

    let path = format!("{}/bundles", appliance.path());
    let asked = fleet.api.post(&path, json!({ "note": "it is slow" })).await.ok();
    let ended = fleet.end_of(asked["id"].as_str().unwrap()).await;
    let bundle = ended["bundle_id"].as_str().unwrap().to_owned();
    let seen = eventually("the bundle is complete", async || {
        let seen = fleet.api.get(&format!("/api/v1/bundles/{bundle}")).await;
        (seen["state"] == "complete").then_some(seen)
    })
    .await;
    let content = format!("/api/v1/bundles/{bundle}/content");
    let content = fleet.api.send(Method::GET, &content, None).await;

    assert_eq!(ended["state"], "succeeded", "{ended:#}");
    assert!(content.status.is_success());
    assert_eq!(seen["size_bytes"], content.body.len());
    assert_eq!(seen["blake3"], blake3::hash(&content.body).to_hex().as_str());
    let files = files_of(&content.body);
    assert!(files.iter().any(|(name, _)| name == "manifest.json"), "{files:?}");
    assert!(files.iter().any(|(_, text)| text.contains("blocked for more than 120 seconds")));
    let leak = files.iter().find(|(_, text)| text.contains(sim::PASSWORD));
    assert!(leak.is_none(), "{leak:?}");
    assert_eq!(appliance.host.effects(), []);
}

async fn a_bundle_that_finds_no_room_fails_and_says_so(fleet: &mut Fleet) {
    let appliance = fleet.add_appliance().await;
    appliance.files.set_size(100 << 20);

    let asked = fleet.api.post(&format!("{}/bundles", appliance.path()), json!({})).await.ok();
    let ended = fleet.end_of(asked["id"].as_str().unwrap()).await;

    assert_eq!((ended["state"].as_str(), code(&ended)), (Some("failed"), Some("no_room")));
    eventually("the bundle has failed too", async || {
        let path = format!("/api/v1/bundles/{}", ended["bundle_id"].as_str()?);
        (fleet.api.get(&path).await["state"] == "failed").then_some(())
    })
    .await;
}

/// Those of an appliance that were made for `trigger`.
async fn made_for(fleet: &Fleet, appliance: &Appliance, trigger: &str) -> Vec<Value> {
    let bundles = fleet.api.get(&format!("/api/v1/bundles?appliance={}", appliance.id)).await;
    let bundles = bundles["bundles"].as_array().unwrap().clone();
    bundles.into_iter().filter(|bundle| bundle["trigger"] == trigger).collect()
}

async fn manifest_of(fleet: &Fleet, bundle: &Value) -> (Vec<(String, String)>, Value) {
    let path = format!("/api/v1/bundles/{}/content", bundle["id"].as_str().unwrap());
    let files = files_of(&fleet.api.send(Method::GET, &path, None).await.body);
    let manifest = files.iter().find(|(name, _)| name == "manifest.json").unwrap().1.clone();
    (files, serde_json::from_str(&manifest).unwrap())
}

async fn a_kernel_that_met_its_own_error_has_a_bundle_made_at_once_and_no_second_one(
    fleet: &mut Fleet,
) {
    let appliance = fleet.add_appliance().await;

    appliance.host.say_precursors();
    let made = fleet.wait_for_bundle(&appliance, "fatal_message").await;
    appliance.host.say_precursors();
    // One bundle at a time is collected, so that a second one would come before this.
    let asked = fleet.api.post(&format!("{}/bundles", appliance.path()), json!({})).await.ok();
    fleet.end_of(asked["id"].as_str().unwrap()).await;

    assert_eq!(made_for(fleet, &appliance, "fatal_message").await.len(), 1);
    let (files, manifest) = manifest_of(fleet, &made).await;
    assert_eq!((&manifest["sealed"], &manifest["is_whole"]), (&true.into(), &true.into()));
    let says = |words: &str| files.iter().any(|(_, text)| text.contains(words));
    assert!(says("BUG: soft lockup"), "{files:?}");
    assert_eq!(manifest["entries"].as_array().unwrap().len(), files.len() - 1);
}

async fn a_bundle_that_a_freeze_cuts_midway_arrives_as_far_as_it_came(fleet: &mut Fleet) {
    let appliance = fleet.add_appliance().await;
    // What else is written meanwhile is a few hundred bytes; all of a bundle is tens of thousands.
    appliance.files.die_after(12_000, Death::PowerCut);

    appliance.host.say_precursors();
    eventually("the power goes", async || appliance.files.death_has_struck().then_some(())).await;

    let made = fleet.wait_for_bundle(&appliance, "fatal_message").await;
    let (files, manifest) = manifest_of(fleet, &made).await;
    assert_eq!((&manifest["sealed"], &manifest["is_whole"]), (&false.into(), &false.into()));
    let entries = manifest["entries"].as_array().unwrap();
    assert!(!entries.is_empty() && entries.len() == files.len() - 1, "{manifest:#}");
    // The boot that ended so has a bundle of its own, and that one is whole.
    let after = fleet.wait_for_bundle(&appliance, "unclean_boot").await;
    assert_eq!(manifest_of(fleet, &after).await.1["sealed"], true);
}
