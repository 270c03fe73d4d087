//! Goes on with what was to be asked of many, where whoever began has not come to the end.

use std::time::Duration;

use super::Task;
use crate::app::App;
use crate::bulk;
use crate::db::{bulks, server_state};

/// One of them does not keep the others waiting for longer.
const EACH: Duration = Duration::from_secs(20);

pub struct Bulks(pub App);

impl Task for Bulks {
    const NAME: &'static str = "bulks";
    const PERIOD: Duration = Duration::from_secs(5);
    /// How many appliances were asked.
    type Report = usize;

    async fn run(&mut self) -> anyhow::Result<usize> {
        let app = &self.0;
        // Held, everything would be refused; the rest waits for the end of it.
        if server_state::is_held(app.db.read()).await? {
            return Ok(0);
        }
        let mut asked = 0;
        for id in bulks::unfinished(app.db.read()).await? {
            asked += bulk::proceed(app, id, EACH).await?;
        }
        Ok(asked)
    }
}
