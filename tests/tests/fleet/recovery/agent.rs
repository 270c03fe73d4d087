//! The agent's process is killed, or its box loses power, after any byte that it writes.

use domfleet_tests::fleet::{Appliance, Fleet, Plan, eventually};
use domfleet_tests::on_both_databases;
use domfleet_tests::sim::{Death, Happening};

use super::asking::{Asked, Case, ask, check_that_ends_stay};

on_both_databases![
    a_reboot_may_be_interrupted_after_any_byte_that_the_agent_writes,
    destroying_a_vm_may_be_interrupted_after_any_byte_that_the_agent_writes,
    a_vm_that_takes_the_name_of_one_to_be_destroyed_is_never_touched,
    removing_a_volume_may_be_interrupted_after_any_byte_that_the_agent_writes,
    creating_a_volume_may_be_interrupted_after_any_byte_that_the_agent_writes,
];

/// So many die at once, each after another byte.
const AT_ONCE: usize = 64;
/// One operation's journal is a few kilobytes: this many rounds see to all of it.
const ROUNDS: usize = 120;

async fn a_reboot_may_be_interrupted_after_any_byte_that_the_agent_writes(fleet: &mut Fleet) {
    die_after_any_byte(fleet, Case::ApplianceReboot).await;
}

async fn destroying_a_vm_may_be_interrupted_after_any_byte_that_the_agent_writes(
    fleet: &mut Fleet,
) {
    die_after_any_byte(fleet, Case::VmDestroy).await;
}

async fn a_vm_that_takes_the_name_of_one_to_be_destroyed_is_never_touched(fleet: &mut Fleet) {
    die_after_any_byte(fleet, Case::DestroyOfReplaced).await;
}

async fn removing_a_volume_may_be_interrupted_after_any_byte_that_the_agent_writes(
    fleet: &mut Fleet,
) {
    die_after_any_byte(fleet, Case::VolumeRemove).await;
}

async fn creating_a_volume_may_be_interrupted_after_any_byte_that_the_agent_writes(
    fleet: &mut Fleet,
) {
    die_after_any_byte(fleet, Case::VolumeCreate).await;
}

/// Bytes from one operation's end to the next one's: offer, work, reports, acknowledgement.
async fn measure(fleet: &Fleet, appliance: &Appliance, case: Case) -> u64 {
    let mut points = [0; 3];
    for (number, point) in points.iter_mut().enumerate() {
        ask(fleet, appliance, case, number).await.check(fleet, appliance).await;
        *point = appliance.files.points();
    }
    (points[1] - points[0]).max(points[2] - points[1])
}

async fn die_after_any_byte(fleet: &mut Fleet, case: Case) {
    let plan = || Plan { spare_volumes: ROUNDS, ..Plan::default() };
    let crew = fleet.add_many((0..AT_ONCE).map(|_| plan())).await;
    let points = measure(fleet, &crew[0], case).await;
    let every: Vec<u64> = (0..points).collect();
    assert!(every.len() > 500 && every.len() < AT_ONCE * (ROUNDS - 4), "{points} points");

    let (mut ends, mut struck) = (Vec::new(), 0);
    for (round, points) in every.chunks(AT_ONCE).enumerate() {
        let mut asked: Vec<(&Appliance, Asked)> = Vec::new();
        for (appliance, point) in crew.iter().zip(points) {
            appliance.files.die_after(*point, death(*point));
            asked.push((appliance, ask(fleet, appliance, case, round + 3).await));
        }
        fleet.wait_for_all_ends().await;
        for (appliance, asked) in asked {
            struck += usize::from(appliance.files.death_has_struck());
            appliance.files.live_on();
            ends.push(asked.check(fleet, appliance).await);
        }
    }

    // Some deaths were meant for bytes that came after the end.
    assert!(struck * 10 > every.len() * 8, "only {struck} of {} deaths", every.len());
    for appliance in &crew {
        appliance.host.happen(Happening::AgentKilled);
    }
    eventually("all are back", async || {
        let seen = fleet.api.get("/api/v1/appliances?presence=online&limit=1").await;
        (seen["total"] == AT_ONCE).then_some(())
    })
    .await;
    check_that_ends_stay(fleet, &ends).await;
}

fn death(point: u64) -> Death {
    if point.is_multiple_of(2) { Death::Killed } else { Death::PowerCut }
}
