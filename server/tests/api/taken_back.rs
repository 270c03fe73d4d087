//! What was asked of many appliances: the table, and taking it back; and the order that the tables of
//! operations, sets and drives are looked at in.

use domfleet_server::db::alarms::{self, AlarmKind};
use domfleet_server::db::entity::{backup_set, bulk_item, operation};
use domfleet_shared::usb::Usage;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};
use serde_json::{Value, json};

use crate::client::{Api, User};
use crate::database::{TestDatabase, on_both};
use crate::fleet;

on_both! {
    what_was_asked_of_many_is_taken_back_where_nobody_has_begun
    what_has_begun_is_taken_back_only_where_that_is_said
    who_was_not_asked_yet_is_not_asked_any_more
    what_was_asked_of_many_is_listed_with_how_far_it_is
    what_has_failed_comes_before_what_goes_on_and_that_before_what_is_over
    sets_and_drives_are_found_by_what_they_are_worth
    alarms_that_are_not_over_are_found_among_those_that_are
}

async fn start(db: TestDatabase, appliances: usize) -> (Api, String) {
    let api = Api::start(db).await;
    let me = api.admin().await.get("/api/v1/me").await.ok();
    let organisation = me["organisation"]["id"].as_str().unwrap().to_owned();
    for n in 0..appliances {
        fleet::appliance(&api, &organisation, &format!("box-{n}")).await;
    }
    (api, organisation)
}

async fn ask_all(user: &User<'_>) -> Value {
    let all = json!({ "filter": "", "operation": { "kind": "debug_bundle" } });
    user.post("/api/v1/operations", &all).await.ok()
}

fn path(bulk: &Value) -> String {
    format!("/api/v1/bulks/{}", bulk["id"].as_str().unwrap())
}

/// Puts the bulk's operations into these states, as if their agents had said so.
async fn set_states(api: &Api, bulk: &Value, states: &[&str]) {
    let results = bulk["results"].as_array().unwrap();
    for (result, state) in results.iter().zip(states) {
        let id: uuid::Uuid = result["operation_id"].as_str().unwrap().parse().unwrap();
        operation::Entity::update_many()
            .col_expr(operation::Column::State, Expr::value(*state))
            .filter(operation::Column::Id.eq(id))
            .exec(api.app.db.write())
            .await
            .unwrap();
    }
}

async fn what_was_asked_of_many_is_taken_back_where_nobody_has_begun(db: TestDatabase) {
    let (api, _) = start(db, 5).await;
    let admin = api.admin().await;
    let asked = ask_all(&admin).await;
    set_states(&api, &asked, &["queued", "offered", "running", "succeeded", "failed"]).await;

    let done = admin.post(&format!("{}/cancel", path(&asked)), &json!({})).await.ok();

    assert_eq!(done, json!({ "withdrawn": 0, "cancelled": 1, "cancelling": 1 }));
    let counts = admin.get(&path(&asked)).await.ok()["counts"].take();
    let expected =
        json!({ "cancelled": 1, "cancelling": 1, "running": 1, "succeeded": 1, "failed": 1 });
    assert_eq!(counts, expected);
    let again = admin.post(&format!("{}/cancel", path(&asked)), &json!({})).await.ok();
    assert_eq!(again, json!({ "withdrawn": 0, "cancelled": 0, "cancelling": 0 }));
    let audit = admin.get("/api/v1/audit?action=bulk.cancel").await.ok();
    assert_eq!(audit["audit"][1]["after"]["done"]["cancelled"], 1, "{audit:#}");
}

async fn what_has_begun_is_taken_back_only_where_that_is_said(db: TestDatabase) {
    let (api, _) = start(db, 3).await;
    let admin = api.admin().await;
    let asked = ask_all(&admin).await;
    set_states(&api, &asked, &["running", "accepted", "succeeded"]).await;
    let cancel = format!("{}/cancel", path(&asked));

    let nothing = admin.post(&cancel, &json!({ "begun": false })).await.ok();
    let done = admin.post(&cancel, &json!({ "begun": true })).await.ok();

    assert_eq!(nothing["cancelling"], 0);
    assert_eq!(done["cancelling"], 2, "{done:#}");
    let mistyped = admin.post(&cancel, &json!({ "begin": true })).await.status;
    assert!(mistyped.is_client_error(), "{mistyped}");
}

async fn who_was_not_asked_yet_is_not_asked_any_more(db: TestDatabase) {
    let (api, _) = start(db, 2).await;
    let admin = api.admin().await;
    let asked = ask_all(&admin).await;
    // One as it was before it had been asked.
    let first: uuid::Uuid = asked["results"][0]["operation_id"].as_str().unwrap().parse().unwrap();
    bulk_item::Entity::update_many()
        .col_expr(bulk_item::Column::Outcome, Expr::value("pending"))
        .col_expr(bulk_item::Column::OperationId, Expr::value(None::<uuid::Uuid>))
        .filter(bulk_item::Column::OperationId.eq(first))
        .exec(api.app.db.write())
        .await
        .unwrap();
    let id = asked["id"].as_str().unwrap().parse().unwrap();

    let done = admin.post(&format!("{}/cancel", path(&asked)), &json!({})).await.ok();
    let later = domfleet_server::bulk::proceed(&api.app, id, std::time::Duration::from_mins(1));

    assert_eq!(done["withdrawn"], 1, "{done:#}");
    assert_eq!(later.await.unwrap(), 0);
    let seen = admin.get(&path(&asked)).await.ok();
    assert_eq!(seen["results"][0]["reason"]["code"], "cancelled", "{seen:#}");
    assert_eq!(seen["done"], true);
}

async fn what_was_asked_of_many_is_listed_with_how_far_it_is(db: TestDatabase) {
    let (api, _) = start(db, 3).await;
    let admin = api.admin().await;
    let first = ask_all(&admin).await;
    set_states(&api, &first, &["succeeded", "succeeded", "failed"]).await;
    let nobody = json!({ "kind": "vm_start", "vm": uuid::Uuid::new_v4() });
    let refused = json!({ "filter": "name=box-0", "operation": nobody });
    let second = admin.post("/api/v1/operations", &refused).await.ok();
    let third = ask_all(&admin).await;

    let listed = admin.get("/api/v1/bulks?sort=created_at").await.ok();
    let bundles = admin.get("/api/v1/bulks?kind=debug_bundle&limit=1").await.ok();

    let rows = listed["bulks"].as_array().unwrap();
    let ids: Vec<&Value> = rows.iter().map(|row| &row["id"]).collect();
    assert_eq!(ids, [&first["id"], &second["id"], &third["id"]]);
    assert_eq!(rows[0]["counts"], json!({ "succeeded": 2, "failed": 1 }));
    assert_eq!((&rows[0]["done"], &rows[0]["total"]), (&json!(true), &json!(3)));
    assert_eq!(rows[1]["counts"], json!({ "refused": 1 }));
    assert_eq!((&rows[1]["filter"], &rows[1]["kind"]), (&json!("name=box-0"), &json!("vm_start")));
    assert_eq!(rows[2]["done"], false);
    assert_eq!((&bundles["total"], bundles["next"].is_string()), (&json!(2), true));
    assert_eq!(bundles["bulks"][0]["id"], third["id"]);
}

async fn what_has_failed_comes_before_what_goes_on_and_that_before_what_is_over(db: TestDatabase) {
    let (api, _) = start(db, 6).await;
    let admin = api.admin().await;
    let asked = ask_all(&admin).await;
    let states = ["succeeded", "running", "lost", "cancelled", "failed", "queued"];
    set_states(&api, &asked, &states).await;

    let listed = admin.get("/api/v1/operations?sort=failures").await.ok();
    let part = admin.get("/api/v1/operations?sort=failures&limit=3&offset=2").await.ok();

    let states = |page: &Value| -> Vec<String> {
        let rows = page["operations"].as_array().unwrap();
        rows.iter().map(|row| row["state"].as_str().unwrap().to_owned()).collect()
    };
    // Asked in the same moment, they are in the order of their ids, the newest first.
    let expected = ["failed", "lost", "queued", "running", "cancelled", "succeeded"];
    assert_eq!(states(&listed), expected);
    assert_eq!(states(&part), expected[2..5]);
}

async fn sets_and_drives_are_found_by_what_they_are_worth(db: TestDatabase) {
    let (api, organisation) = start(db, 0).await;
    let admin = api.admin().await;
    let box_1 = fleet::appliance(&api, &organisation, "box-1").await.id;
    let box_2 = fleet::appliance(&api, &organisation, "box-2").await.id;
    let set = fleet::backup_set(&api, &organisation, box_1).await;
    let other = fleet::backup_set(&api, &organisation, box_2).await;
    backup_set::Entity::update_many()
        .col_expr(backup_set::Column::State, Expr::value("damaged"))
        .filter(backup_set::Column::SetId.eq(other))
        .exec(api.app.db.write())
        .await
        .unwrap();
    let what = "a file system of somebody's".to_owned();
    let foreign = Usage::Foreign { what };
    fleet::insert_drive(&api, &organisation, box_1, "S1", "/dev/sdb", Usage::Empty).await;
    fleet::insert_drive(&api, &organisation, box_1, "S2", "/dev/sdc", foreign).await;
    fleet::insert_drive(&api, &organisation, box_2, "S3", "/dev/sdb", Usage::Empty).await;

    let ids = async |state: &str| {
        let page = admin.get(&format!("/api/v1/backup-sets?state={state}")).await.ok();
        let rows = page["sets"].as_array().unwrap().clone();
        rows.into_iter().map(|row| row["set"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(ids("unfinished").await, [json!(set)]);
    assert_eq!(ids("damaged,verified").await, [json!(other)]);
    assert_eq!(admin.get("/api/v1/backup-sets?state=lost").await.code(), "invalid_filter");
    let serials = async |query: &str| {
        let page = admin.get(&format!("/api/v1/usb-drives?sort=serial&{query}")).await.ok();
        let rows = page["drives"].as_array().unwrap().clone();
        let of = |row: Value| row["hardware"]["serial"].as_str().unwrap().to_owned();
        rows.into_iter().map(of).collect::<Vec<_>>()
    };
    assert_eq!(serials("").await, ["S1", "S2", "S3"]);
    assert_eq!(serials("use=empty").await, ["S1", "S3"]);
    assert_eq!(serials("q=use%21%3Dempty").await, ["S2"]);
    assert_eq!(serials("appliance=box-2").await, ["S3"]);
    assert_eq!(serials("serial=S2").await, ["S2"]);
    let page = admin.get("/api/v1/usb-drives?sort=serial&limit=2").await.ok();
    assert_eq!((&page["total"], page["next"].is_string()), (&json!(3), true));
    assert_eq!(page["drives"][1]["appliance"]["name"], "box-1");
    assert_eq!(page["drives"][1]["use"]["kind"], "foreign");
}

async fn alarms_that_are_not_over_are_found_among_those_that_are(db: TestDatabase) {
    let (api, organisation) = start(db, 0).await;
    let admin = api.admin().await;
    let appliance = fleet::appliance(&api, &organisation, "box").await.id;
    let over = fleet::alarm(&api, &organisation, appliance).await;
    let open = fleet::alarm(&api, &organisation, appliance).await;
    let now = api.app.clock.now();
    alarms::clear(api.app.db.write(), AlarmKind::BackupDamaged, &over, now).await.unwrap();

    let found = async |query: &str| {
        let page = admin.get(&format!("/api/v1/alarms?sort=raised_at&{query}")).await.ok();
        page["alarms"].as_array().unwrap().clone()
    };
    let not_over = found("over=no").await;

    assert_eq!(not_over.len(), 1, "{not_over:#?}");
    assert!(not_over[0]["message"].as_str().unwrap().contains(&open));
    assert_eq!(not_over[0]["appliance"]["name"], "box");
    assert_eq!(found("kind=backup_damaged").await.len(), 2);
    assert!(found("over=yes").await[0]["cleared_at"].is_string());
    assert!(found("appliance=nobody").await.is_empty());
}
