//! Headers of the tus protocol, 1.0.

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domfleet_shared::Timestamp;
use domfleet_shared::id::BundleId;

use super::super::problem::Problem;
use crate::domain::bundle::BundleTrigger;

pub(super) const RESUMABLE: HeaderName = HeaderName::from_static("tus-resumable");
pub(super) const VERSION: HeaderName = HeaderName::from_static("tus-version");
pub(super) const EXTENSION: HeaderName = HeaderName::from_static("tus-extension");
pub(super) const MAX_SIZE: HeaderName = HeaderName::from_static("tus-max-size");
pub(super) const OFFSET: HeaderName = HeaderName::from_static("upload-offset");
pub(super) const LENGTH: HeaderName = HeaderName::from_static("upload-length");
pub(super) const METADATA: HeaderName = HeaderName::from_static("upload-metadata");
pub(super) const EXPIRES: HeaderName = HeaderName::from_static("upload-expires");
/// Ours: the bundle is verified and stored, and may go at its source.
pub(super) const COMPLETE: HeaderName = HeaderName::from_static("upload-complete");

pub(super) const PROTOCOL: HeaderValue = HeaderValue::from_static("1.0.0");
pub(super) const EXTENSIONS: HeaderValue =
    HeaderValue::from_static("creation,expiration,termination");
const PIECE: &str = "application/offset+octet-stream";

/// What an upload is to become.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) bundle: BundleId,
    pub(super) length: u64,
    /// Of the whole, in lower-case hexadecimal.
    pub(super) blake3: String,
    pub(super) trigger: BundleTrigger,
}

/// Both sides speak the same version, or nothing more is said.
pub(super) fn check_version(headers: &HeaderMap) -> Result<(), Problem> {
    if headers.get(RESUMABLE) == Some(&PROTOCOL) {
        return Ok(());
    }
    Err(Problem::new(
        StatusCode::PRECONDITION_FAILED,
        "tus_version",
        "this server speaks tus 1.0.0",
        "send the header Tus-Resumable: 1.0.0",
    ))
}

/// What the headers of a creation ask for.
pub(super) fn wanted(headers: &HeaderMap, max_bytes: u64) -> Result<Wanted, Problem> {
    let length = number(headers, &LENGTH).filter(|length| *length > 0).ok_or_else(invalid)?;
    if length > max_bytes {
        return Err(Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too_large",
            "the bundle is larger than this server takes",
            "collect less, or raise bundles.max_bytes",
        ));
    }
    let metadata = headers.get(METADATA).and_then(|value| value.to_str().ok()).unwrap_or("");
    let value = |key: &str| metadata_value(metadata, key);
    let bundle = value("bundle").and_then(|text| text.parse().ok()).ok_or_else(invalid)?;
    let blake3 = value("blake3").filter(|text| is_hash(text)).ok_or_else(invalid)?;
    let trigger = match value("trigger") {
        Some(text) => BundleTrigger::parse(&text).ok_or_else(invalid)?,
        None => BundleTrigger::OnDemand,
    };
    Ok(Wanted { bundle, length, blake3, trigger })
}

/// Where a piece begins.
pub(super) fn piece(headers: &HeaderMap) -> Result<u64, Problem> {
    let kind = headers.get(axum::http::header::CONTENT_TYPE);
    if kind.is_none_or(|kind| kind != PIECE) {
        return Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "media_type",
            "a piece of an upload is of another media type",
            "send the header Content-Type: application/offset+octet-stream",
        ));
    }
    number(headers, &OFFSET).ok_or_else(invalid)
}

fn number(headers: &HeaderMap, name: &HeaderName) -> Option<u64> {
    headers.get(name)?.to_str().ok()?.parse().ok()
}

fn metadata_value(metadata: &str, key: &str) -> Option<String> {
    let encoded = metadata.split(',').find_map(|pair| {
        let (name, value) = pair.trim().split_once(' ')?;
        (name == key).then_some(value.trim())
    })?;
    String::from_utf8(STANDARD.decode(encoded).ok()?).ok()
}

fn is_hash(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

fn invalid() -> Problem {
    Problem::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "invalid",
        "the headers do not say what is uploaded",
        "send Upload-Length or Upload-Offset, and Upload-Metadata with bundle and blake3",
    )
}

/// A moment as HTTP writes it.
pub(super) fn http_date(moment: Timestamp) -> Option<HeaderValue> {
    let format = time::macros::format_description!(
        "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT"
    );
    let date = time::OffsetDateTime::from_unix_timestamp(moment.as_millis() / 1000).ok()?;
    HeaderValue::from_str(&date.format(format).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUNDLE: &str = "0198f7e2-6c10-7000-8000-000000000001";

    fn headers(length: &str, metadata: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(LENGTH, length.parse().unwrap());
        headers.insert(METADATA, metadata.parse().unwrap());
        headers
    }

    fn metadata(bundle: &str, blake3: &str) -> String {
        format!("bundle {},blake3 {}", STANDARD.encode(bundle), STANDARD.encode(blake3))
    }

    #[test]
    fn a_creation_says_what_it_is_to_become() {
        let hash = "ab".repeat(32);

        let wanted = wanted(&headers("7", &metadata(BUNDLE, &hash)), 100).unwrap();

        assert_eq!(wanted.bundle.to_string(), BUNDLE);
        assert_eq!((wanted.length, wanted.blake3), (7, hash));
        assert_eq!(wanted.trigger, BundleTrigger::OnDemand);
    }

    #[test]
    fn a_creation_that_says_nonsense_is_refused_by_name() {
        let (good, hash) = (metadata(BUNDLE, &"ab".repeat(32)), "ab".repeat(32));
        let cases = [
            ("0", good.clone(), "invalid"),
            ("-1", good.clone(), "invalid"),
            ("101", good, "too_large"),
            ("7", String::new(), "invalid"),
            ("7", "bundle ,blake3".into(), "invalid"),
            ("7", metadata("../../etc/passwd", &hash), "invalid"),
            ("7", metadata(BUNDLE, "ab"), "invalid"),
            ("7", metadata(BUNDLE, &"AB".repeat(32)), "invalid"),
        ];

        for (length, metadata, code) in cases {
            assert_eq!(wanted(&headers(length, &metadata), 100).unwrap_err().code, code);
        }
    }

    #[test]
    fn a_date_is_written_as_http_writes_it() {
        let date = http_date(Timestamp::from_millis(784_111_777_000)).unwrap();

        assert_eq!(date, "Sun, 06 Nov 1994 08:49:37 GMT");
    }
}
