//! Every route: what it is about, who may ask for it, and with what.
//!
//! The routes are read from the OpenAPI document: one without a row here fails.

use axum::http::Method;
use serde_json::{Value, json};

use crate::client::PASSWORD;
use crate::{schedules, signatures};

/// What a route is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum About {
    /// Logging in itself, and what needs none.
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
    /// A file that an operator brings.
    Upload,
    BackupSet,
    /// A USB drive, which is in no path.
    Drive,
    /// An alarm, which is in no path.
    Alarm,
    /// An alarm that is not over, by its own id.
    OpenAlarm,
    Schedule,
    /// A signature that somebody added.
    Signature,
    /// A finding, which is in no path.
    Finding,
    /// A table of uptimes.
    Import,
    JoinToken,
    Migration,
    /// A link for the person on site: its migration's id, a slash, and its own.
    Link,
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
    pub(crate) role: &'static str,
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
            | "/appliances/{id}/mitigations"
            | "/appliances/{id}/mitigations/effect"
            | "/appliances/{id}/boots"
            | "/appliances/{id}/components",
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
        (
            "get",
            "/bundles/{id}"
            | "/bundles/{id}/content"
            | "/bundles/{id}/files"
            | "/bundles/{id}/files/{path}"
            | "/bundles/{id}/search",
        ) => (A::Bundle, "viewer", Value::Null),
        ("delete", "/bundles/{id}") | ("post", "/bundles/{id}/release") => {
            (A::Bundle, "operator", Value::Null)
        }
        ("post", "/bundles/{id}/hold") => (A::Bundle, "operator", json!({ "note": "evidence" })),
        ("post", "/appliances/{id}/uploads") => (A::Appliance, "operator", Value::Null),
        ("patch" | "delete" | "post", "/uploads/{id}") => (A::Upload, "operator", Value::Null),
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
        (method, path) => return moves(method, path).or_else(|| why_they_freeze(method, path)),
    };
    Some(Route { about, role, body })
}

/// Migrations from one line of releases to the next.
fn moves(method: &str, path: &str) -> Option<Route> {
    use About as A;
    let why = || json!({ "reason": "not today" });
    let (about, role, body) = match (method, path) {
        ("get", "/migrations") => (A::List("migrations"), "viewer", Value::Null),
        // Of an appliance in the scope: see `migrations`.
        ("post", "/migrations") => {
            let nobody = uuid::Uuid::nil();
            (A::Caller, "operator", json!({ "appliance": nobody, "preflight": nobody }))
        }
        ("get", "/migrations/{id}" | "/migrations/{id}/records") => {
            (A::Migration, "viewer", Value::Null)
        }
        // By a link: see `links`.
        ("get", "/on-site") => (A::Nothing, "viewer", Value::Null),
        ("post", "/migrations/{id}/links") => {
            (A::Migration, "operator", json!({ "note": "the caretaker" }))
        }
        ("delete", "/migrations/{id}/links/{link}") => (A::Link, "operator", Value::Null),
        (
            "post",
            "/migrations/{id}/cancel" | "/migrations/{id}/rollback" | "/migrations/{id}/lose",
        ) => (A::Migration, "operator", why()),
        ("get", "/migrations/{id}/permit" | "/migrations/{id}/links")
        | ("post", "/migrations/{id}/stay" | "/migrations/{id}/vms/{vm}/waive") => {
            (A::Migration, "operator", Value::Null)
        }
        ("post", "/migrations/{id}/vms/{vm}/retry") => (A::Migration, "operator", json!({})),
        _ => return None,
    };
    Some(Route { about, role, body })
}

/// What is known of freezes: releases, signatures, findings, uptimes.
fn why_they_freeze(method: &str, path: &str) -> Option<Route> {
    use About as A;
    let (about, role, body) = match (method, path) {
        // Of what is in the scope: see `reliability` and `signatures`.
        (
            "get",
            "/releases"
            | "/signatures"
            | "/reliability"
            | "/reliability/compare"
            | "/reliability/imports",
        ) => (A::Server, "viewer", Value::Null),
        ("put", "/releases") => {
            let said = json!({ "component": "xen", "version": "4.6", "state": "beta" });
            (A::TopmostOnly, "admin", said)
        }
        ("delete", "/releases/{id}") => (A::TopmostOnly, "admin", Value::Null),
        ("post", "/signatures") => (A::Caller, "operator", signatures::own("pbx_down")),
        ("delete", "/signatures/{id}") => (A::Signature, "operator", Value::Null),
        ("get", "/boots") => (A::List("boots"), "viewer", Value::Null),
        ("get", "/findings") => (A::List("findings"), "viewer", Value::Null),
        ("post", "/reliability/imports") => (A::Caller, "operator", Value::Null),
        ("delete", "/reliability/imports/{id}") => (A::Import, "operator", Value::Null),
        ("post", "/alarms/{id}/clear") => (A::OpenAlarm, "operator", Value::Null),
        _ => return None,
    };
    Some(Route { about, role, body })
}

/// The path for the object of that id.
pub(crate) fn path_of(path: &str, id: &str) -> String {
    let vm = "3f0b6ff2-2d83-4c59-8ac5-7d0b0a4d5c11";
    let (id, link) = id.split_once('/').unwrap_or((id, vm));
    let path = path.replace("{id}", id).replace("{link}", link);
    path.replace("{path}", "manifest.json").replace("{vm}", vm)
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
                panic!(
                    "{method} {path} has no row in server/tests/api/route_table.rs: who may see it?"
                )
            });
            found.push((method.to_uppercase().parse().unwrap(), path.clone(), route));
        }
    }
    assert!(found.len() >= 35, "only {} routes", found.len());
    found
}
