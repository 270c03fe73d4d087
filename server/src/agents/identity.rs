//! Whose certificate it is, outside of a session.

use axum::Extension;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::Response;

use super::problem::Problem;
use crate::accept::Peer;
use crate::app::App;
use crate::db::credentials::{self, Status};
use crate::db::welcome::{self, Guest};
use crate::domain::appliance::ApplianceState;

/// Lets only appliances of the fleet go on, and says which it is. Nobody else learns even what there
/// is to ask for.
pub(super) async fn of_the_fleet(
    State(app): State<App>,
    Extension(peer): Extension<Peer>,
    mut request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let guest = sender(&app, &peer).await?;
    request.extensions_mut().insert(guest);
    Ok(next.run(request).await)
}

async fn sender(app: &App, peer: &Peer) -> Result<Guest, Problem> {
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
