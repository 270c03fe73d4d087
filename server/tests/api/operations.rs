//! Operations: admission, how they move on, and how they end.

use std::time::Duration;

use domfleet_server::db::progress::{self, Heard};
use domfleet_server::db::{Stored, entity, server_state};
use domfleet_shared::id::{ApplianceId, OperationId};
use domfleet_shared::operation::{OperationState, Reason, Report, Reported};
use sea_orm::{ColumnTrait as _, EntityTrait as _, PaginatorTrait as _, QueryFilter as _};
use serde_json::{Value, json};

use crate::client::{Answer, Api, User};
use crate::database::{TestDatabase, on_both};
use crate::fleet::{self, Box7};

on_both! {
    an_operation_goes_from_asking_to_its_end_and_frees_what_it_held
    of_many_who_ask_at_once_for_the_same_lock_one_gets_it
    a_report_that_is_said_again_changes_nothing
    a_late_report_on_what_was_given_up_is_kept
    what_waits_too_long_expires_and_what_is_silent_is_lost_but_not_over
    once_it_was_offered_only_the_appliance_s_word_cancels_it
    what_runs_is_cancelling_until_the_appliance_says_how_it_ended
    a_held_server_asks_nothing
    an_offer_that_a_backup_has_forgotten_is_heard_of_by_its_report
    a_bundle_goes_the_way_of_its_operation
    another_appliance_s_word_on_an_operation_is_not_heard
    what_has_ended_is_found_by_the_hours_since_then
}

async fn start(db: TestDatabase) -> (Api, String) {
    let api = Api::start(db).await;
    let me = api.admin().await.get("/api/v1/me").await.ok();
    let organisation = me["organisation"]["id"].as_str().unwrap().to_owned();
    (api, organisation)
}

async fn ask(user: &User<'_>, appliance: &Box7, operation: Value) -> Answer {
    let path = format!("/api/v1/appliances/{}/operations", appliance.id);
    user.post(&path, &json!({ "operation": operation })).await
}

fn start_vm(appliance: &Box7) -> Value {
    json!({ "kind": "vm_start", "vm": appliance.vm })
}

fn id(operation: &Value) -> OperationId {
    operation["id"].as_str().unwrap().parse().unwrap()
}

fn report(id: OperationId, number: u64, state: Reported) -> Report {
    Report {
        id,
        report: number,
        state,
        at: domfleet_shared::Timestamp::from_millis(1),
        reason: None,
        progress: None,
        result: None,
    }
}

async fn offer(api: &Api, id: OperationId) {
    let work = progress::find(api.app.db.read(), id).await.unwrap().unwrap();
    let stored = progress::offer(&api.app.db, &work, api.app.clock.now()).await.unwrap();
    assert_eq!(stored, Stored::Yes);
}

async fn hear(api: &Api, appliance: &Box7, report: &Report) -> Heard {
    let (from, now) = (ApplianceId(appliance.id), api.app.clock.now());
    progress::apply_report(&api.app.db, from, report, now).await.unwrap()
}

async fn state(user: &User<'_>, id: OperationId) -> String {
    let view = user.get(&format!("/api/v1/operations/{id}")).await.ok();
    view["state"].as_str().unwrap().to_owned()
}

async fn locks(api: &Api) -> u64 {
    entity::operation_lock::Entity::find().count(api.app.db.read()).await.unwrap()
}

async fn an_operation_goes_from_asking_to_its_end_and_frees_what_it_held(db: TestDatabase) {
    let (api, organisation) = start(db).await;
    let admin = api.admin().await;
    let appliance = fleet::appliance(&api, &organisation, "box").await;

    let asked = ask(&admin, &appliance, start_vm(&appliance)).await;
    let location = asked.headers["location"].to_str().unwrap().to_owned();
    let view = asked.ok();
    let id = id(&view);
    assert_eq!(location, format!("/api/v1/operations/{id}"));
    assert_eq!((view["state"].as_str(), view["version"].as_u64()), (Some("queued"), Some(1)));

    let second = ask(&admin, &appliance, start_vm(&appliance)).await;
    assert_eq!(second.code(), "locked");
    assert!(second.json()["title"].as_str().unwrap().contains(&id.to_string()));

    offer(&api, id).await;
    for (number, said) in
        [Reported::Accepted, Reported::Running, Reported::Succeeded].into_iter().enumerate()
    {
        let heard = hear(&api, &appliance, &report(id, number as u64 + 1, said)).await;
        assert_eq!(heard, Heard::Now(said.state()));
    }

    let view = admin.get(&location).await.ok();
    assert_eq!(view["state"], "succeeded");
    for time in ["offered_at", "accepted_at", "started_at", "ended_at"] {
        assert!(view[time].is_string(), "{time}");
    }
    assert!(view["deadline_at"].is_null());
    assert_eq!(locks(&api).await, 0);
    ask(&admin, &appliance, start_vm(&appliance)).await.ok();
    let audit = admin.get("/api/v1/audit?action=operation.create").await.ok();
    assert_eq!(audit["total"], 2);
    assert_eq!(audit["audit"][0]["remote_address"], "192.0.2.1");
}

async fn of_many_who_ask_at_once_for_the_same_lock_one_gets_it(db: TestDatabase) {
    let (api, organisation) = start(db).await;
    let admin = api.admin().await;
    let appliance = fleet::appliance(&api, &organisation, "box").await;
    let reboot = json!({ "operation": { "kind": "appliance_reboot" }, "confirm": "box" });
    let path = format!("/api/v1/appliances/{}/operations", appliance.id);

    let vm = || ask(&admin, &appliance, start_vm(&appliance));
    let power = || admin.post(&path, &reboot);
    let (a, b, c, d, e, f) = tokio::join!(vm(), power(), vm(), power(), vm(), power());

    let answers = [a, b, c, d, e, f];
    let (admitted, refused): (Vec<_>, Vec<_>) =
        answers.into_iter().partition(|answer| answer.status.is_success());
    assert_eq!(admitted.len(), 1);
    assert!(refused.iter().all(|answer| answer.code() == "locked"));
}

async fn a_report_that_is_said_again_changes_nothing(db: TestDatabase) {
    let (api, organisation) = start(db).await;
    let admin = api.admin().await;
    let appliance = fleet::appliance(&api, &organisation, "box").await;
    let id = id(&ask(&admin, &appliance, start_vm(&appliance)).await.ok());
    offer(&api, id).await;
    let failed = Report {
        reason: Some(Reason { code: "refused".into(), message: "no".into() }),
        ..report(id, 2, Reported::Failed)
    };

    hear(&api, &appliance, &failed).await;
    let before = admin.get(&format!("/api/v1/operations/{id}")).await.ok();
    for said in [&failed, &report(id, 1, Reported::Running), &failed] {
        assert_eq!(hear(&api, &appliance, said).await, Heard::Before);
    }

    assert_eq!(admin.get(&format!("/api/v1/operations/{id}")).await.ok(), before);
    assert_eq!(before["reason"]["code"], "refused");
}

async fn a_late_report_on_what_was_given_up_is_kept(db: TestDatabase) {
    let (api, organisation) = start(db).await;
    let admin = api.admin().await;
    let appliance = fleet::appliance(&api, &organisation, "box").await;
    let id = id(&ask(&admin, &appliance, start_vm(&appliance)).await.ok());
    offer(&api, id).await;
    hear(&api, &appliance, &report(id, 1, Reported::Running)).await;
    let write_off = format!("/api/v1/operations/{id}/write-off");
    let confirm = json!({ "confirm": "box" });

    let too_early = admin.post(&write_off, &confirm).await;
    api.app.clock.advance(Duration::from_mins(11));
    let lost = progress::silence(&api.app.db, api.app.clock.now()).await.unwrap();
    let admin = api.admin().await;
    let unconfirmed = admin.post(&write_off, &json!({ "confirm": "" })).await;
    admin.post(&write_off, &confirm).await.ok();
    let heard = hear(&api, &appliance, &report(id, 2, Reported::Succeeded)).await;

    assert_eq!((too_early.code(), lost), ("conflict".into(), 1));
    assert_eq!(unconfirmed.code(), "confirm_required");
    assert_eq!(heard, Heard::Late);
    assert_eq!(state(&admin, id).await, "written_off");
    assert_eq!(locks(&api).await, 0);
    let kept = entity::operation_report::Entity::find()
        .filter(entity::operation_report::Column::Applied.eq(false))
        .all(api.app.db.read())
        .await
        .unwrap();
    assert_eq!((kept.len(), kept[0].state.as_str()), (1, "succeeded"));
}

async fn what_waits_too_long_expires_and_what_is_silent_is_lost_but_not_over(db: TestDatabase) {
    let (api, organisation) = start(db).await;
    let admin = api.admin().await;
    let waiting = fleet::appliance(&api, &organisation, "waiting").await;
    let silent = fleet::appliance(&api, &organisation, "silent").await;
    let queued = id(&ask(&admin, &waiting, start_vm(&waiting)).await.ok());
    let running = id(&ask(&admin, &silent, start_vm(&silent)).await.ok());
    offer(&api, running).await;
    hear(&api, &silent, &report(running, 1, Reported::Running)).await;
    let now = api.app.clock.now();

    assert_eq!(progress::expire(&api.app.db, now).await.unwrap(), 0);
    assert_eq!(progress::silence(&api.app.db, now).await.unwrap(), 0);
    let later = now + Duration::from_mins(61);
    assert_eq!(progress::expire(&api.app.db, later).await.unwrap(), 1);
    assert_eq!(progress::silence(&api.app.db, later).await.unwrap(), 1);

    assert_eq!(state(&admin, queued).await, "expired");
    assert_eq!(state(&admin, running).await, "lost");
    assert_eq!(locks(&api).await, 1, "what is lost holds its lock");
    let heard = hear(&api, &silent, &report(running, 2, Reported::Succeeded)).await;
    assert_eq!(heard, Heard::Now(OperationState::Succeeded));
}

async fn once_it_was_offered_only_the_appliance_s_word_cancels_it(db: TestDatabase) {
    let (api, organisation) = start(db).await;
    let admin = api.admin().await;
    let appliance = fleet::appliance(&api, &organisation, "box").await;
    let queued = id(&ask(&admin, &appliance, start_vm(&appliance)).await.ok());

    let cancel = |id| format!("/api/v1/operations/{id}/cancel");
    let first = admin.post(&cancel(queued), &json!({})).await.ok();
    let offered = id(&ask(&admin, &appliance, start_vm(&appliance)).await.ok());
    offer(&api, offered).await;
    let second = admin.post(&cancel(offered), &json!({})).await.ok();
    let again = admin.post(&cancel(offered), &json!({})).await.ok();
    let heard = hear(&api, &appliance, &report(offered, 1, Reported::Cancelled)).await;
    let over = admin.post(&cancel(offered), &json!({})).await;

    assert_eq!(first["state"], "cancelled");
    assert_eq!((&second["state"], &again), (&json!("cancelling"), &second));
    assert_eq!(heard, Heard::Now(OperationState::Cancelled));
    assert_eq!(over.code(), "conflict");
}

async fn what_runs_is_cancelling_until_the_appliance_says_how_it_ended(db: TestDatabase) {
    let (api, organisation) = start(db).await;
    let admin = api.admin().await;
    let appliance = fleet::appliance(&api, &organisation, "box").await;
    let id = id(&ask(&admin, &appliance, start_vm(&appliance)).await.ok());
    offer(&api, id).await;
    hear(&api, &appliance, &report(id, 1, Reported::Running)).await;

    let path = format!("/api/v1/operations/{id}/cancel");
    assert_eq!(admin.post(&path, &json!({})).await.ok()["state"], "cancelling");
    let heard = hear(&api, &appliance, &report(id, 2, Reported::Running)).await;
    assert_eq!(heard, Heard::Now(OperationState::Cancelling));
    assert_eq!(locks(&api).await, 1, "it may still act");

    api.app.clock.advance(Duration::from_hours(2));
    let now = api.app.clock.now();
    assert_eq!(progress::silence(&api.app.db, now).await.unwrap(), 1);
    assert_eq!(state(&api.admin().await, id).await, "lost");
    let heard = hear(&api, &appliance, &report(id, 3, Reported::Cancelled)).await;

    assert_eq!(heard, Heard::Now(OperationState::Cancelled));
    assert_eq!(locks(&api).await, 0);
}

async fn a_held_server_asks_nothing(db: TestDatabase) {
    let (api, organisation) = start(db).await;
    let admin = api.admin().await;
    let appliance = fleet::appliance(&api, &organisation, "box").await;
    let hold = server_state::Hold { since: api.app.clock.now() };
    server_state::set_hold(api.app.db.write(), &hold).await.unwrap();

    let refused = ask(&admin, &appliance, start_vm(&appliance)).await;
    let server = admin.get("/api/v1/server").await.ok();
    let wrong = admin.post("/api/v1/server/release-hold", &json!({ "confirm": "yes" })).await;
    let released =
        admin.post("/api/v1/server/release-hold", &json!({ "confirm": "release" })).await.ok();

    assert_eq!((refused.code(), wrong.code()), ("held".into(), "confirm_required".into()));
    assert_eq!((&server["held"], &server["appliances_total"]), (&json!(true), &json!(1)));
    assert_eq!(released["held"], false);
    ask(&admin, &appliance, start_vm(&appliance)).await.ok();
}

async fn an_offer_that_a_backup_has_forgotten_is_heard_of_by_its_report(db: TestDatabase) {
    let (api, organisation) = start(db).await;
    let admin = api.admin().await;
    let appliance = fleet::appliance(&api, &organisation, "box").await;
    let id = id(&ask(&admin, &appliance, start_vm(&appliance)).await.ok());

    let heard = hear(&api, &appliance, &report(id, 3, Reported::Succeeded)).await;

    assert_eq!(heard, Heard::Now(OperationState::Succeeded));
    assert_eq!(locks(&api).await, 0);
}

async fn a_bundle_goes_the_way_of_its_operation(db: TestDatabase) {
    let (api, organisation) = start(db).await;
    let admin = api.admin().await;
    let appliance = fleet::appliance(&api, &organisation, "box").await;
    let path = format!("/api/v1/appliances/{}/bundles", appliance.id);
    let asked = admin.post(&path, &json!({ "note": "froze at noon" })).await.ok();
    let bundle = format!("/api/v1/bundles/{}", asked["bundle_id"].as_str().unwrap());
    let id = id(&asked);

    let requested = admin.get(&bundle).await.ok();
    let early = admin.get(&format!("{bundle}/content")).await;
    offer(&api, id).await;
    hear(&api, &appliance, &report(id, 1, Reported::Running)).await;
    let collecting = admin.get(&bundle).await.ok();
    hear(&api, &appliance, &report(id, 2, Reported::Failed)).await;
    let failed = admin.get(&bundle).await.ok();

    assert_eq!(
        (&requested["state"], &requested["note"]),
        (&json!("requested"), &json!("froze at noon"))
    );
    assert_eq!(early.code(), "conflict");
    assert_eq!((&collecting["state"], &failed["state"]), (&json!("collecting"), &json!("failed")));
}

async fn another_appliance_s_word_on_an_operation_is_not_heard(db: TestDatabase) {
    let (api, organisation) = start(db).await;
    let admin = api.admin().await;
    let appliance = fleet::appliance(&api, &organisation, "box").await;
    let other = fleet::appliance(&api, &organisation, "other").await;
    let id = id(&ask(&admin, &appliance, start_vm(&appliance)).await.ok());
    offer(&api, id).await;

    let heard = hear(&api, &other, &report(id, 1, Reported::Succeeded)).await;

    assert_eq!(heard, Heard::Unknown);
    assert_eq!(state(&admin, id).await, "offered");
}

async fn what_has_ended_is_found_by_the_hours_since_then(db: TestDatabase) {
    let (api, organisation) = start(db).await;
    let mut asked = Vec::new();
    for name in ["early", "late", "never"] {
        let appliance = fleet::appliance(&api, &organisation, name).await;
        let admin = api.admin().await;
        asked.push(id(&ask(&admin, &appliance, start_vm(&appliance)).await.ok()));
    }
    for one in &asked[..2] {
        // A login lasts for minutes.
        let cancel = format!("/api/v1/operations/{one}/cancel");
        api.admin().await.post(&cancel, &json!({})).await.ok();
        api.app.clock.advance(Duration::from_hours(3));
    }
    let admin = api.admin().await;
    let found = async |q: &str| {
        let page = admin.get(&format!("/api/v1/operations?sort=ended_at&q={q}")).await.ok();
        let rows = page["operations"].as_array().unwrap().clone();
        rows.iter().map(|row| row["appliance"]["name"].to_string()).collect::<Vec<_>>().join(" ")
    };

    assert_eq!(found("ended%3C4").await, r#""late""#);
    assert_eq!(found("ended%3C7%20state%3Dcancelled").await, r#""early" "late""#);
    assert_eq!(found("ended%3D6").await, r#""early""#);
    assert_eq!(found("ended!%3D6").await, r#""late" "never""#);
    assert_eq!(found("ended%3E4").await, r#""early""#);
}
