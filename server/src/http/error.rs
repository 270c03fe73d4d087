//! Why a request was not carried out.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use sea_orm::DbErr;

use super::problem::Problem;
use crate::auth::password::HashError;
use crate::db::asking::AskError;
use crate::domain::admission::Refusal;
use crate::domain::filter::FilterError;
use crate::domain::migration::change::Refused as MigrationRefused;
use crate::domain::people::Role;
use crate::uploads::{Refused, tus};

/// What a handler answers.
pub type ApiResult<T> = Result<T, ApiError>;

/// Why a request was not carried out: everything a client can be told is in this list.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// No token, an old one, or one of a login that is over.
    #[error("nobody is logged in")]
    NotLoggedIn,
    /// Which of the two is wrong is not said.
    #[error("the e-mail address or the password is wrong")]
    WrongLogin,
    /// Logged in, and not allowed.
    #[error("this needs the role {}", .0.as_str())]
    NeedsRole(Role),
    /// A cookie alone does not prove that the page meant it.
    #[error("the header X-CSRF-Token is missing or wrong")]
    Csrf,
    /// Not there, or not to be seen.
    #[error("no such {0}")]
    NotFound(&'static str),
    /// A link for people on site that opens nothing; why is not said.
    #[error("this link shows nothing, or nothing any more")]
    NoLink,
    /// The path is there, the method is not.
    #[error("this cannot be done here")]
    MethodNotAllowed,
    /// A name that another has.
    #[error("the {0} {1:?} is taken")]
    Taken(&'static str, String),
    /// It is no longer, or not, in the state for this.
    #[error("{0}")]
    Conflict(String),
    /// An operation is not admitted.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Something about a migration cannot be had.
    #[error(transparent)]
    Migration(#[from] MigrationRefused),
    /// The server was restored from a backup and waits.
    #[error("the server was restored from a backup and is held")]
    Held,
    /// Fields that cannot be used.
    #[error("some fields cannot be used")]
    Invalid(BTreeMap<&'static str, String>),
    /// The text to be typed is missing or another one.
    #[error("this must be confirmed")]
    ConfirmRequired(String),
    /// Not JSON, or of another shape.
    #[error("the request cannot be read: {0}")]
    Malformed(String),
    /// A filter that cannot be understood.
    #[error(transparent)]
    Filter(#[from] FilterError),
    /// Come back later.
    #[error("too many tries")]
    TooMany(Duration),
    /// The server stops.
    #[error("the server is going down")]
    GoingDown,
    /// It took too long, here or on its way here.
    #[error("the request took too long")]
    TookTooLong,
    /// No room.
    #[error("the server's disk is full")]
    DiskFull,
    /// Somebody keeps it.
    #[error("it is held by {0}")]
    OnHold(String),
    /// A bundle that is not what it says, or is cut.
    #[error("{0}")]
    Unreadable(String),
    /// Something that is brought by hand.
    #[error(transparent)]
    Upload(Refused),
    /// A fault of ours; the client is told nothing of it, the log is told everything.
    #[error("internal error")]
    Internal(#[source] anyhow::Error),
}

impl ApiError {
    /// One field that cannot be used.
    pub fn invalid(field: &'static str, message: impl Into<String>) -> Self {
        Self::Invalid(BTreeMap::from([(field, message.into())]))
    }

    /// The status, and a word for programs, which never changes.
    fn code(&self) -> (StatusCode, &'static str) {
        match self {
            Self::NotLoggedIn => (StatusCode::UNAUTHORIZED, "not_logged_in"),
            Self::WrongLogin => (StatusCode::UNAUTHORIZED, "wrong_login"),
            Self::NeedsRole(_) => (StatusCode::FORBIDDEN, "needs_role"),
            Self::Csrf => (StatusCode::FORBIDDEN, "csrf"),
            Self::NotFound(_) => (StatusCode::NOT_FOUND, "not_found"),
            Self::NoLink => (StatusCode::NOT_FOUND, "no_link"),
            Self::MethodNotAllowed => (StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed"),
            Self::Taken(..) => (StatusCode::CONFLICT, "taken"),
            Self::Conflict(_) => (StatusCode::CONFLICT, "conflict"),
            Self::Refused(refusal) => refusal_code(refusal),
            Self::Migration(refused) => migration_code(refused),
            Self::Held => (StatusCode::CONFLICT, "held"),
            Self::Invalid(_) => (StatusCode::UNPROCESSABLE_ENTITY, "invalid"),
            Self::ConfirmRequired(_) => (StatusCode::UNPROCESSABLE_ENTITY, "confirm_required"),
            Self::Malformed(_) => (StatusCode::UNPROCESSABLE_ENTITY, "malformed"),
            Self::Filter(_) => (StatusCode::UNPROCESSABLE_ENTITY, "invalid_filter"),
            Self::TooMany(_) => (StatusCode::TOO_MANY_REQUESTS, "too_many"),
            Self::GoingDown => (StatusCode::SERVICE_UNAVAILABLE, "going_down"),
            Self::TookTooLong => (StatusCode::SERVICE_UNAVAILABLE, "took_too_long"),
            Self::DiskFull => (StatusCode::SERVICE_UNAVAILABLE, "disk_full"),
            Self::OnHold(_) => (StatusCode::CONFLICT, "on_hold"),
            Self::Unreadable(_) => (StatusCode::UNPROCESSABLE_ENTITY, "unreadable"),
            Self::Upload(refused) => refused.code(),
            Self::Internal(_) => (StatusCode::INTERNAL_SERVER_ERROR, "internal"),
        }
    }

    /// What a person can do about it.
    fn what_to_do(&self) -> String {
        match self {
            Self::NotLoggedIn => "Log in.".into(),
            Self::WrongLogin => "Check both; an admin of your organisation can set a new \
                                 password."
                .into(),
            Self::NeedsRole(role) => {
                format!("Ask an admin of your organisation for the role {}.", role.as_str())
            }
            Self::Csrf => "Send the value of the cookie domfleet_csrf in the header \
                           X-CSRF-Token, or a bearer token in place of cookies."
                .into(),
            Self::NotFound(_) => "Check the id; it may belong to an organisation that you \
                                  cannot see."
                .into(),
            Self::NoLink => "Ask whoever sent it for a new one.".into(),
            Self::MethodNotAllowed => "See /api/v1/openapi.json for what can be done.".into(),
            Self::Taken(what, _) => format!("Choose another {what}."),
            Self::Conflict(_) => "Read it again: it has changed.".into(),
            Self::Refused(refusal) => refusal.what_to_do(),
            Self::Migration(refused) => refused.what_to_do.clone(),
            Self::Held => "Wait until the appliances have reported, or let an admin release the \
                           hold."
                .into(),
            Self::Invalid(_) => "Correct the fields that are named.".into(),
            Self::ConfirmRequired(text) => format!("Send {text:?} in confirm."),
            Self::Malformed(_) => "See /api/v1/openapi.json for what is expected.".into(),
            Self::Filter(error) => error.what_to_do(),
            Self::TooMany(wait) => format!("Try again in {} s.", wait.as_secs().max(1)),
            Self::GoingDown | Self::TookTooLong => "Try again in a minute.".into(),
            Self::DiskFull => "Make room on the server's disk.".into(),
            Self::OnHold(_) => "Release it first, if they agree.".into(),
            Self::Unreadable(_) => "Download it, and look into it by other means.".into(),
            Self::Upload(refused) => sentence(refused.what_to_do()),
            Self::Internal(_) => "Try again; if it stays, look for the request id in the \
                                  server's log."
                .into(),
        }
    }
}

fn migration_code(refused: &MigrationRefused) -> (StatusCode, &'static str) {
    let status = match (refused.code, refused.is_request) {
        ("no_permit", _) => StatusCode::NOT_FOUND,
        (_, true) => StatusCode::UNPROCESSABLE_ENTITY,
        (_, false) => StatusCode::CONFLICT,
    };
    (status, refused.code)
}

/// The status of a refusal, and its word for programs.
fn refusal_code(refusal: &Refusal) -> (StatusCode, &'static str) {
    let status = match refusal {
        Refusal::Held
        | Refusal::NotAccepted(_)
        | Refusal::ReadOnly(_)
        | Refusal::Locked { .. }
        | Refusal::Migrating { .. }
        | Refusal::TooManyWaiting(_)
        | Refusal::NotOurs(..)
        | Refusal::Taken(..)
        | Refusal::OutsideWindow(_)
        | Refusal::NoConsent(_) => StatusCode::CONFLICT,
        Refusal::UnknownKind | Refusal::NoSuch(..) | Refusal::Confirm(_) | Refusal::Value(..) => {
            StatusCode::UNPROCESSABLE_ENTITY
        }
    };
    (status, refusal.code())
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let (status, code) = self.code();
        let (fields, wait, cause) = match &self {
            Self::Invalid(fields) => (
                Some(fields.iter().map(|(name, why)| ((*name).to_owned(), why.clone())).collect()),
                None,
                None,
            ),
            Self::Refused(Refusal::Value(field, why)) => {
                (Some(BTreeMap::from([((*field).to_owned(), why.clone())])), None, None)
            }
            Self::TooMany(wait) => (None, Some(*wait), None),
            Self::Upload(refused) => {
                let wait = refused.retry_after_seconds();
                (None, wait.map(|wait| Duration::from_secs(wait.into())), None)
            }
            Self::Internal(cause) => (None, None, Some(format!("{cause:#}"))),
            _ => (None, None, None),
        };
        let headers = match &self {
            Self::Upload(refused) => tus::headers_of(refused),
            _ => HeaderMap::new(),
        };
        Problem {
            status,
            code,
            title: self.to_string(),
            what_to_do: self.what_to_do(),
            fields,
            retry_after: wait,
            headers,
            cause,
        }
        .into_response()
    }
}

impl From<Refused> for ApiError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Internal(error) => Self::Internal(error),
            refused => Self::Upload(refused),
        }
    }
}

/// What is said to programs of ours in passing, for people.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}

impl From<AskError> for ApiError {
    fn from(error: AskError) -> Self {
        match error {
            AskError::Refused(refusal) => Self::Refused(refusal),
            AskError::Race | AskError::KeyUsed | AskError::Again(_) => {
                Self::Conflict(error.to_string())
            }
            AskError::Db(error) => error.into(),
        }
    }
}

impl From<anyhow::Error> for ApiError {
    fn from(error: anyhow::Error) -> Self {
        Self::Internal(error)
    }
}

impl From<DbErr> for ApiError {
    fn from(error: DbErr) -> Self {
        // SQLite's SQLITE_FULL, PostgreSQL's 53100, and the system's ENOSPC, in their words.
        let text = error.to_string();
        let full = ["database or disk is full", "No space left on device"];
        if full.iter().any(|words| text.contains(words)) {
            return Self::DiskFull;
        }
        Self::Internal(error.into())
    }
}

impl From<HashError> for ApiError {
    fn from(error: HashError) -> Self {
        match error {
            HashError::Busy => Self::TooMany(Duration::from_secs(5)),
            HashError::Failed(cause) => Self::Internal(cause),
        }
    }
}
