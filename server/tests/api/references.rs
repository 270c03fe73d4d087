//! What a request refers to in its body: as out of reach as in a path.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::client::Api;
use crate::database::{TestDatabase, on_both};
use crate::fleet;
use crate::routes::Tree;

on_both! {
    a_site_of_another_organisation_is_none
}

/// Where a body may name a thing by its id.
fn fields() -> BTreeSet<String> {
    let document = serde_json::to_value(domfleet_server::http::openapi()).unwrap();
    let mut found = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
            let Some(name) = schema["$ref"].as_str().and_then(|name| name.rsplit('/').next())
            else {
                continue;
            };
            let properties = document["components"]["schemas"][name]["properties"].as_object();
            for field in properties.into_iter().flatten().map(|(field, _)| field) {
                if field.ends_with("_id") {
                    found.insert(format!("{method} {path} {field}"));
                }
            }
        }
    }
    found
}

#[test]
fn each_reference_in_a_body_has_a_test() {
    let known = [
        // `nothing_is_made_outside_of_one_s_organisation`
        "post /api/v1/organisations parent_id",
        "post /api/v1/sites organisation_id",
        "post /api/v1/operators organisation_id",
        "post /api/v1/join-tokens organisation_id",
        // `a_site_of_another_organisation_is_none`
        "post /api/v1/join-tokens site_id",
        "patch /api/v1/appliances/{id} site_id",
    ];

    assert_eq!(fields(), known.map(str::to_owned).into());
}

async fn a_site_of_another_organisation_is_none(db: TestDatabase) {
    let api = Api::start(db).await;
    let tree = Tree::grow(&api).await;
    let (vendor, reseller) = (api.admin().await, api.user(&tree.own, "admin").await);
    let appliance = fleet::appliance(&api, &tree.own, "box").await.id;

    for (relation, organisation, _) in tree.all() {
        let new = json!({ "name": relation, "organisation_id": organisation });
        let site: Value = vendor.post("/api/v1/sites", &new).await.ok()["id"].clone();
        let named = json!({ "site_id": site });
        let answers = [
            reseller.post("/api/v1/join-tokens", &named).await,
            reseller.patch(&format!("/api/v1/appliances/{appliance}"), &named).await,
        ];
        for answer in answers {
            // A customer's site is seen, and still is no place for what is the reseller's own.
            if relation == "own" {
                answer.ok();
            } else {
                assert_eq!(answer.code(), "invalid", "{relation}");
                assert!(answer.json()["fields"]["site_id"].is_string(), "{relation}");
            }
        }
    }
}
