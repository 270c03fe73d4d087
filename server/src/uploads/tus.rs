//! Headers of the tus protocol, 1.0: what they ask for, and what is answered.

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domfleet_shared::Timestamp;

use super::checksum::{ALGORITHMS, Checksum};
use super::refused::Refused;
use super::settle::Standing;

const RESUMABLE: HeaderName = HeaderName::from_static("tus-resumable");
const VERSION: HeaderName = HeaderName::from_static("tus-version");
const EXTENSION: HeaderName = HeaderName::from_static("tus-extension");
const MAX_SIZE: HeaderName = HeaderName::from_static("tus-max-size");
const CHECKSUM_ALGORITHM: HeaderName = HeaderName::from_static("tus-checksum-algorithm");
const CHECKSUM: HeaderName = HeaderName::from_static("upload-checksum");
const OFFSET: HeaderName = HeaderName::from_static("upload-offset");
const LENGTH: HeaderName = HeaderName::from_static("upload-length");
const METADATA: HeaderName = HeaderName::from_static("upload-metadata");
const EXPIRES: HeaderName = HeaderName::from_static("upload-expires");
const METHOD_OVERRIDE: HeaderName = HeaderName::from_static("x-http-method-override");
/// Ours: the bundle is verified and stored, and may go at its source.
const COMPLETE: HeaderName = HeaderName::from_static("upload-complete");

const PROTOCOL: HeaderValue = HeaderValue::from_static("1.0.0");
const EXTENSIONS: HeaderValue =
    HeaderValue::from_static("creation,creation-with-upload,checksum,expiration,termination");
const PIECE: &str = "application/offset+octet-stream";
/// The longest text of the metadata that is taken, in bytes.
const TEXT_BYTES: usize = 2000;

/// Both sides speak the same version, or nothing more is said.
pub fn check_version(headers: &HeaderMap) -> Result<(), Refused> {
    if headers.get(RESUMABLE) == Some(&PROTOCOL) { Ok(()) } else { Err(Refused::Version) }
}

/// How long what is announced will be.
pub fn length(headers: &HeaderMap, max_bytes: u64) -> Result<u64, Refused> {
    let length = number(headers, &LENGTH).filter(|length| *length > 0);
    let length =
        length.ok_or(Refused::Invalid("Upload-Length must say how many bytes will come"))?;
    if length <= max_bytes { Ok(length) } else { Err(Refused::TooLarge(max_bytes)) }
}

/// What a piece says of itself.
#[derive(Debug)]
pub struct Piece {
    /// Where it begins.
    pub(super) offset: u64,
    pub(super) checksum: Option<Checksum>,
}

/// What the headers of a piece say.
pub fn piece(headers: &HeaderMap) -> Result<Piece, Refused> {
    if headers.get(CONTENT_TYPE).is_none_or(|kind| kind != PIECE) {
        return Err(Refused::MediaType);
    }
    let offset = number(headers, &OFFSET)
        .ok_or(Refused::Invalid("Upload-Offset must say where the piece begins"))?;
    Ok(Piece { offset, checksum: checksum(headers)? })
}

/// What the headers of a creation say of a first piece that comes with it; nothing where there is none.
pub fn first_piece(headers: &HeaderMap) -> Result<Option<Piece>, Refused> {
    if headers.get(CONTENT_TYPE).is_none_or(|kind| kind != PIECE) {
        return Ok(None);
    }
    Ok(Some(Piece { offset: 0, checksum: checksum(headers)? }))
}

fn checksum(headers: &HeaderMap) -> Result<Option<Checksum>, Refused> {
    let Some(header) = headers.get(CHECKSUM) else { return Ok(None) };
    let text = header.to_str().map_err(|_| Refused::Invalid("Upload-Checksum is no text"))?;
    Checksum::read(text).map(Some)
}

/// Which method a `POST` stands for, where a proxy lets no other through.
pub fn method(headers: &HeaderMap) -> Option<&str> {
    headers.get(METHOD_OVERRIDE)?.to_str().ok()
}

fn number(headers: &HeaderMap, name: &HeaderName) -> Option<u64> {
    headers.get(name)?.to_str().ok()?.parse().ok()
}

/// What a creation says of the upload, by key.
#[derive(Clone, Debug)]
pub struct Metadata(Vec<(String, String)>);

impl Metadata {
    /// From the headers of a creation.
    pub fn read(headers: &HeaderMap) -> Result<Self, Refused> {
        const WHY: Refused =
            Refused::Invalid("Upload-Metadata must be keys, each with a text in base64");
        let Some(header) = headers.get(METADATA) else { return Ok(Self(Vec::new())) };
        let mut pairs = Vec::new();
        for pair in header.to_str().map_err(|_| WHY)?.split(',') {
            // A key may have no value.
            let (key, value) = pair.trim().split_once(' ').unwrap_or((pair.trim(), ""));
            let value = STANDARD.decode(value.trim()).map_err(|_| WHY)?;
            let value = String::from_utf8(value).map_err(|_| WHY)?;
            pairs.push((key.to_owned(), value));
        }
        Ok(Self(pairs))
    }

    /// The text of that key, if it says something.
    pub fn get(&self, key: &str) -> Option<&str> {
        let found = self.0.iter().find(|(name, _)| name == key)?;
        (!found.1.is_empty()).then_some(found.1.as_str())
    }

    /// The same for a text that is shown to people, in one line.
    pub fn text(&self, key: &str) -> Result<Option<String>, Refused> {
        match self.get(key) {
            Some(text) if text.len() > TEXT_BYTES || text.chars().any(char::is_control) => {
                Err(Refused::Invalid("a text of Upload-Metadata is too long, or not one line"))
            }
            text => Ok(text.map(str::to_owned)),
        }
    }

    /// BLAKE3 of the whole, in lower-case hexadecimal.
    pub fn blake3(&self) -> Result<Option<String>, Refused> {
        let is_digit = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        match self.get("blake3") {
            Some(text) if text.len() != 64 || !text.bytes().all(is_digit) => {
                Err(Refused::Invalid("blake3 in Upload-Metadata must be 64 hexadecimal digits"))
            }
            text => Ok(text.map(str::to_owned)),
        }
    }
}

/// What the server can do.
pub fn abilities(max_bytes: u64) -> Response {
    let mut response = bare(StatusCode::NO_CONTENT);
    let headers = response.headers_mut();
    headers.insert(VERSION, PROTOCOL);
    headers.insert(EXTENSION, EXTENSIONS);
    headers.insert(MAX_SIZE, HeaderValue::from(max_bytes));
    headers.insert(CHECKSUM_ALGORITHM, HeaderValue::from_static(ALGORITHMS));
    response
}

/// Where an upload stands.
pub fn told(status: StatusCode, standing: &Standing) -> Response {
    let mut response = bare(status);
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(OFFSET, HeaderValue::from(standing.bytes));
    headers.insert(LENGTH, HeaderValue::from(standing.length));
    let complete = if standing.is_complete { "?1" } else { "?0" };
    headers.insert(COMPLETE, HeaderValue::from_static(complete));
    if let Some(expires) = standing.expires_at.and_then(http_date) {
        headers.insert(EXPIRES, expires);
    }
    response
}

/// An answer with nothing in it but that it is of the protocol.
pub fn bare(status: StatusCode) -> Response {
    let mut response = status.into_response();
    response.headers_mut().insert(RESUMABLE, PROTOCOL);
    response
}

/// The protocol's headers of a refusal.
pub fn headers_of(refused: &Refused) -> HeaderMap {
    let mut headers = HeaderMap::from_iter([(RESUMABLE, PROTOCOL)]);
    if matches!(refused, Refused::Version) {
        headers.insert(VERSION, PROTOCOL);
    }
    headers
}

/// A moment as HTTP writes it.
fn http_date(moment: Timestamp) -> Option<HeaderValue> {
    let format = time::macros::format_description!(
        "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT"
    );
    let date = time::OffsetDateTime::from_unix_timestamp(moment.as_millis() / 1000).ok()?;
    HeaderValue::from_str(&date.format(format).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metadata(text: &str) -> Result<Metadata, Refused> {
        let mut headers = HeaderMap::new();
        headers.insert(METADATA, text.parse().unwrap());
        Metadata::read(&headers)
    }

    fn encoded(key: &str, value: &str) -> String {
        format!("{key} {}", STANDARD.encode(value))
    }

    #[test]
    fn a_length_is_more_than_nothing_and_no_more_than_is_taken() {
        let length = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(LENGTH, text.parse().unwrap());
            length(&headers, 100).map_err(|refused| refused.code().1)
        };

        assert_eq!(length("100"), Ok(100));
        assert_eq!(length("101"), Err("too_large"));
        for text in ["0", "-1", "x", "", "18446744073709551616"] {
            assert_eq!(length(text), Err("invalid"), "{text}");
        }
    }

    #[test]
    fn metadata_is_read_as_it_was_written_and_a_key_may_be_bare() {
        let text =
            format!("{}, is_confidential,{}", encoded("note", "Zürich"), encoded("empty", ""));
        let found = metadata(&text).unwrap();

        assert_eq!(found.get("note"), Some("Zürich"));
        assert_eq!(found.get("is_confidential"), None);
        assert_eq!(found.get("empty"), None);
    }

    #[test]
    fn metadata_that_cannot_be_kept_or_shown_is_refused() {
        assert!(metadata("note ???").is_err());
        assert!(metadata(&format!("note {}", STANDARD.encode([0xff, 0xfe]))).is_err());
        for text in ["a\0b", "two\nlines", &"x".repeat(TEXT_BYTES + 1)] {
            assert!(metadata(&encoded("note", text)).unwrap().text("note").is_err());
        }
        for text in ["ab", &"AB".repeat(32), &"zz".repeat(32)] {
            assert!(metadata(&encoded("blake3", text)).unwrap().blake3().is_err(), "{text}");
        }
    }

    #[test]
    fn a_date_is_written_as_http_writes_it() {
        let date = http_date(Timestamp::from_millis(784_111_777_000)).unwrap();

        assert_eq!(date, "Sun, 06 Nov 1994 08:49:37 GMT");
    }
}
