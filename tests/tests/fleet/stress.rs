//! Stress runs: survived, or died of, and then kept out of what is counted.

use domfleet_shared::operation::Operation;
use domfleet_shared::operation::stress::StressRun;
use domfleet_tests::fleet::{Appliance, Fleet, code, eventually};
use domfleet_tests::on_both_databases;
use domfleet_tests::sim::Happening;
use serde_json::{Value, json};

on_both_databases![
    a_run_that_dom0_survives_says_how_good_that_is,
    what_a_run_ends_was_provoked_and_is_no_death,
    a_run_whose_agent_is_killed_leaves_no_load,
    a_run_is_refused_where_vms_have_no_backup_or_the_name_was_not_typed,
];

fn run(seconds: u32, waive_backups: bool) -> Operation {
    let seconds = Some(seconds);
    Operation::StressRun(StressRun { seconds, waive_backups, ..StressRun::default() })
}

async fn under_load(fleet: &Fleet, appliance: &Appliance) -> String {
    let id = fleet.ask(appliance, &run(3600, true)).await;
    eventually("its disk is under load", async || appliance.host.is_under_load().then_some(()))
        .await;
    id
}

async fn a_run_that_dom0_survives_says_how_good_that_is(fleet: &mut Fleet) {
    let appliance = fleet.add_appliance().await;

    let done = fleet.succeed(&appliance, &run(1, true)).await;

    assert_eq!(done["result"]["seconds"], 1, "{done:#}");
    let chance = done["result"]["chance_of_death"].as_f64().unwrap();
    assert!((chance - 1.0 / 3600.0).abs() < 1e-6, "{chance}");
    assert!(!appliance.host.is_under_load());
}

async fn what_a_run_ends_was_provoked_and_is_no_death(fleet: &mut Fleet) {
    let appliance = fleet.add_appliance().await;
    let first = appliance.host.running().boot_id.to_string();
    let id = under_load(fleet, &appliance).await;

    appliance.host.happen(Happening::Panic);

    let died = fleet.end_of(&id).await;
    assert_eq!((&died["state"], code(&died)), (&json!("failed"), Some("died")), "{died:#}");
    let boot: Value = eventually("the end of the first boot is told", async || {
        let boots = fleet.api.get(&format!("{}/boots", appliance.path())).await;
        let boots = boots["boots"].as_array()?.clone();
        boots.into_iter().find(|boot| boot["boot_id"] == first && !boot["end"].is_null())
    })
    .await;
    assert_eq!((&boot["end"], &boot["confidence"]), (&json!("provoked"), &json!("high")));
    let told = boot["evidence"].to_string();
    assert!(told.contains("a stress run was under way") && told.contains("Kernel panic"), "{told}");
    assert!(!appliance.host.is_under_load());
    let counted = fleet.api.get("/api/v1/reliability").await;
    assert_eq!(counted["diagnosis"]["deaths"], 0, "{counted:#}");
    assert!(counted["diagnosis"]["boots"].as_i64().unwrap() >= 1, "{counted:#}");
}

async fn a_run_whose_agent_is_killed_leaves_no_load(fleet: &mut Fleet) {
    let appliance = fleet.add_appliance().await;
    let id = under_load(fleet, &appliance).await;

    appliance.host.happen(Happening::AgentKilled);

    let ended = fleet.end_of(&id).await;
    assert_eq!(
        (&ended["state"], code(&ended)),
        (&json!("failed"), Some("interrupted")),
        "{ended:#}"
    );
    assert!(!appliance.host.is_under_load());
    assert_eq!(appliance.host.boots(), 1);
}

async fn a_run_is_refused_where_vms_have_no_backup_or_the_name_was_not_typed(fleet: &mut Fleet) {
    let appliance = fleet.add_appliance().await;
    let path = format!("{}/operations", appliance.path());

    let exposed = fleet.try_ask(&appliance, &run(1, false)).await;
    let endless = fleet.try_ask(&appliance, &run(100_000, true)).await;
    let unnamed = json!({ "operation": run(1, true), "confirm": "another" });
    let unnamed = fleet.api.post(&path, unnamed).await;

    assert_eq!(exposed.status, 422);
    let why = exposed.json()["fields"]["waive_backups"].clone();
    assert!(why.as_str().unwrap().contains("has no verified backup"), "{why}");
    assert_eq!(endless.json()["fields"]["seconds"], "1 to 86400");
    assert_eq!(unnamed.json()["code"], "confirm_required");
    assert!(!appliance.host.is_under_load());
}
