//! From dom0 to a sealed bundle.

use std::collections::BTreeSet;
use std::time::Duration;

use domfleet_shared::boot::Boot;
use domfleet_shared::id::{BundleId, OperationId};
use domfleet_shared::inventory::{Content, Section};
use domfleet_shared::operation::Reason;
use tokio::time::{Instant, timeout};

use super::archive::Archive;
use super::draft::Draft;
use super::manifest::{Described, Head, MANIFEST, Manifest};
use super::pseudonym::{Privacy, Pseudonyms};
use super::redact::Redactor;
use super::{Sealed, Trigger, check_space};
use crate::agent::Agent;
use crate::alive;
use crate::boots::{BOOTS, PSTORE};
use crate::dial::Dialer;
use crate::dom0::excerpt::excerpt;
use crate::dom0::item::ITEM_BYTES;
use crate::dom0::{Collected, Dom0, Item};
use crate::identity::KEY;
use crate::kernel_log;
use crate::plan::reason;
use crate::storage::{Files, is_full, record};
use crate::watchdog;

/// The world keeps to its limits; this is for one that does not.
const GRACE: Duration = Duration::from_secs(5);
/// What a whole bundle may cost.
const ALL_WITHIN: Duration = Duration::from_mins(5);
const ALL_BYTES: u64 = 25 * 1024 * 1024;
const ALL_RAW_BYTES: u64 = 100 * 1024 * 1024;
/// Logs of Xen's tools may have so much of it.
const LOGS_RAW_BYTES: u64 = 25 * 1024 * 1024;
/// A name in an archive has a hundred, in which a number must have room.
const PATH_CHARACTERS: usize = 92;

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
    let files = &agent.world.files;
    agent.bundles.make_room(files).await?;
    let space = files.space().await.map_err(|error| unwritten(&error))?;
    check_space(space, ALL_BYTES)?;
    let head = Head {
        format: "domfleet-bundle/1".to_owned(),
        bundle,
        trigger,
        operation,
        appliance: agent.identity().appliance,
        boot_id: agent.boot_id,
        created_at: agent.world.clock.now(),
        agent_version: env!("CARGO_PKG_VERSION").to_owned(),
        privacy: agent.world.settings.bundle_privacy,
    };
    let (sealed, taken) = collect(agent, &head).await.map_err(|error| unwritten(&error))?;
    agent.bundles.put(files, sealed).await.map_err(|error| reason("unknown", error.to_string()))?;
    // They are in a durable bundle now.
    for name in taken.into_iter().chain([super::draft::name(bundle)]) {
        super::remove(files, &name).await;
    }
    Ok(())
}

fn unwritten(error: &std::io::Error) -> Reason {
    if is_full(error) {
        return reason("disk_full", "the appliance's disk is full: free some space");
    }
    reason("unknown", format!("the bundle could not be written: {error}"))
}

/// Gives the files, too, that can be removed once the bundle is durable.
async fn collect<D: Dom0, F: Files, N: Dialer>(
    agent: &Agent<D, F, N>,
    head: &Head,
) -> std::io::Result<(Sealed, Vec<String>)> {
    let files = &agent.world.files;
    let mut collector = Collector {
        agent,
        redactor: Redactor::new(),
        pseudonyms: pseudonyms(agent, head.privacy).await?,
        archive: Archive::new(files, head.bundle, head.created_at),
        draft: Draft::begin(files, head).await?,
        entries: Vec::new(),
        paths: BTreeSet::new(),
        left_out: Vec::new(),
        raw_bytes: 0,
        until: Instant::now() + ALL_WITHIN,
    };
    let taken = collector.everything().await?;
    let manifest = Manifest {
        head: head.clone(),
        sealed: true,
        is_whole: collector.left_out.is_empty(),
        left_out: collector.left_out,
        entries: collector.entries,
    };
    let manifest = serde_json::to_vec_pretty(&manifest).unwrap_or_default();
    let (size_bytes, blake3) = collector.archive.finish(MANIFEST, &manifest).await?;
    Ok((Sealed::new(head, size_bytes, blake3), taken))
}

async fn pseudonyms<D: Dom0, F: Files, N: Dialer>(
    agent: &Agent<D, F, N>,
    privacy: Privacy,
) -> std::io::Result<Option<Pseudonyms>> {
    if privacy == Privacy::Secrets {
        return Ok(None);
    }
    let mut pseudonyms = Pseudonyms::of(&agent.world.files).await?;
    if let Some(Content::Vms(vms)) = agent.inventory.content(Section::Vms) {
        pseudonyms.learn("vm", vms.iter().map(|vm| vm.name.as_str()));
    }
    if let Some(Content::Facts(facts)) = agent.inventory.content(Section::Facts) {
        pseudonyms.learn("host", [facts.hostname.as_str()]);
    }
    Ok(Some(pseudonyms))
}

struct Collector<'a, D, F, N> {
    agent: &'a Agent<D, F, N>,
    redactor: Redactor,
    pseudonyms: Option<Pseudonyms>,
    archive: Archive<'a, F>,
    draft: Draft<'a, F>,
    entries: Vec<Described>,
    paths: BTreeSet<String>,
    left_out: Vec<String>,
    raw_bytes: u64,
    until: Instant,
}

impl<D: Dom0, F: Files, N: Dialer> Collector<'_, D, F, N> {
    /// Collects what there is. Gives the files that can be removed once the bundle is durable.
    async fn everything(&mut self) -> std::io::Result<Vec<String>> {
        let key = self.agent.world.files.read(KEY, ITEM_BYTES).await?.unwrap_or_default();
        self.redactor.learn_lines(&key);
        let mut revealing = Vec::new();
        for item in Item::REVEALING {
            let collected = self.collect(item).await;
            self.redactor.learn(&collected.0.bytes);
            revealing.push((item, collected));
        }
        let taken = self.kept_logs().await?;
        for item in Item::ALL {
            self.item(item).await?;
        }
        for (item, (collected, took)) in revealing {
            self.add(&item.path(), collected, took).await?;
        }
        self.own_files().await?;
        let mut logs = 0;
        for item in self.agent.world.dom0.further_items().await {
            let before = self.raw_bytes;
            if matches!(item, Item::XenToolLog(_)) && logs > LOGS_RAW_BYTES {
                self.leave_out(&item.path());
                continue;
            }
            self.item(&item).await?;
            if matches!(item, Item::XenToolLog(_)) {
                logs += self.raw_bytes - before;
            }
        }
        Ok(taken)
    }

    async fn item(&mut self, item: &Item) -> std::io::Result<()> {
        if !self.has_room().await {
            self.leave_out(&item.path());
            return Ok(());
        }
        let (collected, took) = self.collect(item).await;
        self.add(&item.path(), collected, took).await
    }

    fn leave_out(&mut self, path: &str) {
        let path = self.path(path);
        self.left_out.push(path);
    }

    async fn has_room(&self) -> bool {
        let has_disk = match self.agent.world.files.space().await {
            Ok(space) => check_space(space, ITEM_BYTES as u64).is_ok(),
            Err(_) => false,
        };
        has_disk
            && Instant::now() < self.until
            && self.archive.length() < ALL_BYTES
            && self.raw_bytes < ALL_RAW_BYTES
    }

    async fn collect(&self, item: &Item) -> (Collected, Duration) {
        let began = Instant::now();
        let limit = item.limit();
        let collecting = self.agent.world.dom0.collect(item.clone(), limit);
        let collected = timeout(limit.time + GRACE, collecting)
            .await
            .unwrap_or_else(|_| Collected::failed("skipped: it did not end in time"));
        (collected, began.elapsed())
    }

    /// Kernel logs that outlived a reset, and the warnings that were written down.
    async fn kept_logs(&mut self) -> std::io::Result<Vec<String>> {
        let files = &self.agent.world.files;
        let mut taken = Vec::new();
        for entry in files.list(PSTORE).await? {
            let name = format!("{PSTORE}/{}", entry.name);
            let bytes = files.read(&name, ITEM_BYTES).await?.unwrap_or_default();
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
        for name in [BOOTS].into_iter().chain(alive::SLOTS).chain(watchdog::SLOTS) {
            let found = self.agent.world.files.read(name, ITEM_BYTES).await;
            if let Some(bytes) = found.unwrap_or_default() {
                self.add_plain(&format!("agent/{name}"), bytes).await?;
            }
        }
        let owed = serde_json::to_vec_pretty(&self.agent.journal.owed()).unwrap_or_default();
        self.add_plain("agent/operations.json", owed).await
    }

    async fn add_plain(&mut self, path: &str, bytes: Vec<u8>) -> std::io::Result<()> {
        let collected = Collected { bytes, ..Collected::default() };
        self.add(path, collected, Duration::ZERO).await
    }

    async fn add(&mut self, path: &str, got: Collected, took: Duration) -> std::io::Result<()> {
        // Of a world that does not keep to its limits, no more than of one that does.
        let mut kept = excerpt(&got.bytes, crate::dom0::Limit { bytes: ITEM_BYTES, time: took });
        kept.truncated |= got.truncated;
        drop(got.bytes);
        // For what comes later, and for this, where it also stands without its surroundings.
        self.redactor.learn(&kept.bytes);
        let (bytes, redactions) = self.clean(&kept.bytes);
        drop(kept.bytes);
        let path = self.path(path);
        let error = got.error.map(|error| self.clean_text(&error));
        let entry = Described {
            blake3: blake3::hash(&bytes).to_hex().to_string(),
            bytes: bytes.len() as u64,
            duration_milliseconds: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            exit_code: got.exit_code,
            truncated: kept.truncated,
            error,
            redactions,
            path,
        };
        self.raw_bytes += entry.bytes;
        self.archive.add(&entry.path, &bytes).await?;
        self.draft.note(self.archive.length(), &entry).await?;
        self.entries.push(entry);
        tokio::task::yield_now().await;
        Ok(())
    }

    /// What of `text` may leave.
    fn clean(&self, text: &[u8]) -> (Vec<u8>, usize) {
        let (clean, redactions) = self.redactor.redact(text);
        match &self.pseudonyms {
            Some(pseudonyms) => (pseudonyms.replaced(&clean), redactions),
            None => (clean, redactions),
        }
    }

    fn clean_text(&self, text: &str) -> String {
        String::from_utf8_lossy(&self.clean(text.as_bytes()).0).into_owned()
    }

    /// A name for an entry. It may be from a host's own names: it says no secret, stays within the archive, and is
    /// no other entry's.
    fn path(&mut self, wanted: &str) -> String {
        let clean = self.clean_text(wanted);
        let fine = |c: char| if c.is_ascii_graphic() && c != '\\' { c } else { '_' };
        let parts = clean.split('/').filter(|part| !matches!(*part, "" | "." | ".."));
        let plain: String = parts.collect::<Vec<_>>().join("/").chars().map(fine).collect();
        let mut path: String = plain.chars().take(PATH_CHARACTERS).collect();
        let mut number = 2;
        while path.is_empty() || !self.paths.insert(path.clone()) {
            path = format!("{}-{number}", plain.chars().take(PATH_CHARACTERS).collect::<String>());
            number += 1;
        }
        path
    }
}

#[cfg(test)]
#[path = "collect_tests.rs"]
mod tests;
