//! A piece of an upload.

use axum::body::{Body, HttpBody as _};

use super::parts::{Claim, Received};
use super::refused::Refused;
use super::settle::{Standing, settle};
use super::tus::Piece;
use crate::app::App;
use crate::db::uploads::{self, Upload};

/// Adds a piece. It is not dropped when whoever sends it goes away: what came is put on record.
pub async fn receive(
    app: &App,
    upload: Upload,
    piece: Piece,
    body: Body,
) -> Result<Standing, Refused> {
    let here = app.clone();
    let received = app.tracker.spawn(async move { add(&here, &upload, piece, body).await });
    received.await.map_err(|error| Refused::Internal(error.into()))?
}

async fn add(app: &App, upload: &Upload, piece: Piece, body: Body) -> Result<Standing, Refused> {
    let length = upload.length.ok_or(Refused::Unknown)?;
    let _place = app.uploads.place().ok_or(Refused::Busy)?;
    let claim = app.uploads.claim(upload.id).await;
    let here = settle(app, upload, &claim).await?;
    if piece.offset != here.bytes {
        return Err(Refused::Offset(here.bytes));
    }
    if here.bytes == length {
        return if body.is_end_stream() { Ok(here) } else { Err(Refused::TooMuch) };
    }
    // A full disk is said before anything is written down: the database may be on the same disk.
    let received = claim.receive(here.bytes, length, piece.checksum, body, &app.stop).await?;
    note_progress(app, upload, &claim).await?;
    match received {
        Received::Whole | Received::Part => settle(app, upload, &claim).await,
        Received::TooMuch => Err(Refused::TooMuch),
        Received::Damaged => Err(Refused::Checksum),
    }
}

/// Records how much is here; from now on there is again all the time to go on.
pub(super) async fn note_progress(
    app: &App,
    upload: &Upload,
    claim: &Claim,
) -> Result<(), Refused> {
    let bytes = claim.offset().await?;
    let now = app.clock.now();
    let expires_at = now + app.config.bundles.unfinished_for();
    let txn = app.db.begin().await?;
    uploads::progress(&txn, upload, bytes, expires_at, now).await?;
    txn.commit().await?;
    app.bus.events_appended();
    Ok(())
}
