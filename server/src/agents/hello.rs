//! Who says hello, and on what terms it is welcome.

use std::sync::Arc;
use std::time::Duration;

use domfleet_shared::protocol::{Hello, ToAgent, Version, Versions, Welcome};

use super::refusal::Refusal;
use super::registry::Slot;
use super::socket::Socket;
use super::trouble::Trouble;
use super::{progress, record, restored};
use crate::app::App;
use crate::db::credentials::{self, Credential, Status};
use crate::db::welcome::{self, Guest};
use crate::db::{Stored, inventory, server_state};
use crate::domain::appliance::ApplianceState;
use crate::domain::session::{self, CloneSign, Shown, Verdict};
use crate::tls::ClientCertificate;

/// How long another process with the same identity is given to show that it is alive.
const ALIVE: Duration = Duration::from_secs(5);

/// A session that may begin.
#[derive(Debug)]
pub(super) struct Admitted {
    pub(super) slot: Arc<Slot>,
    pub(super) guest: Guest,
    pub(super) welcome: Welcome,
}

/// Decides on what terms the one who says `hello` is welcome, makes that durable, and takes the
/// session into the registry.
pub(super) async fn admit(
    app: &App,
    certificate: &ClientCertificate,
    hello: &Hello,
    socket: &mut Socket,
) -> Result<Admitted, Trouble> {
    let version = Versions::OURS.common(hello.versions).ok_or_else(Refusal::version)?;
    let incarnation = server_state::incarnation(app.db.read()).await?;
    if hello.incarnation > incarnation {
        return Err(Refusal::old_incarnation().into());
    }
    let credential = identify(app, certificate, hello).await?;
    // Twice at most: another hello of the same appliance may have been faster.
    for _ in 0..2 {
        let guest = welcome::guest(app.db.read(), credential.appliance)
            .await?
            .ok_or_else(Refusal::unknown_key)?;
        check_admission(&guest, &credential, hello)?;
        let verdict = judge(app, &guest, hello, socket).await?;
        if let Some(terms) = settle(app, &guest, hello, verdict).await? {
            return Ok(enter(app, guest, hello, version, &terms, incarnation));
        }
    }
    Err(Refusal::busy().into())
}

/// Whose certificate it is.
async fn identify(
    app: &App,
    certificate: &ClientCertificate,
    hello: &Hello,
) -> Result<Credential, Trouble> {
    match credentials::with_key(app.db.read(), &certificate.spki_sha256).await? {
        Some(credential) if credential.status == Status::Active => Ok(credential),
        Some(_) => Err(Refusal::revoked().into()),
        None => restored::take_in(app, certificate, hello).await,
    }
}

fn check_admission(guest: &Guest, credential: &Credential, hello: &Hello) -> Result<(), Refusal> {
    match guest.state {
        ApplianceState::Pending | ApplianceState::Accepted => {}
        ApplianceState::Rejected | ApplianceState::Decommissioned => {
            return Err(Refusal::not_admitted());
        }
    }
    if credential.epoch != guest.epoch {
        return Err(Refusal::revoked());
    }
    if hello.epoch != credential.epoch {
        return Err(Refusal::protocol("this key was enrolled in another epoch"));
    }
    Ok(())
}

async fn judge(
    app: &App,
    guest: &Guest,
    hello: &Hello,
    socket: &mut Socket,
) -> Result<Verdict, Refusal> {
    let other = app.registry.get(guest.id).filter(|slot| slot.instance != hello.instance);
    let other_is_alive = match other {
        Some(other) => other.is_alive(ALIVE).await,
        None => false,
    };
    // A server that is busy may read a hello when its process has died and the next one is here already.
    if other_is_alive && !socket.still_answers(ALIVE).await {
        return Err(Refusal::silent());
    }
    let shown = Shown {
        number: hello.session,
        instance: hello.instance,
        fingerprint: hello.fingerprint.clone(),
    };
    Ok(session::judge(&guest.known, &shown, other_is_alive))
}

/// What a session is given.
struct Terms {
    number: u64,
    read_only: Option<String>,
}

/// Makes what was decided durable; nothing where the row had changed meanwhile.
async fn settle(
    app: &App,
    guest: &Guest,
    hello: &Hello,
    verdict: Verdict,
) -> Result<Option<Terms>, Trouble> {
    let number = match verdict {
        Verdict::Same { number } => number,
        Verdict::Ahead { number } => {
            tracing::warn!(
                appliance = %guest.id,
                shown = hello.session,
                given = guest.known.number,
                "an agent has been given numbers that this server does not know of"
            );
            number
        }
        Verdict::Clone(sign) => {
            let reason = raise_clone(app, guest, &sign).await?;
            // It keeps what it has: the number of the other one would make it the other one.
            return Ok(Some(Terms { number: hello.session, read_only: Some(reason) }));
        }
    };
    let txn = app.db.begin().await?;
    let now = app.clock.now();
    if welcome::give(&txn, guest.id, guest.known.number, number, now).await? == Stored::Stale {
        return Ok(None);
    }
    welcome::is_in_boot(&txn, guest, hello.boot_id, hello.uptime_seconds).await?;
    if guest.known.fingerprint != hello.fingerprint {
        welcome::follow_hardware(&txn, guest.id, &hello.fingerprint).await?;
    }
    txn.commit().await?;
    Ok(Some(Terms { number, read_only: guest.read_only.clone() }))
}

/// Lets nothing change either of two that have one identity, until a person has looked.
async fn raise_clone(app: &App, guest: &Guest, sign: &CloneSign) -> Result<String, Trouble> {
    let reason = sign.sentence();
    let txn = app.db.begin().await?;
    let raised = record::clone_found(&txn, guest, &reason, app.clock.now()).await?;
    txn.commit().await?;
    if raised {
        app.bus.events_appended();
        tracing::error!(appliance = %guest.id, reason, "there are two of an appliance");
    }
    Ok(guest.read_only.clone().unwrap_or(reason))
}

fn enter(
    app: &App,
    guest: Guest,
    hello: &Hello,
    version: Version,
    terms: &Terms,
    incarnation: u64,
) -> Admitted {
    let now = app.clock.now();
    let accepted = guest.state == ApplianceState::Accepted;
    let slot = Arc::new(Slot::new(guest.id, hello.instance, guest.epoch, now));
    slot.allow(accepted, terms.read_only.is_some());
    slot.has_been_up(hello.uptime_seconds);
    app.registry.enter(&slot);
    if app.stop.is_cancelled() {
        // The goodbye to all may have been said before this one was there.
        slot.end(Refusal::going_down());
    }
    let welcome = Welcome {
        version,
        appliance: guest.id,
        now,
        heartbeat_seconds: app.config.heartbeat_seconds,
        incarnation,
        session: terms.number,
        accepted,
        read_only: terms.read_only.clone(),
        trust_bundle_pem: app.pki.trust_bundle_pem().as_ref().into(),
    };
    Admitted { slot, guest, welcome }
}

/// What follows from a hello once the agent is welcome: what it is to send, and which of its reports
/// are stored.
pub(super) async fn follow_up(
    app: &App,
    admitted: &Admitted,
    hello: &Hello,
) -> Result<Vec<ToAgent>, Trouble> {
    let Admitted { slot, guest, .. } = admitted;
    let stored = inventory::digests(app.db.read(), guest.id).await?;
    let sections = inventory::missing(&stored, &hello.digests);
    let mut answers = Vec::new();
    if !sections.is_empty() {
        answers.push(ToAgent::Want { sections });
    }
    for report in &hello.journal {
        answers.extend(progress::take(app, slot, report).await?);
    }
    progress::reconcile(app, guest, &hello.journal).await?;
    restored::reconciled(app, guest, admitted.welcome.incarnation).await?;
    slot.catch_up();
    app.bus.presence.wake();
    app.bus.dispatcher.wake();
    app.bus.migrations.wake();
    Ok(answers)
}
