//! Which drive is meant, by what does not change when it is plugged in again.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::usb::UsbDrive;

/// A drive that is plugged in. Its device's name may be another one's by the time that somebody gets
/// to work, so that all of this has to be so then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DriveAt {
    /// Its device, such as `/dev/sdb`.
    pub path: String,
    /// Its size.
    pub size_bytes: u64,
    /// The serial number of its hardware, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serial: Option<String>,
}

impl DriveAt {
    /// What is said of `drive`.
    pub fn of(drive: &UsbDrive) -> Self {
        Self {
            path: drive.path.clone(),
            size_bytes: drive.size_bytes,
            serial: drive.hardware.serial.clone(),
        }
    }

    /// Whether that is the drive that is meant.
    pub fn is(&self, drive: &UsbDrive) -> bool {
        *self == Self::of(drive)
    }

    /// What has to be typed before it is erased: its serial number, or its device where it has none.
    pub fn consent(&self) -> &str {
        self.serial.as_deref().unwrap_or(&self.path)
    }
}
