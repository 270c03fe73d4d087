//! A server from its start to its orderly end.

use std::net::{SocketAddr, ToSocketAddrs as _};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use tokio::time::timeout;

use crate::accept::{self, Entrance, Routers};
use crate::app::App;
use crate::clock::Clock;
use crate::config::Config;
use crate::{agents, http, setup, tasks};

/// How long everything that runs gets to end when the server goes down.
const DRAIN: Duration = Duration::from_secs(20);

/// A server that serves.
pub struct Server {
    app: App,
    address: SocketAddr,
}

impl Server {
    /// Starts one. It serves once this returns.
    pub async fn start(config: Config) -> anyhow::Result<Self> {
        Self::start_at(config, Clock::default()).await
    }

    /// The same, at the time that `clock` tells.
    pub async fn start_at(mut config: Config, clock: Clock) -> anyhow::Result<Self> {
        let wanted = config.listen.clone();
        let address = wanted
            .to_socket_addrs()
            .ok()
            .and_then(|mut found| found.next())
            .with_context(|| format!("listen = {wanted:?} is no address and port"))?;
        let listener =
            accept::bind(address).with_context(|| format!("cannot listen on {address}"))?;
        let address = listener.local_addr()?;
        config.listen = address.to_string();
        let app = App::open_at(config, clock).await?;
        setup::first_start(&app).await?;
        let routers = Routers {
            agent: agents::agent_router(&app),
            enrolment: agents::enrolment_router(&app),
            public: http::router(&app),
        };
        let entrance =
            Entrance::new(Arc::clone(&app.faces), routers, app.tracker.clone(), app.stop.clone());
        agents::say_goodbye_at_the_end(&app);
        tasks::start_for_agents(&app);
        tasks::start_housekeeping(&app);
        app.tracker.spawn(entrance.serve(listener));
        tracing::info!(
            %address, url = app.public_url(), version = env!("CARGO_PKG_VERSION"), "serving"
        );
        Ok(Self { app, address })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its parts.
    pub fn app(&self) -> &App {
        &self.app
    }

    /// Goes down: says so, lets what is under way end, and closes the database last.
    pub async fn stop(self) -> anyhow::Result<()> {
        tracing::info!("going down");
        self.app.stop.cancel();
        self.app.tracker.close();
        if timeout(DRAIN, self.app.tracker.wait()).await.is_err() {
            tracing::warn!(left = self.app.tracker.len(), "some work did not end in time");
        }
        self.app.db.clone().close().await.context("cannot close the database")?;
        tracing::info!("down");
        Ok(())
    }
}

/// Serves until the process is asked to end (SIGTERM, SIGINT).
pub async fn serve(config: Config) -> anyhow::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let server = Server::start(config).await?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    server.stop().await
}
