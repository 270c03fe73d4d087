//! What is taken for granted: of 2.x, of the time that there is, and of what people have said.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::consent::Accepted;
use super::figures::Figures;
use super::stick::Stick;
use crate::id::{DriveId, VmId};

const MIB: u64 = 1024 * 1024;
const BUDGET_SECONDS: u64 = 4 * 3600;

/// What a preflight cannot see.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
#[schema(as = PreflightAssumptions)]
pub struct Assumptions {
    /// Whether the VMs still work for their people.
    pub moment: Moment,
    /// How 2.x lays its disk out.
    pub layout: Layout,
    /// How fast things are that were not measured.
    pub figures: Figures,
    /// How much of the data is written to the drive while the VMs are off, in percent: all of it, but where
    /// an earlier window has filled part of the set.
    pub changed_percent: u64,
    /// How long the VMs may be off; nothing where nobody has said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub window: Option<Window>,
    /// How long they may be off before the permit: then the appliance goes back by itself.
    pub budget_seconds: u64,
    /// What is known of the stick.
    pub stick: Stick,
    /// The ids of the permit keys that a medium has to trust one of: current and next.
    pub permit_keys: Vec<String>,
    /// Backups of the 1.x dashboard that go along.
    pub legacy: LegacyBackups,
    /// A second drive, which gets a copy of the set before the permit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub second_drive: Option<DriveId>,
    /// VMs that are not moved.
    pub excluded: Vec<VmId>,
    /// VMs that are restored before the others, in this order.
    pub order: Vec<VmId>,
    /// What people have said yes to.
    pub accepted: Vec<Accepted>,
}

impl Default for Assumptions {
    fn default() -> Self {
        Self {
            moment: Moment::Ahead,
            layout: Layout::default(),
            figures: Figures::default(),
            changed_percent: 100,
            window: None,
            budget_seconds: BUDGET_SECONDS,
            stick: Stick::Unknown,
            permit_keys: Vec::new(),
            legacy: LegacyBackups::default(),
            second_drive: None,
            excluded: Vec::new(),
            order: Vec::new(),
            accepted: Vec::new(),
        }
    }
}

/// When it is looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = PreflightMoment)]
pub enum Moment {
    /// Days before: VMs run, and what is said of their disks has to be looked at again.
    #[default]
    Ahead,
    /// In the window, when the VMs have been shut down: one that runs is in the way.
    VmsOff,
}

/// What 2.x takes of its disk for itself. Where the artifact's manifest says otherwise, that stands; these are
/// the lab's: a boot partition from 1 MiB to 256 MiB, the physical volume behind it to the end of the disk, LVM's
/// usual extents, and 1 GiB for the root file system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
#[schema(as = PreflightLayout)]
pub struct Layout {
    /// Where the physical volume begins: behind the boot partition.
    pub pv_start_bytes: u64,
    /// Where the physical volume's first extent begins (`pe_start`): behind LVM's metadata.
    pub pe_start_bytes: u64,
    /// How large an extent is (`vg_extent_size`).
    pub extent_bytes: u64,
    /// The root volume.
    pub root_bytes: u64,
    /// Room for snapshots.
    pub snapshot_bytes: u64,
    /// Kept free beside these, in percent of the group, and at least [`Self::spare_extents`].
    pub spare_percent: u64,
    /// Kept free at least.
    pub spare_extents: u64,
}

impl Default for Layout {
    fn default() -> Self {
        Self {
            pv_start_bytes: 256 * MIB,
            pe_start_bytes: MIB,
            extent_bytes: 4 * MIB,
            root_bytes: 1024 * MIB,
            snapshot_bytes: 0,
            spare_percent: 1,
            spare_extents: 16,
        }
    }
}

/// How long the VMs may be off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = PreflightWindow)]
pub struct Window {
    /// When it begins, in minutes since midnight where the appliance stands; nothing where nobody has said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub begins_minute: Option<u16>,
    /// How long it is.
    pub seconds: u64,
}

/// Backups that the dashboard of 1.x has made and that are to be kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
#[schema(as = PreflightLegacyBackups)]
pub struct LegacyBackups {
    /// How much of them is to be put onto the drive.
    pub bytes: u64,
    /// Whether they are converted there, so that old and new are there at once.
    pub converted_on_drive: bool,
}
