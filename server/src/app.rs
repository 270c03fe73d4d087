//! What every part of the server shares.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use domfleet_shared::Timestamp;
use domfleet_shared::enrolment::JoinToken;
use domfleet_shared::id::OrganisationId;
use metrics_exporter_prometheus::PrometheusHandle;
use sea_orm::ConnectionTrait;
use serde_json::json;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use crate::agents::registry::Registry;
use crate::auth::Auth;
use crate::auth::keys::set_keys;
use crate::auth::limit::Limiter;
use crate::auth::permit_keys::PermitKeys;
use crate::bus::Bus;
use crate::clock::Clock;
use crate::config::Config;
use crate::db::Db;
use crate::db::audit::{self, Actor, Change};
use crate::db::join_tokens::{self, NewJoinToken};
use crate::domain::set_keys::SetKeys;
use crate::objects::{self, Objects};
use crate::pki::Pki;
use crate::reckoning::Reckoning;
use crate::tls::{Faces, PublicFiles};
use crate::uploads::Uploads;

/// How many may follow what changes at once: each reads the database when something does.
const STREAMS: usize = 1024;
/// How many may look into bundles at once.
const READERS: usize = 2;
/// Joins and renewals that may fail, or be under way, from one address in a minute. Secrets cannot
/// be guessed, so this only bounds the work; a reseller's whole stock may be behind one address.
const FAILED_JOINS: u32 = 1000;

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
    /// The private certificate authority.
    pub pki: Arc<Pki>,
    /// How the port's faces are shown.
    pub faces: Arc<Faces>,
    /// Who operators are.
    pub auth: Auth,
    /// The keys of encrypted backup sets.
    pub set_keys: SetKeys,
    /// The keys that permits to overwrite a system disk are signed with.
    pub permit_keys: PermitKeys,
    /// Places for those who follow what changes.
    pub streams: Arc<Semaphore>,
    /// Counts and times.
    pub metrics: PrometheusHandle,
    /// When this process began.
    pub started_at: Timestamp,
    /// Agents that are connected.
    pub registry: Registry,
    /// Joins and renewals that failed, by network address.
    pub joins: Limiter,
    /// Why appliances freeze, as it was worked out lately.
    pub reckoning: Reckoning,
    /// Bundles that are on their way here.
    pub uploads: Uploads,
    /// Places for those who look into bundles: each keeps a thread busy.
    pub readers: Arc<Semaphore>,
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
        Self::open_at(config, Clock::default()).await
    }

    /// The same, at the time that `clock` tells.
    pub async fn open_at(config: Config, clock: Clock) -> anyhow::Result<Self> {
        std::fs::create_dir_all(&config.data_dir)
            .with_context(|| format!("cannot make {}", config.data_dir.display()))?;
        let db = Db::connect(&config.database_url()).await.context("cannot open the database")?;
        db.migrate().await.context("cannot bring the database's schema up to date")?;
        let pki = Pki::open(&config.data_dir.join("pki"), config.public_host(), clock.now())
            .context("cannot open the certificate authority")?;
        let pki = Arc::new(pki);
        let public = config.tls.cert.clone().zip(config.tls.key.clone());
        let public = public.map(|(cert, key)| PublicFiles { cert, key });
        let faces = Faces::new(Arc::clone(&pki), public, clock.clone())
            .context("cannot prepare for TLS")?;
        let uploads = Uploads::open(config.data_dir.join("uploads"))
            .context("cannot make the folder of uploads")?;
        Ok(Self(Arc::new(Parts {
            objects: objects::open(&config.objects_url(), &config.objects.s3)?,
            auth: Auth::open(&config.keys_dir())?,
            set_keys: set_keys(&config.keys_dir())?,
            permit_keys: PermitKeys::open(&config.keys_dir())?,
            config,
            db,
            started_at: clock.now(),
            clock,
            pki,
            faces: Arc::new(faces),
            registry: Registry::default(),
            joins: Limiter::new(FAILED_JOINS, Duration::from_mins(1)),
            reckoning: Reckoning::default(),
            uploads,
            readers: Arc::new(Semaphore::new(READERS)),
            bus: Bus::default(),
            streams: Arc::new(Semaphore::new(STREAMS)),
            metrics: crate::telemetry::metrics(),
            tracker: TaskTracker::new(),
            stop: CancellationToken::new(),
        })))
    }

    /// Where appliances and people reach it.
    pub fn public_url(&self) -> String {
        self.config.public_url.clone().unwrap_or_else(|| {
            let listen = self.config.listen.replace("0.0.0.0", "127.0.0.1");
            format!("https://{}", listen.replace("[::]", "127.0.0.1"))
        })
    }

    /// Makes a join token; the text is the only place where its secret is.
    pub async fn new_join_token(
        &self,
        txn: &impl ConnectionTrait,
        new: &NewJoinToken,
        actor: &Actor,
    ) -> anyhow::Result<(Uuid, String)> {
        let secret = join_tokens::new_secret();
        let id = join_tokens::insert(txn, new, &secret).await?;
        let change = Change {
            organisation: new.organisation,
            action: "join_token.create",
            kind: "join_token",
            id: id.to_string(),
            before: None,
            after: Some(json!({
                "preauthorised": new.preauthorised, "uses": new.uses,
                "expires_at": new.expires_at, "site_id": new.site, "note": new.note,
            })),
        };
        audit::record(txn, actor, change, new.now).await?;
        let token = JoinToken {
            server: self.public_url(),
            ca_sha256: self.pki.ca_sha256(new.now)?,
            secret,
        };
        Ok((id, token.encode()))
    }

    /// The topmost organisation, once the first start has made it.
    pub async fn topmost_organisation(&self) -> anyhow::Result<OrganisationId> {
        crate::db::organisations::topmost(self.db.read())
            .await?
            .context("there is no organisation yet; run domfleet-server serve once")
    }
}
