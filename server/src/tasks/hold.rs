//! The end of the hold after a restore: when every appliance that it is reasonable to wait for has
//! reported to this incarnation of the server.

use std::time::Duration;

use domfleet_shared::id::OrganisationId;
use serde_json::json;

use crate::app::App;
use crate::db::audit::{self, Actor, Change};
use crate::db::{appliances, organisations, server_state};
use crate::http::server::RECENT;
use crate::tasks::Task;

/// Looks whether the hold can end.
pub struct Hold(pub App);

/// What it waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waits {
    /// There is no hold, or not any more.
    No,
    /// For some of the appliances.
    For { reconciled: u64, all: u64 },
}

impl Task for Hold {
    const NAME: &'static str = "hold";
    const PERIOD: Duration = Duration::from_secs(5);
    type Report = Waits;

    async fn run(&mut self) -> anyhow::Result<Waits> {
        let app = &self.0;
        let Some(hold) = server_state::hold(app.db.read()).await? else { return Ok(Waits::No) };
        let incarnation = server_state::incarnation(app.db.read()).await?;
        let since = hold.since - RECENT;
        let (reconciled, all) =
            appliances::reconciled(app.db.read(), None, incarnation, since).await?;
        if reconciled < all {
            return Ok(Waits::For { reconciled, all });
        }
        let txn = app.db.begin().await?;
        if server_state::release_hold(&txn).await? {
            let topmost = organisations::topmost(&txn).await?;
            if let Some(organisation) = topmost {
                let change = released(organisation, all);
                audit::record(&txn, &Actor::local("server"), change, app.clock.now()).await?;
            }
            txn.commit().await?;
            app.bus.dispatcher.wake();
            tracing::info!(appliances = all, "all have reported since the restore: hold released");
        }
        Ok(Waits::No)
    }
}

fn released(organisation: OrganisationId, appliances: u64) -> Change<'static> {
    Change {
        organisation,
        action: "server.release_hold",
        kind: "server",
        id: "server".into(),
        before: Some(json!({ "held": true })),
        after: Some(json!({ "held": false, "reconciled": appliances })),
    }
}
