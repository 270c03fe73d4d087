//! A server that was restored from a backup knows less than its appliances.
//!
//! While it is held it takes in what its own CA has certified, and records that it did: an appliance
//! that joined after the backup was made is pending, one that joined again is in its newer epoch.

use anyhow::Context as _;
use domfleet_shared::protocol::Hello;

use super::record;
use super::refusal::Refusal;
use super::trouble::Trouble;
use crate::app::App;
use crate::db::credentials::{self, Credential, Owner};
use crate::db::joining::{self, Joiner};
use crate::db::welcome::{self, Guest};
use crate::db::{organisations, server_state};
use crate::pki::Issued;
use crate::tls::ClientCertificate;

/// The credential of a certificate that our CA has signed and nobody here remembers.
pub(super) async fn take_in(
    app: &App,
    certificate: &ClientCertificate,
    hello: &Hello,
) -> Result<Credential, Trouble> {
    let appliance = certificate.appliance.ok_or_else(Refusal::unknown_key)?;
    if !server_state::is_held(app.db.read()).await? {
        return Err(Refusal::unknown_key().into());
    }
    let now = app.clock.now();
    let txn = app.db.begin().await?;
    let message = match welcome::guest(&txn, appliance).await? {
        // A key of an epoch that is over is not a newer one.
        Some(guest) if hello.epoch <= guest.epoch => return Err(Refusal::unknown_key().into()),
        Some(_) => {
            welcome::follow_epoch(&txn, appliance, hello.epoch).await?;
            welcome::forget_session(&txn, appliance).await?;
            credentials::supersede(&txn, appliance, now).await?;
            "it joined again after the backup was made that this server was restored from"
        }
        None => {
            let joiner = Joiner {
                id: appliance,
                organisation: organisations::topmost(&txn)
                    .await?
                    .context("there is no organisation")?,
                site: None,
                name: "appliance",
                hostname: "appliance",
                fingerprint: &hello.fingerprint,
                epoch: hello.epoch,
                accepted: false,
                join_token: None,
            };
            joining::insert(&txn, &joiner, now).await?;
            "it joined after the backup was made that this server was restored from"
        }
    };
    let guest = welcome::guest(&txn, appliance).await?.ok_or_else(Refusal::unknown_key)?;
    let owner =
        Owner { organisation: guest.organisation, appliance, epoch: guest.epoch, join_token: None };
    credentials::insert(&txn, owner, &remembered(certificate), now).await?;
    record::taken_in(&txn, &guest, message, now).await?;
    txn.commit().await?;
    app.bus.events_appended();
    let credential = credentials::with_key(app.db.read(), &certificate.spki_sha256).await?;
    Ok(credential.ok_or_else(Refusal::unknown_key)?)
}

/// A certificate as far as it is known from having been shown. The next renewal fills the rest.
fn remembered(certificate: &ClientCertificate) -> Issued {
    Issued {
        certificate_pem: String::new(),
        spki_sha256: certificate.spki_sha256.clone(),
        serial: String::new(),
        not_before: certificate.not_before,
        not_after: certificate.not_after,
    }
}

/// Notes that this incarnation of the server has compared itself with `guest`.
pub(super) async fn reconciled(app: &App, guest: &Guest, incarnation: u64) -> Result<(), Trouble> {
    if guest.incarnation < incarnation {
        welcome::reconciled(app.db.write(), guest.id, incarnation).await?;
    }
    Ok(())
}
