//! Work that goes on by itself.
//!
//! A task reads, decides by `domain`, writes, and can be done again at any time. It takes no input:
//! a wake-up says that there may be work, the database says what.

pub mod bulks;
pub mod bundle_scanner;
pub mod certificates;
pub mod deadlines;
pub mod dispatcher;
pub mod endings;
pub mod hold;
pub mod memory;
pub mod migrations;
pub mod presence;
pub mod retention;
pub mod schedules;
pub mod sessions;
pub mod uploads;

use std::fmt;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::app::App;
use crate::bus::Wake;

/// Work that can be done again at any time.
pub trait Task: Send + 'static {
    /// Its name in logs.
    const NAME: &'static str;
    /// How long it is left alone when nothing wakes it.
    const PERIOD: Duration;
    /// What it says of one run.
    type Report: fmt::Debug + Clone + Send + Sync + 'static;

    /// Does what there is to do now.
    ///
    /// An error is logged and tried again after [`Self::PERIOD`]; it needs no retries of its own.
    fn run(&mut self) -> impl Future<Output = anyhow::Result<Self::Report>> + Send;
}

/// How a task goes.
#[derive(Clone, Debug)]
pub enum Status<R> {
    New,
    Ran { took: Duration, report: Result<R, String> },
}

/// Runs `task` until `stop`, and shows how it goes.
pub fn spawn<T: Task>(
    mut task: T,
    wake: Wake,
    tracker: &TaskTracker,
    stop: CancellationToken,
) -> watch::Receiver<Status<T::Report>> {
    let (status, seen) = watch::channel(Status::New);
    tracker.spawn(async move {
        let mut tick = tokio::time::interval(T::PERIOD);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            // All are cancel safe: a tick or a wake-up that is not taken comes again.
            tokio::select! {
                () = stop.cancelled() => return,
                _ = tick.tick() => {}
                () = wake.woken() => {}
            }
            let started = Instant::now();
            let report = task.run().await.map_err(|error| {
                tracing::warn!(task = T::NAME, error = format!("{error:#}"), "task failed");
                format!("{error:#}")
            });
            status.send_replace(Status::Ran { took: started.elapsed(), report });
        }
    });
    seen
}

/// Runs all that look after agents.
pub fn start_for_agents(app: &App) {
    let (tracker, stop) = (&app.tracker, || app.stop.clone());
    let alone = Wake::default;
    spawn(presence::Presences::new(app.clone()), app.bus.presence.clone(), tracker, stop());
    spawn(dispatcher::Dispatcher(app.clone()), app.bus.dispatcher.clone(), tracker, stop());
    spawn(migrations::Migrations(app.clone()), app.bus.migrations.clone(), tracker, stop());
    spawn(endings::Endings(app.clone()), app.bus.endings.clone(), tracker, stop());
    spawn(bulks::Bulks(app.clone()), alone(), tracker, stop());
    spawn(schedules::Schedules(app.clone()), alone(), tracker, stop());
    spawn(sessions::Sessions(app.clone()), alone(), tracker, stop());
    spawn(deadlines::Deadlines(app.clone()), alone(), tracker, stop());
    spawn(certificates::Certificates(app.clone()), alone(), tracker, stop());
    spawn(uploads::Abandoned(app.clone()), alone(), tracker, stop());
    spawn(uploads::Store(app.clone()), alone(), tracker, stop());
}

/// Runs all that look after the server itself.
pub fn start_housekeeping(app: &App) {
    let stop = || app.stop.clone();
    spawn(retention::Retention(app.clone()), Wake::default(), &app.tracker, stop());
    spawn(bundle_scanner::BundleScanner::new(app.clone()), Wake::default(), &app.tracker, stop());
    spawn(hold::Hold(app.clone()), Wake::default(), &app.tracker, stop());
    spawn(memory::Memory, Wake::default(), &app.tracker, stop());
}
