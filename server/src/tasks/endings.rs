//! Works out how boots ended once more, from what is known of the appliances beside them.

use std::time::Duration;

use super::Task;
use crate::app::App;
use crate::db::endings;

/// As many ends at a time: the rest is due still.
const AT_ONCE: usize = 500;

pub struct Endings(pub App);

/// What one run did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Refined {
    /// How many ends were due.
    pub due: usize,
    /// How many are shown otherwise than before, of those and of ends beside them.
    pub changed: usize,
}

impl Task for Endings {
    const NAME: &'static str = "endings";
    const PERIOD: Duration = Duration::from_secs(5);
    type Report = Refined;

    async fn run(&mut self) -> anyhow::Result<Refined> {
        let app = &self.0;
        let mut done = Refined::default();
        while done.due < AT_ONCE {
            let Some(changed) = endings::refine_next(&app.db, app.clock.now()).await? else {
                break;
            };
            done.due += 1;
            done.changed += changed;
            if changed > 0 {
                app.bus.events_appended();
            }
        }
        Ok(done)
    }
}
