//! Who is there: from what was heard of agents to what operators see.

use std::collections::HashMap;
use std::time::Duration;

use anyhow::Context as _;
use domfleet_shared::Timestamp;
use domfleet_shared::id::ApplianceId;

use super::Task;
use crate::agents::refusal::Refusal;
use crate::app::App;
use crate::db::alarms::{self, AlarmKind, NewAlarm};
use crate::db::presence::{self as rows, Change, Spoke, Watched};
use crate::db::{events, organisations};
use crate::domain::appliance::Presence;
use crate::domain::presence::{Patience, server_is_suspect};

/// How often moments are written that nobody waits for.
const FLUSH: Duration = Duration::from_secs(5);
/// Who was heard of so long before it fell silent counts as one that has just done so.
const LATELY: Duration = Duration::from_mins(5);

/// Remembers when each appliance was last heard of.
pub struct Presences {
    app: App,
    patience: Patience,
    /// Nothing before the first run.
    since: Option<Timestamp>,
    known: HashMap<ApplianceId, Known>,
    flushed_at: Timestamp,
    /// Whether the alarm is raised; nothing before that is known.
    suspect: Option<bool>,
}

#[derive(Clone, Copy, Debug)]
struct Known {
    watched: Watched,
    /// By its newest heartbeat, of those since the server began.
    uptime_seconds: Option<u64>,
    /// Whether it was heard of since that was last written.
    fresh: bool,
}

/// What one run did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    pub changes: usize,
    pub written: usize,
    pub suspect: bool,
}

impl Presences {
    pub fn new(app: App) -> Self {
        let heartbeat = Duration::from_secs(u64::from(app.config.heartbeat_seconds));
        Self {
            app,
            patience: Patience::with_heartbeat(heartbeat),
            since: None,
            known: HashMap::new(),
            flushed_at: Timestamp::from_millis(0),
            suspect: None,
        }
    }

    /// Takes in what was heard since the last run.
    async fn listen(&mut self) -> anyhow::Result<()> {
        if self.since.is_none() {
            for watched in rows::all(self.app.db.read()).await? {
                self.known
                    .insert(watched.id, Known { watched, uptime_seconds: None, fresh: false });
            }
            self.since = Some(self.app.clock.now());
        }
        let heard = self.app.registry.take_heard();
        let new: Vec<ApplianceId> =
            heard.keys().filter(|id| !self.known.contains_key(id)).copied().collect();
        for watched in rows::some(self.app.db.read(), &new).await? {
            self.known.insert(watched.id, Known { watched, uptime_seconds: None, fresh: false });
        }
        for (id, heard) in heard {
            let Some(known) = self.known.get_mut(&id) else { continue };
            known.watched.last_seen = known.watched.last_seen.max(Some(heard.at));
            known.watched.expected_until = heard.expected_until;
            known.uptime_seconds = heard.uptime_seconds.or(known.uptime_seconds);
            known.fresh = true;
        }
        Ok(())
    }

    /// Writes what has changed.
    async fn judge(&mut self, now: Timestamp) -> anyhow::Result<usize> {
        let changes: Vec<Change> = self
            .known
            .values()
            .filter_map(|known| {
                let presence = self.presence(&known.watched, now);
                (presence != known.watched.presence).then_some(Change {
                    id: known.watched.id,
                    presence,
                    expected_until: known.watched.expected_until,
                })
            })
            .collect();
        if changes.is_empty() {
            return Ok(0);
        }
        rows::record_changes(&self.app.db, &changes, now).await?;
        self.app.bus.events_appended();
        for change in &changes {
            if let Some(known) = self.known.get_mut(&change.id) {
                known.watched.presence = change.presence;
            }
        }
        Ok(changes.len())
    }

    fn presence(&self, watched: &Watched, now: Timestamp) -> Presence {
        let was_there = match watched.presence {
            Presence::Online | Presence::Stale => true,
            Presence::Offline | Presence::ExpectedOffline => false,
        };
        // While the server was down it could hear nobody: their silence begins with its start.
        let seen = if was_there { watched.last_seen.max(self.since) } else { watched.last_seen };
        self.patience.judge(seen, watched.expected_until, now)
    }

    async fn flush(&mut self, now: Timestamp) -> anyhow::Result<usize> {
        if now.since(self.flushed_at) < FLUSH {
            return Ok(0);
        }
        let seen: Vec<Spoke> = self
            .known
            .values()
            .filter(|known| known.fresh)
            .filter_map(|known| {
                let Watched { id, last_seen, .. } = known.watched;
                Some(Spoke { id, at: last_seen?, uptime_seconds: known.uptime_seconds })
            })
            .collect();
        rows::record_seen(&self.app.db, &seen).await?;
        for spoke in &seen {
            if let Some(known) = self.known.get_mut(&spoke.id) {
                known.fresh = false;
            }
        }
        self.flushed_at = now;
        Ok(seen.len())
    }

    /// Raises one alarm where a large part of the fleet has fallen silent at once.
    async fn suspect(&mut self, now: Timestamp) -> anyhow::Result<bool> {
        let horizon = now - (self.patience.offline() + LATELY);
        let lately = self.known.values().filter(|known| {
            let seen = known.watched.last_seen.max(self.since);
            known.watched.last_seen.is_some() && seen.is_some_and(|seen| seen >= horizon)
        });
        let (mut silent, mut all) = (0, 0);
        for known in lately {
            all += 1;
            silent += usize::from(match known.watched.presence {
                Presence::Stale | Presence::Offline => true,
                Presence::Online | Presence::ExpectedOffline => false,
            });
        }
        let suspect = server_is_suspect(silent, all);
        if self.suspect != Some(suspect) {
            self.tell(suspect, silent, all, now).await?;
            self.suspect = Some(suspect);
        }
        Ok(suspect)
    }

    async fn tell(
        &self,
        suspect: bool,
        silent: usize,
        all: usize,
        now: Timestamp,
    ) -> anyhow::Result<()> {
        let txn = self.app.db.begin().await?;
        let news = if suspect {
            let message = format!(
                "{silent} of {all} appliances fell silent at the same time: look at the server and its network before you look at them"
            );
            let alarm = NewAlarm {
                kind: AlarmKind::ServerSuspect,
                organisation: organisations::topmost(&txn)
                    .await?
                    .context("there is no organisation")?,
                appliance: None,
                subject: "server".into(),
                message: &message,
            };
            alarms::raise(&txn, &alarm, now).await?
        } else {
            alarms::clear(&txn, AlarmKind::ServerSuspect, "server", now).await?
        };
        if let Some(event) = news {
            events::append(&txn, vec![event], now).await?;
            txn.commit().await?;
            self.app.bus.events_appended();
        }
        Ok(())
    }

    /// Ends sessions whose agents have been silent for so long that their connections must be
    /// dead.
    fn close_silent(&self, now: Timestamp) {
        for slot in self.app.registry.all() {
            if now.since(slot.last_seen()) > self.patience.offline() {
                slot.end(Refusal::silent());
            }
        }
    }
}

impl Task for Presences {
    const NAME: &'static str = "presence";
    const PERIOD: Duration = Duration::from_secs(2);
    type Report = Seen;

    async fn run(&mut self) -> anyhow::Result<Seen> {
        self.listen().await?;
        let now = self.app.clock.now();
        let changes = self.judge(now).await?;
        let written = self.flush(now).await?;
        let suspect = self.suspect(now).await?;
        self.close_silent(now);
        Ok(Seen { changes, written, suspect })
    }
}
