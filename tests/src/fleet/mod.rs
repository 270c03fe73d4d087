//! A fleet for a test: a real server with a database of its own, and simulated appliances with real
//! agents that talk to it over real TLS.

#![expect(clippy::unwrap_used, reason = "a harness that cannot go on has failed its test")]

mod api;
mod appliance;
mod database;
mod operations;
mod server;
mod wait;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Once;
use std::time::Duration;

use domfleet_server::config::Config;
use domfleet_server::restore;
use domfleet_shared::enrolment::JoinToken;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use self::api::{Answer, Api, EMAIL, PASSWORD};
pub use self::appliance::{Appliance, Plan};
pub use self::database::Database;
use self::operations::UNFINISHED;
pub use self::operations::code;
pub use self::wait::{eventually, within};
use crate::link::Link;

/// A fleet. [`Fleet::finish`] ends it, and fails a test that leaves an operation unfinished.
pub struct Fleet {
    /// The operators' API.
    pub api: Api,
    folder: TempDir,
    kind: Database,
    place: Place,
    /// Where servers were that a later one was restored from.
    older: Vec<Place>,
    extra: String,
    address: SocketAddr,
    server: Option<server::Running>,
    /// How far time is ahead of this machine's: see [`Fleet::advance`].
    ahead: Duration,
    appliances: Vec<appliance::Member>,
    /// Appliances follow from seeds, each from the next.
    seed: u64,
    links: TaskTracker,
    links_stop: CancellationToken,
}

/// Where a server keeps what it knows.
struct Place {
    config: Config,
    database: database::Own,
}

static ONCE: Once = Once::new();

fn prepare_process() {
    ONCE.call_once(|| {
        // Whoever was first has the same one.
        let _same = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let filter = tracing_subscriber::EnvFilter::try_from_env("DOMFLEET_LOG")
            .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn,sqlx=error"));
        tracing_subscriber::fmt().with_env_filter(filter).with_test_writer().init();
    });
}

impl Fleet {
    /// A fleet without appliances, on a database of that kind.
    pub async fn start(kind: Database) -> Self {
        Self::start_with(kind, "").await
    }

    /// The same; `extra` are lines for the server's configuration.
    pub async fn start_with(kind: Database, extra: &str) -> Self {
        prepare_process();
        let folder = TempDir::new().unwrap();
        let mut place = Self::place(kind, &folder.path().join("first"), extra).await;
        let server = server::Running::start(&place.config, Duration::ZERO).await.unwrap();
        let address = server.address();
        let ca = std::fs::read(place.config.data_dir.join("pki/ca.pem")).unwrap();
        // From here on the port stays: appliances and links know it.
        place.config.listen = address.to_string();
        Self {
            api: Api::new(address, &ca),
            folder,
            kind,
            place,
            older: Vec::new(),
            extra: extra.to_owned(),
            address,
            server: Some(server),
            ahead: Duration::ZERO,
            appliances: Vec::new(),
            seed: 0,
            links: TaskTracker::new(),
            links_stop: CancellationToken::new(),
        }
    }

    async fn place(kind: Database, folder: &Path, extra: &str) -> Place {
        let database = database::Own::create(kind, folder).await;
        let (data, url) = (folder.join("data"), &database.url);
        let heartbeat =
            if extra.contains("heartbeat_seconds") { "" } else { "heartbeat_seconds = 1" };
        let text = format!(
            "listen = '127.0.0.1:0'\ndata_dir = '{}'\ndatabase_url = '{url}'\n{heartbeat}\n{extra}\n\
             [first_admin]\nemail = '{EMAIL}'\npassword = '{PASSWORD}'\n",
            data.display()
        );
        let config = Config::read(&text, |_| None).unwrap();
        Place { config, database }
    }

    /// Where the server keeps its files.
    pub fn data_dir(&self) -> PathBuf {
        self.place.config.data_dir.clone()
    }

    /// Where the server listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Kills the server, wherever it is.
    pub async fn kill_server(&mut self) {
        self.server.take().unwrap().kill().await;
    }

    /// Ends the server in order.
    pub async fn stop_server(&mut self) {
        self.server.take().unwrap().stop().await;
    }

    /// Starts the server that was killed or ended, at the same address.
    pub async fn start_server(&mut self) {
        self.server = Some(server::Running::start(&self.place.config, self.ahead).await.unwrap());
    }

    /// Writes a backup of the server, which goes on serving.
    pub async fn back_up(&self) -> PathBuf {
        let file = self.folder.path().join(format!("backup-{}", uuid::Uuid::new_v4()));
        self.server.as_ref().unwrap().back_up(file.clone()).await;
        file
    }

    /// Starts a new server from a backup, in place of the old one, which must have been ended.
    pub async fn restore(&mut self, backup: &Path) {
        assert!(self.server.is_none(), "the old server still runs");
        let folder = self.folder.path().join(format!("restored-{}", self.older.len()));
        let mut place = Self::place(self.kind, &folder, &self.extra).await;
        place.config.listen = self.address.to_string();
        restore::read(place.config.clone(), backup).await.unwrap();
        self.older.push(std::mem::replace(&mut self.place, place));
        self.start_server().await;
    }

    /// Starts the server again that the last one was restored from.
    pub async fn start_older_server(&mut self) {
        assert!(self.server.is_none(), "the new server still runs");
        let older = self.older.last_mut().unwrap();
        std::mem::swap(&mut self.place, older);
        self.start_server().await;
    }

    /// How many alarms of a kind have been raised, and how many of them are open.
    pub async fn alarms(&self, kind: &str) -> (i64, i64) {
        let sql = format!("SELECT count(*) FROM alarm WHERE kind = '{kind}'");
        let database = &self.place.database;
        let open = database.count(&format!("{sql} AND cleared_at IS NULL")).await;
        (database.count(&sql).await, open)
    }

    /// Time goes on by `by`, for the server, its operators and every appliance: clocks only, nobody
    /// waits.
    pub fn advance(&mut self, by: Duration) {
        self.ahead += by;
        self.api.advance(by);
        if let Some(server) = &self.server {
            server.app().clock.advance(by);
        }
        for member in &self.appliances {
            member.host().advance_clock(by);
        }
    }

    /// A link to the server for an appliance's connections to go over.
    pub async fn link(&self) -> Link {
        Link::start(self.address, &self.links, &self.links_stop).await.unwrap()
    }

    /// A join token, as the dashboard makes it. `changes` are fields of the request.
    pub async fn token(&self, changes: Value) -> JoinToken {
        let mut request = json!({ "preauthorised": true, "uses": 1000 });
        request.as_object_mut().unwrap().extend(changes.as_object().cloned().unwrap_or_default());
        let made = self.api.post("/api/v1/join-tokens", request).await.ok();
        JoinToken::decode(made["token"].as_str().unwrap()).unwrap()
    }

    /// Ends everything in order.
    ///
    /// # Panics
    ///
    /// When an operation has not ended: a test sees to the end of what it asks for.
    pub async fn finish(mut self) {
        if self.server.is_none() {
            self.start_server().await;
        }
        let open = self.api.get(&format!("/api/v1/operations?state={UNFINISHED}")).await;
        assert_eq!(open["total"], 0, "operations are left unfinished: {open:#}");
        for member in std::mem::take(&mut self.appliances) {
            member.stop().await;
        }
        self.links_stop.cancel();
        self.links.close();
        self.links.wait().await;
        self.stop_server().await;
        self.place.database.drop().await;
        for place in self.older {
            place.database.drop().await;
        }
    }

    /// Runs `test` on a fleet of its own, and finishes that.
    pub fn run(kind: Database, test: impl AsyncFnOnce(&mut Self)) {
        Self::run_with(kind, "", test);
    }

    /// The same, with lines for the server's configuration.
    pub fn run_with(kind: Database, extra: &str, test: impl AsyncFnOnce(&mut Self)) {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("fleet")
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let mut fleet = Self::start_with(kind, extra).await;
            test(&mut fleet).await;
            fleet.finish().await;
        });
        runtime.shutdown_background();
    }
}

/// A test on each database: `on_both_databases![name, …]`, each an `async fn name(&mut Fleet)`.
#[macro_export]
macro_rules! on_both_databases {
    ($($name:ident),* $(,)?) => {$(
        mod $name {
            use $crate::fleet::{Database, Fleet};

            #[test]
            fn on_sqlite() {
                Fleet::run(Database::Sqlite, super::$name);
            }

            #[test]
            fn on_postgres() {
                Fleet::run(Database::Postgres, super::$name);
            }
        }
    )*};
}
