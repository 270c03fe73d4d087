//! Debug bundles: collected in dom0, redacted before anything else, sealed, and kept until the
//! server has them whole.

mod archive;
pub(crate) mod automatic;
pub mod collect;
mod draft;
pub mod manifest;
pub mod pseudonym;
pub mod redact;
pub mod upload;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use domfleet_shared::Timestamp;
use domfleet_shared::id::{BootId, BundleId, OperationId};
use domfleet_shared::operation::Reason;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use self::manifest::Head;
use crate::agent::{Agent, locked};
use crate::dial::Dialer;
use crate::dom0::Dom0;
use crate::plan::reason;
use crate::storage::record::{self, RecordError};
use crate::storage::{Files, Space};

const FOLDER: &str = "bundles";
/// So many wait at once for the server.
const KEPT: usize = 5;
/// dom0's disk is left at least this, and a tenth of it.
const LEFT_FREE_BYTES: u64 = 500 << 20;

/// Why a bundle was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trigger {
    /// An operator asked for it.
    OnDemand,
    /// The boot before this one did not end in order.
    UncleanBoot,
    /// The kernel said something after which it is not to be trusted.
    FatalMessage,
}

impl Trigger {
    /// As it is written in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OnDemand => "on_demand",
            Self::UncleanBoot => "unclean_boot",
            Self::FatalMessage => "fatal_message",
        }
    }
}

/// A bundle that is whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sealed {
    /// The bundle.
    pub bundle: BundleId,
    /// Why it was made.
    pub trigger: Trigger,
    /// The operation that asked for it.
    pub operation: Option<OperationId>,
    /// When.
    pub created_at: Timestamp,
    /// Its length.
    pub size_bytes: u64,
    /// BLAKE3 of its bytes, in hexadecimal.
    pub blake3: String,
    /// Where it is being uploaded to, once the server has said so.
    pub location: Option<String>,
    /// The server has it whole; only the operation does not say so yet.
    pub is_complete: bool,
}

impl Sealed {
    fn new(head: &Head, size_bytes: u64, blake3: String) -> Self {
        Self {
            bundle: head.bundle,
            trigger: head.trigger,
            operation: head.operation,
            created_at: head.created_at,
            size_bytes,
            blake3,
            location: None,
            is_complete: false,
        }
    }

    fn record_name(bundle: BundleId) -> String {
        format!("{FOLDER}/{bundle}.json")
    }

    /// The file of its bytes.
    pub(crate) fn data_name(bundle: BundleId) -> String {
        format!("{FOLDER}/{bundle}.tar.zst")
    }
}

/// The bundles on this disk.
pub(crate) struct Queue {
    sealed: Mutex<BTreeMap<BundleId, Sealed>>,
    /// Those that the server will never take, for whoever waits for them.
    refused: Mutex<BTreeMap<BundleId, Reason>>,
    changed: watch::Sender<u64>,
}

impl Queue {
    /// Reads what is there. What was being collected when dom0 ended is sealed as far as it came.
    pub(crate) async fn open(files: &impl Files, running: BootId) -> Self {
        let mut sealed = BTreeMap::new();
        for entry in files.list(FOLDER).await.unwrap_or_default() {
            let name = format!("{FOLDER}/{}", entry.name);
            let id = entry.name.strip_suffix(".json").and_then(|id| id.parse().ok());
            let Some(_bundle): Option<BundleId> = id else { continue };
            match record::load::<Sealed>(files, &name).await {
                Ok(Some(there)) => {
                    sealed.insert(there.bundle, there);
                }
                Ok(None) => {}
                Err(error) => complain(&error),
            }
        }
        let unfinished = close_drafts(files, running, &mut sealed).await;
        for entry in files.list(FOLDER).await.unwrap_or_default() {
            let id = entry.name.strip_suffix(".tar.zst").and_then(|id| id.parse().ok());
            let is_waste = |id: BundleId| !sealed.contains_key(&id) && !unfinished.contains(&id);
            if id.is_some_and(is_waste) {
                remove(files, &format!("{FOLDER}/{}", entry.name)).await;
            }
        }
        Self {
            sealed: Mutex::new(sealed),
            refused: Mutex::default(),
            changed: watch::Sender::new(0),
        }
    }

    fn get(&self, bundle: BundleId) -> Option<Sealed> {
        locked(&self.sealed).get(&bundle).cloned()
    }

    /// The oldest that the server does not have.
    fn waiting(&self) -> Option<Sealed> {
        let sealed = locked(&self.sealed);
        let waiting = sealed.values().filter(|sealed| !sealed.is_complete);
        waiting.min_by_key(|sealed| sealed.created_at).cloned()
    }

    /// Makes what is known of a bundle durable.
    async fn put(&self, files: &impl Files, sealed: Sealed) -> Result<(), RecordError> {
        record::store(files, &Sealed::record_name(sealed.bundle), &sealed).await?;
        locked(&self.sealed).insert(sealed.bundle, sealed);
        self.changed.send_modify(|version| *version += 1);
        Ok(())
    }

    /// The same of one that is still wanted.
    async fn update(&self, files: &impl Files, sealed: Sealed) -> Result<(), RecordError> {
        if self.get(sealed.bundle).is_some() {
            self.put(files, sealed).await?;
        }
        Ok(())
    }

    /// Takes a bundle off the disk.
    async fn remove(&self, files: &impl Files, bundle: BundleId) {
        for name in [Sealed::record_name(bundle), Sealed::data_name(bundle)] {
            remove(files, &name).await;
        }
        locked(&self.sealed).remove(&bundle);
        self.changed.send_modify(|version| *version += 1);
    }

    /// The server has it. Its record stays while an operation has still to say so.
    async fn complete(&self, files: &impl Files, sealed: Sealed) -> Result<(), RecordError> {
        if sealed.operation.is_none() {
            self.remove(files, sealed.bundle).await;
            return Ok(());
        }
        let data = Sealed::data_name(sealed.bundle);
        self.put(files, Sealed { is_complete: true, ..sealed }).await?;
        if let Err(error) = files.remove(&data).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "an uploaded bundle stays");
        }
        Ok(())
    }

    async fn refuse(&self, files: &impl Files, sealed: &Sealed, why: Reason) {
        if sealed.operation.is_some() {
            locked(&self.refused).insert(sealed.bundle, why);
        }
        self.remove(files, sealed.bundle).await;
    }

    /// Sees that there is room for one more: the oldest that nobody asked for gives way.
    async fn make_room(&self, files: &impl Files) -> Result<(), Reason> {
        loop {
            let oldest = {
                let sealed = locked(&self.sealed);
                let waiting = || sealed.values().filter(|sealed| !sealed.is_complete);
                if waiting().count() < KEPT {
                    return Ok(());
                }
                let unasked = waiting().filter(|sealed| sealed.operation.is_none());
                unasked.min_by_key(|sealed| sealed.created_at).map(|sealed| sealed.bundle)
            };
            let Some(oldest) = oldest else { break };
            tracing::warn!(bundle = %oldest, "a bundle gives way to a newer one");
            self.remove(files, oldest).await;
        }
        let why = format!("{KEPT} bundles wait on the appliance to be uploaded; try again later");
        Err(reason("no_room", why))
    }
}

/// Seals what was being collected. Gives those that could not be, and may be at the next start.
async fn close_drafts(
    files: &impl Files,
    running: BootId,
    sealed: &mut BTreeMap<BundleId, Sealed>,
) -> BTreeSet<BundleId> {
    let mut unfinished = BTreeSet::new();
    for bundle in draft::left(files).await {
        let closed = match sealed.get(&bundle) {
            Some(_) => Ok(None),
            None => draft::close(files, bundle, running).await,
        };
        match closed {
            Ok(closed) => {
                if let Some(closed) = closed {
                    tracing::info!(%bundle, "a bundle that was cut is kept as far as it came");
                    sealed.insert(bundle, closed);
                }
                remove(files, &draft::name(bundle)).await;
            }
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(error, %bundle, "a bundle that was cut cannot be sealed");
                unfinished.insert(bundle);
            }
        }
    }
    unfinished
}

async fn remove(files: &impl Files, name: &str) {
    if let Err(error) = files.remove(name).await {
        tracing::warn!(error = &error as &dyn std::error::Error, name, "a file stays");
    }
}

fn complain(error: &RecordError) {
    tracing::warn!(error = error as &dyn std::error::Error, "a bundle cannot be read");
}

/// Whether `needed` more bytes leave the disk usable.
fn check_space(space: Space, needed: u64) -> Result<(), Reason> {
    let floor = LEFT_FREE_BYTES.max(space.total_bytes / 10);
    if space.free_bytes >= floor.saturating_add(needed) {
        return Ok(());
    }
    let why = format!(
        "the appliance's disk has {} MB free, and a bundle must leave {} MB of it: free some space",
        space.free_bytes / 1_000_000,
        floor / 1_000_000
    );
    Err(reason("no_room", why))
}

/// Brings the bundle of operation `id` to the server, from wherever it is.
pub(crate) async fn on_demand<D: Dom0, F: Files, N: Dialer>(
    agent: &Agent<D, F, N>,
    id: OperationId,
    bundle: BundleId,
) -> Result<serde_json::Value, Reason> {
    if agent.bundles.get(bundle).is_none() {
        collect::seal(agent, bundle, Trigger::OnDemand, Some(id)).await?;
    }
    let mut changes = agent.bundles.changed.subscribe();
    loop {
        if let Some(why) = locked(&agent.bundles.refused).remove(&bundle) {
            return Err(why);
        }
        match agent.bundles.get(bundle) {
            Some(sealed) if sealed.is_complete => {
                return Ok(serde_json::json!({
                    "bundle": sealed.bundle,
                    "size_bytes": sealed.size_bytes,
                    "blake3": sealed.blake3,
                }));
            }
            Some(_) => {}
            None => return Err(reason("unknown", "the bundle is gone from the appliance's disk")),
        }
        if changes.changed().await.is_err() {
            return Err(reason("unknown", "the agent is going down"));
        }
    }
}

/// Forgets a bundle whose operation has said how it ended.
pub(crate) async fn forget<D: Dom0, F: Files, N: Dialer>(agent: &Agent<D, F, N>, bundle: BundleId) {
    if agent.bundles.get(bundle).is_some() {
        agent.bundles.remove(&agent.world.files, bundle).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_disk_is_left_a_tenth_and_half_a_gigabyte() {
        let gigabyte = 1_000_000_000;
        let space = |total_bytes, free_bytes| Space { total_bytes, free_bytes };

        assert!(check_space(space(4 * gigabyte, gigabyte), 25_000_000).is_ok());
        assert!(check_space(space(4 * gigabyte, 510_000_000), 25_000_000).is_err());
        assert!(check_space(space(100 * gigabyte, 9 * gigabyte), 0).is_err());
        let why = check_space(space(gigabyte, 0), 0).unwrap_err();
        assert_eq!(why.code, "no_room");
        assert!(why.message.contains("0 MB free"), "{}", why.message);
    }
}
