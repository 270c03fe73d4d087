//! Tells connected agents what is asked of them, and what is not any more.

use std::time::Duration;

use domfleet_shared::protocol::{Offer, ToAgent};

use super::Task;
use crate::agents::registry::{Slot, Told};
use crate::app::App;
use crate::db::progress::{self, Work};
use crate::db::{Stored, backup_sets, server_state};
use crate::domain::dispatch::{self, Asked, Tell};
use crate::domain::set_keys;

pub struct Dispatcher(pub App);

/// What one run did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dispatched {
    pub told: usize,
    /// Appliances that are not connected, have not been heard out, or may not be asked anything.
    pub unreachable: usize,
}

impl Task for Dispatcher {
    const NAME: &'static str = "dispatcher";
    const PERIOD: Duration = Duration::from_secs(5);
    type Report = Dispatched;

    async fn run(&mut self) -> anyhow::Result<Dispatched> {
        let app = &self.0;
        let mut done = Dispatched::default();
        if server_state::is_held(app.db.read()).await? {
            return Ok(done);
        }
        for appliance in progress::waiting_appliances(app.db.read()).await? {
            match app.registry.get(appliance).filter(|slot| slot.may_be_told()) {
                Some(slot) => done.told += tell_all(app, &slot).await?,
                None => done.unreachable += 1,
            }
        }
        if done.told > 0 {
            app.bus.events_appended();
        }
        Ok(done)
    }
}

async fn tell_all(app: &App, slot: &Slot) -> anyhow::Result<usize> {
    let mut told = 0;
    for work in progress::queued_for(app.db.read(), slot.appliance).await? {
        let now = app.clock.now();
        let Some(tell) = dispatch::tell(&asked(&work), &reached(slot), now) else { continue };
        let sent = match tell {
            Tell::Offer { start_before } => {
                // On record first: from the moment it may have been heard of, only the agent's
                // word ends it.
                if progress::offer(&app.db, &work, now).await? == Stored::Stale {
                    continue;
                }
                let keys = keys(app, &work).await?;
                slot.tell(work.id, Told::Offered, || offer(&work, keys, start_before))
            }
            Tell::Withdraw => {
                slot.tell(work.id, Told::Withdrawn, || ToAgent::Withdraw { id: work.id })
            }
        };
        match sent {
            Ok(new) => told += usize::from(new),
            // It reads slowly; the rest is for the next time.
            Err(_) => break,
        }
    }
    Ok(told)
}

fn asked(work: &Work) -> Asked {
    Asked {
        state: work.state,
        class: work.operation.class(),
        epoch: work.epoch,
        expires_at: work.expires_at,
    }
}

fn reached(slot: &Slot) -> dispatch::Reached {
    dispatch::Reached {
        epoch: slot.epoch,
        read_only: slot.is_read_only(),
        welcomed_at: slot.welcomed_at,
    }
}

/// The keys that the agent may need for it, as far as they are ours.
async fn keys(app: &App, work: &Work) -> anyhow::Result<Vec<String>> {
    let Some((drive, own)) = set_keys::needed(&work.operation) else { return Ok(Vec::new()) };
    let mut names = backup_sets::keys_on(app.db.read(), work.organisation, drive).await?;
    names.extend(own);
    let keys = names.into_iter().filter_map(|name| {
        let key = app.set_keys.key(work.organisation, name.salt?);
        (key.id() == name.id).then(|| key.to_text())
    });
    Ok(keys.collect())
}

fn offer(work: &Work, keys: Vec<String>, start_before: Duration) -> ToAgent {
    ToAgent::Offer(Offer {
        id: work.id,
        epoch: work.epoch,
        operation: work.operation.clone(),
        start_before_seconds: start_before.as_secs(),
        priority: work.priority,
        keys,
    })
}
