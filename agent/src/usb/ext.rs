//! ext2, ext3 and ext4: the superblock, and a file in one that is not mounted.

use std::io;

use domfleet_shared::usb::{Content, ContentKind};
use ext4_view::{Ext4, Ext4Error, Ext4Read};
use uuid::Uuid;

use super::superblock::text;
use super::window::Window;

/// Where the superblock begins. What is before belongs to boot loaders.
const AT: usize = 1024;

/// By bit of `s_feature_compat`, `s_feature_incompat` and `s_feature_ro_compat`: the names in
/// e2fsprogs' `lib/e2p/feature.c`.
const COMPATIBLE: [(u32, &str); 9] = [
    (0x1, "dir_prealloc"),
    (0x4, "has_journal"),
    (0x8, "ext_attr"),
    (0x10, "resize_inode"),
    (0x20, "dir_index"),
    (0x200, "sparse_super2"),
    (0x400, "fast_commit"),
    (0x800, "stable_inodes"),
    (0x1000, "orphan_file"),
];
const INCOMPATIBLE: [(u32, &str); 14] = [
    (0x1, "compression"),
    (0x2, "filetype"),
    (0x4, "needs_recovery"),
    (0x8, "journal_dev"),
    (0x10, "meta_bg"),
    (0x40, "extent"),
    (0x80, "64bit"),
    (0x100, "mmp"),
    (0x200, "flex_bg"),
    (0x400, "ea_inode"),
    (0x2000, "metadata_csum_seed"),
    (0x4000, "large_dir"),
    (0x8000, "inline_data"),
    (0x10000, "encrypt"),
];
const READ_ONLY_COMPATIBLE: [(u32, &str); 9] = [
    (0x1, "sparse_super"),
    (0x2, "large_file"),
    (0x8, "huge_file"),
    (0x10, "uninit_bg"),
    (0x20, "dir_nlink"),
    (0x40, "extra_isize"),
    (0x100, "quota"),
    (0x400, "metadata_csum"),
    (0x10000, "orphan_present"),
];
/// ext3 has none of the incompatible ones but these.
const OF_EXT3: [&str; 5] = ["filetype", "needs_recovery", "journal_dev", "meta_bg", "compression"];

/// What the superblock in `head` says, where there is one.
pub(super) fn content(head: &[u8]) -> Option<Content> {
    let superblock = Superblock::of(head)?;
    let sets = [
        (92, COMPATIBLE.as_slice()),
        (96, INCOMPATIBLE.as_slice()),
        (100, READ_ONLY_COMPATIBLE.as_slice()),
    ];
    let mut features: Vec<&str> = Vec::new();
    for (offset, names) in sets {
        let bits = superblock.u32(offset)?;
        features.extend(names.iter().filter(|(bit, _)| bits & bit != 0).map(|(_, name)| name));
    }
    let incompatible = superblock.u32(96)?;
    let is_ext3_at_most = INCOMPATIBLE
        .iter()
        .filter(|(bit, _)| incompatible & bit != 0)
        .all(|(_, name)| OF_EXT3.contains(name))
        && superblock.u32(100)? & !0x7 == 0;
    let kind = match () {
        () if !is_ext3_at_most => ContentKind::Ext4,
        () if features.contains(&"has_journal") => ContentKind::Ext3,
        () => ContentKind::Ext2,
    };
    Some(Content {
        kind,
        uuid: Some(Uuid::from_bytes(superblock.bytes(104)?).to_string()),
        label: text(&superblock.bytes::<16>(120)?),
        features: features.into_iter().map(str::to_owned).collect(),
    })
}

struct Superblock<'a>(&'a [u8]);

impl<'a> Superblock<'a> {
    fn of(head: &'a [u8]) -> Option<Self> {
        let superblock = Self(head.get(AT..AT + 1024)?);
        (superblock.bytes(56)? == [0x53, 0xef]).then_some(superblock)
    }

    fn bytes<const N: usize>(&self, offset: usize) -> Option<[u8; N]> {
        self.0.get(offset..offset + N)?.try_into().ok()
    }

    fn u32(&self, offset: usize) -> Option<u32> {
        self.bytes(offset).map(u32::from_le_bytes)
    }

    /// Whether its numbers can be true of a partition of `length` bytes. They are a stranger's, and
    /// whoever believes them makes tables as large as they say.
    fn fits(&self, length: u64) -> Option<bool> {
        let block = 1024_u64.checked_shl(self.u32(24).filter(|shift| *shift <= 6)?)?;
        let high = if self.u32(96)? & 0x80 == 0 { 0 } else { self.u32(336)? };
        let blocks = u64::from(high) << 32 | u64::from(self.u32(4)?);
        let group = u64::from(self.u32(32)?);
        let fits = blocks.checked_mul(block).is_some_and(|bytes| bytes <= length);
        Some(fits && group >= 1024 && group <= block * 8)
    }
}

/// The file at `path`, at most `limit` bytes of it, in a file system that is not mounted; nothing
/// where it is not there. What is still in the journal counts, where it is one that can be read here:
/// that of a drive of ours, which was pulled out, is none. Its file is as it was when the drive was
/// prepared, and what the journal holds is of later days.
pub(super) fn read(window: Window, path: &str, limit: u64) -> io::Result<Option<Vec<u8>>> {
    let head = window.read(0, AT + 1024)?;
    let fits = Superblock::of(&head).and_then(|superblock| superblock.fits(window.length()));
    if fits != Some(true) {
        return Err(damaged("its superblock says what cannot be"));
    }
    let error = |error: Ext4Error| damaged(&error.to_string());
    let metered = |window, skips_journal| {
        Ext4::load(Box::new(Metered { window, left: BUDGET, skips_journal }))
    };
    let file_system = match metered(window.clone(), false) {
        Err(Ext4Error::Incompatible(_)) => metered(window, true),
        loaded => loaded,
    };
    let file_system = file_system.map_err(error)?;
    match file_system.symlink_metadata(path) {
        Ok(metadata) if metadata.len() > limit || !metadata.file_type().is_regular_file() => {
            Err(damaged("it is not the small file that it should be"))
        }
        Ok(_) => file_system.read(path).map(Some).map_err(error),
        Err(Ext4Error::NotFound | Ext4Error::NotADirectory) => Ok(None),
        Err(other) => Err(error(other)),
    }
}

fn damaged(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why.to_owned())
}

/// Group descriptors of 16 TiB are 8 MiB, a journal is at most 1 GiB of which few blocks are read.
const BUDGET: u64 = 256 * 1024 * 1024;

/// Reads so much and no more, whatever loops a damaged file system leads into.
struct Metered {
    window: Window,
    left: u64,
    /// Whether the superblock is to say that nothing is in the journal.
    skips_journal: bool,
}

/// Where the superblock has the byte that says `needs_recovery`, and its bit for that.
const NEEDS_RECOVERY: (u64, u8) = (AT as u64 + 96, 0x4);

impl Ext4Read for Metered {
    fn read(
        &mut self,
        start: u64,
        bytes: &mut [u8],
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        self.left = self
            .left
            .checked_sub(bytes.len() as u64)
            .ok_or_else(|| damaged("there is no end to what has to be read"))?;
        self.window.read_exact(start, bytes)?;
        let (at, bit) = NEEDS_RECOVERY;
        let flags = at.checked_sub(start).and_then(|at| bytes.get_mut(usize::try_from(at).ok()?));
        if let Some(flags) = flags.filter(|_| self.skips_journal) {
            *flags &= !bit;
        }
        Ok(())
    }
}
