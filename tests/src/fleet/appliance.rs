//! An appliance of a fleet.

use std::sync::Arc;
use std::time::Duration;

use domfleet_agent::join::JoinError;
use domfleet_shared::enrolment::JoinToken;
use domfleet_shared::id::{ApplianceId, VmId};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::wait::LOOK_AGAIN;
use super::{Fleet, eventually};
use crate::link::Link;
use crate::sim::machine::{Pauses, Status};
use crate::sim::{Dice, Host, Machine, Release, Route, SimFiles, SimNetwork, Weather};

/// How often something may still be on its way when time passes.
const TIMES_ON_THE_WAY: usize = 4;
/// The server judges silence every other second.
const JUDGED_WITHIN: Duration = Duration::from_secs(6);

/// An appliance, from outside.
#[derive(Clone, Debug)]
pub struct Appliance {
    /// As the server knows it.
    pub id: ApplianceId,
    /// Its name there.
    pub name: String,
    /// Its dom0.
    pub host: Arc<Host>,
    /// Its agent's files.
    pub files: SimFiles,
    /// Its network.
    pub network: SimNetwork,
    /// How it is.
    pub status: watch::Receiver<Status>,
}

impl Appliance {
    /// The first VM that runs.
    ///
    /// # Panics
    ///
    /// When none does.
    pub fn running_vm(&self) -> VmId {
        self.host
            .vms()
            .into_iter()
            .map(|vm| vm.uuid)
            .find(|vm| self.host.domid(*vm).is_some())
            .unwrap()
    }

    /// The name of a VM.
    ///
    /// # Panics
    ///
    /// When there is none.
    pub fn vm_name(&self, vm: VmId) -> String {
        self.host.vms().into_iter().find(|found| found.uuid == vm).unwrap().name
    }

    /// Where it is in the API.
    pub fn path(&self) -> String {
        format!("/api/v1/appliances/{}", self.id)
    }
}

/// What an appliance is to be.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Its release.
    pub release: &'static str,
    /// What joins it; a token that accepts it at once where it is not said.
    pub token: Option<JoinToken>,
    /// Whether its connections go over a link.
    pub link: Option<Link>,
    /// How far its clock is ahead; behind, where it is negative.
    pub clock_ahead_milliseconds: i64,
    /// How many volumes it has that carry our tag, named `spare-0` and so on.
    pub spare_volumes: usize,
    /// What it follows from; the next of the fleet's where it is not said.
    pub seed: Option<u64>,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            release: "2.0",
            token: None,
            link: None,
            clock_ahead_milliseconds: 0,
            spare_volumes: 0,
            seed: None,
        }
    }
}

/// A box that runs.
pub(super) struct Member {
    host: Arc<Host>,
    stop: CancellationToken,
    tracker: TaskTracker,
}

impl Member {
    pub(super) fn host(&self) -> &Host {
        &self.host
    }

    pub(super) async fn stop(self) {
        self.stop.cancel();
        self.tracker.close();
        self.tracker.wait().await;
    }
}

impl Fleet {
    /// An appliance of 2.0 that has joined, is accepted, online, and has reported what it holds.
    pub async fn add_appliance(&mut self) -> Appliance {
        self.add(Plan::default()).await
    }

    /// An appliance as planned, joined, accepted, online, and with its inventory at the server.
    pub async fn add(&mut self, plan: Plan) -> Appliance {
        let machine = self.machine(&plan);
        let token = match plan.token {
            Some(token) => token,
            None => self.token(json!({})).await,
        };
        let id = machine.join(&token, None).await.unwrap();
        let appliance = self.launch(machine, id).await;
        self.wait_until_reported(&appliance).await;
        appliance
    }

    /// Many at once, all with one token.
    pub async fn add_many(&mut self, plans: impl IntoIterator<Item = Plan>) -> Vec<Appliance> {
        let token = self.token(json!({})).await;
        let mut added = Vec::new();
        for plan in plans {
            let machine = self.machine(&plan);
            let id = machine.join(&token, None).await.unwrap();
            added.push(self.launch(machine, id).await);
        }
        for appliance in &added {
            self.wait_until_reported(appliance).await;
        }
        added
    }

    /// A box that has not joined.
    pub fn machine(&mut self, plan: &Plan) -> Machine {
        self.seed += 1;
        let dice = Dice::of(0xf1ee7, plan.seed.unwrap_or(self.seed));
        let release = Release::named(plan.release);
        let network = SimNetwork::default();
        if let Some(link) = &plan.link {
            network.set_route(Route::Via(link.address()));
        }
        let machine = Machine::new(dice, release, network, Weather::CALM, Pauses::SHORT);
        // For operations that remove some: those that are there from the start are known at once.
        for index in 0..plan.spare_volumes {
            machine.host.make_managed_volume(&format!("spare-{index}"));
        }
        machine.host.set_clock_ahead(plan.clock_ahead_milliseconds);
        machine.host.advance_clock(self.ahead);
        machine
    }

    /// Has a box join with `token`.
    pub async fn join(&mut self, plan: &Plan, token: &JoinToken) -> Result<Machine, JoinError> {
        let machine = self.machine(plan);
        machine.join(token, None).await?;
        Ok(machine)
    }

    /// Starts the agent of a box that has joined as `id`.
    pub async fn launch(&mut self, mut machine: Machine, id: ApplianceId) -> Appliance {
        let (stop, tracker) = (CancellationToken::new(), TaskTracker::new());
        let appliance = Appliance {
            id,
            name: self.name_of(id).await,
            host: Arc::clone(&machine.host),
            files: machine.files.clone(),
            network: machine.network.clone(),
            status: machine.status(),
        };
        let ends = stop.clone();
        tracker.spawn(async move { Box::pin(machine.live(ends)).await });
        self.appliances.push(Member { host: Arc::clone(&appliance.host), stop, tracker });
        appliance
    }

    async fn name_of(&self, id: ApplianceId) -> String {
        let found = self.api.get(&format!("/api/v1/appliances/{id}")).await;
        found["name"].as_str().unwrap().to_owned()
    }

    /// Ends an appliance's agent in order, for good.
    pub async fn remove(&mut self, appliance: &Appliance) {
        let is_it = |member: &Member| Arc::ptr_eq(&member.host, &appliance.host);
        if let Some(at) = self.appliances.iter().position(is_it) {
            self.appliances.swap_remove(at).stop().await;
        }
    }

    /// What the server says of an appliance.
    pub async fn see(&self, appliance: &Appliance) -> Value {
        self.api.get(&appliance.path()).await
    }

    /// Waits until the appliance's presence is `presence`, and returns what the server says of it.
    pub async fn wait_for_presence(&self, appliance: &Appliance, presence: &str) -> Value {
        eventually(&format!("{} is {presence}", appliance.name), async || {
            let seen = self.see(appliance).await;
            (seen["presence"] == presence).then_some(seen)
        })
        .await
    }

    /// Lets `by` pass, again and again, until the appliance's silence has made it `presence`.
    ///
    /// Once is not always enough: what it sent before it fell silent may still be on its way, and
    /// then the server hears it after that time has passed.
    ///
    /// # Panics
    ///
    /// When it is never `presence`.
    pub async fn pass_until(&mut self, appliance: &Appliance, presence: &str, by: Duration) {
        for _ in 0..TIMES_ON_THE_WAY {
            if self.see(appliance).await["presence"] == presence {
                return;
            }
            self.advance(by);
            let judged = Instant::now() + JUDGED_WITHIN;
            while Instant::now() < judged && self.see(appliance).await["presence"] != presence {
                sleep(LOOK_AGAIN).await;
            }
        }
        self.wait_for_presence(appliance, presence).await;
    }

    /// Waits until what the server has of the appliance's VMs and volumes is there.
    pub async fn wait_until_reported(&self, appliance: &Appliance) {
        self.wait_for_presence(appliance, "online").await;
        eventually("its inventory is there", async || {
            let path = appliance.path();
            for section in ["vms", "volumes"] {
                let found = self.api.get(&format!("{path}/{section}")).await;
                found["at"].as_str()?;
            }
            Some(())
        })
        .await;
    }
}
