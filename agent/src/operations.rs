//! Who carries out what, and when: orders from the session in, operations begun in their turn.
//!
//! Two futures side by side. The clerk writes orders into the journal; the crew reads it and
//! works. They meet in the journal only, so that a hung disk stops neither the session nor the
//! work that is under way.

use std::collections::BTreeMap;
use std::time::Duration;

use domfleet_shared::id::OperationId;
use domfleet_shared::operation::{Class, Lock, Operation, Reason, Report, Reported, conflicts};
use domfleet_shared::protocol::Offer;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::sync::mpsc;
use tokio::time::sleep;

use crate::agent::Agent;
use crate::dial::Dialer;
use crate::dom0::Dom0;
use crate::execute::{execute, is_too_late};
use crate::journal::{Event, JournalError, Standing, Task};
use crate::keys;
use crate::plan::reason;
use crate::storage::{Files, is_full};

/// A dom0 has one CPU and one disk; more at once only makes each slower.
const AT_ONCE: usize = 2;
/// Operations that the server has not acknowledged. Its own queue is the long one.
const OWED: usize = 64;
/// How often those that wait are looked over: they may have become too late.
const LOOK_OVER: Duration = Duration::from_secs(5);

/// What the server said of an operation.
#[derive(Debug)]
pub(crate) enum Order {
    Offer { offer: Box<Offer>, begin_before_uptime_seconds: u64 },
    Withdraw(OperationId),
    Acknowledge { id: OperationId, report: u64 },
}

/// Works until dropped.
pub(crate) async fn carry_out<D: Dom0, F: Files, N: Dialer>(
    agent: &Agent<D, F, N>,
    orders: mpsc::Receiver<Order>,
) {
    tokio::join!(clerk(agent, orders), crew(agent));
}

async fn clerk<D: Dom0, F: Files, N: Dialer>(
    agent: &Agent<D, F, N>,
    mut orders: mpsc::Receiver<Order>,
) {
    while let Some(order) = orders.recv().await {
        match order {
            Order::Offer { offer, begin_before_uptime_seconds } => {
                take(agent, *offer, begin_before_uptime_seconds).await;
            }
            Order::Withdraw(id) if agent.journal.standing(id).is_some() => {
                agent.cancel(id);
                again(agent, id);
            }
            Order::Withdraw(id) => write(agent, id, Event::Withdrawn).await,
            Order::Acknowledge { id, report } => {
                let standing = agent.journal.standing(id);
                if let Some(Standing::Ended { ending, acknowledged: false }) = standing
                    && ending.report == report
                {
                    write(agent, id, Event::Acknowledged).await;
                }
                agent.journal.acknowledged(id, report);
            }
        }
    }
}

/// What is said to an offer.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Answer {
    Accept,
    Reject(Reason),
    /// It is known: what was said is said again.
    Again,
}

fn judge(
    offer: &Offer,
    known: Option<&Standing>,
    epoch: u32,
    read_only: Option<&str>,
    forbidden: Option<Reason>,
    owed: usize,
) -> Answer {
    if known.is_some() {
        return Answer::Again;
    }
    if offer.epoch != epoch {
        let message = format!("it is meant for epoch {}, and this is {epoch}", offer.epoch);
        return Answer::Reject(reason("epoch", message));
    }
    if offer.operation == Operation::Unknown {
        let message = "this agent does not know that kind of operation: update it";
        return Answer::Reject(reason("unknown_kind", message));
    }
    if let (Some(why), true) = (read_only, offer.operation.class() != Class::Read) {
        return Answer::Reject(reason("read_only", why));
    }
    if let Some(reason) = forbidden {
        return Answer::Reject(reason);
    }
    if owed >= OWED {
        return Answer::Reject(reason("too_many", "too many operations are under way here"));
    }
    Answer::Accept
}

async fn take<D: Dom0, F: Files, N: Dialer>(
    agent: &Agent<D, F, N>,
    offer: Offer,
    begin_before_uptime_seconds: u64,
) {
    let id = offer.id;
    let known = agent.journal.standing(id);
    let read_only = agent.read_only();
    let forbidden = agent.following.forbids(&offer.operation);
    let (epoch, owed) = (agent.identity().epoch, agent.journal.owed().len());
    match judge(&offer, known.as_ref(), epoch, read_only.as_deref(), forbidden, owed) {
        Answer::Again => again(agent, id),
        Answer::Reject(reason) => write(agent, id, Event::Rejected { reason }).await,
        Answer::Accept => {
            if let Err(error) = hold_keys(agent, &offer.keys).await {
                tracing::error!(
                    operation = %id,
                    error = &error as &dyn std::error::Error,
                    "a key cannot be kept"
                );
                if is_full(&error) {
                    say_full(agent, id);
                }
                return;
            }
            tracing::info!(operation = %id, kind = offer.operation.kind(), "accepted");
            let task = Task {
                operation: offer.operation,
                boot_id: agent.boot_id,
                begin_before_uptime_seconds,
                priority: offer.priority,
            };
            write(agent, id, Event::Accepted(task)).await;
        }
    }
}

/// Keeps the keys that an operation may need. A text that is none is of a later build.
async fn hold_keys<D: Dom0, F: Files, N: Dialer>(
    agent: &Agent<D, F, N>,
    keys: &[String],
) -> std::io::Result<()> {
    for key in keys.iter().filter_map(|text| text.parse().ok()) {
        keys::hold(&agent.world.files, &key).await?;
    }
    Ok(())
}

fn again<D: Dom0, F: Files, N: Dialer>(agent: &Agent<D, F, N>, id: OperationId) {
    if let Some(report) = agent.journal.report(id) {
        agent.say(report);
    }
}

/// Records the clerk's part. Where the disk does not take it, nothing has happened; a full disk is
/// said, anything else stays unanswered, and the server says it again.
async fn write<D: Dom0, F: Files, N: Dialer>(
    agent: &Agent<D, F, N>,
    id: OperationId,
    event: Event,
) {
    let now = agent.world.clock.now();
    let is_acceptance = matches!(event, Event::Accepted(_));
    let Err(error) = agent.journal.record(&agent.world.files, id, now, event).await else { return };
    tracing::error!(
        operation = %id,
        error = &error as &dyn std::error::Error,
        "the journal cannot be written"
    );
    if let JournalError::Io(error) = error
        && is_acceptance
        && is_full(&error)
    {
        say_full(agent, id);
    }
}

/// An operation was not accepted, because nothing can be written of it.
fn say_full<D: Dom0, F: Files, N: Dialer>(agent: &Agent<D, F, N>, id: OperationId) {
    let message = "the disk of the agent's data directory is full: free some space there";
    agent.say(Report {
        id,
        report: 1,
        state: Reported::Rejected,
        at: agent.world.clock.now(),
        reason: Some(reason("disk_full", message)),
        progress: None,
        result: None,
    });
}

async fn crew<D: Dom0, F: Files, N: Dialer>(agent: &Agent<D, F, N>) {
    let mut changes = agent.journal.changes();
    let mut working = FuturesUnordered::new();
    let mut at_work = BTreeMap::new();
    loop {
        let uptime = agent.world.dom0.running().map_or(u64::MAX, |now| now.uptime.as_secs());
        let is_over = |id: OperationId, standing: &Standing| {
            agent.is_cancelled(id) || is_too_late(standing, agent.boot_id, uptime)
        };
        let open = agent.journal.open_operations();
        for (id, operation) in next(&open, &at_work, is_over) {
            at_work.insert(id, operation);
            working.push(async move {
                Box::pin(execute(agent, id)).await;
                id
            });
        }
        let is_waiting = open.len() > at_work.len();
        tokio::select! {
            Some(id) = working.next(), if !working.is_empty() => {
                at_work.remove(&id);
                agent.look_again.notify_one();
            }
            _ = changes.changed() => {}
            () = sleep(LOOK_OVER), if is_waiting => {}
        }
    }
}

/// Those that begin now: the most urgent first, and of those in the order in which they came, but
/// for what holds a lock that they want; and those that have become too late or are no longer
/// wanted, which only need to be told so.
fn next(
    open: &[(OperationId, Standing)],
    at_work: &BTreeMap<OperationId, Operation>,
    is_over: impl Fn(OperationId, &Standing) -> bool,
) -> Vec<(OperationId, Operation)> {
    let is_light = |operation: &Operation| operation.class() == Class::Read;
    let mut room = AT_ONCE.saturating_sub(at_work.values().filter(|op| !is_light(op)).count());
    let mut held: Vec<Lock> = at_work.values().flat_map(Operation::locks).collect();
    let mut begin = Vec::new();
    // What has begun goes on before anything else begins.
    let (under_way, mut waiting): (Vec<_>, Vec<_>) =
        open.iter().partition(|(_, standing)| matches!(standing, Standing::Begun { .. }));
    waiting
        .sort_by_key(|(_, standing)| std::cmp::Reverse(standing.task().map(|task| task.priority)));
    for (id, standing) in under_way.into_iter().chain(waiting) {
        let Some(task) = standing.task().filter(|_| !at_work.contains_key(id)) else { continue };
        let wanted = task.operation.locks();
        let is_free = !wanted.iter().any(|wanted| held.iter().any(|held| conflicts(wanted, held)));
        let has_room = room > 0 || is_light(&task.operation);
        if is_over(*id, standing) || (is_free && has_room) {
            if !is_light(&task.operation) {
                room = room.saturating_sub(1);
            }
            begin.push((*id, task.operation.clone()));
        }
        held.extend(wanted);
    }
    begin
}
