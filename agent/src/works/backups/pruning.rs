//! Making room on a drive.

use std::collections::BTreeMap;

use domfleet_shared::backup_set::SetsOnDrive;
use domfleet_shared::id::{DriveId, SetId};
use domfleet_shared::operation::keep::Keep;
use domfleet_shared::set_answers::{JudgedSet, PrunedSets};

use super::{failed, summary};
use crate::backup::documents::Manifest;
use crate::backup::list::{self, Listed};
use crate::backup::medium::Medium;
use crate::backup::prune::{Pruned, preview, prune};
use crate::backup::tools::Tools;
use crate::migration::holds::held;
use crate::works::WorkError;

/// Removes what `keep` does not keep, or says what that would be, and tells which sets there are then.
pub(super) fn carry_out<M: Medium>(
    tools: Tools<'_, M>,
    drive: DriveId,
    (keep, dry_run): (Keep, bool),
) -> Result<PrunedSets, WorkError> {
    let look = || list::list(tools.medium).map_err(|error| failed(&error));
    let before = look()?;
    let held = held(tools.medium).map_err(|error| WorkError::because("drive", &error))?;
    let pruned =
        if dry_run { preview(tools.medium, keep, &held) } else { prune(tools, keep, &held) };
    let Pruned { sets, freed_bytes } = pruned.map_err(|error| failed(&error))?;
    let after = if dry_run {
        before.iter().map(summary).collect()
    } else {
        look()?.iter().map(summary).collect()
    };
    let known: BTreeMap<SetId, &Listed> =
        before.iter().map(|listed| (listed.set, listed)).collect();
    let judged = sets.into_iter().filter_map(|judged| {
        let listed = known.get(&judged.set)?;
        let stored_bytes = listed.manifest.as_ref().map_or(0, Manifest::stored_bytes);
        Some(JudgedSet {
            set: judged.set,
            created_at: listed.plan.created_at,
            vms: listed.plan.vms.iter().map(|vm| vm.name.clone()).collect(),
            stored_bytes,
            fate: judged.fate,
        })
    });
    Ok(PrunedSets {
        judged: judged.collect(),
        left: SetsOnDrive { drive, sets: after, is_complete: true },
        freed_bytes,
        dry_run,
    })
}
