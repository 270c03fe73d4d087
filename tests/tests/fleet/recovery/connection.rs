//! The connection is cut at any frame: before it, in the middle of it, after it, either way.

use std::time::Duration;

use domfleet_tests::fleet::{Appliance, Fleet, Plan};
use domfleet_tests::link::{Link, Place, Way};
use domfleet_tests::on_both_databases;

use super::asking::{Case, ask, check_success, check_that_ends_stay};

on_both_databases![the_connection_may_be_cut_at_any_frame_of_any_operation];

/// A frame further than any operation has.
const NEVER: u64 = 1_000_000;

/// A place where the connection is to be cut.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cut {
    pub(super) way: Way,
    pub(super) record: u64,
    pub(super) place: Place,
}

/// Every place in `case`.
pub(super) async fn every_cut(fleet: &mut Fleet, case: Case) -> Vec<Cut> {
    let link = fleet.link().await;
    let plan = Plan { link: Some(link.clone()), spare_volumes: 1, ..Plan::default() };
    let appliance = fleet.add(plan).await;
    take_time(&appliance);
    link.arm(Way::ToAgent, NEVER, Place::Before);
    ask(fleet, &appliance, case, 0).await.check(fleet, &appliance).await;
    let records = link.disarm();
    fleet.remove(&appliance).await;
    let mut cuts = Vec::new();
    for way in Way::ALL {
        // Offer and acknowledgements one way; accepted, running and the end the other.
        assert!(records[way as usize] >= 3, "{case:?}: {records:?}");
        for record in 0..records[way as usize].min(12) {
            for place in [Place::Before, Place::Bytes(40), Place::After] {
                cuts.push(Cut { way, record, place });
            }
        }
    }
    cuts
}

async fn the_connection_may_be_cut_at_any_frame_of_any_operation(fleet: &mut Fleet) {
    for case in Case::ALL {
        let cuts = every_cut(fleet, case).await;
        let links = links(fleet, cuts.len()).await;
        let plans = links.iter().map(over).collect::<Vec<_>>();
        let crew = fleet.add_many(plans).await;

        let mut asked = Vec::new();
        for ((appliance, link), cut) in crew.iter().zip(&links).zip(&cuts) {
            take_time(appliance);
            link.arm(cut.way, cut.record, cut.place);
            asked.push(ask(fleet, appliance, case, 0).await);
        }
        let cutting = futures_util::future::join_all(links.iter().map(async |link| {
            link.struck().await;
            link.cut();
        }));
        tokio::select! {
            // A frame that did not come this time has no cut.
            _all = cutting => fleet.wait_for_all_ends().await,
            () = fleet.wait_for_all_ends() => {}
        }

        let mut ends = Vec::new();
        for (appliance, asked) in crew.iter().zip(asked) {
            ends.push(asked.check(fleet, appliance).await);
        }
        ends.iter().for_each(check_success);
        check_that_ends_stay(fleet, &ends).await;
        for appliance in &crew {
            fleet.remove(appliance).await;
        }
    }
}

/// On a disk that takes its time, each thing that is told is a frame of its own.
pub(super) fn take_time(appliance: &Appliance) {
    appliance.files.set_slow(Some(Duration::from_millis(15)));
}

pub(super) async fn links(fleet: &Fleet, count: usize) -> Vec<Link> {
    let mut links = Vec::new();
    for _ in 0..count {
        links.push(fleet.link().await);
    }
    links
}

pub(super) fn over(link: &Link) -> Plan {
    Plan { link: Some(link.clone()), spare_volumes: 1, ..Plan::default() }
}
