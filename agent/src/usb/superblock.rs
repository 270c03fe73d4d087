//! Tells by its first bytes what a drive or a partition holds.
//!
//! dom0 has BusyBox's `blkid`, if any, which knows a handful of file systems; and what is not
//! recognised here might be taken for nothing.

use std::io;

use domfleet_shared::usb::{Content, ContentKind};
use uuid::Uuid;

use super::ext;
use super::window::Window;

/// Everything that is looked at from the start is in here: Btrfs has its superblock at 64 KiB.
const HEAD: usize = 128 * 1024;

/// What `window` holds; nothing where it is nothing that is known here.
pub(super) fn content(window: &Window) -> io::Result<Option<Content>> {
    let head = Head(window.read(0, HEAD)?);
    // A member of a mirror looks like what the mirror holds, so this comes first.
    if head.is_raid_member() || ends_as_raid_member(window)? {
        return Ok(Some(bare(ContentKind::RaidMember)));
    }
    Ok(head.lvm_or_luks().or_else(|| ext::content(&head.0)).or_else(|| head.file_system()))
}

fn bare(kind: ContentKind) -> Content {
    Content { kind, uuid: None, label: None, features: Vec::new() }
}

/// The version 1.0 of the superblock of a Linux RAID is 8 KiB before the end, version 0.90 in the
/// last whole 64 KiB.
fn ends_as_raid_member(window: &Window) -> io::Result<bool> {
    let length = window.length();
    for at in [length.saturating_sub(8192) & !4095, (length & !65535).saturating_sub(65536)] {
        if at > 0 && window.read(at, 4)? == RAID_MAGIC {
            return Ok(true);
        }
    }
    Ok(false)
}

const RAID_MAGIC: [u8; 4] = 0xa92b_4efc_u32.to_le_bytes();

struct Head(Vec<u8>);

impl Head {
    fn has(&self, offset: usize, magic: &[u8]) -> bool {
        self.0.get(offset..).is_some_and(|rest| rest.starts_with(magic))
    }

    fn text(&self, offset: usize, length: usize) -> Option<String> {
        text(self.0.get(offset..offset + length)?)
    }

    fn uuid(&self, offset: usize) -> Option<String> {
        let bytes = self.0.get(offset..offset + 16)?.try_into().ok()?;
        Some(Uuid::from_bytes(bytes).to_string())
    }

    /// The serial number that file systems of Microsoft have, as Windows prints it.
    fn serial(&self, offset: usize, length: usize) -> Option<String> {
        let bytes = self.0.get(offset..offset + length)?;
        let digits: Vec<_> = bytes.iter().rev().map(|byte| format!("{byte:02X}")).collect();
        let halves = digits.split_at(2);
        Some(if length == 4 {
            halves.0.concat() + "-" + &halves.1.concat()
        } else {
            digits.concat()
        })
    }

    fn is_raid_member(&self) -> bool {
        self.has(0, &RAID_MAGIC) || self.has(4096, &RAID_MAGIC)
    }

    fn lvm_or_luks(&self) -> Option<Content> {
        let is_pv = |sector: &usize| {
            self.has(sector * 512, b"LABELONE") && self.has(sector * 512 + 24, b"LVM2 001")
        };
        if let Some(sector) = (0..4).find(is_pv) {
            let uuid = self.text(sector * 512 + 32, 32);
            return Some(Content { uuid, ..bare(ContentKind::LvmPv) });
        }
        self.has(0, b"LUKS\xba\xbe")
            .then(|| Content { uuid: self.text(168, 40), ..bare(ContentKind::Luks) })
    }

    fn file_system(&self) -> Option<Content> {
        let found = |kind, uuid, label| Some(Content { uuid, label, ..bare(kind) });
        if self.has(0, b"XFSB") {
            return found(ContentKind::Xfs, self.uuid(32), self.text(108, 12));
        }
        if self.has(65536 + 64, b"_BHRfS_M") {
            return found(ContentKind::Btrfs, self.uuid(65536 + 32), self.text(65536 + 0x12b, 256));
        }
        if self.has(32769, b"CD001") {
            return found(ContentKind::Iso9660, None, self.text(32768 + 40, 32));
        }
        if self.has(0, b"hsqs") {
            return Some(bare(ContentKind::Squashfs));
        }
        if self.has(4086, b"SWAPSPACE2") || self.has(4086, b"SWAP-SPACE") {
            return found(ContentKind::Swap, self.uuid(1036), self.text(1052, 16));
        }
        if self.has(3, b"EXFAT   ") {
            return found(ContentKind::Exfat, self.serial(100, 4), None);
        }
        if self.has(3, b"NTFS    ") {
            return found(ContentKind::Ntfs, self.serial(72, 8), None);
        }
        self.fat()
    }

    fn fat(&self) -> Option<Content> {
        let sector = u16::from_le_bytes(self.0.get(11..13)?.try_into().ok()?);
        let is_boot_sector =
            self.has(510, b"\x55\xaa") && [512, 1024, 2048, 4096].contains(&sector);
        let (id, label) = match () {
            () if !is_boot_sector => return None,
            () if self.has(82, b"FAT32   ") => (67, 71),
            () if self.has(54, b"FAT1") || self.has(54, b"FAT     ") => (39, 43),
            () => return None,
        };
        let label = self.text(label, 11).filter(|label| label != "NO NAME");
        Some(Content { uuid: self.serial(id, 4), label, ..bare(ContentKind::Fat) })
    }
}

/// A text of fixed length, ended by zeros or blanks.
pub(super) fn text(bytes: &[u8]) -> Option<String> {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    let text = String::from_utf8_lossy(bytes.get(..end)?).trim().to_owned();
    (!text.is_empty()).then_some(text)
}
