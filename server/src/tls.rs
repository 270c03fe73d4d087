//! The three faces of the one port (`docs/decisions/0004-three-faces-of-one-port.md`).
//!
//! Which face a client sees follows from the ALPN that it offers:
//!
//! | ALPN | certificate shown | certificate wanted |
//! | --- | --- | --- |
//! | `domfleet-agent/1` | the private CA's | an appliance's, from the private CA |
//! | `domfleet-enrol/1` | the private CA's | none |
//! | any other, or none | `tls.cert`, else the private CA's | none |

use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use domfleet_shared::Timestamp;
use domfleet_shared::enrolment::{ALPN_AGENT, ALPN_ENROL};
use domfleet_shared::id::ApplianceId;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use rustls::server::{
    ClientHello, NoServerSessionStorage, ResolvesServerCert, WebPkiClientVerifier,
};
use rustls::sign::CertifiedKey;
use rustls::time_provider::TimeProvider;
use rustls::version::{TLS12, TLS13};
use rustls::{ServerConfig, SupportedProtocolVersion};

use crate::clock::Clock;
use crate::pki::{self, Pki, PkiError};

/// What a connection can be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Face {
    /// Sessions of agents, and what belongs to them.
    Agent,
    /// Joining and renewing.
    Enrolment,
    /// Everything that people and their programs use.
    Public,
}

impl Face {
    /// The face that a client asks for.
    fn wanted<'a>(alpn: impl Iterator<Item = &'a [u8]>) -> Self {
        let mut face = Self::Public;
        for protocol in alpn {
            if protocol == ALPN_AGENT {
                return Self::Agent;
            }
            if protocol == ALPN_ENROL {
                face = Self::Enrolment;
            }
        }
        face
    }

    /// The face that `hello` asks for.
    pub fn of(hello: &ClientHello<'_>) -> Self {
        hello.alpn().map_or(Self::Public, Self::wanted)
    }
}

/// The certificate that a client has shown, and whose key it has proved to hold. The CA signed it;
/// whether it is still good for anything, the database says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientCertificate {
    /// What its key is known by.
    pub spki_sha256: String,
    /// Whom it was made out to.
    pub appliance: Option<ApplianceId>,
    pub not_before: Timestamp,
    pub not_after: Timestamp,
}

impl ClientCertificate {
    /// Reads what a verified certificate says.
    pub fn read(der: &[u8]) -> Option<Self> {
        let facts = pki::certificate_facts(der)?;
        Some(Self {
            spki_sha256: facts.spki_sha256,
            appliance: facts.common_name.and_then(|name| name.parse().ok()),
            not_before: facts.not_before,
            not_after: facts.not_after,
        })
    }
}

/// Why a face cannot be shown.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error("no certificate can be read from {}: it must hold PEM, the server's own first", .0.display())]
    Certificate(PathBuf),
    #[error("no private key can be read from {}: it must hold PEM without a passphrase", .0.display())]
    Key(PathBuf),
    #[error("tls.cert and tls.key cannot be used together")]
    Mismatch(#[source] rustls::Error),
    #[error("the private authority cannot be used")]
    Pki(#[from] PkiError),
    #[error("the certificates of appliances cannot be verified")]
    Verifier(#[from] rustls::server::VerifierBuilderError),
    #[error("TLS cannot be set up")]
    Rustls(#[from] rustls::Error),
}

/// Files that hold the certificate for browsers.
#[derive(Clone, Debug)]
pub struct PublicFiles {
    pub cert: PathBuf,
    pub key: PathBuf,
}

/// How each face is shown, from what the PKI and the files hold now.
#[derive(Debug)]
pub struct Faces {
    pki: Arc<Pki>,
    public: Option<PublicFiles>,
    clock: Clock,
    now: RwLock<Configs>,
}

#[derive(Clone, Debug)]
struct Configs {
    agent: Arc<ServerConfig>,
    enrolment: Arc<ServerConfig>,
    public: Arc<ServerConfig>,
}

impl Faces {
    pub fn new(pki: Arc<Pki>, public: Option<PublicFiles>, clock: Clock) -> Result<Self, TlsError> {
        let now = RwLock::new(Configs::read(&pki, public.as_ref(), &clock)?);
        Ok(Self { pki, public, clock, now })
    }

    /// How `face` is shown to the next client.
    pub fn config(&self, face: Face) -> Arc<ServerConfig> {
        let now = self.now.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(match face {
            Face::Agent => &now.agent,
            Face::Enrolment => &now.enrolment,
            Face::Public => &now.public,
        })
    }

    /// Renews what is due, and reads the files again: whoever renews those need not tell us.
    /// After an error everything is as it was.
    pub fn refresh(&self) -> Result<(), TlsError> {
        self.pki.maintain(self.clock.now())?;
        let fresh = Configs::read(&self.pki, self.public.as_ref(), &self.clock)?;
        *self.now.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        Ok(())
    }
}

impl Configs {
    fn read(pki: &Pki, files: Option<&PublicFiles>, clock: &Clock) -> Result<Self, TlsError> {
        let private = Shown(pki.server_key());
        let public = match files {
            Some(files) => Shown(Arc::new(read_public(files)?)),
            None => Shown(pki.browsers_key()),
        };
        let verifier =
            WebPkiClientVerifier::builder_with_provider(Arc::new(pki.roots()?), provider())
                .build()?;
        let time: Arc<dyn TimeProvider> = Arc::new(ClockTime(clock.clone()));
        let builder = |versions: &[&'static SupportedProtocolVersion]| {
            ServerConfig::builder_with_details(provider(), Arc::clone(&time))
                .with_protocol_versions(versions)
        };
        let mut agent = builder(&[&TLS13])?
            .with_client_cert_verifier(verifier)
            .with_cert_resolver(Arc::new(private.clone()));
        agent.alpn_protocols = vec![ALPN_AGENT.to_vec()];
        without_tickets(&mut agent);
        let mut enrolment =
            builder(&[&TLS13])?.with_no_client_auth().with_cert_resolver(Arc::new(private));
        enrolment.alpn_protocols = vec![ALPN_ENROL.to_vec()];
        without_tickets(&mut enrolment);
        let mut public =
            builder(&[&TLS13, &TLS12])?.with_no_client_auth().with_cert_resolver(Arc::new(public));
        public.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        // Old clients may put their weakest cipher first.
        public.ignore_client_order = true;
        Ok(Self {
            agent: Arc::new(agent),
            enrolment: Arc::new(enrolment),
            public: Arc::new(public),
        })
    }
}

/// A resumed session saves little over a handshake on P-256, holds memory for each agent, and
/// would go on after the certificate it began with has expired.
fn without_tickets(config: &mut ServerConfig) {
    config.send_tls13_tickets = 0;
    config.session_storage = Arc::new(NoServerSessionStorage {});
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}

fn read_public(files: &PublicFiles) -> Result<CertifiedKey, TlsError> {
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(&files.cert)
        .and_then(Iterator::collect)
        .map_err(|_| TlsError::Certificate(files.cert.clone()))?;
    if chain.is_empty() {
        return Err(TlsError::Certificate(files.cert.clone()));
    }
    let key =
        PrivateKeyDer::from_pem_file(&files.key).map_err(|_| TlsError::Key(files.key.clone()))?;
    CertifiedKey::from_der(chain, key, &provider()).map_err(TlsError::Mismatch)
}

/// The same certificate for whoever asks.
#[derive(Clone, Debug)]
struct Shown(Arc<CertifiedKey>);

impl ResolvesServerCert for Shown {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }
}

/// The server's clock, for the dates of certificates.
#[derive(Debug)]
struct ClockTime(Clock);

impl TimeProvider for ClockTime {
    fn current_time(&self) -> Option<UnixTime> {
        let milliseconds = u64::try_from(self.0.now().as_millis()).ok()?;
        Some(UnixTime::since_unix_epoch(Duration::from_millis(milliseconds)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_face_follows_from_the_alpn_and_an_agent_s_wins() {
        let face = |alpn: &[&[u8]]| Face::wanted(alpn.iter().copied());

        assert_eq!(face(&[ALPN_AGENT]), Face::Agent);
        assert_eq!(face(&[ALPN_ENROL]), Face::Enrolment);
        assert_eq!(face(&[b"h2", ALPN_ENROL, ALPN_AGENT]), Face::Agent);
        assert_eq!(face(&[b"h2", b"http/1.1"]), Face::Public);
        assert_eq!(face(&[b"domfleet-agent/2"]), Face::Public);
        assert_eq!(face(&[]), Face::Public);
    }

    #[test]
    fn files_that_hold_no_certificate_are_named() {
        let dir = tempfile::tempdir().unwrap();
        let pki = Arc::new(Pki::open(dir.path(), None, Clock::default().now()).unwrap());
        let cert = dir.path().join("nothing.pem");
        std::fs::write(&cert, "nothing").unwrap();
        let files = PublicFiles { cert: cert.clone(), key: dir.path().join("ca.key") };

        let error = Faces::new(pki, Some(files), Clock::default()).unwrap_err();

        assert!(matches!(error, TlsError::Certificate(path) if path == cert));
    }
}
