//! Who the agent is: its key, its certificate and the CAs that it trusts, all on disk.

use domfleet_shared::Timestamp;
use domfleet_shared::id::ApplianceId;
use rcgen::{CertificateParams, KeyPair};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde::{Deserialize, Serialize};
use x509_parser::prelude::{FromDer as _, X509Certificate};

use crate::storage::record::{self, RecordError};
use crate::storage::{Files, is_full};

/// The private key's file.
pub const KEY: &str = "key.pem";
/// The file of everything else.
pub const IDENTITY: &str = "identity.json";

/// A key in PEM is a few hundred bytes.
const KEY_LIMIT: usize = 16 * 1024;

/// What the server gave the agent when it joined.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// `https://host:port`.
    pub server: String,
    /// The appliance.
    pub appliance: ApplianceId,
    /// Its epoch.
    pub epoch: u32,
    /// The agent's certificate.
    pub certificate_pem: String,
    /// The CA certificates that it trusts.
    pub trust_bundle_pem: String,
}

/// Why there is no identity, or no key.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// Nobody joined.
    #[error("this appliance has not joined a server: run domfleet-agent join TOKEN")]
    NotJoined,
    /// The file system, or a damaged file.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The key could not be read or stored.
    #[error("the agent's key cannot be read or stored in its data directory")]
    KeyFile(#[source] std::io::Error),
    /// The disk is full.
    #[error("the disk of the agent's data directory is full: free some space and try again")]
    Full,
    /// The key is not one.
    #[error("the agent's key is damaged: remove the data directory and join again")]
    Key(#[source] rcgen::Error),
    /// A certificate is not one.
    #[error("the certificate from the server is damaged")]
    Certificate,
    /// A certificate is for another key.
    #[error("the certificate from the server is not for this agent's key")]
    OtherKey,
}

impl Identity {
    /// The one on disk.
    pub async fn load(files: &impl Files) -> Result<Self, IdentityError> {
        record::load(files, IDENTITY).await?.ok_or(IdentityError::NotJoined)
    }

    /// Makes this one durable.
    pub async fn store(&self, files: &impl Files) -> Result<(), IdentityError> {
        record::store(files, IDENTITY, self).await.map_err(|error| match error {
            RecordError::Io { source, .. } if is_full(&source) => IdentityError::Full,
            error => IdentityError::Record(error),
        })
    }

    /// From when to when the certificate holds.
    pub fn validity(&self) -> Result<Validity, IdentityError> {
        let certificate = CertificateDer::from_pem_slice(self.certificate_pem.as_bytes())
            .map_err(|_| IdentityError::Certificate)?;
        let (_, certificate) =
            X509Certificate::from_der(&certificate).map_err(|_| IdentityError::Certificate)?;
        let moment = |time: x509_parser::time::ASN1Time| {
            Timestamp::from_millis(time.timestamp().saturating_mul(1000))
        };
        Ok(Validity {
            not_before: moment(certificate.validity().not_before),
            not_after: moment(certificate.validity().not_after),
        })
    }

    /// Whether the certificate is for `key`: what comes from the network is not just taken.
    pub fn check_key(&self, key: &KeyPair) -> Result<(), IdentityError> {
        let certificate = CertificateDer::from_pem_slice(self.certificate_pem.as_bytes())
            .map_err(|_| IdentityError::Certificate)?;
        let (_, certificate) =
            X509Certificate::from_der(&certificate).map_err(|_| IdentityError::Certificate)?;
        if certificate.public_key().subject_public_key.data.as_ref() == key.public_key_raw() {
            Ok(())
        } else {
            Err(IdentityError::OtherKey)
        }
    }
}

/// How long a certificate holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validity {
    /// From.
    pub not_before: Timestamp,
    /// To.
    pub not_after: Timestamp,
}

impl Validity {
    /// Whether half of its life is over: time for the next one.
    pub fn is_half_over(&self, now: Timestamp) -> bool {
        now.since(self.not_before) >= self.not_after.since(self.not_before) / 2
    }

    /// Whether it is over.
    pub fn is_over(&self, now: Timestamp) -> bool {
        now > self.not_after
    }
}

/// The key on disk; where there is none, a new one, durable before anybody sees it.
///
/// A join that was cut short goes on with the same key, and the server gives it the same answer.
pub async fn key(files: &impl Files) -> Result<KeyPair, IdentityError> {
    if let Some(pem) = files.read(KEY, KEY_LIMIT).await.map_err(IdentityError::KeyFile)? {
        return KeyPair::from_pem(&String::from_utf8_lossy(&pem)).map_err(IdentityError::Key);
    }
    let key = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).map_err(IdentityError::Key)?;
    files.replace(KEY, key.serialize_pem().into_bytes()).await.map_err(|error| {
        if is_full(&error) { IdentityError::Full } else { IdentityError::KeyFile(error) }
    })?;
    Ok(key)
}

/// A request for a certificate for `key`. The server decides every name in it.
pub fn request(key: &KeyPair) -> Result<String, IdentityError> {
    let mut parameters = CertificateParams::new(Vec::new()).map_err(IdentityError::Key)?;
    parameters.distinguished_name = rcgen::DistinguishedName::new();
    parameters.serialize_request(key).and_then(|request| request.pem()).map_err(IdentityError::Key)
}

/// The key as rustls wants it.
pub fn private_key(key: &KeyPair) -> Result<PrivateKeyDer<'static>, IdentityError> {
    PrivateKeyDer::try_from(key.serialize_der()).map_err(|_| IdentityError::Certificate)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::storage::disk::Disk;

    #[tokio::test]
    async fn a_join_that_was_cut_short_goes_on_with_the_same_key() {
        let folder = tempfile::tempdir().unwrap();
        let disk = Disk::open(folder.path()).unwrap();

        let first = key(&disk).await.unwrap();
        let second = key(&disk).await.unwrap();

        assert_eq!(first.public_key_raw(), second.public_key_raw());
        assert!(request(&first).unwrap().contains("BEGIN CERTIFICATE REQUEST"));
    }

    #[test]
    fn a_certificate_for_another_key_is_not_taken() {
        let (ours, theirs) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
        let certificate = CertificateParams::new(Vec::new()).unwrap().self_signed(&theirs).unwrap();
        let identity = Identity {
            server: "https://fleet.example".into(),
            appliance: ApplianceId::new(),
            epoch: 1,
            certificate_pem: certificate.pem(),
            trust_bundle_pem: String::new(),
        };

        assert!(matches!(identity.check_key(&ours), Err(IdentityError::OtherKey)));
        assert!(identity.check_key(&theirs).is_ok());
    }

    #[test]
    fn a_certificate_is_renewed_at_half_its_life() {
        let start = Timestamp::from_millis(0);
        let day = Duration::from_hours(24);
        let validity = Validity { not_before: start, not_after: start + day * 90 };

        assert!(!validity.is_half_over(start + day * 44));
        assert!(validity.is_half_over(start + day * 45));
        assert!(!validity.is_over(start + day * 90));
        assert!(validity.is_over(start + day * 91));
    }
}
