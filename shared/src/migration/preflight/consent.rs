//! What can go on if a person says so, and has to be on record before the permit.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::notes::{About, BlockerCode, Notes};
use crate::id::VmId;

/// Something that a person has to say yes to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Consent {
    /// What to.
    #[serde(flatten)]
    pub to: Accepted,
    /// What is so.
    pub sentence: String,
    /// What has to be typed.
    pub typed: String,
    /// Whether somebody has.
    pub is_given: bool,
}

/// What a person has said yes to, or has to.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[schema(as = PreflightAccepted)]
pub struct Accepted {
    /// What.
    pub code: ConsentCode,
    /// Of which VM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vm: Option<VmId>,
    /// Of which of its disks, as the guest calls it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disk: Option<String>,
}

/// What can be said yes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConsentCode {
    /// A damaged image is moved as it can be read.
    ImageDamaged,
    /// Snapshots in an image are not moved.
    SnapshotsLost,
    /// What a VM is given of the host's hardware is tried by hand afterwards.
    Passthrough,
    /// A VM is not moved, and what it has is gone after the reset.
    VmExcluded,
    /// The VMs do not fit on 2.x as they are.
    GroupTooSmall,
    /// Between the wipe and the restore one drive holds the only copy.
    OnlyCopy,
}

impl ConsentCode {
    /// What is in the way as long as it is not given. The others are asked for before the permit.
    const fn blocks(self) -> Option<BlockerCode> {
        match self {
            Self::ImageDamaged => Some(BlockerCode::ImageDamaged),
            Self::SnapshotsLost => Some(BlockerCode::SnapshotsLost),
            Self::Passthrough => Some(BlockerCode::Passthrough),
            Self::GroupTooSmall => Some(BlockerCode::GroupTooSmall),
            Self::VmExcluded | Self::OnlyCopy => None,
        }
    }
}

/// Asks for what has to be consented to, and blocks where that is not given.
#[derive(Debug)]
pub(super) struct Asking<'a> {
    pub(super) accepted: &'a [Accepted],
    pub(super) consents: Vec<Consent>,
}

impl Asking<'_> {
    pub(super) fn ask(
        &mut self,
        notes: &mut Notes,
        code: ConsentCode,
        about: About<'_>,
        [sentence, typed, what_to_do]: [String; 3],
    ) {
        let to = Accepted { code, vm: about.vm, disk: about.disk.map(str::to_owned) };
        let is_given = self.accepted.contains(&to);
        if let (Some(blocks), false) = (code.blocks(), is_given) {
            notes.block(blocks, about, sentence.clone(), what_to_do);
        }
        self.consents.push(Consent { to, sentence, typed, is_given });
    }
}
