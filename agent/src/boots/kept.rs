//! What the platform kept over a reset: taken over once, into our folder.

use domfleet_shared::id::BootId;
use serde::{Deserialize, Serialize};

use crate::agent::Agent;
use crate::dial::Dialer;
use crate::dom0::{Dom0, KeptLog, Step};
use crate::kernel_log;
use crate::storage::Files;
use crate::storage::record::{self, RecordError};

/// Kernel logs that outlived a reset are kept here until a bundle has them.
pub(crate) const PSTORE: &str = "pstore";
const PSTORE_BYTES: usize = 1024 * 1024;
/// Which were taken over before: a platform that does not let go of one shows it after every boot.
const KNOWN: &str = "pstore.json";
const KNOWN_AT_MOST: usize = 100;

/// A kernel log that was taken over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Known {
    /// The boot that it is of.
    of: BootId,
    /// Of its name and what it holds.
    blake3: String,
}

impl Known {
    fn new(of: BootId, log: &KeptLog) -> Self {
        let mut hash = blake3::Hasher::new();
        hash.update(log.name.as_bytes()).update(b"\0").update(&log.bytes);
        Self { of, blake3: hash.finalize().to_hex().to_string() }
    }
}

/// Copies what the platform kept into our folder, under the name of the boot that it is of, and only then takes
/// it away there. Gives the text of all that is of that boot.
pub(super) async fn keep<D: Dom0, F: Files, N: Dialer>(
    agent: &Agent<D, F, N>,
    of: BootId,
    logs: &[KeptLog],
) -> Result<Option<String>, RecordError> {
    let files = &agent.world.files;
    let io = |source| RecordError::Io { name: PSTORE.to_owned(), source };
    let mut known: Vec<Known> = record::load(files, KNOWN).await.ok().flatten().unwrap_or_default();
    let before = known.len();
    for log in logs {
        let new = Known::new(of, log);
        let is_old = known.iter().any(|old| old.blake3 == new.blake3 && old.of != of);
        if !is_old {
            let plain = log.name.replace(|c: char| !c.is_ascii_alphanumeric() && c != '-', "_");
            let bytes = log.bytes.get(..log.bytes.len().min(PSTORE_BYTES)).unwrap_or_default();
            files.replace(&format!("{PSTORE}/{of}.{plain}"), bytes.to_vec()).await.map_err(io)?;
            if !known.contains(&new) {
                known.push(new);
            }
        }
        let step = Step::ForgetKeptLog { name: log.name.clone() };
        if let Err(error) = agent.world.dom0.apply(&step).await {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(error, name = log.name, "a kept kernel log stays where it was");
        }
    }
    if known.len() > before {
        known.drain(..known.len().saturating_sub(KNOWN_AT_MOST));
        record::store(files, KNOWN, &known).await?;
    }
    // Those of an earlier start that was cut short are among them.
    let mut text = None;
    for entry in files.list(PSTORE).await.map_err(io)? {
        if entry.name.starts_with(&of.to_string()) {
            let name = format!("{PSTORE}/{}", entry.name);
            let bytes = files.read(&name, PSTORE_BYTES).await.map_err(io)?.unwrap_or_default();
            text.get_or_insert_with(String::new).push_str(&kernel_log::text(&bytes));
        }
    }
    Ok(text)
}
