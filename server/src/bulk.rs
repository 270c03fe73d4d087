//! Asking many appliances, one after another: each in a transaction of its own, so that one that is
//! refused holds up nobody, and a server that dies in the middle goes on where it was.

use std::time::Duration;

use domfleet_shared::id::{ApplianceId, BulkId, OperationId, OrganisationId};
use domfleet_shared::operation::{Change as Step, OperationState};
use serde_json::json;
use tokio::time::Instant;

use crate::app::App;
use crate::db::asking::{self, AskError, Confirmed, Wanted};
use crate::db::audit::{self, Actor, Change};
use crate::db::bulks::{self, Outcome, Work};
use crate::db::progress::{self, ChangeError};
use crate::db::{Stored, appliances, bulk_list};
use crate::domain::admission::for_one_of_many;
use crate::domain::bulk::BulkCancelled;

/// So many are looked up at once.
const AT_ONCE: u64 = 50;
/// How often a step is tried again when another was faster.
const TRIES: usize = 8;
const DAY: Duration = Duration::from_hours(24);

/// Asks those that have not been asked, for so long; returns how many.
pub async fn proceed(app: &App, id: BulkId, within: Duration) -> anyhow::Result<usize> {
    let until = Instant::now() + within;
    let Some(work) = bulks::find(app.db.read(), id).await? else { return Ok(0) };
    let mut asked = 0;
    loop {
        let pending = bulks::pending(app.db.read(), id, AT_ONCE).await?;
        if pending.is_empty() {
            break;
        }
        for appliance in pending {
            if Instant::now() >= until {
                return Ok(told(app, asked));
            }
            ask(app, &work, appliance).await?;
            asked += 1;
        }
    }
    Ok(told(app, asked))
}

/// What nobody has begun with, as far as the server knows, and what somebody may have.
const NOT_BEGUN: [&str; 2] = ["queued", "offered"];
const BEGUN: [&str; 4] = ["queued", "offered", "accepted", "running"];

/// No longer wants what was asked, as far as that can be said of each; puts it on record.
pub async fn cancel(
    app: &App,
    actor: &Actor,
    (id, organisation): (BulkId, OrganisationId),
    begun: bool,
) -> anyhow::Result<BulkCancelled> {
    let txn = app.db.begin().await?;
    // First: nobody is asked any more while the others are seen to.
    let mut done = BulkCancelled {
        withdrawn: bulk_list::withdraw(&txn, id).await?,
        ..BulkCancelled::default()
    };
    txn.commit().await?;
    let states: &[&str] = if begun { &BEGUN } else { &NOT_BEGUN };
    for operation in bulk_list::operations_in(app.db.read(), id, states).await? {
        match cancel_one(app, operation, states).await? {
            Some(OperationState::Cancelled) => done.cancelled += 1,
            Some(_) => done.cancelling += 1,
            None => {}
        }
    }
    let txn = app.db.begin().await?;
    let change = Change {
        organisation,
        action: "bulk.cancel",
        kind: "bulk",
        id: id.to_string(),
        before: None,
        after: Some(json!({ "begun": begun, "done": done })),
    };
    audit::record(&txn, actor, change, app.clock.now()).await?;
    txn.commit().await?;
    app.bus.events_appended();
    app.bus.dispatcher.wake();
    Ok(done)
}

/// How one is now; nothing where it has moved on meanwhile, and stays.
async fn cancel_one(
    app: &App,
    id: OperationId,
    states: &[&str],
) -> anyhow::Result<Option<OperationState>> {
    for _ in 0..TRIES {
        let txn = app.db.begin().await?;
        let Some(work) = progress::find(&txn, id).await? else { return Ok(None) };
        if !states.contains(&work.state.as_str()) {
            return Ok(None);
        }
        match progress::change(&txn, &work, Step::Cancel, app.clock.now()).await {
            Ok((Stored::Yes, after)) => {
                txn.commit().await?;
                return Ok(Some(after));
            }
            // Its agent has just said something: look again whether it is still to be cancelled.
            Ok((Stored::Stale, _)) => {}
            Err(ChangeError::Illegal(_)) => return Ok(None),
            Err(ChangeError::Db(error)) => return Err(error.into()),
        }
    }
    Ok(None)
}

fn told(app: &App, asked: usize) -> usize {
    if asked > 0 {
        app.bus.events_appended();
        app.bus.dispatcher.wake();
    }
    asked
}

async fn ask(app: &App, work: &Work, id: ApplianceId) -> anyhow::Result<()> {
    let wanted = Wanted {
        operation: for_one_of_many(&work.operation),
        confirm: Confirmed::ForAll,
        wait: work.wait,
        priority: work.priority,
        note: None,
        bulk: Some(work.id),
        request_key: None,
        keep_bundles: DAY * app.config.bundles.keep_days,
        set_keys: app.set_keys.clone(),
    };
    let now = app.clock.now();
    let txn = app.db.begin().await?;
    let Some((appliance, organisation)) = appliances::lock_chosen(&txn, id).await? else {
        return Ok(());
    };
    let answer = asking::ask(&txn, &work.actor, (&appliance, organisation), wanted, now).await;
    let outcome = match answer {
        Ok(operation) => {
            let outcome = Outcome::Admitted(operation);
            // Somebody else has asked it meanwhile: theirs stands, and ours never was.
            if bulks::answer(&txn, work.id, id, &outcome).await? == Stored::Yes {
                txn.commit().await?;
            }
            return Ok(());
        }
        Err(AskError::Refused(refusal)) => Outcome::from(&refusal),
        Err(error @ (AskError::Race | AskError::KeyUsed | AskError::Again(_))) => {
            Outcome::Refused {
                code: "conflict",
                message: error.to_string(),
                what_to_do: "Ask it again.".into(),
            }
        }
        Err(AskError::Db(error)) => return Err(error.into()),
    };
    drop(txn);
    // Stale is fine: somebody else has noted theirs.
    let (Stored::Yes | Stored::Stale) =
        bulks::answer(app.db.write(), work.id, id, &outcome).await?;
    Ok(())
}
