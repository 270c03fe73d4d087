//! Errors as `application/problem+json`, each with the id of its request.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use tokio::time::timeout;
use utoipa::ToSchema;
use uuid::Uuid;

use super::error::ApiError;

/// How long a request may take until its answer begins, its own way here included.
const REQUEST_TIME: Duration = Duration::from_secs(30);

/// The same for a piece of an upload, which may be all of it: silence ends it sooner (`uploads`).
const UPLOAD_TIME: Duration = Duration::from_hours(12);

/// Where the id of a request is said.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The id of a request, for logs and the audit trail.
#[derive(Clone, Debug)]
pub struct RequestId(pub String);

/// An error on its way out.
#[derive(Clone, Debug)]
pub struct Problem {
    pub status: StatusCode,
    pub code: &'static str,
    pub title: String,
    pub what_to_do: String,
    pub fields: Option<BTreeMap<String, String>>,
    pub retry_after: Option<Duration>,
    /// What a protocol wants in every answer.
    pub headers: HeaderMap,
    /// For the log alone.
    pub cause: Option<String>,
}

/// An error, as it is sent (RFC 9457).
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemView {
    /// Always `about:blank`: `code` says more.
    #[serde(rename = "type")]
    pub kind: String,
    /// A sentence for people.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// A word for programs, which never changes.
    pub code: String,
    /// What to do about it.
    pub what_to_do: String,
    /// The id of the request, as it is in the server's log.
    pub request_id: String,
    /// What is wrong with each field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fields: Option<BTreeMap<String, String>>,
}

impl IntoResponse for Problem {
    /// An empty response that carries the problem; [`requests`] writes it, once it has an id.
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Gives each request an id, writes problems, and logs and counts what was answered.
pub async fn requests(mut request: Request, next: Next) -> Response {
    let id = Uuid::now_v7().simple().to_string();
    request.extensions_mut().insert(RequestId(id.clone()));
    let method = request.method().clone();
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or_else(|| "other".to_owned(), |path| path.as_str().to_owned());
    let started = Instant::now();

    // Only until the answer begins: streams and downloads go on for as long as they like.
    let time = if brings_a_file(&route) { UPLOAD_TIME } else { REQUEST_TIME };
    let mut response = match timeout(time, next.run(request)).await {
        Ok(response) => response,
        Err(_) => ApiError::TookTooLong.into_response(),
    };

    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        if let Some(cause) = &problem.cause {
            tracing::error!(request = %id, %method, %route, error = %cause, "request failed");
        }
        response = problem.write(&id);
    }
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    let took = started.elapsed();
    let status = response.status().as_u16();
    tracing::debug!(
        request = %id, %method, %route, status,
        took_milliseconds = u64::try_from(took.as_millis()).unwrap_or(u64::MAX), "request"
    );
    metrics::histogram!(
        "domfleet_http_request_seconds",
        "method" => method.as_str().to_owned(), "route" => route, "status" => status.to_string()
    )
    .record(took.as_secs_f64());
    response
}

fn brings_a_file(route: &str) -> bool {
    route == "/api/v1/uploads/{id}" || route == "/api/v1/appliances/{id}/uploads"
}

impl Problem {
    fn write(self, request_id: &str) -> Response {
        let view = ProblemView {
            kind: "about:blank".into(),
            title: self.title,
            status: self.status.as_u16(),
            code: self.code.into(),
            what_to_do: self.what_to_do,
            request_id: request_id.into(),
            fields: self.fields,
        };
        let mut response = (self.status, axum::Json(view)).into_response();
        let headers = response.headers_mut();
        headers.extend(self.headers);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(wait) = self.retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from(wait.as_secs().max(1)));
        }
        response
    }
}
