//! Which drive to buy.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

const GB: u64 = 1_000_000_000;

/// The sizes that are sold, as it says on them, in bytes.
pub const STANDARD_SIZES: [u64; 8] =
    [64 * GB, 128 * GB, 256 * GB, 500 * GB, 1_000 * GB, 2_000 * GB, 4_000 * GB, 8_000 * GB];

/// Of what it says on a drive, at least so much is free once it is prepared: makers round up, and ext4 keeps
/// some for itself.
const USABLE_PERCENT: u64 = 94;

/// The smallest drive that all VMs fit onto.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DriveToBuy {
    /// As it says on it, in bytes; nothing where no size that is sold would do.
    pub size_bytes: Option<u64>,
    /// What has to be free on it.
    pub required_bytes: u64,
}

pub(super) fn usable(size_bytes: u64) -> u64 {
    size_bytes / 100 * USABLE_PERCENT
}

pub(super) fn choose(required_bytes: u64) -> DriveToBuy {
    let fits = |size: &u64| usable(*size) >= required_bytes;
    DriveToBuy { size_bytes: STANDARD_SIZES.into_iter().find(fits), required_bytes }
}
