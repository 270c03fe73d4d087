//! USB drives of a fleet, as operators see them.

use domfleet_shared::Timestamp;
use domfleet_shared::usb::{Usage, UsbDrive};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::people::Named;

/// A USB drive, as the appliance that it is plugged into last told of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = FleetDriveView)]
pub struct FleetDrive {
    /// The appliance.
    pub appliance: Named,
    /// What it tells of the drive.
    #[serde(flatten)]
    pub drive: UsbDrive,
    /// When.
    pub told_at: Timestamp,
}

/// The words for what a drive may be used for, as in a filter.
pub const USES: [&str; 6] = ["ours", "unfinished", "empty", "foreign", "system", "unknown"];

/// The word for one of them.
pub fn word(usage: &Usage) -> &'static str {
    match usage {
        Usage::Ours { .. } => "ours",
        Usage::Unfinished { .. } => "unfinished",
        Usage::Empty => "empty",
        Usage::Foreign { .. } => "foreign",
        Usage::System { .. } => "system",
        Usage::Unknown => "unknown",
    }
}
