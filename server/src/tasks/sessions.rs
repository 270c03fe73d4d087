//! Ends sessions that would not be begun any more.
//!
//! Whoever revokes, accepts or rejects also ends the session at once. But that is a message, and
//! messages are lost: the process may die between the two, the session may have been half begun, and
//! another server may hold it. This finds all of those.

use std::time::Duration;

use super::Task;
use crate::agents::refusal::Refusal;
use crate::app::App;
use crate::db::standing;
use crate::domain::standing::{Course, Terms, course};

pub struct Sessions(pub App);

impl Task for Sessions {
    const NAME: &'static str = "sessions";
    const PERIOD: Duration = Duration::from_secs(10);
    /// How many were ended.
    type Report = usize;

    async fn run(&mut self) -> anyhow::Result<usize> {
        let app = &self.0;
        // Sessions first: what is read afterwards is not older than what they were begun with.
        let sessions = app.registry.all();
        if sessions.is_empty() {
            return Ok(0);
        }
        let standings = standing::all(app.db.read()).await?;
        let mut ended = 0;
        for slot in sessions {
            let terms = Terms {
                epoch: slot.epoch,
                accepted: slot.is_accepted(),
                read_only: slot.is_read_only(),
            };
            let refusal = match course(terms, standings.get(&slot.appliance).copied()) {
                Course::GoOn => continue,
                Course::Again => Refusal::changed(),
                Course::NotAdmitted => Refusal::not_admitted(),
                Course::Revoked => Refusal::revoked(),
            };
            tracing::info!(appliance = %slot.appliance, code = refusal.code, "a session is ended");
            slot.end(refusal);
            ended += 1;
        }
        Ok(ended)
    }
}
