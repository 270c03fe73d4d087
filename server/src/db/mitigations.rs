//! Alarms about mitigations that were in force and are not any more, raised and ended as appliances
//! report how theirs stand.

use domfleet_shared::Timestamp;
use domfleet_shared::mitigation::MitigationStanding;
use sea_orm::{ConnectionTrait, DbErr};

use super::alarms::{self, AlarmKind, NewAlarm};
use super::events::NewEvent;
use super::inventory::Reporter;
use crate::domain::mitigations::drifts;

/// Raises and ends what `standings` give reason to; gives what to tell about it.
pub(super) async fn watch(
    txn: &impl ConnectionTrait,
    reporter: Reporter,
    standings: &[MitigationStanding],
    now: Timestamp,
) -> Result<Vec<NewEvent>, DbErr> {
    let kind = AlarmKind::MitigationDrifted;
    let mut open = alarms::open_at(txn, kind, reporter.appliance).await?;
    let mut news = Vec::new();
    for (which, message) in drifts(standings) {
        let subject = format!("{}/{which}", reporter.appliance);
        open.retain(|known| *known != subject);
        let alarm = NewAlarm {
            kind,
            organisation: reporter.organisation,
            appliance: Some(reporter.appliance),
            subject,
            message: &message,
        };
        news.extend(alarms::raise(txn, &alarm, now).await?);
    }
    for subject in open {
        news.extend(alarms::clear(txn, kind, &subject, now).await?);
    }
    Ok(news)
}
