//! Asking many appliances, one after another: each in a transaction of its own, so that one that is
//! refused holds up nobody, and a server that dies in the middle goes on where it was.

use std::time::Duration;

use domfleet_shared::id::{ApplianceId, BulkId};
use tokio::time::Instant;

use crate::app::App;
use crate::db::asking::{self, AskError, Confirmed, Wanted};
use crate::db::bulks::{self, Outcome, Work};
use crate::db::{Stored, appliances};
use crate::domain::admission::for_one_of_many;

/// So many are looked up at once.
const AT_ONCE: u64 = 50;
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
