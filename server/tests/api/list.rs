//! The table of appliances: filtered, sorted and cut, the same on both databases.

use std::time::Duration;

use domfleet_server::db::entity::appliance;
use sea_orm::ActiveValue::Set;
use serde_json::{Value, json};

use crate::client::{Api, User};
use crate::database::{TestDatabase, on_both};
use crate::fleet;

on_both! {
    every_filter_finds_what_it_says
    a_table_is_cut_into_pages_that_make_a_whole
    what_is_unknown_sorts_last_both_ways
    a_filter_that_cannot_be_understood_says_where_and_what_there_is
    a_change_raises_version_and_revision
}

const A: &str = "alpha";
const B: &str = "Beta 50%";
const C: &str = "gamma";

const DAY: i64 = 24 * 60 * 60 * 1000;

async fn organisation(admin: &User<'_>) -> String {
    let me = admin.get("/api/v1/me").await.ok();
    me["organisation"]["id"].as_str().unwrap().to_owned()
}

async fn names(admin: &User<'_>, query: &str) -> Vec<String> {
    let page = admin.get(&format!("/api/v1/appliances?{query}")).await.ok();
    let rows = page["appliances"].as_array().unwrap();
    rows.iter().map(|row| row["name"].as_str().unwrap().to_owned()).collect()
}

/// `alpha` is old and offline, `Beta 50%` new and read-only, `gamma` knows nothing of itself.
async fn three(api: &Api, organisation: &str) -> String {
    let admin = api.admin().await;
    let site = json!({ "name": "Head, office" });
    let site = admin.post("/api/v1/sites", &site).await.ok();
    let site = site["id"].as_str().unwrap().to_owned();
    let now = api.app.clock.now().as_millis();
    let row = |name| fleet::row(organisation, name, now);
    let rows = vec![
        appliance::ActiveModel {
            presence: Set("offline".into()),
            xen: Set(Some("4.9.2".into())),
            hypervisor: Set(Some("1.8".into())),
            booted_at: Set(Some(now - 40 * DAY)),
            vms_total: Set(7),
            epoch: Set(2),
            created_at: Set(now - 90 * DAY),
            site_id: Set(Some(site.parse().unwrap())),
            ..row("alpha")
        },
        appliance::ActiveModel {
            read_only: Set(Some("there are two".into())),
            booted_at: Set(Some(now - 3 * DAY - 1000)),
            ..row("Beta 50%")
        },
        appliance::ActiveModel {
            state: Set("pending".into()),
            xen: Set(None),
            hypervisor: Set(None),
            booted_at: Set(None),
            last_seen_at: Set(None),
            vms_total: Set(0),
            ..row("gamma")
        },
    ];
    fleet::insert(api, rows).await;
    site
}

async fn every_filter_finds_what_it_says(db: TestDatabase) {
    let api = Api::start(db).await;
    let admin = api.admin().await;
    let organisation = organisation(&admin).await;
    let site = three(&api, &organisation).await;
    let cases: Vec<(String, &[&str])> = vec![
        (String::new(), &[B, A, C]),
        ("presence=online".into(), &[B, C]),
        ("presence=online,offline".into(), &[B, A, C]),
        ("presence!=online".into(), &[A]),
        ("state=pending".into(), &[C]),
        ("BETA".into(), &[B]),
        ("name~0%".into(), &[B]),
        ("name~_".into(), &[]),
        ("name=alpha".into(), &[A]),
        ("name=Alpha".into(), &[]),
        ("xen<4.17".into(), &[A]),
        ("xen>4.9".into(), &[B, A]),
        ("xen>4.9.2".into(), &[B]),
        ("xen<4".into(), &[]),
        ("xen=4.9.2".into(), &[A]),
        ("xen!=4.9.2".into(), &[B, C]),
        ("xen=\"\"".into(), &[C]),
        ("xen!=\"\"".into(), &[B, A]),
        ("hypervisor~1.".into(), &[A]),
        ("uptime>30".into(), &[A]),
        ("uptime<30".into(), &[B]),
        ("uptime=3".into(), &[B]),
        ("uptime!=3".into(), &[A, C]),
        ("joined<1".into(), &[B, C]),
        ("joined>89".into(), &[A]),
        ("joined=90".into(), &[A]),
        ("vms=7".into(), &[A]),
        ("vms>0".into(), &[B, A]),
        ("epoch!=1".into(), &[A]),
        ("read_only=yes".into(), &[B]),
        ("read_only=no".into(), &[A, C]),
        ("site=\"Head, office\"".into(), &[A]),
        (format!("site={site}"), &[A]),
        ("site!=\"Head, office\"".into(), &[B, C]),
        ("site=\"\"".into(), &[B, C]),
        ("site~office".into(), &[A]),
        ("organisation=Vendor".into(), &[B, A, C]),
        (format!("organisation={organisation} presence=offline"), &[A]),
        ("organisation=nobody".into(), &[]),
        ("name=\"' OR 1=1 --\"".into(), &[]),
    ];

    for (filter, expected) in cases {
        let query = format!("q={}", encoded(&filter));
        assert_eq!(names(&admin, &query).await, expected, "{filter}");
    }
    assert_eq!(names(&admin, "presence=offline,stale").await, [A]);
    assert_eq!(names(&admin, "site=Head%2C%20office").await, [A]);
    assert_eq!(names(&admin, "presence=online&q=gam").await, [C]);
}

fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |encoded, byte| format!("{encoded}%{byte:02x}"))
}

async fn a_table_is_cut_into_pages_that_make_a_whole(db: TestDatabase) {
    let api = Api::start(db).await;
    let admin = api.admin().await;
    let organisation = organisation(&admin).await;
    let now = api.app.clock.now().as_millis();
    // Many of the same name: the order must be one all the same.
    let rows = (0..250).map(|n| fleet::row(&organisation, ["same", "other"][n % 2], now));
    fleet::insert(&api, rows.collect()).await;

    let (mut seen, mut next) = (Vec::new(), String::new());
    loop {
        let page = admin.get(&format!("/api/v1/appliances?limit=100{next}")).await.ok();
        assert_eq!(page["total"], 250);
        seen.extend(page["appliances"].as_array().unwrap().clone());
        match page["next"].as_str() {
            Some(cursor) => next = format!("&next={cursor}"),
            None => break,
        }
    }
    let window = admin.get("/api/v1/appliances?limit=100&offset=50").await.ok();

    assert_eq!(window["appliances"].as_array().unwrap(), &seen[50..150]);
    let mut ids: Vec<&str> = seen.iter().map(|row| row["id"].as_str().unwrap()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 250);
    let too_many = admin.get("/api/v1/appliances?limit=100000").await.ok();
    assert_eq!(too_many["appliances"].as_array().unwrap().len(), 250);
    assert_eq!(admin.get("/api/v1/appliances?limit=x").await.code(), "invalid");
    assert_eq!(admin.get("/api/v1/appliances?next=x").await.code(), "invalid");
}

async fn what_is_unknown_sorts_last_both_ways(db: TestDatabase) {
    let api = Api::start(db).await;
    let admin = api.admin().await;
    three(&api, &organisation(&admin).await).await;

    assert_eq!(names(&admin, "sort=xen").await, ["Beta 50%", "alpha", "gamma"]);
    assert_eq!(names(&admin, "sort=-xen").await, ["alpha", "Beta 50%", "gamma"]);
    assert_eq!(names(&admin, "sort=booted_at").await, ["alpha", "Beta 50%", "gamma"]);
    assert_eq!(names(&admin, "sort=-vms_total").await, ["alpha", "Beta 50%", "gamma"]);
    assert_eq!(names(&admin, "sort=site").await[0], "alpha");
    assert_eq!(names(&admin, "sort=organisation").await.len(), 3);
    assert_eq!(admin.get("/api/v1/appliances?sort=shoe_size").await.code(), "invalid");
}

async fn a_filter_that_cannot_be_understood_says_where_and_what_there_is(db: TestDatabase) {
    let api = Api::start(db).await;
    let admin = api.admin().await;

    let unknown = admin.get("/api/v1/appliances?q=a%20presense%3Donline").await;
    let parameter = admin.get("/api/v1/appliances?presense=online").await;

    assert_eq!(
        (unknown.code(), parameter.code()),
        ("invalid_filter".into(), "invalid_filter".into())
    );
    let problem: Value = unknown.json();
    assert!(problem["title"].as_str().unwrap().contains("character 3"), "{problem}");
    assert!(problem["what_to_do"].as_str().unwrap().contains("presence"), "{problem}");
}

async fn a_change_raises_version_and_revision(db: TestDatabase) {
    let api = Api::start(db).await;
    let admin = api.admin().await;
    let appliance = fleet::appliance(&api, &organisation(&admin).await, "box").await;
    let path = format!("/api/v1/appliances/{}", appliance.id);
    let before = admin.get("/api/v1/appliances").await.ok();

    let changed = admin.patch(&path, &json!({ "name": " Office " })).await.ok();
    api.app.clock.advance(Duration::from_secs(1));
    let after = admin.get("/api/v1/appliances").await.ok();

    assert_eq!((&changed["name"], &changed["version"]), (&json!("Office"), &json!(2)));
    assert!(after["revision"].as_u64() > before["revision"].as_u64());
    assert_eq!(admin.patch(&path, &json!({ "name": "" })).await.code(), "invalid");
    assert_eq!(admin.patch(&path, &json!({ "shoe_size": 4 })).await.code(), "malformed");
}
