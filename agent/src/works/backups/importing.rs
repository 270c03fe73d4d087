//! A backup of another program's, taken over.

use std::cell::Cell;
use std::path::Path;

use domfleet_shared::backup_key::KeyName;
use domfleet_shared::backup_set::SetsOnDrive;
use domfleet_shared::id::DriveId;
use domfleet_shared::set_answers::ImportedSet;

use super::{How, create, failed};
use crate::backup::begun;
use crate::backup::files::DiskFiles;
use crate::backup::import::{Foreign, look};
use crate::backup::medium::Medium;
use crate::backup::paced::Paced;
use crate::backup::tools::Tools;
use crate::works::WorkError;

/// So many files that were not taken are named.
const MOST_UNUSED: usize = 20;

/// Makes a set of what is in the folder `from`. On an appliance it gives way to the guests.
pub(super) fn carry_out<M: Medium>(
    tools: Tools<'_, M>,
    drive: DriveId,
    (from, key): (&Path, Option<KeyName>),
    is_paced: bool,
) -> Result<ImportedSet, WorkError> {
    let Foreign { prepared, unused } = look(from, tools.clock.now())
        .map_err(|blockers| WorkError::because("refused", &blockers))?;
    let prepared = begun::resume(tools, prepared.encrypted(key), &DiskFiles)
        .map_err(|error| failed(&error))?;
    let proved = Cell::new(None);
    let how = How { parity: false, proved: &proved };
    let set = if is_paced {
        let paced = Paced::for_plan(tools.meter, &prepared.plan);
        create(Tools { meter: &paced, ..tools }, &prepared, &DiskFiles, how)?
    } else {
        create(tools, &prepared, &DiskFiles, how)?
    };
    Ok(ImportedSet {
        made: SetsOnDrive { drive, sets: vec![set], is_complete: false },
        imported_from: prepared.plan.imported_from.unwrap_or_else(|| from.display().to_string()),
        unused_count: unused.len(),
        unused: unused.iter().take(MOST_UNUSED).map(|path| path.display().to_string()).collect(),
    })
}
