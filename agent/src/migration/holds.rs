//! The sets that must stay on a drive because a migration that is not over stands on them.
//!
//! Between the reset and the last restore such a set is the only copy of its VMs, whatever the rules of keeping
//! say. So a drive is asked before room is made on it; where it cannot answer, no room is made.

use std::collections::BTreeSet;
use std::io;

use domfleet_shared::id::{MigrationId, SetId};
use serde::{Deserialize, Serialize};

use super::book::{self, BookError, folder};
use crate::backup::durable;
use crate::backup::medium::Medium;

const RESERVED: &str = "set.json";
const LONGEST: u64 = 4 * 1024;

#[derive(Debug, Serialize, Deserialize)]
struct Reserved {
    set: SetId,
}

/// Why nobody can say which sets have to stay.
#[derive(Debug, thiserror::Error)]
pub enum HoldError {
    /// The drive.
    #[error("the drive cannot be read")]
    Medium(#[from] io::Error),
    /// A migration of which nothing can be known.
    #[error(
        "what DOMFLEET/m/{migration} tells of a migration cannot be read, and the set that it stands on must not \
         go: verify this drive, and move that folder away only once that migration is known to be over"
    )]
    Unreadable {
        /// Which.
        migration: MigrationId,
        /// Why it cannot be read.
        #[source]
        source: BookError,
    },
}

/// The sets on a drive that a migration stands on which has not ended there.
pub fn held(medium: &impl Medium) -> Result<BTreeSet<SetId>, HoldError> {
    let mut held = BTreeSet::new();
    for migration in book::list(medium)? {
        let story = book::read(medium, migration);
        let story = story.map_err(|source| HoldError::Unreadable { migration, source })?;
        let Some((story, _)) = story else {
            // Its folder was made, and nothing had been told yet.
            held.extend(reserved(medium, migration)?);
            continue;
        };
        if story.end.is_none() {
            held.extend(story.sealed.map(|sealed| sealed.set));
            held.extend(reserved(medium, migration)?);
        }
    }
    Ok(held)
}

/// Tells a drive how migrations have ended that it knows only the beginning of: a second drive lies in a drawer while
/// the first hears the rest, and would hold its set for ever. `keep` is the agent's own folder.
pub(crate) fn tell_ends(drive: &impl Medium, keep: &impl Medium) {
    for migration in book::list(drive).unwrap_or_default() {
        let Ok(Some((story, records))) = book::read(keep, migration) else { continue };
        if story.end.is_none() {
            continue;
        }
        if let Err(error) = book::bring_up(drive, migration, &records) {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(error, %migration, "the drive cannot be told how a migration has ended");
        }
    }
}

/// The set that is a migration's own from the beginning, before it is sealed.
pub(super) fn reserved(medium: &impl Medium, migration: MigrationId) -> io::Result<Option<SetId>> {
    let kept = durable::read(medium, &format!("{}/{RESERVED}", folder(migration)), LONGEST)?;
    let kept: Option<Reserved> = kept.and_then(|kept| serde_json::from_slice(&kept).ok());
    Ok(kept.map(|kept| kept.set))
}

/// Makes a set a migration's own. Durable when it returns.
pub(super) fn reserve(medium: &impl Medium, migration: MigrationId, set: SetId) -> io::Result<()> {
    let bytes = serde_json::to_vec(&Reserved { set }).map_err(io::Error::other)?;
    durable::publish(medium, &format!("{}/{RESERVED}", folder(migration)), &bytes)
}
