//! The keys that permits to overwrite a system disk are signed with: files that only we can read, and which do
//! nothing else. One is in use; the next one is trusted by every recovery medium that is made from now on, so
//! that the first can be given up one day without a medium that is in a drawer becoming worthless at once.

use std::path::Path;

use anyhow::Context;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use domfleet_shared::migration::Permit;
use domfleet_shared::migration::permit::{SignedPermit, key_id};

use super::keys::read_or_make;

/// The keys.
pub struct PermitKeys {
    current: Ed25519KeyPair,
    next: Ed25519KeyPair,
}

/// Says nothing of the keys but what everybody may know.
impl std::fmt::Debug for PermitKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("PermitKeys").field(&self.id()).finish()
    }
}

impl PermitKeys {
    /// Those in `dir`; made where there are none.
    pub fn open(dir: &Path) -> anyhow::Result<Self> {
        std::fs::create_dir_all(dir).with_context(|| format!("cannot make {}", dir.display()))?;
        let key = |name: &str| {
            let text = read_or_make(&dir.join(name), || {
                Ok(hex::encode(rand::random::<[u8; 32]>()).into_bytes())
            })?;
            let mut seed = [0; 32];
            hex::decode_to_slice(text.trim_ascii(), &mut seed)
                .with_context(|| format!("{name} is damaged"))?;
            Ed25519KeyPair::from_seed_unchecked(&seed)
                .ok()
                .with_context(|| format!("{name} is no key"))
        };
        Ok(Self { current: key("permit.key")?, next: key("permit-next.key")? })
    }

    /// The id of the key in use.
    pub fn id(&self) -> String {
        key_id(self.current.public_key().as_ref())
    }

    /// The ids of the keys that a recovery medium may trust: of the one in use, and of the next.
    pub fn ids(&self) -> Vec<String> {
        [&self.current, &self.next].map(|key| key_id(key.public_key().as_ref())).into()
    }

    /// The public halves as a recovery medium is told of them: one in each line.
    pub fn public(&self) -> String {
        let line = |key: &Ed25519KeyPair, word: &str| {
            let public = key.public_key().as_ref();
            format!("{} # {} {word}\n", hex::encode(public), key_id(public))
        };
        line(&self.current, "in use") + &line(&self.next, "next")
    }

    /// The public halves, in hexadecimal digits: of the key in use, and of the next.
    pub fn public_halves(&self) -> Vec<String> {
        [&self.current, &self.next].map(|key| hex::encode(key.public_key().as_ref())).into()
    }

    /// Signs `permit` with the key in use.
    pub fn sign(&self, permit: &Permit) -> anyhow::Result<SignedPermit> {
        let text = permit.to_json().context("a permit cannot be written")?;
        let signature = hex::encode(self.current.sign(&Permit::signed_bytes(&text)));
        Ok(SignedPermit { permit: text, key: self.id(), signature })
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};

    use super::*;

    const PERMIT: &str = include_str!("../../../shared/src/migration/tests/permit-1.json");

    #[test]
    fn the_keys_are_made_once_and_only_we_can_read_them() {
        let dir = tempfile::tempdir().unwrap();
        let first = PermitKeys::open(dir.path()).unwrap().public();
        assert_eq!(PermitKeys::open(dir.path()).unwrap().public(), first);
        assert_eq!(first.lines().count(), 2);
        for name in ["permit.key", "permit-next.key"] {
            let mode = std::fs::metadata(dir.path().join(name)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{name}");
        }
    }

    #[test]
    fn what_is_signed_is_found_to_be_by_whoever_has_the_public_half() {
        let dir = tempfile::tempdir().unwrap();
        let keys = PermitKeys::open(dir.path()).unwrap();
        let permit: Permit = serde_json::from_str(PERMIT).unwrap();
        let signed = keys.sign(&permit).unwrap();

        let public = keys.public();
        let line = public.lines().next().unwrap();
        let key = hex::decode(line.split(' ').next().unwrap()).unwrap();
        assert_eq!(signed.key, key_id(&key));
        assert_eq!(serde_json::from_str::<Permit>(&signed.permit).unwrap(), permit);
        let signature = hex::decode(&signed.signature).unwrap();
        UnparsedPublicKey::new(&ED25519, key)
            .verify(&Permit::signed_bytes(&signed.permit), &signature)
            .unwrap();
    }

    #[test]
    fn a_key_that_is_damaged_is_not_made_anew() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("permit.key"), "not a key").unwrap();
        let error = PermitKeys::open(dir.path()).unwrap_err();
        assert_eq!(error.to_string(), "permit.key is damaged");
    }
}
