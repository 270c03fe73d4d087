//! Links for the person on site: what they show, to whom, and how long.

use std::time::Duration;

use axum::http::Method;
use domfleet_shared::id::ApplianceId;
use domfleet_shared::inventory::Fingerprint;
use domfleet_shared::migration::event::Event;
use domfleet_shared::migration::phase::End;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::client::{Answer, Api, User, request};
use crate::database::{TestDatabase, on_both};
use crate::fleet;
use crate::migrations::{asked, start, tell, told_of};
use crate::story::{Book, plan};

on_both! {
    a_link_shows_what_is_to_be_done_and_nothing_that_opens_more
    what_opens_nothing_is_always_answered_alike
    a_link_opens_the_steps_of_its_own_migration_and_no_other_route
    a_link_lives_a_day_longer_than_its_migration
    a_link_that_cannot_be_had_is_refused_with_a_reason
    whoever_tries_many_links_has_to_wait_and_whoever_has_one_does_not
    a_link_is_found_again_without_what_opens_it
    how_long_the_vms_are_off_is_told_as_the_journal_tells_it
}

/// What `secret` shows.
pub(crate) async fn open(api: &Api, secret: &str) -> Answer {
    api.send(request(Method::GET, "/api/v1/on-site", Some(secret), None)).await
}

/// What opens a new link to a migration of the appliance.
pub(crate) async fn made(api: &Api, organisation: &str, appliance: Uuid) -> String {
    let book = told_of(api, organisation, appliance).await;
    secret(&link(&api.admin().await, &path(&book), &json!({})).await.ok())
}

fn path(book: &Book) -> String {
    format!("/api/v1/migrations/{}", book.plan.migration)
}

async fn link(user: &User<'_>, migration: &str, body: &Value) -> Answer {
    user.post(&format!("{migration}/links"), body).await
}

fn secret(link: &Value) -> String {
    let (page, secret) = link["url"].as_str().unwrap().split_once('#').unwrap();
    assert_eq!(page, "https://fleet.test/on-site");
    secret.to_owned()
}

/// A problem without the id of its request.
fn said(answer: &Answer) -> Value {
    assert_eq!((answer.status.as_u16(), answer.code()), (404, "no_link".into()));
    let mut problem = answer.json();
    problem.as_object_mut().unwrap().remove("request_id");
    problem
}

async fn a_link_shows_what_is_to_be_done_and_nothing_that_opens_more(db: TestDatabase) {
    let (api, organisation) = start(db).await;
    let user = api.admin().await;
    let (appliance, body) = asked(&api, &organisation).await;
    let site = json!({ "name": "Harbour", "address": "12 Quay", "contact": "ada" });
    let site = user.post("/api/v1/sites", &site).await.ok()["id"].clone();
    let to = format!("/api/v1/appliances/{}", appliance.id);
    user.patch(&to, &json!({ "site_id": site })).await.ok();
    let migration = user.post("/api/v1/migrations", &body).await.ok();
    let to = format!("/api/v1/migrations/{}", migration["id"].as_str().unwrap());

    let made = link(&user, &to, &json!({ "note": "the caretaker" })).await;
    assert_eq!(made.headers["cache-control"], "no-store");
    let secret = secret(&made.ok());
    let shown = open(&api, &secret).await;

    assert_eq!(shown.headers["cache-control"], "no-store");
    assert!(!shown.headers.contains_key("set-cookie"));
    let shown = shown.ok();
    assert_eq!((&shown["appliance"], &shown["site"]), (&json!("box"), &json!("Harbour")));
    let drive = json!({ "name": "Ultra", "serial": "4C53", "size_bytes": 120_000_000_000_u64 });
    assert_eq!((&shown["drive"], &shown["stick"]), (&drive, &json!({ "kind": "unknown" })));
    assert_eq!((&shown["phase"], &shown["downtime_seconds"]), (&json!("preflight"), &json!(7200)));
    assert_eq!(
        (&shown["tasks"][0]["number"], &shown["tasks"][0]["state"]),
        (&json!(1), &json!("now"))
    );
    let known: Vec<&String> = shown.as_object().unwrap().keys().collect();
    let all = [
        "appliance",
        "site",
        "phase",
        "waits",
        "tasks",
        "drive",
        "stick",
        "vms_off_since",
        "vms_back_at",
        "downtime_seconds",
        "heard_at",
        "ended_at",
        "expires_at",
    ];
    assert_eq!(known.len(), all.len(), "{known:?}");
    assert!(known.iter().all(|key| all.contains(&key.as_str())), "{known:?}");
    let text = shown.to_string();
    for id in [&migration["id"], &migration["drive"], &json!(appliance.id), &json!(appliance.vm)] {
        assert!(!text.contains(id.as_str().unwrap()), "{text}");
    }
    assert!(!text.contains("pbx") && !text.contains("Quay"), "{text}");
}

async fn what_opens_nothing_is_always_answered_alike(db: TestDatabase) {
    let (api, organisation) = start(db).await;
    let user = api.admin().await;
    let appliance = fleet::appliance(&api, &organisation, "box").await;
    let to = path(&told_of(&api, &organisation, appliance.id).await);
    let [short, long, other] = [1, 2, 2].map(|hours| json!({ "hours": hours }));
    let short = secret(&link(&user, &to, &short).await.ok());
    let long = link(&user, &to, &long).await.ok();
    let revoked = link(&user, &to, &other).await.ok();
    let gone = format!("{to}/links/{}", revoked["id"].as_str().unwrap());

    assert_eq!(user.delete(&gone).await.status, 204);
    assert_eq!(user.delete(&gone).await.status, 204, "once more is no harm");
    open(&api, &short).await.ok();
    api.app.clock.advance(Duration::from_mins(61));
    let answers = [
        said(&open(&api, &short).await),
        said(&open(&api, &secret(&revoked)).await),
        said(&open(&api, "x").await),
        said(&open(&api, &user.token).await),
        said(&open(&api, long["id"].as_str().unwrap()).await),
        said(&api.send(request(Method::GET, "/api/v1/on-site", None, None)).await),
    ];

    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:#?}");
    open(&api, &secret(&long)).await.ok();
    let in_url = format!("/api/v1/on-site?token={}", secret(&long));
    said(&api.send(request(Method::GET, &in_url, None, None)).await);
}

async fn a_link_opens_the_steps_of_its_own_migration_and_no_other_route(db: TestDatabase) {
    let (api, organisation) = start(db).await;
    let one = fleet::appliance(&api, &organisation, "one").await;
    let two = fleet::appliance(&api, &organisation, "two").await;
    let first = made(&api, &organisation, one.id).await;
    let book = told_of(&api, &organisation, two.id).await;
    let second = secret(&link(&api.admin().await, &path(&book), &json!({})).await.ok());

    assert_eq!(open(&api, &first).await.ok()["appliance"], "one");
    assert_eq!(open(&api, &second).await.ok()["appliance"], "two");
    let elsewhere = path(&book);
    for (method, to) in [
        (Method::GET, "/api/v1/me".to_owned()),
        (Method::GET, elsewhere.clone()),
        (Method::GET, format!("{elsewhere}/permit")),
        (Method::GET, format!("{elsewhere}/links")),
        (Method::POST, format!("{elsewhere}/links")),
        (Method::POST, format!("{elsewhere}/cancel")),
        (Method::POST, format!("{elsewhere}/rollback")),
    ] {
        let body = json!({ "reason": "not today" });
        let answer = api.send(request(method, &to, Some(&second), Some(&body))).await;
        assert_eq!(answer.status, 401, "{to}");
    }
    let wrong = api.send(request(Method::POST, "/api/v1/on-site", Some(&second), None)).await;
    assert_eq!(wrong.status, 405);
    // And one is taken back where it belongs, and nowhere else.
    let admin = api.admin().await;
    let links = admin.get(&format!("{elsewhere}/links")).await.ok();
    let id = links["links"][0]["id"].as_str().unwrap();
    let other =
        told_of(&api, &organisation, fleet::appliance(&api, &organisation, "three").await.id).await;
    let crossed = admin.delete(&format!("{}/links/{id}", path(&other))).await;
    assert_eq!(crossed.code(), "not_found");
    open(&api, &second).await.ok();
}

async fn a_link_lives_a_day_longer_than_its_migration(db: TestDatabase) {
    let (api, organisation) = start(db).await;
    let user = api.admin().await;
    let appliance = fleet::appliance(&api, &organisation, "box").await;
    let book = told_of(&api, &organisation, appliance.id).await;
    let secret = secret(&link(&user, &path(&book), &json!({})).await.ok());

    let book = book.given_up(End::Cancelled);
    tell(&api, &organisation, &book.told(0), book.plan.appliance).await;
    let over = open(&api, &secret).await.ok();
    let late = link(&user, &path(&book), &json!({})).await;
    api.app.clock.advance(Duration::from_hours(23));
    open(&api, &secret).await.ok();
    api.app.clock.advance(Duration::from_hours(1));

    assert_eq!((&over["phase"], over["ended_at"].is_string()), (&json!("cancelled"), true));
    assert_eq!(over["tasks"], json!([]));
    assert_eq!((late.status.as_u16(), late.code()), (409, "over".into()));
    said(&open(&api, &secret).await);
    let listed = api.admin().await.get(&format!("{}/links", path(&book))).await.ok();
    assert_eq!(listed["links"][0]["is_good"], false);
}

async fn a_link_that_cannot_be_had_is_refused_with_a_reason(db: TestDatabase) {
    let (api, organisation) = start(db).await;
    let user = api.admin().await;
    let appliance = fleet::appliance(&api, &organisation, "box").await;
    let to = path(&told_of(&api, &organisation, appliance.id).await);

    for body in [json!({ "hours": 0 }), json!({ "hours": 745 }), json!({ "note": "n".repeat(201) })]
    {
        let answer = link(&user, &to, &body).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (422, "invalid".into()), "{body}");
    }
    assert_eq!(link(&user, &to, &json!({ "minutes": 5 })).await.code(), "malformed");
    for _ in 0..20 {
        link(&user, &to, &json!({ "hours": 1 })).await.ok();
    }
    let full = link(&user, &to, &json!({})).await;
    assert_eq!((full.status.as_u16(), full.code()), (409, "too_many_links".into()));
    api.app.clock.advance(Duration::from_mins(61));
    link(&api.admin().await, &to, &json!({ "hours": 744 })).await.ok();
}

async fn whoever_tries_many_links_has_to_wait_and_whoever_has_one_does_not(db: TestDatabase) {
    let (api, organisation) = start(db).await;
    let appliance = fleet::appliance(&api, &organisation, "box").await;
    let secret = made(&api, &organisation, appliance.id).await;
    for _ in 0..70 {
        open(&api, &secret).await.ok();
    }

    for _ in 0..60 {
        said(&open(&api, "x").await);
    }
    let many = open(&api, "x").await;
    let known = open(&api, &secret).await;

    assert_eq!((many.status.as_u16(), many.code()), (429, "too_many".into()));
    assert!(many.headers.contains_key("retry-after"));
    assert_eq!(known.code(), "too_many", "from that address alone");
    // Logging in is another matter.
    api.admin().await.get("/api/v1/me").await.ok();
    api.app.clock.advance(Duration::from_mins(5));
    open(&api, &secret).await.ok();
}

async fn a_link_is_found_again_without_what_opens_it(db: TestDatabase) {
    let (api, organisation) = start(db).await;
    let user = api.admin().await;
    let appliance = fleet::appliance(&api, &organisation, "box").await;
    let to = path(&told_of(&api, &organisation, appliance.id).await);
    let made = link(&user, &to, &json!({ "note": " the caretaker ", "hours": 3 })).await.ok();
    let unused = user.get(&format!("{to}/links")).await.ok();
    open(&api, &secret(&made)).await.ok();

    let listed = user.get(&format!("{to}/links")).await.ok();
    let gone = format!("{to}/links/{}", made["id"].as_str().unwrap());
    user.delete(&gone).await.ok();
    let trail = user.get("/api/v1/audit").await.ok();

    let row = &listed["links"][0];
    assert_eq!((&row["id"], &row["note"]), (&made["id"], &json!("the caretaker")));
    assert_eq!((&row["is_good"], &row["created_by"]), (&json!(true), &json!(crate::client::ADMIN)));
    assert_eq!(unused["links"][0]["last_used_at"], Value::Null);
    assert!(row["last_used_at"].is_string());
    let actions: Vec<_> =
        trail["audit"].as_array().unwrap().iter().map(|row| &row["action"]).collect();
    assert!(actions.contains(&&json!("migration.link")), "{actions:?}");
    assert!(actions.contains(&&json!("migration.unlink")), "{actions:?}");
    for told in [listed.to_string(), trail.to_string()] {
        assert!(!told.contains(&secret(&made)), "{told}");
    }
}

async fn how_long_the_vms_are_off_is_told_as_the_journal_tells_it(db: TestDatabase) {
    let (api, organisation) = start(db).await;
    let appliance = ApplianceId(fleet::appliance(&api, &organisation, "box").await.id);
    let mut book = Book::new(plan(appliance, 1, Fingerprint::default()));
    tell(&api, &organisation, &book.told(0), appliance).await;
    let secret = secret(&link(&api.admin().await, &path(&book), &json!({})).await.ok());
    let before = open(&api, &secret).await.ok();

    book = book.armed();
    tell(&api, &organisation, &book.told(0), appliance).await;
    let off = open(&api, &secret).await.ok();
    book = book.given_up(End::Cancelled);
    tell(&api, &organisation, &book.told(0), appliance).await;
    let back = open(&api, &secret).await.ok();

    let at = |which: usize| json!(book.records[which].at);
    let stopped = |record: &&domfleet_shared::migration::Record| {
        matches!(record.event, Event::VmStopped { .. })
    };
    let first = json!(book.records.iter().find(stopped).unwrap().at);
    assert_eq!((&before["vms_off_since"], &before["vms_back_at"]), (&Value::Null, &Value::Null));
    assert_eq!((&off["vms_off_since"], &off["vms_back_at"]), (&first, &Value::Null));
    assert_eq!(back["vms_back_at"], at(book.records.len() - 1));
}
