//! The checksum of a piece (tus extension `checksum`).

use aws_lc_rs::digest::{self, SHA1_FOR_LEGACY_USE_ONLY, SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::refused::Refused;

/// What can be asked for, as `Tus-Checksum-Algorithm` lists it. SHA-1 is the protocol's own minimum:
/// it finds accidents, and the hash of the whole finds the rest.
pub(super) const ALGORITHMS: &str = "sha1,sha256,blake3";

/// What a piece is to come to.
#[derive(Debug)]
pub(super) struct Checksum {
    running: Running,
    expected: Vec<u8>,
}

enum Running {
    Digest(digest::Context),
    Blake3(Box<blake3::Hasher>),
}

impl std::fmt::Debug for Running {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Digest(_) => "Digest",
            Self::Blake3(_) => "Blake3",
        })
    }
}

impl Checksum {
    /// From `ALGORITHM BASE64`.
    pub(super) fn read(header: &str) -> Result<Self, Refused> {
        let (name, value) = header.trim().split_once(' ').ok_or(INVALID)?;
        let (running, length) = match name {
            "sha1" => (Running::Digest(digest::Context::new(&SHA1_FOR_LEGACY_USE_ONLY)), 20),
            "sha256" => (Running::Digest(digest::Context::new(&SHA256)), 32),
            "blake3" => (Running::Blake3(Box::default()), 32),
            _ => return Err(Refused::Algorithm),
        };
        let expected = STANDARD.decode(value.trim()).map_err(|_| INVALID)?;
        if expected.len() == length { Ok(Self { running, expected }) } else { Err(INVALID) }
    }

    /// Adds what has come.
    pub(super) fn add(&mut self, bytes: &[u8]) {
        match &mut self.running {
            Running::Digest(context) => context.update(bytes),
            Running::Blake3(hasher) => {
                hasher.update(bytes);
            }
        }
    }

    /// Whether what came is what it should be.
    pub(super) fn fits(self) -> bool {
        match self.running {
            Running::Digest(context) => context.finish().as_ref() == self.expected,
            Running::Blake3(hasher) => hasher.finalize().as_bytes().as_slice() == self.expected,
        }
    }
}

const INVALID: Refused =
    Refused::Invalid("Upload-Checksum is no algorithm and its checksum in base64");

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(header: &str, pieces: &[&[u8]]) -> bool {
        let mut checksum = Checksum::read(header).unwrap();
        for piece in pieces {
            checksum.add(piece);
        }
        checksum.fits()
    }

    #[test]
    fn a_piece_is_held_against_each_algorithm_that_is_offered() {
        // Of "hello world", by sha1sum, sha256sum and b3sum.
        let known = [
            ("sha1", "2aae6c35c94fcfb415dbe95f408b9ce91ee846ed"),
            ("sha256", "b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9"),
            ("blake3", "d74981efa70a0c880b8d8c1985d075dbcbf679b99a5f9914e5aaf96b831a9e24"),
        ];

        for (name, hex) in known {
            let header = format!("{name} {}", STANDARD.encode(hex::decode(hex).unwrap()));
            assert!(fits(&header, &[b"hello ", b"world"]), "{name}");
            assert!(!fits(&header, &[b"hello", b"world"]), "{name}");
        }
        assert_eq!(ALGORITHMS, known.map(|(name, _)| name).join(","));
    }

    #[test]
    fn a_checksum_that_is_none_is_refused_by_name() {
        for (header, code) in [
            ("md5 AAAA", "checksum_algorithm"),
            ("sha1", "invalid"),
            ("sha1 ???", "invalid"),
            ("sha1 AAAA", "invalid"),
            ("", "invalid"),
        ] {
            assert_eq!(Checksum::read(header).unwrap_err().code().1, code, "{header}");
        }
    }
}
