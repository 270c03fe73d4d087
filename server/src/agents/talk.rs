//! What an agent says once it is welcome, and what it is answered.

use std::sync::Arc;

use domfleet_shared::inventory::{Content, Digests};
use domfleet_shared::protocol::{Frame, ToAgent, ToServer};

use super::refusal::Refusal;
use super::registry::{Heard, Slot};
use super::trouble::Trouble;
use super::{enrolment, migration, progress};
use crate::app::App;
use crate::db::inventory::{self, Reporter};
use crate::db::{migrations, welcome};
use crate::domain::migration::view::MigrationPhase;
use crate::domain::presence;
use crate::tls::ClientCertificate;

/// A session, apart from its connection.
pub(super) struct Talk {
    pub(super) app: App,
    pub(super) slot: Arc<Slot>,
    pub(super) certificate: Arc<ClientCertificate>,
    /// What the welcome gave.
    pub(super) number: u64,
    /// Whether the agent has spoken since.
    pub(super) arrived: bool,
}

/// Takes in `frame`, and gives the answer.
pub(super) async fn answer(
    session: &mut Talk,
    frame: Frame<ToServer>,
) -> Result<Option<ToAgent>, Trouble> {
    if !session.arrived {
        session.arrived = true;
        arrived(session).await?;
    }
    match frame.message {
        ToServer::Hello(_) => Err(Refusal::protocol("a hello comes once, and first").into()),
        ToServer::Heartbeat { uptime_seconds, digests } => {
            session.slot.has_been_up(uptime_seconds);
            want(session, &digests).await
        }
        ToServer::Inventory { content } => {
            store(session, &content).await?;
            Ok(None)
        }
        ToServer::Report(report) => progress::take(&session.app, &session.slot, &report).await,
        ToServer::Migration(told) => migration::take(&session.app, &session.slot, &told).await,
        ToServer::Renew { csr_pem } => renew(session, &csr_pem).await,
        ToServer::Unsupported { seq } => {
            tracing::warn!(
                appliance = %session.slot.appliance,
                seq,
                "an agent did not know what it was told: it is older than this server"
            );
            Ok(None)
        }
        ToServer::Goodbye { returning } => {
            goodbye(session, returning).await?;
            Ok(None)
        }
        ToServer::Unknown => Ok(Some(ToAgent::Unsupported { seq: frame.seq })),
    }
}

/// The agent speaks after its welcome: it has the number. One of two clones keeps its old one.
async fn arrived(session: &Talk) -> Result<(), Trouble> {
    if session.slot.is_read_only() {
        return Ok(());
    }
    let slot = &session.slot;
    let db = session.app.db.write();
    Ok(welcome::has_arrived(db, slot.appliance, session.number, slot.instance).await?)
}

async fn want(session: &Talk, named: &Digests) -> Result<Option<ToAgent>, Trouble> {
    if named.is_empty() {
        return Ok(None);
    }
    let stored = inventory::digests(session.app.db.read(), session.slot.appliance).await?;
    let sections = inventory::missing(&stored, named);
    Ok((!sections.is_empty()).then_some(ToAgent::Want { sections }))
}

async fn store(session: &Talk, content: &Content) -> Result<(), Trouble> {
    let app = &session.app;
    let guest = welcome::guest(app.db.read(), session.slot.appliance)
        .await?
        .ok_or_else(Refusal::unknown_key)?;
    let reporter = Reporter {
        organisation: guest.organisation,
        appliance: guest.id,
        epoch: session.slot.epoch,
    };
    let now = app.clock.now();
    let txn = app.db.begin().await?;
    inventory::store(&txn, reporter, content, now).await?;
    txn.commit().await?;
    app.bus.events_appended();
    if matches!(content, Content::Boots(_)) {
        app.bus.endings.wake();
    }
    Ok(())
}

async fn renew(session: &Talk, csr_pem: &str) -> Result<Option<ToAgent>, Trouble> {
    if session.slot.is_read_only() {
        tracing::warn!(appliance = %session.slot.appliance, "no renewal for one of two clones");
        return Ok(None);
    }
    let renewed =
        enrolment::renew_in_session(&session.app, &session.certificate.spki_sha256, csr_pem)
            .await?;
    Ok(Some(ToAgent::Renewed {
        certificate_pem: renewed,
        trust_bundle_pem: session.app.pki.trust_bundle_pem().as_ref().into(),
    }))
}

async fn goodbye(session: &Talk, returning: bool) -> Result<(), Trouble> {
    let now = session.app.clock.now();
    let open = migrations::open_of(session.app.db.read(), session.slot.appliance).await?;
    let is_reset = open.is_some_and(|(_, phase)| phase == MigrationPhase::Permitted.as_str());
    let until = match (is_reset, returning) {
        (true, _) => now + presence::RESET_WITHIN,
        (false, true) => now + presence::RETURNS_WITHIN,
        (false, false) => presence::NEVER,
    };
    let heard = Heard { at: now, expected_until: Some(until), ..session.slot.heard() };
    session.app.registry.note(session.slot.appliance, heard);
    session.app.bus.presence.wake();
    Ok(())
}
