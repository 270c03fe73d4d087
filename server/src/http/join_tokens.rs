//! Join tokens: what new appliances join with.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use domfleet_shared::id::{OrganisationId, SiteId};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use super::error::{ApiError, ApiResult};
use super::extract::{Body, Id};
use super::page::{Asked, PageParams, pages};
use crate::app::App;
use crate::auth::Caller;
use crate::db;
use crate::db::audit::{self, Change};
use crate::db::join_tokens::{self, JoinTokenView, NewJoinToken};
use crate::domain::people::Role;

/// How long a token is good for where nothing is said, and at most.
const USUAL_LIFE: u64 = 24 * 60 * 60;
const LONGEST_LIFE: u64 = 365 * 24 * 60 * 60;
const MOST_USES: u32 = 100_000;

pages! {
    /// The join tokens.
    JoinTokens { join_tokens: JoinTokenView }
}

/// A new join token.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct JoinTokenRequest {
    /// Whose the appliances will be; the caller's own organisation where it is not said.
    #[serde(default)]
    pub organisation_id: Option<OrganisationId>,
    /// Where they will stand.
    #[serde(default)]
    pub site_id: Option<SiteId>,
    /// Whether they are accepted at once.
    #[serde(default)]
    pub preauthorised: bool,
    /// How many may join with it; one where it is not said.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 100_000)]
    pub uses: Option<u32>,
    /// How long it is good for; a day where it is not said.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 31_536_000)]
    pub expires_in_seconds: Option<u64>,
    /// What it is for.
    #[serde(default)]
    pub note: String,
}

/// A join token that has just been made: the only time that it is shown.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct NewJoinTokenView {
    /// What is to be given to `domfleet-agent join`.
    pub token: String,
    /// What is known of it.
    #[serde(flatten)]
    pub view: JoinTokenView,
}

/// The join tokens, newest first.
#[utoipa::path(
    get, path = "/join-tokens", tag = "join tokens", params(PageParams),
    responses((status = 200, description = "All of them.", body = JoinTokens))
)]
pub(super) async fn list(
    State(app): State<App>,
    caller: Caller,
    asked: Asked,
) -> ApiResult<Json<JoinTokens>> {
    caller.needs(Role::Admin)?;
    asked.nothing_else()?;
    let revision = db::events::newest(app.db.read()).await?;
    let rows = join_tokens::list(app.db.read(), &caller.scope).await?;
    Ok(Json(JoinTokens::whole(rows, revision)))
}

/// Makes a join token.
#[utoipa::path(
    post, path = "/join-tokens", tag = "join tokens", request_body = JoinTokenRequest,
    responses((status = 201, description = "The token, this once.", body = NewJoinTokenView))
)]
pub(super) async fn create(
    State(app): State<App>,
    caller: Caller,
    Body(request): Body<JoinTokenRequest>,
) -> ApiResult<(StatusCode, Json<NewJoinTokenView>)> {
    caller.needs(Role::Admin)?;
    let uses = request.uses.unwrap_or(1);
    if uses == 0 || uses > MOST_USES {
        return Err(ApiError::invalid("uses", format!("1 to {MOST_USES}")));
    }
    let life = request.expires_in_seconds.unwrap_or(USUAL_LIFE);
    if life == 0 || life > LONGEST_LIFE {
        return Err(ApiError::invalid("expires_in_seconds", format!("1 to {LONGEST_LIFE}")));
    }
    if request.note.len() > 2000 {
        return Err(ApiError::invalid("note", "at most 2000 letters"));
    }
    let now = app.clock.now();
    let organisation = request.organisation_id.unwrap_or(caller.organisation_id());
    let txn = app.db.begin().await?;
    if db::organisations::find(&txn, &caller.scope, organisation).await?.is_none() {
        return Err(ApiError::invalid("organisation_id", "there is no such organisation"));
    }
    if let Some(site) = request.site_id {
        let there = db::sites::find(&txn, &caller.scope, site).await?;
        if there.is_none_or(|site| site.organisation_id != organisation) {
            return Err(ApiError::invalid("site_id", "the organisation has no such site"));
        }
    }
    let new = NewJoinToken {
        organisation,
        site: request.site_id,
        preauthorised: request.preauthorised,
        uses,
        expires_at: now + Duration::from_secs(life),
        note: request.note,
        created_by: Some(caller.id),
        now,
    };
    let (id, token) = app.new_join_token(&txn, &new, &caller.actor()).await?;
    let view = join_tokens::find(&txn, &caller.scope, id)
        .await?
        .ok_or(ApiError::NotFound("join token"))?;
    txn.commit().await?;
    Ok((StatusCode::CREATED, Json(NewJoinTokenView { token, view })))
}

/// Takes a join token back. Appliances that joined with it stay.
#[utoipa::path(
    delete, path = "/join-tokens/{id}", tag = "join tokens", params(("id" = Uuid, Path)),
    responses((status = 204, description = "Nobody can join with it any more."))
)]
pub(super) async fn revoke(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<Uuid>,
) -> ApiResult<StatusCode> {
    caller.needs(Role::Admin)?;
    let now = app.clock.now();
    let txn = app.db.begin().await?;
    let view = join_tokens::find(&txn, &caller.scope, id)
        .await?
        .ok_or(ApiError::NotFound("join token"))?;
    join_tokens::revoke(&txn, id, now).await?;
    let change = Change {
        organisation: OrganisationId(view.organisation.id),
        action: "join_token.revoke",
        kind: "join_token",
        id: id.to_string(),
        before: Some(json!({ "uses_left": view.uses_left, "expires_at": view.expires_at })),
        after: None,
    };
    audit::record(&txn, &caller.actor(), change, now).await?;
    txn.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
