//! Backups on a schedule.

use std::time::Duration;

use domfleet_server::db::entity::{inventory, operation};
use domfleet_server::tasks::Task as _;
use domfleet_server::tasks::deadlines::Deadlines;
use domfleet_server::tasks::schedules::Schedules;
use domfleet_shared::Timestamp;
use domfleet_shared::id::{DriveId, VmId};
use domfleet_shared::inventory::{Vm, VmState};
use domfleet_shared::usb::{DriveIdentity, PartitionTable, Usage, UsbDrive, UsbHardware};
use sea_orm::ActiveValue::Set;
use sea_orm::{
    ActiveModelTrait as _, ColumnTrait as _, EntityTrait as _, PaginatorTrait as _,
    QueryFilter as _,
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::client::{Api, User};
use crate::database::{TestDatabase, on_both};
use crate::fleet;
use crate::routes::Tree;

on_both! {
    each_appliance_is_asked_once_at_its_time_whoever_else_looks
    an_appliance_that_cannot_be_asked_is_told_of_with_its_reason
    one_backup_is_made_for_all_times_that_were_missed
    what_passes_while_a_schedule_is_paused_is_not_made_up_for
    only_what_its_author_may_see_is_backed_up_and_nothing_once_they_may_not
    the_clock_of_each_site_says_when_it_is_time
    what_waits_for_another_operation_is_tried_again_and_told_of_after_an_hour
    a_schedule_is_changed_and_removed_and_its_backups_stay
    what_cannot_be_meant_is_refused_by_its_field
}

const PATH: &str = "/api/v1/backup-schedules";
const HOUR: Duration = Duration::from_hours(1);

/// What most of them say.
pub(crate) fn nightly() -> Value {
    json!({ "name": "nightly", "filter": "", "when": { "at": "02:30" }, "keep": { "last": 7 } })
}

async fn start(db: TestDatabase) -> (Api, String) {
    let api = Api::start(db).await;
    let me = api.admin().await.get("/api/v1/me").await.ok();
    let organisation = me["organisation"]["id"].as_str().unwrap().to_owned();
    (api, organisation)
}

fn drive() -> UsbDrive {
    let id = DriveId::new();
    UsbDrive {
        path: "/dev/sdb".into(),
        size_bytes: 64 << 30,
        hardware: UsbHardware::default(),
        read_only: false,
        table: PartitionTable::Gpt,
        content: None,
        mounted_at: Vec::new(),
        partitions: Vec::new(),
        usage: Usage::Ours { drive: id },
        identity: DriveIdentity { drive: Some(id), ..DriveIdentity::default() },
    }
}

/// An appliance with a VM that is off, and so many drives.
async fn appliance(api: &Api, organisation: &str, name: &str, drives: usize) -> Uuid {
    let made = fleet::appliance(api, organisation, name).await;
    let vm = Vm {
        uuid: VmId::new(),
        name: "pbx".into(),
        state: VmState::Off,
        domid: None,
        memory_bytes: 1 << 30,
        vcpus: 1,
        disks: Vec::new(),
        macs: Vec::new(),
        qemu_running: None,
        config_path: Some("/etc/xen/pbx.cfg".into()),
        managed: true,
        autostart: None,
        started_at: None,
    };
    let key = (made.id, "vms".to_owned());
    let row = inventory::Entity::find_by_id(key).one(api.app.db.read()).await.unwrap().unwrap();
    let organisation = row.organisation_id;
    let mut row = inventory::ActiveModel::from(row);
    row.document = Set(json!([vm]));
    row.update(api.app.db.write()).await.unwrap();
    let drives: Vec<UsbDrive> = std::iter::repeat_with(drive).take(drives).collect();
    let section = inventory::ActiveModel {
        appliance_id: Set(made.id),
        section: Set("usb".into()),
        organisation_id: Set(organisation),
        digest: Set("x".into()),
        document: Set(json!(drives)),
        at: Set(0),
    };
    section.insert(api.app.db.write()).await.unwrap();
    made.id
}

async fn look(api: &Api) -> usize {
    Schedules(api.app.clone()).run().await.unwrap()
}

async fn create(user: &User<'_>, plan: &Value) -> String {
    let made = user.post(PATH, plan).await.ok();
    made["id"].as_str().unwrap().to_owned()
}

async fn show(api: &Api, id: &str) -> Value {
    api.admin().await.get(&format!("{PATH}/{id}")).await.ok()
}

async fn runs(api: &Api, id: &str) -> Vec<Value> {
    let found = api.admin().await.get(&format!("{PATH}/{id}/runs")).await.ok();
    found["runs"].as_array().unwrap().clone()
}

/// Waits, by the server's clock, until the next time of the schedule.
async fn until_next(api: &Api, id: &str) {
    let schedule = show(api, id).await;
    let next: Timestamp = serde_json::from_value(schedule["next"][0]["at"][0].clone()).unwrap();
    api.app.clock.advance(next.since(api.app.clock.now()) + Duration::from_secs(1));
}

async fn backups(api: &Api) -> u64 {
    let found = operation::Entity::find();
    let found = found.filter(operation::Column::Kind.eq("backup_create"));
    found.count(api.app.db.read()).await.unwrap()
}

async fn each_appliance_is_asked_once_at_its_time_whoever_else_looks(db: TestDatabase) {
    let (api, organisation) = start(db).await;
    for name in ["one", "two"] {
        appliance(&api, &organisation, name, 1).await;
    }
    let mut plan = nightly();
    (plan["encrypted"], plan["parity"]) = (json!(true), json!(true));
    let id = create(&api.admin().await, &plan).await;

    assert_eq!((look(&api).await, backups(&api).await), (0, 0), "it is not time yet");
    until_next(&api, &id).await;
    let (a, b) = tokio::join!(look(&api), look(&api));
    assert_eq!((a + b, look(&api).await), (2, 0));

    assert_eq!(backups(&api).await, 2);
    let runs = runs(&api, &id).await;
    assert_eq!(runs.len(), 2, "{runs:#?}");
    for run in &runs {
        assert_eq!((&run["outcome"], &run["state"]), (&json!("asked"), &json!("queued")));
        assert_eq!(run["missed"], 0);
    }
    let admin = api.admin().await;
    let asked = runs[0]["operation_id"].as_str().unwrap();
    let operation = admin.get(&format!("/api/v1/operations/{asked}")).await.ok();
    let said = &operation["operation"];
    assert_eq!((&said["snapshot"], &said["shut_down"]), (&json!(true), &json!(false)));
    assert_eq!((&said["keep"]["last"], said["vms"].as_array().unwrap().len()), (&json!(7), 1));
    assert_eq!(said["parity"], json!(true));
    assert!(said["key"]["id"].is_string(), "it has a key of the server's: {said:#}");
    assert!(operation["requested_by"]["email"].is_string(), "{operation:#}");
    let last = show(&api, &id).await["last"].clone();
    assert_eq!((&last["unfinished"], &last["failed"]), (&json!(2), &json!(0)));
}

async fn an_appliance_that_cannot_be_asked_is_told_of_with_its_reason(db: TestDatabase) {
    let (api, organisation) = start(db).await;
    for (name, drives) in [("none", 0), ("both", 2), ("fine", 1)] {
        appliance(&api, &organisation, name, drives).await;
    }
    let id = create(&api.admin().await, &nightly()).await;
    until_next(&api, &id).await;

    look(&api).await;
    look(&api).await;

    assert_eq!(backups(&api).await, 1);
    let path = format!("{PATH}/{id}/runs?latest=true");
    let latest = api.admin().await.get(&path).await.ok();
    let told: Vec<_> = latest["runs"].as_array().unwrap().iter().collect();
    let told = told.iter().map(|run| (run["appliance"]["name"].as_str(), &run["reason"]["code"]));
    let expected = [
        (Some("both"), &json!("several_drives")),
        (Some("none"), &json!("no_drive")),
        (Some("fine"), &Value::Null),
    ];
    assert_eq!(told.collect::<Vec<_>>(), expected, "{latest:#}");
    assert!(latest["runs"][0]["what_to_do"].is_string());
    let last = show(&api, &id).await["last"].clone();
    assert_eq!((&last["refused"], &last["unfinished"]), (&json!(2), &json!(1)));
}

async fn one_backup_is_made_for_all_times_that_were_missed(db: TestDatabase) {
    let (api, organisation) = start(db).await;
    appliance(&api, &organisation, "box", 1).await;
    let id = create(&api.admin().await, &nightly()).await;
    until_next(&api, &id).await;
    // Nobody was there to look.
    api.app.clock.advance(3 * 24 * HOUR);

    look(&api).await;
    look(&api).await;

    let runs = runs(&api, &id).await;
    assert_eq!((runs.len(), &runs[0]["missed"]), (1, &json!(3)), "{runs:#?}");
    assert_eq!(backups(&api).await, 1);
}

async fn what_passes_while_a_schedule_is_paused_is_not_made_up_for(db: TestDatabase) {
    let (api, organisation) = start(db).await;
    appliance(&api, &organisation, "box", 1).await;
    let id = create(&api.admin().await, &nightly()).await;
    let pause = async |paused: bool| {
        let admin = api.admin().await;
        admin.patch(&format!("{PATH}/{id}"), &json!({ "paused": paused })).await.ok()
    };
    let paused = pause(true).await;
    api.app.clock.advance(3 * 24 * HOUR);

    let while_paused = look(&api).await;
    pause(false).await;
    let afterwards = look(&api).await;
    until_next(&api, &id).await;
    let next = look(&api).await;

    assert_eq!((&paused["paused"], &paused["next"]), (&json!(true), &json!([])));
    assert_eq!((while_paused, afterwards, next), (0, 0, 1));
    assert_eq!(runs(&api, &id).await[0]["missed"], 0);
}

async fn only_what_its_author_may_see_is_backed_up_and_nothing_once_they_may_not(db: TestDatabase) {
    let api = Api::start(db).await;
    let tree = Tree::grow(&api).await;
    for (relation, organisation, _) in tree.all() {
        appliance(&api, organisation, relation, 1).await;
    }
    let reseller = api.user(&tree.own, "operator").await;
    let id = create(&reseller, &nightly()).await;
    let me = reseller.get("/api/v1/me").await.ok();
    until_next(&api, &id).await;

    look(&api).await;
    let mut names: Vec<String> = runs(&api, &id)
        .await
        .iter()
        .map(|run| run["appliance"]["name"].as_str().unwrap().to_owned())
        .collect();
    names.sort();
    // Whoever has left asks nothing any more.
    let path = format!("/api/v1/operators/{}", me["id"].as_str().unwrap());
    api.admin().await.patch(&path, &json!({ "disabled": true })).await.ok();
    api.app.clock.advance(24 * HOUR);
    // What waits for its appliance since yesterday is given up.
    Deadlines(api.app.clone()).run().await.unwrap();
    let afterwards = look(&api).await;

    assert_eq!(names, ["child", "own"]);
    assert_eq!((afterwards, backups(&api).await), (0, 2));
    let shown = show(&api, &id).await;
    assert!(shown["trouble"].as_str().unwrap().contains("may not ask"), "{shown:#}");
    // Somebody of the same organisation takes it over.
    let next = api.user(&tree.own, "operator").await;
    let path = format!("{PATH}/{id}");
    let taken = next.patch(&path, &json!({ "paused": false })).await.ok();
    assert_eq!(taken["trouble"], Value::Null);
    assert_eq!(look(&api).await, 2);
    // A stranger does not see it at all.
    let sibling = api.user(&tree.sibling, "admin").await;
    assert_eq!(sibling.get(&path).await.code(), "not_found");
    assert_eq!(sibling.delete(&path).await.code(), "not_found");
}

async fn the_clock_of_each_site_says_when_it_is_time(db: TestDatabase) {
    let (api, organisation) = start(db).await;
    let admin = api.admin().await;
    let mut boxes = Vec::new();
    for (name, zone) in [("tokyo", "Asia/Tokyo"), ("seattle", "America/Los_Angeles")] {
        let site = json!({ "name": name, "time_zone": zone });
        let site = admin.post("/api/v1/sites", &site).await.ok();
        let id = appliance(&api, &organisation, name, 1).await;
        let patch = json!({ "site_id": site["id"] });
        admin.patch(&format!("/api/v1/appliances/{id}"), &patch).await.ok();
        boxes.push(id);
    }
    let nowhere = json!({ "name": "nowhere", "time_zone": "Pacific/Atlantis" });
    assert_eq!(admin.post("/api/v1/sites", &nowhere).await.code(), "invalid");
    let preview = admin.post(&format!("{PATH}/preview"), &nightly()).await.ok();
    let id = create(&admin, &nightly()).await;

    // There are seven or eight hours between the two.
    let mut first = None;
    for _ in 0..26 {
        if look(&api).await > 0 {
            first = Some(runs(&api, &id).await);
            break;
        }
        api.app.clock.advance(HOUR);
    }

    assert_eq!(preview["appliances"], 2);
    let zones: Vec<_> = preview["next"].as_array().unwrap().iter().collect();
    let zones: Vec<_> = zones.iter().map(|next| next["time_zone"].as_str().unwrap()).collect();
    assert_eq!(zones, ["America/Los_Angeles", "Asia/Tokyo"]);
    assert_eq!(preview["next"][0]["at"].as_array().unwrap().len(), 3);
    assert_eq!(first.unwrap().len(), 1);
}

async fn what_waits_for_another_operation_is_tried_again_and_told_of_after_an_hour(
    db: TestDatabase,
) {
    let (api, organisation) = start(db).await;
    let id = appliance(&api, &organisation, "box", 1).await;
    let reboot = json!({
        "operation": { "kind": "appliance_reboot" }, "confirm": "box",
        "expires_in_seconds": 2_000_000,
    });
    let path = format!("/api/v1/appliances/{id}/operations");
    api.admin().await.post(&path, &reboot).await.ok();
    let schedule = create(&api.admin().await, &nightly()).await;
    until_next(&api, &schedule).await;

    let first = (look(&api).await, runs(&api, &schedule).await.len());
    api.app.clock.advance(HOUR);
    look(&api).await;

    assert_eq!(first, (0, 0));
    let runs = runs(&api, &schedule).await;
    assert_eq!(runs[0]["reason"]["code"], "locked", "{runs:#?}");
}

async fn a_schedule_is_changed_and_removed_and_its_backups_stay(db: TestDatabase) {
    let (api, organisation) = start(db).await;
    appliance(&api, &organisation, "box", 1).await;
    let id = create(&api.admin().await, &nightly()).await;
    until_next(&api, &id).await;
    look(&api).await;
    let admin = api.admin().await;
    let path = format!("{PATH}/{id}");
    let mut plan = nightly();
    plan["when"] = json!({ "at": "22:00", "days": ["saturday"], "spread_minutes": 30 });
    plan["how"] = json!("shut_down");

    let changed = admin.patch(&path, &json!({ "plan": plan })).await.ok();
    let listed = admin.get(PATH).await.ok();
    assert!(admin.delete(&path).await.status.is_success());

    assert_eq!(changed["plan"]["when"]["days"], json!(["saturday"]));
    assert_eq!((&changed["version"], &listed["total"]), (&json!(2), &json!(1)));
    assert_eq!(admin.get(&path).await.code(), "not_found");
    assert_eq!((look(&api).await, backups(&api).await), (0, 1));
    let audit = admin.get("/api/v1/audit?action=backup_schedule.remove").await.ok();
    assert_eq!(audit["total"], 1);
}

async fn what_cannot_be_meant_is_refused_by_its_field(db: TestDatabase) {
    let (api, _) = start(db).await;
    let admin = api.admin().await;
    let refused = async |field: &str, value: Value| {
        let mut plan = nightly();
        plan[field] = value;
        admin.post(PATH, &plan).await
    };

    let nobody = refused("appliances", json!([Uuid::new_v4()])).await;
    assert_eq!(nobody.json()["fields"]["filter"], "either filter or appliances is needed");
    assert_eq!(refused("filter", json!("colour=red")).await.code(), "invalid_filter");
    assert_eq!(refused("when", json!({ "at": "2:30" })).await.code(), "malformed");
    assert!(refused("keep", json!({})).await.json()["fields"]["keep"].is_string());
    let mut named = nightly();
    named["filter"] = Value::Null;
    named["appliances"] = json!([Uuid::new_v4()]);
    let missing = admin.post(PATH, &named).await;
    assert!(missing.json()["fields"]["appliances"].is_string());
}
