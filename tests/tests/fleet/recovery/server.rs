//! The server is killed between any two states of an operation, and started again.

use domfleet_tests::fleet::{Fleet, Plan, eventually};
use domfleet_tests::link::{Link, Place};
use domfleet_tests::on_both_databases;

use super::asking::{Asked, Case, ask, check_success, check_that_ends_stay};
use super::connection::{every_cut, links, over, take_time};

on_both_databases![
    the_server_may_be_killed_between_any_two_frames_of_any_operation,
    the_server_may_be_killed_whatever_it_is_doing,
];

/// Every appliance is stopped at another frame, and then the server is killed once, for all.
async fn the_server_may_be_killed_between_any_two_frames_of_any_operation(fleet: &mut Fleet) {
    let mut cuts = Vec::new();
    for case in Case::ALL {
        let of_case = every_cut(fleet, case).await;
        // The middle of a frame is nothing to a server that dies.
        let whole = of_case.into_iter().filter(|cut| !matches!(cut.place, Place::Bytes(_)));
        cuts.extend(whole.map(|cut| (case, cut)));
    }
    let links = links(fleet, cuts.len()).await;
    let plans: Vec<Plan> = links.iter().map(over).collect();
    let crew = fleet.add_many(plans).await;
    let mut asked = Vec::new();
    for ((appliance, link), (case, cut)) in crew.iter().zip(&links).zip(&cuts) {
        take_time(appliance);
        link.arm(cut.way, cut.record, cut.place);
        asked.push(ask(fleet, appliance, *case, 0).await);
    }
    wait_until_all_are_stopped(fleet, &links, &asked).await;

    fleet.kill_server().await;
    for link in &links {
        link.cut();
    }
    fleet.start_server().await;

    fleet.wait_for_all_ends().await;
    let mut ends = Vec::new();
    for (appliance, asked) in crew.iter().zip(asked) {
        ends.push(asked.check(fleet, appliance).await);
    }
    ends.iter().for_each(check_success);
    check_that_ends_stay(fleet, &ends).await;
}

/// At their frame, or at their end where that frame did not come this time.
async fn wait_until_all_are_stopped(fleet: &Fleet, links: &[Link], asked: &[Asked]) {
    for (link, asked) in links.iter().zip(asked) {
        tokio::select! {
            () = link.struck() => {}
            _ended = fleet.end_of(&asked.id) => {}
        }
    }
}

/// The moments follow from how far the work is, and differ on every machine.
async fn the_server_may_be_killed_whatever_it_is_doing(fleet: &mut Fleet) {
    const CREW: usize = 24;
    let crew =
        fleet.add_many((0..CREW).map(|_| Plan { spare_volumes: 8, ..Plan::default() })).await;
    for (number, ended) in [0, 5, 12, 20].into_iter().enumerate() {
        let mut asked = Vec::new();
        for (index, appliance) in crew.iter().enumerate() {
            let case = Case::ALL[(index + number) % Case::ALL.len()];
            asked.push(ask(fleet, appliance, case, number).await);
        }
        eventually("some have ended", async || {
            let seen = fleet.api.get("/api/v1/operations?state=succeeded&limit=1").await;
            (seen["total"].as_u64()? >= u64::try_from(number * CREW + ended).ok()?).then_some(())
        })
        .await;

        fleet.kill_server().await;
        fleet.start_server().await;

        fleet.wait_for_all_ends().await;
        for (appliance, asked) in crew.iter().zip(&asked) {
            check_success(&asked.check(fleet, appliance).await);
        }
    }
}
