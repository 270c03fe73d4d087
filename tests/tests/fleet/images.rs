//! Disk images, by way of the operators' API: each kind ends as its rule says.

use domfleet_shared::image::Format;
use domfleet_shared::operation::Operation;
use domfleet_shared::operation::image::{ConvertTo, ImageAt, ImageConvert};
use domfleet_tests::fleet::{Appliance, Fleet, code, eventually};
use domfleet_tests::on_both_databases;
use serde_json::Value;

use self::bench::{Bench, names_in};
use self::kinds::{End, GOOD, Row, rows, unclean};

// The same images as those that the agent's own binary is held against.
#[expect(dead_code, reason = "volumes and full disks are tried out through the binary")]
#[path = "../../../agent/tests/image_matrix/bench.rs"]
mod bench;
#[path = "../../../agent/tests/image_matrix/kinds.rs"]
mod kinds;

on_both_databases![
    each_kind_of_image_ends_as_its_rule_says,
    an_image_that_was_not_closed_is_repaired_on_a_copy_and_inspected,
    a_conversion_that_is_cancelled_leaves_nothing,
];

fn at(bench: &Bench, name: &str) -> String {
    bench.path(name).to_str().unwrap().to_owned()
}

fn image(bench: &Bench, name: &str) -> ImageAt {
    ImageAt::Path(at(bench, name))
}

fn conversion(bench: &Bench, from: &str, to: &str, format: Format) -> Operation {
    Operation::ImageConvert(ImageConvert {
        source: image(bench, from),
        source_format: None,
        target: ConvertTo::Path(at(bench, to)),
        format,
    })
}

async fn check(fleet: &Fleet, appliance: &Appliance, bench: &Bench) -> Value {
    let check = Operation::ImageCheck { image: image(bench, "disk"), format: None };
    fleet.succeed(appliance, &check).await["result"].clone()
}

async fn each_kind_of_image_ends_as_its_rule_says(fleet: &mut Fleet) {
    let appliance = fleet.add_appliance().await;
    for Row { input, make, code: ends_with, verdict, reason, end } in rows() {
        let bench = Bench::new();
        make(&bench);
        let before = bench.names();
        let held = std::fs::read(bench.path("disk")).unwrap();

        let checked = check(fleet, &appliance, &bench).await;
        let convert = conversion(&bench, "disk", "result", Format::Raw);
        let converted = fleet.carry_out(&appliance, &convert).await;

        assert_eq!(checked["verdict"], verdict, "{input}: {checked}");
        assert_eq!(checked["convertible"], ends_with == GOOD, "{input}");
        assert!(checked["reasons"].to_string().contains(reason), "{input}: {checked}");
        match end {
            End::Converted => {
                assert_eq!(converted["state"], "succeeded", "{input}: {converted:#}");
                assert!(bench.is_same_disk("disk", "result"), "{input}");
                assert!(converted["result"]["content"].is_string(), "{input}: {converted:#}");
                std::fs::remove_file(bench.path("result")).unwrap();
            }
            End::Refused => {
                assert_eq!(converted["state"], "failed", "{input}: {converted:#}");
                assert_eq!(code(&converted), Some("unfit"), "{input}: {converted:#}");
                let why = converted["reason"]["message"].as_str().unwrap();
                assert!(why.contains(reason), "{input}: {why}");
            }
        }
        assert_eq!(bench.names(), before, "{input}");
        assert!(std::fs::read(bench.path("disk")).unwrap() == held, "{input} was written to");
    }
}

async fn an_image_that_was_not_closed_is_repaired_on_a_copy_and_inspected(fleet: &mut Fleet) {
    let appliance = fleet.add_appliance().await;
    let bench = Bench::new();
    unclean(&bench);
    let repair = Operation::ImageRepair {
        image: image(&bench, "disk"),
        format: None,
        to: at(&bench, "mended"),
        salvage: false,
    };

    let repaired = fleet.succeed(&appliance, &repair).await;
    let inspect = Operation::ImageInspect { image: image(&bench, "mended"), format: None };
    let inspected = fleet.succeed(&appliance, &inspect).await;
    let again = fleet.carry_out(&appliance, &repair).await;

    assert_eq!(repaired["result"]["original"]["verdict"], "unclean", "{repaired:#}");
    assert_eq!(inspected["result"]["verdict"], "ok", "{inspected:#}");
    assert!(bench.is_same_disk("disk", "mended"));
    assert_eq!(code(&again), Some("target"), "{again:#}");
}

async fn a_conversion_that_is_cancelled_leaves_nothing(fleet: &mut Fleet) {
    let appliance = fleet.add_appliance().await;
    let bench = Bench::new();
    bench.img(&["create", "-q", "-f", "qcow2", "disk", "2G"]);
    bench.io("disk", &["write -q -P 7 0 900M", "write -q -P 8 900M 900M"]);
    let folder = bench.path("disk").parent().unwrap().to_owned();

    // A machine with nothing else to do may be faster than the one who cancels: that one tries again.
    let mut ended = Value::Null;
    for _ in 0..10 {
        let convert = conversion(&bench, "disk", "result", Format::Qcow2);
        let id = fleet.ask(&appliance, &convert).await;
        eventually("something is written", async || {
            ["result.part", "result"].iter().any(|name| bench.path(name).exists()).then_some(())
        })
        .await;
        fleet.api.post(&format!("/api/v1/operations/{id}/cancel"), Value::Null).await;
        ended = fleet.end_of(&id).await;
        if ended["state"] != "succeeded" {
            break;
        }
        std::fs::remove_file(bench.path("result")).unwrap();
    }

    assert_eq!(ended["state"], "cancelled", "{ended:#}");
    assert_eq!(code(&ended), Some("withdrawn"));
    assert_eq!(names_in(&folder), ["disk"]);
}
