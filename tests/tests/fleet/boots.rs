//! How boots end, and what says so: each kind of death of a simulated appliance, as operators see it.

use std::time::Duration;

use domfleet_tests::fleet::{Appliance, Fleet, eventually};
use domfleet_tests::on_both_databases;
use domfleet_tests::sim::Happening;
use serde_json::Value;

on_both_databases![
    a_panic_is_told_with_the_line_that_was_kept_and_its_bundle_comes_by_itself_once,
    an_orderly_restart_is_clean,
    a_watchdog_that_says_so_is_told,
    a_disk_that_does_not_answer_starves_the_watchdog_which_resets_the_box,
    a_power_cut_is_told_from_a_reset_by_what_the_disk_counts,
];

/// The first boot of the appliance, once it has ended.
async fn first_end(fleet: &Fleet, appliance: &Appliance, first: &str) -> Value {
    eventually("the end of the first boot is told", async || {
        let boots = fleet.api.get(&format!("{}/boots", appliance.path())).await;
        let boots = boots["boots"].as_array()?.clone();
        boots.into_iter().find(|boot| boot["boot_id"] == first && !boot["end"].is_null())
    })
    .await
}

/// What becomes of the boot that runs when `happening` ends it.
async fn end_by(fleet: &Fleet, appliance: &Appliance, happening: Happening) -> Value {
    let first = appliance.host.running().boot_id.to_string();
    appliance.host.happen(happening);
    first_end(fleet, appliance, &first).await
}

fn evidence(boot: &Value) -> String {
    let sentences = boot["evidence"].as_array().unwrap().iter();
    sentences.map(|sentence| sentence.as_str().unwrap()).collect::<Vec<_>>().join("; ")
}

async fn bundles(fleet: &Fleet, appliance: &Appliance, trigger: &str) -> usize {
    let bundles = fleet.api.get(&format!("/api/v1/bundles?appliance={}", appliance.id)).await;
    let bundles = bundles["bundles"].as_array().unwrap().clone();
    bundles.into_iter().filter(|bundle| bundle["trigger"] == trigger).count()
}

async fn a_panic_is_told_with_the_line_that_was_kept_and_its_bundle_comes_by_itself_once(
    fleet: &mut Fleet,
) {
    let appliance = fleet.add_appliance().await;

    let ended = end_by(fleet, &appliance, Happening::Panic).await;

    assert_eq!((&ended["end"], &ended["confidence"]), (&"panic".into(), &"high".into()));
    let told = evidence(&ended);
    assert!(
        told.contains("pstore") && told.contains("Kernel panic - not syncing: Fatal"),
        "{told}"
    );
    fleet.wait_for_bundle(&appliance, "unclean_boot").await;
    // Neither a restart of the agent nor an orderly one of dom0 makes another.
    let starts = appliance.status.borrow().starts;
    appliance.host.happen(Happening::AgentKilled);
    eventually("the agent is back", async || {
        (appliance.status.borrow().starts > starts).then_some(())
    })
    .await;
    end_by(fleet, &appliance, Happening::Restart).await;
    fleet.wait_for_presence(&appliance, "online").await;
    assert_eq!(bundles(fleet, &appliance, "unclean_boot").await, 1);
}

async fn an_orderly_restart_is_clean(fleet: &mut Fleet) {
    let appliance = fleet.add_appliance().await;

    let ended = end_by(fleet, &appliance, Happening::Restart).await;

    assert_eq!((&ended["end"], &ended["confidence"]), (&"clean".into(), &"high".into()));
    assert_eq!(evidence(&ended), "dom0 was shut down in order");
}

async fn a_watchdog_that_says_so_is_told(fleet: &mut Fleet) {
    let appliance = fleet.add_appliance().await;

    let ended = end_by(fleet, &appliance, Happening::Watchdog).await;

    assert_eq!((&ended["end"], &ended["confidence"]), (&"watchdog".into(), &"high".into()));
    assert!(evidence(&ended).contains("boot status"), "{ended:#}");
}

async fn a_disk_that_does_not_answer_starves_the_watchdog_which_resets_the_box(fleet: &mut Fleet) {
    let appliance = fleet.add_appliance().await;
    let first = appliance.host.running().boot_id.to_string();
    appliance.host.fit_watchdog(Duration::from_secs(4), false);
    appliance.host.happen(Happening::AgentKilled);
    eventually("it is armed", async || appliance.host.is_guarded().then_some(())).await;
    fleet.wait_for_presence(&appliance, "online").await;
    assert_eq!(appliance.host.boots(), 1);

    appliance.files.set_slow(Some(Duration::from_secs(6)));
    eventually("it bites", async || (appliance.host.boots() > 1).then_some(())).await;
    appliance.files.set_slow(None);

    let ended = first_end(fleet, &appliance, &first).await;
    assert_eq!((&ended["end"], &ended["confidence"]), (&"watchdog".into(), &"medium".into()));
    assert!(evidence(&ended).contains("the watchdog (4 s) was armed"), "{ended:#}");
    // What ends in order lets it go first.
    let second = end_by(fleet, &appliance, Happening::Restart).await;
    assert_eq!(second["end"], "clean");
}

async fn a_power_cut_is_told_from_a_reset_by_what_the_disk_counts(fleet: &mut Fleet) {
    let appliance = fleet.add_appliance().await;
    // What it counted before nobody knows: the boot that runs now was begun without.
    appliance.host.count_power_cycles();
    end_by(fleet, &appliance, Happening::Restart).await;
    fleet.wait_for_presence(&appliance, "online").await;

    let cut = end_by(fleet, &appliance, Happening::PowerCut).await;

    assert_eq!((&cut["end"], &cut["confidence"]), (&"power_loss".into(), &"low".into()));
    assert!(evidence(&cut).contains("1 more loss of power"), "{cut:#}");
}
