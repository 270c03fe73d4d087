//! The private certificate authority: who is an appliance of ours, and who is its server.
//!
//! Made at the first start in `pki/` of the data directory. An authority is kept in two files,
//! `ca.pem` and `ca.key`; its successor, made long before it is needed so that agents learn to
//! trust it in time, in `ca-2.pem` and `ca-2.key`, and so on. Which of them signs follows from
//! their dates alone, so that no step of a rollover can be half done.
//!
//! The server's own certificates are renewed by themselves: one for agents, and one for browsers,
//! which refuse what is good for years. They may only be used by a server, those of appliances only
//! by a client: none of them can pose as the server.

mod authority;
mod csr;
mod files;
mod kept;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use domfleet_shared::Timestamp;
use domfleet_shared::enrolment::SERVER_NAME;
use domfleet_shared::id::ApplianceId;
use rcgen::{
    CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, KeyUsagePurpose,
    SerialNumber,
};
use rustls::RootCertStore;
use rustls::sign::CertifiedKey;

use self::authority::Authority;
pub use self::csr::{Csr, CsrError};
use self::kept::Kept;

const DAY: Duration = Duration::from_hours(24);

/// How long an appliance's certificate is good for. Agents renew at half of it.
pub const CLIENT_LIFE: Duration = DAY.saturating_mul(90);

/// A clock that is set back a little must not make what was just issued invalid.
pub(crate) const BACKDATED: Duration = DAY;

/// What agents are shown begins here, and so do authorities: an appliance with a dead clock battery
/// would otherwise take them for not yet valid, and never learn what time it is. Browsers refuse a
/// certificate that is good for more than 825 days from its beginning, and are shown another.
const LONG_AGO: Timestamp = Timestamp::from_millis(1_577_836_800_000);

/// Why there is no authority, or no certificate.
#[derive(Debug, thiserror::Error)]
pub enum PkiError {
    #[error("{path}")]
    File { path: PathBuf, source: std::io::Error },
    #[error(
        "{0} has no key beside it: put ca.key back from a backup; a new authority would shut out every appliance"
    )]
    KeyMissing(PathBuf),
    #[error("{0} does not hold what it should: put it back from a backup")]
    Damaged(PathBuf),
    #[error("the certificate could not be made")]
    Rcgen(#[from] rcgen::Error),
    #[error("the server's key cannot be used")]
    Key(#[from] rustls::Error),
}

/// The authority, its successor, and the server's certificate.
pub struct Pki {
    dir: PathBuf,
    names: Vec<String>,
    held: RwLock<Arc<Held>>,
}

/// What was read or made last; replaced as a whole.
struct Held {
    /// Oldest first, and never none.
    authorities: Vec<Authority>,
    server: Kept,
    browsers: Kept,
    trust_bundle_pem: Arc<str>,
}

/// A certificate for an appliance.
#[derive(Clone, Debug)]
pub struct Issued {
    pub certificate_pem: String,
    pub spki_sha256: String,
    /// Hexadecimal.
    pub serial: String,
    pub not_before: Timestamp,
    pub not_after: Timestamp,
}

/// Says nothing of keys.
impl std::fmt::Debug for Pki {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pki").field("dir", &self.dir).finish_non_exhaustive()
    }
}

impl Pki {
    /// Reads the authority in `dir`, or makes it where there is none.
    ///
    /// `public_host` is the host that browsers know the server by.
    pub fn open(dir: &Path, public_host: Option<&str>, now: Timestamp) -> Result<Self, PkiError> {
        files::private_directory(dir)?;
        let names = names(public_host);
        let held = RwLock::new(Arc::new(Held::prepare(dir, &names, now)?));
        Ok(Self { dir: dir.to_owned(), names, held })
    }

    /// Renews what is to be renewed, and says whether anything was.
    pub fn maintain(&self, now: Timestamp) -> Result<bool, PkiError> {
        let before = self.held();
        let current = before.signer(now)?;
        let due = !before.server.lasts(now) || !before.browsers.lasts(now);
        if !due && !current.needs_successor(now, before.authorities.last()) {
            return Ok(false);
        }
        let after = Held::prepare(&self.dir, &self.names, now)?;
        *self.held.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(after);
        Ok(true)
    }

    /// A certificate for the key of `csr`, in the name of `appliance`.
    ///
    /// Nothing of the request is taken over but its key.
    pub fn issue(
        &self,
        csr: &Csr,
        appliance: ApplianceId,
        now: Timestamp,
    ) -> Result<Issued, PkiError> {
        let held = self.held();
        let signer = held.signer(now)?;
        let (not_before, not_after) =
            (now - BACKDATED, (now + CLIENT_LIFE).min(signer.not_after()));
        let mut params = leaf(&appliance.to_string(), ExtendedKeyUsagePurpose::ClientAuth);
        params.not_before = date(not_before);
        params.not_after = date(not_after);
        let serial = params.serial_number.as_ref().map(SerialNumber::to_bytes).unwrap_or_default();
        let certificate = params.signed_by(csr.key(), signer.issuer())?;
        Ok(Issued {
            certificate_pem: certificate.pem(),
            spki_sha256: csr.spki_sha256().to_owned(),
            serial: hex::encode(serial),
            not_before,
            not_after,
        })
    }

    /// The certificates that agents trust: the authority's, and its successor's once there is one.
    pub fn trust_bundle_pem(&self) -> Arc<str> {
        Arc::clone(&self.held().trust_bundle_pem)
    }

    /// SHA-256 of the signing authority's certificate, in hexadecimal: what a join token carries.
    pub fn ca_sha256(&self, now: Timestamp) -> Result<String, PkiError> {
        Ok(sha256_hex(self.held().signer(now)?.der()))
    }

    /// The certificate that agents are shown, with the authority's behind it, and its key.
    pub fn server_key(&self) -> Arc<CertifiedKey> {
        self.held().server.key()
    }

    /// The same for browsers, where no `tls.cert` is there for them.
    pub fn browsers_key(&self) -> Arc<CertifiedKey> {
        self.held().browsers.key()
    }

    /// What appliances' certificates are verified against.
    pub fn roots(&self) -> Result<RootCertStore, PkiError> {
        let mut roots = RootCertStore::empty();
        for authority in &self.held().authorities {
            roots.add(authority.der().clone())?;
        }
        Ok(roots)
    }

    fn held(&self) -> Arc<Held> {
        Arc::clone(&self.held.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Held {
    fn prepare(dir: &Path, names: &[String], now: Timestamp) -> Result<Self, PkiError> {
        let authorities = authority::open_all(dir, now)?;
        let signer = authority::signer(&authorities, now)
            .ok_or_else(|| PkiError::Damaged(dir.join("ca.pem")))?;
        let server = Kept::prepare(&dir.join("server.pem"), signer, names, LONG_AGO, now)?;
        let begin = now - BACKDATED;
        let browsers = Kept::prepare(&dir.join("browsers.pem"), signer, names, begin, now)?;
        let trust_bundle_pem =
            authorities.iter().map(Authority::pem).collect::<Vec<_>>().concat().into();
        Ok(Self { authorities, server, browsers, trust_bundle_pem })
    }

    fn signer(&self, now: Timestamp) -> Result<&Authority, PkiError> {
        authority::signer(&self.authorities, now)
            .ok_or_else(|| PkiError::Damaged(PathBuf::from("ca.pem")))
    }
}

/// What is common to all certificates that are no authority's.
fn leaf(common_name: &str, purpose: ExtendedKeyUsagePurpose) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, common_name);
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![purpose];
    params.use_authority_key_identifier_extension = true;
    params.serial_number = Some(serial_number());
    params
}

/// A random one: a key keeps its certificates apart only by their numbers.
fn serial_number() -> SerialNumber {
    let mut bytes = rand::random::<[u8; 16]>();
    // Positive, and of the same length always.
    bytes[0] = bytes[0] & 0x7f | 0x40;
    SerialNumber::from_slice(&bytes)
}

fn names(public_host: Option<&str>) -> Vec<String> {
    let mut names = vec![
        SERVER_NAME.to_owned(),
        "localhost".to_owned(),
        IpAddr::V4(Ipv4Addr::LOCALHOST).to_string(),
        IpAddr::V6(Ipv6Addr::LOCALHOST).to_string(),
    ];
    if let Some(host) = public_host.map(|host| host.trim_matches(['[', ']']).to_owned())
        && !names.contains(&host)
    {
        names.push(host);
    }
    names
}

fn date(moment: Timestamp) -> time::OffsetDateTime {
    time::OffsetDateTime::from_unix_timestamp(moment.as_millis() / 1000)
        .unwrap_or(time::OffsetDateTime::UNIX_EPOCH)
}

pub(crate) use self::csr::facts as certificate_facts;

/// SHA-256 in hexadecimal.
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex::encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes))
}

#[cfg(test)]
mod tests;
