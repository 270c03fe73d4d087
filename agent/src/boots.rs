//! The list of boots, and how the last one ended.

use domfleet_shared::boot::{Boot, BootEnd, Remains, classify};
use domfleet_shared::id::BootId;
use domfleet_shared::inventory::{Components, Facts};

use crate::agent::Agent;
use crate::alive::{Alive, Clean};
use crate::dial::Dialer;
use crate::dom0::{Dom0, Step};
use crate::kernel_log;
use crate::storage::Files;
use crate::storage::record::{self, RecordError};

/// The file of the list.
pub const BOOTS: &str = "boots.json";
/// As many are reported as are kept.
const KEPT: usize = 50;
/// Kernel logs that outlived a reset are kept here until a bundle has them.
pub(crate) const PSTORE: &str = "pstore";
const PSTORE_BYTES: usize = 1024 * 1024;
/// The newest warnings tell how it ended.
const WARNINGS: usize = 500;

/// Takes note of the boot that runs, and of how the one before it ended.
///
/// Nothing here keeps the agent from running: a list that cannot be written is tried again at the
/// next start.
pub(crate) async fn begin<D: Dom0, F: Files, N: Dialer>(agent: &Agent<D, F, N>, facts: &Facts) {
    match note(agent, facts).await {
        Ok(boots) => agent.inventory.take_boots(&boots),
        Err(error) => {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(error, "the list of boots could not be brought up to date");
        }
    }
}

async fn note<D: Dom0, F: Files, N: Dialer>(
    agent: &Agent<D, F, N>,
    facts: &Facts,
) -> Result<Vec<Boot>, RecordError> {
    let files = &agent.world.files;
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
                let pstore = keep(agent, last.boot_id, &kept.logs).await?;
                let remains = Remains {
                    pstore,
                    watchdog_reset: kept.watchdog_reset,
                    ..remains(files, last, &facts.components).await
                };
                close(last, &remains, Alive::last(files).await);
            }
            boots.push(Boot {
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
            });
        }
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

/// Whether the boot before the one that runs ended in a way that someone should look into.
pub(crate) async fn unclean(files: &impl Files, running: BootId) -> Option<BootId> {
    let boots: Vec<Boot> = record::load(files, BOOTS).await.ok()??;
    let [.., before, last] = boots.as_slice() else { return None };
    let is_unclean = match before.end? {
        BootEnd::Panic | BootEnd::Watchdog | BootEnd::Hang | BootEnd::Unknown => true,
        BootEnd::Clean
        | BootEnd::Upgrade
        | BootEnd::PowerLoss
        | BootEnd::Provoked
        | BootEnd::Lost => false,
    };
    (is_unclean && last.boot_id == running).then_some(before.boot_id)
}

async fn remains(files: &impl Files, last: &Boot, now: &Components) -> Remains {
    let clean = Clean::load(files).await;
    let alive = Alive::last(files).await.filter(|alive| alive.boot_id == last.boot_id);
    let mut warnings = kernel_log::warnings(files, last.boot_id).await;
    warnings.drain(..warnings.len().saturating_sub(WARNINGS));
    Remains {
        clean_record: clean.is_some_and(|clean| clean.boot_id == last.boot_id),
        versions_changed: is_another_platform(&last.components, now),
        stress_open: false,
        pstore: None,
        watchdog_reset: false,
        warnings,
        slowest_alive_milliseconds: alive.map(|alive| alive.slowest_milliseconds),
    }
}

/// Whether a version differs of which both are known: on a busy dom0 one may not be told in time.
fn is_another_platform(before: &Components, now: &Components) -> bool {
    let both = platform(before).into_iter().zip(platform(now));
    both.filter_map(|(before, now)| Some((before?, now?))).any(|(before, now)| before != now)
}

/// What an upgrade of the appliance changes: the agent updates itself, and settings are no versions.
fn platform(components: &Components) -> [Option<&String>; 5] {
    [
        components.hypervisor.as_ref(),
        components.dom0_kernel.as_ref(),
        components.xen.as_ref(),
        components.qemu_installed.as_ref(),
        components.alpine.as_ref(),
    ]
}

fn close(last: &mut Boot, remains: &Remains, alive: Option<Alive>) {
    let (end, confidence, evidence) = classify(remains);
    tracing::info!(boot = %last.boot_id, ?end, ?evidence, "the last boot has ended");
    last.end = Some(end);
    last.confidence = Some(confidence);
    last.evidence = evidence;
    let seen = alive.filter(|alive| alive.boot_id == last.boot_id).map(|alive| alive.wall);
    last.ended_at = Some(seen.map_or(last.started_at, |wall| wall.max(last.started_at)));
}

/// Copies what the platform kept into our folder, under the name of the boot that it is from, and
/// only then takes it away there. Gives the text of all of it.
async fn keep<D: Dom0, F: Files, N: Dialer>(
    agent: &Agent<D, F, N>,
    of: BootId,
    logs: &[crate::dom0::KeptLog],
) -> Result<Option<String>, RecordError> {
    let files = &agent.world.files;
    let io = |source| RecordError::Io { name: PSTORE.to_owned(), source };
    for log in logs {
        let plain = log.name.replace(|c: char| !c.is_ascii_alphanumeric() && c != '-', "_");
        let bytes = log.bytes.get(..log.bytes.len().min(PSTORE_BYTES)).unwrap_or_default();
        files.replace(&format!("{PSTORE}/{of}.{plain}"), bytes.to_vec()).await.map_err(io)?;
        let step = Step::ForgetKeptLog { name: log.name.clone() };
        if let Err(error) = agent.world.dom0.apply(&step).await {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(error, name = log.name, "a kept kernel log stays where it was");
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_that_was_not_told_is_not_another_version() {
        let of = |qemu: Option<&str>, xen: &str| Components {
            qemu_installed: qemu.map(str::to_owned),
            xen: Some(xen.to_owned()),
            ..Components::default()
        };
        let before = of(Some("7.2.22"), "4.17.7");

        assert!(!is_another_platform(&before, &of(None, "4.17.7")));
        assert!(!is_another_platform(&of(None, "4.17.7"), &before));
        assert!(is_another_platform(&before, &of(None, "4.18.0")));
        assert!(is_another_platform(&before, &of(Some("8.1.5"), "4.17.7")));
    }
}
