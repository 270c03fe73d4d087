//! Keys of encrypted backup sets: what they look like in a file and on paper, and how they are named.
//!
//! A key is 32 random bytes, written as `domfleet-key-1-KEY-ID`: both in hexadecimal digits, the ID being
//! the first eight bytes of the BLAKE3 (derived for `"domfleet backup key id 1"`) of the key. So the ID
//! says which key a set wants, tells a mistyped key from a right one, and gives nothing of the key away.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use utoipa::ToSchema;
use uuid::Uuid;

const PREFIX: &str = "domfleet-key-1-";
const ID_CONTEXT: &str = "domfleet backup key id 1";

/// Which key it is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, ToSchema)]
#[schema(value_type = String, example = "0123456789abcdef")]
pub struct KeyId(pub [u8; 8]);

/// What a set says of its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct KeyName {
    /// Which it is.
    pub id: KeyId,
    /// What the server makes it of again, from a secret of its own; nothing of a key that was made on
    /// site. So a server that was restored from an old backup still has the keys of newer sets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub salt: Option<Uuid>,
}

/// A key. Whoever has it can read every set that was made with it.
#[derive(Clone, PartialEq, Eq)]
pub struct BackupKey([u8; 32]);

/// A text is no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyTextError {
    /// Something else.
    #[error("it is no backup key: one begins with {PREFIX}")]
    NoKey,
    /// Something is missing, or was mistyped.
    #[error(
        "it is not a whole backup key, or a digit of it is wrong: compare it with the original"
    )]
    Mistyped,
}

impl BackupKey {
    /// The key of these bytes, which nobody may be able to guess.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Its name.
    pub fn id(&self) -> KeyId {
        let hash = blake3::derive_key(ID_CONTEXT, &self.0);
        let mut id = [0; 8];
        id.copy_from_slice(&hash[..8]);
        KeyId(id)
    }

    /// What a set says of it where it was made on site.
    pub fn name(&self) -> KeyName {
        KeyName { id: self.id(), salt: None }
    }

    /// The key as it is kept and printed. It is as secret as the key.
    pub fn to_text(&self) -> String {
        format!("{PREFIX}{}-{}", hex::encode(self.0), self.id())
    }
}

impl FromStr for BackupKey {
    type Err = KeyTextError;

    fn from_str(text: &str) -> Result<Self, KeyTextError> {
        let rest = text.trim().strip_prefix(PREFIX).ok_or(KeyTextError::NoKey)?;
        let (key, id) = rest.split_once('-').ok_or(KeyTextError::Mistyped)?;
        let mut bytes = [0; 32];
        hex::decode_to_slice(key, &mut bytes).map_err(|_| KeyTextError::Mistyped)?;
        let key = Self(bytes);
        if id.parse() == Ok(key.id()) { Ok(key) } else { Err(KeyTextError::Mistyped) }
    }
}

/// Never the key itself: it must not get into a log.
impl fmt::Debug for BackupKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BackupKey({})", self.id())
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for KeyId {
    type Err = hex::FromHexError;

    fn from_str(text: &str) -> Result<Self, hex::FromHexError> {
        let mut id = [0; 8];
        hex::decode_to_slice(text, &mut id)?;
        Ok(Self(id))
    }
}

impl Serialize for KeyId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for KeyId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_from_the_paper_it_was_printed_on_and_never_with_a_wrong_digit() {
        let key = BackupKey::new([0x5a; 32]);
        let text = key.to_text();

        assert_eq!(format!("  {text}\n").parse(), Ok(key.clone()));
        for at in PREFIX.len()..text.len() {
            let wrong = if text.as_bytes()[at] == b'0' { "1" } else { "0" };
            let mut mistyped = text.clone();
            mistyped.replace_range(at..=at, wrong);
            assert_eq!(mistyped.parse::<BackupKey>(), Err(KeyTextError::Mistyped), "{mistyped}");
        }
        assert_eq!("hunter2".parse::<BackupKey>(), Err(KeyTextError::NoKey));
    }

    #[test]
    fn a_key_does_not_get_into_a_log() {
        let key = BackupKey::new([0x5a; 32]);
        assert!(!format!("{key:?}").contains("5a5a5a5a"));
    }
}
