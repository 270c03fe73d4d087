//! Files that operators bring for an appliance, by the tus protocol: see [`crate::uploads`].

use axum::body::{Body, HttpBody as _};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use domfleet_shared::id::{ApplianceId, BundleId, OrganisationId};
use serde_json::json;

use super::error::{ApiError, ApiResult};
use super::extract::Id;
use crate::app::App;
use crate::auth::Caller;
use crate::db::appliances;
use crate::db::audit::{Change, Entry};
use crate::db::uploads::{self as rows, Upload};
use crate::domain::bundle::{BundleState, BundleTrigger};
use crate::domain::people::Role;
use crate::uploads::{self, Refused, Sender, Wanted, tus};

/// What the server can do of tus.
#[utoipa::path(
    options, path = "/appliances/{id}/uploads", tag = "bundles",
    params(("id" = ApplianceId, Path)),
    responses((status = 204, description = "In the headers: Tus-Version, Tus-Extension, \
        Tus-Max-Size, Tus-Checksum-Algorithm."))
)]
pub(super) async fn options(State(app): State<App>) -> Response {
    tus::abilities(app.config.bundles.max_bytes)
}

/// Begins to bring a file for an appliance: a debug bundle from a USB drive, an archive, any log. It is
/// sent by tus 1.0 (`docs/uploads.md`), so that it can be gone on with after any interruption. Where
/// Upload-Metadata has the file's `blake3`, beginning again is going on.
#[utoipa::path(
    post, path = "/appliances/{id}/uploads", tag = "bundles",
    params(
        ("id" = ApplianceId, Path),
        ("Tus-Resumable" = String, Header, description = "1.0.0"),
        ("Upload-Length" = u64, Header, description = "How many bytes will come."),
        ("Upload-Metadata" = Option<String>, Header, description = "Keys, each with a text in \
            base64: filename, note, and blake3 of the whole in hexadecimal."),
    ),
    responses((status = 201, description = "Where it is to be sent is in the header Location, the \
        id of the bundle at its end."))
)]
pub(super) async fn create(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<ApplianceId>,
    headers: HeaderMap,
    body: Body,
) -> ApiResult<Response> {
    caller.needs(Role::Operator)?;
    let appliance = appliances::find(app.db.read(), &caller.scope, id).await?;
    let appliance = appliance.ok_or(ApiError::NotFound("appliance"))?;
    tus::check_version(&headers)?;
    let wanted = wanted(&headers, app.config.bundles.max_bytes)?;
    let first = tus::first_piece(&headers)?.filter(|_| !body.is_end_stream());
    let organisation = OrganisationId(appliance.organisation.id);
    let upload = match known(&app, id, &wanted).await? {
        Some(upload) => upload,
        None => begin(&app, &caller, Sender { appliance: id, organisation }, wanted).await?,
    };
    let bundle = upload.id;
    let standing = match first {
        Some(piece) if upload.state == BundleState::Uploading => {
            uploads::receive(&app, upload, piece, body).await?
        }
        _ => uploads::standing(&app, &upload).await?,
    };
    let mut response = tus::told(StatusCode::CREATED, &standing);
    let location = HeaderValue::from_str(&format!("/api/v1/uploads/{bundle}"));
    response.headers_mut().insert(header::LOCATION, location.map_err(anyhow::Error::from)?);
    Ok(response)
}

/// What an operator brings: it may be anything, and has no name of its own.
fn wanted(headers: &HeaderMap, max_bytes: u64) -> Result<Wanted, Refused> {
    let metadata = tus::Metadata::read(headers)?;
    Ok(Wanted {
        bundle: BundleId::new(),
        length: tus::length(headers, max_bytes)?,
        blake3: metadata.blake3()?,
        trigger: BundleTrigger::Upload,
        file_name: metadata.text("filename")?,
        note: metadata.text("note")?.unwrap_or_default(),
    })
}

/// The upload of the same content that is under way, or was.
async fn known(app: &App, appliance: ApplianceId, wanted: &Wanted) -> ApiResult<Option<Upload>> {
    let Some(blake3) = &wanted.blake3 else { return Ok(None) };
    Ok(rows::same_by_hand(app.db.read(), appliance, wanted.length, blake3).await?)
}

async fn begin(app: &App, caller: &Caller, sender: Sender, wanted: Wanted) -> ApiResult<Upload> {
    let after = json!({
        "appliance": sender.appliance, "file_name": wanted.file_name,
        "size_bytes": wanted.length, "blake3": wanted.blake3,
    });
    let change = Change {
        organisation: sender.organisation,
        action: "bundle.upload",
        kind: "bundle",
        id: wanted.bundle.to_string(),
        before: None,
        after: Some(after),
    };
    let entry = Entry { actor: caller.actor(), change };
    Ok(uploads::announce(app, sender, wanted, Some(entry)).await?)
}

/// How far a file is that an operator brings. Upload-Complete says whether it is verified and stored.
#[utoipa::path(
    head, path = "/uploads/{id}", tag = "bundles",
    params(("id" = BundleId, Path), ("Tus-Resumable" = String, Header, description = "1.0.0")),
    responses((status = 200, description = "In the headers: Upload-Offset, Upload-Length, \
        Upload-Expires, Upload-Complete."))
)]
pub(super) async fn head(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<BundleId>,
    headers: HeaderMap,
) -> ApiResult<Response> {
    let upload = brought(&app, &caller, id).await?;
    tus::check_version(&headers)?;
    let standing = uploads::standing(&app, &upload).await?;
    Ok(tus::told(StatusCode::OK, &standing))
}

/// Brings a piece of a file.
#[utoipa::path(
    patch, path = "/uploads/{id}", tag = "bundles",
    params(
        ("id" = BundleId, Path),
        ("Tus-Resumable" = String, Header, description = "1.0.0"),
        ("Upload-Offset" = u64, Header, description = "Where the piece begins."),
        ("Upload-Checksum" = Option<String>, Header, description = "sha1, sha256 or blake3, a \
            blank, and the piece's checksum in base64."),
    ),
    request_body(content = Vec<u8>, content_type = "application/offset+octet-stream"),
    responses((status = 204, description = "It is on disk; Upload-Offset says how far it is now."))
)]
pub(super) async fn patch(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<BundleId>,
    headers: HeaderMap,
    body: Body,
) -> ApiResult<Response> {
    let upload = changed(&app, &caller, id, &headers).await?;
    let piece = tus::piece(&headers)?;
    let standing = uploads::receive(&app, upload, piece, body).await?;
    Ok(tus::told(StatusCode::NO_CONTENT, &standing))
}

/// Ends an upload that is not whole, and removes what is here of it.
#[utoipa::path(
    delete, path = "/uploads/{id}", tag = "bundles",
    params(("id" = BundleId, Path), ("Tus-Resumable" = String, Header, description = "1.0.0")),
    responses((status = 204, description = "It is over."))
)]
pub(super) async fn terminate(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<BundleId>,
    headers: HeaderMap,
) -> ApiResult<Response> {
    let upload = changed(&app, &caller, id, &headers).await?;
    let change = Change {
        organisation: upload.organisation,
        action: "bundle.upload_end",
        kind: "bundle",
        id: id.to_string(),
        before: Some(json!({ "state": upload.state })),
        after: None,
    };
    let entry = Entry { actor: caller.actor(), change };
    uploads::terminate(&app, &upload, Some(entry)).await?;
    Ok(tus::bare(StatusCode::NO_CONTENT))
}

/// PATCH or DELETE, where a proxy lets no other method through: X-HTTP-Method-Override says which.
#[utoipa::path(
    post, path = "/uploads/{id}", tag = "bundles",
    params(
        ("id" = BundleId, Path),
        ("X-HTTP-Method-Override" = String, Header, description = "PATCH or DELETE"),
    ),
    request_body(content = Vec<u8>, content_type = "application/offset+octet-stream"),
    responses((status = 204, description = "As the other method."))
)]
pub(super) async fn post(
    app: State<App>,
    caller: Caller,
    id: Id<BundleId>,
    headers: HeaderMap,
    body: Body,
) -> ApiResult<Response> {
    match tus::method(&headers) {
        Some("PATCH") => patch(app, caller, id, headers, body).await,
        Some("DELETE") => terminate(app, caller, id, headers).await,
        _ => {
            changed(&app, &caller, id.0, &headers).await?;
            Err(ApiError::MethodNotAllowed)
        }
    }
}

/// An upload, for whoever may bring something for its appliance.
async fn changed(
    app: &App,
    caller: &Caller,
    id: BundleId,
    headers: &HeaderMap,
) -> ApiResult<Upload> {
    caller.needs(Role::Operator)?;
    let upload = brought(app, caller, id).await?;
    tus::check_version(headers)?;
    Ok(upload)
}

async fn brought(app: &App, caller: &Caller, id: BundleId) -> ApiResult<Upload> {
    rows::by_hand(app.db.read(), &caller.scope, id).await?.ok_or(ApiError::NotFound("upload"))
}
