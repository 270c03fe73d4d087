//! How boots ended, in the light of what became of the other appliances of the site.

use std::time::Duration;

use domfleet_server::db::entity::{appliance, boot};
use domfleet_shared::Timestamp;
use domfleet_shared::boot::{Boot, BootEnd, Confidence};
use domfleet_shared::id::BootId;
use domfleet_shared::inventory::{Components, Content, Digests, Facts};
use domfleet_shared::protocol::ToServer;
use sea_orm::EntityTrait as _;
use serde_json::json;

use super::client::{Agent, Socket, hardware};
use super::harness::{Server, eventually, told};

const MINUTE: Duration = Duration::from_mins(1);
/// By then it is written what was heard.
const FLUSHED: Duration = Duration::from_secs(6);
const TOLD: &str = "nothing was found";

/// An appliance, and the boots that it remembers.
struct Appliance {
    agent: Agent,
    socket: Option<Socket>,
    booted: Timestamp,
    boots: Vec<Boot>,
}

impl Appliance {
    /// So many of one site, all switched on.
    async fn at_one_site(server: &Server, count: usize) -> Vec<Self> {
        let secret = server.token_of_a_site().await;
        let mut all = Vec::new();
        for number in 0..count {
            all.push(Self::joined(server, &secret, number).await);
        }
        all
    }

    async fn joined(server: &Server, secret: &str, number: usize) -> Self {
        let agent = Agent::joined_with(server, secret, hardware(&number.to_string())).await;
        let booted = server.app.clock.now();
        let mut appliance = Self { agent, socket: None, booted, boots: Vec::new() };
        appliance.switch_on(server).await;
        appliance
    }

    fn uptime(&self, server: &Server) -> u64 {
        server.app.clock.now().since(self.booted).as_secs()
    }

    /// dom0 starts, and the agent tells of this boot and of those before.
    async fn switch_on(&mut self, server: &Server) {
        self.booted = server.app.clock.now();
        self.agent.boot_id = BootId::new();
        self.boots.push(Boot {
            boot_id: self.agent.boot_id,
            started_at: self.booted,
            ended_at: None,
            end: None,
            confidence: None,
            evidence: Vec::new(),
            components: Components::default(),
            first_seen_seconds: Some(0),
            last_seen_seconds: None,
            changes: Vec::new(),
        });
        self.connect(server).await;
        self.tell_of_boots(server).await;
    }

    async fn connect(&mut self, server: &Server) {
        self.agent.uptime_seconds = self.uptime(server);
        let (mut socket, _) = self.agent.connect().await;
        let facts = Facts {
            fingerprint: self.agent.fingerprint.clone(),
            hostname: "xen".into(),
            boot_id: self.agent.boot_id,
            booted_at: self.booted,
            memory_bytes: None,
            free_memory_bytes: None,
            dom0_memory_bytes: None,
            cpus: None,
            components: Components::default(),
            taint: None,
        };
        socket.say(ToServer::Inventory { content: Content::Facts(Box::new(facts)) }).await;
        socket.settle().await;
        self.socket = Some(socket);
        alive(server, std::slice::from_mut(self)).await;
    }

    async fn tell_of_boots(&mut self, server: &Server) {
        let socket = self.socket.as_mut().expect("a session");
        socket.say(ToServer::Inventory { content: Content::Boots(self.boots.clone()) }).await;
        socket.settle().await;
        server.app.bus.endings.wake();
    }

    /// Says one, and gives the uptime that it told.
    async fn say_heartbeat(&mut self, server: &Server) -> u64 {
        let uptime_seconds = self.uptime(server);
        let socket = self.socket.as_mut().expect("a session");
        socket.say(ToServer::Heartbeat { uptime_seconds, digests: Digests::new() }).await;
        socket.settle().await;
        uptime_seconds
    }

    async fn is_on_record(&self, server: &Server, uptime_seconds: u64) {
        let id = self.agent.enrolled.appliance.0;
        let uptime = i64::try_from(uptime_seconds).unwrap();
        eventually("the heartbeat on record", async || {
            server.app.bus.presence.wake();
            let row = appliance::Entity::find_by_id(id).one(server.app.db.read()).await.unwrap();
            row.filter(|row| row.uptime_seconds == Some(uptime))
        })
        .await;
    }

    /// The session ends without a word, and nothing is heard any more.
    fn fall_silent(&mut self) {
        self.socket = None;
    }

    /// dom0 ends now, and the next boot is going to tell this of it.
    fn end(&mut self, server: &Server, end: BootEnd, confidence: Confidence) {
        self.fall_silent();
        let uptime = self.uptime(server);
        let boot = self.boots.last_mut().expect("a boot that runs");
        boot.ended_at = Some(server.app.clock.now());
        (boot.end, boot.confidence) = (Some(end), Some(confidence));
        boot.evidence = vec![TOLD.into()];
        boot.last_seen_seconds = Some(uptime);
    }

    /// The row of its first boot.
    async fn first(&self, server: &Server) -> boot::Model {
        let key = (self.agent.enrolled.appliance.0, self.boots[0].boot_id.0);
        let row = boot::Entity::find_by_id(key).one(server.app.db.read()).await.unwrap();
        row.expect("its first boot")
    }

    /// Waits until its first boot is shown to have ended so, and gives the weightiest evidence.
    async fn shows(&self, server: &Server, end: &str, confidence: &str, evidence: &str) {
        let what = format!("{end}, {confidence}: {evidence}");
        eventually(&what, async || {
            let row = self.first(server).await;
            let is_so = row.ending.as_deref() == Some(end)
                && row.confidence.as_deref() == Some(confidence)
                && row.evidence[0].as_str().unwrap().contains(evidence);
            is_so.then_some(())
        })
        .await;
    }

    /// Waits until its end has been looked at, and must be looked at again.
    async fn is_open(&self, server: &Server) {
        let now = server.app.clock.now().as_millis();
        eventually("an end that is open", async || {
            let row = self.first(server).await;
            row.refine_at.filter(|at| *at > now).map(|_| ())
        })
        .await;
    }

    /// Waits until there is nothing more to find out of its end.
    async fn is_settled(&self, server: &Server) {
        eventually("an end that is settled", async || {
            let row = self.first(server).await;
            (row.ending.is_some() && row.refine_at.is_none()).then_some(())
        })
        .await;
    }
}

/// All of them say a heartbeat, and those are on record.
async fn alive(server: &Server, appliances: &mut [Appliance]) {
    let mut uptimes = Vec::new();
    for appliance in appliances.iter_mut() {
        uptimes.push(appliance.say_heartbeat(server).await);
    }
    server.app.clock.advance(FLUSHED);
    for (appliance, uptime) in appliances.iter().zip(uptimes) {
        appliance.is_on_record(server, uptime).await;
    }
}

async fn ends(server: &Server) -> Vec<String> {
    let rows = boot::Entity::find().all(server.app.db.read()).await.unwrap();
    rows.into_iter().filter_map(|row| row.ending).collect()
}

#[tokio::test]
async fn a_site_that_ended_as_a_whole_lost_its_power_and_so_did_the_first_that_came_back() {
    let server = Server::start().await;
    let mut site = Appliance::at_one_site(&server, 3).await;
    server.app.clock.advance(MINUTE * 4);
    alive(&server, &mut site).await;
    for appliance in &mut site {
        appliance.end(&server, BootEnd::Unknown, Confidence::Low);
    }
    server.app.clock.advance(MINUTE * 10);

    site[0].switch_on(&server).await;
    // Nobody knows yet whether the others went on.
    site[0].is_open(&server).await;
    assert_eq!(site[0].first(&server).await.ending.as_deref(), Some("unknown"));
    site[1].switch_on(&server).await;
    let partly = "1 of the 2 other appliances of its site ended at the same time, and nothing was heard of the rest since";
    site[0].shows(&server, "power_loss", "medium", partly).await;
    server.app.clock.advance(MINUTE * 30);
    site[2].switch_on(&server).await;

    let whole = "all 2 other appliances of its site ended at the same time";
    for appliance in &site {
        appliance.shows(&server, "power_loss", "medium", whole).await;
        appliance.is_settled(&server).await;
    }
    // An agent that does not know that this was heard says it again.
    site[0].connect(&server).await;
    site[0].tell_of_boots(&server).await;
    site[0].shows(&server, "power_loss", "medium", whole).await;
    let path = format!("/api/v1/appliances/{}/boots", site[0].agent.enrolled.appliance);
    let shown = told(&server, &path).await["boots"][1].take();
    assert_eq!((&shown["end"], &shown["confidence"]), (&json!("power_loss"), &json!("medium")));
    assert_eq!(shown["evidence"], json!([whole, TOLD]));
}

#[tokio::test]
async fn one_that_ended_while_the_others_of_its_site_went_on_froze_most_likely() {
    let server = Server::start().await;
    let mut site = Appliance::at_one_site(&server, 3).await;
    server.app.clock.advance(MINUTE * 4);
    alive(&server, &mut site).await;
    site[0].end(&server, BootEnd::PowerLoss, Confidence::Low);
    server.app.clock.advance(MINUTE);
    alive(&server, &mut site[1..]).await;

    site[0].switch_on(&server).await;
    // The others were heard of when it ended, and not yet long enough after it.
    site[0].is_open(&server).await;
    assert_eq!(site[0].first(&server).await.ending.as_deref(), Some("power_loss"));
    server.app.clock.advance(MINUTE * 3);
    alive(&server, &mut site).await;
    server.app.clock.advance(MINUTE * 2);

    let alone = "all 2 other appliances of its site went on, so the site had power";
    site[0].shows(&server, "hang", "low", alone).await;
    site[0].is_settled(&server).await;
}

#[tokio::test]
async fn a_record_stays_whatever_became_of_the_others_and_says_nothing_of_them() {
    let server = Server::start().await;
    let mut site = Appliance::at_one_site(&server, 3).await;
    server.app.clock.advance(MINUTE * 4);
    alive(&server, &mut site).await;
    site[0].end(&server, BootEnd::Panic, Confidence::High);
    site[1].end(&server, BootEnd::Unknown, Confidence::Low);
    site[2].end(&server, BootEnd::Unknown, Confidence::Low);
    server.app.clock.advance(MINUTE * 10);
    for appliance in &mut site {
        appliance.switch_on(&server).await;
    }

    let other = "the other appliance of its site ended at the same time";
    site[1].shows(&server, "power_loss", "medium", other).await;
    site[2].shows(&server, "power_loss", "medium", other).await;
    site[0].shows(&server, "panic", "high", TOLD).await;
    site[0].is_settled(&server).await;
}

#[tokio::test]
async fn a_site_that_lost_only_its_line_did_not_lose_its_power() {
    let server = Server::start().await;
    let mut site = Appliance::at_one_site(&server, 3).await;
    server.app.clock.advance(MINUTE * 4);
    alive(&server, &mut site).await;
    for appliance in &mut site {
        appliance.fall_silent();
    }
    for appliance in &mut site[..2] {
        server.app.clock.advance(MINUTE * 10);
        appliance.end(&server, BootEnd::Unknown, Confidence::Low);
    }
    server.app.clock.advance(MINUTE * 20);

    // All fell silent at once, and two come back in other boots: those ended ten minutes apart.
    for appliance in &mut site[..2] {
        appliance.switch_on(&server).await;
        appliance.is_open(&server).await;
        assert!(!ends(&server).await.contains(&"power_loss".to_owned()));
    }
    site[2].connect(&server).await;
    site[2].tell_of_boots(&server).await;
    server.app.clock.advance(MINUTE * 15);

    let went_on = "went on, so the site had power";
    site[0]
        .shows(&server, "hang", "low", &format!("all 2 other appliances of its site {went_on}"))
        .await;
    site[1]
        .shows(&server, "hang", "low", &format!("the other appliance of its site {went_on}"))
        .await;
    assert_eq!(ends(&server).await, ["hang", "hang"]);
}

#[tokio::test]
async fn heartbeats_that_went_on_without_signs_on_disk_are_storage_that_hung() {
    let server = Server::start().await;
    let secret = server.token(1).await;
    let mut alone = Appliance::joined(&server, &secret, 1).await;
    server.app.clock.advance(MINUTE);
    alone.end(&server, BootEnd::Unknown, Confidence::Low);
    alone.connect(&server).await;
    server.app.clock.advance(MINUTE * 4);
    alive(&server, std::slice::from_mut(&mut alone)).await;
    alone.fall_silent();
    server.app.clock.advance(MINUTE * 4);

    alone.switch_on(&server).await;

    let hung = "after its last sign of life on disk: its storage hung";
    alone.shows(&server, "hang", "medium", hung).await;
}
