//! Operators: who can log in, and what each may do.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use domfleet_shared::id::{OperatorId, OrganisationId};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use super::appliances::checked_name;
use super::error::{ApiError, ApiResult};
use super::extract::{Body, Id};
use super::page::{Asked, PageParams, pages};
use crate::app::App;
use crate::auth::Caller;
use crate::db::audit::{self, Change};
use crate::db::operators::{self, NewOperator, OperatorChange};
use crate::db::{self, OnConstraint, Stored, sessions};
use crate::domain::people::{Operator, PASSWORD_LEAST, Role, email, password_fits};

pages! {
    /// The operators.
    Operators { operators: Operator }
}

/// A new operator.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OperatorRequest {
    /// What it logs in by.
    pub email: String,
    /// Its name.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// Where; the caller's own organisation where it is not said.
    #[serde(default)]
    pub organisation_id: Option<OrganisationId>,
    /// At least 12 letters.
    #[schema(min_length = 12)]
    pub password: String,
}

/// What is to be changed of an operator.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OperatorPatch {
    /// Its name.
    #[serde(default)]
    pub name: Option<String>,
    /// What it may do.
    #[serde(default)]
    pub role: Option<Role>,
    /// Whether it cannot log in.
    #[serde(default)]
    pub disabled: Option<bool>,
    /// A new password, of at least 12 letters; ends all of its logins.
    #[serde(default)]
    #[schema(min_length = 12)]
    pub password: Option<String>,
}

/// The operators, by e-mail address.
#[utoipa::path(
    get, path = "/operators", tag = "operators", params(PageParams),
    responses((status = 200, description = "All of them.", body = Operators))
)]
pub(super) async fn list(
    State(app): State<App>,
    caller: Caller,
    asked: Asked,
) -> ApiResult<Json<Operators>> {
    caller.needs(Role::Admin)?;
    asked.nothing_else()?;
    let revision = db::events::newest(app.db.read()).await?;
    let rows = operators::list(app.db.read(), &caller.scope).await?;
    Ok(Json(Operators::whole(rows, revision)))
}

/// Makes an operator.
#[utoipa::path(
    post, path = "/operators", tag = "operators", request_body = OperatorRequest,
    responses((status = 201, description = "The operator.", body = Operator))
)]
pub(super) async fn create(
    State(app): State<App>,
    caller: Caller,
    Body(request): Body<OperatorRequest>,
) -> ApiResult<(StatusCode, Json<Operator>)> {
    caller.needs(Role::Admin)?;
    let email = email(&request.email)
        .ok_or_else(|| ApiError::invalid("email", "this is no e-mail address"))?;
    let name = checked_name(&request.name)?;
    let password_hash = hashed(&app, request.password).await?;
    let now = app.clock.now();
    let organisation = request.organisation_id.unwrap_or(caller.organisation_id());
    let txn = app.db.begin().await?;
    if db::organisations::find(&txn, &caller.scope, organisation).await?.is_none() {
        return Err(ApiError::invalid("organisation_id", "there is no such organisation"));
    }
    let new = NewOperator {
        id: OperatorId::new(),
        organisation,
        email,
        name,
        role: request.role,
        password_hash,
        now,
    };
    operators::insert(&txn, &new).await.on_constraint("operator_email_unique", || {
        ApiError::Taken("e-mail address", new.email.clone())
    })?;
    let change = Change {
        organisation,
        action: "operator.create",
        kind: "operator",
        id: new.id.to_string(),
        before: None,
        after: Some(json!({ "email": new.email, "name": new.name, "role": new.role })),
    };
    audit::record(&txn, &caller.actor(), change, now).await?;
    let view = operators::find(&txn, &caller.scope, new.id)
        .await?
        .ok_or(ApiError::NotFound("operator"))?;
    txn.commit().await?;
    Ok((StatusCode::CREATED, Json(view)))
}

/// Changes an operator. An organisation keeps at least one admin who can log in.
#[utoipa::path(
    patch, path = "/operators/{id}", tag = "operators", params(("id" = OperatorId, Path)),
    request_body = OperatorPatch,
    responses((status = 200, description = "The operator as it is now.", body = Operator))
)]
pub(super) async fn update(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<OperatorId>,
    Body(patch): Body<OperatorPatch>,
) -> ApiResult<Json<Operator>> {
    caller.needs(Role::Admin)?;
    let name = patch.name.map(|name| checked_name(&name)).transpose()?;
    let password_hash = match patch.password {
        Some(password) => Some(hashed(&app, password).await?),
        None => None,
    };
    let now = app.clock.now();
    let txn = app.db.begin().await?;
    let before =
        operators::find(&txn, &caller.scope, id).await?.ok_or(ApiError::NotFound("operator"))?;
    let no_admin =
        patch.role.is_some_and(|role| role != Role::Admin) || patch.disabled == Some(true);
    if before.role == Role::Admin
        && no_admin
        && operators::other_admins(&txn, before.organisation.id, id).await? == 0
    {
        return Err(ApiError::Conflict("this is the organisation's last admin".into()));
    }
    let new_password = password_hash.is_some();
    let ends_logins = new_password || patch.disabled == Some(true);
    let change = OperatorChange { name, role: patch.role, disabled: patch.disabled, password_hash };
    if operators::update(&txn, &before, change, now).await? == Stored::Stale {
        return Err(ApiError::Conflict("the operator has just changed".into()));
    }
    if ends_logins {
        sessions::revoke_all(&txn, id, "changed by an admin", now).await?;
    }
    let view =
        operators::find(&txn, &caller.scope, id).await?.ok_or(ApiError::NotFound("operator"))?;
    let entry = Change {
        organisation: OrganisationId(before.organisation.id),
        action: "operator.change",
        kind: "operator",
        id: id.to_string(),
        before: Some(json!({
            "name": before.name, "role": before.role, "disabled": before.disabled,
        })),
        after: Some(json!({
            "name": view.name, "role": view.role, "disabled": view.disabled,
            "new_password": new_password,
        })),
    };
    audit::record(&txn, &caller.actor(), entry, now).await?;
    txn.commit().await?;
    Ok(Json(view))
}

async fn hashed(app: &App, password: String) -> ApiResult<String> {
    if !password_fits(&password) {
        let message = format!("at least {PASSWORD_LEAST} letters, and not more than 256 bytes");
        return Err(ApiError::invalid("password", message));
    }
    Ok(app.auth.hasher.hash(password).await?)
}
