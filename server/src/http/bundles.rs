//! Debug bundles: the table, one of them, its bytes, and its end.

use axum::Json;
use axum::body::Body as Bytes;
use axum::extract::State;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_TYPE, ETAG};
use axum::http::{HeaderValue, StatusCode};
use axum::response::IntoResponse;
use domfleet_shared::id::{ApplianceId, BundleId, OrganisationId};
use object_store::ObjectStoreExt as _;
use object_store::path::Path;
use serde_json::json;

use super::error::{ApiError, ApiResult};
use super::extract::Id;
use super::page::{Asked, PageParams, pages};
use crate::app::App;
use crate::auth::Caller;
use crate::db::audit::{self, Change};
use crate::db::bundles::{KEYS, SORTS};
use crate::db::{self, Stored, appliances, bundles};
use crate::domain::bundle::Bundle;
use crate::domain::people::Role;

pages! {
    /// A part of the table of bundles.
    Bundles { bundles: Bundle }
}

/// The table of bundles.
#[utoipa::path(
    get, path = "/bundles", tag = "bundles",
    params(
        PageParams,
        ("appliance" = Option<ApplianceId>, Query, description = "Of this appliance."),
    ),
    responses((status = 200, description = "The part that was asked for.", body = Bundles))
)]
pub(super) async fn list(
    State(app): State<App>,
    caller: Caller,
    asked: Asked,
) -> ApiResult<Json<Bundles>> {
    let window = asked.window(&KEYS, &SORTS, "-created_at")?;
    let revision = db::events::newest(app.db.read()).await?;
    let rows = bundles::list(app.db.read(), &caller.scope, &window, app.clock.now()).await?;
    Ok(Json(Bundles::new(window.offset, rows, revision)))
}

/// One bundle.
#[utoipa::path(
    get, path = "/bundles/{id}", tag = "bundles", params(("id" = BundleId, Path)),
    responses((status = 200, description = "The bundle.", body = Bundle))
)]
pub(super) async fn show(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<BundleId>,
) -> ApiResult<Json<Bundle>> {
    read(&app, &caller, id).await.map(Json)
}

async fn read(app: &App, caller: &Caller, id: BundleId) -> ApiResult<Bundle> {
    bundles::find(app.db.read(), &caller.scope, id).await?.ok_or(ApiError::NotFound("bundle"))
}

/// The bytes of a bundle: a tar archive, compressed by zstd.
#[utoipa::path(
    get, path = "/bundles/{id}/content", tag = "bundles", params(("id" = BundleId, Path)),
    responses((status = 200, description = "The bundle's bytes.",
        body = Vec<u8>, content_type = "application/zstd"))
)]
pub(super) async fn content(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<BundleId>,
) -> ApiResult<impl IntoResponse> {
    let bundle = read(&app, &caller, id).await?;
    let object = bundles::object(app.db.read(), id)
        .await?
        .ok_or_else(|| ApiError::Conflict(format!("the bundle is {}", bundle.state.as_str())))?;
    let found = app
        .objects
        .get(&Path::from(object))
        .await
        .map_err(|error| ApiError::Internal(error.into()))?;
    let name = file_name(&bundle);
    let mut headers = axum::http::HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/zstd"));
    headers.insert(CONTENT_LENGTH, HeaderValue::from(found.meta.size));
    let disposition = format!("attachment; filename=\"{name}\"");
    headers.insert(
        CONTENT_DISPOSITION,
        HeaderValue::from_str(&disposition).map_err(anyhow::Error::from)?,
    );
    if let Some(hash) = &bundle.blake3 {
        let tag = HeaderValue::from_str(&format!("\"{hash}\"")).map_err(anyhow::Error::from)?;
        headers.insert(ETAG, tag);
    }
    Ok((headers, Bytes::from_stream(found.into_stream())))
}

/// What a downloaded bundle is called: harmless in a header, and in any file system.
fn file_name(bundle: &Bundle) -> String {
    let name: String = bundle
        .appliance
        .name
        .chars()
        .map(|letter| {
            let fits = letter.is_ascii_alphanumeric() || letter == '-' || letter == '_';
            if fits { letter } else { '_' }
        })
        .take(60)
        .collect();
    let day: String = bundle.created_at.to_string().chars().take(10).collect();
    format!("domfleet-{name}-{day}-{}.tar.zst", &bundle.id.0.simple().to_string()[24..])
}

/// Removes the bytes of a bundle; that there was one stays known.
#[utoipa::path(
    delete, path = "/bundles/{id}", tag = "bundles", params(("id" = BundleId, Path)),
    responses((status = 204, description = "They are gone."))
)]
pub(super) async fn remove(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<BundleId>,
) -> ApiResult<StatusCode> {
    caller.needs(Role::Operator)?;
    let bundle = read(&app, &caller, id).await?;
    let now = app.clock.now();
    let txn = app.db.begin().await?;
    let due = bundles::to_remove(&txn, id).await?.ok_or(ApiError::NotFound("bundle"))?;
    let owner = ApplianceId(bundle.appliance.id);
    let appliance =
        appliances::find(&txn, &caller.scope, owner).await?.ok_or(ApiError::NotFound("bundle"))?;
    let change = Change {
        organisation: OrganisationId(appliance.organisation.id),
        action: "bundle.remove",
        kind: "bundle",
        id: id.to_string(),
        before: Some(json!({ "state": bundle.state, "blake3": bundle.blake3 })),
        after: None,
    };
    audit::record(&txn, &caller.actor(), change, now).await?;
    if bundles::expire(&txn, &due, now).await? == Stored::Stale {
        return Err(ApiError::Conflict("the bundle has just changed".into()));
    }
    txn.commit().await?;
    app.bus.events_appended();
    crate::objects::remove(&app.objects, due.object.as_deref()).await;
    Ok(StatusCode::NO_CONTENT)
}
