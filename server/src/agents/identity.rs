//! Whose certificate it is, outside of a session.

use axum::http::StatusCode;

use super::problem::Problem;
use crate::accept::Peer;
use crate::app::App;
use crate::db::credentials::{self, Status};
use crate::db::welcome::{self, Guest};
use crate::domain::appliance::ApplianceState;

/// The appliance that sends something, if it belongs to the fleet.
pub(super) async fn sender(app: &App, peer: &Peer) -> Result<Guest, Problem> {
    let certificate = peer.certificate.as_ref().ok_or_else(Problem::not_found)?;
    let credential = credentials::with_key(app.db.read(), &certificate.spki_sha256)
        .await?
        .ok_or_else(|| refused("unknown_key"))?;
    if credential.status != Status::Active {
        return Err(refused("revoked"));
    }
    let guest = welcome::guest(app.db.read(), credential.appliance)
        .await?
        .ok_or_else(|| refused("unknown_key"))?;
    if credential.epoch != guest.epoch {
        return Err(refused("revoked"));
    }
    match guest.state {
        ApplianceState::Accepted => Ok(guest),
        ApplianceState::Pending | ApplianceState::Rejected | ApplianceState::Decommissioned => {
            Err(refused("not_admitted"))
        }
    }
}

fn refused(code: &'static str) -> Problem {
    Problem::new(
        StatusCode::FORBIDDEN,
        code,
        "this appliance may not send anything",
        "keep it, and try again once an operator has accepted the appliance",
    )
    .after(600)
}
