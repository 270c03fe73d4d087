//! The only loop with effects: from where an operation stands to its end.
//!
//! There is no recovery code. An agent that has just started and one that has just accepted do the
//! same: look where the operation stands, and do what comes next. Whether a step has taken effect
//! is always told by looking ([`crate::verdict`]), never by what a tool said.

use std::time::Duration;

use domfleet_shared::id::{BootId, OperationId};
use domfleet_shared::operation::{Class, Operation, Pace, Progress, Reason};
use tokio::time::{Instant, sleep};

use crate::agent::{Agent, World};
use crate::bundle;
use crate::console;
use crate::dial::Dialer;
use crate::dom0::{Dom0, Dom0Error, Step};
use crate::journal::{Event, Standing, Task};
use crate::merging::Merging;
use crate::outcome;
use crate::plan::{plan, reason};
use crate::snapshots;
use crate::storage::Files;
use crate::verdict::{self, Verdict};
use crate::working;

/// Between two looks at something that takes its time: soon at first, because people wait for it.
const LOOK_AGAIN_SOON: Duration = Duration::from_millis(250);
const LOOK_AGAIN: Duration = Duration::from_secs(2);
/// A guest gets this long to shut down where nobody said otherwise (xendomains' own bound).
const GUEST_SHUTS_DOWN_WITHIN: Duration = Duration::from_mins(5);
/// dom0 gets this long: it shuts down every guest first.
const DOM0_GOES_DOWN_WITHIN: Duration = Duration::from_mins(20);
/// LVM copies back what was written since a snapshot was taken, at the disk's own pace.
const MERGED_WITHIN: Duration = Duration::from_hours(24);
/// What the tools do themselves shows within this.
const SHOWS_WITHIN: Duration = Duration::from_secs(30);
/// What cannot be seen at all is looked for so long, because only seeing tells what to do.
const SEEN_WITHIN: Duration = Duration::from_mins(10);

/// Brings operation `id` to its end. Returns early only where its end cannot be recorded.
pub(crate) async fn execute<D: Dom0, F: Files, N: Dialer>(agent: &Agent<D, F, N>, id: OperationId) {
    // Whether the next step is known not to have been begun: this process would know.
    let mut is_fresh = false;
    loop {
        let event = match agent.journal.standing(id) {
            None | Some(Standing::Ended { .. }) => return,
            Some(Standing::Accepted { .. }) if agent.is_cancelled(id) => Event::Withdrawn,
            Some(Standing::Accepted { task, .. }) => {
                is_fresh = true;
                begin(agent, id, &task).await
            }
            Some(Standing::Begun { task, boot_id, steps, done, .. }) => match steps.get(done) {
                Some(step) => {
                    let work = Work {
                        agent,
                        id,
                        task: &task,
                        steps: &steps,
                        done,
                        step,
                        begun_in: boot_id,
                    };
                    let event = work.step(is_fresh).await;
                    is_fresh = true;
                    // VMs are off or paused for a backup, and for nothing else.
                    let is_over = matches!(event, Event::Failed { .. } | Event::Cancelled { .. });
                    if is_over && matches!(task.operation, Operation::BackupCreate(_)) {
                        working::give_back(agent, id, &steps, done).await;
                    }
                    event
                }
                None => finish(agent, id, &task.operation, &steps, is_fresh).await,
            },
        };
        tracing::info!(operation = %id, ?event, "an operation goes on");
        let bundle = match agent.journal.standing(id).as_ref().and_then(Standing::task) {
            Some(Task { operation: Operation::DebugBundle { bundle }, .. }) => Some(*bundle),
            _ => None,
        };
        if !agent.record(id, event).await {
            return;
        }
        if agent.journal.standing(id).is_none_or(|standing| standing.is_ended()) {
            agent.forget_cancelled(id);
        }
        if let (Some(bundle), Some(Standing::Ended { .. })) = (bundle, agent.journal.standing(id)) {
            bundle::forget(agent, bundle).await;
        }
    }
}

/// Whether an operation that is accepted cannot be begun any more.
pub(crate) fn is_too_late(standing: &Standing, boot_id: BootId, uptime_seconds: u64) -> bool {
    match standing {
        Standing::Accepted { task, .. } => is_over(task, boot_id, uptime_seconds),
        Standing::Begun { .. } | Standing::Ended { .. } => false,
    }
}

fn is_over(task: &Task, boot_id: BootId, uptime_seconds: u64) -> bool {
    task.boot_id != boot_id || uptime_seconds > task.begin_before_uptime_seconds
}

fn is_late<D: Dom0, F: Files, N: Dialer>(agent: &Agent<D, F, N>, task: &Task) -> bool {
    match agent.world.dom0.running() {
        Ok(now) => is_over(task, agent.boot_id, now.uptime.as_secs()),
        Err(_) => true,
    }
}

async fn begin<D: Dom0, F: Files, N: Dialer>(
    agent: &Agent<D, F, N>,
    id: OperationId,
    task: &Task,
) -> Event {
    let expired = || Event::Rejected { reason: reason("expired", "its time to begin had run out") };
    if is_late(agent, task) {
        return expired();
    }
    if let (Some(why), true) = (agent.read_only(), task.operation.class() != Class::Read) {
        return Event::Rejected { reason: reason("read_only", why) };
    }
    let host = agent.observe().await;
    // Looking may have taken minutes on a host that is half dead.
    if is_late(agent, task) {
        return expired();
    }
    // A migration may have begun meanwhile.
    if let Some(reason) = agent.following.forbids(&task.operation) {
        return Event::Rejected { reason };
    }
    match plan(id, &task.operation, &host) {
        Ok(steps) => Event::Begun { boot_id: agent.boot_id, steps },
        Err(reason) => Event::Rejected { reason },
    }
}

async fn finish<D: Dom0, F: Files, N: Dialer>(
    agent: &Agent<D, F, N>,
    id: OperationId,
    operation: &Operation,
    steps: &[Step],
    is_fresh: bool,
) -> Event {
    if operation.is_work()
        && let Some(event) = working::finish(agent, id, operation, steps, is_fresh).await
    {
        return event;
    }
    let read = async {
        match operation {
            Operation::DebugBundle { bundle } => Some(bundle::on_demand(agent, id, *bundle).await),
            Operation::VmConsoleLog { vm, bytes } => {
                Some(console::read(&agent.world.dom0, *vm, *bytes).await)
            }
            _ => None,
        }
    };
    let read = tokio::select! {
        read = read => read,
        // Only what reads comes this far without being done.
        () = agent.until_cancelled(id), if operation.class() == Class::Read => {
            let reason = reason("withdrawn", "it was stopped before it was finished");
            return Event::Cancelled { reason };
        }
    };
    match read {
        Some(Ok(result)) => return Event::Succeeded { result: Some(result) },
        Some(Err(reason)) => return Event::Failed { reason },
        None => {}
    }
    if steps.is_empty() {
        return Event::Succeeded { result: Some(serde_json::json!({ "already_so": true })) };
    }
    if !outcome::tells_more(operation) {
        return Event::Succeeded { result: None };
    }
    let host = agent.observe().await;
    let told = match outcome::news(id, operation, steps, &host) {
        Some(news) => agent.world.dom0.tell(&news).await,
        None => None,
    };
    if let Some(Err(error)) = &told {
        tracing::warn!(error = error as &dyn std::error::Error, "the host's hook failed");
    }
    let result = outcome::result(id, operation, steps, &host);
    Event::Succeeded { result: outcome::with_telling(result, told) }
}

/// One step of an operation that has begun.
struct Work<'a, D, F, N> {
    agent: &'a Agent<D, F, N>,
    id: OperationId,
    task: &'a Task,
    steps: &'a [Step],
    /// How many of them are done.
    done: usize,
    step: &'a Step,
    begun_in: BootId,
}

impl<D: Dom0, F: Files, N: Dialer> Work<'_, D, F, N> {
    /// What comes of the step.
    async fn step(&self, is_fresh: bool) -> Event {
        if !is_fresh {
            // First of all: it stands still for as long as it takes to look at everything else.
            snapshots::let_go_on(self.agent, self.step).await;
            match self.see().await {
                Verdict::Done => return Event::Done,
                Verdict::NotDone => {
                    if let Some(event) = self.stopped() {
                        return event;
                    }
                    if let Some(reason) = self.must_not_be_repeated() {
                        return Event::Failed { reason };
                    }
                }
                Verdict::UnderWay => return self.outcome(Ok(())).await,
                Verdict::Impossible(why) => return failed("conflict", why),
                Verdict::Unseen(error) => return failed("unknown", error.to_string()),
            }
        }
        if let Some(event) = self.stopped() {
            return event;
        }
        let begun = Pace::new(None).progress(&self.step.describe(), 0, Duration::ZERO);
        self.report_progress(begun).await;
        if *self.step == Step::Reboot
            && let Err(error) = self.agent.leave(true).await
        {
            self.agent.stay().await;
            return failed("refused", format!("the end of this boot cannot be recorded: {error}"));
        }
        let said = self.agent.world.dom0.apply(self.step).await;
        self.outcome(said).await
    }

    /// The end of an operation that is no longer wanted, where it can be stopped before this step.
    fn stopped(&self) -> Option<Event> {
        let stops =
            self.agent.is_cancelled(self.id) && outcome::may_stop(&self.task.operation, self.done);
        let message = || outcome::stopped(self.steps, self.done);
        stops.then(|| Event::Cancelled { reason: reason("withdrawn", message()) })
    }

    /// Why a step that was interrupted, and seen not to be done, is left alone.
    fn must_not_be_repeated(&self) -> Option<Reason> {
        if *self.step == Step::Reboot {
            let why = "the agent was restarted before dom0 went down; it may still go down";
            return Some(reason("unknown", why));
        }
        if self.begun_in != self.agent.boot_id {
            let why = "dom0 was restarted before it was done, and it was not begun again";
            return Some(reason("interrupted", why));
        }
        is_late(self.agent, self.task).then(|| {
            reason(
                "interrupted",
                "the agent was away too long in the middle; it was not begun again",
            )
        })
    }

    /// Looks until it shows whether the step took effect; `said` is what the tool said.
    async fn outcome(&self, said: Result<(), Dom0Error>) -> Event {
        if let Err(Dom0Error::NotRun { .. } | Dom0Error::Refused { .. }) = &said
            && *self.step == Step::Reboot
        {
            self.agent.stay().await;
        }
        let patience = match &said {
            Err(Dom0Error::NotRun { .. } | Dom0Error::Refused { .. }) => Duration::ZERO,
            Ok(()) | Err(Dom0Error::Unknown { .. }) => self.patience(),
        };
        let began = Instant::now();
        let until = began + patience;
        let mut merging = Merging::default();
        loop {
            let verdict = self.look().await;
            if verdict == Verdict::UnderWay
                && let Some(progress) = merging.progress(self.step, self.agent, began.elapsed())
            {
                self.report_progress(progress).await;
            }
            // A merge that has begun takes its time; one that has not is not going to.
            let is_over = Instant::now() >= until
                || (verdict == Verdict::NotDone && began.elapsed() >= self.shows_within());
            match (verdict, &said) {
                (Verdict::Done, _) => return Event::Done,
                (Verdict::NotDone | Verdict::UnderWay, Ok(())) if is_over => {
                    return self.timed_out().await;
                }
                (Verdict::NotDone, Err(error @ Dom0Error::Unknown { .. })) if is_over => {
                    return failed("unknown", error.to_string());
                }
                (Verdict::NotDone, Err(error)) if is_over => {
                    return failed("refused", error.to_string());
                }
                (Verdict::Impossible(why), _) => return failed("conflict", why),
                (Verdict::Unseen(error), _) if Instant::now() >= until + SEEN_WITHIN => {
                    return failed("unknown", error.to_string());
                }
                (Verdict::UnderWay, Err(error)) if Instant::now() >= until + SHOWS_WITHIN => {
                    return failed("unknown", error.to_string());
                }
                (Verdict::NotDone | Verdict::UnderWay | Verdict::Unseen(_), _) => {
                    let is_young = began.elapsed() < LOOK_AGAIN;
                    sleep(if is_young { LOOK_AGAIN_SOON } else { LOOK_AGAIN }).await;
                }
            }
        }
    }

    fn patience(&self) -> Duration {
        match (self.step, &self.task.operation) {
            (
                Step::ShutDownDomain { .. },
                Operation::VmShutdown { timeout_seconds, .. }
                | Operation::VmReboot { timeout_seconds, .. },
            ) => timeout_seconds
                .map_or(GUEST_SHUTS_DOWN_WITHIN, |seconds| Duration::from_secs(seconds.into())),
            (Step::Reboot, _) => DOM0_GOES_DOWN_WITHIN,
            (Step::RevertVolume { .. }, _) => MERGED_WITHIN,
            _ => SHOWS_WITHIN,
        }
    }

    /// How long a tool that said it did something is believed against what is seen.
    fn shows_within(&self) -> Duration {
        match self.step {
            Step::RevertVolume { .. } => SHOWS_WITHIN,
            _ => Duration::MAX,
        }
    }

    async fn timed_out(&self) -> Event {
        let waited = self.patience().as_secs();
        match self.step {
            Step::ShutDownDomain { .. } => {
                let why = format!("the guest did not shut down within {waited} s; it runs on");
                failed("timeout", why)
            }
            Step::Reboot => {
                self.agent.stay().await;
                failed("timeout", format!("dom0 did not go down within {waited} s"))
            }
            step => {
                failed("refused", format!("{} was said to be done, and is not", step.describe()))
            }
        }
    }

    /// Looks once, as cheaply as the step allows.
    async fn look(&self) -> Verdict {
        let same_boot = self.begun_in == self.agent.boot_id;
        if *self.step == Step::Reboot && same_boot {
            return Verdict::NotDone;
        }
        if verdict::of_domains(self.step, &[], same_boot).is_some() {
            return match self.agent.world.dom0.domains().await {
                Ok(domains) => {
                    verdict::of_domains(self.step, &domains, same_boot).unwrap_or(Verdict::NotDone)
                }
                Err(error) => Verdict::Unseen(error),
            };
        }
        verdict::of_host(self.step, &self.agent.observe().await, self.begun_in)
    }

    /// Looks until something is seen, within reason.
    async fn see(&self) -> Verdict {
        let until = Instant::now() + SEEN_WITHIN;
        loop {
            match self.look().await {
                Verdict::Unseen(_) if Instant::now() < until => sleep(LOOK_AGAIN).await,
                verdict => return verdict,
            }
        }
    }

    async fn report_progress(&self, progress: Progress) {
        let World { files, clock, .. } = &self.agent.world;
        // Only for show: what matters is recorded with the step.
        if let Err(error) = self.agent.journal.progress(files, self.id, clock.now(), progress).await
        {
            tracing::debug!(error = &error as &dyn std::error::Error, "progress is not told");
        }
    }
}

fn failed(code: &str, message: impl Into<String>) -> Event {
    Event::Failed { reason: reason(code, message) }
}

#[cfg(test)]
#[path = "execute_tests.rs"]
mod tests;
