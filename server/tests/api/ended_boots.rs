//! The table of the fleet's boots that have ended, the same on both databases.

use domfleet_server::db::inventory::{self, Reporter};
use domfleet_shared::boot::{Boot, BootEnd, Confidence};
use domfleet_shared::id::{ApplianceId, BootId, OrganisationId};
use domfleet_shared::inventory::{Components, Content};
use sea_orm::ActiveModelTrait as _;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::client::{Api, User};
use crate::database::{TestDatabase, on_both};
use crate::fleet;
use crate::routes::Tree;

on_both! {
    the_boot_that_ended_last_comes_first_and_one_that_runs_is_not_there
    an_ended_boot_says_how_how_sure_and_on_what_evidence
    each_filter_leaves_the_ends_that_it_names
    a_boot_whose_uptime_nobody_noted_comes_last_by_uptime
    the_table_of_ends_is_cut_into_pages_that_make_a_whole
    how_boots_ended_is_told_to_nobody_who_is_not_above
    a_filter_of_ends_that_cannot_be_understood_says_what_there_is
}

const HOUR: i64 = 60 * 60 * 1000;

/// How a boot ended, and how many hours ago.
struct Told {
    hours_ago: i64,
    uptime_hours: Option<u64>,
    end: BootEnd,
    confidence: Confidence,
    evidence: &'static str,
}

const FREEZE: Told = Told {
    hours_ago: 5,
    uptime_hours: Some(2000),
    end: BootEnd::Hang,
    confidence: Confidence::Low,
    evidence: "Nothing was written for 40 minutes.",
};
const PANIC: Told = Told {
    hours_ago: 2,
    uptime_hours: Some(30),
    end: BootEnd::Panic,
    confidence: Confidence::High,
    evidence: "There is a crash dump.",
};
const POWER: Told = Told {
    hours_ago: 24,
    uptime_hours: None,
    end: BootEnd::PowerLoss,
    confidence: Confidence::Medium,
    evidence: "Its neighbours went at the same moment.",
};

fn boot(now: i64, ended: &Told) -> Boot {
    let ended_at = now - ended.hours_ago * HOUR;
    let ran = i64::try_from(ended.uptime_hours.unwrap_or(1)).unwrap() * HOUR;
    Boot {
        boot_id: BootId::new(),
        started_at: domfleet_shared::Timestamp::from_millis(ended_at - ran),
        ended_at: Some(domfleet_shared::Timestamp::from_millis(ended_at)),
        end: Some(ended.end),
        confidence: Some(ended.confidence),
        evidence: vec![ended.evidence.to_owned()],
        components: Components { hypervisor: Some("1.8".into()), ..Components::default() },
        first_seen_seconds: Some(0),
        last_seen_seconds: ended.uptime_hours.map(|hours| hours * 3600),
        changes: Vec::new(),
    }
}

/// An appliance that tells of these ends, and that it runs now; returns its id.
async fn appliance(api: &Api, organisation: &str, name: &str, ends: &[&Told]) -> Uuid {
    let now = api.app.clock.now();
    let row = fleet::row(organisation, name, now.as_millis());
    let row = row.insert(api.app.db.write()).await.unwrap();
    let mut boots: Vec<Boot> = ends.iter().map(|end| boot(now.as_millis(), end)).collect();
    boots.push(Boot {
        boot_id: BootId::new(),
        started_at: now,
        ended_at: None,
        end: None,
        confidence: None,
        evidence: Vec::new(),
        last_seen_seconds: None,
        ..boot(now.as_millis(), &PANIC)
    });
    let reporter = Reporter {
        organisation: OrganisationId(organisation.parse().unwrap()),
        appliance: ApplianceId(row.id),
        epoch: 1,
    };
    let txn = api.app.db.begin().await.unwrap();
    inventory::store(&txn, reporter, &Content::Boots(boots), now).await.unwrap();
    txn.commit().await.unwrap();
    row.id
}

/// `museum` froze and panicked since yesterday, `annex` lost its power a day ago.
async fn two(api: &Api) -> Tree {
    let tree = Tree::grow(api).await;
    appliance(api, &tree.vendor, "museum", &[&FREEZE, &PANIC]).await;
    appliance(api, &tree.own, "annex", &[&POWER]).await;
    tree
}

async fn ends(user: &User<'_>, query: &str) -> Vec<String> {
    let page = user.get(&format!("/api/v1/boots?{query}")).await.ok();
    let rows = page["boots"].as_array().unwrap();
    assert_eq!(page["total"], rows.len(), "{query}");
    rows.iter().map(|row| row["end"].as_str().unwrap().to_owned()).collect()
}

async fn the_boot_that_ended_last_comes_first_and_one_that_runs_is_not_there(db: TestDatabase) {
    let api = Api::start(db).await;
    two(&api).await;
    let admin = api.admin().await;

    assert_eq!(ends(&admin, "").await, ["panic", "hang", "power_loss"]);
    assert_eq!(ends(&admin, "sort=ended_at").await, ["power_loss", "hang", "panic"]);
}

async fn an_ended_boot_says_how_how_sure_and_on_what_evidence(db: TestDatabase) {
    let api = Api::start(db).await;
    let tree = Tree::grow(&api).await;
    let id = appliance(&api, &tree.vendor, "museum", &[&FREEZE]).await;
    let admin = api.admin().await;

    let page = admin.get("/api/v1/boots").await.ok();

    let row = &page["boots"][0];
    assert_eq!(row["appliance"], json!({ "id": id, "name": "museum" }));
    assert_eq!((&row["end"], &row["confidence"]), (&json!("hang"), &json!("low")));
    assert_eq!(row["evidence"], json!([FREEZE.evidence]));
    assert_eq!((&row["last_seen_seconds"], &row["epoch"]), (&json!(7_200_000), &json!(1)));
    assert_eq!(row["components"]["hypervisor"], "1.8");
    let of_the_appliance = admin.get(&format!("/api/v1/appliances/{id}/boots")).await.ok();
    let same = &of_the_appliance["boots"][1];
    for field in ["boot_id", "started_at", "ended_at"] {
        assert!(row[field].is_string(), "{field}");
        assert_eq!(row[field], same[field], "{field}");
    }
}

async fn each_filter_leaves_the_ends_that_it_names(db: TestDatabase) {
    let api = Api::start(db).await;
    let tree = two(&api).await;
    let admin = api.admin().await;
    let own = format!("organisation={}", tree.own);
    let cases: Vec<(&str, &[&str])> = vec![
        ("end=panic", &["panic"]),
        ("end=panic,watchdog,hang", &["panic", "hang"]),
        ("end!=panic", &["hang", "power_loss"]),
        ("confidence=low", &["hang"]),
        ("confidence=low,medium", &["hang", "power_loss"]),
        ("appliance=annex", &["power_loss"]),
        ("appliance~USE", &["panic", "hang"]),
        ("organisation=Reseller", &["power_loss"]),
        (&own, &["power_loss"]),
        ("ended<24", &["panic", "hang"]),
        ("ended<25", &["panic", "hang", "power_loss"]),
        ("ended=24", &["power_loss"]),
        ("ended>4", &["hang", "power_loss"]),
        ("ended>5", &["hang", "power_loss"]),
        ("ended<24 end=panic,watchdog,hang confidence=high", &["panic"]),
        ("MUSE", &["panic", "hang"]),
        ("pbx", &[]),
    ];
    api.app.clock.advance(std::time::Duration::from_secs(1));

    for (filter, expected) in cases {
        let query =
            filter.bytes().fold("q=".to_owned(), |query, byte| format!("{query}%{byte:02x}"));
        assert_eq!(ends(&admin, &query).await, expected, "{filter}");
    }
    assert_eq!(ends(&admin, "end=panic,watchdog&ended=2").await, ["panic"]);
}

async fn a_boot_whose_uptime_nobody_noted_comes_last_by_uptime(db: TestDatabase) {
    let api = Api::start(db).await;
    two(&api).await;
    let admin = api.admin().await;

    assert_eq!(ends(&admin, "sort=uptime").await, ["panic", "hang", "power_loss"]);
    assert_eq!(ends(&admin, "sort=-uptime").await, ["hang", "panic", "power_loss"]);
    assert_eq!(admin.get("/api/v1/boots?sort=evidence").await.code(), "invalid");
}

async fn the_table_of_ends_is_cut_into_pages_that_make_a_whole(db: TestDatabase) {
    let api = Api::start(db).await;
    let tree = Tree::grow(&api).await;
    // Many that ended at the same moment: the order must be one all the same.
    for name in ["museum", "annex", "archive"] {
        appliance(&api, &tree.vendor, name, &[&FREEZE, &FREEZE, &PANIC]).await;
    }
    let admin = api.admin().await;

    let (mut seen, mut next) = (Vec::new(), String::new());
    loop {
        let page = admin.get(&format!("/api/v1/boots?limit=2{next}")).await.ok();
        assert_eq!(page["total"], 9);
        seen.extend(page["boots"].as_array().unwrap().clone());
        match page["next"].as_str() {
            Some(cursor) => next = format!("&next={cursor}"),
            None => break,
        }
    }

    let whole = admin.get("/api/v1/boots").await.ok();
    assert_eq!(whole["boots"].as_array().unwrap(), &seen);
    let mut ids: Vec<&Value> = seen.iter().map(|row| &row["boot_id"]).collect();
    ids.sort_unstable_by_key(|id| id.as_str());
    ids.dedup();
    assert_eq!(ids.len(), 9);
}

async fn how_boots_ended_is_told_to_nobody_who_is_not_above(db: TestDatabase) {
    let api = Api::start(db).await;
    let tree = two(&api).await;
    let reseller = api.user(&tree.own, "viewer").await;
    let sibling = api.user(&tree.sibling, "viewer").await;
    let customer = api.user(&tree.child, "viewer").await;

    assert_eq!(ends(&reseller, "").await, ["power_loss"]);
    assert_eq!(ends(&reseller, "appliance=museum").await, [""; 0]);
    for other in [sibling, customer] {
        assert_eq!(ends(&other, "").await, [""; 0]);
    }
}

async fn a_filter_of_ends_that_cannot_be_understood_says_what_there_is(db: TestDatabase) {
    let api = Api::start(db).await;
    let admin = api.admin().await;
    let said = async |query: &str| {
        let answer = admin.get(&format!("/api/v1/boots?{query}")).await;
        assert_eq!(answer.code(), "invalid_filter", "{query}");
        answer.json().to_string()
    };

    let unknown_end = said("q=end%3Dexplosion").await;
    assert!(unknown_end.contains("power_loss"), "{unknown_end}");
    let unknown_key = said("died=yes").await;
    assert!(unknown_key.contains("appliance, organisation, end, confidence, ended"));
    assert!(said("q=ended%3Cyesterday").await.contains("is a number"));
    assert!(said("q=confidence%3Elow").await.contains("cannot be compared"));
}
