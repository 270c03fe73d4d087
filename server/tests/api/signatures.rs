//! Signs of known faults: what is looked for, and what is found in bundles.

use axum::http::StatusCode;
use domfleet_server::db::bundles::{self, NewBundle};
use domfleet_server::db::entity::bundle;
use domfleet_server::db::findings::{self, Unsearched};
use domfleet_server::domain::bundle::BundleTrigger;
use domfleet_server::tasks::Task as _;
use domfleet_server::tasks::bundle_scanner::BundleScanner;
use domfleet_shared::id::{ApplianceId, BundleId, OrganisationId};
use domfleet_shared::severity::Severity;
use domfleet_shared::signatures::Finding;
use object_store::{ObjectStoreExt as _, PutPayload};
use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait as _, EntityTrait as _};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::client::{Api, User};
use crate::database::{TestDatabase, on_both};
use crate::fleet;
use crate::routes::Tree;

on_both! {
    a_bundle_with_a_panic_is_found_and_raises_one_alarm
    what_operators_add_is_looked_for_in_the_bundles_that_are_there
    what_one_reseller_adds_another_does_not_look_for
    a_signature_that_cannot_be_looked_for_is_refused
    a_bundle_whose_bytes_are_gone_or_wrong_does_not_hold_up_the_others
    what_was_found_lately_is_listed_by_the_hours_since_then
}

/// What somebody could add.
pub(crate) fn own(id: &str) -> Value {
    json!({
        "id": id, "meaning": "The PBX has stopped.", "severity": "high",
        "patterns": [format!("{id}: asterisk exited")],
    })
}

/// A finding, for those who only list them; returns its id.
pub(crate) async fn finding(api: &Api, organisation: &str, appliance: Uuid) -> String {
    let bundle = complete(api, organisation, appliance, b"nothing").await;
    let finding = Finding {
        signature: "hung_task".into(),
        severity: Severity::High,
        file: "kernel/dmesg.txt".into(),
        line: 7,
        text: "INFO: task jbd2 blocked for more than 120 seconds.".into(),
        count: 1,
        events: 1,
        lines: vec![7],
        first_at: None,
        last_at: None,
        fingerprint: "0".into(),
        functions: Vec::new(),
        module: None,
        fields: std::collections::BTreeMap::new(),
        before: Vec::new(),
        after: Vec::new(),
    };
    let searched = Unsearched {
        id: bundle,
        organisation: OrganisationId(organisation.parse().unwrap()),
        appliance: ApplianceId(appliance),
        object: String::new(),
        was_searched: false,
    };
    let txn = api.app.db.begin().await.unwrap();
    findings::store(&txn, &searched, "test", vec![finding], api.app.clock.now()).await.unwrap();
    txn.commit().await.unwrap();
    let admin = api.admin().await;
    let found = admin.get(&format!("/api/v1/findings?bundle={bundle}")).await.ok();
    found["findings"][0]["id"].as_str().unwrap().to_owned()
}

/// A bundle that is here, with these bytes.
async fn complete(api: &Api, organisation: &str, appliance: Uuid, bytes: &[u8]) -> BundleId {
    let id = BundleId::new();
    let now = api.app.clock.now();
    let new = NewBundle {
        id,
        organisation: OrganisationId(organisation.parse().unwrap()),
        appliance: ApplianceId(appliance),
        operation: None,
        trigger: BundleTrigger::UncleanBoot,
        note: String::new(),
        keep_until: now + std::time::Duration::from_hours(24),
        now,
    };
    let txn = api.app.db.begin().await.unwrap();
    bundles::insert(&txn, new).await.unwrap();
    txn.commit().await.unwrap();
    let name = format!("bundles/{id}");
    let object = object_store::path::Path::from(name.clone());
    api.app.objects.put(&object, PutPayload::from(bytes.to_vec())).await.unwrap();
    let row = bundle::Entity::find_by_id(id.0).one(api.app.db.read()).await.unwrap().unwrap();
    let mut row = bundle::ActiveModel::from(row);
    row.state = Set("complete".into());
    row.object = Set(Some(name));
    row.completed_at = Set(Some(now.as_millis()));
    row.update(api.app.db.write()).await.unwrap();
    id
}

/// As an agent packs it: each entry a zstd frame of its own.
fn packed(files: &[(&str, &str)]) -> Vec<u8> {
    let mut packed = Vec::new();
    for (path, text) in files {
        let mut header = tar::Header::new_ustar();
        header.set_path(path).unwrap();
        header.set_size(text.len() as u64);
        header.set_cksum();
        let mut entry = header.as_bytes().to_vec();
        entry.extend(text.as_bytes());
        entry.resize(entry.len().next_multiple_of(512), 0);
        packed.extend(zstd::bulk::compress(&entry, 3).unwrap());
    }
    packed.extend(zstd::bulk::compress(&[0; 1024], 3).unwrap());
    packed
}

/// Its last bytes never came to the disk.
const PANIC: &str =
    "<6>[    1.0] booting\n<0>[  99.5] Kernel panic - not syncing: sysrq triggered crash\0\0\n\0\0";

async fn scan(api: &Api) -> usize {
    BundleScanner::new(api.app.clone()).run().await.unwrap().bundles
}

async fn found(user: &User<'_>, bundle: BundleId) -> Vec<Value> {
    let found = user.get(&format!("/api/v1/findings?bundle={bundle}")).await.ok();
    found["findings"].as_array().unwrap().clone()
}

async fn a_bundle_with_a_panic_is_found_and_raises_one_alarm(db: TestDatabase) {
    let api = Api::start(db).await;
    let tree = Tree::grow(&api).await;
    let reseller = api.user(&tree.own, "viewer").await;
    let appliance = fleet::appliance(&api, &tree.own, "box").await.id;
    let files =
        [("pstore/dmesg.txt", PANIC), ("agent/boots.json", PANIC), ("a.txt", "all is well")];
    let bundle = complete(&api, &tree.own, appliance, &packed(&files)).await;

    assert_eq!(scan(&api).await, 1);

    let findings = found(&reseller, bundle).await;
    assert_eq!(findings.len(), 1, "{findings:?}");
    let finding = &findings[0];
    assert_eq!(finding["signature"], "kernel_panic");
    assert_eq!((&finding["severity"], &finding["line"]), (&json!("fatal"), &json!(2)));
    assert_eq!(finding["file"], "pstore/dmesg.txt");
    let alarms = reseller.get("/api/v1/alarms?kind=fatal_finding").await.ok();
    assert_eq!(alarms["total"], 1);
    assert_eq!(alarms["alarms"][0]["appliance"]["id"], json!(appliance));
    let path = format!("/api/v1/alarms/{}/clear", alarms["alarms"][0]["id"].as_str().unwrap());
    assert_eq!(reseller.post(&path, &json!({})).await.code(), "needs_role");
    let operator = api.user(&tree.own, "operator").await;
    assert_eq!(operator.post(&path, &json!({})).await.status, StatusCode::NO_CONTENT);
    assert_eq!(operator.post(&path, &json!({})).await.code(), "not_found", "it is over");
    assert_eq!(scan(&api).await, 0, "it was searched");
    let listed = reseller.get("/api/v1/signatures").await.ok();
    let panics = listed["signatures"].as_array().unwrap().iter();
    let panic = panics.clone().find(|signature| signature["id"] == "kernel_panic").unwrap();
    assert_eq!((&panic["bundles"], &panic["appliances"]), (&json!(1), &json!(1)));
    assert!(panics.len() >= 30);
}

async fn what_operators_add_is_looked_for_in_the_bundles_that_are_there(db: TestDatabase) {
    let api = Api::start(db).await;
    let tree = Tree::grow(&api).await;
    let reseller = api.user(&tree.own, "operator").await;
    let appliance = fleet::appliance(&api, &tree.child, "box").await.id;
    let log = [("log/messages", "pbx_down: asterisk exited on signal 11\n"), ("p", PANIC)];
    let bundle = complete(&api, &tree.child, appliance, &packed(&log)).await;
    assert_eq!(scan(&api).await, 1);
    assert_eq!(found(&reseller, bundle).await.len(), 1);

    let added = reseller.post("/api/v1/signatures", &own("pbx_down")).await.ok();

    assert_eq!(scan(&api).await, 1, "it is searched again");
    let findings = found(&reseller, bundle).await;
    let signatures: Vec<&Value> = findings.iter().map(|found| &found["signature"]).collect();
    assert_eq!(signatures, ["kernel_panic", "pbx_down"]);
    let alarms = reseller.get("/api/v1/alarms?kind=fatal_finding").await.ok();
    assert_eq!(alarms["total"], 1, "what was told once is not told again");

    let path = format!("/api/v1/signatures/{}", added["own"]["id"].as_str().unwrap());
    assert_eq!(reseller.delete(&path).await.status, StatusCode::NO_CONTENT);
    assert_eq!(scan(&api).await, 1);
    assert_eq!(found(&reseller, bundle).await.len(), 1);
}

async fn what_one_reseller_adds_another_does_not_look_for(db: TestDatabase) {
    let api = Api::start(db).await;
    let tree = Tree::grow(&api).await;
    let (reseller, other) =
        (api.user(&tree.own, "operator").await, api.user(&tree.sibling, "operator").await);
    reseller.post("/api/v1/signatures", &own("pbx_down")).await.ok();
    let appliance = fleet::appliance(&api, &tree.sibling, "box").await.id;
    let log = b"pbx_down: asterisk exited\n";
    let bundle = complete(&api, &tree.sibling, appliance, log).await;

    assert_eq!(scan(&api).await, 1);

    assert!(found(&other, bundle).await.is_empty());
    let listed = other.get("/api/v1/signatures").await.ok();
    assert!(!listed.to_string().contains("pbx_down"));
}

async fn a_signature_that_cannot_be_looked_for_is_refused(db: TestDatabase) {
    let api = Api::start(db).await;
    let admin = api.admin().await;
    let with = |field: &str, value: Value| {
        let mut signature = own("pbx_down");
        signature[field] = value;
        signature
    };
    for signature in [
        with("patterns", json!(["("])),
        with("patterns", json!([".*"])),
        with("patterns", json!([])),
        with("severity", json!("dreadful")),
        with("id", json!("Has Blanks")),
        with("id", json!("kernel_panic")),
        with("samples", json!(["something else"])),
    ] {
        let answer = admin.post("/api/v1/signatures", &signature).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{signature}");
    }
    admin.post("/api/v1/signatures", &own("pbx_down")).await.ok();
    assert_eq!(admin.post("/api/v1/signatures", &own("pbx_down")).await.code(), "taken");
}

async fn a_bundle_whose_bytes_are_gone_or_wrong_does_not_hold_up_the_others(db: TestDatabase) {
    let api = Api::start(db).await;
    let tree = Tree::grow(&api).await;
    let admin = api.admin().await;
    let appliance = fleet::appliance(&api, &tree.own, "box").await.id;
    let whole = packed(&[("p", PANIC), ("q", "end")]);
    let good = complete(&api, &tree.own, appliance, &whole).await;
    let gone = complete(&api, &tree.own, appliance, b"x").await;
    let object = object_store::path::Path::from(format!("bundles/{gone}"));
    api.app.objects.delete(&object).await.unwrap();
    let cut = complete(&api, &tree.own, appliance, &whole[..whole.len() - 20]).await;
    let garbage = complete(&api, &tree.own, appliance, &[0x28, 0xb5, 0x2f, 0xfd, 9, 9, 9]).await;

    assert_eq!(scan(&api).await, 4);
    assert_eq!(scan(&api).await, 0);

    assert_eq!(found(&admin, good).await.len(), 1);
    assert_eq!(found(&admin, cut).await.len(), 1, "what was before the cut counts");
    assert!(found(&admin, gone).await.is_empty() && found(&admin, garbage).await.is_empty());
}

async fn what_was_found_lately_is_listed_by_the_hours_since_then(db: TestDatabase) {
    let api = Api::start(db).await;
    let tree = Tree::grow(&api).await;
    let appliance = fleet::appliance(&api, &tree.own, "box").await.id;
    let early = finding(&api, &tree.own, appliance).await;
    api.app.clock.advance(std::time::Duration::from_hours(30));
    let late = finding(&api, &tree.own, appliance).await;
    let admin = api.admin().await;
    let ids = async |q: &str| {
        let page = admin.get(&format!("/api/v1/findings?sort=found_at&q={q}")).await.ok();
        let rows = page["findings"].as_array().unwrap().clone();
        rows.iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };

    assert_eq!(ids("found%3C24").await, [late.as_str()]);
    assert_eq!(ids("found%3D30").await, [early.as_str()]);
    assert_eq!(ids("found%3C31").await, [early.as_str(), late.as_str()]);
}
