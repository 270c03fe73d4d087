//! Who is not there: a server that is away for long, an appliance that is shut out, a whole fleet
//! that falls silent.

use std::time::Duration;

use domfleet_shared::operation::Operation;
use domfleet_tests::fleet::{Fleet, Plan, eventually};
use domfleet_tests::on_both_databases;
use domfleet_tests::sim::Happening;
use serde_json::json;

on_both_databases![
    a_server_that_was_away_for_longer_than_certificates_live_gets_its_fleet_back,
    certificates_are_renewed_at_half_of_their_life_while_the_session_lasts,
    an_appliance_that_is_revoked_is_shut_out_at_once,
    an_appliance_that_freezes_goes_stale_then_offline_and_its_end_is_told,
    a_fleet_that_falls_silent_at_once_raises_one_alarm,
];

const DAY: Duration = Duration::from_hours(24);

async fn a_server_that_was_away_for_longer_than_certificates_live_gets_its_fleet_back(
    fleet: &mut Fleet,
) {
    let appliance = fleet.add_appliance().await;
    let before = fleet.see(&appliance).await["credential"]["not_after"].clone();
    fleet.stop_server().await;
    fleet.advance(DAY * 120);

    fleet.start_server().await;

    let renewed = eventually("it has a new certificate", async || {
        let seen = fleet.see(&appliance).await;
        let not_after = &seen["credential"]["not_after"];
        (seen["presence"] == "online" && *not_after != before).then_some(seen)
    })
    .await;
    assert_eq!(renewed["credential"]["status"], "active");
    fleet.succeed(&appliance, &Operation::ApplianceReboot).await;
}

async fn certificates_are_renewed_at_half_of_their_life_while_the_session_lasts(fleet: &mut Fleet) {
    let appliance = fleet.add_appliance().await;
    let before = fleet.see(&appliance).await["credential"]["not_after"].clone();

    fleet.advance(DAY * 50);
    // What looks at the clock now and then looks now.
    appliance.host.happen(Happening::AgentKilled);

    eventually("it has a new certificate", async || {
        let seen = fleet.see(&appliance).await;
        (seen["credential"]["not_after"] != before).then_some(())
    })
    .await;
    fleet.wait_for_presence(&appliance, "online").await;
}

async fn an_appliance_that_is_revoked_is_shut_out_at_once(fleet: &mut Fleet) {
    let (revoked, other) = (fleet.add_appliance().await, fleet.add_appliance().await);
    let waiting = revoked.host.effects().len();

    let confirm = json!({ "confirm": revoked.name });
    fleet.api.post(&format!("{}/revoke", revoked.path()), confirm).await.ok();

    let seen = fleet.see(&revoked).await;
    assert_eq!(seen["credential"]["status"], "revoked");
    fleet.pass_until(&revoked, "offline", Duration::from_mins(10)).await;
    fleet.wait_for_presence(&other, "online").await;
    fleet.succeed(&other, &Operation::ApplianceReboot).await;
    // Neither a restart nor a certificate that has run out brings it back.
    revoked.host.happen(Happening::PowerCut);
    eventually("it has tried", async || {
        (revoked.host.boots() == 2 && revoked.status.borrow().starts >= 2).then_some(())
    })
    .await;
    assert_eq!(fleet.see(&revoked).await["presence"], "offline");
    assert_eq!(revoked.host.effects().len(), waiting);
}

async fn an_appliance_that_freezes_goes_stale_then_offline_and_its_end_is_told(fleet: &mut Fleet) {
    let appliance = fleet.add(Plan { release: "1.02", ..Plan::default() }).await;
    appliance.host.say_precursors();
    eventually("the kernel's last words are on disk", async || {
        let content = appliance.files.content();
        let says = |bytes: &Vec<u8>| String::from_utf8_lossy(bytes).contains("blocked for more");
        content.values().any(says).then_some(())
    })
    .await;
    appliance.host.happen(Happening::Freeze { cycled_after: None });
    let mut status = appliance.status.clone();
    status.wait_for(|status| status.is_frozen).await.unwrap();

    fleet.pass_until(&appliance, "stale", Duration::from_secs(100)).await;
    fleet.pass_until(&appliance, "offline", Duration::from_mins(5)).await;
    appliance.host.happen(Happening::PowerCycle);
    fleet.wait_for_presence(&appliance, "online").await;

    let boots = eventually("both boots are there", async || {
        let boots = fleet.api.get(&format!("{}/boots", appliance.path())).await;
        (boots["boots"].as_array()?.len() == 2).then_some(boots)
    })
    .await;
    let ended: Vec<&serde_json::Value> =
        boots["boots"].as_array().unwrap().iter().filter(|boot| !boot["end"].is_null()).collect();
    assert_eq!(ended.len(), 1, "{boots:#}");
    assert_eq!(ended[0]["end"], "hang", "{boots:#}");
    fleet.wait_for_bundle(&appliance, "unclean_boot").await;
}

async fn a_fleet_that_falls_silent_at_once_raises_one_alarm(fleet: &mut Fleet) {
    let crew = fleet.add_many((0..14).map(|_| Plan::default())).await;
    for appliance in &crew {
        appliance.host.happen(Happening::Freeze { cycled_after: None });
        let mut status = appliance.status.clone();
        status.wait_for(|status| status.is_frozen).await.unwrap();
    }

    for appliance in &crew {
        fleet.pass_until(appliance, "stale", Duration::from_secs(100)).await;
    }
    for appliance in &crew {
        fleet.pass_until(appliance, "offline", Duration::from_mins(5)).await;
    }

    eventually("there is an alarm", async || {
        (fleet.alarms("server_suspect").await == (1, 1)).then_some(())
    })
    .await;
    for appliance in &crew {
        appliance.host.happen(Happening::PowerCycle);
    }
    eventually("the alarm is over", async || {
        (fleet.alarms("server_suspect").await == (1, 0)).then_some(())
    })
    .await;
}
