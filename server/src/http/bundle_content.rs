//! The bytes of a bundle, all of them or a range.

use axum::body::Body;
use axum::extract::State;
use axum::http::header::{
    ACCEPT_RANGES, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG,
    IF_RANGE, RANGE,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use domfleet_shared::id::BundleId;
use object_store::path::Path;
use object_store::{GetOptions, GetRange};

use super::bundles;
use super::error::{ApiError, ApiResult};
use super::extract::Id;
use crate::app::App;
use crate::auth::Caller;
use crate::db;
use crate::domain::bundle::{Bundle, BundleKind, BundleTrigger};

/// The bytes of a bundle: a tar archive, compressed by zstd, or what an operator has brought. One range
/// can be asked for, to go on with a download.
#[utoipa::path(
    get, path = "/bundles/{id}/content", tag = "bundles",
    params(("id" = BundleId, Path), ("Range" = Option<String>, Header, description = "bytes=…")),
    responses(
        (status = 200, description = "The bundle's bytes.", body = Vec<u8>,
            content_type = "application/zstd"),
        (status = 206, description = "A range of them.", body = Vec<u8>,
            content_type = "application/zstd"),
    )
)]
pub(super) async fn content(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<BundleId>,
    asked: HeaderMap,
) -> ApiResult<Response> {
    let bundle = bundles::read(&app, &caller, id).await?;
    let object = object(&app, &bundle).await?;
    let size = bundle.size_bytes.unwrap_or(0);
    let mut headers = headers(&bundle)?;
    let wanted = range(&asked, headers.get(ETAG), size);
    let (status, range) = match wanted {
        Wanted::All => (StatusCode::OK, None),
        Wanted::Part(from, to) => {
            let said = format!("bytes {from}-{}/{size}", to - 1);
            headers.insert(CONTENT_RANGE, value(&said)?);
            (StatusCode::PARTIAL_CONTENT, Some(GetRange::Bounded(from..to)))
        }
        Wanted::Nothing => {
            let said = HeaderMap::from_iter([(CONTENT_RANGE, value(&format!("bytes */{size}"))?)]);
            return Ok((StatusCode::RANGE_NOT_SATISFIABLE, said).into_response());
        }
    };
    let options = GetOptions { range, ..GetOptions::default() };
    let found = app.objects.get_opts(&Path::from(object), options).await;
    let found = found.map_err(|error| ApiError::Internal(error.into()))?;
    let length = found.range.end - found.range.start;
    headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
    Ok((status, headers, Body::from_stream(found.into_stream())).into_response())
}

/// The object of a bundle that is here.
pub(super) async fn object(app: &App, bundle: &Bundle) -> ApiResult<String> {
    let object = db::bundles::object(app.db.read(), bundle.id).await?;
    object.ok_or_else(|| ApiError::Conflict(format!("the bundle is {}", bundle.state.as_str())))
}

fn headers(bundle: &Bundle) -> ApiResult<HeaderMap> {
    let is_ours = bundle.kind == BundleKind::Bundle;
    let kind = if is_ours { "application/zstd" } else { "application/octet-stream" };
    let disposition = format!("attachment; filename=\"{}\"", file_name(bundle));
    let mut headers = HeaderMap::from_iter([
        (CONTENT_TYPE, HeaderValue::from_static(kind)),
        (ACCEPT_RANGES, HeaderValue::from_static("bytes")),
        (CONTENT_DISPOSITION, value(&disposition)?),
    ]);
    if let Some(hash) = &bundle.blake3 {
        headers.insert(ETAG, value(&format!("\"{hash}\""))?);
    }
    Ok(headers)
}

fn value(text: &str) -> ApiResult<HeaderValue> {
    Ok(HeaderValue::from_str(text).map_err(anyhow::Error::from)?)
}

/// What is asked for of so many bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    All,
    /// From the first on, up to and without the second.
    Part(u64, u64),
    Nothing,
}

/// What a request asks for. Several ranges at once are answered with all, as is a range of another
/// content.
fn range(asked: &HeaderMap, tag: Option<&HeaderValue>, size: u64) -> Wanted {
    if asked.get(IF_RANGE).is_some_and(|of| Some(of) != tag) {
        return Wanted::All;
    }
    let text = asked.get(RANGE).and_then(|range| range.to_str().ok());
    let Some(text) = text.and_then(|text| text.trim().strip_prefix("bytes=")) else {
        return Wanted::All;
    };
    let Some((from, to)) = text.split_once('-') else { return Wanted::All };
    let number = |text: &str| text.trim().parse::<u64>().ok();
    let (from, to) = match (number(from), number(to)) {
        (Some(from), None) if to.trim().is_empty() => (from, size),
        (Some(from), Some(to)) if from <= to => (from, size.min(to.saturating_add(1))),
        (None, Some(last)) if from.trim().is_empty() => (size.saturating_sub(last), size),
        _ => return Wanted::All,
    };
    if from < to { Wanted::Part(from, to) } else { Wanted::Nothing }
}

/// What a downloaded bundle is called.
fn file_name(bundle: &Bundle) -> String {
    if bundle.trigger == BundleTrigger::Upload
        && let Some(name) = &bundle.file_name
    {
        return harmless_name(name);
    }
    let name = harmless_name(&bundle.appliance.name);
    let day: String = bundle.created_at.to_string().chars().take(10).collect();
    let ending = if bundle.kind == BundleKind::Bundle { ".tar.zst" } else { "" };
    format!("domfleet-{name}-{day}-{}{ending}", &bundle.id.0.simple().to_string()[24..])
}

/// A name that is harmless in a header, and in any file system.
pub(super) fn harmless_name(name: &str) -> String {
    let fits = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
    let name: String =
        name.chars().map(|letter| if fits(letter) { letter } else { '_' }).take(100).collect();
    // Neither hidden, nor the folder above.
    let name = name.trim_start_matches('.');
    if name.is_empty() { "file".to_owned() } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_what_http_says_it_is() {
        for (asked, wanted) in [
            ("bytes=0-", Wanted::Part(0, 10)),
            ("bytes=3-5", Wanted::Part(3, 6)),
            ("bytes=3-99", Wanted::Part(3, 10)),
            ("bytes=-4", Wanted::Part(6, 10)),
            ("bytes=-99", Wanted::Part(0, 10)),
            ("bytes=10-", Wanted::Nothing),
            ("bytes=-0", Wanted::Nothing),
            ("bytes=5-3", Wanted::All),
            ("bytes=0-1,3-4", Wanted::All),
            ("lines=0-1", Wanted::All),
            ("bytes=a-b", Wanted::All),
        ] {
            let asked_for = HeaderMap::from_iter([(RANGE, asked.parse().unwrap())]);
            assert_eq!(range(&asked_for, None, 10), wanted, "{asked}");
        }
    }

    #[test]
    fn a_range_of_another_content_is_not_put_behind_what_is_there() {
        let tag = HeaderValue::from_static("\"new\"");
        let asked = |of: &str| {
            HeaderMap::from_iter([
                (RANGE, HeaderValue::from_static("bytes=3-")),
                (IF_RANGE, of.parse().unwrap()),
            ])
        };

        assert_eq!(range(&asked("\"old\""), Some(&tag), 10), Wanted::All);
        assert_eq!(range(&asked("\"new\""), Some(&tag), 10), Wanted::Part(3, 10));
    }

    #[test]
    fn a_name_is_harmless_wherever_it_is_saved() {
        for (name, harmless) in [
            ("kern.log", "kern.log"),
            ("../../etc/passwd", "_.._etc_passwd"),
            ("..", "file"),
            ("a\"b\r\nc", "a_b__c"),
            ("Zürich", "Z_rich"),
        ] {
            assert_eq!(harmless_name(name), harmless);
        }
    }
}
