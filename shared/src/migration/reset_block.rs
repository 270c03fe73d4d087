//! The reset block: 4096 bytes of the system disk before its first partition, which no system and no layout
//! uses. It holds the nonce that lets the disk be overwritten, and later the marker of who overwrote it.
//!
//! The block is one write, which disks do whole or, where power is cut, in part: a block that is neither is
//! [`ResetBlock::Damaged`], and says nothing.
//!
//! | bytes | |
//! |---|---|
//! | 0..16 | `domfleet reset 1` |
//! | 16 | 1: a nonce; 2: a marker |
//! | 17..49 | the nonce; or the permit's id (16 bytes), the stage (1 byte), zeros |
//! | 49..81 | BLAKE3 of the bytes before |
//! | the rest | zeros |
//!
//! A block of zeros is [`ResetBlock::Empty`]; so is one that begins otherwise: some boot loaders keep
//! something there, which we neither take for ours nor write over.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::id::PermitId;

/// Where it is on the disk.
pub const OFFSET: u64 = 32 * 1024;
/// Its length.
pub const LENGTH: usize = 4096;

const MAGIC: &[u8; 16] = b"domfleet reset 1";
const BODY: usize = 49;
const END: usize = BODY + 32;

/// 32 random bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Nonce(pub [u8; 32]);

/// What the reset block says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ResetBlock {
    /// Nothing, and it may be written to.
    Empty,
    /// Something else of somebody else.
    Foreign,
    /// Of ours, and torn or rotten.
    Damaged,
    /// The disk may be overwritten by whoever has the permit with this nonce.
    Nonce(Nonce),
    /// The disk is being, or was, overwritten.
    Marker(Marker),
}

/// Who overwrote the disk, and how far that is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Marker {
    /// By which permit.
    pub permit: PermitId,
    /// How far.
    pub stage: Stage,
}

/// How far a reset is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Stage {
    /// The system before may be gone, and the new one is not whole.
    Begun = 1,
    /// The new system is whole.
    Done = 2,
}

impl ResetBlock {
    /// What those bytes say.
    pub fn decode(block: &[u8; LENGTH]) -> Self {
        if block.iter().all(|byte| *byte == 0) {
            return Self::Empty;
        }
        let (Some(head), Some(body), Some(hash)) =
            (block.get(..MAGIC.len()), block.get(..BODY), block.get(BODY..END))
        else {
            return Self::Damaged;
        };
        if head != MAGIC {
            return Self::Foreign;
        }
        let rest_is_empty = block.iter().skip(END).all(|byte| *byte == 0);
        if blake3::hash(body).as_bytes() != hash || !rest_is_empty {
            return Self::Damaged;
        }
        Self::body(body).unwrap_or(Self::Damaged)
    }

    fn body(body: &[u8]) -> Option<Self> {
        let content: [u8; 32] = body.get(17..BODY)?.try_into().ok()?;
        match body.get(16)? {
            1 => Some(Self::Nonce(Nonce(content))),
            2 => {
                let permit = uuid::Uuid::from_slice(content.get(..16)?).ok()?;
                let stage = match content.get(16)? {
                    1 => Stage::Begun,
                    2 => Stage::Done,
                    _ => return None,
                };
                Some(Self::Marker(Marker { permit: PermitId(permit), stage }))
            }
            _ => None,
        }
    }

    /// The bytes that say this; nothing of what is not ours to write.
    pub fn encode(self) -> Option<[u8; LENGTH]> {
        let mut content = [0; 32];
        let kind = match self {
            Self::Empty => return Some([0; LENGTH]),
            Self::Foreign | Self::Damaged => return None,
            Self::Nonce(nonce) => {
                content = nonce.0;
                1
            }
            Self::Marker(marker) => {
                content[..16].copy_from_slice(marker.permit.0.as_bytes());
                content[16] = marker.stage as u8;
                2
            }
        };
        let body = [MAGIC.as_slice(), &[kind], &content].concat();
        let mut block = [0; LENGTH];
        block[..BODY].copy_from_slice(&body);
        block[BODY..END].copy_from_slice(blake3::hash(&body).as_bytes());
        Some(block)
    }
}

impl fmt::Display for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Nonce {
    /// Whoever reads it in a log could use it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Nonce({}…)", hex::encode(self.0.first_chunk::<4>().unwrap_or(&[0; 4])))
    }
}

impl Serialize for Nonce {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Nonce {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let mut nonce = [0; 32];
        hex::decode_to_slice(&text, &mut nonce).map_err(de::Error::custom)?;
        Ok(Self(nonce))
    }
}
