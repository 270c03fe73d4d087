//! An appliance whose system disk was overwritten by a migration comes back: the new system's agent has no
//! identity. It goes on with the migration by what is on the drive, and asks the server to be taken in again at
//! the same time; neither waits for the other (`docs/decisions/0028-coming-back-after-a-reset.md`).

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use domfleet_shared::migration::talk::{CarriedIdentity, REJOIN_PATH, Rejoin};
use domfleet_shared::migration::{Migration, Record};
use rand::rng;
use rcgen::{KeyPair, SigningKey as _};
use tokio::sync::watch;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::address::{Address, AddressError};
use crate::agent::{World, locked};
use crate::connection::ConnectError;
use crate::dial::Dialer;
use crate::dom0::Dom0;
use crate::identity::{self, Identity, IdentityError};
use crate::join::{self, JoinError};
use crate::keys;
use crate::meter::Meter;
use crate::migration::carry::{Again, Wanted};
use crate::migration::kept::{self, STORY};
use crate::reconnect::Backoff;
use crate::seen::Seen;
use crate::storage::Files;
use crate::storage::record::{self, RecordError};
use crate::tls::{self, JudgedTime};
use crate::works::Gauge;

/// The drive may be pulled out before the server answers. It is gone as soon as it was used.
const CARRIED: &str = "migration/carried.json";
/// A turn that came to nothing is not taken again sooner.
const AT_LEAST: Duration = Duration::from_millis(200);

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CameBack {
    /// The appliance is in again: the agent can be run.
    In,
    /// There is no migration here: it has to join.
    Never,
    /// It was asked to stop.
    Stopped,
}

/// Why the server did not take the appliance in.
#[derive(Debug, thiserror::Error)]
enum Refused {
    #[error(transparent)]
    Address(#[from] AddressError),
    #[error("the key that the drive carries cannot be used")]
    Key(#[source] rcgen::Error),
    #[error(transparent)]
    Identity(#[from] IdentityError),
    #[error(transparent)]
    Record(#[from] RecordError),
    #[error(transparent)]
    Connect(#[from] ConnectError),
    #[error(transparent)]
    Join(#[from] JoinError),
    #[error("the agent's data directory cannot be written")]
    Files(#[source] io::Error),
}

/// Goes on with the migration that has overwritten this system disk, until the server has taken the appliance in
/// again. Can be called again after any failure, and after a power cut at any moment.
pub async fn come_back<D: Dom0, F: Files, N: Dialer>(
    world: &World<D, F, N>,
    stop: &CancellationToken,
) -> Result<CameBack, RecordError> {
    let known = record::load::<CarriedIdentity>(&world.files, CARRIED).await?;
    let returning = Returning { world, turn: Mutex::default(), leaves: CancellationToken::new() };
    let (carried, is_carried) = watch::channel(known);
    let mut turning = std::pin::pin!(returning.keep_turning(&carried));
    let asking = returning.keep_asking(is_carried);
    let ended = tokio::select! {
        () = stop.cancelled() => CameBack::Stopped,
        () = &mut turning => return Ok(CameBack::Never),
        () = asking => CameBack::In,
    };
    // At a safe point: whoever goes on must not meet a turn that is still under way.
    returning.leave();
    turning.await;
    if ended == CameBack::In
        && let Err(error) = world.files.remove(CARRIED).await
    {
        tracing::warn!(error = &error as &dyn std::error::Error, "the drive's key is left here");
    }
    Ok(ended)
}

struct Returning<'w, D, F, N> {
    world: &'w World<D, F, N>,
    turn: Mutex<Arc<Gauge>>,
    leaves: CancellationToken,
}

impl<D: Dom0, F: Files, N: Dialer> Returning<'_, D, F, N> {
    fn leave(&self) {
        self.leaves.cancel();
        locked(&self.turn).cancel();
    }

    /// Returns when it is to leave, or where there is no migration here.
    async fn keep_turning(&self, carried: &watch::Sender<Option<CarriedIdentity>>) {
        while !self.leaves.is_cancelled() {
            let gauge = Arc::new(Gauge::default());
            *locked(&self.turn) = Arc::clone(&gauge);
            let meter: Arc<dyn Meter> = gauge;
            let keys = keys::held(&self.world.files).await.unwrap_or_default();
            let trusted = self.world.settings.permit_keys.clone();
            let wanted = Wanted { trusted, ..Wanted::default() };
            let turn = self.world.dom0.turn(wanted, keys, &meter).await;
            kept::keep(&self.world.files, turn.story.as_deref(), Some(&turn.now)).await;
            if let Some(found) = turn.carried {
                self.keep_carried(carried, found).await;
            }
            match turn.again {
                Again::AtOnce => sleep(AT_LEAST).await,
                Again::After(after) => self.wait(after.max(AT_LEAST)).await,
                Again::Never if carried.borrow().is_none() => return,
                Again::Never => self.leaves.cancelled().await,
            }
        }
    }

    async fn wait(&self, long: Duration) {
        tokio::select! {
            () = sleep(long) => {}
            () = self.leaves.cancelled() => {}
        }
    }

    async fn keep_carried(
        &self,
        carried: &watch::Sender<Option<CarriedIdentity>>,
        found: CarriedIdentity,
    ) {
        if carried.borrow().as_ref() == Some(&found) {
            return;
        }
        // Without it, the drive is read again.
        if let Err(error) = record::store(&self.world.files, CARRIED, &found).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "the drive has to stay");
        }
        carried.send_replace(Some(found));
    }

    /// Returns when the appliance is in.
    async fn keep_asking(&self, mut carried: watch::Receiver<Option<CarriedIdentity>>) {
        let mut backoff = Backoff::default();
        loop {
            let Ok(known) = carried.wait_for(Option::is_some).await.map(|known| known.clone())
            else {
                return std::future::pending().await;
            };
            let Some(known) = known else { continue };
            match self.ask(&known).await {
                Ok(()) => return,
                Err(error) => {
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        server = known.server,
                        "the server does not take this appliance in again yet"
                    );
                }
            }
            sleep(backoff.wait(Duration::ZERO, None, &mut rng())).await;
        }
    }

    async fn ask(&self, carried: &CarriedIdentity) -> Result<(), Refused> {
        let World { dom0, files, clock, dialer, .. } = self.world;
        let story = record::load::<Vec<Record>>(files, STORY).await?.unwrap_or_default();
        let not_there = || Refused::Files(io::Error::other("there is no story of a migration"));
        let story = Migration::of(&story).map_err(|_| not_there())?;
        let migration = story.plan.migration;
        let address: Address = carried.server.parse()?;
        let key = identity::key(files).await?;
        let csr_pem = identity::request(&key)?;
        let facts = dom0.observe().await.facts;
        let move_key = KeyPair::from_pem(&carried.key_pem).map_err(Refused::Key)?;
        let signed = move_key.sign(&Rejoin::signed_bytes(migration, &csr_pem));
        let signature = hex::encode(signed.map_err(Refused::Key)?);
        let request = Rejoin {
            migration,
            csr_pem,
            fingerprint: facts.fingerprint,
            hostname: facts.hostname,
            signature,
        };
        let time = JudgedTime::new(clock.clone(), carried.server_time);
        let config = tls::knowing(&carried.trust_bundle_pem, time).map_err(ConnectError::from)?;
        let enrolled = join::post(dialer, &address, config, REJOIN_PATH, &request).await?;
        let seen = Seen { server_time: Some(enrolled.now), ..Seen::default() };
        seen.store(files).await?;
        let identity: Identity = join::accept(enrolled, carried.server.clone(), &key)?;
        identity.store(files).await?;
        tracing::info!(appliance = %identity.appliance, epoch = identity.epoch, "in again");
        Ok(())
    }
}

#[cfg(test)]
#[path = "coming_back_tests.rs"]
mod tests;
