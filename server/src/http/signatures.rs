//! Signatures of known faults, and what was found of them.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use domfleet_shared::id::{ApplianceId, BundleId};
use domfleet_shared::signatures::{Catalogue, Signature};
use serde_json::json;
use uuid::Uuid;

use super::error::{ApiError, ApiResult};
use super::extract::{Body, Id};
use super::page::{Asked, PageParams, pages};
use crate::app::App;
use crate::auth::Caller;
use crate::db::audit::{self, Change};
use crate::db::findings::{self, KEYS, SORTS};
use crate::db::{self, signatures};
use crate::domain::people::Role;
use crate::domain::signature::{Found, LookedFor, Wanted};

pages! {
    /// All signatures.
    Signatures { signatures: LookedFor }
    /// A part of the table of findings.
    Findings { findings: Found }
}

/// What is looked for in debug bundles: what comes with Domfleet, then what was added by one's own organisation, those below
/// and those above.
#[utoipa::path(
    get, path = "/signatures", tag = "bundles",
    responses((status = 200, description = "All of them.", body = Signatures))
)]
pub(super) async fn list(
    State(app): State<App>,
    caller: Caller,
    asked: Asked,
) -> ApiResult<Json<Signatures>> {
    asked.nothing_else()?;
    let db = app.db.read();
    let revision = db::events::newest(db).await?;
    let counts = findings::counts(db, &caller.scope).await?;
    let ours = Catalogue::built_in().map_err(|error| ApiError::Internal(error.clone().into()))?;
    let ours = ours.signatures().iter().map(|signature| (signature.clone(), None));
    let added = signatures::seen(db, &caller.scope).await?;
    let added = added.into_iter().map(|added| (added.signature, Some(added.own)));
    let rows = ours.chain(added).map(|(signature, own)| {
        let (bundles, appliances) = counts.get(&signature.id).copied().unwrap_or_default();
        LookedFor { signature, own, bundles, appliances }
    });
    Ok(Json(Signatures::whole(rows.collect(), revision)))
}

/// Adds a signature. It is looked for in all bundles of one's own organisation and of those below, those that are there
/// included.
#[utoipa::path(
    post, path = "/signatures", tag = "bundles", request_body = Signature,
    responses((status = 201, description = "What is looked for.", body = LookedFor))
)]
pub(super) async fn create(
    State(app): State<App>,
    caller: Caller,
    Body(signature): Body<Signature>,
) -> ApiResult<(StatusCode, Json<LookedFor>)> {
    caller.needs(Role::Operator)?;
    let invalid = |error: &dyn std::error::Error| ApiError::invalid("signature", error.to_string());
    let ours = Wanted::of(vec![signature.clone()]).map_err(|error| invalid(&error))?;
    if let Some((_, error)) = ours.left_out.first() {
        return Err(invalid(error));
    }
    let now = app.clock.now();
    let organisation = caller.organisation_id();
    let txn = app.db.begin().await?;
    let seen = signatures::seen(&txn, &caller.scope).await?;
    if seen.iter().any(|added| added.signature.id == signature.id) {
        return Err(ApiError::Taken("signature", signature.id));
    }
    let id = signatures::insert(&txn, organisation, &signature, now).await?;
    let change = Change {
        organisation,
        action: "signature.create",
        kind: "signature",
        id: id.to_string(),
        before: None,
        after: Some(json!(signature)),
    };
    audit::record(&txn, &caller.actor(), change, now).await?;
    let added = signatures::find(&txn, &caller.scope, id).await?;
    let added = added.ok_or(ApiError::NotFound("signature"))?;
    txn.commit().await?;
    let (signature, own) = (added.signature, Some(added.own));
    Ok((StatusCode::CREATED, Json(LookedFor { signature, own, bundles: 0, appliances: 0 })))
}

/// Forgets a signature that was added. What was found of it goes when the bundles are searched anew.
#[utoipa::path(
    delete, path = "/signatures/{id}", tag = "bundles", params(("id" = Uuid, Path)),
    responses((status = 204, description = "It is not looked for any more."))
)]
pub(super) async fn remove(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<Uuid>,
) -> ApiResult<StatusCode> {
    caller.needs(Role::Operator)?;
    let txn = app.db.begin().await?;
    let found = signatures::find(&txn, &caller.scope, id).await?;
    let added = found.ok_or(ApiError::NotFound("signature"))?;
    signatures::remove(&txn, id).await?;
    let change = Change {
        organisation: caller.organisation_id(),
        action: "signature.remove",
        kind: "signature",
        id: id.to_string(),
        before: Some(json!(added.signature)),
        after: None,
    };
    audit::record(&txn, &caller.actor(), change, app.clock.now()).await?;
    txn.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What was found in debug bundles.
#[utoipa::path(
    get, path = "/findings", tag = "bundles",
    params(
        PageParams,
        ("appliance" = Option<ApplianceId>, Query, description = "At this appliance."),
        ("bundle" = Option<BundleId>, Query, description = "In this bundle."),
        ("signature" = Option<String>, Query, description = "Of this signature."),
        ("severity" = Option<String>, Query, description = "This grave: info, warn, high, crit or fatal, or several \
            of them with commas between them."),
    ),
    responses((status = 200, description = "The part that was asked for.", body = Findings))
)]
pub(super) async fn found(
    State(app): State<App>,
    caller: Caller,
    asked: Asked,
) -> ApiResult<Json<Findings>> {
    let window = asked.window(&KEYS, &SORTS, "-severity")?;
    let revision = db::events::newest(app.db.read()).await?;
    let rows = findings::list(app.db.read(), &caller.scope, &window, app.clock.now()).await?;
    Ok(Json(Findings::new(window.offset, rows, revision)))
}
