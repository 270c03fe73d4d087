//! Every route, asked by someone of a reseller for what is its own, its customer's, another
//! reseller's and its vendor's, and by nobody.
//!
//! The routes are read from the OpenAPI document: one without a row here fails.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::http::{HeaderValue, Method, Request, StatusCode};
use domfleet_server::db::entity::bundle;
use domfleet_server::db::join_tokens::{self, NewJoinToken};
use domfleet_shared::id::OrganisationId;
use http_body_util::BodyExt as _;
use object_store::{ObjectStoreExt as _, PutPayload};
use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait as _, EntityTrait as _};
use serde_json::{Value, json};

use crate::client::{ADMIN, Answer, Api, PASSWORD, User, request};
use crate::database::{TestDatabase, on_both};
use crate::fleet;
use crate::schedules;

on_both! {
    what_is_not_below_one_s_organisation_is_not_there
    lists_hold_what_is_below_one_s_organisation_and_nothing_else
    nothing_is_made_outside_of_one_s_organisation
    without_a_login_there_is_nothing
    by_cookie_alone_nothing_is_changed
    a_route_is_there_for_its_methods_and_no_other
    each_role_may_do_what_it_is_for_and_no_more
}

/// What a route is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum About {
    /// Logging in itself.
    Nothing,
    /// Whoever asks.
    Caller,
    /// The server: everybody who is logged in may look.
    Server,
    /// The server: only the topmost organisation may.
    TopmostOnly,
    /// One thing, whose id is in the path.
    Appliance,
    Operation,
    Bulk,
    Bundle,
    BackupSet,
    /// A USB drive, which is in no path.
    Drive,
    /// An alarm, which is in no path.
    Alarm,
    Schedule,
    JoinToken,
    Site,
    Operator,
    /// Many things, in this field of the answer.
    List(&'static str),
    /// A new thing in the organisation that this field names.
    New(&'static str),
    /// A stream without an end, of whatever is in the scope (see `events`).
    Stream,
}

pub(crate) struct Route {
    pub(crate) about: About,
    role: &'static str,
    pub(crate) body: Value,
}

fn row(method: &str, path: &str) -> Option<Route> {
    use About as A;
    let appliance_name = || json!({ "confirm": "box" });
    let (about, role, body) = match (method, path.strip_prefix("/api/v1")?) {
        ("post", "/login" | "/session/refresh") => (A::Nothing, "viewer", Value::Null),
        ("post", "/session/logout") | ("get", "/me") => (A::Caller, "viewer", Value::Null),
        ("get", "/organisations") => (A::List("organisations"), "viewer", Value::Null),
        ("post", "/organisations") => {
            (A::New("parent_id"), "admin", json!({ "name": "n", "kind": "customer" }))
        }
        ("get", "/sites") => (A::List("sites"), "viewer", Value::Null),
        ("post", "/sites") => (A::New("organisation_id"), "admin", json!({ "name": "n" })),
        ("patch", "/sites/{id}") => (A::Site, "admin", json!({ "contact": "c" })),
        ("get", "/operators") => (A::List("operators"), "admin", Value::Null),
        ("post", "/operators") => {
            let new = json!({
                "email": "new@test.local", "name": "n", "role": "viewer", "password": PASSWORD,
            });
            (A::New("organisation_id"), "admin", new)
        }
        ("patch", "/operators/{id}") => (A::Operator, "admin", json!({ "name": "n" })),
        ("get", "/join-tokens") => (A::List("join_tokens"), "admin", Value::Null),
        ("post", "/join-tokens") => (A::New("organisation_id"), "admin", json!({})),
        ("delete", "/join-tokens/{id}") => (A::JoinToken, "admin", Value::Null),
        ("get", "/appliances") => (A::List("appliances"), "viewer", Value::Null),
        ("patch", "/appliances/{id}") => (A::Appliance, "operator", json!({ "name": "n" })),
        ("post", "/appliances/{id}/accept" | "/appliances/{id}/reject") => {
            (A::Appliance, "operator", Value::Null)
        }
        (
            "post",
            "/appliances/{id}/decommission"
            | "/appliances/{id}/revoke"
            | "/appliances/{id}/clones/resolve",
        ) => (A::Appliance, "admin", appliance_name()),
        (
            "get",
            "/appliances/{id}"
            | "/appliances/{id}/vms"
            | "/appliances/{id}/volumes"
            | "/appliances/{id}/usb-drives"
            | "/appliances/{id}/boots",
        ) => (A::Appliance, "viewer", Value::Null),
        ("post", "/appliances/{id}/operations") => {
            let reboot = json!({ "kind": "appliance_reboot" });
            (A::Appliance, "operator", json!({ "operation": reboot, "confirm": "box" }))
        }
        ("post", "/appliances/{id}/bundles") => (A::Appliance, "operator", json!({})),
        // What it is asked of is chosen in the scope: see `bulks`.
        ("post", "/operations") => {
            let start = json!({ "kind": "appliance_reboot" });
            (A::Caller, "operator", json!({ "operation": start, "filter": "name=none" }))
        }
        ("post", "/backup-sets/{id}/key") => (A::BackupSet, "admin", Value::Null),
        ("get", "/bulks") => (A::List("bulks"), "viewer", Value::Null),
        ("post", "/bulks/{id}/cancel") => (A::Bulk, "operator", json!({})),
        ("get", "/bulks/{id}") => (A::Bulk, "viewer", Value::Null),
        ("get", "/operations") => (A::List("operations"), "viewer", Value::Null),
        ("get", "/operations/{id}" | "/operations/{id}/events") => {
            (A::Operation, "viewer", Value::Null)
        }
        ("post", "/operations/{id}/cancel") => (A::Operation, "operator", Value::Null),
        ("post", "/operations/{id}/write-off") => (A::Operation, "operator", appliance_name()),
        ("get", "/bundles") => (A::List("bundles"), "viewer", Value::Null),
        ("get", "/bundles/{id}" | "/bundles/{id}/content") => (A::Bundle, "viewer", Value::Null),
        ("delete", "/bundles/{id}") => (A::Bundle, "operator", Value::Null),
        ("get", "/usb-drives") => (A::List("drives"), "viewer", Value::Null),
        ("get", "/backup-sets") => (A::List("sets"), "viewer", Value::Null),
        ("get", "/backup-schedules") => (A::List("schedules"), "viewer", Value::Null),
        // Which appliances they choose is looked for in the scope: see `schedules`.
        ("post", "/backup-schedules") => (A::Caller, "operator", schedules::nightly()),
        ("post", "/backup-schedules/preview") => (A::Caller, "viewer", schedules::nightly()),
        ("get", "/backup-schedules/{id}" | "/backup-schedules/{id}/runs") => {
            (A::Schedule, "viewer", Value::Null)
        }
        ("patch", "/backup-schedules/{id}") => (A::Schedule, "operator", json!({ "paused": true })),
        ("delete", "/backup-schedules/{id}") => (A::Schedule, "operator", Value::Null),
        ("get", "/events") => (A::Stream, "viewer", Value::Null),
        ("get", "/alarms") => (A::List("alarms"), "viewer", Value::Null),
        ("get", "/audit") => (A::List("audit"), "admin", Value::Null),
        ("get", "/server") => (A::Server, "viewer", Value::Null),
        ("post", "/server/release-hold") => {
            (A::TopmostOnly, "admin", json!({ "confirm": "release" }))
        }
        _ => return None,
    };
    Some(Route { about, role, body })
}

/// Every route of the API, each with its row.
pub(crate) fn routes() -> Vec<(Method, String, Route)> {
    let document = serde_json::to_value(domfleet_server::http::openapi()).unwrap();
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            if !["get", "post", "patch", "put", "delete"].contains(&method.as_str()) {
                continue;
            }
            let route = row(method, path).unwrap_or_else(|| {
                panic!("{method} {path} has no row in server/tests/api/routes.rs: who may see it?")
            });
            found.push((method.to_uppercase().parse().unwrap(), path.clone(), route));
        }
    }
    assert!(found.len() >= 35, "only {} routes", found.len());
    found
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
        About::Bulk => {
            let appliance = fleet::appliance(api, organisation, "box").await.id;
            // One's own: a bulk belongs to whoever asks, and is told of to whomever it asks.
            let user = api.user(organisation, "operator").await;
            let one = json!({ "appliances": [appliance], "operation": { "kind": "debug_bundle" } });
            id(&user.post("/api/v1/operations", &one).await.ok())
        }
        About::Operation | About::Bundle => {
            let appliance = fleet::appliance(api, organisation, "box").await.id;
            let path = format!("/api/v1/appliances/{appliance}/bundles");
            let asked = admin.post(&path, &json!({})).await.ok();
            if about == About::Operation {
                return id(&asked);
            }
            let bundle = asked["bundle_id"].as_str().unwrap().to_owned();
            fill(api, &bundle).await;
            bundle
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

async fn fill(api: &Api, bundle: &str) {
    let name = format!("bundles/{bundle}");
    let object = object_store::path::Path::from(name.clone());
    api.app.objects.put(&object, PutPayload::from_static(b"zstd")).await.unwrap();
    let row = bundle::Entity::find_by_id(bundle.parse::<uuid::Uuid>().unwrap())
        .one(api.app.db.read())
        .await
        .unwrap()
        .unwrap();
    let mut row = bundle::ActiveModel::from(row);
    row.state = Set("complete".into());
    row.object = Set(Some(name));
    row.update(api.app.db.write()).await.unwrap();
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
        let about_one = path.contains("{id}");
        for (relation, organisation, visible) in tree.all() {
            if !about_one {
                continue;
            }
            let id = object(&api, route.about, organisation, &vendor).await;
            let path = path.replace("{id}", &id);
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
        About::Bulk,
        About::Schedule,
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
        let path = path.replace("{id}", &id);
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
        let path = path.replace("{id}", &uuid::Uuid::new_v4().to_string());
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
        let path = path.replace("{id}", &uuid::Uuid::new_v4().to_string());
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
            let path = path.replace("{id}", &id);
            let asked = request(method.clone(), &path, Some(&user.token), body(&route));
            let answer = ask(&api, asked).await;

            let refused = answer.status == StatusCode::FORBIDDEN;
            assert_eq!(refused, rank < needed, "{method} {path} by {}", roles[rank]);
        }
    }
}
