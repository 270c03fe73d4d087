//! What of a migration lies in the agent's own folder: for when the drive is unplugged, the server away, or a
//! person at the console wants to know.

use std::io;
use std::path::Path;

use domfleet_shared::migration::journey::Illegal;
use domfleet_shared::migration::talk::{Intent, Now};
use domfleet_shared::migration::{Migration, Record};

use crate::storage::Files;
use crate::storage::record;

/// Where all of it is; stories as on a drive, too.
pub(crate) const FOLDER: &str = "migration";
/// What the server wants.
pub(crate) const INTENT: &str = "migration/intent.json";
/// A copy of the story on the drive.
pub(crate) const STORY: &str = "migration/story.json";
/// What is being done, or waited for.
const NOW: &str = "migration/now.json";

/// Keeps what is new. The story on the drive is the one that counts, so that a full disk is in nobody's way.
pub(crate) async fn keep(files: &impl Files, story: Option<&[Record]>, now: Option<&Now>) {
    let mut kept = Ok(());
    if let Some(story) = story {
        kept = record::store(files, STORY, &story).await;
    }
    if let Some(now) = now {
        kept = kept.and(record::store(files, NOW, now).await);
    }
    if let Err(error) = kept {
        tracing::warn!(error = &error as &dyn std::error::Error, "no copy of a story is kept");
    }
}

/// What is known here of the appliance's migration.
#[derive(Clone, Debug)]
pub struct Known {
    /// What the story comes to.
    pub story: Migration,
    /// How many records it has.
    pub records: usize,
    /// What is being done, or waited for; nothing where that was not written down.
    pub now: Option<Now>,
}

/// Why nothing can be said.
#[derive(Debug, thiserror::Error)]
pub enum Unknown {
    /// There is none.
    #[error(
        "there is no migration here; where one was begun, it is on the backup drive and at the server"
    )]
    None,
    /// The agent's folder.
    #[error("{file} in the agent's data directory cannot be read")]
    Io {
        /// The file.
        file: &'static str,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// What it holds.
    #[error(
        "{file} in the agent's data directory is damaged; the drive and the server have it whole"
    )]
    Damaged {
        /// The file.
        file: &'static str,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// What it tells.
    #[error("the copy of the story tells what cannot be; the drive and the server have it whole")]
    Illegal(#[from] Illegal),
}

/// Reads it from the agent's folder, whether an agent runs or not.
pub fn known(data: &Path) -> Result<Known, Unknown> {
    let now: Option<Now> = read(data, NOW)?;
    let (story, records) = match read::<Vec<Record>>(data, STORY)? {
        Some(records) if !records.is_empty() => (Migration::of(&records)?, records.len()),
        // It was asked for, and has not reached the drive.
        _ => {
            let intent: Intent = read(data, INTENT)?.ok_or(Unknown::None)?;
            (Migration::begin(intent.plan)?, 0)
        }
    };
    Ok(Known { story, records, now })
}

fn read<T: serde::de::DeserializeOwned>(
    data: &Path,
    file: &'static str,
) -> Result<Option<T>, Unknown> {
    let bytes = match std::fs::read(data.join(file)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        bytes => bytes.map_err(|source| Unknown::Io { file, source })?,
    };
    serde_json::from_slice(&bytes).map(Some).map_err(|source| Unknown::Damaged { file, source })
}
