//! What an agent's route answers when it refuses.

use std::borrow::Cow;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::uploads::Refused;

/// A refusal: a word for programs, and two sentences for people.
#[derive(Debug)]
pub(super) struct Problem {
    pub(super) status: StatusCode,
    pub(super) code: &'static str,
    pub(super) title: Cow<'static, str>,
    pub(super) what_to_do: &'static str,
    pub(super) retry_after_seconds: Option<u32>,
}

impl Problem {
    pub(super) const fn new(
        status: StatusCode,
        code: &'static str,
        title: &'static str,
        what_to_do: &'static str,
    ) -> Self {
        let title = Cow::Borrowed(title);
        Self { status, code, title, what_to_do, retry_after_seconds: None }
    }

    pub(super) const fn after(mut self, seconds: u32) -> Self {
        self.retry_after_seconds = Some(seconds);
        self
    }

    pub(super) const fn not_found() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "not_found",
            "there is no such thing",
            "look at the path, and at what this face of the server serves",
        )
    }

    /// The answer of a route that there is not.
    pub(super) fn nothing() -> std::future::Ready<Self> {
        std::future::ready(Self::not_found())
    }

    /// The answer of a route that is not used so.
    pub(super) fn no_method() -> std::future::Ready<Self> {
        std::future::ready(Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "method_not_allowed",
            "this is not done with that method",
            "update the agent",
        ))
    }

    /// A fault of ours: the log is told everything, the agent to come again.
    pub(super) fn internal(error: &anyhow::Error) -> Self {
        tracing::error!(error = format!("{error:#}"), "an agent's request could not be served");
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "the server could not do it",
            "try again later; the server's log says why",
        )
        .after(30)
    }
}

impl<E: Into<anyhow::Error>> From<E> for Problem {
    fn from(error: E) -> Self {
        Self::internal(&error.into())
    }
}

impl Problem {
    /// The same refusal, as it is said to an appliance.
    pub(super) fn of_upload(refused: &Refused) -> Self {
        if let Refused::Internal(error) = refused {
            return Self::internal(error);
        }
        let (status, code) = refused.code();
        Self {
            status,
            code,
            title: Cow::Owned(refused.to_string()),
            what_to_do: refused.what_to_do(),
            retry_after_seconds: refused.retry_after_seconds(),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = json!({
            "type": "about:blank",
            "title": self.title,
            "status": self.status.as_u16(),
            "code": self.code,
            "what_to_do": self.what_to_do,
            "request_id": uuid::Uuid::now_v7(),
        });
        let mut response = (self.status, Json(body)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = self.retry_after_seconds {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
