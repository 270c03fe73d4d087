//! Every route, asked by someone of a reseller for what is its own, its customer's, another
//! reseller's and its vendor's, and by nobody.
//!
//! Which those are, and who may: [`crate::route_table`].

use std::collections::BTreeMap;

use axum::body::Body;
use axum::http::{HeaderValue, Method, Request, StatusCode};
use domfleet_server::db::join_tokens::{self, NewJoinToken};
use domfleet_shared::id::OrganisationId;
use http_body_util::BodyExt as _;
use serde_json::{Value, json};

use crate::client::{ADMIN, Answer, Api, PASSWORD, User, request};
use crate::database::{TestDatabase, on_both};
use crate::fleet;
use crate::route_table::{About, Route, path_of, routes};
use crate::{bundles, migrations, reliability, schedules, signatures, uploads};

on_both! {
    what_is_not_below_one_s_organisation_is_not_there
    lists_hold_what_is_below_one_s_organisation_and_nothing_else
    nothing_is_made_outside_of_one_s_organisation
    without_a_login_there_is_nothing
    by_cookie_alone_nothing_is_changed
    a_route_is_there_for_its_methods_and_no_other
    each_role_may_do_what_it_is_for_and_no_more
}

/// The organisations around a reseller.
pub(crate) struct Tree {
    pub(crate) vendor: String,
    pub(crate) own: String,
    pub(crate) child: String,
    pub(crate) sibling: String,
}

impl Tree {
    pub(crate) async fn grow(api: &Api) -> Self {
        let admin = api.admin().await;
        let me = admin.get("/api/v1/me").await.ok();
        let vendor = me["organisation"]["id"].as_str().unwrap().to_owned();
        let own = admin.organisation(&vendor, "Reseller").await;
        let child = admin.organisation(&own, "Customer").await;
        let sibling = admin.organisation(&vendor, "Other reseller").await;
        Self { vendor, own, child, sibling }
    }

    pub(crate) fn all(&self) -> [(&'static str, &str, bool); 4] {
        [
            ("own", &self.own, true),
            ("child", &self.child, true),
            ("sibling", &self.sibling, false),
            ("parent", &self.vendor, false),
        ]
    }
}

/// Makes what a route is about in an organisation; returns its id.
async fn object(api: &Api, about: About, organisation: &str, admin: &User<'_>) -> String {
    let id = |made: &Value| made["id"].as_str().unwrap().to_owned();
    match about {
        About::Site => {
            let name = uuid::Uuid::new_v4().to_string();
            let new = json!({ "name": name, "organisation_id": organisation });
            id(&admin.post("/api/v1/sites", &new).await.ok())
        }
        About::JoinToken => {
            let now = api.app.clock.now();
            let new = NewJoinToken {
                organisation: OrganisationId(organisation.parse().unwrap()),
                site: None,
                preauthorised: false,
                uses: 1,
                expires_at: now + std::time::Duration::from_mins(1),
                note: String::new(),
                created_by: None,
                now,
            };
            let secret = join_tokens::new_secret();
            join_tokens::insert(api.app.db.write(), &new, &secret).await.unwrap().to_string()
        }
        About::Operator => {
            let user = api.user(organisation, "viewer").await;
            id(&user.get("/api/v1/me").await.ok())
        }
        About::Schedule => {
            // One's own: a schedule belongs to whoever writes it.
            let user = api.user(organisation, "operator").await;
            id(&user.post("/api/v1/backup-schedules", &schedules::nightly()).await.ok())
        }
        About::Signature => {
            // One's own: a signature belongs to whoever adds it.
            let user = api.user(organisation, "operator").await;
            let name = format!("s{}", uuid::Uuid::new_v4().simple());
            let added = user.post("/api/v1/signatures", &signatures::own(&name)).await.ok();
            added["own"]["id"].as_str().unwrap().to_owned()
        }
        About::OpenAlarm => {
            let appliance = fleet::appliance(api, organisation, "box").await.id;
            fleet::alarm(api, organisation, appliance).await;
            let alarms = admin.get(&format!("/api/v1/alarms?appliance={appliance}")).await.ok();
            id(&alarms["alarms"][0])
        }
        About::Finding => {
            let appliance = fleet::appliance(api, organisation, "box").await.id;
            signatures::finding(api, organisation, appliance).await
        }
        About::Import => {
            // One's own: a table belongs to whoever brings it.
            let user = api.user(organisation, "operator").await;
            id(&reliability::bring(&user, "appliance,exit_days,end\na,1,hang\n").await.ok())
        }
        About::Bulk => {
            let appliance = fleet::appliance(api, organisation, "box").await.id;
            // One's own: a bulk belongs to whoever asks, and is told of to whomever it asks.
            let user = api.user(organisation, "operator").await;
            let one = json!({ "appliances": [appliance], "operation": { "kind": "debug_bundle" } });
            id(&user.post("/api/v1/operations", &one).await.ok())
        }
        About::Migration => {
            let appliance = fleet::appliance(api, organisation, "box").await.id;
            migrations::permitted(api, organisation, appliance).await
        }
        About::Link => {
            let migration = Box::pin(object(api, About::Migration, organisation, admin)).await;
            let path = format!("/api/v1/migrations/{migration}/links");
            let link = id(&admin.post(&path, &json!({})).await.ok());
            format!("{migration}/{link}")
        }
        About::Operation | About::Bundle => {
            let appliance = fleet::appliance(api, organisation, "box").await.id;
            let path = format!("/api/v1/appliances/{appliance}/bundles");
            let asked = admin.post(&path, &json!({})).await.ok();
            if about == About::Operation {
                return id(&asked);
            }
            let bundle = asked["bundle_id"].as_str().unwrap().to_owned();
            bundles::fill(api, &bundle, &bundles::archive(&[("manifest.json", b"{}")])).await;
            bundle
        }
        About::Upload => {
            let appliance = fleet::appliance(api, organisation, "box").await.id;
            uploads::begin(admin, &appliance.to_string(), b"some log").await
        }
        About::BackupSet => {
            let appliance = fleet::appliance(api, organisation, "box").await.id;
            fleet::backup_set(api, organisation, appliance).await.to_string()
        }
        About::Alarm => {
            let appliance = fleet::appliance(api, organisation, "box").await.id;
            fleet::alarm(api, organisation, appliance).await
        }
        About::Drive => {
            let appliance = fleet::appliance(api, organisation, "box").await.id;
            fleet::usb_drive(api, organisation, appliance).await
        }
        _ => fleet::appliance(api, organisation, "box").await.id.to_string(),
    }
}

/// The answer, without waiting for the end of one that has none.
async fn ask(api: &Api, request: Request<Body>) -> Answer {
    let response = api.open(request).await;
    let (parts, body) = response.into_parts();
    let kind = parts.headers.get("content-type").and_then(|kind| kind.to_str().ok());
    let body = if kind == Some("text/event-stream") {
        Vec::new()
    } else {
        body.collect().await.unwrap().to_bytes().to_vec()
    };
    Answer { status: parts.status, headers: parts.headers, body }
}

fn body(route: &Route) -> Option<&Value> {
    (!route.body.is_null()).then_some(&route.body)
}

async fn what_is_not_below_one_s_organisation_is_not_there(db: TestDatabase) {
    let api = Api::start(db).await;
    let tree = Tree::grow(&api).await;
    let (vendor, reseller) = (api.admin().await, api.user(&tree.own, "admin").await);

    for (method, path, route) in routes() {
        // What only the topmost may has its own tests.
        let about_one = path.contains("{id}") && route.about != About::TopmostOnly;
        for (relation, organisation, visible) in tree.all() {
            if !about_one {
                continue;
            }
            let id = object(&api, route.about, organisation, &vendor).await;
            let path = path_of(&path, &id);
            let asked = request(method.clone(), &path, Some(&reseller.token), body(&route));
            let answer = ask(&api, asked).await;

            let what = format!("{method} {path} of {relation}: {}", answer.status);
            if visible {
                let refused =
                    [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN, StatusCode::NOT_FOUND];
                assert!(!refused.contains(&answer.status), "{what}");
                assert!(!answer.status.is_server_error(), "{what}");
            } else {
                assert_eq!(answer.status, StatusCode::NOT_FOUND, "{what}");
                assert_eq!(answer.code(), "not_found", "{what}");
            }
        }
    }
}

async fn lists_hold_what_is_below_one_s_organisation_and_nothing_else(db: TestDatabase) {
    let api = Api::start(db).await;
    let tree = Tree::grow(&api).await;
    let (vendor, reseller) = (api.admin().await, api.user(&tree.own, "admin").await);
    let kinds = [
        About::Site,
        About::JoinToken,
        About::Operator,
        About::Operation,
        About::Bundle,
        About::BackupSet,
        About::Drive,
        About::Alarm,
        About::Finding,
        About::Bulk,
        About::Schedule,
        About::Migration,
        About::Appliance,
    ];
    let (mut seen, mut hidden) = (vec![tree.own.clone(), tree.child.clone()], Vec::new());
    for (_, organisation, visible) in tree.all() {
        for kind in kinds {
            let id = object(&api, kind, organisation, &vendor).await;
            if visible { seen.push(id) } else { hidden.push(id) }
        }
    }

    let (mut lists, mut found) = (0, String::new());
    for (method, path, route) in routes() {
        let About::List(field) = route.about else { continue };
        let asked = request(method, &path, Some(&reseller.token), None);
        let text = ask(&api, asked).await.ok();
        let rows = text[field].as_array().unwrap_or_else(|| panic!("{path} has no {field}"));
        assert!(!rows.is_empty(), "{path}");
        assert!(text["total"].as_u64() >= Some(rows.len() as u64), "{path}");
        for id in hidden.iter().chain([&tree.sibling]) {
            assert!(!text[field].to_string().contains(id.as_str()), "{path} shows {id}");
        }
        assert!(!text[field].to_string().contains(&tree.vendor), "{path} shows the vendor");
        found += &text.to_string();
        lists += 1;
    }
    assert!(lists >= 7, "only {lists} lists");
    for id in seen {
        assert!(found.contains(&id), "{id} is nowhere");
    }
}

async fn nothing_is_made_outside_of_one_s_organisation(db: TestDatabase) {
    let api = Api::start(db).await;
    let tree = Tree::grow(&api).await;
    let reseller = api.user(&tree.own, "admin").await;

    for (method, path, mut route) in routes() {
        let About::New(field) = route.about else { continue };
        for (relation, organisation, visible) in tree.all() {
            if route.body.get("email").is_some() {
                let email = format!("{}@test.local", uuid::Uuid::new_v4());
                route.body["email"] = json!(email);
            }
            route.body[field] = json!(organisation);
            let asked = request(method.clone(), &path, Some(&reseller.token), Some(&route.body));
            let answer = ask(&api, asked).await;

            let expected =
                if visible { StatusCode::CREATED } else { StatusCode::UNPROCESSABLE_ENTITY };
            assert_eq!(answer.status, expected, "{path} in {relation}: {answer:?}");
        }
    }
    let asked = json!({ "confirm": "release" });
    let release = reseller.post("/api/v1/server/release-hold", &asked).await;
    assert_eq!(release.code(), "not_found");
}

async fn without_a_login_there_is_nothing(db: TestDatabase) {
    let api = Api::start(db).await;
    let tree = Tree::grow(&api).await;
    let vendor = api.admin().await;
    let ended = api.user(&tree.own, "admin").await;
    ended.post("/api/v1/session/logout", &json!({})).await.ok();
    let refresh = api.log_in(ADMIN, PASSWORD).await.cookie("domfleet_refresh");
    let elsewhere = Api::start(TestDatabase::sqlite()).await;
    let foreign = elsewhere.token(ADMIN, PASSWORD).await;
    let tokens = [
        ("none", None),
        ("no token at all", Some("x")),
        ("one that nobody signed", Some("eyJhbGciOiJub25lIn0.e30.")),
        ("one of a login that was ended", Some(ended.token.as_str())),
        ("one that is for refreshing", Some(&refresh)),
        ("another server's", Some(&foreign)),
    ];

    for (method, path, route) in routes() {
        if route.about == About::Nothing {
            continue;
        }
        let id = object(&api, route.about, &tree.own, &vendor).await;
        let path = path_of(&path, &id);
        let methods = if method == Method::GET { vec![method, Method::HEAD] } else { vec![method] };
        for method in methods {
            for (what, token) in tokens {
                let answer = ask(&api, request(method.clone(), &path, token, body(&route))).await;
                assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{method} {path}: {what}");
            }
        }
    }
}

async fn by_cookie_alone_nothing_is_changed(db: TestDatabase) {
    let api = Api::start(db).await;
    let access = api.log_in(ADMIN, PASSWORD).await.cookie("domfleet_access");
    let cookie: HeaderValue = format!("domfleet_access={access}").parse().unwrap();

    for (method, path, route) in routes() {
        if route.about == About::Nothing || method == Method::GET {
            continue;
        }
        let path = path_of(&path, &uuid::Uuid::new_v4().to_string());
        let mut asked = request(method.clone(), &path, None, body(&route));
        asked.headers_mut().insert("cookie", cookie.clone());
        let answer = ask(&api, asked).await;
        assert_eq!(
            (answer.status, answer.code()),
            (StatusCode::FORBIDDEN, "csrf".into()),
            "{path}"
        );
    }
}

async fn a_route_is_there_for_its_methods_and_no_other(db: TestDatabase) {
    let api = Api::start(db).await;
    let vendor = api.admin().await;
    let mut paths = BTreeMap::<String, Vec<Method>>::new();
    for (method, path, _) in routes() {
        paths.entry(path).or_default().push(method);
    }

    for (path, methods) in paths {
        let path = path_of(&path, &uuid::Uuid::new_v4().to_string());
        for method in [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
            if !methods.contains(&method) {
                let asked = request(method.clone(), &path, Some(&vendor.token), Some(&json!({})));
                let answer = ask(&api, asked).await;
                assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{method} {path}");
            }
        }
    }
}

async fn each_role_may_do_what_it_is_for_and_no_more(db: TestDatabase) {
    let api = Api::start(db).await;
    let tree = Tree::grow(&api).await;
    let vendor = api.admin().await;
    let roles = ["viewer", "operator", "admin"];
    let users = [
        api.user(&tree.own, "viewer").await,
        api.user(&tree.own, "operator").await,
        api.user(&tree.own, "admin").await,
    ];

    for (method, path, route) in routes() {
        if matches!(route.about, About::Nothing | About::Caller) {
            continue;
        }
        let needed = roles.iter().position(|role| *role == route.role).unwrap();
        for (rank, user) in users.iter().enumerate() {
            let id = object(&api, route.about, &tree.own, &vendor).await;
            let path = path_of(&path, &id);
            let asked = request(method.clone(), &path, Some(&user.token), body(&route));
            let answer = ask(&api, asked).await;

            let refused = answer.status == StatusCode::FORBIDDEN;
            assert_eq!(refused, rank < needed, "{method} {path} by {}", roles[rank]);
        }
    }
}
