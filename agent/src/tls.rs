//! TLS towards the server: who it must be, and at which time that is judged.

use std::fmt;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use domfleet_shared::Timestamp;
use domfleet_shared::enrolment::{ALPN_AGENT, ALPN_ENROL, SERVER_NAME};
use rcgen::KeyPair;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{Resumption, WebPkiServerVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::time_provider::TimeProvider;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};
use x509_parser::prelude::{FromDer as _, X509Certificate};

use crate::clock::Clock;
use crate::identity::{Identity, IdentityError, private_key};

/// When this build was made: no later certificate can have been made for us before.
const BUILT_AT: &str = env!("DOMFLEET_BUILT_AT");

/// One for the process: it holds no state of a connection.
static PROVIDER: LazyLock<Arc<CryptoProvider>> =
    LazyLock::new(|| Arc::new(rustls::crypto::aws_lc_rs::default_provider()));

/// Why there is no TLS configuration.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// rustls does not take it.
    #[error("the certificates in the agent's data directory cannot be used")]
    Rustls(#[from] Error),
    /// The trust bundle is empty or damaged.
    #[error("the CA certificates in the agent's data directory are damaged")]
    Trust,
    /// The agent's own.
    #[error(transparent)]
    Identity(#[from] IdentityError),
}

/// The time at which certificates are judged: the latest of the machine's clock, the build's time
/// and the last time that the server said. A dead clock battery then keeps nobody out, and setting
/// a clock back brings no expired certificate back to life.
#[derive(Clone, Debug)]
pub struct JudgedTime {
    clock: Clock,
    server_said: Option<Timestamp>,
}

impl JudgedTime {
    /// `server_said` is what is on disk.
    pub fn new(clock: Clock, server_said: Option<Timestamp>) -> Self {
        Self { clock, server_said }
    }

    /// The time.
    pub fn now(&self) -> Timestamp {
        let seconds = BUILT_AT.parse::<i64>().unwrap_or(0);
        let built = Timestamp::from_millis(seconds.saturating_mul(1000));
        self.clock.now().max(built).max(self.server_said.unwrap_or(built))
    }
}

impl TimeProvider for JudgedTime {
    fn current_time(&self) -> Option<UnixTime> {
        let milliseconds = u64::try_from(self.now().as_millis()).unwrap_or(0);
        Some(UnixTime::since_unix_epoch(Duration::from_millis(milliseconds)))
    }
}

/// The name that the server's certificate must have, whatever address was dialled.
pub(crate) fn server_name() -> Result<ServerName<'static>, TlsError> {
    ServerName::try_from(SERVER_NAME).map_err(|_| TlsError::Trust)
}

/// For joining: the server's chain must hold the certificate with this SHA-256.
pub(crate) fn pinned(ca_sha256: &str, time: JudgedTime) -> Result<ClientConfig, TlsError> {
    let verifier = Arc::new(Pinned { ca_sha256: ca_sha256.to_ascii_lowercase() });
    let mut config = ClientConfig::builder_with_details(Arc::clone(&PROVIDER), Arc::new(time))
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth();
    config.alpn_protocols = vec![ALPN_ENROL.to_vec()];
    config.resumption = Resumption::disabled();
    Ok(config)
}

/// For renewing: the server is known, the agent's own certificate is no longer good.
pub(crate) fn anonymous(identity: &Identity, time: JudgedTime) -> Result<ClientConfig, TlsError> {
    knowing(&identity.trust_bundle_pem, time)
}

/// For those who have no certificate: the server is known by these of the CA.
pub(crate) fn knowing(trust_bundle_pem: &str, time: JudgedTime) -> Result<ClientConfig, TlsError> {
    let mut config = ClientConfig::builder_with_details(Arc::clone(&PROVIDER), Arc::new(time))
        .with_safe_default_protocol_versions()?
        .with_webpki_verifier(verifier(trust_bundle_pem)?)
        .with_no_client_auth();
    config.alpn_protocols = vec![ALPN_ENROL.to_vec()];
    config.resumption = Resumption::disabled();
    Ok(config)
}

/// For sessions and uploads: both sides are known.
pub(crate) fn mutual(
    identity: &Identity,
    key: &KeyPair,
    time: JudgedTime,
) -> Result<ClientConfig, TlsError> {
    let chain = CertificateDer::pem_slice_iter(identity.certificate_pem.as_bytes())
        .collect::<Result<Vec<_>, _>>()
        .map_err(|_| IdentityError::Certificate)?;
    let mut config = ClientConfig::builder_with_details(Arc::clone(&PROVIDER), Arc::new(time))
        .with_safe_default_protocol_versions()?
        .with_webpki_verifier(verifier(&identity.trust_bundle_pem)?)
        .with_client_auth_cert(chain, private_key(key)?)?;
    config.alpn_protocols = vec![ALPN_AGENT.to_vec()];
    // A resumed session would not show the certificate again, and a revoked one would slip in.
    config.resumption = Resumption::disabled();
    Ok(config)
}

fn verifier(trust_bundle_pem: &str) -> Result<Arc<WebPkiServerVerifier>, TlsError> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(trust_bundle_pem.as_bytes()) {
        roots.add(certificate.map_err(|_| TlsError::Trust)?)?;
    }
    WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&PROVIDER))
        .build()
        .map_err(|_| TlsError::Trust)
}

/// Whether `pem` is a bundle that a server can be verified with, before it replaces the old one.
pub(crate) fn is_trust_bundle(pem: &str) -> bool {
    verifier(pem).is_ok()
}

/// Trusts exactly one CA, known by its hash alone, which must be shown by the server.
struct Pinned {
    ca_sha256: String,
}

impl fmt::Debug for Pinned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pinned({})", self.ca_sha256)
    }
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        // The leaf itself may not be the pinned one: a server's certificate is no authority.
        let ca = intermediates
            .iter()
            .find(|certificate| hex::encode(sha256(certificate)) == self.ca_sha256)
            .filter(|certificate| is_ca(certificate))
            .ok_or(Error::InvalidCertificate(CertificateError::UnknownIssuer))?;
        let mut roots = RootCertStore::empty();
        roots.add(ca.clone().into_owned())?;
        let verifier =
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&PROVIDER))
                .build()
                .map_err(|error| Error::General(error.to_string()))?;
        verifier.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &PROVIDER.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &PROVIDER.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        PROVIDER.signature_verification_algorithms.supported_schemes()
    }
}

fn is_ca(certificate: &CertificateDer<'_>) -> bool {
    X509Certificate::from_der(certificate).is_ok_and(|(_, certificate)| certificate.is_ca())
}

/// SHA-256 by the provider that is linked anyway.
fn sha256(bytes: &[u8]) -> Vec<u8> {
    PROVIDER
        .cipher_suites
        .iter()
        .find_map(|suite| suite.tls13().filter(|suite| is_sha256(suite)))
        .map_or_else(Vec::new, |suite| suite.common.hash_provider.hash(bytes).as_ref().to_vec())
}

fn is_sha256(suite: &rustls::Tls13CipherSuite) -> bool {
    suite.common.hash_provider.algorithm() == rustls::crypto::hash::HashAlgorithm::SHA256
}

/// What a failed handshake means for the person in front of the machine.
pub(crate) fn explain(error: &Error) -> Option<&'static str> {
    let Error::InvalidCertificate(why) = error else { return None };
    match why {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => Some(
            "the server's certificate looks expired: if the server is fine, this machine's clock \
             is ahead; set the clock",
        ),
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => Some(
            "the server's certificate looks as if it were not valid yet: set this machine's clock",
        ),
        CertificateError::UnknownIssuer => Some(
            "the server has another CA than the one it must have: it is not the server that the \
             token or the certificate is from",
        ),
        _ => None,
    }
}
