//! What is kept for a time goes when its time is over: bundles, events, logins.

use std::time::Duration;

use crate::app::App;
use crate::db::{Stored, events, keeping, sessions};
use crate::tasks::Task;
use crate::uploads;

/// How many bundles go in one run: removing is slow, and the next run comes.
const AT_ONCE: u64 = 200;

/// Logins are kept so long after their end: whoever looks into a theft looks soon.
const ENDED_LOGINS: Duration = Duration::from_hours(30 * 24);

/// Removes what is over.
pub struct Retention(pub App);

/// What went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Removed {
    pub bundles: usize,
    pub events: u64,
    pub logins: u64,
}

impl Task for Retention {
    const NAME: &'static str = "retention";
    const PERIOD: Duration = Duration::from_mins(10);
    type Report = Removed;

    async fn run(&mut self) -> anyhow::Result<Removed> {
        let app = &self.0;
        let now = app.clock.now();
        let keep = Duration::from_hours(24 * u64::from(app.config.events.keep_days));
        Ok(Removed {
            bundles: self.bundles().await?,
            events: events::remove_old(app.db.write(), keep, now).await?,
            logins: sessions::remove_ended(app.db.write(), now - ENDED_LOGINS).await?,
        })
    }
}

impl Retention {
    async fn bundles(&self) -> anyhow::Result<usize> {
        let app = &self.0;
        let now = app.clock.now();
        let most = usize::try_from(app.config.bundles.keep_per_appliance).unwrap_or(usize::MAX);
        let mut removed = 0;
        for due in keeping::due(app.db.read(), most, now, AT_ONCE).await? {
            let txn = app.db.begin().await?;
            if keeping::expire(&txn, &due, now).await? == Stored::Stale {
                continue;
            }
            txn.commit().await?;
            app.objects.remove(due.object.as_deref()).await;
            uploads::discard(app, due.id);
            removed += 1;
        }
        if removed > 0 {
            app.bus.events_appended();
        }
        Ok(removed)
    }
}
