//! What agents say of their migrations.

use domfleet_shared::migration::talk::{Heard, MOST_RECORDS, Told};
use domfleet_shared::protocol::ToAgent;

use super::refusal::Refusal;
use super::registry::Slot;
use super::trouble::Trouble;
use crate::app::App;
use crate::db::welcome;
use crate::domain::appliance::ApplianceState;
use crate::migrations::{self, Failed, Teller};

/// Takes in what is told, and gives the answer that says how far that is.
pub(super) async fn take(app: &App, slot: &Slot, told: &Told) -> Result<Option<ToAgent>, Trouble> {
    if told.records.len() > MOST_RECORDS {
        return Err(Refusal::protocol("so many records are never told at once").into());
    }
    let guest =
        welcome::guest(app.db.read(), slot.appliance).await?.ok_or_else(Refusal::unknown_key)?;
    if guest.state != ApplianceState::Accepted || slot.is_read_only() {
        let why = "the appliance is not accepted, or read-only: a person has to look";
        let heard = Heard {
            migration: told.migration,
            records: told.from,
            revision: 0,
            refused: Some(why.into()),
        };
        return Ok(Some(ToAgent::Heard(heard)));
    }
    let teller = Teller { appliance: guest.id, organisation: guest.organisation };
    match migrations::hear(app, teller, told).await {
        Ok(heard) => Ok(Some(ToAgent::Heard(heard))),
        Err(Failed::Db(error)) => Err(error.into()),
        Err(Failed::Internal(error)) => Err(error.into()),
        Err(error) => Err(anyhow::Error::from(error).into()),
    }
}
