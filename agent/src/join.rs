//! Getting in: `join`, and `renew` for a certificate that has expired.

use bytes::Bytes;
use domfleet_shared::Timestamp;
use domfleet_shared::enrolment::{
    Enrolled, JOIN_PATH, JoinRequest, JoinToken, RENEW_PATH, Refusal, RenewRequest, SERVER_NAME,
};
use http_body_util::Full;
use hyper::header::{CONTENT_TYPE, HOST};
use hyper::{Request, StatusCode};
use rcgen::KeyPair;
use rustls::ClientConfig;
use serde::Serialize;

use crate::address::{Address, AddressError};
use crate::agent::World;
use crate::connection::{ConnectError, secure};
use crate::dial::Dialer;
use crate::dom0::Dom0;
use crate::http::{Exchange, HttpError};
use crate::identity::{self, Identity, IdentityError};
use crate::seen::Seen;
use crate::storage::Files;
use crate::storage::record::RecordError;
use crate::tls::{self, JudgedTime};

/// Why the appliance did not get in.
#[derive(Debug, thiserror::Error)]
pub enum JoinError {
    /// It is in already.
    #[error(
        "this appliance has already joined {server} as {appliance}; to join again, stop the agent \
         and remove its data directory first"
    )]
    AlreadyJoined {
        /// Where.
        server: String,
        /// As what.
        appliance: String,
    },
    /// The server's address is none.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// Its own files.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// Its own files.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The way to the server.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The server said no, and why.
    #[error("{}: {}", .0.title, .0.what_to_do)]
    Refused(Refusal),
    /// The server's answer is none.
    #[error("the server answered {0}, which no domfleet server does: check the address")]
    Answer(StatusCode),
}

/// Joins the server that `token` names, or the one at `server`, which must have the same CA.
///
/// Can be called again after any failure, and after a power cut at any moment.
pub async fn join<D: Dom0, F: Files, N: Dialer>(
    world: &World<D, F, N>,
    token: &JoinToken,
    server: Option<&str>,
) -> Result<Identity, JoinError> {
    match Identity::load(&world.files).await {
        Err(IdentityError::NotJoined) => {}
        Err(error) => return Err(error.into()),
        Ok(there) => {
            let appliance = there.appliance.to_string();
            return Err(JoinError::AlreadyJoined { server: there.server, appliance });
        }
    }
    let server = server.unwrap_or(&token.server);
    let address: Address = server.parse()?;
    let key = identity::key(&world.files).await?;
    let facts = world.dom0.observe().await.facts;
    let request = JoinRequest {
        secret: token.secret.clone(),
        csr_pem: identity::request(&key)?,
        fingerprint: facts.fingerprint,
        hostname: facts.hostname,
    };
    let time = JudgedTime::new(world.clock.clone(), None);
    let config = tls::pinned(&token.ca_sha256, time).map_err(ConnectError::from)?;
    let enrolled = post(&world.dialer, &address, config, JOIN_PATH, &request).await?;
    let seen = Seen { server_time: Some(enrolled.now), ..Seen::default() };
    seen.store(&world.files).await?;
    let server = format!("https://{address}");
    let identity = accept(enrolled, server, &key)?;
    identity.store(&world.files).await?;
    Ok(identity)
}

/// Gets a new certificate for the key that `identity` was made for.
pub async fn renew<N: Dialer>(
    dialer: &N,
    identity: &Identity,
    key: &KeyPair,
    time: JudgedTime,
) -> Result<(Identity, Timestamp), JoinError> {
    let address: Address = identity.server.parse()?;
    let request = RenewRequest { csr_pem: identity::request(key)? };
    let config = tls::anonymous(identity, time).map_err(ConnectError::from)?;
    let enrolled = post(dialer, &address, config, RENEW_PATH, &request).await?;
    let now = enrolled.now;
    Ok((accept(enrolled, identity.server.clone(), key)?, now))
}

pub(crate) fn accept(
    enrolled: Enrolled,
    server: String,
    key: &KeyPair,
) -> Result<Identity, IdentityError> {
    let identity = Identity {
        server,
        appliance: enrolled.appliance,
        epoch: enrolled.epoch,
        certificate_pem: enrolled.certificate_pem,
        trust_bundle_pem: enrolled.trust_bundle_pem,
    };
    identity.check_key(key)?;
    if tls::is_trust_bundle(&identity.trust_bundle_pem) {
        Ok(identity)
    } else {
        Err(IdentityError::Certificate)
    }
}

pub(crate) async fn post<N: Dialer>(
    dialer: &N,
    server: &Address,
    config: ClientConfig,
    path: &str,
    body: &impl Serialize,
) -> Result<Enrolled, JoinError> {
    let stream = secure(dialer, server, config).await?;
    let mut exchange = Exchange::open(stream).await.map_err(ConnectError::from)?;
    let body = serde_json::to_vec(body).unwrap_or_default();
    let request = Request::post(path)
        .header(HOST, SERVER_NAME)
        .header(CONTENT_TYPE, "application/json")
        .body(Full::new(Bytes::from(body)))
        .map_err(|error| ConnectError::Http(HttpError::Body(error.into())))?;
    let answer = exchange.send(request).await.map_err(ConnectError::from)?;
    if answer.status().is_success() {
        return serde_json::from_slice(answer.body())
            .map_err(|_| JoinError::Answer(answer.status()));
    }
    match serde_json::from_slice::<Refusal>(answer.body()) {
        Ok(refusal) => Err(JoinError::Refused(refusal)),
        Err(_) => Err(JoinError::Answer(answer.status())),
    }
}
