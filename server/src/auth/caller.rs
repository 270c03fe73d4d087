//! Who makes a request: the only place where a [`Scope`] comes from.

use std::net::IpAddr;

use axum::extract::FromRequestParts;
use axum::http::header::{AUTHORIZATION, COOKIE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method};
use domfleet_shared::id::{OperatorId, OrganisationId};
use uuid::Uuid;

use super::scope::Scope;
use super::token::same;
use crate::accept::Peer;
use crate::app::App;
use crate::db;
use crate::db::audit::Actor;
use crate::domain::people::{Named, Role};
use crate::http::error::ApiError;
use crate::http::problem::RequestId;

/// The cookie of the access token; the page cannot read it.
pub const ACCESS_COOKIE: &str = "domfleet_access";
/// The cookie of the refresh token; the page cannot read it, and only `/session` is sent it.
pub const REFRESH_COOKIE: &str = "domfleet_refresh";
/// The cookie that the page reads, and sends back as a header.
pub const CSRF_COOKIE: &str = "domfleet_csrf";
/// That header.
pub const CSRF_HEADER: &str = "x-csrf-token";

/// An operator that is logged in.
#[derive(Clone, Debug)]
pub struct Caller {
    pub id: OperatorId,
    pub email: String,
    pub name: String,
    pub role: Role,
    pub organisation: Named,
    pub session: Uuid,
    pub scope: Scope,
    pub origin: Origin,
}

/// Where a request comes from, for the audit trail.
#[derive(Clone, Debug)]
pub struct Origin {
    pub address: Option<IpAddr>,
    pub request_id: Option<String>,
}

impl Origin {
    pub fn of(parts: &Parts) -> Self {
        Self {
            address: parts.extensions.get::<Peer>().map(|peer| peer.address.ip()),
            request_id: parts.extensions.get::<RequestId>().map(|RequestId(id)| id.clone()),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Origin {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self::of(parts))
    }
}

impl Caller {
    /// Only whoever has at least that role goes on.
    pub fn needs(&self, role: Role) -> Result<(), ApiError> {
        if self.role >= role { Ok(()) } else { Err(ApiError::NeedsRole(role)) }
    }

    /// It, as the audit trail names it.
    pub fn actor(&self) -> Actor {
        Actor {
            id: Some(self.id),
            name: self.email.clone(),
            address: self.origin.address,
            request_id: self.origin.request_id.clone(),
        }
    }

    /// The organisation that it belongs to.
    pub fn organisation_id(&self) -> OrganisationId {
        self.scope.organisation()
    }

    /// Whether its login still stands, for answers that go on for long.
    pub async fn still_stands(&self, app: &App) -> bool {
        matches!(db::operators::logged_in(app.db.read(), self.id, self.session).await, Ok(Some(_)))
    }
}

impl FromRequestParts<App> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let (token, by_cookie) = match bearer(&parts.headers) {
            Some(token) => (token, false),
            None => (cookie(&parts.headers, ACCESS_COOKIE).ok_or(ApiError::NotLoggedIn)?, true),
        };
        let access =
            app.auth.keys.read_access(token, app.clock.now()).ok_or(ApiError::NotLoggedIn)?;
        if by_cookie && !is_safe(&parts.method) {
            check_csrf(&parts.headers, &app.auth.keys.csrf(access.session))?;
        }
        let found = db::operators::logged_in(app.db.read(), access.operator, access.session)
            .await?
            .ok_or(ApiError::NotLoggedIn)?;
        Ok(Self {
            id: found.operator.id,
            email: found.operator.email,
            name: found.operator.name,
            role: found.operator.role,
            scope: Scope::new(OrganisationId(found.operator.organisation.id), found.path),
            organisation: found.operator.organisation,
            session: access.session,
            origin: Origin::of(parts),
        })
    }
}

/// Whether the header proves that the page could read the cookie of this session.
pub fn check_csrf(headers: &HeaderMap, expected: &str) -> Result<(), ApiError> {
    let shown = headers.get(CSRF_HEADER).and_then(|value| value.to_str().ok());
    if shown.is_some_and(|shown| same(shown, expected)) { Ok(()) } else { Err(ApiError::Csrf) }
}

fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// What is sent as `Authorization: Bearer`.
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers.get(AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")
}

/// The value of a cookie.
pub fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(found, value)| (found == name).then_some(value))
}
