//! To the server, by tus 1.0: what was received stays received, and only the server knows how much
//! that is.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use domfleet_shared::enrolment::{BUNDLES_PATH, SERVER_NAME};

use http_body_util::Full;
use hyper::header::{CONTENT_TYPE, HOST, HeaderName, LOCATION, RETRY_AFTER};
use hyper::{Method, Request, Response, StatusCode};
use rand::RngExt as _;
use tokio::time::sleep;

use super::Sealed;
use crate::address::{Address, AddressError};
use crate::agent::Agent;
use crate::connection::{ConnectError, secure};
use crate::dial::Dialer;
use crate::dom0::Dom0;
use crate::http::{Exchange, HttpError};
use crate::plan::reason;
use crate::storage::Files;
use crate::storage::record::RecordError;
use crate::tls;

/// One request carries this much; it is in memory while it does.
const PIECE_BYTES: usize = 256 * 1024;
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_mins(15);

const TUS_RESUMABLE: HeaderName = HeaderName::from_static("tus-resumable");
const UPLOAD_LENGTH: HeaderName = HeaderName::from_static("upload-length");
const UPLOAD_METADATA: HeaderName = HeaderName::from_static("upload-metadata");
const UPLOAD_OFFSET: HeaderName = HeaderName::from_static("upload-offset");
/// Of the server: the bundle is verified and stored, and may go here.
const UPLOAD_COMPLETE: HeaderName = HeaderName::from_static("upload-complete");
const TUS_VERSION: &str = "1.0.0";

/// Why a bundle is not at the server.
#[derive(Debug, thiserror::Error)]
enum UploadError {
    #[error(transparent)]
    Address(#[from] AddressError),
    #[error(transparent)]
    Connect(#[from] ConnectError),
    #[error(transparent)]
    Http(#[from] HttpError),
    #[error(transparent)]
    Record(#[from] RecordError),
    #[error("the bundle cannot be read")]
    Read(#[from] std::io::Error),
    #[error("a request could not be made")]
    Request(#[from] hyper::http::Error),
    /// The server has forgotten the upload: it begins anew.
    #[error("the server does not know the upload any more")]
    Gone,
    /// What arrived is not what was announced.
    #[error("the bundle arrived damaged")]
    Damaged,
    /// Another time it may take it.
    #[error("the server answered {0}")]
    NotNow(StatusCode, Option<Duration>),
    /// It is all there; until it is in the server's store it stays here, too.
    #[error("the server has not stored the bundle yet")]
    NotStored,
    /// It never will.
    #[error("the server does not take the bundle: {0}")]
    Refused(String),
}

/// Brings bundles to the server, the oldest first, whenever there is a session.
pub(crate) async fn keep_uploading<D: Dom0, F: Files, N: Dialer>(agent: &Agent<D, F, N>) {
    let mut changes = agent.bundles.changed.subscribe();
    let mut connected = agent.connected.subscribe();
    let mut wait = FIRST_WAIT;
    loop {
        let Some(sealed) = agent.bundles.waiting() else {
            if changes.changed().await.is_err() {
                return;
            }
            continue;
        };
        if connected.wait_for(|connected| *connected).await.is_err() {
            return;
        }
        let Err(error) = Box::pin(upload(agent, sealed.clone())).await else {
            wait = FIRST_WAIT;
            continue;
        };
        tracing::warn!(
            bundle = %sealed.bundle,
            error = &error as &dyn std::error::Error,
            "a bundle is not uploaded yet"
        );
        match error {
            UploadError::Damaged if !is_intact(&agent.world.files, &sealed).await => {
                let why = reason("refused", "the bundle was damaged on the appliance's disk");
                agent.bundles.refuse(&agent.world.files, &sealed, why).await;
            }
            UploadError::Refused(why) => {
                let why = reason("refused", format!("the server did not take the bundle: {why}"));
                agent.bundles.refuse(&agent.world.files, &sealed, why).await;
            }
            UploadError::NotNow(_, Some(asked)) => sleep(asked.min(LONGEST_WAIT)).await,
            _ => {
                let jittered = wait.mul_f64(rand::rng().random_range(0.5..1.0));
                sleep(jittered).await;
                wait = (wait * 2).min(LONGEST_WAIT);
            }
        }
    }
}

/// Whether the bundle on disk is still what was sealed: else sending it again would never end.
async fn is_intact(files: &impl Files, sealed: &Sealed) -> bool {
    let name = Sealed::data_name(sealed.bundle);
    let (mut hash, mut offset) = (blake3::Hasher::new(), 0);
    while offset < sealed.size_bytes {
        match files.read_at(&name, offset, PIECE_BYTES).await {
            Ok(piece) if !piece.is_empty() => {
                hash.update(&piece);
                offset += piece.len() as u64;
            }
            _ => return false,
        }
    }
    hash.finalize().to_hex().as_str() == sealed.blake3
}

async fn upload<D: Dom0, F: Files, N: Dialer>(
    agent: &Agent<D, F, N>,
    mut sealed: Sealed,
) -> Result<(), UploadError> {
    let files = &agent.world.files;
    let identity = agent.identity();
    let address: Address = identity.server.parse()?;
    let config =
        tls::mutual(&identity, &agent.key, agent.judged_time()).map_err(ConnectError::from)?;
    let stream = secure(&agent.world.dialer, &address, config).await?;
    let mut exchange = Exchange::open(stream).await?;
    let location = if let Some(location) = sealed.location.clone() {
        location
    } else {
        let location = create(&mut exchange, &sealed).await?;
        sealed.location = Some(location.clone());
        agent.bundles.update(files, sealed.clone()).await?;
        location
    };
    let mut there = match standing(&mut exchange, &location).await {
        Err(UploadError::Gone) => {
            agent.bundles.update(files, Sealed { location: None, ..sealed }).await?;
            return Err(UploadError::Gone);
        }
        there => there?,
    };
    while there.offset < sealed.size_bytes {
        let left = usize::try_from(sealed.size_bytes - there.offset).unwrap_or(PIECE_BYTES);
        let name = Sealed::data_name(sealed.bundle);
        let piece = files.read_at(&name, there.offset, left.min(PIECE_BYTES)).await?;
        if piece.is_empty() {
            return Err(UploadError::Refused("its end is missing on the appliance".to_owned()));
        }
        there = send(&mut exchange, &location, there.offset, piece).await?;
    }
    if !there.is_stored {
        return Err(UploadError::NotStored);
    }
    tracing::info!(bundle = %sealed.bundle, bytes = sealed.size_bytes, "a bundle is uploaded");
    agent.bundles.complete(files, sealed).await?;
    Ok(())
}

fn request(method: Method, path: &str) -> hyper::http::request::Builder {
    Request::builder()
        .method(method)
        .uri(path)
        .header(HOST, SERVER_NAME)
        .header(TUS_RESUMABLE, TUS_VERSION)
}

/// Announces the bundle. Announcing it again gives the same upload.
async fn create(exchange: &mut Exchange, sealed: &Sealed) -> Result<String, UploadError> {
    let request = request(Method::POST, BUNDLES_PATH)
        .header(UPLOAD_LENGTH, sealed.size_bytes)
        .header(UPLOAD_METADATA, metadata(sealed))
        .body(Full::default())?;
    let answer = exchange.send(request).await?;
    check(&answer)?;
    answer
        .headers()
        .get(LOCATION)
        .and_then(|location| location.to_str().ok())
        .and_then(path_of)
        .ok_or_else(|| UploadError::Refused("it does not say where to upload to".to_owned()))
}

fn metadata(sealed: &Sealed) -> String {
    let mut pairs = vec![
        ("bundle", sealed.bundle.to_string()),
        ("blake3", sealed.blake3.clone()),
        ("trigger", sealed.trigger.as_str().to_owned()),
        ("created_at", sealed.created_at.to_string()),
    ];
    if let Some(operation) = sealed.operation {
        pairs.push(("operation", operation.to_string()));
    }
    let pairs = pairs.into_iter().map(|(key, value)| format!("{key} {}", STANDARD.encode(value)));
    pairs.collect::<Vec<_>>().join(",")
}

/// A location may be a whole URL; we stay with the server that we know.
fn path_of(location: &str) -> Option<String> {
    let path = &location[location.find(BUNDLES_PATH)?..];
    path.strip_prefix(BUNDLES_PATH)?.strip_prefix('/').map(|_| path.to_owned())
}

/// How much the server has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Standing {
    offset: u64,
    is_stored: bool,
}

async fn standing(exchange: &mut Exchange, location: &str) -> Result<Standing, UploadError> {
    let request = request(Method::HEAD, location).body(Full::default())?;
    let answer = exchange.send(request).await?;
    check(&answer)?;
    standing_of(&answer)
}

/// Sends a piece. Gives how much the server has now.
async fn send(
    exchange: &mut Exchange,
    location: &str,
    offset: u64,
    piece: Vec<u8>,
) -> Result<Standing, UploadError> {
    let request = request(Method::PATCH, location)
        .header(CONTENT_TYPE, "application/offset+octet-stream")
        .header(UPLOAD_OFFSET, offset)
        .body(Full::new(Bytes::from(piece)))?;
    let answer = exchange.send(request).await?;
    check(&answer)?;
    standing_of(&answer)
}

fn standing_of(answer: &Response<Bytes>) -> Result<Standing, UploadError> {
    let header = |name| answer.headers().get(name).and_then(|value| value.to_str().ok());
    let offset = header(UPLOAD_OFFSET).and_then(|offset| offset.parse().ok());
    let offset =
        offset.ok_or_else(|| UploadError::Refused("it does not say how much it has".to_owned()))?;
    Ok(Standing { offset, is_stored: header(UPLOAD_COMPLETE) == Some("?1") })
}

fn check(answer: &Response<Bytes>) -> Result<(), UploadError> {
    let status = answer.status();
    match status.as_u16() {
        200..=299 => Ok(()),
        404 | 410 => Err(UploadError::Gone),
        422 if code(answer) == "hash_mismatch" => Err(UploadError::Damaged),
        // A wrong offset, a damaged piece, too much at once, or its own trouble: asked again later.
        409 | 423 | 429 | 460 | 500..=599 => {
            let asked = answer.headers().get(RETRY_AFTER).and_then(|text| text.to_str().ok());
            let asked = asked.and_then(|text| text.parse().ok()).map(Duration::from_secs);
            Err(UploadError::NotNow(status, asked))
        }
        _ => Err(UploadError::Refused(told(answer))),
    }
}

fn code(answer: &Response<Bytes>) -> String {
    let refusal = serde_json::from_slice::<domfleet_shared::enrolment::Refusal>(answer.body());
    refusal.map_or_else(|_| String::new(), |refusal| refusal.code)
}

/// What the server says for people.
fn told(answer: &Response<Bytes>) -> String {
    let refusal = serde_json::from_slice::<domfleet_shared::enrolment::Refusal>(answer.body());
    refusal.map_or_else(|_| answer.status().to_string(), |refusal| refusal.title)
}

#[cfg(test)]
mod tests {
    use domfleet_shared::Timestamp;
    use domfleet_shared::id::{BundleId, OperationId};

    use super::super::Trigger;
    use super::*;

    #[test]
    fn a_bundle_stays_until_the_server_says_that_it_is_stored() {
        let answer = |complete: &str| {
            let answer =
                Response::builder().header(UPLOAD_OFFSET, 7).header(UPLOAD_COMPLETE, complete);
            standing_of(&answer.body(Bytes::new()).unwrap()).unwrap()
        };

        assert_eq!(answer("?1"), Standing { offset: 7, is_stored: true });
        assert_eq!(answer("?0"), Standing { offset: 7, is_stored: false });
        let silent = Response::builder().header(UPLOAD_OFFSET, 7).body(Bytes::new()).unwrap();
        assert!(!standing_of(&silent).unwrap().is_stored);
    }

    #[test]
    fn only_a_path_below_ours_is_uploaded_to() {
        assert_eq!(path_of("/agent/v1/bundles/x"), Some("/agent/v1/bundles/x".into()));
        assert_eq!(path_of("https://a:1/agent/v1/bundles/x"), Some("/agent/v1/bundles/x".into()));
        assert_eq!(path_of("/agent/v1/bundles"), None);
        assert_eq!(path_of("/api/v1/appliances"), None);
    }

    #[test]
    fn the_metadata_says_which_bundle_it_is() {
        let sealed = Sealed {
            bundle: BundleId::new(),
            trigger: Trigger::UncleanBoot,
            operation: Some(OperationId::new()),
            created_at: Timestamp::from_millis(0),
            size_bytes: 1,
            blake3: "ab".into(),
            location: None,
            is_complete: false,
        };

        let text = metadata(&sealed);

        assert!(text.contains(&format!("bundle {}", STANDARD.encode(sealed.bundle.to_string()))));
        assert!(text.contains(&format!("trigger {}", STANDARD.encode("unclean_boot"))));
        assert_eq!(text.split(',').count(), 5);
    }
}
