//! Mitigations of 1.x appliances, by way of the operators' API: applied, in force, seen to, taken back.

use domfleet_shared::mitigation::{Mitigation, MitigationStanding, MitigationStatus as Is};
use domfleet_shared::operation::Operation;
use domfleet_tests::fleet::{Appliance, Fleet, Plan, code, eventually};
use domfleet_tests::on_both_databases;
use domfleet_tests::sim::{Fault, Happening};
use serde_json::Value;

on_both_databases![
    a_mitigation_is_in_force_after_each_boot_until_it_is_reverted,
    a_menu_that_the_vendor_s_tool_wrote_anew_raises_an_alarm_until_it_is_applied_again,
    a_power_cut_anywhere_leaves_something_that_is_finished_afterwards,
    each_release_is_offered_what_is_for_it,
];

const MENU: &str = "/boot/extlinux.conf";
const FSTAB: &str = "/etc/fstab";
const ALARM: &str = "mitigation_drifted";

async fn of_release(fleet: &mut Fleet, release: &'static str) -> Appliance {
    fleet.add(Plan { release, ..Plan::default() }).await
}

fn apply(which: Mitigation) -> Operation {
    Operation::MitigationApply { which, dry_run: false }
}

fn revert(which: Mitigation) -> Operation {
    Operation::MitigationRevert { which, dry_run: false }
}

/// What the operation says of its mitigation.
fn answer(done: &Value) -> &Value {
    &done["result"]["mitigations"][0]
}

async fn standing(
    fleet: &Fleet,
    appliance: &Appliance,
    which: Mitigation,
) -> Option<MitigationStanding> {
    let found = fleet.api.get(&format!("{}/mitigations", appliance.path())).await;
    let all: Vec<MitigationStanding> =
        serde_json::from_value(found["mitigations"].clone()).unwrap();
    all.into_iter().find(|one| one.which == which)
}

/// Waits until the server knows that it stands so.
async fn stands(
    fleet: &Fleet,
    appliance: &Appliance,
    which: Mitigation,
    status: Is,
) -> MitigationStanding {
    eventually(&format!("{which} is {status:?}"), async || {
        let found = standing(fleet, appliance, which).await?;
        (found.status == status).then_some(found)
    })
    .await
}

async fn a_mitigation_is_in_force_after_each_boot_until_it_is_reverted(fleet: &mut Fleet) {
    let appliance = of_release(fleet, "1.02").await;
    let before = [FSTAB, MENU].map(|path| appliance.host.file(path).unwrap());
    let dry = Operation::MitigationApply { which: Mitigation::Swap, dry_run: true };
    let dry = fleet.succeed(&appliance, &dry).await;
    assert!(
        answer(&dry)["files"][0]["diff"].as_str().unwrap().contains("+#/dev/sda2 swap"),
        "{dry:#}"
    );
    assert_eq!(appliance.host.file(FSTAB).unwrap(), before[0]);

    for which in Mitigation::ALL {
        let applied = fleet.succeed(&appliance, &apply(which)).await;
        assert_eq!(answer(&applied)["status"], "applied", "{applied:#}");
        assert!(
            !applied.to_string().contains("moh-4711"),
            "a secret left the appliance: {applied:#}"
        );
    }
    fleet.succeed(&appliance, &Operation::ApplianceReboot).await;

    for which in Mitigation::ALL {
        assert!(stands(fleet, &appliance, which, Is::Applied).await.ours);
    }
    eventually("the server shows it among the components", async || {
        let components = fleet.see(&appliance).await["components"].clone();
        (components["swap"] == false && components["io_scheduler"] == "noop").then_some(())
    })
    .await;
    for which in Mitigation::ALL {
        fleet.succeed(&appliance, &revert(which)).await;
        stands(fleet, &appliance, which, Is::NotApplied).await;
    }
    assert_eq!([FSTAB, MENU].map(|path| appliance.host.file(path).unwrap()), before);
    assert_eq!(appliance.host.file("/etc/sysctl.d/01-overcommit.conf"), None);
    assert_eq!(fleet.alarms(ALARM).await, (0, 0));
}

async fn a_menu_that_the_vendor_s_tool_wrote_anew_raises_an_alarm_until_it_is_applied_again(
    fleet: &mut Fleet,
) {
    let which = Mitigation::Scheduler;
    let appliance = of_release(fleet, "1.02").await;
    fleet.succeed(&appliance, &apply(which)).await;
    stands(fleet, &appliance, which, Is::Applied).await;

    appliance.host.regenerate_menu();
    appliance.host.happen(Happening::PowerCut);
    let drifted = stands(fleet, &appliance, which, Is::Drifted).await;

    assert!(drifted.reasons.join(" ").contains(MENU), "{drifted:?}");
    assert!(drifted.reasons.join(" ").contains("sda has scheduler cfq"), "{drifted:?}");
    assert_eq!(fleet.alarms(ALARM).await, (1, 1));
    fleet.succeed(&appliance, &apply(which)).await;
    stands(fleet, &appliance, which, Is::Applied).await;
    assert_eq!(fleet.alarms(ALARM).await, (1, 0));
}

async fn a_power_cut_anywhere_leaves_something_that_is_finished_afterwards(fleet: &mut Fleet) {
    let appliance = of_release(fleet, "1.02").await;
    let which = Mitigation::Scheduler;
    let before = appliance.host.file(MENU).unwrap();
    for changes in 0..8 {
        let boots = appliance.host.boots();
        appliance.host.cut_power_after(changes);
        let applied = fleet.succeed(&appliance, &apply(which)).await;
        let with = appliance.host.file(MENU).unwrap();
        appliance.host.cut_power_after(changes);
        fleet.succeed(&appliance, &revert(which)).await;

        assert_eq!(answer(&applied)["status"], "applied", "cut after {changes}: {applied:#}");
        assert_eq!(with, before.replace(" quiet ", " elevator=noop quiet "), "cut after {changes}");
        assert_eq!(appliance.host.file(MENU).unwrap(), before, "cut after {changes}");
        if changes < 3 {
            assert_eq!(appliance.host.boots(), boots + 2, "cut after {changes}");
        }
    }
}

async fn each_release_is_offered_what_is_for_it(fleet: &mut Fleet) {
    let built_in = of_release(fleet, "1.03").await;
    let second = of_release(fleet, "2.0").await;
    let first = of_release(fleet, "1.01").await;
    for which in Mitigation::ALL {
        stands(fleet, &built_in, which, Is::BuiltIn).await;
        stands(fleet, &second, which, Is::NotOffered).await;
        let refused = fleet.carry_out(&second, &apply(which)).await;
        assert_eq!(code(&refused), Some("refused"), "{refused:#}");
    }

    first.host.fault_on("swapoff", Fault::Refuse);
    let pending = fleet.succeed(&first, &apply(Mitigation::Swap)).await;

    assert_eq!(answer(&pending)["status"], "pending_reboot", "{pending:#}");
    let unknown = fleet.try_ask(&first, &apply(Mitigation::Unknown)).await;
    assert_eq!(unknown.refusal(), "invalid");
    fleet.succeed(&first, &Operation::ApplianceReboot).await;
    stands(fleet, &first, Mitigation::Swap, Is::Applied).await;
    assert_eq!(fleet.alarms(ALARM).await, (0, 0));
}
