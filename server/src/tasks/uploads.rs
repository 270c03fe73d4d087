//! Removes what came of bundles that nobody goes on sending.

use std::time::Duration;

use super::Task;
use crate::agents::uploads::{self, ABANDONED};
use crate::app::App;
use crate::db::uploads as rows;

pub struct Abandoned(pub App);

impl Task for Abandoned {
    const NAME: &'static str = "abandoned_uploads";
    const PERIOD: Duration = Duration::from_hours(1);
    /// How many were removed.
    type Report = usize;

    async fn run(&mut self) -> anyhow::Result<usize> {
        let app = &self.0;
        let abandoned = app.uploads.older_than(ABANDONED)?;
        for id in &abandoned {
            // The row first: without it the file would look like one that is to be gone on with.
            if let Some(upload) = rows::any(app.db.read(), *id).await? {
                uploads::give_up(app, &upload).await?;
            }
            app.uploads.discard(*id).await?;
        }
        Ok(abandoned.len())
    }
}
