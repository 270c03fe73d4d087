//! What came of uploads: those that nobody goes on with are removed, those that are whole and that the
//! object store did not take are offered to it again.

use std::time::Duration;

use super::Task;
use crate::app::App;
use crate::db::uploads as rows;
use crate::domain::bundle::BundleState;
use crate::uploads;

/// How many are looked after in one run: the next comes soon.
const AT_ONCE: u64 = 200;

/// Ends uploads that nobody has gone on with in time, and removes what is left of them.
pub struct Abandoned(pub App);

impl Task for Abandoned {
    const NAME: &'static str = "abandoned_uploads";
    const PERIOD: Duration = Duration::from_hours(1);
    /// How many were removed.
    type Report = usize;

    async fn run(&mut self) -> anyhow::Result<usize> {
        let app = &self.0;
        let mut removed = 0;
        for upload in rows::abandoned(app.db.read(), app.clock.now(), AT_ONCE).await? {
            // The row first: without it the file would look like one that is to be gone on with.
            uploads::give_up(app, &upload).await?;
            app.uploads.discard(upload.id).await?;
            removed += 1;
        }
        for (id, silent) in app.uploads.all()? {
            let is_of_use = match rows::any(app.db.read(), id).await? {
                Some(upload) => {
                    matches!(upload.state, BundleState::Uploading | BundleState::Received)
                }
                // The database may be an older one, from a backup: the appliance will say.
                None => silent < app.config.bundles.unfinished_for(),
            };
            if !is_of_use {
                app.uploads.discard(id).await?;
                removed += 1;
            }
        }
        Ok(removed)
    }
}

/// Stores what is here and is not in the object store.
pub struct Store(pub App);

impl Task for Store {
    const NAME: &'static str = "store";
    const PERIOD: Duration = Duration::from_secs(30);
    /// How many still wait.
    type Report = usize;

    async fn run(&mut self) -> anyhow::Result<usize> {
        let app = &self.0;
        if !app.objects.is_local() {
            app.objects.probe().await;
        }
        let waiting = rows::unstored(app.db.read(), AT_ONCE).await?;
        let mut left = waiting.len();
        for upload in &waiting {
            if app.objects.trouble().is_some() && !app.objects.is_local() {
                break;
            }
            match uploads::store_later(app, upload).await {
                Ok(()) => left -= 1,
                Err(error) => {
                    tracing::warn!(bundle = %upload.id, error = format!("{error:#}"), "a bundle is not stored yet");
                }
            }
        }
        #[expect(clippy::cast_precision_loss, reason = "a few hundred")]
        metrics::gauge!("domfleet_bundles_waiting_for_store").set(left as f64);
        Ok(left)
    }
}
