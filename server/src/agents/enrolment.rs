//! How an appliance gets in, and how it keeps its certificate.

use std::net::IpAddr;

use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use domfleet_shared::enrolment::{Enrolled, JoinRequest, RenewRequest};
use domfleet_shared::id::{ApplianceId, OrganisationId};
use domfleet_shared::inventory::Fingerprint;
use sea_orm::ConnectionTrait;

use super::problem::Problem;
use super::record;
use super::refusal::Refusal;
use super::trouble::Trouble;
use crate::accept::Peer;
use crate::app::App;
use crate::db::credentials::{self, Credential, Owner, Status};
use crate::db::joining::{self, Joiner, Kin, Token};
use crate::db::{Stored, join_tokens, welcome};
use crate::domain::appliance::ApplianceState;
use crate::pki::{Csr, Issued};

/// `POST /agent/v1/join`.
pub(super) async fn join(
    State(app): State<App>,
    Extension(peer): Extension<Peer>,
    Json(request): Json<JoinRequest>,
) -> Result<Json<Enrolled>, Problem> {
    let address = peer.address.ip().to_string();
    let now = app.clock.now();
    app.joins.try_once(&address, now).map_err(|_| too_many())?;
    let csr = Csr::parse(&request.csr_pem).map_err(|_| bad_request())?;
    if !is_text(&request.fingerprint) {
        return Err(bad_fingerprint());
    }
    let secret = join_tokens::hash(&request.secret);
    let token = joining::token(app.db.read(), &secret).await?.ok_or_else(unknown_token)?;
    // The secret was right: whoever has it is no guesser.
    app.joins.forgive(&address);
    let known = credentials::with_key(app.db.read(), csr.spki_sha256()).await?;
    if let Some(credential) = known {
        return again(&app, &credential, &token).map(Json);
    }
    Ok(Json(enrol(&app, &token, &csr, &request, peer.address.ip()).await?))
}

/// The same key with the same token: the first answer was lost on its way, and is given again.
fn again(app: &App, credential: &Credential, token: &Token) -> Result<Enrolled, Problem> {
    if credential.join_token != Some(token.id) || credential.status != Status::Active {
        return Err(Problem::new(
            StatusCode::CONFLICT,
            "key_known",
            "this key has joined before, with another token",
            "make a new key, and join with that",
        ));
    }
    Ok(enrolled(app, credential.appliance, credential.epoch, credential.certificate_pem.clone()))
}

async fn enrol(
    app: &App,
    token: &Token,
    csr: &Csr,
    request: &JoinRequest,
    address: IpAddr,
) -> Result<Enrolled, Problem> {
    let now = app.clock.now();
    let hostname = clean(&request.hostname);
    let txn = app.db.begin().await?;
    if joining::use_token(&txn, token.id, now).await? == Stored::Stale {
        // Read again: another may have taken the last use since.
        drop(txn);
        return Err(why_not(app, token).await?);
    }
    let kin = joining::on_hardware(&txn, &request.fingerprint, &token.path).await?;
    let entry = place(app, &txn, token, kin, &hostname, &request.fingerprint).await?;
    let issued = app.pki.issue(csr, entry.appliance, now)?;
    let owner = Owner {
        organisation: entry.organisation,
        appliance: entry.appliance,
        epoch: entry.epoch,
        join_token: Some(token.id),
    };
    credentials::supersede(&txn, entry.appliance, now).await?;
    credentials::insert(&txn, owner, &issued, now).await?;
    record::joined(&txn, &entry, &issued, token.id, address, now).await?;
    txn.commit().await?;
    app.bus.events_appended();
    // Whoever is still there with a key of before is not this appliance any more.
    app.registry.close(entry.appliance, Refusal::revoked());
    app.bus.presence.wake();
    tracing::info!(
        appliance = %entry.appliance,
        epoch = entry.epoch,
        accepted = entry.accepted,
        "an appliance has joined"
    );
    Ok(enrolled(app, entry.appliance, entry.epoch, issued.certificate_pem))
}

/// An appliance that has got in.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) appliance: ApplianceId,
    pub(super) organisation: OrganisationId,
    pub(super) name: String,
    pub(super) epoch: u32,
    pub(super) accepted: bool,
}

/// Gives the joiner its row: a new one, or that of the appliance that is on this hardware.
async fn place(
    app: &App,
    txn: &impl ConnectionTrait,
    token: &Token,
    kin: Option<Kin>,
    hostname: &str,
    fingerprint: &Fingerprint,
) -> Result<Entry, Problem> {
    let now = app.clock.now();
    let mut joiner = Joiner {
        id: ApplianceId::new(),
        organisation: token.organisation,
        site: token.site,
        name: hostname,
        hostname,
        fingerprint,
        epoch: 1,
        accepted: token.preauthorised,
        join_token: Some(token.id),
    };
    let name = match &kin {
        None => {
            joining::insert(txn, &joiner, now).await?;
            hostname.to_owned()
        }
        Some(kin) => {
            joiner.id = kin.id;
            joiner.organisation = kin.organisation;
            joiner.epoch = kin.epoch + 1;
            joiner.accepted = may_return(app, kin, token)?;
            if joining::begin_epoch(txn, &joiner, now).await? == Stored::Stale {
                return Err(busy());
            }
            kin.name.clone()
        }
    };
    Ok(Entry {
        appliance: joiner.id,
        organisation: joiner.organisation,
        name,
        epoch: joiner.epoch,
        accepted: joiner.accepted,
    })
}

/// Whether an appliance that comes back is accepted at once. A fingerprint is no secret: while the
/// appliance whose it is still speaks, a person is to look.
fn may_return(app: &App, kin: &Kin, token: &Token) -> Result<bool, Problem> {
    match kin.state {
        ApplianceState::Rejected => Err(Problem::new(
            StatusCode::FORBIDDEN,
            "not_admitted",
            "this appliance was rejected",
            "ask an operator of its organisation to accept it",
        )),
        ApplianceState::Accepted => Ok(token.preauthorised && app.registry.get(kin.id).is_none()),
        ApplianceState::Pending => Ok(token.preauthorised),
        ApplianceState::Decommissioned => Ok(false),
    }
}

/// Why a token that exists lets nobody in.
async fn why_not(app: &App, token: &Token) -> Result<Problem, Problem> {
    let refused = |code, title| {
        Problem::new(
            StatusCode::FORBIDDEN,
            code,
            title,
            "make a new token with `domfleet-server token create` or on the dashboard",
        )
    };
    let token = joining::token_by_id(app.db.read(), token.id).await?.ok_or_else(unknown_token)?;
    Ok(if token.revoked {
        refused("token_revoked", "the join token was withdrawn")
    } else if token.expires_at <= app.clock.now() {
        refused("token_expired", "the join token has expired")
    } else {
        refused("token_used", "the join token has been used as often as it may be")
    })
}

/// `POST /agent/v1/renew`: the request is signed by the key that it is for, and that is all the
/// proof there is to ask for (`docs/decisions/0005-renewal-keeps-the-key.md`).
pub(super) async fn renew(
    State(app): State<App>,
    Extension(peer): Extension<Peer>,
    Json(request): Json<RenewRequest>,
) -> Result<Json<Enrolled>, Problem> {
    let address = peer.address.ip().to_string();
    app.joins.try_once(&address, app.clock.now()).map_err(|_| too_many())?;
    let csr = Csr::parse(&request.csr_pem).map_err(|_| bad_request())?;
    let credential = credentials::with_key(app.db.read(), csr.spki_sha256())
        .await?
        .ok_or_else(|| refused(&Refusal::unknown_key()))?;
    app.joins.forgive(&address);
    match certify(&app, &credential, &csr).await {
        Ok(pem) => Ok(Json(enrolled(&app, credential.appliance, credential.epoch, pem))),
        Err(Trouble::Refused(refusal)) => Err(refused(&refusal)),
        Err(Trouble::Fault(error)) => Err(Problem::internal(&error)),
    }
}

/// A new certificate for the key that this session was opened with.
pub(super) async fn renew_in_session(
    app: &App,
    spki_sha256: &str,
    csr_pem: &str,
) -> Result<String, Trouble> {
    let csr = Csr::parse(csr_pem)
        .map_err(|_| Refusal::protocol("this is not a request for a certificate"))?;
    if csr.spki_sha256() != spki_sha256 {
        return Err(Refusal::protocol("a certificate is renewed for the key it was for").into());
    }
    let credential = credentials::with_key(app.db.read(), spki_sha256)
        .await?
        .ok_or_else(Refusal::unknown_key)?;
    certify(app, &credential, &csr).await
}

async fn certify(app: &App, credential: &Credential, csr: &Csr) -> Result<String, Trouble> {
    let guest = welcome::guest(app.db.read(), credential.appliance)
        .await?
        .ok_or_else(Refusal::unknown_key)?;
    if credential.status != Status::Active || credential.epoch != guest.epoch {
        return Err(Refusal::revoked().into());
    }
    match guest.state {
        ApplianceState::Pending | ApplianceState::Accepted if guest.read_only.is_none() => {}
        ApplianceState::Pending | ApplianceState::Accepted => {
            return Err(Refusal::read_only().into());
        }
        ApplianceState::Rejected | ApplianceState::Decommissioned => {
            return Err(Refusal::not_admitted().into());
        }
    }
    let now = app.clock.now();
    // Asked again at once: the answer was lost. Writing it down once is enough.
    if credential.issued_lately(now) {
        return Ok(credential.certificate_pem.clone());
    }
    let issued: Issued = app.pki.issue(csr, credential.appliance, now)?;
    if credentials::renew(app.db.write(), credential.id, &issued).await? == Stored::Stale {
        return Err(Refusal::revoked().into());
    }
    tracing::info!(appliance = %credential.appliance, "a certificate was renewed");
    Ok(issued.certificate_pem)
}

pub(super) fn enrolled(
    app: &App,
    appliance: ApplianceId,
    epoch: u32,
    certificate_pem: String,
) -> Enrolled {
    Enrolled {
        appliance,
        epoch,
        certificate_pem,
        trust_bundle_pem: app.pki.trust_bundle_pem().as_ref().into(),
        now: app.clock.now(),
    }
}

/// PostgreSQL keeps no zero bytes in a text.
pub(super) fn is_text(fingerprint: &Fingerprint) -> bool {
    let Fingerprint { system_uuid, board_serial, macs, disks } = fingerprint;
    let mut texts = system_uuid.iter().chain(board_serial).chain(macs).chain(disks);
    texts.all(|text| !text.contains('\0'))
}

/// A hostname as a name: whoever reads it in a table or a terminal sees letters, and few.
pub(super) fn clean(hostname: &str) -> String {
    let text: String =
        hostname.trim().chars().filter(|letter| !letter.is_control()).take(64).collect();
    if text.is_empty() { "appliance".into() } else { text }
}

fn refused(refusal: &Refusal) -> Problem {
    Problem::new(
        StatusCode::FORBIDDEN,
        refusal.code,
        refusal.message,
        "let the appliance join again with a new token, if it belongs to the fleet",
    )
}

fn unknown_token() -> Problem {
    Problem::new(
        StatusCode::FORBIDDEN,
        "token_unknown",
        "this server has not made the join token",
        "make a new token with `domfleet-server token create` or on the dashboard",
    )
}

pub(super) fn bad_request() -> Problem {
    Problem::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "invalid",
        "the certificate request is not one for a key on P-256, signed by it",
        "update the agent",
    )
}

pub(super) fn bad_fingerprint() -> Problem {
    Problem::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "invalid",
        "the fingerprint holds a zero byte: no hardware is called so",
        "update the agent",
    )
}

pub(super) fn too_many() -> Problem {
    Problem::new(
        StatusCode::TOO_MANY_REQUESTS,
        "too_many",
        "too many failed from this address",
        "wait a few minutes",
    )
    .after(300)
}

pub(super) fn busy() -> Problem {
    Problem::new(
        StatusCode::CONFLICT,
        "conflict",
        "the same appliance is joining at this moment",
        "try again",
    )
    .after(5)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostname_is_letters_and_not_many() {
        assert_eq!(clean(" xen-1\u{1b}[2J\n"), "xen-1[2J");
        assert_eq!(clean("\u{0}"), "appliance");
        assert_eq!(clean(&"x".repeat(500)).len(), 64);
    }
}
