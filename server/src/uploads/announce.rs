//! The beginning of an upload. Announcing the same again is going on with it.

use domfleet_shared::id::{ApplianceId, BundleId, OrganisationId};

use super::parts::Claim;
use super::refused::Refused;
use crate::app::App;
use crate::db::uploads::{self, Announced, Upload};
use crate::db::{Stored, audit, keeping};
use crate::domain::bundle::{BundleState, BundleTrigger};

/// Uploads of one appliance that may be on their way at once.
const UNFINISHED: u64 = 8;

/// For which appliance something is sent.
#[derive(Clone, Copy, Debug)]
pub struct Sender {
    pub appliance: ApplianceId,
    pub organisation: OrganisationId,
}

/// What an upload is to become.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Given by whoever sends it; that names it, so that announcing it twice is announcing it once.
    pub bundle: BundleId,
    pub length: u64,
    /// Of the whole, where it is known.
    pub blake3: Option<String>,
    pub trigger: BundleTrigger,
    pub file_name: Option<String>,
    pub note: String,
}

/// Records what `wanted` says, and gives the upload as it is then. Where it is a new one, `entry` goes into
/// the audit trail.
pub async fn announce(
    app: &App,
    sender: Sender,
    wanted: Wanted,
    entry: Option<audit::Entry<'_>>,
) -> Result<Upload, Refused> {
    let claim = app.uploads.claim(wanted.bundle).await;
    let before = uploads::any(app.db.read(), wanted.bundle).await?;
    let Some(before) = before else {
        check_count(app, sender.appliance).await?;
        check_room(app, wanted.length)?;
        let now = app.clock.now();
        let txn = app.db.begin().await?;
        let id = wanted.bundle;
        uploads::insert(&txn, announced(app, sender, wanted), now).await?;
        if let Some(audit::Entry { actor, change }) = entry {
            audit::record(&txn, &actor, change, now).await?;
        }
        txn.commit().await?;
        return read(app, id).await;
    };
    if before.appliance != sender.appliance
        || is_by_hand(before.trigger) != is_by_hand(wanted.trigger)
    {
        return Err(Refused::Unknown);
    }
    match before.state {
        BundleState::Complete | BundleState::Received => Ok(before),
        BundleState::Expired => Err(Refused::Removed),
        _ => again(app, sender, wanted, &before, &claim).await,
    }
}

/// Goes on with an upload that is to come, or begins it where the server itself has asked for it.
async fn again(
    app: &App,
    sender: Sender,
    wanted: Wanted,
    before: &Upload,
    claim: &Claim,
) -> Result<Upload, Refused> {
    let is_same = before.blake3 == wanted.blake3 && before.length == Some(wanted.length);
    if is_same && before.state == BundleState::Uploading {
        return Ok(before.clone());
    }
    check_room(app, wanted.length)?;
    if !is_same {
        // Another content: nothing of what is here belongs to it.
        claim.discard().await?;
    }
    let (id, now) = (wanted.bundle, app.clock.now());
    let txn = app.db.begin().await?;
    if uploads::announce(&txn, &announced(app, sender, wanted), now).await? == Stored::Stale {
        return Err(Refused::Removed);
    }
    txn.commit().await?;
    read(app, id).await
}

async fn read(app: &App, id: BundleId) -> Result<Upload, Refused> {
    app.bus.events_appended();
    uploads::any(app.db.read(), id).await?.ok_or(Refused::Unknown)
}

fn announced(app: &App, sender: Sender, wanted: Wanted) -> Announced {
    let now = app.clock.now();
    Announced {
        id: wanted.bundle,
        appliance: sender.appliance,
        organisation: sender.organisation,
        trigger: wanted.trigger,
        length: wanted.length,
        blake3: wanted.blake3,
        file_name: wanted.file_name,
        note: wanted.note,
        keep_until: now + app.config.bundles.kept_for(),
        expires_at: now + app.config.bundles.unfinished_for(),
    }
}

fn is_by_hand(trigger: BundleTrigger) -> bool {
    trigger == BundleTrigger::Upload
}

async fn check_count(app: &App, appliance: ApplianceId) -> Result<(), Refused> {
    let unfinished = uploads::unfinished(app.db.read(), appliance).await?;
    if unfinished >= UNFINISHED {
        return Err(Refused::TooMany(unfinished));
    }
    // Too many are taken, and the oldest go, but not faster than they can.
    let kept = keeping::kept(app.db.read(), appliance).await?;
    if kept >= 2 * u64::from(app.config.bundles.keep_per_appliance.max(1)) {
        return Err(Refused::Crowded(kept));
    }
    Ok(())
}

fn check_room(app: &App, bytes: u64) -> Result<(), Refused> {
    // Once while it is coming, and once in the store where that is this machine too.
    let times = if app.objects.is_local() { 2 } else { 1 };
    let fits = app.uploads.has_room(bytes.saturating_mul(times))?;
    if fits { Ok(()) } else { Err(Refused::DiskFull) }
}
