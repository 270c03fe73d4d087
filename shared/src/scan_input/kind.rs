//! What a file is, by its first bytes.

/// So many bytes tell.
pub(super) const HEAD: usize = 512;

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A log, or anything that is nothing else.
    Plain,
    Gzip,
    Zstd,
    Tar,
    /// What is not read here, and what it is called.
    Foreign(&'static str),
    /// What begins as a tar and is none.
    BrokenTar,
}

impl Kind {
    /// Of a file that begins with `head`.
    pub(super) fn of(head: &[u8]) -> Self {
        match head {
            [0x1f, 0x8b, ..] => Self::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Self::Zstd,
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Self::Foreign("xz"),
            [b'B', b'Z', b'h', b'1'..=b'9', b'1', b'A', b'Y', b'&', b'S', b'Y', ..] => {
                Self::Foreign("bzip2")
            }
            [b'P', b'K', 3, 4, ..] => Self::Foreign("zip"),
            [b'7', b'z', 0xbc, 0xaf, 0x27, 0x1c, ..] => Self::Foreign("7z"),
            [0x04, 0x22, 0x4d, 0x18, ..] => Self::Foreign("lz4"),
            _ if is_tar(head) => Self::Tar,
            _ if head.get(257..262) == Some(b"ustar") => Self::BrokenTar,
            _ => Self::Plain,
        }
    }
}

/// Whether a file that is called so should be an archive.
pub(super) fn promises_archive(name: &str) -> bool {
    let endings = [".tar", ".tgz", ".tzst", ".gz", ".zst", ".zstd"];
    endings.iter().any(|ending| name.to_ascii_lowercase().ends_with(ending))
}

/// Whether somebody could have written this by way of a log.
pub(super) fn is_text(head: &[u8]) -> bool {
    let odd = head.iter().filter(|byte| matches!(byte, 0..=8 | 14..=26 | 28..=31 | 127..)).count();
    odd * 10 <= head.len()
}

/// The sum that each header carries. Tars older than 1988 have no other mark.
fn is_tar(head: &[u8]) -> bool {
    let (Some(block), Some(stored)) = (head.get(..HEAD), head.get(148..156)) else { return false };
    let digits = stored.iter().skip_while(|byte| **byte == b' ');
    let digits: Vec<u8> = digits.copied().take_while(|byte| (b'0'..=b'7').contains(byte)).collect();
    let stored = digits.iter().fold(0_u32, |sum, digit| sum * 8 + u32::from(digit - b'0'));
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    let field: u32 = block.iter().skip(148).take(8).map(|byte| u32::from(*byte)).sum();
    !digits.is_empty() && stored == sum - field + 8 * u32::from(b' ')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tar_is_known_by_its_sum_and_one_whose_sum_is_wrong_is_broken() {
        let mut header = tar::Header::new_ustar();
        header.set_path("a").unwrap();
        header.set_cksum();
        assert_eq!(Kind::of(header.as_bytes()), Kind::Tar);
        let mut old = tar::Header::new_old();
        old.set_path("a").unwrap();
        old.set_cksum();
        assert_eq!(Kind::of(old.as_bytes()), Kind::Tar);

        header.as_mut_bytes()[0] = b'b';
        assert_eq!(Kind::of(header.as_bytes()), Kind::BrokenTar);
        assert_eq!(Kind::of(&[0; HEAD]), Kind::Plain);
        assert_eq!(Kind::of(b""), Kind::Plain);
    }

    #[test]
    fn a_log_in_any_language_is_text_and_noise_is_not() {
        assert!(is_text(b"[    1.0] \x1b[31mred\r\n"));
        assert!(is_text(b""));
        assert!(!is_text(&[0xff, 0xd8, 1, 2, 3, b'a', 0, 0]));
    }
}
