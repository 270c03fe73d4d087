//! Migrations, as operators start them and decide about them, with an appliance that tells of them.

use domfleet_server::db::entity::operation;
use domfleet_server::migrations::{self, Teller};
use domfleet_shared::id::{ApplianceId, DriveId, OperationId, PermitId, VmId};
use domfleet_shared::inventory::Fingerprint;
use domfleet_shared::migration::Permit;
use domfleet_shared::migration::event::Event;
use domfleet_shared::migration::permit::{Proof, Release, SignedPermit};
use domfleet_shared::migration::phase::End;
use domfleet_shared::migration::plan::Plan;
use domfleet_shared::migration::preflight::{Assumptions, Facts, ONLY_COPY, report};
use domfleet_shared::migration::reset_block::Nonce;
use domfleet_shared::migration::talk::{Ask, Heard, Told};
use sea_orm::ActiveModelTrait as _;
use sea_orm::ActiveValue::Set;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::client::{Api, User};
use crate::database::{TestDatabase, on_both};
use crate::fleet::{self, Box7};
use crate::story::{Book, NONCE, disk, plan};

on_both! {
    one_is_started_from_a_preflight_and_holds_its_appliance
    its_story_is_what_the_appliance_tells_and_its_permit_is_given_once
    no_permit_is_signed_for_what_is_not_proved_or_not_wanted
    given_up_it_is_over_when_the_appliance_says_so
    people_decide_about_what_failed_and_each_decision_is_done_once
    it_goes_back_under_one_permit_and_stays_where_people_want_that
    what_cannot_be_is_kept_and_shown_and_not_followed
    a_server_that_forgot_it_takes_it_in_again
    a_story_that_is_told_otherwise_replaces_what_was_known
    nobody_tells_of_anothers_migration
}

const KEY: &str = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";

pub(crate) async fn start(db: TestDatabase) -> (Api, String) {
    let api = Api::start(db).await;
    let me = api.admin().await.get("/api/v1/me").await.ok();
    let organisation = me["organisation"]["id"].as_str().unwrap().to_owned();
    (api, organisation)
}

pub(crate) fn facts(vm: VmId, drive: DriveId) -> Facts {
    let disk = json!({
        "vdev": "xvda", "path": "/vm/pbx.qcow2", "format": "qcow2", "virtual_bytes": 20_u64 << 30,
        "data_bytes": 5_u64 << 30, "verdict": "ok", "is_convertible": true, "is_on_system_disk": true,
        "holder": null,
    });
    let part = |path: &str, start: u64, bytes: u64, holds: bool| json!({ "path": path, "start_bytes": start, "bytes": bytes, "holds_disks": holds });
    serde_json::from_value(json!({
        "vms": [{ "vm": vm, "name": "pbx", "is_running": true, "autostart": true, "disks": [disk] }],
        "drives": [{
            "path": "/dev/sdb", "model": "Ultra", "serial": "4C53", "size_bytes": 120_000_000_000_u64, "file_system": "ext4",
            "use": { "kind": "ours", "drive": drive }, "free_bytes": 120_000_000_000_u64,
        }],
        "system_disk": {
            "path": "/dev/sda", "wwid": "naa.5000c500a1b2c3d4", "bytes": 240_000_000_000_u64,
            "partitions": [
                part("/dev/sda1", 1 << 20, 255 << 20, false),
                part("/dev/sda2", 256 << 20, 200 << 30, true),
            ],
        },
        "clock": "set",
        "measured": {},
    }))
    .unwrap()
}

/// A preflight that has succeeded.
pub(crate) async fn preflight(
    api: &Api,
    organisation: &str,
    appliance: &Box7,
    facts: &Facts,
) -> OperationId {
    let now = api.app.clock.now().as_millis();
    let id = OperationId::new();
    let row = operation::ActiveModel {
        id: Set(id.0),
        organisation_id: Set(organisation.parse().unwrap()),
        appliance_id: Set(appliance.id),
        epoch: Set(1),
        kind: Set("migration_preflight".into()),
        class: Set("read".into()),
        document: Set(json!({ "kind": "migration_preflight" })),
        state: Set("succeeded".into()),
        requested_by: Set(None),
        created_at: Set(now),
        offered_at: Set(None),
        accepted_at: Set(None),
        started_at: Set(None),
        ended_at: Set(Some(now)),
        expires_at: Set(now),
        deadline_at: Set(None),
        last_report: Set(1),
        progress: Set(None),
        reason: Set(None),
        result: Set(Some(json!(report(facts, &Assumptions::default())))),
        bundle_id: Set(None),
        priority: Set(1),
        bulk_id: Set(None),
        request_key: Set(None),
        version: Set(1),
    };
    row.insert(api.app.db.write()).await.unwrap();
    id
}

pub(crate) async fn asked(api: &Api, organisation: &str) -> (Box7, Value) {
    let appliance = fleet::appliance(api, organisation, "box").await;
    let facts = facts(appliance.vm, DriveId::new());
    let preflight = preflight(api, organisation, &appliance, &facts).await;
    let body = json!({
        "appliance": appliance.id, "preflight": preflight, "one_copy": ONLY_COPY,
        "downtime_seconds": 7200,
    });
    (appliance, body)
}

pub(crate) async fn tell(api: &Api, organisation: &str, told: &Told, by: ApplianceId) -> Heard {
    let teller = Teller { appliance: by, organisation: organisation.parse().unwrap() };
    migrations::hear(&api.app, teller, told).await.unwrap()
}

/// A migration of `appliance` of which nothing but its plan is told.
pub(crate) async fn told_of(api: &Api, organisation: &str, appliance: Uuid) -> Book {
    let book = Book::new(plan(ApplianceId(appliance), 1, Fingerprint::default()));
    let heard = tell(api, organisation, &book.told(0), ApplianceId(appliance)).await;
    assert_eq!((heard.records, heard.refused), (1, None));
    book
}

/// One that has a permit; returns its id.
pub(crate) async fn permitted(api: &Api, organisation: &str, appliance: Uuid) -> String {
    let book = told_of(api, organisation, appliance).await.armed();
    tell(api, organisation, &book.asking(NONCE, KEY), book.plan.appliance).await;
    book.plan.migration.to_string()
}

/// The same, and both what was told and who told it.
pub(crate) struct Told7<'a> {
    api: &'a Api,
    organisation: &'a str,
    pub(crate) user: User<'a>,
    pub(crate) book: Book,
}

impl<'a> Told7<'a> {
    pub(crate) async fn begin(api: &'a Api, organisation: &'a str) -> Self {
        let appliance = fleet::appliance(api, organisation, "box").await;
        let book = told_of(api, organisation, appliance.id).await;
        Self { api, organisation, user: api.admin().await, book }
    }

    pub(crate) async fn tell(&self) -> Heard {
        self.say(&self.book.told(0)).await
    }

    pub(crate) async fn say(&self, told: &Told) -> Heard {
        tell(self.api, self.organisation, told, self.book.plan.appliance).await
    }

    pub(crate) fn path(&self) -> String {
        format!("/api/v1/migrations/{}", self.book.plan.migration)
    }

    pub(crate) async fn seen(&self) -> Value {
        self.user.get(&self.path()).await.ok()
    }

    pub(crate) async fn post(&self, what: &str, body: &Value) -> crate::client::Answer {
        self.user.post(&format!("{}/{what}", self.path()), body).await
    }

    /// The permit that is signed for what is told.
    pub(crate) async fn permit(&self) -> PermitId {
        let heard = self.say(&self.book.asking(NONCE, KEY)).await;
        assert_eq!(heard.refused, None);
        let seen = self.seen().await;
        seen["permit"]["id"].as_str().unwrap().parse().unwrap()
    }
}

/// That the last record carries a decision out.
fn decided(book: &mut Book, number: u64) {
    book.records.last_mut().unwrap().decision = Some(number);
}

async fn one_is_started_from_a_preflight_and_holds_its_appliance(db: TestDatabase) {
    let (api, organisation) = start(db).await;
    let user = api.admin().await;
    let (appliance, body) = asked(&api, &organisation).await;

    let answer = user.post("/api/v1/migrations", &body).await;
    assert_eq!(answer.status, 201, "{:?}", answer.json());
    let begun = answer.json();
    let path = format!("/api/v1/migrations/{}", begun["id"].as_str().unwrap());
    let again = user.post("/api/v1/migrations", &body).await;
    let start_vm = json!({ "operation": { "kind": "vm_start", "vm": appliance.vm } });
    let other =
        user.post(&format!("/api/v1/appliances/{}/operations", appliance.id), &start_vm).await;
    let list = user.get("/api/v1/migrations?q=appliance~box+ended=no+phase=preflight").await.ok();

    let plan: Plan = serde_json::from_value(begun["plan"].clone()).unwrap();
    assert_eq!((plan.vms.len(), plan.downtime_seconds), (1, 7200));
    assert!(plan.vms[0].was_running, "as it was reported last");
    assert_eq!(begun["started_by"], crate::client::ADMIN);
    assert_eq!(user.get(&path).await.ok()["may"]["cancel"], true);
    assert_eq!((again.status.as_u16(), again.code()), (409, "migration_open".into()));
    assert_eq!((other.status.as_u16(), other.code()), (409, "migrating".into()));
    let title = other.json()["title"].as_str().unwrap().to_owned();
    assert!(title.contains(begun["id"].as_str().unwrap()), "{title}");
    assert_eq!((list["total"].as_u64(), &list["migrations"][0]["id"]), (Some(1), &begun["id"]));
    let trail = user.get("/api/v1/audit").await.ok();
    assert!(
        trail["audit"].as_array().unwrap().iter().any(|row| row["action"] == "migration.start")
    );
}

async fn its_story_is_what_the_appliance_tells_and_its_permit_is_given_once(db: TestDatabase) {
    let (api, organisation) = start(db).await;
    let mut it = Told7::begin(&api, &organisation).await;
    it.book = it.book.clone().armed();

    // A few at a time, and some twice.
    assert_eq!(it.say(&it.book.part(1, 4)).await.records, 4);
    assert_eq!(it.say(&it.book.part(2, 6)).await.records, 6);
    assert_eq!(it.say(&it.book.part(7, 8)).await.records, 0, "some are missing");
    let asks = Told { after: it.book.hash(0), ..it.book.part(0, 0) };
    assert_eq!(it.say(&asks).await.records, 6, "the first word of a session is a question");
    let first = it.permit().await;
    let again = it.permit().await;
    let file = it.user.get(&format!("{}/permit", it.path())).await;
    assert!(file.headers["content-disposition"].to_str().unwrap().contains("permit.json"));
    let signed: SignedPermit = serde_json::from_value(file.ok()).unwrap();
    let permit: Permit = serde_json::from_str(&signed.permit).unwrap();

    assert_eq!(first, again);
    assert_eq!(
        (permit.id, permit.to, permit.proof),
        (first, Release::Two, Proof::Nonce { nonce: NONCE })
    );
    assert_eq!(permit.not_after.since(permit.issued_at).as_secs(), 24 * 3600);
    assert_eq!((permit.disk, permit.generation), (disk(), 1));
    let seen = it.seen().await;
    assert_eq!((&seen["phase"], &seen["is_past_the_point"]), (&json!("sealed"), &json!(true)));
    let line = seen["line"].as_array().unwrap();
    assert_eq!((&line[0]["state"], &line[3]["state"]), (&json!("done"), &json!("current")));
    assert_eq!(line[1]["evidence"][2], "mail is shut down.");
    let records = it.user.get(&format!("{}/records?after=1&limit=2", it.path())).await.ok();
    assert_eq!((&records["total"], &records["next"]), (&json!(8), &json!(3)));
    assert_eq!(records["records"][0]["event"], "drive_claimed");
    assert!(records["records"][0]["drive"].is_string());
}

async fn no_permit_is_signed_for_what_is_not_proved_or_not_wanted(db: TestDatabase) {
    let (api, organisation) = start(db).await;
    let mut it = Told7::begin(&api, &organisation).await;
    let armed = it.book.clone().armed();

    it.book.records = armed.records[..armed.records.len() - 1].to_vec();
    let unarmed = it.say(&it.book.asking(NONCE, KEY)).await;
    it.book = armed;
    let other = it.say(&it.book.asking(Nonce([8; 32]), KEY)).await;
    let no_key = it.say(&it.book.asking(NONCE, "none")).await;
    it.book.add(Event::VmRan { vm: it.book.vm(0) });
    let ran = it.say(&it.book.asking(NONCE, KEY)).await;
    it.book.records.pop();
    it.tell().await;
    it.post("cancel", &json!({ "reason": "not today" })).await.ok();
    let cancelled = it.say(&it.book.asking(NONCE, KEY)).await;

    for heard in [unarmed, other, no_key, ran, cancelled] {
        assert!(heard.refused.is_some(), "{heard:?}");
    }
    assert_eq!(it.seen().await["permit"], Value::Null);
    let file = it.user.get(&format!("{}/permit", it.path())).await;
    assert_eq!((file.status.as_u16(), file.code()), (404, "no_permit".into()));
}

async fn given_up_it_is_over_when_the_appliance_says_so(db: TestDatabase) {
    let (api, organisation) = start(db).await;
    let mut it = Told7::begin(&api, &organisation).await;

    let empty = it.post("cancel", &json!({ "reason": "" })).await;
    let given = it.post("cancel", &json!({ "reason": "not today", "defer": true })).await;
    assert_eq!(given.status, 202);
    let twice = it.post("cancel", &json!({ "reason": "not today" })).await;
    let waiting = it.seen().await;
    it.book = it.book.clone().given_up(End::Deferred);
    it.tell().await;
    let over = it.seen().await;
    let late = it.post("cancel", &json!({ "reason": "again" })).await;

    assert_eq!((empty.status.as_u16(), empty.code()), (422, "invalid".into()));
    assert_eq!((twice.status.as_u16(), twice.code()), (409, "given_up".into()));
    assert_eq!(
        (&waiting["ended_at"], &waiting["given_up"]["end"]),
        (&Value::Null, &json!("deferred"))
    );
    assert_eq!((&over["phase"], over["ended_at"].is_string()), (&json!("deferred"), true));
    assert_eq!(late.code(), "over");
    // The appliance is free for another one.
    told_of(&api, &organisation, it.book.plan.appliance.0).await;
}

async fn people_decide_about_what_failed_and_each_decision_is_done_once(db: TestDatabase) {
    let (api, organisation) = start(db).await;
    let mut it = Told7::begin(&api, &organisation).await;
    it.book = it.book.clone().armed();
    let permit = it.permit().await;
    let early = it.post(&format!("vms/{}/waive", it.book.vm(1)), &json!({})).await;
    it.book = it.book.clone().permitted(permit).one_failed(permit);
    it.tell().await;
    let (good, bad) = (it.book.vm(0), it.book.vm(1));

    let stuck = it.seen().await;
    let alarms = it.user.get("/api/v1/alarms").await.ok();
    let healthy = it.post(&format!("vms/{good}/retry"), &json!({})).await;
    let asked = it.post(&format!("vms/{bad}/retry"), &json!({ "afresh": true })).await.ok();
    let twice = it.post(&format!("vms/{bad}/waive"), &json!({})).await;
    it.book.add(Event::VmRetried { vm: bad, by: "ada".into(), afresh: true });
    decided(&mut it.book, 1);
    it.tell().await;
    let done = it.seen().await;

    assert_eq!(early.code(), "not_failed");
    assert_eq!((&stuck["phase"], &stuck["vms_failed"]), (&json!("needs_hands"), &json!(1)));
    assert_eq!(stuck["vms"][1]["progress"]["reason"], "no sound");
    assert_eq!(alarms["alarms"][0]["kind"], "migration_stuck");
    assert_eq!(healthy.code(), "not_failed");
    assert_eq!(asked["decisions"][0]["decision"], "retry");
    assert_eq!(
        (&asked["decisions"][0]["number"], &asked["decisions"][0]["afresh"]),
        (&json!(1), &json!(true))
    );
    assert_eq!(twice.code(), "decided");
    assert_eq!(done["decisions"][0]["state"], "done");
    assert_eq!(done["phase"], "restoring");
}

async fn it_goes_back_under_one_permit_and_stays_where_people_want_that(db: TestDatabase) {
    let (api, organisation) = start(db).await;
    let mut it = Told7::begin(&api, &organisation).await;
    let before = it.post("rollback", &json!({ "reason": "no sound" })).await;
    it.book = it.book.clone().armed();
    let permit = it.permit().await;
    it.book = it.book.clone().permitted(permit).one_failed(permit);
    it.tell().await;
    let back = |told: Told| {
        let ask = Ask::WayBack { after: permit, disk: disk() };
        Told { ask: Some(ask), ..told }
    };

    let unwanted = it.say(&back(it.book.told(0))).await;
    it.post("rollback", &json!({ "reason": "no sound" })).await.ok();
    it.book.add(Event::RollingBack { reason: "no sound".into(), after: permit });
    decided(&mut it.book, 1);
    let first = it.say(&back(it.book.told(0))).await;
    let id = it.seen().await["way_back"]["id"].clone();
    let file = it.user.get(&format!("{}/permit?way_back=true", it.path())).await.ok();
    it.post("stay", &Value::Null).await.ok();
    let staying = it.seen().await;
    it.book.add(Event::WayBackWithdrawn { by: "ada".into() });
    decided(&mut it.book, 2);
    it.tell().await;
    it.post("rollback", &json!({ "reason": "still none" })).await.ok();
    it.book.add(Event::RollingBack { reason: "still none".into(), after: permit });
    decided(&mut it.book, 3);
    it.say(&back(it.book.told(0))).await;

    assert_eq!(before.code(), "before_the_point");
    assert!(unwanted.refused.is_some());
    assert_eq!(first.refused, None);
    let signed: SignedPermit = serde_json::from_value(file).unwrap();
    let way_back: Permit = serde_json::from_str(&signed.permit).unwrap();
    assert_eq!((way_back.to, way_back.proof), (Release::One, Proof::Marker { after: permit }));
    assert_eq!(staying["way_back"], Value::Null);
    let last = it.seen().await;
    assert_eq!(last["way_back"]["id"], id, "under the same id each time");
    let states: Vec<_> =
        last["decisions"].as_array().unwrap().iter().map(|d| &d["state"]).collect();
    assert_eq!(states, ["done", "done", "done"]);
}

async fn what_cannot_be_is_kept_and_shown_and_not_followed(db: TestDatabase) {
    let (api, organisation) = start(db).await;
    let mut it = Told7::begin(&api, &organisation).await;
    it.book = it.book.clone().armed();
    // Without that it was read back.
    it.book.records.remove(6);

    let heard = it.say(&it.book.asking(NONCE, KEY)).await;
    let seen = it.seen().await;

    assert_eq!(heard.records, it.book.records.len() as u64);
    assert!(heard.refused.is_some());
    assert_eq!((&seen["phase"], &seen["permit"]), (&json!("verifying"), &Value::Null));
    assert!(seen["trouble"].as_str().unwrap().contains("without a proved set"), "{seen:#}");
    let alarms = it.user.get("/api/v1/alarms").await.ok();
    assert_eq!(alarms["alarms"][0]["kind"], "migration_stuck");
}

async fn a_server_that_forgot_it_takes_it_in_again(db: TestDatabase) {
    let (api, organisation) = start(db).await;
    let appliance = fleet::appliance(&api, &organisation, "box").await;
    let owner = ApplianceId(appliance.id);
    let mut book = Book::new(plan(owner, 1, Fingerprint::default())).armed();
    book.revision = 41;

    let unknown = tell(&api, &organisation, &book.told(4), owner).await;
    let taken = tell(&api, &organisation, &book.asking(NONCE, KEY), owner).await;

    assert_eq!((unknown.records, unknown.refused.is_some()), (0, true));
    assert_eq!((taken.records, taken.refused), (book.records.len() as u64, None));
    assert!(taken.revision > 41, "what is wanted from now on is newer than what was");
    let user = api.admin().await;
    let seen = user.get(&format!("/api/v1/migrations/{}", book.plan.migration)).await.ok();
    assert_eq!((&seen["phase"], &seen["started_by"]), (&json!("sealed"), &Value::Null));
    assert!(seen["permit"]["id"].is_string() && seen["drive"].is_string());
}

async fn a_story_that_is_told_otherwise_replaces_what_was_known(db: TestDatabase) {
    let (api, organisation) = start(db).await;
    let mut it = Told7::begin(&api, &organisation).await;
    let known = it.book.clone().armed();
    it.say(&known.told(1)).await;

    it.book.add(Event::DriveClaimed { drive: DriveId::new() });
    it.book.add(Event::AutostartOff { vms: Vec::new() });
    for vm in 0..2 {
        it.book.add(Event::VmStopped { vm: it.book.vm(vm), clean: false });
    }
    let mut more = it.book.clone();
    for number in 0..4 {
        more.add(Event::VmRan { vm: more.vm(number % 2) });
    }
    let elsewhere = it.say(&more.told(8)).await;
    let whole = it.say(&it.book.told(0)).await;

    assert_eq!(elsewhere.records, 0, "it is to be told from the beginning");
    assert_eq!(whole.records, 5);
    assert_eq!(it.seen().await["phase"], "backing_up");
    let records = it.user.get(&format!("{}/records", it.path())).await.ok();
    assert_eq!((&records["total"], &records["records"][4]["clean"]), (&json!(5), &json!(false)));
}

async fn nobody_tells_of_anothers_migration(db: TestDatabase) {
    let (api, organisation) = start(db).await;
    let it = Told7::begin(&api, &organisation).await;
    let other = ApplianceId(fleet::appliance(&api, &organisation, "other").await.id);

    let heard = tell(&api, &organisation, &it.book.clone().armed().told(1), other).await;
    let foreign = Book::new(plan(it.book.plan.appliance, 1, Fingerprint::default()));
    let planted = tell(&api, &organisation, &foreign.told(0), other).await;

    assert!(heard.refused.is_some() && planted.refused.is_some());
    assert_eq!(it.seen().await["phase"], "preflight");
    assert_eq!(it.user.get("/api/v1/migrations").await.ok()["total"], 1);
}
