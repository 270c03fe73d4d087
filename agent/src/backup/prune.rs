//! Making room: sets that need not be kept are removed, each so that it is there whole or is none.
//!
//! A set is one by its plan. So the plan is renamed first, which needs no room on a drive that is full,
//! and from then on there is no such set, whatever is left of it. What is left when the power is cut is
//! swept away the next time, known by the plan's other name, which goes last. A folder that lacks its
//! plan for another reason is left alone.

use std::collections::BTreeSet;
use std::io;

use domfleet_shared::id::SetId;
use serde::Serialize;

use super::documents::PLAN;
use super::durable;
use super::error::BackupError;
use super::list::{self, Listed};
use super::medium::{Medium, MediumFile as _};
use super::names::{Folder, SETS};
use super::retention::{Fate, Keep, Known, decide};
use super::tools::Tools;

/// What the plan of a set is called that is being removed.
pub(super) const REMOVED: &str = "plan.removed";
/// A set has a few levels of folders; a stranger could make more.
const DEEPEST: usize = 16;

/// What was done, or would be.
#[derive(Debug, Serialize)]
pub struct Pruned {
    /// Each set that was there, oldest first.
    pub sets: Vec<PrunedSet>,
    /// What the removed ones took, as far as their manifests say.
    pub freed_bytes: u64,
}

/// A set, and what becomes of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PrunedSet {
    /// The set.
    pub set: SetId,
    /// What becomes of it.
    pub fate: Fate,
}

/// Says what would be removed. Writes nothing.
pub fn preview(
    medium: &impl Medium,
    keep: Keep,
    held: &BTreeSet<SetId>,
) -> Result<Pruned, BackupError> {
    Ok(judge(&list::list(medium)?, keep, held))
}

/// Removes every set that neither `keep` keeps nor somebody holds, and what an earlier removal left. Where it is
/// interrupted, the same call goes on.
pub fn prune<M: Medium>(
    tools: Tools<'_, M>,
    keep: Keep,
    held: &BTreeSet<SetId>,
) -> Result<Pruned, BackupError> {
    if !keep.is_something() {
        return Err(BackupError::Refused("say how many sets are to be kept".to_owned()));
    }
    let pruned = judge(&list::list(tools.medium)?, keep, held);
    tools.meter.begin("removing", pruned.freed_bytes);
    let failed = BackupError::medium("removing a set");
    sweep(tools)?;
    for PrunedSet { set, .. } in pruned.sets.iter().filter(|set| set.fate == Fate::Removed) {
        tools.meter.go_on()?;
        let folder = Folder::new(*set);
        durable::settle(tools.medium, &folder.file(PLAN), &folder.file(REMOVED))
            .map_err(&failed)?;
        take_away(tools, &folder)?;
    }
    Ok(pruned)
}

fn judge(listed: &[Listed], keep: Keep, held: &BTreeSet<SetId>) -> Pruned {
    let known: Vec<Known> = listed.iter().map(Known::of).collect();
    let mut fates = decide(&known, keep);
    for (known, fate) in known.iter().zip(&mut fates) {
        if *fate == Fate::Removed && held.contains(&known.set) {
            *fate = Fate::KeptForMigration;
        }
    }
    let manifests = listed.iter().zip(&fates).filter(|(_, fate)| **fate == Fate::Removed);
    let freed = manifests.filter_map(|(listed, _)| Some(listed.manifest.as_ref()?.stored_bytes()));
    let freed_bytes = freed.sum();
    let sets = listed.iter().zip(fates).map(|(listed, fate)| PrunedSet { set: listed.set, fate });
    Pruned { sets: sets.collect(), freed_bytes }
}

/// Removes what is left of sets that were being removed.
fn sweep<M: Medium>(tools: Tools<'_, M>) -> Result<(), BackupError> {
    let failed = BackupError::medium("removing what is left of a set");
    for name in tools.medium.list(SETS).map_err(&failed)? {
        let Ok(set) = name.parse::<SetId>() else { continue };
        let folder = Folder::new(set);
        let there = match tools.medium.list(folder.path()) {
            // A stranger's file.
            Err(error) if error.kind() == io::ErrorKind::NotADirectory => continue,
            there => there.map_err(&failed)?,
        };
        if there.iter().any(|name| name == REMOVED) && !there.iter().any(|name| name == PLAN) {
            take_away(tools, &folder)?;
        } else if there.is_empty() {
            remove_folder(tools.medium, folder.path()).map_err(&failed)?;
        }
    }
    Ok(())
}

/// Everything of a set whose plan has its other name, which goes last.
fn take_away<M: Medium>(tools: Tools<'_, M>, folder: &Folder) -> Result<(), BackupError> {
    let failed = BackupError::medium("removing a set");
    let medium = tools.medium;
    for name in medium.list(folder.path()).map_err(&failed)? {
        if name != REMOVED {
            empty(tools, &folder.file(&name), DEEPEST)?;
        }
    }
    // That all else is gone must be durable before what tells that it should be.
    medium.sync_folder(folder.path()).map_err(&failed)?;
    durable::remove(medium, &folder.file(REMOVED)).map_err(&failed)?;
    remove_folder(medium, folder.path()).map_err(&failed)
}

fn remove_folder(medium: &impl Medium, name: &str) -> io::Result<()> {
    medium.remove_folder(name)?;
    medium.sync_folder(name.rsplit_once('/').map_or("", |(folder, _)| folder))
}

/// Removes a file, or a folder and all that is in it.
fn empty<M: Medium>(tools: Tools<'_, M>, name: &str, depth: usize) -> Result<(), BackupError> {
    let failed = BackupError::medium("removing a set");
    tools.meter.go_on()?;
    let bytes = match tools.medium.open(name) {
        Ok(Some(file)) => file.bytes().unwrap_or(0),
        Ok(None) | Err(_) => 0,
    };
    match tools.medium.remove(name) {
        Ok(()) => tools.meter.advance(bytes),
        Err(error) if error.kind() == io::ErrorKind::IsADirectory && depth > 0 => {
            for inner in tools.medium.list(name).map_err(&failed)? {
                empty(tools, &format!("{name}/{inner}"), depth - 1)?;
            }
            tools.medium.sync_folder(name).map_err(&failed)?;
            tools.medium.remove_folder(name).map_err(&failed)?;
        }
        Err(error) => return Err(failed(error)),
    }
    Ok(())
}
