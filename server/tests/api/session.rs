//! Logging in, going on, and out.

use std::time::Duration;

use axum::http::{Method, StatusCode};
use serde_json::json;

use crate::client::{ADMIN, Answer, Api, PASSWORD, request};
use crate::database::{TestDatabase, on_both};

on_both! {
    the_right_password_opens_and_a_wrong_one_does_not_say_what_is_wrong
    an_unsafe_request_by_cookie_needs_the_header
    a_refresh_token_is_good_once_and_its_reuse_ends_the_login
    a_refresh_whose_answer_was_lost_is_answered_again
    a_login_that_was_ended_is_over_at_once
    too_many_wrong_passwords_are_not_looked_at
    an_access_token_ends_by_the_server_s_clock
    an_operator_that_is_disabled_is_out_at_once
}

async fn the_right_password_opens_and_a_wrong_one_does_not_say_what_is_wrong(db: TestDatabase) {
    let api = Api::start(db).await;

    let wrong = api.log_in(ADMIN, "wrong horse battery").await;
    let nobody = api.log_in("nobody@domfleet.local", PASSWORD).await;
    let right = api.log_in(" Admin@Domfleet.LOCAL", PASSWORD).await;

    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    assert_eq!((wrong.code(), nobody.code()), ("wrong_login".into(), "wrong_login".into()));
    for cookie in right.headers.get_all("set-cookie") {
        let cookie = cookie.to_str().unwrap();
        assert!(cookie.contains("SameSite=Strict") && cookie.contains("Secure"), "{cookie}");
        assert_eq!(cookie.contains("HttpOnly"), !cookie.starts_with("domfleet_csrf"), "{cookie}");
    }
    let login = right.ok();
    assert_eq!(login["operator"]["email"], ADMIN);
    let me = request(Method::GET, "/api/v1/me", login["access_token"].as_str(), None);
    assert_eq!(api.send(me).await.ok()["role"], "admin");
    let without = api.send(request(Method::GET, "/api/v1/me", None, None)).await;
    assert_eq!(without.code(), "not_logged_in");
}

fn by_cookie(
    method: Method,
    path: &str,
    cookie: &str,
    csrf: Option<&str>,
) -> axum::http::Request<axum::body::Body> {
    let body = json!({ "name": "x", "kind": "customer" });
    let mut request = request(method, path, None, Some(&body));
    request.headers_mut().insert("cookie", cookie.parse().unwrap());
    if let Some(csrf) = csrf {
        request.headers_mut().insert("x-csrf-token", csrf.parse().unwrap());
    }
    request
}

async fn an_unsafe_request_by_cookie_needs_the_header(db: TestDatabase) {
    let api = Api::start(db).await;
    let login = api.log_in(ADMIN, PASSWORD).await;
    let cookie = format!("a=b; domfleet_access={}", login.cookie("domfleet_access"));
    let csrf = login.cookie("domfleet_csrf");
    let path = "/api/v1/organisations";

    let read = api.send(by_cookie(Method::GET, path, &cookie, None)).await;
    let without = api.send(by_cookie(Method::POST, path, &cookie, None)).await;
    let wrong = api.send(by_cookie(Method::POST, path, &cookie, Some("x"))).await;
    let right = api.send(by_cookie(Method::POST, path, &cookie, Some(&csrf))).await;

    read.ok();
    assert_eq!((without.code(), wrong.code()), ("csrf".into(), "csrf".into()));
    assert_eq!(right.status, StatusCode::CREATED);
}

async fn refresh(api: &Api, before: &Answer) -> Answer {
    let cookie = format!("domfleet_refresh={}", before.cookie("domfleet_refresh"));
    let csrf = before.cookie("domfleet_csrf");
    api.send(by_cookie(Method::POST, "/api/v1/session/refresh", &cookie, Some(&csrf))).await
}

async fn a_refresh_token_is_good_once_and_its_reuse_ends_the_login(db: TestDatabase) {
    let api = Api::start(db).await;
    let login = api.log_in(ADMIN, PASSWORD).await;

    let second = refresh(&api, &login).await;
    let third = refresh(&api, &second).await;
    let stolen = refresh(&api, &login).await;
    let after = refresh(&api, &third).await;

    assert!(second.status.is_success() && third.status.is_success());
    assert_eq!(stolen.code(), "not_logged_in");
    assert_eq!(after.code(), "not_logged_in");
}

async fn a_refresh_whose_answer_was_lost_is_answered_again(db: TestDatabase) {
    let api = Api::start(db).await;
    let login = api.log_in(ADMIN, PASSWORD).await;

    let lost = refresh(&api, &login).await;
    let again = refresh(&api, &login).await;
    api.app.clock.advance(Duration::from_secs(31));
    let too_late = refresh(&api, &login).await;

    assert_eq!(lost.cookie("domfleet_refresh"), again.cookie("domfleet_refresh"));
    assert_eq!(too_late.code(), "not_logged_in");
}

async fn a_login_that_was_ended_is_over_at_once(db: TestDatabase) {
    let api = Api::start(db).await;
    let admin = api.admin().await;

    admin.post("/api/v1/session/logout", &json!({})).await.ok();

    assert_eq!(admin.get("/api/v1/me").await.code(), "not_logged_in");
}

async fn too_many_wrong_passwords_are_not_looked_at(db: TestDatabase) {
    let api = Api::start(db).await;
    for _ in 0..10 {
        assert_eq!(api.log_in(ADMIN, "wrong horse battery").await.code(), "wrong_login");
    }

    let refused = api.log_in(ADMIN, PASSWORD).await;

    assert_eq!(refused.code(), "too_many");
    assert!(refused.headers.contains_key("retry-after"));
    api.app.clock.advance(Duration::from_mins(5));
    api.log_in(ADMIN, PASSWORD).await.ok();
}

async fn an_access_token_ends_by_the_server_s_clock(db: TestDatabase) {
    let api = Api::start(db).await;
    let admin = api.admin().await;

    admin.get("/api/v1/me").await.ok();
    api.app.clock.advance(Duration::from_mins(10));

    assert_eq!(admin.get("/api/v1/me").await.code(), "not_logged_in");
}

async fn an_operator_that_is_disabled_is_out_at_once(db: TestDatabase) {
    let api = Api::start(db).await;
    let admin = api.admin().await;
    let me = admin.get("/api/v1/me").await.ok();
    let user = api.user(me["organisation"]["id"].as_str().unwrap(), "viewer").await;
    let id = user.get("/api/v1/me").await.ok()["id"].as_str().unwrap().to_owned();

    admin.patch(&format!("/api/v1/operators/{id}"), &json!({ "disabled": true })).await.ok();

    assert_eq!(user.get("/api/v1/me").await.code(), "not_logged_in");
    let last = format!("/api/v1/operators/{}", me["id"].as_str().unwrap());
    assert_eq!(admin.patch(&last, &json!({ "role": "viewer" })).await.code(), "conflict");
}
