//! How an appliance comes back that was reset: under its old id, with a new key, in a new epoch.

use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use domfleet_shared::Timestamp;
use domfleet_shared::enrolment::Enrolled;
use domfleet_shared::id::MigrationId;
use domfleet_shared::migration::talk::Rejoin;
use sea_orm::ConnectionTrait;
use serde_json::json;

use super::enrolment::{bad_fingerprint, bad_request, busy, clean, enrolled, is_text, too_many};
use super::problem::Problem;
use super::refusal::Refusal;
use crate::accept::Peer;
use crate::app::App;
use crate::db::audit::{self, Actor, Change};
use crate::db::credentials::{self, Owner, Status};
use crate::db::joining::{self, Joiner};
use crate::db::welcome::{self, Guest};
use crate::db::{Stored, appliances, migrations};
use crate::domain::appliance::ApplianceState;
use crate::domain::migration::rejoin::{self, Answer, Claim, No};
use crate::domain::migration::wanted::Rejoined;
use crate::domain::migration::{Standing, Story};
use crate::pki::Csr;

/// How long the system before is given to show that it is alive.
const ALIVE: Duration = Duration::from_secs(5);

/// `POST /agent/v1/rejoin`.
pub(super) async fn rejoin(
    State(app): State<App>,
    Extension(peer): Extension<Peer>,
    Json(request): Json<Rejoin>,
) -> Result<Json<Enrolled>, Problem> {
    let address = peer.address.ip();
    let now = app.clock.now();
    app.joins.try_once(&address.to_string(), now).map_err(|_| too_many())?;
    let csr = Csr::parse(&request.csr_pem).map_err(|_| bad_request())?;
    if !is_text(&request.fingerprint) {
        return Err(bad_fingerprint());
    }
    let is_there = is_there(&app, request.migration).await?;
    let txn = app.db.begin().await?;
    let standing = migrations::by_id(&txn, request.migration).await?.ok_or_else(not_known)?;
    let (_, story) = migrations::story(&txn, &standing).await?;
    let claim = Claim {
        spki_sha256: csr.spki_sha256(),
        fingerprint: &request.fingerprint,
        is_signed: is_signed(&standing, &request),
        is_there,
    };
    let answer = rejoin::answer(&standing, &story, &claim).map_err(refused)?;
    // Whoever has the key is no guesser.
    app.joins.forgive(&address.to_string());
    match answer {
        Answer::Again => again(&app, &txn, &csr).await.map(Json),
        Answer::TakeIn { after, accepted, why } => {
            let how = Rejoined {
                after,
                spki_sha256: csr.spki_sha256().to_owned(),
                appliance: standing.appliance,
                epoch: 0,
                at: now,
            };
            let enrolled =
                take_in(&app, &txn, (standing, story), &csr, &request, (how, accepted, why))
                    .await?;
            txn.commit().await?;
            app.bus.events_appended();
            // Whoever is still there with a key of before is not this appliance any more.
            app.registry.close(enrolled.appliance, Refusal::revoked());
            app.bus.presence.wake();
            Ok(Json(enrolled))
        }
    }
}

/// Whether the system before still answers. Its connection may be there long after it is gone.
async fn is_there(app: &App, migration: MigrationId) -> Result<bool, Problem> {
    let standing = migrations::by_id(app.db.read(), migration).await?.ok_or_else(not_known)?;
    match app.registry.get(standing.appliance) {
        Some(slot) => Ok(slot.is_alive(ALIVE).await),
        None => Ok(false),
    }
}

fn is_signed(standing: &Standing, request: &Rejoin) -> bool {
    let Some(key) = standing.wanted.rejoin_key.as_deref() else { return false };
    let (Ok(key), Ok(signature)) = (hex::decode(key), hex::decode(&request.signature)) else {
        return false;
    };
    let signed = Rejoin::signed_bytes(request.migration, &request.csr_pem);
    UnparsedPublicKey::new(&ED25519, key).verify(&signed, &signature).is_ok()
}

/// The first answer was lost on its way, and is given again.
async fn again(app: &App, txn: &impl ConnectionTrait, csr: &Csr) -> Result<Enrolled, Problem> {
    let credential = credentials::with_key(txn, csr.spki_sha256()).await?.ok_or_else(not_known)?;
    if credential.status != Status::Active {
        return Err(Problem::new(
            StatusCode::CONFLICT,
            "key_known",
            "this key was taken in before, and is not good any more",
            "let the appliance join again with a new token, if it belongs to the fleet",
        ));
    }
    Ok(enrolled(app, credential.appliance, credential.epoch, credential.certificate_pem))
}

async fn take_in(
    app: &App,
    txn: &impl ConnectionTrait,
    (mut standing, story): (Standing, Story),
    csr: &Csr,
    request: &Rejoin,
    (how, accepted, why): (Rejoined, bool, Option<&'static str>),
) -> Result<Enrolled, Problem> {
    let now = app.clock.now();
    let guest = welcome::guest(txn, standing.appliance).await?.ok_or_else(not_known)?;
    let accepted = accepted && may_return(&guest)?;
    if credentials::with_key(txn, csr.spki_sha256()).await?.is_some() {
        return Err(Problem::new(
            StatusCode::CONFLICT,
            "key_known",
            "this key has joined before",
            "make a new key, and ask again with that",
        ));
    }
    let hostname = clean(&request.hostname);
    let joiner = Joiner {
        id: guest.id,
        organisation: guest.organisation,
        site: None,
        name: &guest.name,
        hostname: &hostname,
        fingerprint: &request.fingerprint,
        epoch: guest.epoch + 1,
        accepted,
        join_token: None,
    };
    if joining::begin_epoch(txn, &joiner, now).await? == Stored::Stale {
        return Err(busy());
    }
    let issued = app.pki.issue(csr, guest.id, now)?;
    let owner = Owner {
        organisation: guest.organisation,
        appliance: guest.id,
        epoch: joiner.epoch,
        join_token: None,
    };
    credentials::supersede(txn, guest.id, now).await?;
    credentials::insert(txn, owner, &issued, now).await?;
    standing.wanted.rejoined = Some(Rejoined { epoch: joiner.epoch, ..how });
    standing.changed_at = now;
    if migrations::store(txn, &mut standing, &story).await? == Stored::Stale {
        return Err(busy());
    }
    record(txn, &standing, &issued.spki_sha256, (accepted, why), now).await?;
    tracing::info!(appliance = %guest.id, epoch = joiner.epoch, accepted, why,
        "an appliance is back from a reset");
    Ok(enrolled(app, guest.id, joiner.epoch, issued.certificate_pem))
}

fn may_return(guest: &Guest) -> Result<bool, Problem> {
    match guest.state {
        ApplianceState::Accepted => Ok(guest.read_only.is_none()),
        ApplianceState::Pending | ApplianceState::Decommissioned => Ok(false),
        ApplianceState::Rejected => Err(Problem::new(
            StatusCode::FORBIDDEN,
            "not_admitted",
            "this appliance was rejected",
            "ask an operator of its organisation to accept it",
        )),
    }
}

/// The end of a transaction.
async fn record(
    txn: &impl ConnectionTrait,
    standing: &Standing,
    key: &str,
    (accepted, why): (bool, Option<&'static str>),
    now: Timestamp,
) -> Result<(), Problem> {
    let rejoined = standing.wanted.rejoined.as_ref();
    let change = Change {
        organisation: standing.organisation,
        action: "appliance.rejoin",
        kind: "appliance",
        id: standing.appliance.to_string(),
        before: None,
        after: Some(json!({
            "migration": standing.id, "epoch": rejoined.map(|rejoined| rejoined.epoch),
            "after": rejoined.map(|rejoined| rejoined.after), "accepted": accepted,
            "why_not": why, "key_sha256": key,
        })),
    };
    audit::record(txn, &Actor::local("the key on the backup drive"), change, now).await?;
    appliances::changed(txn, standing.appliance, now).await?;
    Ok(migrations::changed(txn, standing, now).await?)
}

fn not_known() -> Problem {
    Problem::new(
        StatusCode::FORBIDDEN,
        "migration_unknown",
        "this server knows of no such migration",
        "let the appliance join again with a new token; its VMs are on the backup drive",
    )
}

fn refused(no: No) -> Problem {
    let (code, title, todo) = match no {
        No::NoPermit => (
            "no_permit",
            "no permit was given that leads to a reset",
            "let the appliance join again with a new token",
        ),
        No::Signature => (
            "wrong_key",
            "it is not signed by the key that was named when the permit was asked for",
            "plug in the backup drive of this appliance, or let it join again with a new token",
        ),
        No::StillThere => (
            "still_there",
            "the appliance is still heard of as the system before",
            "look which of the two boxes it is; nothing is taken in while the other one speaks",
        ),
    };
    Problem::new(StatusCode::FORBIDDEN, code, title, todo)
}
