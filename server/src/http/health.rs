//! For load balancers and monitors: outside the API, and without a login.

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;

use crate::app::App;

/// Whether the process answers.
pub(super) async fn healthz() -> &'static str {
    "ok\n"
}

/// Whether requests should be sent here: not while the server goes down, nor without its database. That the
/// object store does not answer is said, and is no reason.
pub(super) async fn readyz(State(app): State<App>) -> impl IntoResponse {
    if app.stop.is_cancelled() {
        return (StatusCode::SERVICE_UNAVAILABLE, "going down\n");
    }
    match crate::db::events::newest(app.db.read()).await {
        // Requests can be served all the same: what should be stored waits here.
        Ok(_) if app.objects.trouble().is_some() => {
            (StatusCode::OK, "ready, but the object store does not answer\n")
        }
        Ok(_) => (StatusCode::OK, "ready\n"),
        Err(error) => {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "the database does not answer"
            );
            (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n")
        }
    }
}

/// Counts and times, in Prometheus' text format.
pub(super) async fn metrics(State(app): State<App>) -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/plain; version=0.0.4")], app.metrics.render())
}
