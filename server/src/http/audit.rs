//! The audit trail.

use axum::Json;
use axum::extract::State;

use super::error::ApiResult;
use super::page::{Asked, PageParams, pages};
use crate::app::App;
use crate::auth::Caller;
use crate::db;
use crate::db::audit::{AuditEntry, AuditFilter, list as entries};
use crate::domain::people::Role;

pages! {
    /// A part of the audit trail.
    Audit { audit: AuditEntry }
}

/// Who changed what, newest first.
#[utoipa::path(
    get, path = "/audit", tag = "audit",
    params(
        PageParams,
        ("action" = Option<String>, Query, description = "Such as appliance.accept."),
        ("actor" = Option<String>, Query, description = "An e-mail address."),
        ("object_id" = Option<String>, Query, description = "What it was done to."),
    ),
    responses((status = 200, description = "The part that was asked for.", body = Audit))
)]
pub(super) async fn list(
    State(app): State<App>,
    caller: Caller,
    mut asked: Asked,
) -> ApiResult<Json<Audit>> {
    caller.needs(Role::Admin)?;
    let filter = AuditFilter {
        action: asked.take("action"),
        actor: asked.take("actor"),
        object_id: asked.take("object_id"),
    };
    asked.nothing_else()?;
    let (offset, limit) = asked.part();
    let revision = db::events::newest(app.db.read()).await?;
    let rows = entries(app.db.read(), &caller.scope, &filter, offset, limit).await?;
    Ok(Json(Audit::new(offset, rows, revision)))
}
