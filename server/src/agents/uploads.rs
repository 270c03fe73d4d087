//! Debug bundles from appliances, by the tus protocol 1.0.
//!
//! An offset is only answered once what lies before it is on disk, and a bundle only counts as here
//! once its hash is right and it is in the store. Until then the appliance keeps its own.

mod parts;
mod tus;

use std::io;
use std::time::Duration;

use axum::Extension;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domfleet_shared::enrolment::BUNDLES_PATH;
use domfleet_shared::id::BundleId;

pub use self::parts::Uploads;
use self::parts::{Claim, Received};
use self::tus::Wanted;
use super::problem::Problem;
use crate::app::App;
use crate::db::Stored;
use crate::db::uploads::{self, Announced, Upload};
use crate::db::welcome::Guest;
use crate::domain::bundle::BundleState;

/// Bundles that one appliance may have begun and not finished.
const UNFINISHED: u64 = 8;
/// How long a bundle to which nothing is added is kept.
pub(crate) const ABANDONED: Duration = Duration::from_hours(7 * 24);

/// `OPTIONS /agent/v1/bundles`.
pub(super) async fn options(State(app): State<App>) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    let headers = response.headers_mut();
    headers.insert(tus::RESUMABLE, tus::PROTOCOL);
    headers.insert(tus::VERSION, tus::PROTOCOL);
    headers.insert(tus::EXTENSION, tus::EXTENSIONS);
    headers.insert(tus::MAX_SIZE, HeaderValue::from(app.config.bundles.max_bytes));
    response
}

/// `POST /agent/v1/bundles`: announces a bundle. Announcing it again is going on with it.
pub(super) async fn create(
    State(app): State<App>,
    Extension(guest): Extension<Guest>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    tus::check_version(&headers)?;
    let wanted = tus::wanted(&headers, app.config.bundles.max_bytes)?;
    let claim = app.uploads.claim(wanted.bundle).await;
    let upload = announce(&app, &guest, &wanted, &claim).await?;
    let offset = settle(&app, &upload, &claim).await?;
    let mut response = standing(&app, StatusCode::CREATED, &upload, offset);
    let location = format!("{BUNDLES_PATH}/{}", wanted.bundle);
    if let Ok(location) = HeaderValue::from_str(&location) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

/// `HEAD /agent/v1/bundles/{id}`.
pub(super) async fn head(
    State(app): State<App>,
    Extension(guest): Extension<Guest>,
    Path(id): Path<BundleId>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    tus::check_version(&headers)?;
    let upload = own(&app, &guest, id).await?;
    let claim = app.uploads.claim(id).await;
    let offset = settle(&app, &upload, &claim).await?;
    let mut response = standing(&app, StatusCode::OK, &upload, offset);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// `PATCH /agent/v1/bundles/{id}`: a piece.
pub(super) async fn patch(
    State(app): State<App>,
    Extension(guest): Extension<Guest>,
    Path(id): Path<BundleId>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    tus::check_version(&headers)?;
    let from = tus::piece(&headers)?;
    let upload = own(&app, &guest, id).await?;
    let length = upload.length.unwrap_or(0);
    let _place = app.uploads.place().ok_or_else(busy)?;
    let claim = app.uploads.claim(id).await;
    let here = settle(&app, &upload, &claim).await?.bytes;
    if from != here {
        return Err(Problem::new(
            StatusCode::CONFLICT,
            "offset",
            "the piece does not begin where what is here ends",
            "ask for the offset with HEAD, and go on from there",
        ));
    }
    // A full disk is said before anything is written down: the database may be on the same disk.
    let received = claim.receive(here, length, body).await.map_err(disk)?;
    note_progress(&app, &upload, &claim).await?;
    match received {
        Received::Whole | Received::Part => {
            let offset = settle(&app, &upload, &claim).await?;
            Ok(standing(&app, StatusCode::NO_CONTENT, &upload, offset))
        }
        Received::TooMuch => Err(Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too_large",
            "there is more than was announced",
            "announce the bundle again, with its length",
        )),
    }
}

/// `DELETE /agent/v1/bundles/{id}`: it will not come.
pub(super) async fn terminate(
    State(app): State<App>,
    Extension(guest): Extension<Guest>,
    Path(id): Path<BundleId>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    tus::check_version(&headers)?;
    let upload = own(&app, &guest, id).await?;
    let claim = app.uploads.claim(id).await;
    give_up(&app, &upload).await?;
    claim.discard().await?;
    let mut response = StatusCode::NO_CONTENT.into_response();
    response.headers_mut().insert(tus::RESUMABLE, tus::PROTOCOL);
    Ok(response)
}

/// Records that a bundle will not come, unless it has.
pub(crate) async fn give_up(app: &App, upload: &Upload) -> anyhow::Result<()> {
    let txn = app.db.begin().await?;
    uploads::fail(&txn, upload, app.clock.now()).await?;
    txn.commit().await?;
    app.bus.events_appended();
    Ok(())
}

/// Records what `wanted` says, and gives the bundle as it is then.
async fn announce(
    app: &App,
    guest: &Guest,
    wanted: &Wanted,
    claim: &Claim,
) -> Result<Upload, Problem> {
    let now = app.clock.now();
    let before = uploads::find(app.db.read(), guest.id, wanted.bundle).await?;
    let announced = Announced {
        id: wanted.bundle,
        appliance: guest.id,
        organisation: guest.organisation,
        trigger: wanted.trigger,
        length: wanted.length,
        blake3: &wanted.blake3,
        keep_until: now + Duration::from_hours(24 * u64::from(app.config.bundles.keep_days)),
    };
    match before {
        Some(upload) if upload.state == BundleState::Complete => return Ok(upload),
        Some(upload) if upload.state == BundleState::Expired => return Err(Problem::not_found()),
        Some(upload) => {
            let same = upload.blake3.as_deref() == Some(&wanted.blake3)
                && upload.length == Some(wanted.length);
            if !same {
                check_room(app, wanted.length)?;
                // Another content: nothing of what is here belongs to it.
                claim.discard().await?;
            }
            if !same || upload.state != BundleState::Uploading {
                let txn = app.db.begin().await?;
                if uploads::announce(&txn, &announced, now).await? == Stored::Stale {
                    return Err(Problem::not_found());
                }
                txn.commit().await?;
            }
        }
        None => {
            check_room(app, wanted.length)?;
            if uploads::unfinished(app.db.read(), guest.id).await? >= UNFINISHED {
                return Err(too_many());
            }
            if uploads::exists(app.db.read(), wanted.bundle).await? {
                return Err(Problem::not_found());
            }
            let txn = app.db.begin().await?;
            uploads::insert(&txn, &announced, now).await?;
            txn.commit().await?;
        }
    }
    app.bus.events_appended();
    own(app, guest, wanted.bundle).await
}

/// How far a bundle is.
#[derive(Clone, Copy, Debug)]
struct Offset {
    bytes: u64,
    complete: bool,
}

/// Finishes a bundle that is all here, and says how far it is. Whoever asks finishes it: the one
/// who sent the last piece may have been cut off, or we.
async fn settle(app: &App, upload: &Upload, claim: &Claim) -> Result<Offset, Problem> {
    let length = upload.length.unwrap_or(0);
    // Read again: another may have finished it while we waited for our turn.
    let now = uploads::find(app.db.read(), upload.appliance, upload.id).await?;
    let state = now.ok_or_else(Problem::not_found)?.state;
    if state == BundleState::Complete {
        return Ok(Offset { bytes: length, complete: true });
    }
    let bytes = claim.offset().await?;
    if bytes < length || length == 0 {
        return Ok(Offset { bytes, complete: false });
    }
    if upload.blake3.as_deref() != Some(claim.blake3(&app.uploads).await?.as_str()) {
        claim.discard().await?;
        note_progress(app, upload, claim).await?;
        return Err(Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "hash_mismatch",
            "what came is not what was announced",
            "send it again from the beginning",
        ));
    }
    let object = format!("bundles/{}/{}.tar.zst", upload.appliance, upload.id);
    claim.store(&app.uploads, &app.objects, &object).await.map_err(|error| full(&error))?;
    let txn = app.db.begin().await?;
    uploads::complete(&txn, upload, &object, app.clock.now()).await?;
    txn.commit().await?;
    app.bus.events_appended();
    app.bus.tasks.wake();
    claim.discard().await?;
    tracing::info!(bundle = %upload.id, appliance = %upload.appliance, bytes, "a bundle is here");
    Ok(Offset { bytes, complete: true })
}

async fn note_progress(app: &App, upload: &Upload, claim: &Claim) -> Result<(), Problem> {
    let bytes = claim.offset().await?;
    let txn = app.db.begin().await?;
    uploads::received(&txn, upload, bytes, app.clock.now()).await?;
    txn.commit().await?;
    app.bus.events_appended();
    Ok(())
}

async fn own(app: &App, guest: &Guest, id: BundleId) -> Result<Upload, Problem> {
    uploads::find(app.db.read(), guest.id, id).await?.ok_or_else(Problem::not_found)
}

fn standing(app: &App, status: StatusCode, upload: &Upload, offset: Offset) -> Response {
    let mut response = status.into_response();
    let headers = response.headers_mut();
    headers.insert(tus::RESUMABLE, tus::PROTOCOL);
    headers.insert(tus::OFFSET, HeaderValue::from(offset.bytes));
    headers.insert(tus::LENGTH, HeaderValue::from(upload.length.unwrap_or(0)));
    let complete = if offset.complete { "?1" } else { "?0" };
    headers.insert(tus::COMPLETE, HeaderValue::from_static(complete));
    if let Some(expires) = tus::http_date(app.clock.now() + ABANDONED)
        && !offset.complete
    {
        headers.insert(tus::EXPIRES, expires);
    }
    response
}

fn check_room(app: &App, bytes: u64) -> Result<(), Problem> {
    // Once while it is coming, and once in the store, which may be the same disk.
    if app.uploads.has_room(bytes.saturating_mul(2))? { Ok(()) } else { Err(disk_full()) }
}

fn disk(error: io::Error) -> Problem {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => disk_full(),
        _ => error.into(),
    }
}

fn full(error: &anyhow::Error) -> Problem {
    let is_full = error.chain().any(|cause| {
        cause
            .downcast_ref::<io::Error>()
            .is_some_and(|error| error.kind() == io::ErrorKind::StorageFull)
    });
    if is_full { disk_full() } else { Problem::internal(error) }
}

fn disk_full() -> Problem {
    Problem::new(
        StatusCode::INSUFFICIENT_STORAGE,
        "disk_full",
        "the server has no room for this bundle",
        "nothing is lost: keep it and try again later; an operator must make room on the server",
    )
    .after(600)
}

fn too_many() -> Problem {
    Problem::new(
        StatusCode::TOO_MANY_REQUESTS,
        "too_many",
        "this appliance has begun to send too many bundles",
        "finish those first",
    )
    .after(60)
}

fn busy() -> Problem {
    Problem::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "busy",
        "too many appliances are sending bundles at this moment",
        "try again in a little while",
    )
    .after(10)
}
