//! Disk images: what is said of one.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Timestamp;

/// How an image is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// The disk as it is: a file, a logical volume.
    Raw,
    /// qcow, version 1.
    Qcow,
    /// qcow2, which is qcow's versions 2 and 3.
    Qcow2,
    /// LUKS as its own format, not within qcow2.
    Luks,
    /// `VMware`'s.
    Vmdk,
    /// `VirtualBox`'s.
    Vdi,
    /// Hyper-V's first.
    Vhd,
    /// Hyper-V's second.
    Vhdx,
    /// QEMU's short-lived one.
    Qed,
    /// One that this build does not know.
    #[serde(other)]
    Unknown,
}

impl Format {
    /// As QEMU and xl write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Raw => "raw",
            Self::Qcow => "qcow",
            Self::Qcow2 => "qcow2",
            Self::Luks => "luks",
            Self::Vmdk => "vmdk",
            Self::Vdi => "vdi",
            Self::Vhd => "vhd",
            Self::Vhdx => "vhdx",
            Self::Qed => "qed",
            Self::Unknown => "unknown",
        }
    }

    /// What QEMU or xl mean by `name`.
    pub fn from_name(name: &str) -> Self {
        let all = [
            Self::Raw,
            Self::Qcow,
            Self::Qcow2,
            Self::Luks,
            Self::Vmdk,
            Self::Vdi,
            Self::Vhd,
            Self::Vhdx,
            Self::Qed,
        ];
        match name {
            "vpc" => Self::Vhd,
            name => all.into_iter().find(|format| format.name() == name).unwrap_or(Self::Unknown),
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What is to be thought of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Everything agrees.
    Ok,
    /// Room is allocated that nothing refers to. What the guest sees is whole.
    Leaks,
    /// Whoever wrote to it last did not close it, so that what it keeps count of may be wrong. To be
    /// repaired, on a copy, before anything else.
    Unclean,
    /// What the guest would see is not what it wrote, or nobody can know.
    Corrupt,
    /// Unreadable without a key.
    Encrypted,
    /// What it is based on is not there.
    MissingBacking,
    /// Of a format that holds nothing that could be checked, or that we do not know.
    Uncheckable,
    /// One that this build does not know.
    #[serde(other)]
    Unknown,
}

/// An image, judged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Judgement {
    /// Of the image itself, not of what it is based on.
    pub format: Format,
    /// The size of the disk as the guest sees it; 0 where that cannot be known.
    pub virtual_bytes: u64,
    /// Of the image and all that it is based on.
    pub verdict: Verdict,
    /// Whether it may be converted and backed up as it is.
    pub convertible: bool,
    /// Sentences for people: what was found, and what to do about it.
    pub reasons: Vec<String>,
}

/// An image that was converted, read back and compared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Converted {
    /// What was thought of the source, under the format that it has become.
    #[serde(flatten)]
    pub judgement: Judgement,
    /// The hash of what is on the disk ([`crate::content`]), in hex: of the source as of the result.
    pub content: String,
}

/// One file of an image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ImageFile {
    /// As it is named by whoever refers to it.
    pub path: String,
    /// How it is laid out.
    pub format: Format,
    /// The size of the disk as far as this file says; 0 where that cannot be known.
    pub virtual_bytes: u64,
    /// The room that it takes.
    pub allocated_bytes: u64,
}

/// What an image's header can say of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Flag {
    /// Whoever wrote to it last did not close it.
    Dirty,
    /// QEMU found damage in it while a VM was running.
    Corrupt,
    /// Its counts are written late.
    LazyRefcounts,
    /// It allocates parts of clusters.
    ExtendedL2,
    /// One that this build does not know.
    #[serde(other)]
    Unknown,
}

/// What an image's header says of it. What its format does not know is absent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Traits {
    /// How large a piece is that is allocated at once.
    pub cluster_bytes: Option<u64>,
    /// Of qcow2: `0.10` or `1.1`.
    pub compat: Option<String>,
    /// What is set.
    pub flags: Vec<Flag>,
    /// How clusters are compressed where they are: `zlib` or `zstd`.
    pub compression: Option<String>,
    /// How it is encrypted, if it is: `aes` or `luks`.
    pub encryption: Option<String>,
}

/// A state of the disk that an image keeps beside the present one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Snapshot {
    /// Its id, mostly a number.
    pub id: String,
    /// What a person called it.
    pub name: String,
    /// When it was made, by the clock of whoever made it.
    pub at: Timestamp,
    /// How large the memory is that was kept with it; 0 where it is of the disk alone.
    pub vm_state_bytes: u64,
}

/// An image, and everything that can be said of it without reading what is on the disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Inspection {
    /// What is to be thought of it.
    #[serde(flatten)]
    pub judgement: Judgement,
    /// The file that was asked about.
    pub file: ImageFile,
    /// What its header says.
    pub traits: Traits,
    /// Where the guest's data is, if that is another file.
    pub data_file: Option<ImageFile>,
    /// What it is based on, what that is based on, and so on, as far as it is there.
    pub based_on: Vec<ImageFile>,
    /// Its own snapshots.
    pub snapshots: Vec<Snapshot>,
    /// How much of the disk is not known to be zeros, in all files together: what a backup reads.
    /// Nothing where it cannot be read.
    pub data_bytes: Option<u64>,
}

/// The hash of what is on a disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Hashed {
    /// The size of the disk as the guest sees it.
    pub virtual_bytes: u64,
    /// How it was cut.
    pub frame_bytes: u64,
    /// The hash ([`crate::content`]), in hex.
    pub content: String,
}

/// A part of a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Area {
    /// Where it begins.
    pub offset: u64,
    /// How long it is.
    pub bytes: u64,
}

/// A repaired copy of an image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Repaired {
    /// What is to be thought of the copy.
    #[serde(flatten)]
    pub judgement: Judgement,
    /// What was thought of the original.
    pub original: Judgement,
    /// The hash of what is on the copy's disk ([`crate::content`]), in hex. Unless it is salvaged,
    /// that is what is on the original's.
    pub content: String,
    /// Parts of it may not be what the guest wrote.
    pub is_salvaged: bool,
    /// The parts that are known to be suspect. Of what was overwritten, nothing is known.
    pub not_to_be_trusted: Vec<Area>,
}
