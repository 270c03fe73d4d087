//! What agents say of their operations.

use std::collections::HashSet;

use domfleet_shared::id::OperationId;
use domfleet_shared::operation::Report;
use domfleet_shared::protocol::ToAgent;

use super::registry::Slot;
use super::trouble::Trouble;
use crate::app::App;
use crate::db::alarms::{self, AlarmKind, NewAlarm};
use crate::db::progress::{self, Heard, Work};
use crate::db::welcome::Guest;
use crate::db::{Db, events};

/// Stores a report, and gives the acknowledgement: after the commit, and whatever became of it.
/// What is not known is acknowledged too, or it would be said for ever.
pub(super) async fn take(
    app: &App,
    slot: &Slot,
    report: &Report,
) -> Result<Option<ToAgent>, Trouble> {
    let heard = progress::apply_report(&app.db, slot.appliance, report, app.clock.now()).await?;
    match heard {
        Heard::Now(state) => {
            app.bus.events_appended();
            app.bus.tasks.wake();
            if state.is_end() {
                slot.forget(report.id);
            }
        }
        Heard::Before => {}
        Heard::Late | Heard::Unknown => {
            tracing::warn!(
                appliance = %slot.appliance,
                operation = %report.id,
                said = ?report.state,
                ?heard,
                "an agent said what cannot follow from what is known of its operation"
            );
        }
    }
    Ok(Some(ToAgent::Acknowledge { id: report.id, report: report.report }))
}

/// Compares what the appliance has on its disk with what it had accepted. An operation that it
/// knows nothing of any more may have been done or not: it is never asked for again, and a person
/// is told.
pub(super) async fn reconcile(app: &App, guest: &Guest, journal: &[Report]) -> Result<(), Trouble> {
    let there: HashSet<OperationId> = journal.iter().map(|report| report.id).collect();
    let begun = progress::begun(app.db.read(), guest.id).await?;
    let forgotten: Vec<Work> = begun
        .into_iter()
        .filter(|work| work.epoch == guest.epoch && !there.contains(&work.id))
        .collect();
    for work in forgotten {
        raise(&app.db, app, &work).await?;
    }
    Ok(())
}

async fn raise(db: &Db, app: &App, work: &Work) -> Result<(), Trouble> {
    let now = app.clock.now();
    let message = format!(
        "{} was accepted, and the appliance does not know of it any more: its disk was lost or put back; look whether it was done",
        work.operation.kind()
    );
    let alarm = NewAlarm {
        kind: AlarmKind::OperationForgotten,
        organisation: work.organisation,
        appliance: Some(work.appliance),
        subject: work.id.to_string(),
        message: &message,
    };
    let txn = db.begin().await?;
    if let Some(event) = alarms::raise(&txn, &alarm, now).await? {
        events::append(&txn, vec![event], now).await?;
        txn.commit().await?;
        app.bus.events_appended();
    }
    Ok(())
}
