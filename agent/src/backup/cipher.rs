//! Encrypted sets: what is written to the drive of a guest's disk, of a configuration and of the
//! appliance's files can be read only by whoever has the set's key.
//!
//! What is sealed is `salt ‖ ciphertext ‖ tag`: a salt of 32 random bytes; ChaCha20-Poly1305 (RFC 8439)
//! under a key of its own, the BLAKE3 of the salt keyed with the set's, and so under a nonce of zeros;
//! its tag of 16 bytes. Where it belongs is authenticated with it, so that nothing can be put in
//! another's place. Frames that are all zeros are told as such.
//!
//! Hashes of what is in the clear would tell those who guess what it is. That of a frame is veiled in its
//! record by a hash that is keyed, of the hash of what was stored, which never comes twice; that of a
//! disk's content is keyed itself. Why so: `docs/decisions/0012-encrypted-sets.md`.

use std::io;

use aws_lc_rs::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};
use domfleet_shared::backup_key::{BackupKey, KeyName};
use domfleet_shared::id::SetId;

use super::error::BackupError;
use super::frame::{Kind, Record};
use super::hash::Hash;
use super::names::DiskId;

const SALT_BYTES: usize = 32;
const TAG_BYTES: usize = 16;
/// What sealing adds.
pub(super) const SEAL_BYTES: usize = SALT_BYTES + TAG_BYTES;

/// The keys that are at hand.
#[derive(Clone, Debug, Default)]
pub struct Keyring(Vec<BackupKey>);

impl Keyring {
    /// With none in it.
    pub const EMPTY: Self = Self(Vec::new());

    /// With these in it.
    pub fn new(keys: Vec<BackupKey>) -> Self {
        Self(keys)
    }

    /// Whether a set that wants this key, or none, can be read and added to.
    pub fn opens(&self, wanted: Option<KeyName>) -> bool {
        wanted.is_none_or(|wanted| self.0.iter().any(|key| key.id() == wanted.id))
    }

    /// For a set that wants this key, or none.
    pub(super) fn cipher(&self, wanted: Option<KeyName>) -> Result<Cipher, BackupError> {
        let Some(KeyName { id, .. }) = wanted else { return Ok(Cipher(None)) };
        let key = self.0.iter().find(|key| key.id() == id).ok_or(BackupError::KeyMissing(id))?;
        Ok(Cipher(Some(Secrets::of(key))))
    }
}

/// How what is in a set is sealed, if it is.
#[derive(Clone)]
pub(super) struct Cipher(Option<Secrets>);

/// One for each use, so that what one gives away says nothing of another.
#[derive(Clone)]
struct Secrets {
    seal: [u8; 32],
    veil: [u8; 32],
    content: [u8; 32],
}

impl Secrets {
    fn of(key: &BackupKey) -> Self {
        let derive = |context| blake3::derive_key(context, key.bytes());
        Self {
            seal: derive("domfleet backup set 2 seal"),
            veil: derive("domfleet backup set 2 veil"),
            content: derive("domfleet backup set 2 content"),
        }
    }

    fn key(&self, salt: &[u8]) -> io::Result<LessSafeKey> {
        let key = blake3::keyed_hash(&self.seal, salt);
        let key = UnboundKey::new(&CHACHA20_POLY1305, key.as_bytes()).map_err(io::Error::other)?;
        Ok(LessSafeKey::new(key))
    }
}

/// Each key seals one thing.
fn nonce() -> Nonce {
    Nonce::assume_unique_for_key([0; 12])
}

impl Cipher {
    /// What sealing adds to anything.
    pub(super) fn added_bytes(&self) -> usize {
        if self.0.is_some() { SEAL_BYTES } else { 0 }
    }

    pub(super) fn is_none(&self) -> bool {
        self.0.is_none()
    }

    /// Where what is to be sealed begins in the memory that it is sealed in.
    pub(super) fn head_bytes(&self) -> usize {
        if self.0.is_some() { SALT_BYTES } else { 0 }
    }

    /// Seals what is in the middle of `memory`, behind [`Self::head_bytes`] and before the tag.
    fn seal(&self, place: &[u8], memory: &mut [u8]) -> io::Result<()> {
        let Some(secrets) = &self.0 else { return Ok(()) };
        let too_short = || io::Error::from(io::ErrorKind::InvalidInput);
        let (salt, rest) = memory.split_at_mut_checked(SALT_BYTES).ok_or_else(too_short)?;
        let middle = rest.len().checked_sub(TAG_BYTES).ok_or_else(too_short)?;
        let (middle, tag_to) = rest.split_at_mut(middle);
        aws_lc_rs::rand::fill(salt).map_err(io::Error::other)?;
        let tag = secrets
            .key(salt)?
            .seal_in_place_separate_tag(nonce(), Aad::from(place), middle)
            .map_err(io::Error::other)?;
        tag_to.copy_from_slice(tag.as_ref());
        Ok(())
    }

    /// What was sealed, opened where it is. Nothing where it is something else.
    fn open<'s>(&self, place: &[u8], sealed: &'s mut [u8]) -> Option<&'s [u8]> {
        let secrets = self.0.as_ref()?;
        let (salt, rest) = sealed.split_at_mut_checked(SALT_BYTES)?;
        let clear = secrets.key(salt).ok()?.open_in_place(nonce(), Aad::from(place), rest);
        clear.ok().map(|clear| &*clear)
    }

    /// What is to be stored of a small file, under that name.
    pub(super) fn seal_file(&self, name: &str, clear: &[u8]) -> io::Result<Vec<u8>> {
        let mut memory = vec![0; self.head_bytes()];
        memory.extend(clear);
        memory.resize(clear.len() + self.added_bytes(), 0);
        self.seal(name.as_bytes(), &mut memory)?;
        Ok(memory)
    }

    /// What is in a small file that was stored under that name. Nothing where it is not what was
    /// stored.
    pub(super) fn open_file(&self, name: &str, mut stored: Vec<u8>) -> Option<Vec<u8>> {
        if self.is_none() {
            return Some(stored);
        }
        self.open(name.as_bytes(), &mut stored).map(<[u8]>::to_vec)
    }

    /// What the set says of a disk's content.
    pub(super) fn content(&self, content: [u8; 32]) -> Hash {
        match &self.0 {
            None => Hash(content),
            Some(secrets) => Hash(*blake3::keyed_hash(&secrets.content, &content).as_bytes()),
        }
    }

    /// The hash of a frame's bytes.
    pub(super) fn plain_hash(&self, record: &Record) -> [u8; 32] {
        if record.kind == Kind::Zeros {
            record.plain
        } else {
            self.veil(record.plain, &record.stored)
        }
    }

    /// The hash of a frame's bytes as its record has it; of that, the hash again.
    pub(super) fn veil(&self, plain: [u8; 32], stored: &[u8; 32]) -> [u8; 32] {
        let Some(secrets) = &self.0 else { return plain };
        let veil = blake3::keyed_hash(&secrets.veil, stored);
        let mut veiled = plain;
        for (byte, veil) in veiled.iter_mut().zip(veil.as_bytes()) {
            *byte ^= veil;
        }
        veiled
    }

    /// For the frames of a disk.
    pub(super) fn of_disk(&self, set: SetId, disk: DiskId) -> DiskCipher {
        let mut place = Vec::new();
        place.extend(set.0.as_bytes());
        place.extend(disk.vm.0.as_bytes());
        place.extend(disk.number.to_le_bytes());
        DiskCipher { cipher: self.clone(), place }
    }
}

/// How the frames of a disk are sealed, if they are.
#[derive(Clone)]
pub(super) struct DiskCipher {
    pub(super) cipher: Cipher,
    place: Vec<u8>,
}

impl DiskCipher {
    fn place(&self, frame: u64) -> Vec<u8> {
        let mut place = self.place.clone();
        place.extend(frame.to_le_bytes());
        place
    }

    pub(super) fn seal(&self, frame: u64, memory: &mut [u8]) -> io::Result<()> {
        self.cipher.seal(&self.place(frame), memory)
    }

    pub(super) fn open<'s>(&self, frame: u64, sealed: &'s mut [u8]) -> Option<&'s [u8]> {
        self.cipher.open(&self.place(frame), sealed)
    }
}
