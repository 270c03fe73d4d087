//! The record that a stress run is under way: what ends dom0 meanwhile was provoked.
//!
//! It is durable here, and the server knows of it, before there is any load: a death that nobody could tell from
//! an ordinary one would be counted as one.

use std::time::Duration;

use domfleet_shared::Timestamp;
use domfleet_shared::boot::{Boot, BootEnd};
use domfleet_shared::id::{BootId, OperationId};
use domfleet_shared::operation::stress::StressRun;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::time::timeout;

use crate::agent::Agent;
use crate::boots::BOOTS;
use crate::dial::Dialer;
use crate::dom0::Dom0;
use crate::journal::Event;
use crate::plan::reason;
use crate::storage::Files;
use crate::storage::record::{self, RecordError};
use crate::works::WorkError;
use crate::works::stress::UNDER_LOAD;

/// The file. It stays when a run is over, and says since when.
pub const STRESS: &str = "stress.json";
/// dom0 may die of what a run has left behind: writes that are still on their way to the disk.
const AFTERMATH: Duration = Duration::from_mins(10);
/// The server gets so long to say that it knows.
const KNOWN_WITHIN: Duration = Duration::from_mins(2);
/// fio writes its files first, and may take so much longer than its time.
const OVERTIME: Duration = Duration::from_mins(40);

/// A stress run that was begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stress {
    /// The operation that it belongs to.
    pub operation: OperationId,
    /// The boot in which it was.
    pub boot_id: BootId,
    /// When, by the agent's clock.
    pub started_at: Timestamp,
    /// dom0's uptime then.
    pub started_seconds: u64,
    /// When it ends by itself, or has ended.
    pub until: Timestamp,
}

impl Stress {
    /// The one on disk. One that cannot be read is none: its boot must not be left out of any count.
    pub async fn load(files: &impl Files) -> Option<Self> {
        record::load(files, STRESS).await.unwrap_or_else(|error| {
            tracing::warn!(error = &error as &dyn std::error::Error, "no word of a stress run");
            None
        })
    }

    /// Whether it was under way, or only just over, when `boot_id` gave its last sign of life.
    pub fn was_open(self, boot_id: BootId, last_sign: Option<Timestamp>) -> bool {
        let over = self.until + AFTERMATH;
        self.boot_id == boot_id && last_sign.is_none_or(|last| last <= over)
    }

    async fn store(&self, files: &impl Files) -> Result<(), RecordError> {
        record::store(files, STRESS, self).await
    }
}

/// Does the work of a stress run while that is on record, here and at the server.
pub(crate) async fn on_record<D: Dom0, F: Files, N: Dialer>(
    agent: &Agent<D, F, N>,
    id: OperationId,
    run: &StressRun,
    work: impl Future<Output = Result<Value, WorkError>>,
) -> Result<Value, WorkError> {
    let files = &agent.world.files;
    let running = agent.world.dom0.running();
    let running = running.map_err(|error| WorkError::because("unknown", &error))?;
    let now = agent.world.clock.now();
    let begun = Stress {
        operation: id,
        boot_id: agent.boot_id,
        started_at: now,
        started_seconds: running.uptime.as_secs(),
        until: now + KNOWN_WITHIN + run.duration() + OVERTIME,
    };
    begun.store(files).await.map_err(|error| WorkError::because("io", &error))?;
    let is_known = tokio::select! {
        known = timeout(KNOWN_WITHIN, agent.journal.until_known_to_run(id)) => known.is_ok(),
        () = agent.until_cancelled(id) => {
            over(agent, begun).await;
            return Err(WorkError::Cancelled);
        }
    };
    let done = if is_known {
        work.await
    } else {
        let why = "the server did not say that it knows of the run, and nothing was begun: what ends dom0 under \
                   load would be counted like any other end";
        Err(WorkError::failed("unacknowledged", why))
    };
    if !done.as_ref().is_err_and(goes_on) {
        over(agent, begun).await;
    }
    done
}

/// Whether something of the run cannot be ended, because the disk does not answer: then what comes of that is
/// provoked too.
fn goes_on(error: &WorkError) -> bool {
    matches!(error, WorkError::Failed(reason) if reason.code == UNDER_LOAD)
}

/// The load has ended; dom0 may still die of it.
async fn over<D: Dom0, F: Files, N: Dialer>(agent: &Agent<D, F, N>, begun: Stress) {
    let over = Stress { until: begun.until.min(agent.world.clock.now()), ..begun };
    if let Err(error) = over.store(&agent.world.files).await {
        let error = &error as &dyn std::error::Error;
        tracing::warn!(error, "it stays on record that a stress run is under way");
    }
}

/// What came of a run that this agent did not see to its end; it was begun in `begun_in`.
pub(crate) async fn afterwards<D: Dom0, F: Files, N: Dialer>(
    agent: &Agent<D, F, N>,
    id: OperationId,
    begun_in: BootId,
    left: Option<WorkError>,
) -> Event {
    if let Some(error) = &left {
        tracing::warn!(operation = %id, ?error, "something of a stress run is left");
    }
    let failed = |code: &str, why: String| Event::Failed { reason: reason(code, why) };
    let files = &agent.world.files;
    let Some(begun) = Stress::load(files).await.filter(|stress| stress.operation == id) else {
        let why = "the agent was restarted before there was any load: ask again";
        return failed("interrupted", why.into());
    };
    if begun_in == agent.boot_id {
        if let Some(WorkError::Failed(reason)) = left.filter(goes_on) {
            return Event::Failed { reason };
        }
        over(agent, begun).await;
        let why = "the agent was restarted in the middle of it, and the load has been ended; dom0 lived on";
        return failed("interrupted", why.into());
    }
    let boots: Vec<Boot> = record::load(files, BOOTS).await.ok().flatten().unwrap_or_default();
    let ended = boots.into_iter().find(|boot| boot.boot_id == begun_in);
    let when = last_sign(&begun, ended.as_ref());
    if let Some(BootEnd::Clean | BootEnd::Upgrade) = ended.as_ref().and_then(|boot| boot.end) {
        let why = format!("dom0 was shut down in order in the middle of it; {when}");
        return failed("interrupted", why);
    }
    let evidence = ended.map(|boot| boot.evidence.join("; ")).unwrap_or_default();
    failed("died", format!("dom0 died under load: {when}. {evidence}"))
}

fn last_sign(begun: &Stress, ended: Option<&Boot>) -> String {
    let last = ended.and_then(|boot| boot.last_seen_seconds);
    match last.and_then(|last| last.checked_sub(begun.started_seconds)) {
        Some(after) => format!("its last sign of life was {after} s after the run began"),
        None => "it gave no sign of life after the run had begun".to_owned(),
    }
}

#[cfg(test)]
#[path = "stress_tests.rs"]
mod tests;
