//! Thousands of simulated appliances in one process.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::Context as _;
use domfleet_agent::join::JoinError;
use domfleet_shared::enrolment::JoinToken;
use tokio::sync::Semaphore;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::sim::belongings::bring;
use crate::sim::machine::{Pauses, whole};
use crate::sim::{Dice, Machine, SimNetwork, Weather};

/// Joins under way at once. Each costs the server and us a handshake and three signatures; more at
/// once only make each slower, and the server turns away more than 64 from one address.
const JOINS: usize = 48;
/// Appliances that share an address: see [`SimNetwork::from_loopback`].
const PER_ADDRESS: u64 = 100;
/// Makes the dice of what appliances have others than those of the appliances.
const BELONGINGS: u64 = 0x6265_6c6f_6e67_696e;
/// A join that failed is tried again after this and up to twice this.
const JOIN_AGAIN: Duration = Duration::from_secs(2);
/// Files that the process needs beside one for each appliance.
const OTHER_FILES: u64 = 200;

/// What a swarm is made of.
#[derive(Clone, Debug)]
pub struct Swarm {
    /// `https://host:port`, where that is not the token's.
    pub server: Option<String>,
    /// What they join with.
    pub token: JoinToken,
    /// How many there are.
    pub appliances: u64,
    /// What they follow from.
    pub seed: u64,
    /// What becomes of them.
    pub weather: Weather,
    /// To so many of them, the first, nothing happens by itself.
    pub sheltered: u64,
    /// Where what is on their USB drives and on the disks of some VMs is kept, by the number of the
    /// appliance; they have neither where it is not said.
    pub belongings: Option<PathBuf>,
}

/// How far a swarm is.
#[derive(Debug, Default)]
pub struct Progress {
    joined: AtomicUsize,
    given_up: AtomicUsize,
}

impl Progress {
    /// Those that have joined.
    pub fn joined(&self) -> usize {
        self.joined.load(Ordering::Relaxed)
    }

    /// Those that the server will never take.
    pub fn given_up(&self) -> usize {
        self.given_up.load(Ordering::Relaxed)
    }
}

impl Swarm {
    /// What those are called to whom nothing happens by itself.
    pub fn sheltered_names(&self) -> Vec<String> {
        let name = |index| self.machine(index).host.hostname();
        (0..self.sheltered.min(self.appliances)).map(name).collect()
    }

    fn machine(&self, index: u64) -> Machine {
        let weather = if index < self.sheltered { Weather::CALM } else { self.weather };
        let network = SimNetwork::from_loopback(index / PER_ADDRESS);
        Machine::new(Dice::of(self.seed, index), None, network, weather, Pauses::REAL)
    }

    /// Starts it on `tracker`; it runs until `stop`.
    pub fn start(self, tracker: &TaskTracker, stop: &CancellationToken) -> Arc<Progress> {
        let progress = Arc::new(Progress::default());
        let swarm = Arc::new(self);
        let joins = Arc::new(Semaphore::new(JOINS));
        for index in 0..swarm.appliances {
            let (swarm, joins) = (Arc::clone(&swarm), Arc::clone(&joins));
            let (progress, stop) = (Arc::clone(&progress), stop.clone());
            tracker.spawn(async move {
                tokio::select! {
                    machine = Box::pin(swarm.join(index, &joins, &progress)) => {
                        let Some(mut machine) = machine else { return };
                        drop((swarm, joins, progress));
                        // A task of its own size: the one that joined was larger.
                        Box::pin(machine.live(stop)).await;
                    }
                    () = stop.cancelled() => {}
                }
            });
        }
        progress
    }

    async fn join(&self, index: u64, joins: &Semaphore, progress: &Progress) -> Option<Machine> {
        let machine = self.machine(index);
        if let Some(folder) = &self.belongings {
            let mut dice = Dice::of(self.seed ^ BELONGINGS, index);
            let brought = bring(&machine.host, &mut dice, index, &folder.join(index.to_string()));
            if let Err(error) = brought {
                tracing::warn!(index, %error, "it has no drives and no VM with a real disk");
            }
        }
        loop {
            let turn = joins.acquire().await.ok()?;
            let joined = machine.join(&self.token, self.server.as_deref()).await;
            drop(turn);
            match joined {
                Ok(appliance) => {
                    tracing::debug!(index, %appliance, "joined");
                    progress.joined.fetch_add(1, Ordering::Relaxed);
                    return Some(machine);
                }
                Err(error) if is_final(&error) => {
                    tracing::error!(index, error = whole(&error), "the server does not take it");
                    progress.given_up.fetch_add(1, Ordering::Relaxed);
                    return None;
                }
                Err(error) => {
                    tracing::warn!(index, error = whole(&error), "cannot join yet");
                    sleep(JOIN_AGAIN.mul_f64(1.0 + Dice::of(self.seed, index).share())).await;
                }
            }
        }
    }
}

fn is_final(error: &JoinError) -> bool {
    match error {
        JoinError::Refused(refusal) => refusal.code != "too_many" && refusal.code != "busy",
        _ => false,
    }
}

/// Makes room for a connection of each appliance, or says why there is none.
pub fn make_room(appliances: u64) -> anyhow::Result<()> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let needed = appliances + OTHER_FILES;
    let most = limit.maximum.unwrap_or(u64::MAX);
    anyhow::ensure!(
        needed <= most,
        "{appliances} appliances need {needed} open files, and this process may have {most}: raise \
         the limit (ulimit -Hn), or start several swarms with other seeds"
    );
    let wanted = Rlimit { current: Some(needed.max(limit.current.unwrap_or(0))), ..limit };
    setrlimit(Resource::Nofile, wanted).context("cannot raise the number of open files")
}
