//! A real server in a runtime of its own, so that it can be killed.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use domfleet_server::app::App;
use domfleet_server::backup;
use domfleet_server::clock::Clock;
use domfleet_server::config::Config;
use domfleet_server::run::Server;
use tokio::runtime::Runtime;
use tokio::time::{Instant, sleep};

/// Whatever a killed server was doing is dropped within this.
const DIES_WITHIN: Duration = Duration::from_secs(10);
/// A port that was in use a moment ago may be for another moment.
const STARTS_WITHIN: Duration = Duration::from_secs(10);

pub(super) struct Running {
    runtime: Runtime,
    server: Server,
}

impl Running {
    /// Starts one; `ahead` is how far its clock is ahead of this machine's.
    pub(super) async fn start(config: &Config, ahead: Duration) -> anyhow::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("server")
            .enable_all()
            .build()?;
        let until = Instant::now() + STARTS_WITHIN;
        loop {
            let clock = Clock::default();
            clock.advance(ahead);
            let start = Server::start_at(config.clone(), clock);
            match runtime.spawn(start).await? {
                Ok(server) => return Ok(Self { runtime, server }),
                Err(error) if Instant::now() >= until || !is_port_in_use(&error) => {
                    runtime.shutdown_background();
                    return Err(error);
                }
                Err(_) => sleep(Duration::from_millis(50)).await,
            }
        }
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.server.address()
    }

    pub(super) fn app(&self) -> &App {
        self.server.app()
    }

    /// Writes a backup, as its console does.
    pub(super) async fn back_up(&self, file: PathBuf) {
        let app = self.app().clone();
        let written = async move { backup::write(&app, &file).await };
        self.runtime.spawn(written).await.unwrap().unwrap();
    }

    /// Ends it in order.
    pub(super) async fn stop(self) {
        let Self { runtime, server } = self;
        runtime.spawn(server.stop()).await.unwrap().unwrap();
        runtime.shutdown_background();
    }

    /// Ends it at once, wherever it is: every task is dropped at the point where it waits, and
    /// nothing is closed in order.
    pub(super) async fn kill(self) {
        let Self { runtime, server } = self;
        tokio::task::spawn_blocking(move || {
            runtime.shutdown_timeout(DIES_WITHIN);
            drop(server);
        })
        .await
        .unwrap();
    }
}

fn is_port_in_use(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause
            .downcast_ref::<std::io::Error>()
            .is_some_and(|error| error.kind() == std::io::ErrorKind::AddrInUse)
    })
}
