//! Ends what nobody could be offered in time, and misses what agents fell silent about.

use std::time::Duration;

use super::Task;
use crate::app::App;
use crate::db::{progress, server_state};

pub struct Deadlines(pub App);

/// How many operations were moved on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moved {
    pub expired: usize,
    pub lost: usize,
}

impl Task for Deadlines {
    const NAME: &'static str = "deadlines";
    const PERIOD: Duration = Duration::from_secs(5);
    type Report = Moved;

    async fn run(&mut self) -> anyhow::Result<Moved> {
        let app = &self.0;
        // What is queued in a backup may have been offered, and done, since it was made.
        if server_state::is_held(app.db.read()).await? {
            return Ok(Moved::default());
        }
        let now = app.clock.now();
        let moved = Moved {
            expired: progress::expire(&app.db, now).await?,
            lost: progress::silence(&app.db, now).await?,
        };
        if moved != Moved::default() {
            app.bus.events_appended();
        }
        Ok(moved)
    }
}
