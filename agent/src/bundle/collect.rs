//! From dom0 to a sealed bundle.

use std::time::Duration;

use domfleet_shared::Timestamp;
use domfleet_shared::boot::Boot;
use domfleet_shared::id::{ApplianceId, BootId, BundleId, OperationId};
use domfleet_shared::operation::Reason;
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, timeout};

use super::archive::Archive;
use super::redact::Redactor;
use super::{Sealed, Trigger, check_space};
use crate::agent::Agent;
use crate::boots::{BOOTS, PSTORE};
use crate::dial::Dialer;
use crate::dom0::{Collected, Dom0, Item, Limit};
use crate::identity::KEY;
use crate::kernel_log;
use crate::plan::reason;
use crate::storage::{Files, is_full, record};

/// What one item may cost.
const LIMIT: Limit = Limit { time: Duration::from_secs(10), bytes: 2 * 1024 * 1024 };
/// The world keeps to [`LIMIT`]; this is for one that does not.
const GRACE: Duration = Duration::from_secs(5);
/// What a whole bundle may cost.
const ALL_WITHIN: Duration = Duration::from_mins(5);
const ALL_BYTES: u64 = 25 * 1024 * 1024;
/// Items that are known to hold secrets: read first, so that those are known everywhere else.
const REVEALING: [Item; 3] = [Item::DomainConfigs, Item::VmConfigs, Item::AgentConfig];

/// What a bundle says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// What this is.
    pub format: String,
    /// The bundle.
    pub bundle: BundleId,
    /// Why it was made.
    pub trigger: Trigger,
    /// The appliance.
    pub appliance: ApplianceId,
    /// The boot in which it was collected.
    pub boot_id: BootId,
    /// When, by the agent's clock.
    pub created_at: Timestamp,
    /// Who collected it.
    pub agent_version: String,
    /// Whether everything could be looked at in time.
    pub is_whole: bool,
    /// What is in it.
    pub entries: Vec<Described>,
}

/// An entry of a bundle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Described {
    /// Its path.
    pub path: String,
    /// Its length.
    pub bytes: u64,
    /// How long it took to collect.
    pub duration_milliseconds: u64,
    /// The command's exit code.
    pub exit_code: Option<i32>,
    /// Whether something was left out.
    pub truncated: bool,
    /// What went wrong.
    pub error: Option<String>,
    /// How many secrets were taken out.
    pub redactions: usize,
}

/// Collects `bundle` and leaves it sealed in the queue.
pub(crate) async fn seal<D: Dom0, F: Files, N: Dialer>(
    agent: &Agent<D, F, N>,
    bundle: BundleId,
    trigger: Trigger,
    operation: Option<OperationId>,
) -> Result<(), Reason> {
    let Ok(_one_at_a_time) = agent.collecting.acquire().await else {
        return Err(reason("unknown", "the agent is going down"));
    };
    agent.bundles.check_count()?;
    let files = &agent.world.files;
    let space = files.space().await.map_err(|error| unwritten(&error))?;
    check_space(space, ALL_BYTES)?;
    let created_at = agent.world.clock.now();
    let mut collector = Collector {
        agent,
        redactor: Redactor::new(),
        archive: Archive::new(files, bundle, created_at),
        entries: Vec::new(),
        until: Instant::now() + ALL_WITHIN,
    };
    let taken = collector.everything().await.map_err(|error| unwritten(&error))?;
    let manifest = Manifest {
        format: "domfleet-bundle/1".to_owned(),
        bundle,
        trigger,
        appliance: agent.identity().appliance,
        boot_id: agent.boot_id,
        created_at,
        agent_version: env!("CARGO_PKG_VERSION").to_owned(),
        is_whole: collector.has_time(),
        entries: collector.entries,
    };
    let manifest = serde_json::to_vec_pretty(&manifest).unwrap_or_default();
    let finished = collector.archive.finish("manifest.json", &manifest).await;
    let (size_bytes, blake3) = finished.map_err(|error| unwritten(&error))?;
    let sealed = Sealed {
        bundle,
        trigger,
        operation,
        created_at,
        size_bytes,
        blake3,
        location: None,
        is_complete: false,
    };
    agent.bundles.put(files, sealed).await.map_err(|error| reason("unknown", error.to_string()))?;
    // They are in a durable bundle now.
    for name in taken {
        if let Err(error) = files.remove(&name).await {
            tracing::warn!(error = &error as &dyn std::error::Error, name, "a kernel log stays");
        }
    }
    Ok(())
}

fn unwritten(error: &std::io::Error) -> Reason {
    if is_full(error) {
        return reason("disk_full", "the appliance's disk is full: free some space");
    }
    reason("unknown", format!("the bundle could not be written: {error}"))
}

struct Collector<'a, D, F, N> {
    agent: &'a Agent<D, F, N>,
    redactor: Redactor,
    archive: Archive<'a, F>,
    entries: Vec<Described>,
    until: Instant,
}

impl<D: Dom0, F: Files, N: Dialer> Collector<'_, D, F, N> {
    /// Collects what there is. Gives the files that can be removed once the bundle is durable.
    async fn everything(&mut self) -> std::io::Result<Vec<String>> {
        let key = self.agent.world.files.read(KEY, LIMIT.bytes).await?.unwrap_or_default();
        self.redactor.learn_lines(&key);
        let mut revealing = Vec::new();
        for item in REVEALING {
            let collected = self.collect(item).await;
            self.redactor.learn(&collected.0.bytes);
            revealing.push((item, collected));
        }
        let taken = self.kept_logs().await?;
        for item in Item::ALL {
            if !REVEALING.contains(&item) && self.has_time() {
                let (collected, took) = self.collect(item).await;
                self.add(&item.path(), collected, took).await?;
            }
        }
        for (item, (collected, took)) in revealing {
            self.add(&item.path(), collected, took).await?;
        }
        self.own_files().await?;
        Ok(taken)
    }

    fn has_time(&self) -> bool {
        Instant::now() < self.until && self.archive.length() < ALL_BYTES
    }

    async fn collect(&self, item: Item) -> (Collected, Duration) {
        let began = Instant::now();
        let collecting = self.agent.world.dom0.collect(item, LIMIT);
        let collected = timeout(LIMIT.time + GRACE, collecting).await.unwrap_or_else(|_| {
            Collected { error: Some("it did not end in time".to_owned()), ..Collected::default() }
        });
        (collected, began.elapsed())
    }

    /// Kernel logs that outlived a reset, and the warnings that were written down.
    async fn kept_logs(&mut self) -> std::io::Result<Vec<String>> {
        let files = &self.agent.world.files;
        let mut taken = Vec::new();
        for entry in files.list(PSTORE).await? {
            let name = format!("{PSTORE}/{}", entry.name);
            let bytes = files.read(&name, LIMIT.bytes).await?.unwrap_or_default();
            self.add_plain(&name, bytes).await?;
            taken.push(name);
        }
        let boots: Option<Vec<Boot>> =
            record::load(&self.agent.world.files, BOOTS).await.ok().flatten();
        for boot in boots.unwrap_or_default().iter().rev().take(3) {
            let warnings = kernel_log::warnings(&self.agent.world.files, boot.boot_id).await;
            let path = format!("kernel/warnings-{}.txt", boot.boot_id);
            self.add_plain(&path, warnings.join("\n").into_bytes()).await?;
        }
        Ok(taken)
    }

    async fn own_files(&mut self) -> std::io::Result<()> {
        let boots = self.agent.world.files.read(BOOTS, LIMIT.bytes).await?.unwrap_or_default();
        self.add_plain("agent/boots.json", boots).await?;
        let owed = serde_json::to_vec_pretty(&self.agent.journal.owed()).unwrap_or_default();
        self.add_plain("agent/operations.json", owed).await
    }

    async fn add_plain(&mut self, path: &str, bytes: Vec<u8>) -> std::io::Result<()> {
        let collected = Collected { bytes, ..Collected::default() };
        self.add(path, collected, Duration::ZERO).await
    }

    async fn add(&mut self, path: &str, got: Collected, took: Duration) -> std::io::Result<()> {
        let (bytes, redactions) = self.redactor.redact(&got.bytes);
        let error = got.error.map(|error| {
            let (error, _) = self.redactor.redact(error.as_bytes());
            String::from_utf8_lossy(&error).into_owned()
        });
        self.archive.add(path, &bytes).await?;
        self.entries.push(Described {
            path: path.to_owned(),
            bytes: bytes.len() as u64,
            duration_milliseconds: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            exit_code: got.exit_code,
            truncated: got.truncated,
            error,
            redactions,
        });
        tokio::task::yield_now().await;
        Ok(())
    }
}
