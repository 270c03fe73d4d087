//! How fast things are, and whether that was measured or only assumed.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::facts::{DriveFacts, Measured};

/// USB 2 gives 480 Mbit/s, of which drives leave so many bytes a second.
const USB_2: u64 = 35_000_000;
const USB_2_MEGABITS: u32 = 480;

/// A number, and where it is from. Bytes a second, or seconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = PreflightFigure)]
pub struct Figure {
    /// The number; never 0 where it is bytes a second.
    pub value: u64,
    /// Whether it was measured.
    pub basis: Basis,
    /// How, or why so much is assumed: part of a sentence.
    pub from: String,
}

/// Where a number is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = PreflightBasis)]
pub enum Basis {
    /// It was measured on this appliance.
    Measured,
    /// It is what is usual.
    Assumed,
}

impl Figure {
    /// One that is usual, and why.
    pub fn assumed(value: u64, from: impl Into<String>) -> Self {
        Self { value, basis: Basis::Assumed, from: from.into() }
    }

    /// One that was measured, and how.
    pub fn measured(value: u64, from: impl Into<String>) -> Self {
        Self { value, basis: Basis::Measured, from: from.into() }
    }

    /// How long so many bytes take at so many a second: whole seconds, rounded up.
    pub fn seconds_for(&self, bytes: u64) -> u64 {
        bytes.div_ceil(self.value.max(1))
    }
}

/// Everything that the time off is made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = PreflightFigures)]
pub struct Figures {
    /// Until all VMs are shut down, in seconds.
    pub stop_seconds: Figure,
    /// The disks of the VMs are read, in bytes a second; and read back on 2.x.
    pub source_read: Figure,
    /// What has changed is written to the drive, in bytes a second.
    pub changed_write: Figure,
    /// The drive is read to verify the set, in bytes a second; and to restore from it.
    pub verify_read: Figure,
    /// The recovery medium reads the set for its last look, in bytes a second.
    pub medium_read: Figure,
    /// From the permit until 2.x runs, without the last look, in seconds.
    pub reset_seconds: Figure,
    /// The volumes of 2.x are written, in bytes a second.
    pub restore_write: Figure,
    /// Until a guest is up, in seconds, for each.
    pub boot_seconds: Figure,
}

impl Default for Figures {
    fn default() -> Self {
        let drive = "a slow drive on USB 2";
        Self {
            stop_seconds: Figure::assumed(300, "what a guest is given to shut down"),
            source_read: Figure::assumed(
                40_000_000,
                "an old disk, of which a backup takes what guests leave",
            ),
            changed_write: Figure::assumed(USB_2, drive),
            verify_read: Figure::assumed(USB_2, drive),
            medium_read: Figure::assumed(USB_2, drive),
            reset_seconds: Figure::assumed(
                900,
                "a person plugs and unplugs; the three systems alone took 57 s in the lab",
            ),
            restore_write: Figure::assumed(40_000_000, "an old disk"),
            boot_seconds: Figure::assumed(120, "a guest that starts slowly"),
        }
    }
}

impl Figures {
    /// These, but for what was measured on the appliance, and for a bus that is known to be slow.
    #[must_use]
    pub(super) fn with(&self, measured: &Measured, drive: Option<&DriveFacts>) -> Self {
        let mut figures = self.clone();
        if let Some(read) = &measured.source_read {
            figures.source_read = read.clone();
        }
        let Some(drive) = drive else { return figures };
        if let Some(write) = &drive.write_rate {
            figures.changed_write = write.clone();
        }
        if let Some(read) = &drive.read_rate {
            // The same drive in the same port; the medium runs no guests meanwhile.
            (figures.verify_read, figures.medium_read) = (read.clone(), read.clone());
        }
        if drive.speed_megabits.is_some_and(|speed| speed <= USB_2_MEGABITS) {
            let of_drive =
                [&mut figures.changed_write, &mut figures.verify_read, &mut figures.medium_read];
            for figure in of_drive {
                if figure.basis == Basis::Assumed && figure.value > USB_2 {
                    *figure = Figure::assumed(USB_2, "the drive is in a USB 2 port");
                }
            }
        }
        figures
    }

    /// All of them, each with what it is called.
    pub(super) fn all(&self) -> [(&'static str, &Figure, bool); 8] {
        [
            ("shutting down", &self.stop_seconds, false),
            ("reading the VMs' disks", &self.source_read, true),
            ("writing to the drive", &self.changed_write, true),
            ("reading the drive back", &self.verify_read, true),
            ("the recovery medium's reading", &self.medium_read, true),
            ("the reset", &self.reset_seconds, false),
            ("writing the volumes of 2.x", &self.restore_write, true),
            ("a guest's start", &self.boot_seconds, false),
        ]
    }
}
