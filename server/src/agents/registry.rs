//! Who is connected, and what is to be said to them.
//!
//! A slot for each agent: what an idle agent costs, ten thousand pay. There is no channel; a
//! message waits in the slot, and the session is woken. What does not fit is not lost, because the
//! database says what is to be said, and whoever said it looks again.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;

use domfleet_shared::Timestamp;
use domfleet_shared::id::{ApplianceId, InstanceId, MigrationId, OperationId};
use domfleet_shared::protocol::ToAgent;
use futures_util::task::AtomicWaker;
use tokio::sync::Notify;

use super::refusal::Refusal;

/// Messages that may wait for one agent.
const WAITING: usize = 256;
/// Sessions that one server holds. It has 20,000 files to open, and needs some for others.
const SESSIONS: usize = 18_000;
const SHARDS: usize = 64;

/// Everyone who is connected.
#[derive(Debug)]
pub struct Registry {
    shards: Vec<Mutex<HashMap<ApplianceId, Arc<Slot>>>>,
    hasher: RandomState,
    count: AtomicUsize,
    heard: Mutex<HashMap<ApplianceId, Heard>>,
}

/// A session.
#[derive(Debug)]
pub struct Slot {
    pub appliance: ApplianceId,
    pub instance: InstanceId,
    pub epoch: u32,
    pub welcomed_at: Timestamp,
    last_seen: AtomicI64,
    /// What the newest heartbeat said; negative before the first.
    uptime_seconds: AtomicI64,
    /// Whether anything was heard since [`Registry::take_heard`].
    fresh: AtomicBool,
    /// Whether anything may be asked of it.
    accepted: AtomicBool,
    read_only: AtomicBool,
    /// Whether what it reported in its hello is on record.
    caught_up: AtomicBool,
    /// Counts the times that it was asked for a sign of life.
    probe: AtomicU64,
    /// The newest of them that it has answered.
    answer: AtomicU64,
    /// Told when it has, or when it has ended.
    answered: Notify,
    outbox: Mutex<Outbox>,
    waker: AtomicWaker,
}

#[derive(Debug, Default)]
struct Outbox {
    messages: Vec<ToAgent>,
    /// What was offered or withdrawn in this session: once is enough.
    told: Vec<(OperationId, Told)>,
    /// The migration whose intent was said in this session last, and its revision.
    intent: Option<(MigrationId, u64)>,
    probe: Option<u64>,
    ended: Option<Refusal>,
}

/// What an agent has been told of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    Offered,
    Withdrawn,
}

/// The last that was heard of an appliance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heard {
    pub at: Timestamp,
    /// Set by a goodbye: until when silence is expected.
    pub expected_until: Option<Timestamp>,
    /// dom0's uptime, by the newest heartbeat of the session.
    pub uptime_seconds: Option<u64>,
}

impl Heard {
    /// Adds it to what was heard before; a goodbye stays.
    fn add_to(self, all: &mut HashMap<ApplianceId, Self>, appliance: ApplianceId) {
        let entry = all.entry(appliance).or_insert(self);
        entry.at = entry.at.max(self.at);
        entry.uptime_seconds = self.uptime_seconds.or(entry.uptime_seconds);
    }
}

/// What a session has to do.
#[derive(Debug, Default)]
pub(super) struct Todo {
    pub(super) messages: Vec<ToAgent>,
    pub(super) probe: Option<u64>,
    pub(super) ended: Option<Refusal>,
}

/// The outbox is full: the agent does not read. Say it again later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too much is waiting for this agent already")]
pub struct Full;

impl Default for Registry {
    fn default() -> Self {
        Self {
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            hasher: RandomState::new(),
            count: AtomicUsize::new(0),
            heard: Mutex::default(),
        }
    }
}

impl Registry {
    /// How many are connected.
    pub fn count(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    /// Whether there is no room for another.
    pub fn is_full(&self) -> bool {
        self.count() >= SESSIONS
    }

    /// The session of `appliance`.
    pub fn get(&self, appliance: ApplianceId) -> Option<Arc<Slot>> {
        self.shard(appliance).get(&appliance).map(Arc::clone)
    }

    /// Puts `slot` in its place. A session that was there ends.
    pub(super) fn enter(&self, slot: &Arc<Slot>) {
        let before = self.shard(slot.appliance).insert(slot.appliance, Arc::clone(slot));
        match before {
            Some(before) => before.end(Refusal::replaced()),
            None => _ = self.count.fetch_add(1, Ordering::Relaxed),
        }
        self.note(slot.appliance, slot.heard());
    }

    /// Takes `slot` out, if another has not taken its place.
    pub(super) fn leave(&self, slot: &Arc<Slot>) {
        let mut shard = self.shard(slot.appliance);
        let is_newest = shard.get(&slot.appliance).is_none_or(|there| Arc::ptr_eq(there, slot));
        if shard.get(&slot.appliance).is_some_and(|there| Arc::ptr_eq(there, slot)) {
            shard.remove(&slot.appliance);
            self.count.fetch_sub(1, Ordering::Relaxed);
        }
        drop(shard);
        slot.answered.notify_waiters();
        if slot.fresh.swap(false, Ordering::Relaxed) {
            // The one that took its place may be in another boot.
            let last = slot.heard();
            let uptime_seconds = last.uptime_seconds.filter(|_| is_newest);
            let mut heard = lock(&self.heard);
            Heard { uptime_seconds, ..last }.add_to(&mut heard, slot.appliance);
        }
    }

    /// Notes the last that was heard of an appliance.
    pub(super) fn note(&self, appliance: ApplianceId, heard: Heard) {
        lock(&self.heard).insert(appliance, heard);
    }

    /// Ends the session of `appliance`, if it has one.
    pub fn close(&self, appliance: ApplianceId, refusal: Refusal) {
        if let Some(slot) = self.get(appliance) {
            slot.end(refusal);
        }
    }

    /// Ends all sessions.
    pub fn close_all(&self, refusal: Refusal) {
        for slot in self.all() {
            slot.end(refusal);
        }
    }

    /// Everyone who is connected now.
    pub fn all(&self) -> Vec<Arc<Slot>> {
        self.shards
            .iter()
            .flat_map(|shard| lock(shard).values().cloned().collect::<Vec<_>>())
            .collect()
    }

    /// Who was heard of since the last time, and when.
    pub fn take_heard(&self) -> HashMap<ApplianceId, Heard> {
        let mut heard = std::mem::take(&mut *lock(&self.heard));
        for slot in self.all() {
            if slot.fresh.swap(false, Ordering::Relaxed) {
                slot.heard().add_to(&mut heard, slot.appliance);
            }
        }
        heard
    }

    fn shard(&self, appliance: ApplianceId) -> MutexGuard<'_, HashMap<ApplianceId, Arc<Slot>>> {
        let shards = self.shards.len() as u64;
        let index = usize::try_from(self.hasher.hash_one(appliance) % shards).unwrap_or(0);
        lock(&self.shards[index])
    }
}

impl Slot {
    pub(super) fn new(
        appliance: ApplianceId,
        instance: InstanceId,
        epoch: u32,
        welcomed_at: Timestamp,
    ) -> Self {
        Self {
            appliance,
            instance,
            epoch,
            welcomed_at,
            last_seen: AtomicI64::new(welcomed_at.as_millis()),
            uptime_seconds: AtomicI64::new(-1),
            fresh: AtomicBool::new(true),
            accepted: AtomicBool::new(false),
            read_only: AtomicBool::new(false),
            caught_up: AtomicBool::new(false),
            probe: AtomicU64::new(0),
            answer: AtomicU64::new(0),
            answered: Notify::new(),
            outbox: Mutex::default(),
            waker: AtomicWaker::new(),
        }
    }

    /// When it last spoke.
    pub fn last_seen(&self) -> Timestamp {
        Timestamp::from_millis(self.last_seen.load(Ordering::Relaxed))
    }

    pub(super) fn seen(&self, now: Timestamp) {
        self.last_seen.fetch_max(now.as_millis(), Ordering::Relaxed);
        self.fresh.store(true, Ordering::Relaxed);
    }

    /// A heartbeat said how long dom0 has been up.
    pub(super) fn has_been_up(&self, seconds: u64) {
        self.uptime_seconds.store(i64::try_from(seconds).unwrap_or(i64::MAX), Ordering::Relaxed);
    }

    /// The last that was heard in this session.
    pub(super) fn heard(&self) -> Heard {
        let uptime_seconds = u64::try_from(self.uptime_seconds.load(Ordering::Relaxed)).ok();
        Heard { at: self.last_seen(), expected_until: None, uptime_seconds }
    }

    /// Whether anything may be asked of it, and whether that may change something.
    pub fn allow(&self, accepted: bool, read_only: bool) {
        self.accepted.store(accepted, Ordering::Relaxed);
        self.read_only.store(read_only, Ordering::Relaxed);
    }

    pub fn is_accepted(&self) -> bool {
        self.accepted.load(Ordering::Relaxed)
    }

    /// What it reported in its hello is on record. Before that, it would be offered again what it
    /// has just told of.
    pub(super) fn catch_up(&self) {
        self.caught_up.store(true, Ordering::Relaxed);
    }

    /// Whether it is the time to tell it what is asked of it.
    pub fn may_be_told(&self) -> bool {
        self.is_accepted() && self.caught_up.load(Ordering::Relaxed)
    }

    pub fn is_read_only(&self) -> bool {
        self.read_only.load(Ordering::Relaxed)
    }

    /// Says `message` to the agent.
    pub fn say(&self, message: ToAgent) -> Result<(), Full> {
        let mut outbox = lock(&self.outbox);
        if outbox.messages.len() >= WAITING {
            return Err(Full);
        }
        outbox.messages.push(message);
        drop(outbox);
        self.waker.wake();
        Ok(())
    }

    /// Says `message` about `operation`, unless that was said in this session.
    pub fn tell(
        &self,
        operation: OperationId,
        told: Told,
        message: impl FnOnce() -> ToAgent,
    ) -> Result<bool, Full> {
        let mut outbox = lock(&self.outbox);
        if outbox.told.contains(&(operation, told)) {
            return Ok(false);
        }
        if outbox.messages.len() >= WAITING {
            return Err(Full);
        }
        outbox.told.push((operation, told));
        outbox.messages.push(message());
        drop(outbox);
        self.waker.wake();
        Ok(true)
    }

    /// Says what is wanted of a migration, unless that revision was said in this session.
    pub fn tell_intent(
        &self,
        about: (MigrationId, u64),
        message: impl FnOnce() -> ToAgent,
    ) -> Result<bool, Full> {
        let mut outbox = lock(&self.outbox);
        if outbox.intent == Some(about) {
            return Ok(false);
        }
        if outbox.messages.len() >= WAITING {
            return Err(Full);
        }
        outbox.intent = Some(about);
        outbox.messages.push(message());
        drop(outbox);
        self.waker.wake();
        Ok(true)
    }

    /// The agent has said how `operation` ended: nothing more is told of it.
    pub(super) fn forget(&self, operation: OperationId) {
        let mut outbox = lock(&self.outbox);
        outbox.told.retain(|(told, _)| *told != operation);
        if outbox.told.is_empty() {
            outbox.told = Vec::new();
        }
    }

    /// Ends the session. The first reason that was given stands.
    pub fn end(&self, refusal: Refusal) {
        lock(&self.outbox).ended.get_or_insert(refusal);
        self.waker.wake();
    }

    /// Asks the agent for a sign of life, and waits for it. One that is gone, though its connection
    /// is not, gives none.
    pub(super) async fn is_alive(&self, patience: Duration) -> bool {
        let mut answered = std::pin::pin!(self.answered.notified());
        answered.as_mut().enable();
        let probe = self.probe.fetch_add(1, Ordering::AcqRel) + 1;
        lock(&self.outbox).probe = Some(probe);
        self.waker.wake();
        let in_time = tokio::time::timeout(patience, answered).await.is_ok();
        in_time && self.answer.load(Ordering::Acquire) >= probe
    }

    /// The agent has answered that probe. What it said of itself before it was asked may be read
    /// long after it has gone, and proves nothing.
    pub(super) fn answers(&self, probe: u64) {
        self.answer.fetch_max(probe, Ordering::AcqRel);
        self.answered.notify_waiters();
    }

    /// Waits for something to do. Cancel safe: what is not taken waits on.
    pub(super) async fn todo(&self) -> Todo {
        std::future::poll_fn(|context| {
            self.waker.register(context.waker());
            let mut outbox = lock(&self.outbox);
            if outbox.messages.is_empty() && outbox.probe.is_none() && outbox.ended.is_none() {
                return Poll::Pending;
            }
            Poll::Ready(Todo {
                messages: std::mem::take(&mut outbox.messages),
                probe: std::mem::take(&mut outbox.probe),
                ended: outbox.ended,
            })
        })
        .await
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use domfleet_shared::protocol::refusal;
    use futures_util::FutureExt as _;

    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_795_000_000_000);

    fn slot(appliance: ApplianceId) -> Arc<Slot> {
        Arc::new(Slot::new(appliance, InstanceId::new(), 1, NOW))
    }

    fn withdraw(id: OperationId) -> ToAgent {
        ToAgent::Withdraw { id }
    }

    #[test]
    fn a_newer_session_ends_the_older_one_and_the_older_one_s_leaving_does_not_end_the_newer() {
        let registry = Registry::default();
        let (older, newer) = {
            let appliance = ApplianceId::new();
            (slot(appliance), slot(appliance))
        };
        registry.enter(&older);

        registry.enter(&newer);
        registry.leave(&older);

        let todo = older.todo().now_or_never().unwrap();
        assert_eq!(todo.ended.unwrap().code, refusal::REPLACED);
        assert!(Arc::ptr_eq(&registry.get(newer.appliance).unwrap(), &newer));
        assert_eq!(registry.count(), 1);
        registry.leave(&newer);
        assert_eq!(registry.count(), 0);
    }

    #[test]
    fn who_does_not_read_is_told_no_more_than_fits() {
        let slot = slot(ApplianceId::new());

        let taken = (0..1000).filter(|_| slot.say(withdraw(OperationId::new())).is_ok()).count();

        assert_eq!(taken, WAITING);
        assert_eq!(slot.todo().now_or_never().unwrap().messages.len(), WAITING);
        assert!(slot.todo().now_or_never().is_none());
        assert!(slot.say(withdraw(OperationId::new())).is_ok());
    }

    #[test]
    fn the_same_is_told_once_in_a_session_and_a_full_outbox_is_no_telling() {
        let slot = slot(ApplianceId::new());
        let id = OperationId::new();

        assert_eq!(slot.tell(id, Told::Offered, || withdraw(id)), Ok(true));
        assert_eq!(slot.tell(id, Told::Offered, || withdraw(id)), Ok(false));
        assert_eq!(slot.tell(id, Told::Withdrawn, || withdraw(id)), Ok(true));
        while slot.say(withdraw(id)).is_ok() {}
        let other = OperationId::new();
        assert_eq!(slot.tell(other, Told::Offered, || withdraw(other)), Err(Full));
        slot.todo().now_or_never().unwrap();
        assert_eq!(slot.tell(other, Told::Offered, || withdraw(other)), Ok(true));
    }

    #[test]
    fn what_was_heard_is_taken_once_even_of_one_who_has_left() {
        let registry = Registry::default();
        let (stays, leaves) = (slot(ApplianceId::new()), slot(ApplianceId::new()));
        registry.enter(&stays);
        registry.enter(&leaves);
        registry.take_heard();
        let later = NOW + Duration::from_secs(9);

        stays.seen(later);
        leaves.seen(later);
        leaves.has_been_up(77);
        registry.leave(&leaves);

        let heard = registry.take_heard();
        assert_eq!(heard.len(), 2);
        assert!(heard.values().all(|heard| heard.at == later));
        assert_eq!(heard[&leaves.appliance].uptime_seconds, Some(77));
        assert_eq!(heard[&stays.appliance].uptime_seconds, None);
        assert!(registry.take_heard().is_empty());
    }

    #[test]
    fn a_goodbye_is_not_forgotten_when_the_session_ends() {
        let registry = Registry::default();
        let slot = slot(ApplianceId::new());
        registry.enter(&slot);
        let until = Some(NOW + Duration::from_mins(20));

        slot.seen(NOW);
        registry.note(slot.appliance, Heard { expected_until: until, ..slot.heard() });
        registry.leave(&slot);

        assert_eq!(registry.take_heard()[&slot.appliance].expected_until, until);
    }
}
