//! A debug bundle on demand: asked for, collected, uploaded, downloaded.

use std::io::Read as _;

use domfleet_tests::fleet::{Fleet, code, eventually};
use domfleet_tests::on_both_databases;
use domfleet_tests::sim;
use hyper::Method;
use serde_json::json;

on_both_databases![
    a_bundle_holds_what_helps_and_no_password,
    a_bundle_that_finds_no_room_fails_and_says_so,
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
