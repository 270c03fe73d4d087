//! What is read from requests and certificates that others sent.

use domfleet_shared::Timestamp;
use rcgen::{PKCS_ECDSA_P256_SHA256, PublicKeyData, SubjectPublicKeyInfo};
use rustls::pki_types::CertificateSigningRequestDer;
use rustls::pki_types::pem::PemObject as _;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer as _, X509Certificate, X509CertificationRequest};

use super::sha256_hex;

/// The longest request that is looked at. Ours are of 300 bytes or so.
const MAX_BYTES: usize = 8 * 1024;
/// An uncompressed point on P-256.
const POINT_BYTES: usize = 65;

/// A request for a certificate whose signature proves that its key is there.
#[derive(Clone, Debug)]
pub struct Csr {
    key: SubjectPublicKeyInfo,
    spki_sha256: String,
}

/// Why a request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CsrError {
    #[error("the certificate request is longer than any that an agent makes")]
    TooLong,
    #[error("this is not a certificate request in PEM")]
    Malformed,
    #[error("the certificate request is not signed by the key that it is for")]
    Signature,
    #[error("the certificate request is for a key that is not on the curve P-256")]
    KeyType,
}

impl Csr {
    /// Reads and verifies PKCS #10 in PEM.
    pub fn parse(pem: &str) -> Result<Self, CsrError> {
        if pem.len() > MAX_BYTES {
            return Err(CsrError::TooLong);
        }
        let der = CertificateSigningRequestDer::from_pem_slice(pem.as_bytes())
            .map_err(|_| CsrError::Malformed)?;
        let (rest, request) =
            X509CertificationRequest::from_der(&der).map_err(|_| CsrError::Malformed)?;
        if !rest.is_empty() {
            return Err(CsrError::Malformed);
        }
        let key =
            SubjectPublicKeyInfo::from_der(request.certification_request_info.subject_pki.raw)
                .map_err(|_| CsrError::KeyType)?;
        if key.algorithm() != &PKCS_ECDSA_P256_SHA256
            || key.der_bytes().len() != POINT_BYTES
            || key.der_bytes().first() != Some(&4)
        {
            return Err(CsrError::KeyType);
        }
        rcgen::CertificateSigningRequestParams::from_der(&der).map_err(|_| CsrError::Signature)?;
        let spki_sha256 = spki_sha256(&key);
        Ok(Self { key, spki_sha256 })
    }

    pub(super) fn key(&self) -> &SubjectPublicKeyInfo {
        &self.key
    }

    /// What the key is known by.
    pub fn spki_sha256(&self) -> &str {
        &self.spki_sha256
    }
}

/// SHA-256 of a public key's `SubjectPublicKeyInfo`, in hexadecimal.
pub(super) fn spki_sha256(key: &impl PublicKeyData) -> String {
    sha256_hex(&key.subject_public_key_info())
}

/// What a certificate says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Facts {
    pub(crate) common_name: Option<String>,
    pub(crate) spki_sha256: String,
    pub(crate) not_before: Timestamp,
    pub(crate) not_after: Timestamp,
    /// Sorted.
    pub(crate) names: Vec<String>,
}

/// What `certificate` says; nothing where it is none. Nothing is verified here.
pub(crate) fn facts(certificate: &[u8]) -> Option<Facts> {
    let (_, certificate) = X509Certificate::from_der(certificate).ok()?;
    let common_name = certificate.subject().iter_common_name().next();
    let mut names: Vec<String> = certificate
        .subject_alternative_name()
        .ok()
        .flatten()
        .map(|names| names.value.general_names.iter().filter_map(name).collect())
        .unwrap_or_default();
    names.sort();
    let moment = |seconds: i64| Timestamp::from_millis(seconds.saturating_mul(1000));
    Some(Facts {
        common_name: common_name.and_then(|name| name.as_str().ok()).map(str::to_owned),
        spki_sha256: sha256_hex(certificate.public_key().raw),
        not_before: moment(certificate.validity().not_before.timestamp()),
        not_after: moment(certificate.validity().not_after.timestamp()),
        names,
    })
}

#[expect(clippy::wildcard_enum_match_arm, reason = "other kinds of names say nothing to us")]
fn name(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(bytes) => match bytes.len() {
            4 => {
                <[u8; 4]>::try_from(*bytes).ok().map(|ip| std::net::Ipv4Addr::from(ip).to_string())
            }
            16 => {
                <[u8; 16]>::try_from(*bytes).ok().map(|ip| std::net::Ipv6Addr::from(ip).to_string())
            }
            _ => None,
        },
        _ => None,
    }
}
