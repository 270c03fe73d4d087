//! Asks for the backups whose time has come.

use std::time::Duration;

use super::Task;
use crate::app::App;
use crate::db::{schedules, server_state};
use crate::schedule;

/// Runs are kept for so long, and the newest of each appliance for ever.
const KEPT: Duration = Duration::from_hours(120 * 24);

/// Looks after all schedules.
pub struct Schedules(pub App);

impl Task for Schedules {
    const NAME: &'static str = "schedules";
    const PERIOD: Duration = Duration::from_secs(30);
    /// Of how many appliances it was decided what is asked.
    type Report = usize;

    async fn run(&mut self) -> anyhow::Result<usize> {
        let app = &self.0;
        // Held, everything would be refused; what is due then is made up for.
        if server_state::is_held(app.db.read()).await? {
            return Ok(0);
        }
        let mut decided = 0;
        for found in schedules::active(app.db.read()).await? {
            decided += schedule::proceed(app, &found).await?;
        }
        if decided > 0 {
            schedules::remove_old(app.db.write(), app.clock.now() - KEPT).await?;
        }
        Ok(decided)
    }
}
