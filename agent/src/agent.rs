//! The agent: what its parts share, and how they run together.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domfleet_shared::id::{BootId, InstanceId, OperationId};
use domfleet_shared::operation::Report;
use rcgen::KeyPair;
use tokio::sync::{Notify, Semaphore, mpsc, watch};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::alive::{self, Clean};
use crate::boots::{self, Boots};
use crate::bundle::pseudonym::Privacy;
use crate::bundle::{self, automatic};
use crate::clock::Clock;
use crate::dial::Dialer;
use crate::dom0::{Dom0, Dom0Error, Observed};
use crate::identity::{self, Identity, IdentityError};
use crate::inventory::{self, Inventory};
use crate::journal::{Event, Journal, JournalError};
use crate::kernel_log;
use crate::migration::following::{self, Following};
use crate::migration::permit::Trusted;
use crate::operations;
use crate::reconnect;
use crate::seen::Seen;
use crate::snapshots;
use crate::status;
use crate::storage::Files;
use crate::storage::record::RecordError;
use crate::tls::JudgedTime;
use crate::watchdog;

/// Offers, withdrawals and acknowledgements that wait for the disk. More than that and the server
/// says them again in the next session.
const ORDERS: usize = 64;
/// Reports that are to be said again. More than that and the server asks again.
const REPEATS: usize = 64;
/// A last word is worth so much waiting, and no more: dom0 is going down.
const GOODBYE_WITHIN: Duration = Duration::from_secs(5);
/// A record that could not be written is tried again after this.
const RETRY_RECORD: Duration = Duration::from_secs(10);

/// Everything outside of the agent.
pub struct World<D, F, N> {
    /// The host.
    pub dom0: D,
    /// The agent's own folder.
    pub files: F,
    /// The time of day.
    pub clock: Clock,
    /// The network.
    pub dialer: N,
    /// What can be set.
    pub settings: Settings,
}

/// What can be set and is the agent's own business, not its world's.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// How much a debug bundle tells of who and where.
    pub bundle_privacy: Privacy,
    /// The keys whose permits count, as long as the server has not named others.
    pub permit_keys: Trusted,
}

/// How the agent came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It was asked to stop.
    Stopped,
}

/// Why the agent cannot run.
#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    /// It does not know who it is.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// Its files.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// Its journal.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// dom0 does not even say which boot this is.
    #[error("dom0 does not say which boot this is")]
    Boot(#[source] Dom0Error),
}

/// What the server allows, until it says otherwise.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Terms {
    pub(crate) read_only: Option<String>,
}

/// What the agent's parts share.
pub(crate) struct Agent<D, F, N> {
    pub(crate) world: World<D, F, N>,
    pub(crate) boot_id: BootId,
    pub(crate) instance: InstanceId,
    pub(crate) key: KeyPair,
    pub(crate) identity: Mutex<Identity>,
    pub(crate) seen: Mutex<Seen>,
    pub(crate) journal: Journal,
    /// The migration of this appliance.
    pub(crate) following: Following,
    pub(crate) inventory: Inventory,
    pub(crate) boots: Boots,
    pub(crate) terms: Mutex<Terms>,
    pub(crate) orders: mpsc::Sender<operations::Order>,
    pub(crate) bundles: bundle::Queue,
    /// What the kernel says that makes a bundle.
    pub(crate) fatal: automatic::Fatal,
    /// One bundle at a time is collected: it reads much.
    pub(crate) collecting: Semaphore,
    pub(crate) connected: watch::Sender<bool>,
    /// Why there is no session.
    pub(crate) trouble: watch::Sender<Option<String>>,
    /// Whether dom0 is going down, and coming back.
    pub(crate) leaving: watch::Sender<Option<bool>>,
    pub(crate) said_goodbye: watch::Sender<bool>,
    pub(crate) look_again: Notify,
    /// Operations that the server no longer wants. It says so again in each session.
    cancelled: watch::Sender<BTreeSet<OperationId>>,
    observing: tokio::sync::Mutex<()>,
    repeats: Mutex<Vec<Report>>,
}

/// Runs the agent until `stop`.
///
/// Everything happens inside this future, and nothing else is spawned: dropping it at any point is
/// the same as killing the process there. `stop` ends it in order.
pub async fn run<D: Dom0, F: Files, N: Dialer>(
    world: World<D, F, N>,
    stop: CancellationToken,
) -> Result<Ended, AgentError> {
    let (orders, inbox) = mpsc::channel(ORDERS);
    let agent = Agent::open(world, orders).await?;
    let observed = agent.observe().await;
    boots::begin(&agent, &observed).await;
    // Each on the heap: together they would be a future of many kilobytes, moved about.
    tokio::select! {
        () = Box::pin(reconnect::stay_connected(&agent, &stop)) => {}
        () = Box::pin(alive::keep_alive(&agent)) => {}
        () = Box::pin(status::keep(&agent)) => {}
        () = Box::pin(kernel_log::follow(&agent)) => {}
        () = Box::pin(inventory::keep_looking(&agent)) => {}
        () = Box::pin(operations::carry_out(&agent, inbox)) => {}
        () = Box::pin(automatic::keep_collecting(&agent)) => {}
        () = Box::pin(bundle::upload::keep_uploading(&agent)) => {}
        () = Box::pin(snapshots::keep_sweeping(&agent)) => {}
        () = Box::pin(watchdog::keep_feeding(&agent)) => {}
        () = Box::pin(following::keep_turning(&agent)) => {}
    }
    watchdog::let_go(&agent).await;
    Ok(Ended::Stopped)
}

impl<D: Dom0, F: Files, N: Dialer> Agent<D, F, N> {
    pub(crate) async fn open(
        world: World<D, F, N>,
        orders: mpsc::Sender<operations::Order>,
    ) -> Result<Self, AgentError> {
        let identity = Identity::load(&world.files).await?;
        let key = identity::key(&world.files).await?;
        let seen = Seen::load(&world.files).await?;
        let journal = Journal::open(&world.files).await?;
        let boot_id = world.dom0.running().map_err(AgentError::Boot)?.boot_id;
        let bundles = bundle::Queue::open(&world.files, boot_id).await;
        let following = Following::open(&world.files).await?;
        Ok(Self {
            world,
            boot_id,
            instance: InstanceId::new(),
            key,
            identity: Mutex::new(identity),
            seen: Mutex::new(seen),
            journal,
            following,
            inventory: Inventory::default(),
            boots: Boots::default(),
            terms: Mutex::default(),
            orders,
            bundles,
            fatal: automatic::Fatal::default(),
            collecting: Semaphore::new(1),
            connected: watch::Sender::new(false),
            trouble: watch::Sender::new(None),
            leaving: watch::Sender::new(None),
            said_goodbye: watch::Sender::new(false),
            look_again: Notify::new(),
            cancelled: watch::Sender::default(),
            observing: tokio::sync::Mutex::new(()),
            repeats: Mutex::default(),
        })
    }

    /// Looks at dom0, and takes what is new into the inventory. One look at a time: `lvs` alone
    /// costs half a second of the only CPU.
    pub(crate) async fn observe(&self) -> Observed {
        let _one_at_a_time = self.observing.lock().await;
        let mut observed = self.world.dom0.observe().await;
        observed.facts.components.agent = Some(env!("CARGO_PKG_VERSION").to_owned());
        self.inventory.take(&observed);
        boots::look(self, &observed).await;
        observed
    }

    /// Records what happened to an operation, however long the disk takes: what has happened
    /// cannot be taken back because it cannot be written. `false` where it can never be recorded.
    pub(crate) async fn record(&self, id: OperationId, event: Event) -> bool {
        loop {
            let now = self.world.clock.now();
            match self.journal.record(&self.world.files, id, now, event.clone()).await {
                Ok(()) => return true,
                Err(JournalError::Io(error)) => {
                    tracing::error!(
                        operation = %id,
                        error = &error as &dyn std::error::Error,
                        "the journal cannot be written; trying again"
                    );
                    tokio::time::sleep(RETRY_RECORD).await;
                }
                Err(error @ (JournalError::Damaged { .. } | JournalError::Illegal(_))) => {
                    tracing::error!(
                        operation = %id,
                        error = &error as &dyn std::error::Error,
                        "an event does not fit the journal"
                    );
                    return false;
                }
            }
        }
    }

    /// Has `report` said in this session, again if need be.
    pub(crate) fn say(&self, report: Report) {
        let mut repeats = locked(&self.repeats);
        if repeats.len() < REPEATS {
            repeats.push(report);
        }
        drop(repeats);
        self.journal.touch();
    }

    /// The server no longer wants that operation.
    pub(crate) fn cancel(&self, id: OperationId) {
        let is_open = self.journal.standing(id).is_some_and(|standing| !standing.is_ended());
        if is_open {
            self.cancelled.send_modify(|cancelled| _ = cancelled.insert(id));
            self.journal.touch();
        }
    }

    /// Whether that operation is no longer wanted: asked at points where it can be stopped.
    pub(crate) fn is_cancelled(&self, id: OperationId) -> bool {
        self.cancelled.borrow().contains(&id)
    }

    /// Returns once that operation is no longer wanted.
    pub(crate) async fn until_cancelled(&self, id: OperationId) {
        let mut cancelled = self.cancelled.subscribe();
        if cancelled.wait_for(|cancelled| cancelled.contains(&id)).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// That operation has ended.
    pub(crate) fn forget_cancelled(&self, id: OperationId) {
        self.cancelled.send_if_modified(|cancelled| cancelled.remove(&id));
    }

    pub(crate) fn repeats(&self) -> Vec<Report> {
        std::mem::take(&mut *locked(&self.repeats))
    }

    /// Records that dom0 is going down in order, and tells the server where it can be told soon.
    pub(crate) async fn leave(&self, returning: bool) -> Result<(), RecordError> {
        let at = self.world.clock.now();
        Clean { boot_id: self.boot_id, at, returning }.store(&self.world.files).await?;
        self.said_goodbye.send_replace(false);
        self.leaving.send_replace(Some(returning));
        // dom0 shuts every guest down first, and that takes longer than a watchdog waits.
        watchdog::let_go(self).await;
        if *self.connected.borrow() {
            let mut said = self.said_goodbye.subscribe();
            // Said or not: the reboot does not depend on it.
            drop(timeout(GOODBYE_WITHIN, said.wait_for(|said| *said)).await);
        }
        Ok(())
    }

    /// dom0 is not going down after all.
    pub(crate) async fn stay(&self) {
        self.leaving.send_replace(None);
        if let Err(error) = Clean::forget(&self.world.files).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "a false clean record stays");
        }
    }

    pub(crate) fn identity(&self) -> Identity {
        locked(&self.identity).clone()
    }

    pub(crate) fn seen(&self) -> Seen {
        *locked(&self.seen)
    }

    pub(crate) fn judged_time(&self) -> JudgedTime {
        JudgedTime::new(self.world.clock.clone(), self.seen().server_time)
    }

    pub(crate) fn read_only(&self) -> Option<String> {
        locked(&self.terms).read_only.clone()
    }
}

pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::Network;
    use crate::storage::disk::Disk;

    /// Whoever runs many agents in one process puts each on a runtime's threads.
    #[test]
    fn an_agent_can_move_between_threads() {
        fn is_send<T: Send>(_: impl FnOnce() -> T) {}

        fn check<D: Dom0>(world: impl FnOnce() -> World<D, Disk, Network>) {
            is_send(|| run(world(), CancellationToken::new()));
        }
        type Make = fn() -> World<crate::testing::Quiet, Disk, Network>;
        let _: fn(Make) = check;
    }
}
