//! Snapshots that a backup is read from, and the VMs that were paused for them: nothing of it is left,
//! whatever comes of the backup, of the agent and of dom0.

use std::time::Duration;

use domfleet_shared::id::OperationId;
use domfleet_shared::inventory::{VmState, Volume};
use domfleet_shared::operation::Reason;
use tokio::time::sleep;

use crate::agent::Agent;
use crate::dial::Dialer;
use crate::dom0::snapshots::{ON_SITE_TAG, is_for_backup, is_of};
use crate::dom0::step::operation_of_tag;
use crate::dom0::{Dom0, Observed, Step};
use crate::plan::{self, reason};
use crate::storage::Files;
use crate::verdict::{self, Verdict};

/// What reads a volume may have it open for a moment longer than it says.
const ATTEMPTS: u32 = 5;
const BETWEEN_ATTEMPTS: Duration = Duration::from_secs(2);
/// How often it is looked for snapshots whose backup is over.
const SWEPT_EVERY: Duration = Duration::from_hours(1);

/// Lets the domain go on that `step` has paused, when the agent was killed before it could.
pub(crate) async fn let_go_on<D: Dom0, F: Files, N: Dialer>(agent: &Agent<D, F, N>, step: &Step) {
    let Step::SnapshotDisks { vm, pause: Some(domid), .. } = step else { return };
    let step = Step::UnpauseDomain { vm: *vm, domid: *domid };
    for attempt in 1..=ATTEMPTS {
        // One that is gone, or that another boot gave the same number, is not paused by us.
        let domains = agent.world.dom0.domains().await;
        let is_it = |domain: &&crate::dom0::Domain| domain.domid == *domid && domain.uuid == *vm;
        let found = domains.iter().flatten().find(is_it).map(crate::dom0::Domain::vm_state);
        if domains.is_ok() && found != Some(VmState::Paused) {
            return;
        }
        if let Err(error) = agent.world.dom0.apply(&step).await {
            tracing::error!(
                %vm,
                attempt,
                error = &error as &dyn std::error::Error,
                "a VM that was paused for its backup does not go on"
            );
            sleep(BETWEEN_ATTEMPTS).await;
        }
    }
}

/// Makes the snapshots anew that were lost while the agent was away: removed by somebody, or overflowed.
pub(crate) async fn renew<D: Dom0, F: Files, N: Dialer>(
    agent: &Agent<D, F, N>,
    steps: &[Step],
) -> Result<(), Reason> {
    for step in steps {
        let Step::SnapshotDisks { operation, vm, disks, on_site, .. } = step else { continue };
        let host = agent.observe().await;
        if verdict::of_host(step, &host, agent.boot_id) == Verdict::Done {
            continue;
        }
        // It may have been started anew meanwhile.
        let found = host.vm(*vm).ok().flatten();
        let pause = found.filter(|vm| vm.state == VmState::Running).and_then(|vm| vm.domid);
        let anew = Step::SnapshotDisks {
            operation: *operation,
            vm: *vm,
            pause,
            disks: disks.clone(),
            on_site: *on_site,
        };
        let said = agent.world.dom0.apply(&anew).await;
        let host = agent.observe().await;
        if verdict::of_host(&anew, &host, agent.boot_id) != Verdict::Done {
            let_go_on(agent, &anew).await;
            let why = said.err().map_or_else(|| "they are not there".to_owned(), |e| e.to_string());
            let why = format!("the snapshots that were lost could not be made anew: {why}");
            return Err(reason("snapshot", why));
        }
    }
    Ok(())
}

/// Removes the snapshots that an operation has made for its backup.
pub(crate) async fn remove<D: Dom0, F: Files, N: Dialer>(agent: &Agent<D, F, N>, id: OperationId) {
    remove_all(agent, |volume| is_of(volume, id)).await;
}

/// Looks for snapshots whose backup is over, now and then: they could not be removed when it ended, and
/// slow their VM down.
pub(crate) async fn keep_sweeping<D: Dom0, F: Files, N: Dialer>(agent: &Agent<D, F, N>) {
    loop {
        sweep(agent).await;
        sleep(SWEPT_EVERY).await;
    }
}

pub(crate) async fn sweep<D: Dom0, F: Files, N: Dialer>(agent: &Agent<D, F, N>) {
    let is_left_over = |volume: &Volume| {
        let mut operations = volume.tags.iter().filter_map(|tag| operation_of_tag(tag)).peekable();
        operations.peek().is_some()
            && !volume.tags.contains(ON_SITE_TAG)
            && operations.all(|id| agent.journal.standing(id).is_none_or(|found| found.is_ended()))
    };
    remove_all(agent, |volume| is_for_backup(volume) && is_left_over(volume)).await;
}

/// Removes every snapshot that was made for a backup and is meant.
async fn remove_all<D: Dom0, F: Files, N: Dialer>(
    agent: &Agent<D, F, N>,
    is_meant: impl Fn(&Volume) -> bool,
) {
    for attempt in 1..=ATTEMPTS {
        let host = agent.observe().await;
        let left = meant(&host, &is_meant);
        let mut is_done = host.storage.is_ok();
        if is_done && left.is_empty() {
            return;
        }
        for volume in left {
            if let Err(error) = agent.world.dom0.apply(&plan::removal(volume)).await {
                is_done = false;
                tracing::warn!(
                    volume = volume.name,
                    attempt,
                    error = &error as &dyn std::error::Error,
                    "a snapshot that is of no use any more is left"
                );
            }
        }
        if !is_done {
            sleep(BETWEEN_ATTEMPTS).await;
        }
    }
}

fn meant(host: &Observed, is_meant: impl Fn(&Volume) -> bool) -> Vec<&Volume> {
    let volumes = host.storage.iter().flat_map(|storage| &storage.volumes);
    volumes.filter(|volume| is_for_backup(volume) && is_meant(volume)).collect()
}

#[cfg(test)]
#[path = "snapshots_tests.rs"]
mod tests;
