//! From a work to its end: begun, told of, stopped, tidied up after.

use std::sync::Arc;
use std::time::Duration;

use domfleet_shared::id::OperationId;
use domfleet_shared::operation::stress::StressRun;
use domfleet_shared::operation::{Class, Operation, Progress};
use serde_json::json;
use tokio::time::{MissedTickBehavior, interval};

use crate::agent::{Agent, World};
use crate::backup::cipher::Keyring;
use crate::dial::Dialer;
use crate::dom0::{Dom0, Step};
use crate::journal::{Event, Standing};
use crate::keys;
use crate::meter::Meter;
use crate::plan::{self, reason};
use crate::snapshots;
use crate::storage::Files;
use crate::stress;
use crate::works::{Gauge, Work, WorkError};

/// Between two words on how far it is.
const TELL_AGAIN: Duration = Duration::from_secs(2);

/// Brings the work of an operation whose steps are done to its end. `is_fresh` says that no earlier
/// run of the agent can have begun it. Nothing where the operation has no work.
pub(crate) async fn finish<D: Dom0, F: Files, N: Dialer>(
    agent: &Agent<D, F, N>,
    id: OperationId,
    operation: &Operation,
    steps: &[Step],
    is_fresh: bool,
) -> Option<Event> {
    // First of all: whatever there is to be seen of dom0, it may still be under load.
    if let (Operation::StressRun(run), false) = (operation, is_fresh) {
        return Some(look_back(agent, id, run).await);
    }
    if !is_fresh && let Err(reason) = snapshots::renew(agent, steps).await {
        give_back(agent, id, steps, steps.len()).await;
        return Some(Event::Failed { reason });
    }
    let host = agent.observe().await;
    let work = match plan::work(id, operation, &host) {
        Ok(work) => work?,
        Err(reason) => {
            give_back(agent, id, steps, steps.len()).await;
            return Some(Event::Failed { reason });
        }
    };
    if operation.class() == Class::Destructive && !is_fresh {
        let why = "the agent was restarted in the middle of it, and it was not begun again: look at \
                   what there is now, and ask again";
        return Some(Event::Failed { reason: reason("interrupted", why) });
    }
    let keys = match keys::held(&agent.world.files).await {
        Ok(keys) => keys,
        Err(error) => {
            tracing::warn!(error = &error as &dyn std::error::Error, "no backup key can be read");
            Keyring::EMPTY
        }
    };
    let work = carry_on(agent, id, work, keys);
    let done = match operation {
        Operation::StressRun(run) => stress::on_record(agent, id, run, work).await,
        _ => work.await,
    };
    let restarted = give_back(agent, id, steps, steps.len()).await;
    let event = match done {
        Ok(mut result) => {
            if !restarted.is_empty() {
                result["started_again"] = json!(restarted);
            }
            Event::Succeeded { result: Some(result) }
        }
        Err(error) => {
            take_away(agent, id).await;
            match error {
                WorkError::Cancelled => {
                    let why =
                        "it was stopped before it was finished; what can be gone on from is kept";
                    Event::Cancelled { reason: reason("withdrawn", why) }
                }
                WorkError::Failed(reason) => Event::Failed { reason },
            }
        }
    };
    agent.look_again.notify_one();
    Some(event)
}

/// What came of a stress run that an earlier run of the agent has begun, of which nothing stays.
async fn look_back<D: Dom0, F: Files, N: Dialer>(
    agent: &Agent<D, F, N>,
    id: OperationId,
    run: &StressRun,
) -> Event {
    let begun_in = match agent.journal.standing(id) {
        Some(Standing::Begun { boot_id, .. }) => boot_id,
        _ => agent.boot_id,
    };
    let cleared = carry_on(agent, id, Work::ClearStress(run.clone()), Keyring::EMPTY).await;
    stress::afterwards(agent, id, begun_in, cleared.err()).await
}

/// Stops the work of a future that is dropped.
struct StopsWhenDropped(Arc<Gauge>);

impl Drop for StopsWhenDropped {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

async fn carry_on<D: Dom0, F: Files, N: Dialer>(
    agent: &Agent<D, F, N>,
    id: OperationId,
    work: Work,
    keys: Keyring,
) -> Result<serde_json::Value, WorkError> {
    let gauge = Arc::new(Gauge::default());
    let _stops = StopsWhenDropped(Arc::clone(&gauge));
    let meter: Arc<dyn Meter> = Arc::clone(&gauge) as Arc<dyn Meter>;
    let mut work = std::pin::pin!(agent.world.dom0.work(work, keys, &meter));
    let mut telling = interval(TELL_AGAIN);
    telling.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut told: Option<Progress> = None;
    loop {
        tokio::select! {
            done = &mut work => return done,
            () = agent.until_cancelled(id), if !gauge.is_cancelled() => gauge.cancel(),
            _ = telling.tick() => {
                let progress = gauge.progress();
                if told.as_ref() != Some(&progress) {
                    report(agent, id, progress.clone()).await;
                    told = Some(progress);
                }
            }
        }
    }
}

async fn report<D: Dom0, F: Files, N: Dialer>(
    agent: &Agent<D, F, N>,
    id: OperationId,
    progress: Progress,
) {
    let World { files, clock, .. } = &agent.world;
    if let Err(error) = agent.journal.progress(files, id, clock.now(), progress).await {
        tracing::debug!(error = &error as &dyn std::error::Error, "progress is not told");
    }
}

/// A volume that was made for a work which came to nothing is in nobody's way.
async fn take_away<D: Dom0, F: Files, N: Dialer>(agent: &Agent<D, F, N>, id: OperationId) {
    let host = agent.observe().await;
    let Some(made) = plan::made(id, &host) else { return };
    if let Err(error) = agent.world.dom0.apply(&plan::removal(made)).await {
        tracing::warn!(error = &error as &dyn std::error::Error, "a volume of no use is left");
    }
}

/// Leaves VMs and volumes as they were before a backup of whose steps so many were done, whatever came of
/// it. Gives the names of the VMs that were off.
pub(crate) async fn give_back<D: Dom0, F: Files, N: Dialer>(
    agent: &Agent<D, F, N>,
    id: OperationId,
    steps: &[Step],
    done: usize,
) -> Vec<String> {
    if let Some(step) = steps.get(done) {
        snapshots::let_go_on(agent, step).await;
    }
    if steps.iter().any(|step| matches!(step, Step::SnapshotDisks { .. })) {
        snapshots::remove(agent, id).await;
    }
    start_again(agent, steps).await
}

/// Starts the VMs again that were shut down for a work. Gives the names of those that were off.
async fn start_again<D: Dom0, F: Files, N: Dialer>(
    agent: &Agent<D, F, N>,
    steps: &[Step],
) -> Vec<String> {
    let shut_down = steps.iter().filter_map(|step| match step {
        Step::ShutDownDomain { vm, .. } => Some(*vm),
        _ => None,
    });
    let mut started = Vec::new();
    let host = agent.observe().await;
    for vm in shut_down {
        let Ok(Some(found)) = host.vm(vm) else { continue };
        let (None, Some(config_path)) = (found.domid, &found.config_path) else { continue };
        let step = Step::CreateDomain { vm, config_path: config_path.clone() };
        match agent.world.dom0.apply(&step).await {
            Ok(()) => started.push(found.name.clone()),
            Err(error) => {
                tracing::error!(
                    vm = found.name,
                    error = &error as &dyn std::error::Error,
                    "a VM that was shut down for a backup does not start again"
                );
            }
        }
    }
    started
}

#[cfg(test)]
#[path = "working_tests.rs"]
mod tests;
