//! Texts that cannot be kept: PostgreSQL has no zero bytes in them.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::client::{Api, request};
use crate::database::{TestDatabase, on_both};
use crate::route_table::{About, path_of, routes};

on_both! {
    a_zero_byte_is_refused_and_is_no_fault_of_the_server
}

async fn a_zero_byte_is_refused_and_is_no_fault_of_the_server(db: TestDatabase) {
    let api = Api::start(db).await;
    let admin = api.admin().await;
    let mut asked = vec![(
        "POST".parse().unwrap(),
        "/api/v1/login".to_owned(),
        Some(json!({ "email": "a\0b", "password": "x" })),
    )];
    for (method, path, route) in routes() {
        let path = path_of(&path, &uuid::Uuid::new_v4().to_string());
        if let About::List(_) = route.about {
            for query in ["q=%00", "q=name~%00", "q=name%3D%22a%00%22", "cursor=%00"] {
                asked.push((method.clone(), format!("{path}?{query}"), None));
            }
        }
        for field in route.body.as_object().into_iter().flatten().map(|(field, _)| field) {
            let mut body = route.body.clone();
            if body[field].is_string() {
                body[field] = Value::from("a\0b");
                asked.push((method.clone(), path.clone(), Some(body)));
            }
        }
    }
    assert!(asked.len() > 40, "only {}", asked.len());

    for (method, path, body) in asked {
        let answer = api.send(request(method, &path, Some(&admin.token), body.as_ref())).await;

        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{path} {body:?}");
        assert_eq!(answer.code(), "malformed", "{path} {body:?}");
    }
}
