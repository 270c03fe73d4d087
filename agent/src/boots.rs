//! The list of boots: what the one that runs is made of, and how those before it ended.

mod kept;
mod remains;

use domfleet_shared::boot::{Boot, BootEnd, classify};
use domfleet_shared::id::BootId;
use domfleet_shared::inventory::Facts;

use crate::agent::Agent;
use crate::alive::{Alive, Clean};
use crate::bundle::redact::Redactor;
use crate::dial::Dialer;
use crate::dom0::{Dom0, Observed};
use crate::kernel_log;
use crate::storage::Files;
use crate::storage::record::{self, RecordError};
pub(crate) use kept::PSTORE;

/// The file of the list.
pub const BOOTS: &str = "boots.json";
/// As many are reported as are kept.
const KEPT: usize = 50;

/// The list as it is on disk; nothing until it could be brought up to date.
#[derive(Debug, Default)]
pub(crate) struct Boots(tokio::sync::Mutex<Option<Vec<Boot>>>);

/// Takes note of the boot that runs, and of how the one before it ended.
///
/// Nothing here keeps the agent from running: a list that cannot be written is tried again at the next look.
pub(crate) async fn begin<D: Dom0, F: Files, N: Dialer>(
    agent: &Agent<D, F, N>,
    observed: &Observed,
) {
    let mut known = agent.boots.0.lock().await;
    if known.is_some() {
        return;
    }
    match note(agent, observed).await {
        Ok(boots) => {
            agent.inventory.take_boots(&boots);
            *known = Some(boots);
        }
        Err(error) => {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(error, "the list of boots could not be brought up to date");
        }
    }
}

/// Writes down what the boot that runs is made of, where that is something else than before.
pub(crate) async fn look<D: Dom0, F: Files, N: Dialer>(
    agent: &Agent<D, F, N>,
    observed: &Observed,
) {
    let mut known = agent.boots.0.lock().await;
    let Some(boots) = known.as_mut() else { return };
    let Some(last) = boots.last() else { return };
    let mut next = last.clone();
    if next.boot_id != observed.facts.boot_id || !watch(agent, &mut next, observed) {
        return;
    }
    let mut changed = boots.clone();
    if let Some(last) = changed.last_mut() {
        *last = next;
    }
    match record::store(&agent.world.files, BOOTS, &changed).await {
        Ok(()) => {
            agent.inventory.take_boots(&changed);
            *boots = changed;
        }
        Err(error) => {
            // At the next look it is still something else.
            let error = &error as &dyn std::error::Error;
            tracing::warn!(error, "what changed in dom0 could not be written down");
        }
    }
}

/// Takes a look into `boot`; says whether it showed anything new.
fn watch<D: Dom0, F: Files, N: Dialer>(
    agent: &Agent<D, F, N>,
    boot: &mut Boot,
    observed: &Observed,
) -> bool {
    let Ok(running) = agent.world.dom0.running() else { return false };
    let vms = observed.vms.as_deref().ok();
    boot.look(running.uptime.as_secs(), &observed.facts.components, vms)
}

async fn note<D: Dom0, F: Files, N: Dialer>(
    agent: &Agent<D, F, N>,
    observed: &Observed,
) -> Result<Vec<Boot>, RecordError> {
    let files = &agent.world.files;
    let facts = &observed.facts;
    let mut boots: Vec<Boot> = record::load(files, BOOTS).await?.unwrap_or_default();
    match boots.last_mut() {
        Some(last) if last.boot_id == facts.boot_id => {
            last.components = facts.components.clone();
            // It was going down, and did not.
            if Clean::load(files).await.is_some_and(|clean| clean.boot_id == facts.boot_id) {
                Clean::forget(files).await?;
            }
        }
        last => {
            let kept = agent.world.dom0.kept().await;
            if let Some(last) = last {
                close(agent, last, facts, &kept).await?;
            }
            boots.push(begun(facts));
            let power = remains::Power { boot_id: facts.boot_id, cycles: kept.power_cycles };
            power.store(files).await?;
        }
    }
    if let Some(last) = boots.last_mut() {
        watch(agent, last, observed);
    }
    let excess = boots.len().saturating_sub(KEPT);
    boots.drain(..excess);
    record::store(files, BOOTS, &boots).await?;
    let newest: Vec<BootId> = boots.iter().rev().take(3).map(|boot| boot.boot_id).collect();
    if let Err(error) = kernel_log::prune(files, &newest).await {
        tracing::debug!(error = &error as &dyn std::error::Error, "old kernel logs stay");
    }
    Ok(boots)
}

fn begun(facts: &Facts) -> Boot {
    Boot {
        boot_id: facts.boot_id,
        started_at: facts.booted_at,
        ended_at: None,
        end: None,
        confidence: None,
        evidence: Vec::new(),
        components: facts.components.clone(),
        first_seen_seconds: None,
        last_seen_seconds: None,
        changes: Vec::new(),
    }
}

/// Says how `last` ended. Evidence quotes logs, and leaves the appliance: no secret of theirs goes with it.
async fn close<D: Dom0, F: Files, N: Dialer>(
    agent: &Agent<D, F, N>,
    last: &mut Boot,
    now: &Facts,
    kept: &crate::dom0::Kept,
) -> Result<(), RecordError> {
    let files = &agent.world.files;
    let pstore = kept::keep(agent, last.boot_id, &kept.logs).await?;
    let remains = remains::of(files, last, now, kept, pstore).await;
    let ending = classify(&remains);
    tracing::info!(boot = %last.boot_id, ?ending, "the last boot has ended");
    let redactor = Redactor::new();
    let redacted = |sentence: String| {
        String::from_utf8_lossy(&redactor.redact(sentence.as_bytes()).0).into_owned()
    };
    last.end = Some(ending.end);
    last.confidence = Some(ending.confidence);
    last.evidence = ending.evidence.into_iter().map(redacted).collect();
    let alive = Alive::last(files).await.filter(|alive| alive.boot_id == last.boot_id);
    let seen = alive.as_ref().map_or(last.started_at, |alive| alive.wall);
    last.ended_at = Some(seen.max(last.started_at));
    let lived = alive.map(|alive| alive.uptime_seconds);
    last.last_seen_seconds = lived.max(last.seen_until_seconds());
    Ok(())
}

/// Whether the boot before the one that runs ended in a way that someone should look into.
pub(crate) async fn unclean(files: &impl Files, running: BootId) -> Option<BootId> {
    let boots: Vec<Boot> = record::load(files, BOOTS).await.ok()??;
    let [.., before, last] = boots.as_slice() else { return None };
    let is_unclean = match before.end? {
        // A loss of power is only guessed: somebody may have cycled a frozen one.
        BootEnd::Panic
        | BootEnd::Watchdog
        | BootEnd::Hang
        | BootEnd::PowerLoss
        | BootEnd::Provoked
        | BootEnd::Unknown => true,
        BootEnd::Clean | BootEnd::Upgrade | BootEnd::Lost => false,
    };
    (is_unclean && last.boot_id == running).then_some(before.boot_id)
}

#[cfg(test)]
#[path = "boots/tests.rs"]
mod tests;
