//! Logging in and out.

use std::net::IpAddr;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{AppendHeaders, IntoResponse};
use domfleet_shared::Timestamp;
use domfleet_shared::id::{OperatorId, OrganisationId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::error::{ApiError, ApiResult};
use super::extract::Body;
use crate::app::App;
use crate::auth::Caller;
use crate::auth::caller::{ACCESS_COOKIE, CSRF_COOKIE, Origin, REFRESH_COOKIE, check_csrf, cookie};
use crate::auth::token::{Access, SESSION_LIFE};
use crate::db::audit::{self, Actor, Change};
use crate::db::sessions::{self, Session};
use crate::db::{self, Stored};
use crate::domain::people::{Named, Operator, PASSWORD_MOST, Role, email};

/// How long the token before the newest one is answered with the newest one: its first answer may
/// have been lost, or another tab was faster. After that, whoever has it has stolen it, or was
/// stolen from.
const SECOND_CHANCE: Duration = Duration::from_secs(30);

/// How someone logs in.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LoginRequest {
    /// The e-mail address.
    pub email: String,
    /// The password.
    pub password: String,
}

/// A login.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct LoginResponse {
    /// What to send as `Authorization: Bearer`.
    pub access_token: String,
    /// When it ends; refresh before that.
    pub expires_at: Timestamp,
    /// Who is logged in.
    pub operator: Me,
}

/// Who is logged in.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = OperatorView)]
pub struct Me {
    /// Its id.
    pub id: OperatorId,
    /// What it logs in by.
    pub email: String,
    /// Its name.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// Where; and in every organisation below.
    pub organisation: Named,
}

impl From<Operator> for Me {
    fn from(operator: Operator) -> Self {
        Self {
            id: operator.id,
            email: operator.email,
            name: operator.name,
            role: operator.role,
            organisation: operator.organisation,
        }
    }
}

/// Logs in.
#[utoipa::path(
    post, path = "/login", tag = "session", security(()), request_body = LoginRequest,
    responses((status = 200, description = "Logged in; three cookies say so too.",
        body = LoginResponse))
)]
pub(super) async fn login(
    State(app): State<App>,
    origin: Origin,
    Body(request): Body<LoginRequest>,
) -> ApiResult<impl IntoResponse> {
    let now = app.clock.now();
    let address = origin.address.map_or_else(|| "unknown".into(), network);
    let name = email(&request.email).ok_or(ApiError::WrongLogin)?;
    if request.password.len() > PASSWORD_MOST {
        return Err(ApiError::WrongLogin);
    }
    app.auth.by_address.try_once(&address, now).map_err(ApiError::TooMany)?;
    app.auth.by_email.try_once(&name, now).map_err(ApiError::TooMany)?;
    let found = db::operators::candidate(app.db.read(), &name).await?;
    let stored = found.as_ref().map(|found| found.password_hash.clone());
    let right = app.auth.hasher.verify(request.password, stored).await?;
    let Some(found) = found.filter(|_| right) else {
        tracing::info!(address, "a login failed");
        metrics::counter!("domfleet_logins_failed_total").increment(1);
        return Err(ApiError::WrongLogin);
    };
    app.auth.by_address.forgive(&address);
    app.auth.by_email.forgive(&name);

    let operator = found.operator;
    let organisation = OrganisationId(operator.organisation.id);
    let txn = app.db.begin().await?;
    let session = sessions::insert(&txn, operator.id, organisation, now, SESSION_LIFE).await?;
    db::operators::mark_login(&txn, operator.id, now).await?;
    let actor = Actor {
        id: Some(operator.id),
        name: operator.email.clone(),
        address: origin.address,
        request_id: origin.request_id,
    };
    let change = Change {
        organisation,
        action: "session.login",
        kind: "operator",
        id: operator.id.to_string(),
        before: None,
        after: None,
    };
    audit::record(&txn, &actor, change, now).await?;
    txn.commit().await?;
    answer(&app, &session, operator, now)
}

/// Whom failures are counted for: an address, or the network that an IPv6 host has to itself.
pub(super) fn network(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => match address.to_ipv4_mapped() {
            Some(address) => address.to_string(),
            None => format!("{:x?}", &address.segments()[..4]),
        },
    }
}

fn answer(
    app: &App,
    session: &Session,
    operator: Operator,
    now: Timestamp,
) -> ApiResult<impl IntoResponse + use<>> {
    let keys = &app.auth.keys;
    let access = Access { operator: operator.id, session: session.id };
    let (token, expires_at) = keys.access(access, now).map_err(anyhow::Error::from)?;
    let refresh = keys.refresh(session.id, session.counter);
    let cookies = AppendHeaders([
        set_cookie(ACCESS_COOKIE, &token, "/api", true, SESSION_LIFE)?,
        set_cookie(REFRESH_COOKIE, &refresh, "/api/v1/session", true, SESSION_LIFE)?,
        set_cookie(CSRF_COOKIE, &keys.csrf(session.id), "/", false, SESSION_LIFE)?,
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ]);
    let response = LoginResponse { access_token: token, expires_at, operator: operator.into() };
    Ok((cookies, Json(response)))
}

fn set_cookie(
    name: &str,
    value: &str,
    path: &str,
    http_only: bool,
    life: Duration,
) -> ApiResult<(axum::http::HeaderName, HeaderValue)> {
    let http_only = if http_only { "; HttpOnly" } else { "" };
    let text = format!(
        "{name}={value}; Path={path}; Max-Age={}; SameSite=Strict; Secure{http_only}",
        life.as_secs()
    );
    let value = HeaderValue::from_str(&text).map_err(anyhow::Error::from)?;
    Ok((SET_COOKIE, value))
}

/// Goes on with a login, by the cookie `domfleet_refresh`; the cookie is good for one time.
#[utoipa::path(
    post, path = "/session/refresh", tag = "session",
    security(("refresh" = [], "csrf" = [])),
    responses((status = 200, description = "Still logged in.", body = LoginResponse))
)]
pub(super) async fn refresh(
    State(app): State<App>,
    origin: Origin,
    headers: HeaderMap,
) -> ApiResult<impl IntoResponse> {
    let now = app.clock.now();
    let token = cookie(&headers, REFRESH_COOKIE).ok_or(ApiError::NotLoggedIn)?;
    let (id, counter) = app.auth.keys.read_refresh(token).ok_or(ApiError::NotLoggedIn)?;
    check_csrf(&headers, &app.auth.keys.csrf(id))?;
    let mut session = sessions::find(app.db.read(), id).await?.ok_or(ApiError::NotLoggedIn)?;
    if session.revoked || session.expires_at <= now {
        return Err(ApiError::NotLoggedIn);
    }
    if counter == session.counter {
        // Where another was faster, this is the second chance.
        if sessions::rotate(app.db.write(), &session, now, SESSION_LIFE).await? == Stored::Stale {
            session = sessions::find(app.db.write(), id).await?.ok_or(ApiError::NotLoggedIn)?;
        } else {
            session.counter += 1;
        }
    } else if counter + 1 != session.counter || now.since(session.rotated_at) > SECOND_CHANCE {
        reused(&app, id, &origin, now).await?;
        return Err(ApiError::NotLoggedIn);
    }
    let found = db::operators::logged_in(app.db.read(), session.operator, id)
        .await?
        .ok_or(ApiError::NotLoggedIn)?;
    answer(&app, &session, found.operator, now)
}

/// Someone has a token that was used before: nobody can tell who of the two is the operator.
async fn reused(app: &App, session: Uuid, origin: &Origin, now: Timestamp) -> ApiResult<()> {
    sessions::revoke(app.db.write(), session, "reuse of a refresh token", now).await?;
    metrics::counter!("domfleet_refresh_reuse_total").increment(1);
    tracing::warn!(
        %session, address = ?origin.address,
        "a refresh token was used a second time; its login is ended"
    );
    Ok(())
}

/// Logs out: the login is over at once, and everything that descends from it.
#[utoipa::path(
    post, path = "/session/logout", tag = "session",
    responses((status = 204, description = "Logged out."))
)]
pub(super) async fn logout(State(app): State<App>, caller: Caller) -> ApiResult<impl IntoResponse> {
    sessions::revoke(app.db.write(), caller.session, "logout", app.clock.now()).await?;
    let gone = Duration::ZERO;
    let cookies = AppendHeaders([
        set_cookie(ACCESS_COOKIE, "", "/api", true, gone)?,
        set_cookie(REFRESH_COOKIE, "", "/api/v1/session", true, gone)?,
        set_cookie(CSRF_COOKIE, "", "/", false, gone)?,
    ]);
    Ok((StatusCode::NO_CONTENT, cookies))
}

/// Who is logged in.
#[utoipa::path(
    get, path = "/me", tag = "session",
    responses((status = 200, description = "You.", body = Me))
)]
pub(super) async fn me(caller: Caller) -> Json<Me> {
    Json(Me {
        id: caller.id,
        email: caller.email,
        name: caller.name,
        role: caller.role,
        organisation: caller.organisation,
    })
}
