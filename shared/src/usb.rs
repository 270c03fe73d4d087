//! USB drives: what is plugged in, what is on it, and what it is worth.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Timestamp;
use crate::id::DriveId;

/// A drive that is plugged in now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UsbDrive {
    /// Its device, such as `/dev/sdb`. Another one tomorrow.
    pub path: String,
    /// As it says itself.
    pub size_bytes: u64,
    /// What it tells of itself on the bus.
    pub hardware: UsbHardware,
    /// Whether the kernel refuses to write to it.
    pub read_only: bool,
    /// How it is divided.
    pub table: PartitionTable,
    /// What it holds where it is not divided.
    pub content: Option<Content>,
    /// Where the undivided drive is mounted.
    pub mounted_at: Vec<String>,
    /// Its partitions, by where they begin.
    pub partitions: Vec<UsbPartition>,
    /// What it may be used for.
    #[serde(rename = "use")]
    pub usage: Usage,
    /// What it is known by.
    pub identity: DriveIdentity,
}

/// What a drive tells of itself on the bus. Cheap ones lie, or say nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UsbHardware {
    /// `idVendor`: four hexadecimal digits.
    pub vendor_id: String,
    /// `idProduct`: four hexadecimal digits.
    pub product_id: String,
    /// Of the USB device; nothing where it has none.
    pub serial: Option<String>,
    /// Who says that they made it.
    pub vendor: Option<String>,
    /// Its name.
    pub model: Option<String>,
    /// Where it is plugged in, such as `1-4.2`: bus, and ports of the hubs on the way.
    pub port: Option<String>,
    /// What the bus runs at: 480 is USB 2, 5000 and more is USB 3.
    pub speed_megabits: Option<u32>,
}

/// How a drive is divided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PartitionTable {
    /// Not at all.
    None,
    /// By a table in its first sector.
    Mbr,
    /// By a GUID partition table.
    Gpt,
    /// In a way that this build does not know.
    #[serde(other)]
    Unknown,
}

/// A partition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UsbPartition {
    /// Its device, where the kernel has one for it.
    pub path: Option<String>,
    /// Where it begins.
    pub start_bytes: u64,
    /// How long it is.
    pub size_bytes: u64,
    /// Its GUID, or `signature-number` in an MBR.
    pub uuid: Option<String>,
    /// What it holds, where that is known.
    pub content: Option<Content>,
    /// Where it is mounted.
    pub mounted_at: Vec<String>,
}

/// What the superblock of a drive or a partition says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Content {
    /// Of what kind it is.
    pub kind: ContentKind,
    /// A UUID, or the serial number that FAT, exFAT and NTFS have instead.
    pub uuid: Option<String>,
    /// Its label.
    pub label: Option<String>,
    /// ext2, ext3 and ext4: its features by the names that `mkfs.ext4 -O` takes.
    pub features: Vec<String>,
}

/// What a drive or a partition can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "these are names of file systems and the like")]
pub enum ContentKind {
    Ext2,
    Ext3,
    Ext4,
    Fat,
    Exfat,
    Ntfs,
    Iso9660,
    Xfs,
    Btrfs,
    Squashfs,
    Swap,
    /// An LVM physical volume.
    LvmPv,
    Luks,
    /// A member of a Linux software RAID.
    RaidMember,
    /// A kind that this build does not know.
    #[serde(other)]
    Unknown,
}

impl ContentKind {
    /// As people call it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ext2 => "ext2",
            Self::Ext3 => "ext3",
            Self::Ext4 => "ext4",
            Self::Fat => "FAT",
            Self::Exfat => "exFAT",
            Self::Ntfs => "NTFS",
            Self::Iso9660 => "ISO 9660",
            Self::Xfs => "XFS",
            Self::Btrfs => "Btrfs",
            Self::Squashfs => "SquashFS",
            Self::Swap => "swap",
            Self::LvmPv => "LVM physical volume",
            Self::Luks => "LUKS",
            Self::RaidMember => "RAID member",
            Self::Unknown => "unknown",
        }
    }
}

/// What a drive may be used for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Usage {
    /// The appliance itself, or somebody in it, works with it: it is never touched.
    System {
        /// Who.
        reason: String,
    },
    /// Prepared by us; backup sets may be on it.
    Ours {
        /// Which one it is.
        drive: DriveId,
    },
    /// Preparing it was begun, with consent, and did not come to its end. Nothing of worth is on
    /// it yet.
    Unfinished {
        /// Which one it becomes.
        drive: DriveId,
    },
    /// Nothing is on it.
    Empty,
    /// It holds something of somebody's.
    Foreign {
        /// What, for people.
        what: String,
    },
    /// A use that this build does not know.
    #[serde(other)]
    Unknown,
}

/// What a drive is known by, for ever. Its device's name is no part of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DriveIdentity {
    /// What its `DRIVE.json` says.
    pub drive: Option<DriveId>,
    /// The UUID of its file system.
    pub file_system: Option<String>,
    /// The UUID of its partition.
    pub partition: Option<String>,
    /// As it says itself.
    pub size_bytes: u64,
    /// `idVendor`.
    pub vendor_id: String,
    /// `idProduct`.
    pub product_id: String,
    /// The USB device's.
    pub serial: Option<String>,
}

/// `DOMFLEET/DRIVE.json`, which makes a drive ours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DriveRecord {
    /// Of this file and of all beside it: [`DriveRecord::FORMAT`].
    pub format: u32,
    /// What it was known by when it was prepared.
    #[serde(flatten)]
    pub identity: DriveIdentity,
    /// When that was, by the clock of who prepared it.
    pub prepared_at: Timestamp,
}

impl DriveRecord {
    /// What this build writes.
    pub const FORMAT: u32 = 1;
}

/// What was found out about a drive by writing to it and reading it back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Qualification {
    /// How much of it was looked at.
    pub mode: QualifyMode,
    /// Whether backups may be trusted to it.
    pub is_fit: bool,
    /// What it says that it holds.
    pub claimed_bytes: u64,
    /// What it does hold; at least, where [`Self::is_exact`] says no.
    pub true_bytes: u64,
    /// Whether [`Self::true_bytes`] is that and no more.
    pub is_exact: bool,
    /// Whether it holds less than it says.
    pub is_fake: bool,
    /// How much was written and read back.
    pub tested_bytes: u64,
    /// Reads and writes that failed, and blocks that came back otherwise.
    pub errors: u64,
    /// How fast it is written, one block after the other.
    pub write_rate: Option<Rate>,
    /// How fast it is read.
    pub read_rate: Option<Rate>,
    /// What the drive thinks of its own health, where it says so.
    pub smart: Option<Smart>,
    /// Sentences for people: what was found, and what to do about it.
    pub reasons: Vec<String>,
}

/// How much of a drive is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum QualifyMode {
    /// Blocks all over it: minutes.
    Quick,
    /// Every block: hours.
    Full,
    /// A mode that this build does not know.
    #[serde(other)]
    Unknown,
}

/// Bytes a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Rate {
    /// Over all that was moved.
    pub mean: u64,
    /// In the slowest stretch: what is left once a fast cache is full.
    pub slowest: u64,
}

/// What a drive thinks of its own health.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Smart {
    /// Its own judgement.
    pub passed: Option<bool>,
    /// Sectors that were replaced.
    pub reallocated_sectors: Option<u64>,
    /// Sectors that cannot be read and wait to be replaced.
    pub pending_sectors: Option<u64>,
    /// Sectors that cannot be read, found by its own test.
    pub uncorrectable_sectors: Option<u64>,
    /// How long it has been on.
    pub power_on_hours: Option<u64>,
    /// How warm it is, in degrees Celsius.
    pub temperature: Option<i64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_flat_and_is_read_back_as_it_was() {
        let record = DriveRecord {
            format: DriveRecord::FORMAT,
            identity: DriveIdentity { drive: Some(DriveId::new()), ..DriveIdentity::default() },
            prepared_at: Timestamp::from_millis(1),
        };

        let json = serde_json::to_value(&record).unwrap();

        assert!(json.get("drive").is_some() && json.get("identity").is_none());
        assert_eq!(serde_json::from_value::<DriveRecord>(json).unwrap(), record);
    }

    #[test]
    fn a_use_of_a_later_build_is_unknown_and_no_error() {
        let later = serde_json::from_str::<Usage>(r#"{"kind":"archive","since":1}"#).unwrap();

        assert_eq!(later, Usage::Unknown);
    }
}
