//! What is in the way, and what somebody should know.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::id::VmId;

/// Something that a migration does not begin with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Blocker {
    /// What it is, for programs.
    pub code: BlockerCode,
    /// The VM that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vm: Option<VmId>,
    /// What the guest calls the disk that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disk: Option<String>,
    /// What is so.
    pub sentence: String,
    /// What to do about it.
    pub what_to_do: String,
}

/// What can be in the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BlockerCode {
    /// A VM runs that should be off.
    VmRunning,
    /// A VM was saved, and its disks are not what its memory thinks.
    SaveFile,
    /// A VM is given hardware of the host, and nobody has said that it is tried by hand afterwards.
    Passthrough,
    /// A VM has no configuration that it could be made from again.
    NoConfig,
    /// A disk cannot be read.
    DiskUnreadable,
    /// Something else than its VM writes to a disk.
    DiskInUse,
    /// An image does not lead to what its guest wrote, or was not closed, and nobody has said that it may be
    /// moved so.
    ImageDamaged,
    /// QEMU marked an image as corrupt.
    ImageMarkedCorrupt,
    /// An image is of a format that cannot be read.
    ImageUnknown,
    /// An image cannot be read without a key.
    DiskEncrypted,
    /// What an image is based on is not there.
    BackingMissing,
    /// Two VMs have one disk.
    DiskShared,
    /// An image has snapshots that are not moved, and nobody has said that they may go.
    SnapshotsLost,
    /// No drive is plugged in that a backup could go onto.
    NoDrive,
    /// The drive is not prepared.
    DriveNotPrepared,
    /// The drive holds something of somebody's.
    DriveForeign,
    /// The drive is ours and not ext4.
    DriveNotExt4,
    /// The drive cannot be written to, or not be looked into.
    DriveUnusable,
    /// The drive has not enough room.
    DriveTooSmall,
    /// The second drive is not plugged in.
    NoSecondDrive,
    /// The drive had errors, or its SMART says that it is failing.
    DriveFailing,
    /// The disk that the VMs are on had errors, or its SMART says that it is failing.
    SourceFailing,
    /// Nobody knows which disk 2.x goes onto, or how large it is.
    SystemDiskUnknown,
    /// The VMs do not fit on 2.x, and nobody has said that they may be moved all the same.
    GroupTooSmall,
    /// It takes longer than the window.
    WindowTooShort,
    /// It takes longer until the permit than the VMs may be off by then.
    BudgetTooShort,
    /// The stick trusts other permit keys than this server's.
    StickOther,
}

/// Something that nothing has to be done about, and that should be known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Warning {
    /// What it is, for programs.
    pub code: WarningCode,
    /// The VM that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vm: Option<VmId>,
    /// What the guest calls the disk that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disk: Option<String>,
    /// What is so.
    pub sentence: String,
}

/// What should be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WarningCode {
    /// There is nothing to be moved.
    NoVms,
    /// A VM runs, and what was said of its disks has to be looked at again.
    VmRunning,
    /// An image wastes room.
    ImageLeaks,
    /// Nobody knows how much is on a disk: all of it counts as full.
    DataUnknown,
    /// A disk is larger on 2.x by less than an extent.
    DiskRoundedUp,
    /// Something in a VM's configuration is not moved.
    LeftOut,
    /// Nobody knows whether a VM is started with dom0.
    AutostartUnknown,
    /// The clock is not set.
    ClockUnset,
    /// Nobody knows which keys the stick trusts.
    StickUnknown,
    /// The stick is the vendor's, and cannot be made to obey.
    StickVendor,
    /// A drive that is plugged in is not used.
    DriveIgnored,
}

/// Everything that is found, in the order in which it is.
#[derive(Debug, Default)]
pub(super) struct Notes {
    pub(super) blockers: Vec<Blocker>,
    pub(super) warnings: Vec<Warning>,
}

/// What a note is about.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct About<'a> {
    pub(super) vm: Option<VmId>,
    pub(super) disk: Option<&'a str>,
}

impl Notes {
    pub(super) fn block(
        &mut self,
        code: BlockerCode,
        about: About<'_>,
        sentence: impl Into<String>,
        what_to_do: impl Into<String>,
    ) {
        self.blockers.push(Blocker {
            code,
            vm: about.vm,
            disk: about.disk.map(str::to_owned),
            sentence: sentence.into(),
            what_to_do: what_to_do.into(),
        });
    }

    pub(super) fn warn(
        &mut self,
        code: WarningCode,
        about: About<'_>,
        sentence: impl Into<String>,
    ) {
        self.warnings.push(Warning {
            code,
            vm: about.vm,
            disk: about.disk.map(str::to_owned),
            sentence: sentence.into(),
        });
    }
}
