//! What the server says of why appliances freeze, held against what is known of textbooks' data.

use std::fmt::Write as _;

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use domfleet_server::db::entity::boot;
use domfleet_server::db::inventory::{self, Reporter};
use domfleet_shared::Timestamp;
use domfleet_shared::boot::{Boot, BootEnd};
use domfleet_shared::component::{Change, Component};
use domfleet_shared::id::{ApplianceId, BootId, OrganisationId};
use domfleet_shared::inventory::{Components, Content};
use sea_orm::EntityTrait as _;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::client::{Answer, Api, User};
use crate::database::{TestDatabase, on_both};
use crate::fleet;
use crate::routes::Tree;

on_both! {
    a_textbook_s_uptimes_have_the_textbook_s_values
    a_textbook_s_uptimes_have_the_textbook_s_model
    two_values_can_be_held_beside_each_other
    a_table_that_cannot_be_read_is_refused_whole_and_says_where
    a_table_can_be_forgotten
    boots_of_appliances_count_from_when_they_were_first_seen
    nobody_s_boots_are_counted_who_is_not_below
    an_appliance_is_beside_itself_before_a_mitigation_was_in_force
}

/// Months in remission of Freireich and others (1963); negative where it went on.
const SIX_MP: [i32; 21] =
    [6, 6, 6, 7, 10, 13, 16, 22, 23, -6, -9, -10, -11, -17, -19, -20, -25, -32, -32, -34, -35];
const PLACEBO: [i32; 21] = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23];

/// Brings a table.
pub(crate) async fn bring(user: &User<'_>, table: &str) -> Answer {
    let request = Request::builder()
        .method(Method::POST)
        .uri("/api/v1/reliability/imports?source=of+before")
        .header("authorization", format!("Bearer {}", user.token))
        .header("content-type", "text/csv")
        .body(Body::from(table.to_owned()))
        .unwrap();
    user.api.send(request).await
}

/// As if 6-MP and placebo were versions of Xen, and a week so many days.
fn freireich(days: i32) -> String {
    let mut table = "appliance,exit_days,end,xen\n".to_owned();
    for (xen, weeks) in [("6-MP", SIX_MP), ("placebo", PLACEBO)] {
        for (at, weeks) in weeks.into_iter().enumerate() {
            let end = if weeks < 0 { "clean" } else { "hang" };
            let days = weeks.abs() * days;
            writeln!(table, "{xen} {at},{days},{end},{xen}").unwrap();
        }
    }
    table
}

fn of_xen(found: &Value) -> Value {
    let components = found["diagnosis"]["components"].as_array().unwrap();
    components.iter().find(|report| report["component"] == "xen").unwrap().clone()
}

#[track_caller]
fn close(found: &Value, expected: f64, tolerance: f64) {
    let found = found.as_f64().unwrap_or_else(|| panic!("{found} is no number"));
    assert!((found - expected).abs() <= tolerance, "{found} is not {expected}");
}

async fn a_textbook_s_uptimes_have_the_textbook_s_values(db: TestDatabase) {
    let api = Api::start(db).await;
    let admin = api.admin().await;
    let import = bring(&admin, &freireich(1)).await.ok();
    assert_eq!((&import["rows"], &import["appliances"]), (&json!(42), &json!(42)));

    let found = admin.get("/api/v1/reliability").await.ok();

    assert_eq!(found["imported"], 42);
    let xen = of_xen(&found);
    let (six_mp, placebo) = (&xen["values"][0], &xen["values"][1]);
    assert_eq!((&six_mp["deaths"], &placebo["deaths"]), (&json!(9), &json!(21)));
    let rate = |of: &Value, rate, low, high| {
        close(&of["rate_per_1000"]["value"], rate, 5e-5);
        close(&of["rate_per_1000"]["low"], low, 5e-8);
        close(&of["rate_per_1000"]["high"], high, 5e-7);
    };
    rate(six_mp, 9000.0 / 359.0, 11.463_434_81, 47.589_981_76);
    rate(placebo, 21000.0 / 182.0, 71.424_895_52, 176.377_641_4);
    close(&placebo["compared"]["ratio"]["value"], 4.602_564_103, 5e-9);
    close(&placebo["compared"]["ratio"]["low"], 2.020_774_212, 5e-9);
    close(&placebo["compared"]["ratio"]["high"], 11.414_591_19, 5e-8);
    close(&placebo["compared"]["p"], 5.629_076_513e-5, 1e-13);
    close(&xen["log_rank"]["chi2"], 16.792_940_99, 5e-8);
    close(&xen["log_rank"]["p"], 4.168_809_109e-5, 1e-13);
    assert_eq!((&six_mp["median_days"], &placebo["median_days"]), (&json!(23.0), &json!(8.0)));
    let expected = [
        (6.0, 21, 0.857_142_857_1, 0.619_717_955_3, 0.951_551_747_6),
        (7.0, 17, 0.806_722_689_1, 0.563_146_564_6, 0.922_809_019_2),
        (10.0, 15, 0.752_941_176_5, 0.503_199_510_8, 0.889_361_835_2),
        (13.0, 12, 0.690_196_078_4, 0.431_610_222_5, 0.849_065_963_3),
        (16.0, 11, 0.627_450_980_4, 0.367_510_856_0, 0.804_912_189_5),
        (22.0, 7, 0.537_815_126_1, 0.267_778_936_8, 0.746_790_717_6),
        (23.0, 6, 0.448_179_271_7, 0.188_052_006_0, 0.680_142_628_5),
    ];
    for (days, at_risk, survival, low, high) in expected {
        let steps = six_mp["curve"].as_array().unwrap();
        let step = steps.iter().find(|step| step["days"] == days).unwrap();
        assert_eq!(step["at_risk"], at_risk);
        close(&step["survival"], survival, 1e-8);
        close(&step["low"], low, 1e-8);
        close(&step["high"], high, 1e-8);
    }
}

async fn a_textbook_s_uptimes_have_the_textbook_s_model(db: TestDatabase) {
    let api = Api::start(db).await;
    let admin = api.admin().await;
    // A hazard ratio does not know how long a week is; what is watched too briefly is not compared.
    bring(&admin, &freireich(7)).await.ok();

    let found = admin.get("/api/v1/reliability?alpha=0.01").await.ok();

    let model = &found["diagnosis"]["model"];
    let hazard = &model["tests"][0]["values"][0];
    assert_eq!((&hazard["value"], &hazard["reference"]), (&json!("placebo"), &json!("6-MP")));
    close(&hazard["cox_hazard_ratio"]["value"], 4.816_873_898, 5e-6);
    assert_eq!(
        found["diagnosis"]["verdict"]["kind"], "suspects",
        "{}",
        found["diagnosis"]["verdict"]
    );
    assert_eq!(found["diagnosis"]["verdict"]["suspects"][0]["components"], json!(["xen"]));
    let wrong = admin.get("/api/v1/reliability?alpha=2").await;
    assert_eq!(wrong.code(), "invalid");
}

async fn two_values_can_be_held_beside_each_other(db: TestDatabase) {
    let api = Api::start(db).await;
    let admin = api.admin().await;
    let third = "third 1,500,clean,third\n";
    bring(&admin, &(freireich(1) + third)).await.ok();

    let path = "/api/v1/reliability/compare?component=xen&a=6-MP&b=placebo";
    let found = admin.get(path).await.ok();

    assert_eq!(found["report"]["values"].as_array().unwrap().len(), 2);
    close(&found["report"]["log_rank"]["chi2"], 16.792_940_99, 5e-8);
    let unknown = admin.get("/api/v1/reliability/compare?component=colour&a=1&b=2").await;
    assert_eq!(unknown.code(), "invalid");
    let half = admin.get("/api/v1/reliability/compare?component=xen&a=1").await;
    assert_eq!(half.code(), "invalid");
}

async fn a_table_that_cannot_be_read_is_refused_whole_and_says_where(db: TestDatabase) {
    let api = Api::start(db).await;
    let admin = api.admin().await;
    let tables = [
        ("appliance,exit_days,end\na,5,hang\nb,five,hang\n", "line 3"),
        ("appliance,exit_days,end,colour\na,5,hang,red\n", "colour"),
        ("appliance,exit_days,end\na,5,exploded\n", "exploded"),
        ("appliance,exit_days,end\na,5,running\n", "entry_days"),
        ("appliance,exit_days,end\na\0,5,hang\n", "zero bytes"),
        ("", "appliance"),
    ];
    for (table, names) in tables {
        let answer = bring(&admin, table).await;

        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{table}");
        assert!(answer.json()["fields"].to_string().contains(names), "{table}: {}", answer.json());
    }
    assert_eq!(admin.get("/api/v1/reliability/imports").await.ok()["total"], 0);
    assert_eq!(admin.get("/api/v1/reliability").await.ok()["diagnosis"]["intervals"], 0);
}

async fn a_table_can_be_forgotten(db: TestDatabase) {
    let api = Api::start(db).await;
    let admin = api.admin().await;
    let import = bring(&admin, &freireich(1)).await.ok();
    assert_eq!(admin.get("/api/v1/reliability").await.ok()["imported"], 42);
    let listed = admin.get("/api/v1/reliability/imports").await.ok();
    assert_eq!(listed["imports"], json!([import]));

    let path = format!("/api/v1/reliability/imports/{}", import["id"].as_str().unwrap());
    assert_eq!(admin.delete(&path).await.status, StatusCode::NO_CONTENT);

    assert_eq!(admin.delete(&path).await.code(), "not_found");
    assert_eq!(admin.get("/api/v1/reliability").await.ok()["imported"], 0);
}

const DAY: u64 = 24 * 60 * 60;

/// A boot that was first seen at one uptime and ended, as if on another version of Xen, at another.
fn watched(first: u64, last: u64, end: Option<BootEnd>, xen: &str) -> Boot {
    Boot {
        boot_id: BootId::new(),
        started_at: Timestamp::from_millis(1_700_000_000_000),
        ended_at: end.map(|_| Timestamp::from_millis(1_790_000_000_000)),
        end,
        confidence: None,
        evidence: Vec::new(),
        components: Components::default(),
        first_seen_seconds: Some(first * DAY),
        last_seen_seconds: end.map(|_| last * DAY),
        changes: vec![Change {
            uptime_seconds: first * DAY,
            component: Component::Xen,
            vm: None,
            value: Some(xen.into()),
        }],
    }
}

async fn report(api: &Api, organisation: &str, appliance: Uuid, boots: Vec<Boot>) {
    boot::Entity::delete_many().exec(api.app.db.write()).await.unwrap();
    let reporter = Reporter {
        organisation: OrganisationId(organisation.parse().unwrap()),
        appliance: ApplianceId(appliance),
        epoch: 1,
    };
    let txn = api.app.db.begin().await.unwrap();
    let now = api.app.clock.now();
    inventory::store(&txn, reporter, &Content::Boots(boots), now).await.unwrap();
    txn.commit().await.unwrap();
}

async fn boots_of_appliances_count_from_when_they_were_first_seen(db: TestDatabase) {
    let api = Api::start(db).await;
    let admin = api.admin().await;
    let tree = Tree::grow(&api).await;
    let appliance = fleet::appliance(&api, &tree.vendor, "box").await;
    let boots = vec![
        watched(100, 130, Some(BootEnd::Hang), "4.6"),
        watched(0, 50, Some(BootEnd::Clean), "4.7"),
        watched(0, 20, Some(BootEnd::Unknown), "4.7"),
    ];
    report(&api, &tree.vendor, appliance.id, boots).await;

    let found = admin.get("/api/v1/reliability").await.ok();

    let xen = of_xen(&found);
    let (old, new) = (&xen["values"][0], &xen["values"][1]);
    close(&old["appliance_days"], 30.0, 1e-9);
    close(&new["appliance_days"], 70.0, 1e-9);
    assert_eq!(
        (&old["deaths"], &new["deaths"], &new["unknown"]),
        (&json!(1), &json!(0), &json!(1))
    );
    close(&new["rate_per_1000"]["value"], 0.0, 1e-12);
    close(&new["rate_per_1000_with_unknown"]["value"], 1000.0 / 70.0, 1e-9);
    assert_eq!(found["diagnosis"]["verdict"]["kind"], "not_enough");
    let none = admin.get("/api/v1/reliability?q=name%3Dnobody").await.ok();
    assert_eq!(none["diagnosis"]["intervals"], 0);
}

async fn nobody_s_boots_are_counted_who_is_not_below(db: TestDatabase) {
    let api = Api::start(db).await;
    let tree = Tree::grow(&api).await;
    let reseller = api.user(&tree.own, "operator").await;
    let sibling = api.user(&tree.sibling, "operator").await;
    let appliance = fleet::appliance(&api, &tree.sibling, "box").await;
    let boots = vec![watched(0, 50, Some(BootEnd::Hang), "4.6")];
    report(&api, &tree.sibling, appliance.id, boots).await;
    bring(&sibling, &freireich(1)).await.ok();

    let found = reseller.get("/api/v1/reliability").await.ok();
    let theirs = sibling.get("/api/v1/reliability").await.ok();

    assert_eq!((&found["imported"], &found["diagnosis"]["intervals"]), (&json!(0), &json!(0)));
    assert_eq!(theirs["diagnosis"]["intervals"], 43);
    assert_eq!(reseller.get("/api/v1/reliability/imports").await.ok()["total"], 0);
}

async fn an_appliance_is_beside_itself_before_a_mitigation_was_in_force(db: TestDatabase) {
    let api = Api::start(db).await;
    let admin = api.admin().await;
    let tree = Tree::grow(&api).await;
    let appliance = fleet::appliance(&api, &tree.vendor, "box").await;
    let with_swap = |at: i64, days, end, swap: &[(u64, &str)]| {
        let mut boot = watched(0, days, Some(end), "4.6");
        boot.started_at = Timestamp::from_millis(1_700_000_000_000 + at);
        boot.changes.extend(swap.iter().map(|(day, value)| Change {
            uptime_seconds: day * DAY,
            component: Component::Swap,
            vm: None,
            value: Some((*value).to_owned()),
        }));
        boot
    };
    let boots = vec![
        with_swap(1, 10, BootEnd::Hang, &[(0, "on")]),
        with_swap(2, 20, BootEnd::Panic, &[(0, "on")]),
        with_swap(3, 17, BootEnd::Clean, &[(0, "on"), (10, "off")]),
    ];
    report(&api, &tree.vendor, appliance.id, boots).await;

    let path = format!("/api/v1/appliances/{}/mitigations/effect", appliance.id);
    let found = admin.get(&path).await.ok();

    let effects = found["effects"].as_array().unwrap();
    assert_eq!(effects.len(), 1, "{found:#}");
    let swap = &effects[0];
    assert_eq!((&swap["which"], &swap["verdict"]), (&json!("swap"), &json!("too_short")));
    close(&swap["before"]["days"], 40.0, 1e-9);
    close(&swap["after"]["days"], 7.0, 1e-9);
    assert_eq!((&swap["before"]["deaths"], &swap["after"]["deaths"]), (&json!(2), &json!(0)));
    // Two deaths: an exact interval from 0.2422 to 7.2247 deaths (Garwood's table).
    close(&swap["before"]["rate"]["low"], 0.2422 * 25.0, 0.01);
    close(&swap["before"]["rate"]["high"], 7.2247 * 25.0, 0.01);
    let sentence = swap["sentence"].as_str().unwrap();
    assert!(sentence.starts_with("7 days after: too short to tell"), "{sentence}");
}
