//! Certificates of the server itself, each in a file with its key.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use domfleet_shared::Timestamp;
use domfleet_shared::enrolment::SERVER_NAME;
use rcgen::{CertificateParams, ExtendedKeyUsagePurpose, KeyPair, PKCS_ECDSA_P256_SHA256};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::sign::CertifiedKey;

use super::authority::Authority;
use super::{DAY, PkiError, csr, date, files, leaf};

/// How long one is good for, and how much of it is left when it is renewed.
const LIFE: Duration = DAY.saturating_mul(90);
const RENEWED: Duration = DAY.saturating_mul(30);

/// A certificate of the server's, the authority's behind it, and its key: one file.
pub(super) struct Kept {
    key: Arc<CertifiedKey>,
    not_before: Timestamp,
    not_after: Timestamp,
}

impl Kept {
    /// What is in the file at `path`, or a new one that begins at `not_before`.
    pub(super) fn prepare(
        path: &Path,
        signer: &Authority,
        names: &[String],
        not_before: Timestamp,
        now: Timestamp,
    ) -> Result<Self, PkiError> {
        match Self::read(path, signer, names)?.filter(|kept| kept.lasts(now)) {
            Some(kept) => Ok(kept),
            None => Self::make(path, signer, names, not_before, now),
        }
    }

    pub(super) fn key(&self) -> Arc<CertifiedKey> {
        Arc::clone(&self.key)
    }

    /// Whether it is good now, and for a while.
    pub(super) fn lasts(&self, now: Timestamp) -> bool {
        self.not_before <= now && self.not_after.since(now) >= RENEWED
    }

    /// As it is kept; nothing where it would not do any more.
    fn read(path: &Path, signer: &Authority, names: &[String]) -> Result<Option<Self>, PkiError> {
        let Some(text) = files::read(path)? else { return Ok(None) };
        let chain: Vec<CertificateDer<'static>> =
            CertificateDer::pem_slice_iter(text.as_bytes()).filter_map(Result::ok).collect();
        let Ok(key) = PrivateKeyDer::from_pem_slice(text.as_bytes()) else { return Ok(None) };
        let [leaf, root] = chain.as_slice() else { return Ok(None) };
        if root != signer.der() {
            return Ok(None);
        }
        let Some(facts) = csr::facts(leaf) else { return Ok(None) };
        if facts.names != sorted(names) {
            return Ok(None);
        }
        let (not_before, not_after) = (facts.not_before, facts.not_after);
        Ok(Some(Self { key: certified(chain, key)?, not_before, not_after }))
    }

    fn make(
        path: &Path,
        signer: &Authority,
        names: &[String],
        not_before: Timestamp,
        now: Timestamp,
    ) -> Result<Self, PkiError> {
        let not_after = (now + LIFE).min(signer.not_after());
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let mut params = leaf(SERVER_NAME, ExtendedKeyUsagePurpose::ServerAuth);
        params.subject_alt_names = CertificateParams::new(names)?.subject_alt_names;
        params.not_before = date(not_before);
        params.not_after = date(not_after);
        let certificate = params.signed_by(&key, signer.issuer())?;
        let text = format!("{}{}{}", certificate.pem(), signer.pem(), key.serialize_pem());
        files::write(path, &text)?;
        let chain = vec![certificate.der().clone(), signer.der().clone()];
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        Ok(Self { key: certified(chain, key)?, not_before, not_after })
    }
}

fn certified(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> Result<Arc<CertifiedKey>, PkiError> {
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    Ok(Arc::new(CertifiedKey::from_der(chain, key, &provider)?))
}

fn sorted(names: &[String]) -> Vec<String> {
    let mut names = names.to_vec();
    names.sort();
    names
}
