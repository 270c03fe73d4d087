//! What `domfleet-agent status` can tell of the running agent: a small record, written when it
//! changes.

use domfleet_shared::Timestamp;
use serde::{Deserialize, Serialize};

use crate::agent::Agent;
use crate::dial::Dialer;
use crate::dom0::Dom0;
use crate::storage::Files;
use crate::storage::record::{self, RecordError};

/// Its file.
pub const STATUS: &str = "status.json";

/// How the agent stands with its server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// Whether there is a session.
    pub connected: bool,
    /// Since when it is like this.
    pub since: Timestamp,
    /// Why there is no session, and what to do about it.
    pub trouble: Option<String>,
    /// Why nothing that changes anything is done.
    pub read_only: Option<String>,
}

impl Status {
    /// What was written last.
    pub async fn load(files: &impl Files) -> Result<Option<Self>, RecordError> {
        record::load(files, STATUS).await
    }

    fn says_the_same(&self, other: &Self) -> bool {
        self.connected == other.connected
            && self.trouble == other.trouble
            && self.read_only == other.read_only
    }
}

/// Keeps the record up to date.
pub(crate) async fn keep<D: Dom0, F: Files, N: Dialer>(agent: &Agent<D, F, N>) {
    let mut connected = agent.connected.subscribe();
    let mut trouble = agent.trouble.subscribe();
    let mut written: Option<Status> = None;
    loop {
        let status = Status {
            connected: *connected.borrow_and_update(),
            since: agent.world.clock.now(),
            trouble: trouble.borrow_and_update().clone(),
            read_only: agent.read_only(),
        };
        if !written.as_ref().is_some_and(|written| written.says_the_same(&status)) {
            // On a full disk the last one stays; the log has it all.
            if let Err(error) = record::store(&agent.world.files, STATUS, &status).await {
                tracing::debug!(error = &error as &dyn std::error::Error, "no status written");
            }
            written = Some(status);
        }
        tokio::select! {
            _ = connected.changed() => {}
            _ = trouble.changed() => {}
        }
    }
}

/// An error and everything behind it, as one sentence.
pub fn whole(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        let more = source.to_string();
        // A transparent error says what its source says.
        if !text.ends_with(&more) {
            text = format!("{text}: {more}");
        }
        next = source.source();
    }
    text
}
