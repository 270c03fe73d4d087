//! An authority and its successors.

use std::path::{Path, PathBuf};
use std::time::Duration;

use domfleet_shared::Timestamp;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PKCS_ECDSA_P256_SHA256,
};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use super::{DAY, LONG_AGO, PkiError, csr, date, files, serial_number};

/// How long an authority is good for.
const LIFE: Duration = DAY.saturating_mul(20 * 365);
/// With so much left its successor is made, and agents begin to trust that too.
const SUCCEEDED: Duration = DAY.saturating_mul(5 * 365);
/// With so much left the successor signs. In the three years between, every appliance that is
/// ever switched on has learnt of it.
const RETIRED: Duration = DAY.saturating_mul(2 * 365);

/// A certificate that signs others, and its key.
pub(super) struct Authority {
    der: CertificateDer<'static>,
    pem: String,
    not_after: Timestamp,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    pub(super) fn der(&self) -> &CertificateDer<'static> {
        &self.der
    }

    pub(super) fn pem(&self) -> &str {
        &self.pem
    }

    pub(super) fn not_after(&self) -> Timestamp {
        self.not_after
    }

    pub(super) fn issuer(&self) -> &Issuer<'static, KeyPair> {
        &self.issuer
    }

    /// Whether it is time for one and there is none: `newest` is still this one.
    pub(super) fn needs_successor(&self, now: Timestamp, newest: Option<&Self>) -> bool {
        newest.is_none_or(|newest| newest.der == self.der) && self.not_after.since(now) < SUCCEEDED
    }

    fn make(now: Timestamp, path: &Path) -> Result<Self, PkiError> {
        let not_after = now + LIFE;
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        // Of its own, so that nobody takes two authorities for one.
        let tag = hex::encode(rand::random::<[u8; 4]>());
        params.distinguished_name.push(DnType::CommonName, format!("Domfleet authority {tag}"));
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.serial_number = Some(serial_number());
        params.not_before = date(LONG_AGO);
        params.not_after = date(not_after);
        let certificate = params.self_signed(&key)?;
        // The key first: a certificate without a key would look like a lost key for ever, a key
        // without a certificate has signed nothing and is made anew.
        files::write(&key_path(path), &key.serialize_pem())?;
        files::write(path, &certificate.pem())?;
        Self::read(path)?.ok_or_else(|| PkiError::Damaged(path.to_owned()))
    }

    fn read(path: &Path) -> Result<Option<Self>, PkiError> {
        let Some(pem) = files::read(path)? else { return Ok(None) };
        let key =
            files::read(&key_path(path))?.ok_or_else(|| PkiError::KeyMissing(path.to_owned()))?;
        let damaged = || PkiError::Damaged(path.to_owned());
        let der = CertificateDer::from_pem_slice(pem.as_bytes()).map_err(|_| damaged())?;
        let key = KeyPair::from_pem(&key).map_err(|_| PkiError::Damaged(key_path(path)))?;
        let facts = csr::facts(&der).ok_or_else(damaged)?;
        if facts.spki_sha256 != csr::spki_sha256(&key) {
            return Err(damaged());
        }
        let issuer = Issuer::from_ca_cert_der(&der, key)?;
        Ok(Some(Self { der, pem, not_after: facts.not_after, issuer }))
    }
}

/// All that are in `dir`, oldest first; the first is made where there is none, and a successor
/// where it is time for it.
pub(super) fn open_all(dir: &Path, now: Timestamp) -> Result<Vec<Authority>, PkiError> {
    let mut all = Vec::new();
    while let Some(authority) = Authority::read(&path(dir, all.len()))? {
        all.push(authority);
    }
    let wanted = all.last().is_none_or(|newest| newest.not_after.since(now) < SUCCEEDED);
    if wanted {
        all.push(Authority::make(now, &path(dir, all.len()))?);
    }
    Ok(all)
}

/// The one that signs: the oldest that is not near its end, else the newest.
pub(super) fn signer(authorities: &[Authority], now: Timestamp) -> Option<&Authority> {
    authorities
        .iter()
        .find(|authority| authority.not_after.since(now) >= RETIRED)
        .or_else(|| authorities.last())
}

fn path(dir: &Path, index: usize) -> PathBuf {
    match index {
        0 => dir.join("ca.pem"),
        later => dir.join(format!("ca-{}.pem", later + 1)),
    }
}

fn key_path(certificate: &Path) -> PathBuf {
    certificate.with_extension("key")
}
