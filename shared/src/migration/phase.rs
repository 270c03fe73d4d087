//! Where a migration is, in the words that people see.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Where a migration is.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// It is looked at whether it can be done at all.
    Preflight,
    /// VMs are shut down and copied to the drive.
    BackingUp,
    /// Every byte of the set is read back.
    Verifying,
    /// The set is proved; there is no permit.
    Sealed,
    /// The system disk may be overwritten. The point of no return: what comes after can only go on, or
    /// back by another reset.
    Permitted,
    /// It is being given up, and that cannot be called done yet.
    GoingBack,
    /// The medium lays out the other system. Nobody hears from it.
    Resetting,
    /// The other system is expected to call.
    AwaitingReturn,
    /// VMs are written to the other system.
    Restoring,
    /// VMs run on it, and are watched until they are healthy.
    Validating,
    /// A VM could not be given back as it should: a person decides.
    NeedsHands,
    /// All VMs are healthy; the appliance is watched.
    Soaking,
    /// It is over.
    Ended(End),
}

/// How a migration ended.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// All VMs run on the other system.
    Succeeded,
    /// It could not be done; the VMs run as before and the system disk is untouched.
    FailedSafe,
    /// Not now; as [`End::FailedSafe`].
    Deferred,
    /// Somebody no longer wanted it; as [`End::FailedSafe`].
    Cancelled,
    /// All VMs run on 1.x again, from the same set.
    RolledBack,
    /// The appliance never came back. The drive has everything.
    LostAppliance,
}

impl Phase {
    /// Its name in texts and in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Preflight => "preflight",
            Self::BackingUp => "backing_up",
            Self::Verifying => "verifying",
            Self::Sealed => "sealed",
            Self::Permitted => "permitted",
            Self::GoingBack => "going_back",
            Self::Resetting => "resetting",
            Self::AwaitingReturn => "awaiting_return",
            Self::Restoring => "restoring",
            Self::Validating => "validating",
            Self::NeedsHands => "needs_hands",
            Self::Soaking => "soaking",
            Self::Ended(end) => end.name(),
        }
    }

    /// Whether it is past the point of no return, as far as the phase tells. While it is going back that
    /// depends on whether the nonce is gone: [`super::Migration::is_past_the_point`].
    pub const fn is_past_the_point(self) -> bool {
        match self {
            Self::Preflight
            | Self::BackingUp
            | Self::Verifying
            | Self::Sealed
            | Self::GoingBack => false,
            Self::Permitted
            | Self::Resetting
            | Self::AwaitingReturn
            | Self::Restoring
            | Self::Validating
            | Self::NeedsHands
            | Self::Soaking => true,
            Self::Ended(end) => end.is_past_the_point(),
        }
    }
}

impl End {
    /// Its name in texts and in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::FailedSafe => "failed_safe",
            Self::Deferred => "deferred",
            Self::Cancelled => "cancelled",
            Self::RolledBack => "rolled_back",
            Self::LostAppliance => "lost_appliance",
        }
    }

    /// Whether the system disk was overwritten.
    pub const fn is_past_the_point(self) -> bool {
        matches!(self, Self::Succeeded | Self::RolledBack | Self::LostAppliance)
    }
}
