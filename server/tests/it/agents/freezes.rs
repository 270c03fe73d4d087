//! Two years of a simulated fleet, told by its agents to a server that runs, and what its page then says.
//!
//! Each appliance reports four times, half a year apart by the server's clock; its certificate has expired by then and
//! is renewed. What makes them freeze is known to the simulator alone. `DOMFLEET_PROVE_FLEET` says how many there
//! are.

use std::time::Duration;

use domfleet_shared::Timestamp;
use domfleet_shared::boot::Boot;
use domfleet_shared::diagnosis::Running;
use domfleet_shared::id::BootId;
use domfleet_shared::inventory::{Components, Content, Digests, Facts};
use domfleet_shared::protocol::{ToAgent, ToServer};
use futures_util::StreamExt as _;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::Value;

use super::client::{Agent, renew};
use super::harness::{Server, told};

/// The simulator is that of the tests of the diagnosis itself.
#[path = "../../../../shared/tests/diagnosis"]
mod simulated {
    pub(crate) mod life;
    mod releases;
    pub(crate) mod world;
}

use simulated::life::Life;
use simulated::world::{Cause, World};

/// How often each reports.
const ROUNDS: u32 = 4;
/// As many boots as an agent reports.
const REPORTED: usize = 50;
/// How many report at the same time.
const AT_ONCE: usize = 16;
/// In days, as the simulator has them.
const TWO_YEARS: u32 = 730;
const DAY: Duration = Duration::from_hours(24);

/// How many appliances there are; enough that the true cause stands out.
fn appliances() -> usize {
    let wanted = std::env::var("DOMFLEET_PROVE_FLEET").ok();
    wanted.map_or(300, |count| count.parse().expect("a number in DOMFLEET_PROVE_FLEET"))
}

/// An appliance, and the life that it is going to tell of.
struct Told {
    agent: Agent,
    boots: Vec<Boot>,
    running: Option<Running>,
    /// What the server knows.
    known: Digests,
}

impl Told {
    /// What it can tell after so many days: boots that have not ended by then run.
    fn until(&self, began: Timestamp, day: u32) -> Vec<Boot> {
        let now = began + DAY * day;
        let there = self.boots.iter().filter(|boot| boot.started_at < now);
        let there = there.map(|boot| {
            if boot.ended_at.is_some_and(|ended| ended <= now) {
                return boot.clone();
            }
            let up = now.since(boot.started_at).as_secs();
            let changes = boot.changes.iter().filter(|change| change.uptime_seconds <= up);
            Boot {
                ended_at: None,
                end: None,
                last_seen_seconds: None,
                changes: changes.cloned().collect(),
                ..boot.clone()
            }
        });
        let mut there: Vec<Boot> = there.collect();
        there.drain(..there.len().saturating_sub(REPORTED));
        there
    }

    async fn report(&mut self, server: &Server, began: Timestamp, day: u32) {
        let boots = self.until(began, day);
        let Some(newest) = boots.last() else { return };
        let up = (began + DAY * day).since(newest.started_at).as_secs();
        let up = match self.running {
            Some(running) if running.boot == newest.boot_id => up.min(running.uptime_seconds),
            _ => up,
        };
        self.agent.boot_id = if newest.end.is_none() { newest.boot_id } else { BootId::new() };
        self.agent.uptime_seconds = up;
        let facts = Content::Facts(Box::new(Facts {
            fingerprint: self.agent.fingerprint.clone(),
            hostname: "xen".into(),
            boot_id: self.agent.boot_id,
            booted_at: newest.started_at,
            memory_bytes: None,
            free_memory_bytes: None,
            dom0_memory_bytes: None,
            cpus: None,
            components: Components::default(),
            taint: None,
        }));
        let contents = [facts, Content::Boots(boots)];
        let digests: Digests =
            contents.iter().map(|content| (content.section(), content.digest())).collect();
        let is_news = std::mem::replace(&mut self.known, digests.clone()) != digests;
        let answer = renew(server, &self.agent.key).await;
        assert_eq!(answer.status, 200, "{:?}", answer.body);
        let renewed: Value = serde_json::from_slice(&answer.body).unwrap();
        self.agent.enrolled.certificate_pem = renewed["certificate_pem"].as_str().unwrap().into();
        let (mut socket, _) = self.agent.connect().await;
        socket.say(ToServer::Heartbeat { uptime_seconds: up, digests }).await;
        if is_news {
            assert!(matches!(socket.hear().await, Some(ToAgent::Want { .. })));
            for content in contents {
                socket.say(ToServer::Inventory { content }).await;
            }
        }
        socket.settle().await;
    }
}

/// Lets a fleet live for two years, and gives what the page says then.
async fn page(world: World, seed: u64) -> Value {
    let server = Server::start().await;
    let began = server.app.clock.now();
    let mut random = StdRng::seed_from_u64(seed);
    let mut fleet = Vec::new();
    for _ in 0..world.appliances {
        let (mut boots, running) = Life::of(&world, StdRng::seed_from_u64(random.random())).live();
        let day = |at: Timestamp| began + Duration::from_millis(at.as_millis().unsigned_abs());
        for boot in &mut boots {
            boot.started_at = day(boot.started_at);
            boot.ended_at = boot.ended_at.map(day);
        }
        let agent = Agent::joined(&server).await;
        fleet.push(Told { agent, boots, running, known: Digests::new() });
    }
    for round in 1..=ROUNDS {
        server.app.clock.advance(DAY * TWO_YEARS / ROUNDS);
        let day = TWO_YEARS * round / ROUNDS;
        let reports = fleet.iter_mut().map(|told| told.report(&server, began, day));
        futures_util::stream::iter(reports).for_each_concurrent(AT_ONCE, |report| report).await;
    }
    told(&server, "/api/v1/reliability").await["diagnosis"].take()
}

fn blaming(cause: Cause) -> World {
    World { appliances: appliances(), ..World::blaming(cause) }
}

/// Whether a component is among those that the first suspect names.
fn is_first(found: &Value, component: &str) -> bool {
    let first = &found["verdict"]["suspects"][0]["components"];
    first.as_array().is_some_and(|named| named.iter().any(|named| named == component))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_binary_is_named_although_the_disk_format_nearly_always_changed_with_it() {
    let found = page(blaming(Cause::Qemu), 1).await;

    assert_eq!(found["verdict"]["kind"], "suspects", "{}", found["verdict"]);
    assert_eq!(found["verdict"]["suspects"][0]["components"], serde_json::json!(["qemu_running"]));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "one such fleet takes long: make prove lets all of them live"]
async fn what_never_differs_cannot_be_told_apart() {
    let world = World { keeping_format: 0.0, ..blaming(Cause::Qemu) };

    let found = page(world, 2).await;

    let together = found["inseparable"].as_array().unwrap();
    let both = ["qemu_running", "disk_format"];
    let says = |named: &Value| both.iter().all(|one| named["components"].to_string().contains(one));
    assert!(together.iter().any(says), "{}", found["inseparable"]);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "one such fleet takes long: make prove lets all of them live"]
async fn where_nothing_is_to_blame_nothing_is_named() {
    let found = page(blaming(Cause::Nothing), 3).await;

    assert!(found["verdict"]["suspects"].is_null(), "{}", found["verdict"]);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "one such fleet takes long: make prove lets all of them live"]
async fn the_scheduler_is_named() {
    let found = page(blaming(Cause::Scheduler), 4).await;

    assert!(is_first(&found, "io_scheduler"), "{}", found["verdict"]);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "one such fleet takes long: make prove lets all of them live"]
async fn a_mitigation_that_halves_the_rate_is_named() {
    let found = page(blaming(Cause::Swap), 5).await;

    assert!(is_first(&found, "swap"), "{}", found["verdict"]);
}
