//! Disk images: what is said of one.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How an image is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Converted {
    /// What was thought of the source, under the format that it has become.
    #[serde(flatten)]
    pub judgement: Judgement,
    /// The hash of what is on the disk ([`crate::content`]), in hex: of the source as of the result.
    pub content: String,
}
