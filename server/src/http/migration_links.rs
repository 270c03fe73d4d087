//! Links for the person on site: made by operators, and opened without a login.

use axum::Json;
use axum::extract::State;
use axum::http::header::CACHE_CONTROL;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{AppendHeaders, IntoResponse};
use domfleet_shared::id::MigrationId;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::error::{ApiError, ApiResult};
use super::extract::{Body, Id};
use super::session::network;
use crate::app::App;
use crate::auth::Caller;
use crate::auth::caller::{Origin, bearer};
use crate::domain::migration::link::{LinkRequest, LinkView, NewLinkView};
use crate::domain::migration::on_site::OnSite;
use crate::domain::people::Role;
use crate::migrations as made;

/// The links of a migration.
#[derive(Debug, Serialize, ToSchema)]
pub struct MigrationLinks {
    /// The newest first.
    pub links: Vec<LinkView>,
}

/// The links of a migration for people on site, the newest first.
#[utoipa::path(
    get, path = "/migrations/{id}/links", tag = "migrations", params(("id" = MigrationId, Path)),
    responses((status = 200, description = "All of them, with none that could be opened by this.",
        body = MigrationLinks))
)]
pub(super) async fn list(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<MigrationId>,
) -> ApiResult<Json<MigrationLinks>> {
    caller.needs(Role::Operator)?;
    let links = made::links(&app, &caller.scope, id).await?;
    Ok(Json(MigrationLinks { links }))
}

/// Makes a link for the person on site: it shows the steps of this migration, and nothing can be done with it.
#[utoipa::path(
    post, path = "/migrations/{id}/links", tag = "migrations", params(("id" = MigrationId, Path)),
    request_body = LinkRequest,
    responses((status = 201, description = "The link, this once.", body = NewLinkView))
)]
pub(super) async fn create(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<MigrationId>,
    Body(asked): Body<LinkRequest>,
) -> ApiResult<impl IntoResponse> {
    caller.needs(Role::Operator)?;
    let link = made::make_link(&app, &caller.scope, &caller.actor(), id, &asked).await?;
    Ok((StatusCode::CREATED, not_kept(), Json(link)))
}

/// Takes a link back: from now on it opens nothing.
#[utoipa::path(
    delete, path = "/migrations/{id}/links/{link}", tag = "migrations",
    params(("id" = MigrationId, Path), ("link" = Uuid, Path)),
    responses((status = 204, description = "It opens nothing any more."))
)]
pub(super) async fn revoke(
    State(app): State<App>,
    caller: Caller,
    Id(which): Id<(MigrationId, Uuid)>,
) -> ApiResult<StatusCode> {
    caller.needs(Role::Operator)?;
    made::take_link_back(&app, &caller.scope, &caller.actor(), which).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What the person on site has to do, for whoever has a link: what comes after its `#` is the bearer token here. A
/// link that is wrong, over or taken back is answered like one that never was.
#[utoipa::path(
    get, path = "/on-site", tag = "on site", security(("link" = [])),
    responses((status = 200, description = "The steps, and where the migration is.", body = OnSite))
)]
pub(super) async fn on_site(
    State(app): State<App>,
    origin: Origin,
    headers: HeaderMap,
) -> ApiResult<impl IntoResponse> {
    let address = origin.address.map_or_else(|| "unknown".into(), network);
    app.auth.links.try_once(&address, app.clock.now()).map_err(ApiError::TooMany)?;
    let secret = bearer(&headers).ok_or(ApiError::NoLink)?;
    let shown = made::on_site(&app, secret).await?.ok_or(ApiError::NoLink)?;
    app.auth.links.forgive(&address);
    Ok((not_kept(), Json(shown)))
}

fn not_kept() -> AppendHeaders<[(axum::http::HeaderName, HeaderValue); 1]> {
    AppendHeaders([(CACHE_CONTROL, HeaderValue::from_static("no-store"))])
}
