//! The keys that logins are signed with: files in the data directory that only we can read.
//!
//! `access.pem` (Ed25519) signs access tokens. `session.key` (32 bytes) makes refresh tokens and
//! CSRF tokens; both follow from it and the session, so that the database holds no secret of them.

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use anyhow::Context;
use jsonwebtoken::{DecodingKey, EncodingKey};

use crate::domain::set_keys::SetKeys;

/// The keys.
pub struct Keys {
    pub(super) sign: EncodingKey,
    pub(super) verify: DecodingKey,
    pub(super) session: [u8; 32],
}

/// Says nothing of the keys.
impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keys").finish_non_exhaustive()
    }
}

impl Keys {
    /// Those in `dir`; made where there are none.
    pub fn open(dir: &Path) -> anyhow::Result<Self> {
        std::fs::create_dir_all(dir).with_context(|| format!("cannot make {}", dir.display()))?;
        let pem = read_or_make(&dir.join("access.pem"), || {
            let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519)?;
            Ok(key.serialize_pem().into_bytes())
        })?;
        let pem = String::from_utf8(pem).context("access.pem is not text")?;
        let pair = rcgen::KeyPair::from_pem(&pem).context("access.pem holds no key")?;
        let session = read_or_make(&dir.join("session.key"), || {
            Ok(hex::encode(rand::random::<[u8; 32]>()).into_bytes())
        })?;
        let mut key = [0; 32];
        hex::decode_to_slice(session.trim_ascii(), &mut key).context("session.key is damaged")?;
        Ok(Self {
            sign: EncodingKey::from_ed_pem(pem.as_bytes()).context("access.pem is damaged")?,
            verify: DecodingKey::from_ed_pem(pair.public_key_pem().as_bytes())
                .context("access.pem is damaged")?,
            session: key,
        })
    }
}

/// The secret that the keys of encrypted backup sets are made with: `backup-sets.key` (32 bytes).
///
/// Without it no encrypted set can be read whose key nobody has kept: it is in the server's backups.
pub fn set_keys(dir: &Path) -> anyhow::Result<SetKeys> {
    let text = read_or_make(&dir.join("backup-sets.key"), || {
        Ok(hex::encode(rand::random::<[u8; 32]>()).into_bytes())
    })?;
    let mut secret = [0; 32];
    hex::decode_to_slice(text.trim_ascii(), &mut secret).context("backup-sets.key is damaged")?;
    Ok(SetKeys::new(secret))
}

/// The content of a file that only we can read; made whole, or not at all, where it is not there.
pub fn read_or_make(
    path: &Path,
    make: impl FnOnce() -> anyhow::Result<Vec<u8>>,
) -> anyhow::Result<Vec<u8>> {
    match std::fs::read(path) {
        Ok(content) => Ok(content),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let content = make()?;
            write_private(path, &content)?;
            Ok(content)
        }
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}

/// Writes a file that only we can read; whoever reads it finds all of it, or the one before.
pub fn write_private(path: &Path, content: &[u8]) -> anyhow::Result<()> {
    let write = || -> std::io::Result<()> {
        let mut part = path.to_owned().into_os_string();
        part.push(".part");
        let mut file = std::fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&part)?;
        file.write_all(content)?;
        file.sync_all()?;
        std::fs::rename(&part, path)?;
        match path.parent() {
            Some(folder) => std::fs::File::open(folder)?.sync_all(),
            None => Ok(()),
        }
    };
    write().with_context(|| format!("cannot write {}", path.display()))
}
