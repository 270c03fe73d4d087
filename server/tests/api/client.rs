//! A server without its listener, and someone who asks it things.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode};
use domfleet_server::accept::Peer;
use domfleet_server::app::App;
use domfleet_server::config::Config;
use domfleet_server::{http, setup};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::database::TestDatabase;

pub(crate) const ADMIN: &str = "admin@domfleet.local";
pub(crate) const PASSWORD: &str = "correct horse battery";

pub(crate) struct Api {
    pub app: App,
    router: Router,
    pub database: Arc<TestDatabase>,
}

pub(crate) fn config(data_dir: &Path, database_url: &str) -> Config {
    Config::read(&config_text(data_dir, database_url), |_| None).unwrap()
}

fn config_text(data_dir: &Path, database_url: &str) -> String {
    format!(
        "data_dir = '{}'\ndatabase_url = '{database_url}'\npublic_url = 'https://fleet.test'\n\
         first_admin.password = '{PASSWORD}'",
        data_dir.display()
    )
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|_| panic!("no JSON: {}", String::from_utf8_lossy(&self.body)))
    }

    /// The body, if it went as it should.
    #[track_caller]
    pub(crate) fn ok(self) -> Value {
        let text = String::from_utf8_lossy(&self.body);
        assert!(self.status.is_success(), "{}: {text}", self.status);
        if self.body.is_empty() { Value::Null } else { self.json() }
    }

    /// The code of the problem, if it is one.
    #[track_caller]
    pub(crate) fn code(&self) -> String {
        let text = String::from_utf8_lossy(&self.body);
        assert!(!self.status.is_success(), "{}: {text}", self.status);
        assert_eq!(self.headers["content-type"], "application/problem+json", "{text}");
        let problem = self.json();
        assert_eq!(problem["status"], self.status.as_u16());
        assert!(problem["what_to_do"].as_str().is_some_and(|text| !text.is_empty()), "{text}");
        assert_eq!(problem["request_id"], self.headers["x-request-id"].to_str().unwrap());
        problem["code"].as_str().unwrap().to_owned()
    }

    pub(crate) fn cookie(&self, name: &str) -> String {
        let start = format!("{name}=");
        self.headers
            .get_all("set-cookie")
            .iter()
            .filter_map(|value| value.to_str().ok()?.strip_prefix(&start)?.split(';').next())
            .map(str::to_owned)
            .next()
            .unwrap_or_else(|| panic!("no cookie {name}"))
    }
}

impl Api {
    pub(crate) async fn start(database: TestDatabase) -> Self {
        let app = App::open(config(database.dir.path(), &database.url)).await.unwrap();
        setup::first_start(&app).await.unwrap();
        Self::of(app, database)
    }

    /// One with more lines in its configuration.
    pub(crate) async fn start_with(database: TestDatabase, lines: &str) -> Self {
        let text = config_text(database.dir.path(), &database.url);
        let config = Config::read(&format!("{text}\n{lines}"), |_| None).unwrap();
        let app = App::open(config).await.unwrap();
        setup::first_start(&app).await.unwrap();
        Self::of(app, database)
    }

    pub(crate) fn of(app: App, database: TestDatabase) -> Self {
        Self { router: http::router(&app), app, database: Arc::new(database) }
    }

    pub(crate) async fn send(&self, mut request: Request<Body>) -> Answer {
        let address = SocketAddr::from(([192, 0, 2, 1], 40_000));
        request.extensions_mut().insert(Peer { address, certificate: None });
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes().to_vec();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    /// The response itself, for bodies without an end.
    pub(crate) async fn open(&self, request: Request<Body>) -> axum::response::Response {
        self.router.clone().oneshot(request).await.unwrap()
    }

    pub(crate) async fn log_in(&self, email: &str, password: &str) -> Answer {
        let body = json!({ "email": email, "password": password });
        self.send(request(Method::POST, "/api/v1/login", None, Some(&body))).await
    }

    pub(crate) async fn token(&self, email: &str, password: &str) -> String {
        let login = self.log_in(email, password).await.ok();
        login["access_token"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn admin(&self) -> User<'_> {
        User { api: self, token: self.token(ADMIN, PASSWORD).await }
    }

    /// Someone new in an organisation.
    pub(crate) async fn user(&self, organisation: &str, role: &str) -> User<'_> {
        let email = format!("{role}-{}@test.local", uuid::Uuid::new_v4().simple());
        let new = json!({
            "email": email, "name": role, "role": role, "organisation_id": organisation,
            "password": PASSWORD,
        });
        self.admin().await.post("/api/v1/operators", &new).await.ok();
        User { api: self, token: self.token(&email, PASSWORD).await }
    }
}

pub(crate) fn request(
    method: Method,
    path: &str,
    token: Option<&str>,
    body: Option<&Value>,
) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(path);
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    match body {
        Some(body) => request
            .header("content-type", "application/json")
            .body(Body::from(body.to_string()))
            .unwrap(),
        None => request.body(Body::empty()).unwrap(),
    }
}

/// Someone who is logged in.
pub(crate) struct User<'a> {
    pub api: &'a Api,
    pub token: String,
}

impl User<'_> {
    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.api.send(request(Method::GET, path, Some(&self.token), None)).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.api.send(request(Method::POST, path, Some(&self.token), Some(body))).await
    }

    /// The same, with a name for the request.
    pub(crate) async fn post_as(&self, key: &str, path: &str, body: &Value) -> Answer {
        let mut request = request(Method::POST, path, Some(&self.token), Some(body));
        request.headers_mut().insert("idempotency-key", key.parse().unwrap());
        self.api.send(request).await
    }

    pub(crate) async fn patch(&self, path: &str, body: &Value) -> Answer {
        self.api.send(request(Method::PATCH, path, Some(&self.token), Some(body))).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.api.send(request(Method::DELETE, path, Some(&self.token), None)).await
    }

    /// Makes an organisation below `parent`; returns its id.
    pub(crate) async fn organisation(&self, parent: &str, name: &str) -> String {
        let new = json!({ "name": name, "kind": "customer", "parent_id": parent });
        let made = self.post("/api/v1/organisations", &new).await.ok();
        made["id"].as_str().unwrap().to_owned()
    }
}
