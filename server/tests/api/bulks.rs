//! What is asked of many appliances at once.

use std::time::Duration;

use domfleet_server::db::bulks;
use domfleet_server::db::entity::{bulk_item, operation};
use domfleet_shared::id::VmId;
use sea_orm::{ColumnTrait as _, EntityTrait as _, PaginatorTrait as _, QueryFilter as _};
use serde_json::{Value, json};

use crate::client::{Api, User};
use crate::database::{TestDatabase, on_both};
use crate::fleet;
use crate::routes::Tree;

on_both! {
    each_of_many_is_asked_or_refused_with_its_reason
    only_what_is_below_one_s_organisation_is_asked
    a_dry_run_says_the_same_and_asks_nobody
    what_destroys_is_confirmed_by_how_many_it_concerns
    the_same_request_again_asks_nobody_anew
    a_server_that_died_in_the_middle_goes_on_where_it_was
    an_urgent_operation_is_listed_before_a_bulk_one
    what_cannot_be_chosen_is_refused_as_a_whole
}

const PATH: &str = "/api/v1/operations";

async fn start(db: TestDatabase) -> (Api, String) {
    let api = Api::start(db).await;
    let me = api.admin().await.get("/api/v1/me").await.ok();
    let organisation = me["organisation"]["id"].as_str().unwrap().to_owned();
    (api, organisation)
}

fn bundles() -> Value {
    json!({ "kind": "debug_bundle" })
}

async fn operations(api: &Api) -> u64 {
    operation::Entity::find().count(api.app.db.read()).await.unwrap()
}

async fn bulk(user: &User<'_>, id: &Value) -> Value {
    user.get(&format!("/api/v1/bulks/{}", id.as_str().unwrap())).await.ok()
}

async fn each_of_many_is_asked_or_refused_with_its_reason(db: TestDatabase) {
    let (api, organisation) = start(db).await;
    let admin = api.admin().await;
    for n in 0..3 {
        fleet::appliance(&api, &organisation, &format!("box-{n}")).await;
    }
    let other = fleet::appliance(&api, &organisation, "other").await;
    let vm = other.vm;
    let start_vm = json!({ "kind": "vm_start", "vm": vm });

    let answer = admin.post(PATH, &json!({ "filter": "", "operation": start_vm })).await;
    let location = answer.headers["location"].to_str().unwrap().to_owned();
    let asked = answer.ok();

    assert_eq!(location, format!("/api/v1/bulks/{}", asked["id"].as_str().unwrap()));
    assert_eq!(asked["counts"], json!({ "queued": 1, "refused": 3 }), "{asked:#}");
    assert_eq!((asked["total"].as_u64(), asked["done"].as_bool()), (Some(4), Some(false)));
    assert_eq!(asked["priority"], "bulk");
    let results = asked["results"].as_array().unwrap();
    assert_eq!(results[0]["reason"]["code"], "no_such_object");
    assert!(results[0]["what_to_do"].is_string());
    assert_eq!(results[3]["appliance"]["name"], "other");
    let id = results[3]["operation_id"].as_str().unwrap();
    let operation = admin.get(&format!("{PATH}/{id}")).await.ok();
    assert_eq!((&operation["bulk_id"], &operation["priority"]), (&asked["id"], &json!("bulk")));
    let listed = admin.get(&format!("{PATH}?bulk={}", asked["id"].as_str().unwrap())).await.ok();
    assert_eq!(listed["total"], 1);

    let refused = admin.get(&format!("{location}?state=refused&limit=2")).await.ok();
    assert_eq!(refused["results"].as_array().unwrap().len(), 2);
    let next = refused["next"].as_str().unwrap();
    let rest = admin.get(&format!("{location}?state=refused&limit=2&next={next}")).await.ok();
    assert_eq!((rest["results"].as_array().unwrap().len(), &rest["next"]), (1, &Value::Null));
    let audit = admin.get("/api/v1/audit?action=bulk.create").await.ok();
    assert_eq!(audit["audit"][0]["after"]["appliances"], 4);
}

async fn only_what_is_below_one_s_organisation_is_asked(db: TestDatabase) {
    let api = Api::start(db).await;
    let tree = Tree::grow(&api).await;
    let reseller = api.user(&tree.own, "operator").await;
    let mut ids = Vec::new();
    for (relation, organisation, _) in tree.all() {
        ids.push(fleet::appliance(&api, organisation, relation).await.id);
    }

    let all = json!({ "filter": "", "operation": bundles() });
    let asked = reseller.post(PATH, &all).await.ok();
    assert_eq!(asked["total"], 2, "{asked:#}");
    let named = json!({ "appliances": ids, "operation": bundles() });
    let answer = reseller.post(PATH, &named).await;

    assert_eq!(answer.code(), "invalid");
    assert_eq!(answer.json()["fields"]["appliances"], "2 are not there");
    assert_eq!(operations(&api).await, 2);
    let viewer = api.user(&tree.own, "viewer").await;
    assert_eq!(viewer.post(PATH, &all).await.code(), "needs_role");
    // Whoever is elsewhere does not see it at all.
    let sibling = api.user(&tree.sibling, "admin").await;
    let path = format!("/api/v1/bulks/{}", asked["id"].as_str().unwrap());
    assert_eq!(sibling.get(&path).await.code(), "not_found");
}

async fn a_dry_run_says_the_same_and_asks_nobody(db: TestDatabase) {
    let (api, organisation) = start(db).await;
    let admin = api.admin().await;
    let there = fleet::appliance(&api, &organisation, "a").await;
    fleet::appliance(&api, &organisation, "b").await;
    let destroy = json!({ "kind": "vm_destroy", "vm": there.vm });

    let request = json!({ "filter": "", "operation": destroy, "dry_run": true });
    let answer = admin.post(PATH, &request).await;
    assert_eq!(answer.status, 200);
    let tried = answer.ok();

    assert_eq!(tried["counts"], json!({ "admitted": 1, "refused": 1 }), "{tried:#}");
    assert_eq!(tried["results"][0]["appliance"]["name"], "b", "refusals come first");
    assert_eq!((&tried["id"], operations(&api).await), (&Value::Null, 0));
}

async fn what_destroys_is_confirmed_by_how_many_it_concerns(db: TestDatabase) {
    let (api, organisation) = start(db).await;
    let admin = api.admin().await;
    for n in 0..3 {
        fleet::appliance(&api, &organisation, &format!("box-{n}")).await;
    }
    let reboot = json!({ "kind": "appliance_reboot" });
    let mut request = json!({ "filter": "", "operation": reboot });

    for wrong in [Value::Null, json!("box-0"), json!("2 appliances")] {
        request["confirm"] = wrong;
        assert_eq!(admin.post(PATH, &request).await.code(), "confirm_required");
    }
    request["confirm"] = json!("3 appliances");
    assert_eq!(admin.post(PATH, &request).await.ok()["counts"], json!({ "queued": 3 }));
    request["confirm"] = json!("1 appliance");
    request["limit"] = json!(1);
    // The first by name, which is being restarted already.
    let one = admin.post(PATH, &request).await.ok();
    assert_eq!(one["results"][0]["reason"]["code"], "locked", "{one:#}");
}

async fn the_same_request_again_asks_nobody_anew(db: TestDatabase) {
    let (api, organisation) = start(db).await;
    let admin = api.admin().await;
    let appliance = fleet::appliance(&api, &organisation, "box").await;
    let all = json!({ "filter": "", "operation": bundles() });
    let start_vm = json!({ "operation": { "kind": "vm_start", "vm": appliance.vm } });
    let single = format!("/api/v1/appliances/{}/operations", appliance.id);

    let first = admin.post_as("one", PATH, &all).await.ok();
    let again = admin.post_as("one", PATH, &all).await.ok();
    assert_eq!((&first["id"], operations(&api).await), (&again["id"], 1));
    let reboot = json!({ "filter": "", "operation": { "kind": "appliance_reboot" } });
    assert_eq!(admin.post_as("one", PATH, &reboot).await.code(), "conflict");

    let first = admin.post_as("two", &single, &start_vm).await.ok();
    let again = admin.post_as("two", &single, &start_vm).await.ok();
    assert_eq!((&first["id"], operations(&api).await), (&again["id"], 2));
    let other = json!({ "operation": { "kind": "vm_pause", "vm": appliance.vm } });
    assert_eq!(admin.post_as("two", &single, &other).await.code(), "conflict");
    // Another person's key is another key.
    let user = api.user(&organisation, "operator").await;
    assert_eq!(user.post_as("two", &single, &start_vm).await.code(), "locked");
}

async fn a_server_that_died_in_the_middle_goes_on_where_it_was(db: TestDatabase) {
    let (api, organisation) = start(db).await;
    let admin = api.admin().await;
    for n in 0..5 {
        fleet::appliance(&api, &organisation, &format!("box-{n}")).await;
    }
    let asked = admin.post(PATH, &json!({ "filter": "", "operation": bundles() })).await.ok();
    let id: domfleet_shared::id::BulkId = asked["id"].as_str().unwrap().parse().unwrap();
    // Two of them as they were before they had been asked.
    let undone = operation::Entity::find().all(api.app.db.read()).await.unwrap();
    for row in undone.iter().take(2) {
        use bulk_item::Column;
        bulk_item::Entity::update_many()
            .col_expr(Column::Outcome, sea_orm::sea_query::Expr::value("pending"))
            .col_expr(Column::OperationId, sea_orm::sea_query::Expr::value(None::<uuid::Uuid>))
            .filter(Column::OperationId.eq(row.id))
            .exec(api.app.db.write())
            .await
            .unwrap();
    }
    assert_eq!(bulk(&admin, &asked["id"]).await["counts"], json!({ "pending": 2, "queued": 3 }));
    assert_eq!(bulks::unfinished(api.app.db.read()).await.unwrap(), [id]);

    let (first, second) = tokio::join!(
        domfleet_server::bulk::proceed(&api.app, id, Duration::from_mins(1)),
        domfleet_server::bulk::proceed(&api.app, id, Duration::from_mins(1)),
    );

    assert!(first.is_ok() && second.is_ok());
    assert_eq!(operations(&api).await, 7, "each was asked once more, and by one of the two");
    assert_eq!(bulk(&admin, &asked["id"]).await["counts"], json!({ "queued": 5 }));
    assert!(bulks::unfinished(api.app.db.read()).await.unwrap().is_empty());
}

async fn an_urgent_operation_is_listed_before_a_bulk_one(db: TestDatabase) {
    let (api, organisation) = start(db).await;
    let admin = api.admin().await;
    let appliance = fleet::appliance(&api, &organisation, "box").await;
    let path = format!("/api/v1/appliances/{}/operations", appliance.id);

    let bulk = admin.post(PATH, &json!({ "filter": "", "operation": bundles() })).await.ok();
    let start_vm = json!({ "kind": "vm_start", "vm": appliance.vm });
    let urgent = json!({ "operation": start_vm, "priority": "urgent" });
    let urgent = admin.post(&path, &urgent).await.ok();

    let waiting = domfleet_server::db::progress::queued_for(
        api.app.db.read(),
        domfleet_shared::id::ApplianceId(appliance.id),
    )
    .await
    .unwrap();
    let ids: Vec<String> = waiting.iter().map(|work| work.id.to_string()).collect();
    assert_eq!(ids[0], urgent["id"].as_str().unwrap());
    assert_eq!(ids[1], bulk["results"][0]["operation_id"].as_str().unwrap());
    // It breaks no lock.
    let second = json!({ "operation": start_vm, "priority": "urgent" });
    assert_eq!(admin.post(&path, &second).await.code(), "locked");
}

async fn what_cannot_be_chosen_is_refused_as_a_whole(db: TestDatabase) {
    let (api, organisation) = start(db).await;
    let admin = api.admin().await;
    let there = fleet::appliance(&api, &organisation, "box").await.id;
    let with = |more: Value| {
        let mut request = json!({ "operation": bundles() });
        request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        request
    };
    for (more, code) in [
        (json!({}), "invalid"),
        (json!({ "filter": "", "appliances": [there] }), "invalid"),
        (json!({ "filter": "name=nobody" }), "invalid"),
        (json!({ "filter": "colour=red" }), "invalid_filter"),
        (json!({ "filter": "", "limit": 0 }), "invalid"),
        (json!({ "filter": "", "limit": 2001 }), "invalid"),
        (json!({ "filter": "", "expires_in_seconds": 0 }), "invalid"),
        (json!({ "filter": "", "operation": { "kind": "vm_teleport" } }), "unknown_kind"),
        (
            json!({ "filter": "", "operation": { "kind": "vm_create", "from": { "config": "x" } } }),
            "invalid",
        ),
    ] {
        assert_eq!(admin.post(PATH, &with(more.clone())).await.code(), code, "{more}");
    }
    let nobody = json!({ "kind": "vm_start", "vm": VmId::new() });
    let refused = admin.post(PATH, &json!({ "filter": "", "operation": nobody })).await.ok();
    assert_eq!((refused["done"].as_bool(), operations(&api).await), (Some(true), 0));
}
