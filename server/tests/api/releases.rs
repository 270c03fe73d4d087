//! What the vendor says of versions, and where it is heard.

use axum::http::{Method, StatusCode};
use domfleet_server::db::inventory::{self, Reporter};
use domfleet_shared::Timestamp;
use domfleet_shared::boot::Boot;
use domfleet_shared::component::{Change, Component};
use domfleet_shared::id::{ApplianceId, BootId, OrganisationId};
use domfleet_shared::inventory::{Components, Content};
use serde_json::{Value, json};

use crate::client::{Api, request};
use crate::database::{TestDatabase, on_both};
use crate::fleet;
use crate::routes::Tree;

on_both! {
    the_vendor_says_what_is_known_of_a_version_and_everybody_reads_it
    an_appliance_that_runs_a_beta_is_warned_of
    the_history_of_an_appliance_tells_what_it_was_made_of_and_when
}

fn beta() -> Value {
    json!({
        "component": "hypervisor", "version": "1.01", "state": "beta",
        "problems": ["It freezes after days or weeks."],
    })
}

async fn the_vendor_says_what_is_known_of_a_version_and_everybody_reads_it(db: TestDatabase) {
    let api = Api::start(db).await;
    let tree = Tree::grow(&api).await;
    let (vendor, reseller) = (api.admin().await, api.user(&tree.own, "admin").await);
    let put = |token: &str, said: &Value| {
        request(Method::PUT, "/api/v1/releases", Some(token), Some(said))
    };

    let first = api.send(put(&vendor.token, &beta())).await.ok();
    let mut second = beta();
    second["state"] = json!("withdrawn");
    let again = api.send(put(&vendor.token, &second)).await.ok();

    assert_eq!((&again["id"], &again["revision"]), (&first["id"], &json!(2)));
    let list = reseller.get("/api/v1/releases").await.ok();
    assert_eq!(list["releases"], json!([again]));
    assert_eq!(api.send(put(&reseller.token, &beta())).await.code(), "not_found");
    let path = format!("/api/v1/releases/{}", first["id"].as_str().unwrap());
    assert_eq!(reseller.delete(&path).await.code(), "not_found");

    assert_eq!(vendor.delete(&path).await.status, StatusCode::NO_CONTENT);
    assert_eq!(vendor.delete(&path).await.code(), "not_found");
    assert_eq!(vendor.get("/api/v1/releases").await.ok()["total"], 0);
    let nothing = json!({ "component": "xen", "version": "", "state": "beta" });
    assert_eq!(api.send(put(&vendor.token, &nothing)).await.code(), "invalid");
}

async fn an_appliance_that_runs_a_beta_is_warned_of(db: TestDatabase) {
    let api = Api::start(db).await;
    let vendor = api.admin().await;
    let me = vendor.get("/api/v1/me").await.ok();
    let organisation = me["organisation"]["id"].as_str().unwrap().to_owned();
    let mut row = fleet::row(&organisation, "old", api.app.clock.now().as_millis());
    row.hypervisor = sea_orm::ActiveValue::Set(Some("1.01".into()));
    let id = *row.id.as_ref();
    fleet::insert(&api, vec![row]).await;
    let put = request(Method::PUT, "/api/v1/releases", Some(&vendor.token), Some(&beta()));
    api.send(put).await.ok();

    let seen = vendor.get(&format!("/api/v1/appliances/{id}")).await.ok();

    let warnings = seen["warnings"].to_string();
    assert!(warnings.contains("not for production"), "{warnings}");
    assert!(warnings.contains("It freezes after days or weeks."), "{warnings}");
}

async fn the_history_of_an_appliance_tells_what_it_was_made_of_and_when(db: TestDatabase) {
    let api = Api::start(db).await;
    let vendor = api.admin().await;
    let me = vendor.get("/api/v1/me").await.ok();
    let organisation = me["organisation"]["id"].as_str().unwrap().to_owned();
    let appliance = fleet::appliance(&api, &organisation, "box").await;
    let now = api.app.clock.now();
    let change = |uptime_seconds, value: &str| Change {
        uptime_seconds,
        component: Component::QemuRunning,
        vm: None,
        value: Some(value.into()),
    };
    let boot = Boot {
        boot_id: BootId::new(),
        started_at: Timestamp::from_millis(1_000_000),
        ended_at: None,
        end: None,
        confidence: None,
        evidence: Vec::new(),
        components: Components::default(),
        first_seen_seconds: Some(30),
        last_seen_seconds: None,
        changes: vec![change(30, "2.4.0"), change(90, "2.6.1")],
    };
    let reporter = Reporter {
        organisation: OrganisationId(organisation.parse().unwrap()),
        appliance: ApplianceId(appliance.id),
        epoch: 1,
    };
    let txn = api.app.db.begin().await.unwrap();
    inventory::store(&txn, reporter, &Content::Boots(vec![boot.clone()]), now).await.unwrap();
    txn.commit().await.unwrap();

    let path = format!("/api/v1/appliances/{}", appliance.id);
    let spans = vendor.get(&format!("{path}/components")).await.ok();
    let spans: Vec<Value> = spans["spans"].as_array().unwrap().clone();
    let qemu: Vec<&Value> =
        spans.iter().filter(|span| span["component"] == "qemu_running").collect();
    assert_eq!(qemu.len(), 2, "{spans:?}");
    assert_eq!(
        (&qemu[0]["value"], &qemu[0]["from"]),
        (&json!("2.6.1"), &json!(Timestamp::from_millis(1_090_000)))
    );
    assert_eq!(
        (&qemu[1]["value"], &qemu[1]["until"]),
        (&json!("2.4.0"), &json!(Timestamp::from_millis(1_090_000)))
    );

    let boots = vendor.get(&format!("{path}/boots")).await.ok();
    let told = boots["boots"]
        .as_array()
        .unwrap()
        .iter()
        .find(|told| told["boot_id"] == json!(boot.boot_id));
    assert_eq!(told.unwrap()["changes"], json!(boot.changes));
    assert_eq!(told.unwrap()["first_seen_seconds"], 30);
}
