//! After a backup: sets that need not be kept any more are removed.

use domfleet_shared::backup_set::SetSummary;
use domfleet_shared::id::SetId;
use domfleet_shared::operation::keep::Keep;
use serde::Serialize;

use super::summary;
use crate::backup::list;
use crate::backup::medium::Medium;
use crate::backup::prune::prune;
use crate::backup::retention::Fate;
use crate::backup::tools::Tools;
use crate::migration::holds::held;

/// What was removed.
#[derive(Debug, Default, Serialize)]
pub(super) struct Removed {
    /// These sets.
    sets: Vec<SetId>,
    /// What they took.
    freed_bytes: u64,
    /// Why not all that need not be kept was removed. The backup is none the worse for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// What is told of a drive once a backup is done.
pub(super) struct Left {
    /// The new set alone, or all that there are.
    pub(super) sets: Vec<SetSummary>,
    /// Whether it is all.
    pub(super) is_complete: bool,
    /// Nothing where nothing was to be removed.
    pub(super) removed: Option<Removed>,
}

/// Keeps of the drive's sets what `keep` says.
pub(super) fn tidy<M: Medium>(tools: Tools<'_, M>, new: SetSummary, keep: Option<Keep>) -> Left {
    let Some(keep) = keep.filter(Keep::is_something) else {
        return Left { sets: vec![new], is_complete: false, removed: None };
    };
    let pruned = match held(tools.medium) {
        Ok(held) => prune(tools, keep, &held).map_err(|error| words(&error)),
        Err(error) => Err(words(&error)),
    };
    let mut removed = match pruned {
        Ok(pruned) => {
            let gone = pruned.sets.iter().filter(|set| set.fate == Fate::Removed);
            Removed {
                sets: gone.map(|set| set.set).collect(),
                freed_bytes: pruned.freed_bytes,
                error: None,
            }
        }
        Err(error) => Removed { error: Some(error), ..Removed::default() },
    };
    match list::list(tools.medium) {
        Ok(listed) => {
            let sets = listed.iter().map(summary).collect();
            Left { sets, is_complete: true, removed: Some(removed) }
        }
        Err(error) => {
            removed.error.get_or_insert_with(|| words(&error));
            Left { sets: vec![new], is_complete: false, removed: Some(removed) }
        }
    }
}

fn words(error: &dyn std::error::Error) -> String {
    let source = error.source().map_or_else(String::new, |source| format!(": {source}"));
    format!("{error}{source}")
}
