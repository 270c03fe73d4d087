//! What every part of the server shares.

use std::ops::Deref;
use std::sync::Arc;

use anyhow::Context;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::bus::Bus;
use crate::clock::Clock;
use crate::config::Config;
use crate::db::Db;
use crate::objects::{self, Objects};

/// The server's parts, passed as state. Cloning it is cheap.
#[derive(Clone)]
pub struct App(Arc<Parts>);

/// See [`App`].
pub struct Parts {
    /// What it was told at the start.
    pub config: Config,
    /// The truth.
    pub db: Db,
    /// Where its time comes from.
    pub clock: Clock,
    /// Wake-ups.
    pub bus: Bus,
    /// Bundles and artifacts.
    pub objects: Objects,
    /// Everything that runs. Shutdown waits for it.
    pub tracker: TaskTracker,
    /// Cancelled when the server is to go down.
    pub stop: CancellationToken,
}

impl Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl App {
    /// Opens everything that `config` names, and brings the database's schema up to date.
    pub async fn open(config: Config) -> anyhow::Result<Self> {
        std::fs::create_dir_all(&config.data_dir)
            .with_context(|| format!("cannot make {}", config.data_dir.display()))?;
        let db = Db::connect(&config.database_url()).await.context("cannot open the database")?;
        db.migrate().await.context("cannot bring the database's schema up to date")?;
        Ok(Self(Arc::new(Parts {
            objects: objects::open(&config.objects_url())?,
            config,
            db,
            clock: Clock::default(),
            bus: Bus::default(),
            tracker: TaskTracker::new(),
            stop: CancellationToken::new(),
        })))
    }
}
