//! What a migration is started from, and what is in its way.

use domfleet_shared::id::{DriveId, OperationId};
use domfleet_shared::usb::Usage;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::database::{TestDatabase, on_both};
use crate::fleet;
use crate::migrations::{asked, facts, preflight, start};

on_both! {
    what_is_in_the_way_is_said_and_nothing_is_started
    with_a_second_drive_nobody_has_to_accept_that_there_is_one_copy
}

async fn what_is_in_the_way_is_said_and_nothing_is_started(db: TestDatabase) {
    let (api, organisation) = start(db).await;
    let user = api.admin().await;
    let (appliance, body) = asked(&api, &organisation).await;
    let with = |change: &dyn Fn(&mut Value)| {
        let mut body = body.clone();
        change(&mut body);
        body
    };
    let mut full = facts(appliance.vm, DriveId::new());
    full.drives[0].free_bytes = Some(1 << 20);
    let blocked = preflight(&api, &organisation, &appliance, &full).await;
    let mut other = facts(appliance.vm, DriveId::new());
    other.vms.clear();
    let old = preflight(&api, &organisation, &appliance, &other).await;

    let small = DriveId::new();
    let mut two = facts(appliance.vm, DriveId::new());
    two.drives.push(two.drives[0].clone());
    two.drives[1].usage = Usage::Ours { drive: small };
    two.drives[1].free_bytes = Some(1 << 20);
    let two = preflight(&api, &organisation, &appliance, &two).await;
    let second = |drive: DriveId| {
        with(&|b| {
            b["preflight"] = json!(two);
            b["second_drive"] = json!(drive);
        })
    };

    for (body, status, code) in [
        (second(small), 409, "in_the_way"),
        (second(DriveId::new()), 422, "no_such_drive"),
        (
            with(&|b| {
                b["preflight"] = json!(two);
                b["drive"] = json!(small);
                b["second_drive"] = json!(small);
            }),
            422,
            "same_drive",
        ),
        (with(&|b| _ = b.as_object_mut().unwrap().remove("one_copy")), 409, "consent_missing"),
        (with(&|b| b["one_copy"] = "yes".into()), 422, "wrong_sentence"),
        (with(&|b| b["preflight"] = json!(blocked)), 409, "in_the_way"),
        (with(&|b| b["preflight"] = json!(old)), 409, "preflight_old"),
        (with(&|b| b["preflight"] = json!(OperationId::new())), 422, "no_preflight"),
        (with(&|b| b["drive"] = json!(DriveId::new())), 422, "no_such_drive"),
        (with(&|b| b["downtime_seconds"] = 5.into()), 422, "invalid"),
        (
            with(&|b| b["excluded"] = json!([{ "vm": appliance.vm, "reason": "old" }])),
            422,
            "unsound_plan",
        ),
        (with(&|b| b["excluded"] = json!([{ "vm": appliance.vm, "reason": " " }])), 422, "invalid"),
        (with(&|b| b["appliance"] = json!(Uuid::new_v4())), 404, "not_found"),
    ] {
        let answer = user.post("/api/v1/migrations", &body).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (status, code.into()), "{body}");
        assert!(!answer.json()["what_to_do"].as_str().unwrap().is_empty());
    }
    assert_eq!(user.get("/api/v1/migrations").await.ok()["total"], 0);
}

async fn with_a_second_drive_nobody_has_to_accept_that_there_is_one_copy(db: TestDatabase) {
    let (api, organisation) = start(db).await;
    let user = api.admin().await;
    let appliance = fleet::appliance(&api, &organisation, "box").await;
    let (first, second) = (DriveId::new(), DriveId::new());
    let mut facts = facts(appliance.vm, first);
    facts.drives.push(facts.drives[0].clone());
    facts.drives[1].usage = Usage::Ours { drive: second };
    // By its room it would be the first.
    facts.drives[1].free_bytes = Some(200_000_000_000);
    let preflight = preflight(&api, &organisation, &appliance, &facts).await;
    let body = json!({ "appliance": appliance.id, "preflight": preflight, "second_drive": second });

    let answer = user.post("/api/v1/migrations", &body).await;
    assert_eq!(answer.status, 201, "{:?}", answer.json());
    let begun = answer.json();

    assert_eq!(begun["plan"]["copies"]["kind"], "second_drive");
    assert_eq!((&begun["drive"], &begun["second_drive"]), (&json!(first), &json!(second)));
    let id = begun["id"].as_str().unwrap().parse().unwrap();
    let stored = domfleet_server::db::migrations::by_id(api.app.db.read(), id).await;
    let standing = stored.unwrap().unwrap();
    let intent = standing.intent(Vec::new()).unwrap();
    assert_eq!((intent.drive, intent.second_drive), (first, Some(second)));
    let steps =
        user.get(&format!("/api/v1/migrations/{}", begun["id"].as_str().unwrap())).await.ok();
    let text = steps["tasks"][0]["text"].as_str().unwrap();
    assert!(text.starts_with("Plug both backup drives"), "{text}");
}
