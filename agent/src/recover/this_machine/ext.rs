//! What the superblock of an ext file system says.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use uuid::Uuid;

const AT: u64 = 1024;
const MAGIC: u16 = 0xef53;
const HAS_JOURNAL: u32 = 0x4;
const NEEDS_RECOVERY: u32 = 0x4;
const IS_CLEAN: u16 = 1;

/// That.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ext {
    pub(super) uuid: Uuid,
    pub(super) label: String,
    /// Whether the newest of it is in its journal only.
    pub(super) is_unclosed: bool,
    /// Whether it has no journal, and was not unmounted.
    pub(super) is_unsure: bool,
}

/// Nothing where it is no ext.
pub(super) fn read(device: &Path) -> io::Result<Option<Ext>> {
    let mut block = [0; 1024];
    File::open(device)?.read_exact_at(&mut block, AT)?;
    Ok(decode(&block))
}

fn decode(block: &[u8; 1024]) -> Option<Ext> {
    let half = |at: usize| Some(u16::from_le_bytes(block.get(at..at + 2)?.try_into().ok()?));
    let word = |at: usize| Some(u32::from_le_bytes(block.get(at..at + 4)?.try_into().ok()?));
    if half(0x38)? != MAGIC {
        return None;
    }
    let label = block.get(0x78..0x88)?.split(|byte| *byte == 0).next()?;
    let has_journal = word(0x5c)? & HAS_JOURNAL != 0;
    Some(Ext {
        uuid: Uuid::from_slice(block.get(0x68..0x78)?).ok()?,
        label: String::from_utf8_lossy(label).into_owned(),
        is_unclosed: has_journal && word(0x60)? & NEEDS_RECOVERY != 0,
        is_unsure: !has_journal && half(0x3a)? & IS_CLEAN == 0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::usb::tests::run;

    fn made(kind: &str) -> (tempfile::NamedTempFile, Ext) {
        let file = tempfile::NamedTempFile::new().unwrap();
        file.as_file().set_len(16 << 20).unwrap();
        let uuid = "5f0c2c3e-8d1b-4a5e-9a53-6c1f0e7b9d21";
        let path = file.path().to_string_lossy().into_owned();
        run("mke2fs", &["-q", "-t", kind, "-L", "root", "-U", uuid, &path]);
        let ext = read(file.path()).unwrap().unwrap();
        (file, ext)
    }

    #[test]
    fn a_file_system_is_known_by_its_id_and_its_label() {
        for kind in ["ext2", "ext4"] {
            let (_file, ext) = made(kind);
            assert_eq!(ext.uuid.to_string(), "5f0c2c3e-8d1b-4a5e-9a53-6c1f0e7b9d21");
            assert_eq!(
                (ext.label.as_str(), ext.is_unclosed, ext.is_unsure),
                ("root", false, false)
            );
        }
    }

    #[test]
    fn one_that_was_not_closed_is_told_apart() {
        let mark = |file: &tempfile::NamedTempFile, at: u64, byte: u8| {
            file.as_file().write_all_at(&[byte], AT + at).unwrap();
            read(file.path()).unwrap().unwrap()
        };
        let (file, ext) = made("ext4");
        let features = [ext.is_unclosed];
        assert_eq!(features, [false]);
        let mut byte = [0];
        file.as_file().read_exact_at(&mut byte, AT + 0x60).unwrap();
        assert!(mark(&file, 0x60, byte[0] | 4).is_unclosed);
        let (file, _) = made("ext2");
        assert!(mark(&file, 0x3a, 0).is_unsure);
    }

    #[test]
    fn what_is_none_is_not_taken_for_one() {
        assert_eq!(decode(&[0; 1024]), None);
    }
}
