//! Clocks that are wrong, and disks that are full.

use std::path::PathBuf;

use domfleet_shared::operation::{Operation, OperationState};
use domfleet_tests::fleet::{Fleet, Plan, code};
use domfleet_tests::on_both_databases;
use domfleet_tests::sim::Happening;
use domfleet_tests::sim::hardware::VOLUME_GROUP;
use domfleet_tests::sim::machine::whole;
use serde_json::json;

on_both_databases![
    a_clock_that_is_years_behind_keeps_nobody_out,
    a_clock_that_is_years_ahead_is_told_to_whoever_joins,
    a_full_disk_at_the_agent_rejects_what_it_cannot_record_and_no_more,
    a_full_disk_at_the_server_takes_no_bundle_until_there_is_room,
];

const YEAR: i64 = 365 * 24 * 3600 * 1000;

fn volume(name: &str) -> Operation {
    Operation::VolumeCreate {
        volume_group: VOLUME_GROUP.into(),
        name: name.into(),
        size_bytes: 4 << 20,
        thin_pool: None,
    }
}

async fn a_clock_that_is_years_behind_keeps_nobody_out(fleet: &mut Fleet) {
    let plan = Plan { clock_ahead_milliseconds: -11 * YEAR, ..Plan::default() };

    let appliance = fleet.add(plan).await;

    fleet.succeed(&appliance, &volume("made")).await;
    fleet.succeed(&appliance, &Operation::ApplianceReboot).await;
}

async fn a_clock_that_is_years_ahead_is_told_to_whoever_joins(fleet: &mut Fleet) {
    let token = fleet.token(json!({})).await;
    let plan = Plan { clock_ahead_milliseconds: 3 * YEAR, ..Plan::default() };

    let machine = fleet.machine(&plan);
    let error = whole(&machine.join(&token, None).await.unwrap_err());

    assert!(error.contains("clock is ahead; set the clock"), "{error}");
    machine.host.set_clock_ahead(0);
    machine.join(&token, None).await.unwrap();
}

async fn a_full_disk_at_the_agent_rejects_what_it_cannot_record_and_no_more(fleet: &mut Fleet) {
    let appliance = fleet.add_appliance().await;
    appliance.files.set_size(0);

    let rejected = fleet.carry_out(&appliance, &volume("no-room")).await;

    assert_eq!(
        (rejected["state"].as_str(), code(&rejected)),
        (Some("rejected"), Some("disk_full"))
    );
    assert!(appliance.host.effects().is_empty());
    fleet.wait_for_presence(&appliance, "online").await;
    appliance.files.make_room();
    fleet.succeed(&appliance, &volume("room")).await;
}

/// A file system of our own that can be filled: a little more than the 256 MiB that the server never
/// gives to bundles. It goes with the test.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(at: PathBuf) -> Self {
        std::fs::create_dir_all(&at).unwrap();
        run("mount", &["-t", "tmpfs", "-o", "size=264m", "domfleet-test", at.to_str().unwrap()]);
        Self(at)
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        run("umount", &["--lazy", self.0.to_str().unwrap()]);
    }
}

#[expect(clippy::disallowed_methods, reason = "the tests' own machine, not an appliance")]
fn run(command: &str, arguments: &[&str]) {
    let status = std::process::Command::new(command).args(arguments).status();
    assert!(
        status.is_ok_and(|status| status.success()),
        "{command} failed: filling a disk needs one of our own, and so root; run make test as root"
    );
}

async fn a_full_disk_at_the_server_takes_no_bundle_until_there_is_room(fleet: &mut Fleet) {
    let appliance = fleet.add_appliance().await;
    // Where bundles arrive; what the server knows is on another disk, as in a real set-up.
    fleet.stop_server().await;
    let disk = SmallDisk::mount(fleet.data_dir().join("uploads"));
    fleet.start_server().await;
    fleet.wait_for_presence(&appliance, "online").await;
    let filling = disk.0.join("filling");
    std::fs::write(&filling, vec![0; 272 << 20]).unwrap_err();

    let asked = fleet.api.post(&format!("{}/bundles", appliance.path()), json!({})).await.ok();
    let id = asked["id"].as_str().unwrap();
    fleet.wait_for_state(id, OperationState::Running).await;
    // It goes on with everything else meanwhile.
    fleet.succeed(&appliance, &volume("meanwhile")).await;
    assert_eq!(fleet.operation(id).await["state"], "running");

    std::fs::remove_file(&filling).unwrap();
    // It was told to come again in ten minutes; one that starts anew comes at once.
    appliance.host.happen(Happening::AgentKilled);
    let ended = fleet.wait_for_state(id, OperationState::Succeeded).await;
    let bundle = ended["bundle_id"].as_str().unwrap();
    let bundle = fleet.api.get(&format!("/api/v1/bundles/{bundle}")).await;
    assert_eq!(bundle["state"], "complete");
    fleet.stop_server().await;
    drop(disk);
    fleet.start_server().await;
}
