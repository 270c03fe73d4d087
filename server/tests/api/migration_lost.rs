//! An appliance that is not expected back after a reset.

use domfleet_shared::id::PermitId;
use serde_json::{Value, json};

use crate::client::Api;
use crate::database::{TestDatabase, on_both};
use crate::migrations::{Told7, start, told_of};

on_both! {
    an_appliance_is_lost_only_after_its_disk_may_have_been_overwritten
    one_that_is_said_to_be_lost_is_over_until_it_is_heard_of_again
    where_another_was_begun_meanwhile_it_stays_lost
    whoever_wants_the_way_back_expects_the_appliance_again
}

/// An appliance that was told its permit, and fell silent.
async fn silent<'a>(api: &'a Api, organisation: &'a str) -> (Told7<'a>, PermitId) {
    let mut it = Told7::begin(api, organisation).await;
    it.book = it.book.clone().armed();
    let permit = it.permit().await;
    it.book = it.book.clone().permitted(permit);
    it.tell().await;
    (it, permit)
}

fn why() -> Value {
    json!({ "reason": "the drive is dead" })
}

async fn an_appliance_is_lost_only_after_its_disk_may_have_been_overwritten(db: TestDatabase) {
    let (api, organisation) = start(db).await;
    let mut it = Told7::begin(&api, &organisation).await;
    it.book = it.book.clone().armed();
    it.tell().await;

    let early = it.post("lose", &why()).await;
    it.permit().await;
    let empty = it.post("lose", &json!({ "reason": " " })).await;
    let lost = it.post("lose", &why()).await;
    let again = it.post("lose", &why()).await;
    let cancel = it.post("cancel", &json!({ "reason": "late" })).await;

    assert_eq!((early.status.as_u16(), early.code()), (409, "before_the_point".into()));
    assert_eq!((empty.status.as_u16(), empty.code()), (422, "invalid".into()));
    assert_eq!(lost.status, 202);
    assert_eq!((again.code(), cancel.code()), ("over".into(), "over".into()));
}

async fn one_that_is_said_to_be_lost_is_over_until_it_is_heard_of_again(db: TestDatabase) {
    let (api, organisation) = start(db).await;
    let (mut it, permit) = silent(&api, &organisation).await;
    assert_eq!(it.seen().await["may"]["lose"], true);

    let lost = it.post("lose", &why()).await.ok();
    let open = it.user.get("/api/v1/migrations?q=ended=no").await.ok();
    it.book = it.book.clone().one_failed(permit);
    it.tell().await;
    let back = it.seen().await;

    assert_eq!(
        (&lost["phase"], &lost["lost"]["reason"]),
        (&json!("lost_appliance"), &json!("the drive is dead"))
    );
    assert!(lost["ended_at"].is_string() && lost["may"]["lose"] == false, "{lost}");
    let text = lost["tasks"][0]["text"].as_str().unwrap();
    assert!(text.starts_with("Keep the backup drive safe"), "{text}");
    assert_eq!(open["total"], 0);
    assert_eq!((&back["phase"], &back["ended_at"]), (&json!("needs_hands"), &Value::Null));
    assert_eq!(back["lost"], Value::Null);
}

async fn where_another_was_begun_meanwhile_it_stays_lost(db: TestDatabase) {
    let (api, organisation) = start(db).await;
    let (mut it, permit) = silent(&api, &organisation).await;
    it.post("lose", &why()).await.ok();
    told_of(&api, &organisation, it.book.plan.appliance.0).await;

    it.book = it.book.clone().one_failed(permit);
    let heard = it.tell().await;
    let seen = it.seen().await;

    assert_eq!(heard.refused, None);
    assert_eq!(seen["phase"], "lost_appliance");
    let failed =
        seen["vms"].as_array().unwrap().iter().filter(|vm| vm["progress"]["state"] == "failed");
    assert_eq!(failed.count(), 1, "what it tells is kept: {seen}");
}

async fn whoever_wants_the_way_back_expects_the_appliance_again(db: TestDatabase) {
    let (api, organisation) = start(db).await;
    let (it, _) = silent(&api, &organisation).await;
    it.post("lose", &why()).await.ok();

    let back = it.post("rollback", &json!({ "reason": "somebody drives there" })).await.ok();

    assert_eq!((&back["lost"], &back["ended_at"]), (&Value::Null, &Value::Null));
    assert_eq!(back["phase"], "permitted");
    assert!(back["way_back"]["id"].is_string(), "{back}");
}
