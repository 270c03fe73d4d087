//! The box: it runs the agent, and ends it whenever something happens to the box.

use std::sync::Arc;
use std::time::Duration;

use domfleet_agent::agent::{self, AgentError, Ended, Settings, World};
use domfleet_agent::alive::Clean;
use domfleet_agent::join::{self, JoinError};
use domfleet_shared::enrolment::JoinToken;
use domfleet_shared::id::ApplianceId;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use super::boot::Happening;
use super::dice::Dice;
use super::dom0::SimDom0;
use super::files::SimFiles;
use super::host::Host;
use super::network::SimNetwork;
use super::release::Release;
use super::weather::Weather;

/// OpenRC gives a service so long to stop.
const STOPS_WITHIN: Duration = Duration::from_secs(10);
/// A moment that never comes.
const NEVER: Duration = Duration::from_secs(1_000_000_000);

/// A simulated appliance's parts. Its agent runs while [`Machine::live`] does.
#[derive(Debug)]
pub struct Machine {
    /// Its dom0.
    pub host: Arc<Host>,
    /// The agent's files.
    pub files: SimFiles,
    /// Its network.
    pub network: SimNetwork,
    happenings: mpsc::Receiver<Happening>,
    dice: Dice,
    weather: Weather,
    /// What is set in its `agent.toml`.
    pub settings: Settings,
    /// How long dom0 takes to boot, and the supervisor to start the agent anew.
    pauses: Pauses,
    status: watch::Sender<Status>,
}

/// How long things take that are neither the agent's nor the server's.
#[derive(Clone, Copy, Debug)]
pub struct Pauses {
    /// From power-on to the agent's start.
    pub boot: Duration,
    /// From the agent's end to its next start.
    pub supervisor: Duration,
}

impl Pauses {
    /// Hardly any, for tests.
    pub const SHORT: Self =
        Self { boot: Duration::from_millis(20), supervisor: Duration::from_millis(5) };
    /// As in life.
    pub const REAL: Self =
        Self { boot: Duration::from_secs(75), supervisor: Duration::from_secs(5) };
}

/// How the box is, from outside.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// How often the agent has been started.
    pub starts: u64,
    /// Whether it runs.
    pub runs: bool,
    /// Whether the box stands still.
    pub is_frozen: bool,
    /// Why the agent ended by itself, the last time that it did.
    pub error: Option<String>,
}

impl Machine {
    /// The appliance of those dice, with that release or one by the dice.
    pub fn new(
        mut dice: Dice,
        release: Option<&'static Release>,
        network: SimNetwork,
        weather: Weather,
        pauses: Pauses,
    ) -> Self {
        let files = SimFiles::new(Dice::new(dice.roll()));
        let (host, happenings) = Host::roll(Dice::new(dice.roll()), release);
        files.tell(Arc::clone(&host));
        let status = watch::Sender::default();
        let settings = Settings::default();
        Self { host, files, network, happenings, dice, weather, settings, pauses, status }
    }

    /// How it is, now and later.
    pub fn status(&self) -> watch::Receiver<Status> {
        self.status.subscribe()
    }

    fn world(&self) -> World<SimDom0, SimFiles, SimNetwork> {
        World {
            dom0: SimDom0(Arc::clone(&self.host)),
            files: self.files.clone(),
            clock: self.host.clock(),
            dialer: self.network.clone(),
            settings: self.settings.clone(),
        }
    }

    /// Has the agent join, once.
    pub async fn join(
        &self,
        token: &JoinToken,
        server: Option<&str>,
    ) -> Result<ApplianceId, JoinError> {
        Ok(join::join(&self.world(), token, server).await?.appliance)
    }

    /// Runs the agent, through everything that happens, until `stop`.
    pub async fn live(&mut self, stop: CancellationToken) {
        let mut next = self.forecast();
        while !stop.is_cancelled() {
            let happening = self.run_agent(&stop, next).await;
            let Some(happening) = happening else { return };
            let pause = if happening == Happening::AgentKilled {
                self.pauses.supervisor
            } else {
                next = self.forecast();
                self.host.boot_anew(happening);
                self.pauses.boot
            };
            tokio::select! {
                () = stop.cancelled() => return,
                () = sleep(pause) => {}
            }
        }
    }

    /// When something happens by itself, and what.
    fn forecast(&mut self) -> (Instant, Happening) {
        let (wait, happening) = self
            .weather
            .next(&mut self.dice, self.host.release())
            .unwrap_or((NEVER, Happening::PowerCut));
        (Instant::now() + wait, happening)
    }

    /// One run of the agent's process. Says what ended it; nothing where it was `stop`.
    async fn run_agent(
        &mut self,
        stop: &CancellationToken,
        (at, forecast): (Instant, Happening),
    ) -> Option<Happening> {
        let in_order = CancellationToken::new();
        let host = Arc::clone(&self.host);
        // On the heap: it is large, and it outlives a freeze without being polled.
        let mut agent = Box::pin(agent::run(self.world(), in_order.clone()));
        self.status.send_modify(|status| {
            status.starts += 1;
            status.runs = true;
        });
        let happening = tokio::select! {
            biased;
            () = stop.cancelled() => None,
            Some(happening) = self.happenings.recv() => Some(happening),
            () = sleep_until(at) => Some(forecast),
            () = host.watchdog_bites() => Some(Happening::Watchdog),
            ended = &mut agent => {
                drop(agent);
                self.ended(ended);
                return Some(Happening::AgentKilled);
            }
        };
        match happening {
            None => {
                in_order.cancel();
                drop(timeout(STOPS_WITHIN, &mut agent).await);
            }
            Some(Happening::Restart) => {
                let cut = self.go_down(&in_order, &mut agent).await;
                if cut == Some(Happening::PowerCut) {
                    drop(agent);
                    self.status.send_modify(|status| status.runs = false);
                    return cut;
                }
            }
            Some(Happening::Freeze { cycled_after }) => {
                let bitten = self.freeze(stop, cycled_after).await;
                if bitten.is_some() {
                    drop(agent);
                    self.status.send_modify(|status| status.runs = false);
                    return bitten;
                }
            }
            Some(
                Happening::AgentKilled
                | Happening::PowerCut
                | Happening::Panic
                | Happening::Watchdog
                | Happening::PowerCycle,
            ) => {}
        }
        drop(agent);
        self.status.send_modify(|status| status.runs = false);
        happening
    }

    /// What dom0 does to the agent when it goes down; says what cut that short.
    async fn go_down(
        &mut self,
        in_order: &CancellationToken,
        agent: &mut (impl Future + Unpin),
    ) -> Option<Happening> {
        let boot_id = self.host.running().boot_id;
        let clean = Clean { boot_id, at: self.host.now(), returning: true };
        let files = self.files.clone();
        let in_turn = async {
            // Its stop script first. A full disk must not keep a box from going down.
            clean.store(&files).await.ok();
            in_order.cancel();
            drop(timeout(STOPS_WITHIN, agent).await);
        };
        tokio::select! {
            () = in_turn => None,
            happening = self.happenings.recv() => happening,
        }
    }

    /// Nothing runs, and nothing is closed: the agent's future is not polled meanwhile. Says what ended it, where
    /// that was its own watchdog.
    async fn freeze(
        &mut self,
        stop: &CancellationToken,
        cycled_after: Option<Duration>,
    ) -> Option<Happening> {
        self.status.send_modify(|status| status.is_frozen = true);
        let bitten = tokio::select! {
            () = stop.cancelled() => None,
            () = sleep(cycled_after.unwrap_or(NEVER)) => None,
            () = Self::power_cycle(&mut self.happenings) => None,
            () = self.host.watchdog_bites() => Some(Happening::Watchdog),
        };
        self.status.send_modify(|status| status.is_frozen = false);
        bitten
    }

    async fn power_cycle(happenings: &mut mpsc::Receiver<Happening>) {
        while let Some(happening) = happenings.recv().await {
            if happening == Happening::PowerCycle {
                return;
            }
        }
        std::future::pending().await
    }

    fn ended(&self, ended: Result<Ended, AgentError>) {
        let error = match ended {
            Ok(Ended::Stopped) => None,
            Err(error) => Some(whole(&error)),
        };
        if let Some(error) = &error {
            tracing::warn!(error, "an agent ended by itself");
        }
        self.status.send_modify(|status| {
            status.runs = false;
            status.error = error;
        });
    }
}

/// An error with all that is behind it.
pub fn whole(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut behind = error.source();
    while let Some(error) = behind {
        text.push_str(": ");
        text.push_str(&error.to_string());
        behind = error.source();
    }
    text
}
