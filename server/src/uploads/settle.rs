//! How far an upload is, and its end: verified, looked into, stored.

use std::io;
use std::time::Duration;

use domfleet_shared::Timestamp;
use domfleet_shared::id::BundleId;
use tokio::fs::File;

use super::parts::Claim;
use super::receive::note_progress;
use super::refused::Refused;
use crate::app::App;
use crate::contents;
use crate::db::uploads::{self, Received, Upload};
use crate::db::{Stored, audit};
use crate::domain::bundle::{BundleState, BundleTrigger};

/// How long whoever sends is kept waiting while the store takes it. What does not make it in that
/// time is stored later.
const STORED_WITHIN: Duration = Duration::from_secs(20);
/// How long the store may take when nobody waits.
const STORED_LATER_WITHIN: Duration = Duration::from_mins(15);

/// How far an upload is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    pub bytes: u64,
    pub length: u64,
    /// It is verified and in the store: it may go at its source.
    pub is_complete: bool,
    /// Until when it may go on.
    pub expires_at: Option<Timestamp>,
}

impl Standing {
    fn all(length: u64, is_complete: bool) -> Self {
        Self { bytes: length, length, is_complete, expires_at: None }
    }
}

/// Says how far an upload is, and finishes one that is all here: the one who sent the last piece may
/// have been cut off, or we.
pub async fn standing(app: &App, upload: &Upload) -> Result<Standing, Refused> {
    // The store may be at work on it for long, and that is not worth waiting for.
    if upload.state == BundleState::Received {
        return Ok(Standing::all(upload.length.unwrap_or(0), false));
    }
    let claim = app.uploads.claim(upload.id).await;
    settle(app, upload, &claim).await
}

pub(super) async fn settle(app: &App, upload: &Upload, claim: &Claim) -> Result<Standing, Refused> {
    // Read again: another may have finished it while we waited for our turn.
    let now = uploads::any(app.db.read(), upload.id).await?.ok_or(Refused::Unknown)?;
    let length = now.length.unwrap_or(0);
    match now.state {
        BundleState::Complete => return Ok(Standing::all(length, true)),
        BundleState::Received => return Ok(Standing::all(length, false)),
        BundleState::Requested | BundleState::Collecting => return Err(Refused::Unknown),
        BundleState::Failed | BundleState::Expired => return Err(Refused::Over),
        BundleState::Uploading => {}
    }
    if now.expires_at.is_some_and(|expires| expires <= app.clock.now()) {
        give_up(app, &now).await?;
        claim.discard().await?;
        return Err(Refused::Over);
    }
    let bytes = claim.offset().await?;
    if bytes < length {
        let expires_at = now.expires_at;
        return Ok(Standing { bytes, length, is_complete: false, expires_at });
    }
    verify(app, &now, claim).await?;
    match store(app, &now, claim, STORED_WITHIN).await {
        Ok(()) => Ok(Standing::all(length, true)),
        Err(error) => {
            tracing::warn!(bundle = %upload.id, error = format!("{error:#}"), "a bundle is not stored yet");
            Ok(Standing::all(length, false))
        }
    }
}

/// Believes a bundle, or throws away what came.
async fn verify(app: &App, upload: &Upload, claim: &Claim) -> Result<(), Refused> {
    let turn = app.uploads.finishing().await?;
    let length_fits = claim.offset().await? == upload.length.unwrap_or(0);
    let blake3 = claim.blake3().await?;
    if !length_fits || upload.blake3.as_ref().is_some_and(|expected| *expected != blake3) {
        claim.discard().await?;
        note_progress(app, upload, claim).await?;
        return Err(Refused::Hash);
    }
    let path = claim.path().to_owned();
    let looked = app.tracker.spawn_blocking(move || contents::list_file(&path));
    let found = looked.await.map_err(|error| Refused::Internal(error.into()))??;
    drop(turn);
    let found = Received {
        blake3,
        kind: found.contents.kind,
        manifest: found.manifest,
        contents: serde_json::to_value(&found.contents).map_err(anyhow::Error::from)?,
    };
    let txn = app.db.begin().await?;
    let stored = uploads::received(&txn, upload, found, app.clock.now()).await?;
    txn.commit().await?;
    app.bus.events_appended();
    if stored == Stored::Yes { Ok(()) } else { Err(Refused::Over) }
}

/// Puts what is here into the store.
async fn store(app: &App, upload: &Upload, claim: &Claim, limit: Duration) -> anyhow::Result<()> {
    let object = object_name(upload);
    app.objects.store(&object, File::open(claim.path()).await?, limit).await?;
    let txn = app.db.begin().await?;
    let stored = uploads::complete(&txn, upload, &object, app.clock.now()).await?;
    txn.commit().await?;
    app.bus.events_appended();
    app.bus.tasks.wake();
    if stored == Stored::Stale {
        // It was removed meanwhile: nothing refers to the object.
        app.objects.remove(Some(&object)).await;
    }
    claim.discard().await?;
    tracing::info!(bundle = %upload.id, appliance = %upload.appliance, bytes = upload.length, "a bundle is here");
    Ok(())
}

fn object_name(upload: &Upload) -> String {
    // What an operator brings may be anything.
    let ending = if upload.trigger == BundleTrigger::Upload { "" } else { ".tar.zst" };
    format!("bundles/{}/{}{ending}", upload.appliance, upload.id)
}

/// Stores a bundle that is here and that the store did not take when it came.
pub async fn store_later(app: &App, upload: &Upload) -> anyhow::Result<()> {
    let claim = app.uploads.claim(upload.id).await;
    let now = uploads::any(app.db.read(), upload.id).await?;
    let Some(now) = now.filter(|now| now.state == BundleState::Received) else { return Ok(()) };
    match store(app, &now, &claim, STORED_LATER_WITHIN).await {
        Err(error) if is_gone(&error) => {
            tracing::error!(bundle = %upload.id, "a bundle that was here is gone from this server's disk");
            give_up(app, &now).await?;
            Ok(())
        }
        stored => stored,
    }
}

fn is_gone(error: &anyhow::Error) -> bool {
    let cause = error.downcast_ref::<io::Error>();
    cause.is_some_and(|error| error.kind() == io::ErrorKind::NotFound)
}

/// Ends an upload at the wish of whoever sends it. `entry` goes into the audit trail.
pub async fn terminate(
    app: &App,
    upload: &Upload,
    entry: Option<audit::Entry<'_>>,
) -> Result<(), Refused> {
    let claim = app.uploads.claim(upload.id).await;
    let now = uploads::any(app.db.read(), upload.id).await?.ok_or(Refused::Unknown)?;
    match now.state {
        BundleState::Received | BundleState::Complete => return Err(Refused::Finished),
        BundleState::Failed | BundleState::Expired => return Err(Refused::Over),
        BundleState::Requested | BundleState::Collecting | BundleState::Uploading => {}
    }
    let txn = app.db.begin().await?;
    uploads::fail(&txn, &now, app.clock.now()).await?;
    if let Some(audit::Entry { actor, change }) = entry {
        audit::record(&txn, &actor, change, app.clock.now()).await?;
    }
    txn.commit().await?;
    app.bus.events_appended();
    claim.discard().await?;
    Ok(())
}

/// Removes what is here of a bundle that is not wanted any more. Nobody is kept waiting for it: the store may
/// be at work on it for long.
pub fn discard(app: &App, id: BundleId) {
    let here = app.clone();
    app.tracker.spawn(async move {
        if let Err(error) = here.uploads.discard(id).await {
            // It is tried again: see `tasks::uploads`.
            tracing::warn!(bundle = %id, error = &error as &dyn std::error::Error, "a part stays");
        }
    });
}

/// Records that a bundle will not come, unless it has. It may be announced anew.
pub async fn give_up(app: &App, upload: &Upload) -> anyhow::Result<()> {
    let txn = app.db.begin().await?;
    uploads::fail(&txn, upload, app.clock.now()).await?;
    txn.commit().await?;
    app.bus.events_appended();
    Ok(())
}
