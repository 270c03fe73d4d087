//! An appliance gets in, and is seen.

use domfleet_agent::join::JoinError;
use domfleet_shared::enrolment::JoinToken;
use domfleet_tests::fleet::{Fleet, Plan, eventually};
use domfleet_tests::on_both_databases;
use serde_json::json;

on_both_databases![
    an_appliance_joins_and_is_seen_with_all_that_it_holds,
    one_without_a_preauthorised_token_waits_until_an_operator_accepts_it,
    a_token_lets_as_many_in_as_it_says_and_a_lost_answer_is_no_second_use,
    a_token_that_has_expired_lets_nobody_in,
    a_token_of_another_authority_is_told_nothing,
];

fn refusal(error: &JoinError) -> &str {
    match error {
        JoinError::Refused(refusal) => &refusal.code,
        other => panic!("{other:?}"),
    }
}

async fn an_appliance_joins_and_is_seen_with_all_that_it_holds(fleet: &mut Fleet) {
    let appliance = fleet.add_appliance().await;

    let seen = fleet.see(&appliance).await;
    let path = appliance.path();
    let vms = fleet.api.get(&format!("{path}/vms")).await;
    let storage = fleet.api.get(&format!("{path}/volumes")).await;
    let boots = eventually("its boot is there", async || {
        let boots = fleet.api.get(&format!("{path}/boots")).await;
        (boots["boots"].as_array()?.len() == 1).then_some(boots)
    })
    .await;

    assert_eq!(seen["state"], "accepted");
    assert_eq!(seen["hypervisor_version"], "2.0");
    assert_eq!(seen["components"]["qemu_installed"], "2.10.1");
    assert_eq!(seen["facts"]["fingerprint"]["system_uuid"].as_str().unwrap().len(), 36);
    let there = appliance.host.vms();
    assert_eq!(vms["vms"].as_array().unwrap().len(), there.len());
    for vm in there {
        let found = vms["vms"].as_array().unwrap().iter().find(|v| v["uuid"] == json!(vm.uuid));
        assert_eq!(found.unwrap()["domid"], json!(appliance.host.domid(vm.uuid)));
    }
    let volumes = appliance.host.volumes();
    assert_eq!(storage["volumes"].as_array().unwrap().len(), volumes.len());
    assert_eq!(boots["boots"][0]["boot_id"], json!(appliance.host.running().boot_id));
    assert!(boots["boots"][0]["end"].is_null());
}

async fn one_without_a_preauthorised_token_waits_until_an_operator_accepts_it(fleet: &mut Fleet) {
    let token = fleet.token(json!({ "preauthorised": false })).await;
    let appliance = fleet.add(Plan { token: Some(token), ..Plan::default() }).await;
    let operation = domfleet_shared::operation::Operation::ApplianceReboot;
    assert_eq!(fleet.see(&appliance).await["state"], "pending");
    assert!(!fleet.try_ask(&appliance, &operation).await.status.is_success());

    fleet.api.post(&format!("{}/accept", appliance.path()), json!({})).await.ok();

    fleet.wait_for_presence(&appliance, "online").await;
    fleet.succeed(&appliance, &operation).await;
    assert_eq!(appliance.host.boots(), 2);
}

async fn a_token_lets_as_many_in_as_it_says_and_a_lost_answer_is_no_second_use(fleet: &mut Fleet) {
    let token = fleet.token(json!({ "uses": 1 })).await;
    let first = fleet.machine(&Plan::default());
    let id = first.join(&token, None).await.unwrap();

    // The answer was lost with the power: the key is there, the certificate is not.
    let mut files = first.files.content();
    files.retain(|name, _| !name.contains("identity"));
    first.files.restore(files);
    let again = first.join(&token, None).await.unwrap();
    let other = fleet.join(&Plan::default(), &token).await.unwrap_err();

    assert_eq!(again, id);
    assert_eq!(refusal(&other), "token_used");
}

async fn a_token_that_has_expired_lets_nobody_in(fleet: &mut Fleet) {
    let token = fleet.token(json!({ "expires_in_seconds": 60 })).await;
    fleet.advance(std::time::Duration::from_secs(61));

    let error = fleet.join(&Plan::default(), &token).await.unwrap_err();

    assert_eq!(refusal(&error), "token_expired");
}

async fn a_token_of_another_authority_is_told_nothing(fleet: &mut Fleet) {
    let token = fleet.token(json!({ "uses": 1 })).await;
    let other = JoinToken { ca_sha256: "ab".repeat(32), ..token.clone() };

    let error = fleet.join(&Plan::default(), &other).await.unwrap_err();

    assert!(!matches!(error, JoinError::Refused(_)), "{error:?}");
    // The secret was not told to whoever it was: it is still good.
    fleet.join(&Plan::default(), &token).await.unwrap();
}
