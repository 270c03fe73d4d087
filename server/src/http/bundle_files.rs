//! The files in a bundle: which there are, one of them, and where a text is.

use std::ops::ControlFlow;
use std::time::Duration;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};
use domfleet_shared::id::BundleId;
use serde::Deserialize;
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio::time::timeout;

use super::error::{ApiError, ApiResult};
use super::extract::{Id, Params};
use super::{bundle_content, bundles};
use crate::app::App;
use crate::auth::Caller;
use crate::contents::{self, Bounds, Contents, Found, Source};
use crate::db;

/// Where the next part of a file begins; not said where there is none.
const NEXT_OFFSET: HeaderName = HeaderName::from_static("x-next-offset");
/// Why a file cannot be read any further.
const TROUBLE: HeaderName = HeaderName::from_static("x-trouble");
/// What is shown of a file where it is not said.
const PAGE_BYTES: usize = 256 * 1024;
const LARGEST_PAGE_BYTES: usize = 1024 * 1024;
/// Lines that a search finds where it is not said.
const HITS: usize = 100;
const MOST_HITS: usize = 500;
const LONGEST_TEXT: usize = 200;
/// How long one waits for a place to look into a bundle.
const TURN: Duration = Duration::from_secs(5);

/// The files in a bundle.
#[utoipa::path(
    get, path = "/bundles/{id}/files", tag = "bundles", params(("id" = BundleId, Path)),
    responses((status = 200, description = "The files.", body = Contents))
)]
pub(super) async fn list(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<BundleId>,
) -> ApiResult<Json<Contents>> {
    bundles::read(&app, &caller, id).await?;
    if let Some(known) = db::bundles::contents(app.db.read(), id).await?
        && let Ok(contents) = serde_json::from_value(known)
    {
        return Ok(Json(contents));
    }
    let looked = look(&app, &caller, id, |source| contents::list(source, Bounds::default()));
    let contents = looked.await?.map_err(anyhow::Error::from)?.contents;
    let kept = serde_json::to_value(&contents).map_err(anyhow::Error::from)?;
    db::uploads::looked_into(app.db.write(), id, kept).await?;
    Ok(Json(contents))
}

/// Which part of a file.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct FileParams {
    /// From which byte on.
    #[serde(default)]
    offset: u64,
    /// At most so many bytes.
    #[serde(default)]
    limit: Option<usize>,
    /// 1: all of it, as it is, to be kept.
    #[serde(default)]
    raw: Option<u8>,
}

/// A part of a file in a bundle, as text. The path is one segment: its slashes are `%2F`. A part ends
/// with a line where it can; the header X-Next-Offset says where the next begins, X-Trouble why there is
/// no next although the file goes on. What is no UTF-8 is shown as U+FFFD.
#[utoipa::path(
    get, path = "/bundles/{id}/files/{path}", tag = "bundles",
    params(("id" = BundleId, Path), ("path" = String, Path), FileParams),
    responses((status = 200, description = "The part.", body = String, content_type = "text/plain"))
)]
pub(super) async fn file(
    State(app): State<App>,
    caller: Caller,
    Id((id, path)): Id<(BundleId, String)>,
    Params(asked): Params<FileParams>,
) -> ApiResult<Response> {
    if asked.raw == Some(1) {
        return whole(&app, &caller, id, path).await;
    }
    let limit = asked.limit.unwrap_or(PAGE_BYTES);
    if limit == 0 || limit > LARGEST_PAGE_BYTES {
        return Err(ApiError::invalid("limit", format!("1 to {LARGEST_PAGE_BYTES}")));
    }
    let offset = asked.offset;
    // One more than is shown, to know whether the file goes on.
    let looked = look(&app, &caller, id, move |source| {
        contents::read(source, Bounds::default(), &path, offset, limit + 1)
    });
    let part = looked.await?.map_err(|error| ApiError::Unreadable(error.to_string()))?;
    let part = part.ok_or(ApiError::NotFound("file"))?;
    let page = contents::page(part.bytes, limit);
    let mut headers = harmless("text/plain; charset=utf-8");
    if page.goes_on {
        headers.insert(NEXT_OFFSET, HeaderValue::from(offset + page.bytes));
    } else if let Some(trouble) = part.trouble.and_then(|text| HeaderValue::from_str(&text).ok()) {
        headers.insert(TROUBLE, trouble);
    }
    Ok((headers, page.text).into_response())
}

/// All of a file, as it is.
async fn whole(app: &App, caller: &Caller, id: BundleId, path: String) -> ApiResult<Response> {
    let (source, place) = source(app, caller, id).await?;
    let disposition =
        format!("attachment; filename=\"{}\"", bundle_content::harmless_name(last(&path)));
    let (send, mut receive) = mpsc::channel(4);
    app.tracker.spawn_blocking(move || {
        let _place = place;
        let copied = contents::copy(source, Bounds::default(), &path, |chunk| {
            match send.blocking_send(chunk) {
                Ok(()) => ControlFlow::Continue(()),
                // Nobody reads any more.
                Err(_) => ControlFlow::Break(()),
            }
        });
        // An empty file is there, too.
        let last = match copied {
            Ok(true) => Ok(Vec::new()),
            Ok(false) => return,
            Err(error) => Err(error),
        };
        let _nobody_reads = send.blocking_send(last);
    });
    // The first piece decides whether there is such a file.
    let first = receive.recv().await.ok_or(ApiError::NotFound("file"))?;
    let first = first.map_err(|error| ApiError::Unreadable(error.to_string()))?;
    let rest = futures_util::stream::unfold(receive, async |mut receive| {
        receive.recv().await.map(|chunk| (chunk, receive))
    });
    let first = futures_util::stream::iter([Ok(first)]);
    let body = Body::from_stream(futures_util::StreamExt::chain(first, rest));
    let mut headers = harmless("application/octet-stream");
    let disposition = HeaderValue::from_str(&disposition).map_err(anyhow::Error::from)?;
    headers.insert(CONTENT_DISPOSITION, disposition);
    Ok((headers, body).into_response())
}

/// Where a text is in a bundle.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct SearchParams {
    /// The text; capital letters do not matter.
    #[serde(default)]
    #[param(required = true)]
    q: String,
    /// At most so many lines.
    #[serde(default)]
    limit: Option<usize>,
}

/// The lines of a bundle's files in which a text is.
#[utoipa::path(
    get, path = "/bundles/{id}/search", tag = "bundles",
    params(("id" = BundleId, Path), SearchParams),
    responses((status = 200, description = "The lines.", body = Found))
)]
pub(super) async fn search(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<BundleId>,
    Params(asked): Params<SearchParams>,
) -> ApiResult<Json<Found>> {
    bundles::read(&app, &caller, id).await?;
    let SearchParams { q, limit } = asked;
    if q.is_empty() || q.len() > LONGEST_TEXT || q.chars().any(char::is_control) {
        return Err(ApiError::invalid("q", format!("1 to {LONGEST_TEXT} letters in one line")));
    }
    let limit = limit.unwrap_or(HITS);
    if limit == 0 || limit > MOST_HITS {
        return Err(ApiError::invalid("limit", format!("1 to {MOST_HITS}")));
    }
    let looked = look(&app, &caller, id, move |source| {
        contents::search(source, Bounds::default(), &q, limit)
    });
    looked.await?.map(Json).map_err(|error| ApiError::Unreadable(error.to_string()))
}

/// Reads a bundle on a thread that may wait.
async fn look<T: Send + 'static>(
    app: &App,
    caller: &Caller,
    id: BundleId,
    reads: impl FnOnce(Source) -> T + Send + 'static,
) -> ApiResult<T> {
    let (source, place) = source(app, caller, id).await?;
    let looked = app.tracker.spawn_blocking(move || {
        let _place = place;
        reads(source)
    });
    looked.await.map_err(|error| ApiError::Internal(error.into()))
}

/// The bytes of a bundle, and a place to read them.
async fn source(
    app: &App,
    caller: &Caller,
    id: BundleId,
) -> ApiResult<(Source, OwnedSemaphorePermit)> {
    let bundle = bundles::read(app, caller, id).await?;
    let object = bundle_content::object(app, &bundle).await?;
    let place = timeout(TURN, std::sync::Arc::clone(&app.readers).acquire_owned()).await;
    let Ok(Ok(place)) = place else { return Err(ApiError::TooMany(TURN)) };
    let source = contents::open(&app.objects, &object).await;
    Ok((source.map_err(|error| ApiError::Internal(error.into()))?, place))
}

/// What strangers wrote is shown, and nothing in it is run.
fn harmless(kind: &'static str) -> HeaderMap {
    HeaderMap::from_iter([
        (CONTENT_TYPE, HeaderValue::from_static(kind)),
        (CONTENT_SECURITY_POLICY, HeaderValue::from_static("sandbox; default-src 'none'")),
    ])
}

fn last(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}
