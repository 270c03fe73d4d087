//! Which permits are real: those signed with a key that we were made to trust.

use std::collections::BTreeMap;

use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use domfleet_shared::migration::Permit;
use domfleet_shared::migration::permit::{SignedPermit, key_id};
use domfleet_shared::migration::reset::PermitTrouble;

/// The public halves of the keys that permits are signed with: the one in use, and the next.
#[derive(Clone, Debug, Default)]
pub struct Trusted(BTreeMap<String, [u8; 32]>);

/// Where such a list is on a system that trusts one of its own, below the root: the recovery medium leaves there what
/// it was made with.
pub const PERMIT_KEYS: &str = "etc/domfleet/permit-keys";

/// A list of keys that is none.
#[derive(Debug, thiserror::Error)]
#[error("line {line} is no Ed25519 public key: 64 hexadecimal digits, and nothing else")]
pub struct BadKeys {
    line: usize,
}

impl Trusted {
    /// Of a text with a key in hexadecimal digits in each line; what follows a `#` is for people.
    pub fn parse(text: &str) -> Result<Self, BadKeys> {
        let mut keys = BTreeMap::new();
        for (number, line) in text.lines().enumerate() {
            let line = line.split('#').next().unwrap_or_default().trim();
            if line.is_empty() {
                continue;
            }
            let mut key = [0; 32];
            hex::decode_to_slice(line, &mut key).map_err(|_| BadKeys { line: number + 1 })?;
            keys.insert(key_id(&key), key);
        }
        Ok(Self(keys))
    }

    /// These, and those of another list.
    #[must_use]
    pub fn and(&self, other: Self) -> Self {
        Self(self.0.clone().into_iter().chain(other.0).collect())
    }

    /// The ids of the keys.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// The permit, if one of the keys has signed just this text.
    pub fn check(&self, signed: &SignedPermit) -> Result<Permit, PermitTrouble> {
        let unknown = || PermitTrouble::UnknownKey(signed.key.clone());
        let key = self.0.get(&signed.key).ok_or_else(unknown)?;
        let signature = hex::decode(&signed.signature).map_err(|_| PermitTrouble::BadSignature)?;
        UnparsedPublicKey::new(&ED25519, key)
            .verify(&Permit::signed_bytes(&signed.permit), &signature)
            .map_err(|_| PermitTrouble::BadSignature)?;
        serde_json::from_str(&signed.permit).map_err(|_| PermitTrouble::Unreadable)
    }
}
