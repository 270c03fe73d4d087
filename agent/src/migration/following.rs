//! Following a migration: turn after turn, for as long as there is something to be done, and what of it is told
//! to the server.
//!
//! What is wanted and a copy of the story lie in the agent's own folder: they are there when the drive is not, or
//! the server. The story on the drive is the one that counts.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use domfleet_shared::id::MigrationId;
use domfleet_shared::migration::talk::{Ask, Intent, Now, RefusedDecision};
use domfleet_shared::migration::{Migration, Record};
use domfleet_shared::operation::{Class, Operation, Reason};
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval, sleep};

use super::carry::{Again, Home, Turn, Wanted};
use super::kept::{self, INTENT, STORY};
use super::permit::Trusted;
use super::told::{Piece, Told};
use crate::agent::{Agent, locked};
use crate::backup::cipher::Keyring;
use crate::dial::Dialer;
use crate::dom0::Dom0;
use crate::keys;
use crate::meter::Meter;
use crate::plan::reason;
use crate::storage::Files;
use crate::storage::record::{self, RecordError};
use crate::works::Gauge;

/// A turn that came to nothing is not taken again sooner.
const AT_LEAST: Duration = Duration::from_millis(200);
/// How often it is looked how far a turn is.
const LOOK: Duration = Duration::from_secs(1);

/// What is followed.
pub(crate) struct Following {
    intent: watch::Sender<Option<Intent>>,
    standing: watch::Sender<Standing>,
    /// The turn that is under way.
    turning: Mutex<Option<Arc<Gauge>>>,
}

/// How it stands.
#[derive(Clone, Default)]
pub(crate) struct Standing {
    told: Arc<Told>,
    migration: Option<MigrationId>,
    /// What is being done, or waited for.
    pub(crate) now: Option<Now>,
    /// What is asked of the server.
    pub(crate) ask: Option<Ask>,
    /// Decisions that could not be carried out.
    pub(crate) refused: Vec<RefusedDecision>,
}

impl Standing {
    /// Whose story it is; nothing where there is none.
    pub(crate) fn migration(&self) -> Option<MigrationId> {
        self.migration
    }

    /// What comes after the first `heard` records.
    pub(crate) fn after(&self, heard: u64) -> Piece {
        self.told.after(heard)
    }

    fn story(&self) -> Option<Migration> {
        Migration::of(self.told.records()).ok()
    }
}

impl Following {
    /// What was followed before. What is damaged is of no use, and neither is anything lost by that: both are told
    /// anew, by the server and by the drive.
    pub(crate) async fn open(files: &impl Files) -> Result<Self, RecordError> {
        let intent = or_nothing(record::load::<Intent>(files, INTENT).await)?;
        let records = or_nothing(record::load::<Vec<Record>>(files, STORY).await)?;
        let following = Self {
            intent: watch::Sender::new(intent),
            standing: watch::Sender::default(),
            turning: Mutex::default(),
        };
        if let Some(records) = records {
            following.standing.send_modify(|standing| standing.keep(records));
        }
        Ok(following)
    }

    /// What is wanted.
    #[cfg(test)]
    pub(crate) fn intent(&self) -> Option<Intent> {
        self.intent.borrow().clone()
    }

    /// The migration to tell of, and the revision of what is wanted of it.
    pub(crate) fn subject(&self) -> Option<(MigrationId, u64)> {
        let told = self.standing.borrow().migration();
        let intent = self.intent.borrow();
        let wanted = intent.as_ref().map(|intent| (intent.migration, intent.revision));
        // One that was told of to its end gives way to the next.
        match (told, wanted) {
            (Some(told), None) => Some((told, 0)),
            (_, wanted) => wanted,
        }
    }

    /// How it stands, now and later.
    pub(crate) fn standing(&self) -> watch::Receiver<Standing> {
        self.standing.subscribe()
    }

    /// Has whoever tells of it look again.
    pub(crate) fn touch(&self) {
        self.standing.send_modify(|_| {});
    }

    /// Why `operation` is not to be done while a migration is under way; nothing where it may.
    pub(crate) fn forbids(&self, operation: &Operation) -> Option<Reason> {
        let is_harmless = operation.class() == Class::Read
            || matches!(operation, Operation::DebugBundle { .. } | Operation::ApplianceReboot);
        let migration = self.under_way().filter(|_| !is_harmless)?;
        let message = format!(
            "the migration {migration} is under way here: wait for its end, or cancel it (domfleet \
             migrations cancel {migration})"
        );
        Some(reason("migrating", message))
    }

    /// The migration that is under way, from the first word of it to its end.
    fn under_way(&self) -> Option<MigrationId> {
        let story = self.standing.borrow().story();
        let is_over = |migration: MigrationId| {
            let story = story.as_ref().filter(|story| story.plan.migration == migration);
            story.is_some_and(|story| story.end.is_some())
        };
        let wanted = self.intent.borrow().as_ref().map(|intent| intent.migration);
        let told = story.as_ref().map(|story| story.plan.migration);
        wanted.or(told).filter(|migration| !is_over(*migration))
    }

    /// Whether `next` takes the place of what is wanted now.
    fn is_news(&self, next: &Intent) -> bool {
        match &*self.intent.borrow() {
            Some(known) if known.migration == next.migration => next.revision > known.revision,
            Some(known) => self.under_way() != Some(known.migration),
            None => true,
        }
    }

    fn stop_turning(&self) {
        if let Some(turn) = &*locked(&self.turning) {
            turn.cancel();
        }
    }
}

impl Standing {
    fn keep(&mut self, records: Vec<Record>) {
        let migration = Migration::of(&records).ok().map(|story| story.plan.migration);
        match Told::of(records) {
            Ok(told) => (self.told, self.migration) = (Arc::new(told), migration),
            Err(error) => tracing::error!(%error, "a story cannot be told"),
        }
    }
}

fn or_nothing<T>(loaded: Result<Option<T>, RecordError>) -> Result<Option<T>, RecordError> {
    match loaded {
        Err(error @ RecordError::Damaged { .. }) => {
            tracing::warn!(error = &error as &dyn std::error::Error, "it is told anew");
            Ok(None)
        }
        loaded => loaded,
    }
}

/// The server has said what it wants. It is durable before it is followed; what the disk does not take is said
/// again in the next session.
pub(crate) async fn take<D: Dom0, F: Files, N: Dialer>(agent: &Agent<D, F, N>, next: Intent) {
    let following = &agent.following;
    if !following.is_news(&next) {
        return;
    }
    if let Err(error) = record::store(&agent.world.files, INTENT, &next).await {
        tracing::error!(error = &error as &dyn std::error::Error, "what is wanted cannot be kept");
        return;
    }
    let (migration, revision) = (next.migration, next.revision);
    tracing::info!(%migration, revision, "the server says what is wanted of a migration");
    let stops =
        following.intent.borrow().as_ref().is_some_and(|known| {
            known.give_up != next.give_up || known.decisions != next.decisions
        });
    following.intent.send_replace(Some(next));
    if stops {
        // At a safe point; the next turn begins with what is wanted now.
        following.stop_turning();
    }
}

/// Takes turns until dropped.
pub(crate) async fn keep_turning<D: Dom0, F: Files, N: Dialer>(agent: &Agent<D, F, N>) {
    let mut wanted = agent.following.intent.subscribe();
    loop {
        until_alone(agent).await;
        let intent = wanted.borrow_and_update().clone();
        let turn = turn(agent, intent).await;
        let again = turn.again;
        take_in(agent, turn).await;
        match again {
            Again::AtOnce => sleep(AT_LEAST).await,
            Again::After(after) => {
                tokio::select! {
                    () = sleep(after.max(AT_LEAST)) => {}
                    _ = wanted.changed() => {}
                }
            }
            Again::Never if wanted.changed().await.is_err() => std::future::pending().await,
            Again::Never => {}
        }
    }
}

/// What was begun before a migration is finished before its first turn; nothing is begun any more.
async fn until_alone<D: Dom0, F: Files, N: Dialer>(agent: &Agent<D, F, N>) {
    let mut journal = agent.journal.changes();
    loop {
        let open = agent.journal.open_operations();
        let mut tasks = open.iter().filter_map(|(_, standing)| standing.task());
        if agent.following.under_way().is_none()
            || tasks.all(|task| agent.following.forbids(&task.operation).is_none())
            || journal.changed().await.is_err()
        {
            return;
        }
    }
}

/// Stops the turn of a future that is dropped.
struct StopsWhenDropped<'f>(&'f Following);

impl Drop for StopsWhenDropped<'_> {
    fn drop(&mut self) {
        self.0.stop_turning();
        locked(&self.0.turning).take();
    }
}

async fn turn<D: Dom0, F: Files, N: Dialer>(
    agent: &Agent<D, F, N>,
    intent: Option<Intent>,
) -> Turn {
    let following = &agent.following;
    let gauge = Arc::new(Gauge::default());
    locked(&following.turning).replace(Arc::clone(&gauge));
    let _stops = StopsWhenDropped(following);
    let meter: Arc<dyn Meter> = Arc::clone(&gauge) as Arc<dyn Meter>;
    let keys = keys::held(&agent.world.files).await.unwrap_or(Keyring::EMPTY);
    let keys_text =
        intent.as_ref().map_or_else(String::new, |intent| intent.permit_keys.join("\n"));
    let trusted = Trusted::parse(&keys_text).unwrap_or_else(|error| {
        tracing::error!(%error, "the server's permit keys are none");
        Trusted::default()
    });
    let identity = agent.identity();
    let home = Home {
        server: identity.server,
        trust_bundle_pem: identity.trust_bundle_pem,
        server_time: agent.seen().server_time,
    };
    let trusted = agent.world.settings.permit_keys.and(trusted);
    let wanted = Wanted { intent, trusted, home: Some(home) };
    let mut turn = std::pin::pin!(agent.world.dom0.turn(wanted, keys, &meter));
    let mut looking = interval(LOOK);
    looking.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // Not at once: most turns are over by then, and are not worth a word.
    looking.reset();
    loop {
        tokio::select! {
            turn = &mut turn => return turn,
            _ = looking.tick() => {
                let progress = gauge.progress();
                let now = Now {
                    waits: None,
                    what: progress.step,
                    done: Some(progress.done_bytes),
                    total: progress.total_bytes,
                    trouble: None,
                };
                following.standing.send_if_modified(|standing| {
                    let is_news = standing.now.as_ref() != Some(&now);
                    standing.now = Some(now);
                    is_news
                });
            }
        }
    }
}

async fn take_in<D: Dom0, F: Files, N: Dialer>(agent: &Agent<D, F, N>, turn: Turn) {
    let following = &agent.following;
    let Turn { story, now, ask, refused, .. } = turn;
    let grown = story.filter(|story| following.standing.borrow().told.records() != story);
    let is_other = following.standing.borrow().now.as_ref() != Some(&now);
    kept::keep(&agent.world.files, grown.as_deref(), is_other.then_some(&now)).await;
    following.standing.send_if_modified(|standing| {
        let before = (standing.now.take(), standing.ask.take(), standing.refused.clone());
        let is_news =
            grown.is_some() || before != (Some(now.clone()), ask.clone(), refused.clone());
        (standing.now, standing.ask, standing.refused) = (Some(now), ask, refused);
        if let Some(story) = grown {
            standing.keep(story);
        }
        is_news
    });
}
