//! What is written down of things that a person may ask about later.

use domfleet_shared::Timestamp;
use sea_orm::{ConnectionTrait, DbErr};
use serde_json::json;
use uuid::Uuid;

use super::enrolment::Entry;
use crate::db::alarms::{self, AlarmKind, NewAlarm};
use crate::db::audit::{self, Actor, Change};
use crate::db::welcome::{self, Guest};
use crate::db::{Stored, appliances, events};
use crate::pki::Issued;

/// There are two of an appliance: it becomes read-only, an alarm is raised and the trail says why.
/// Says whether that is new. The end of a transaction.
pub(super) async fn clone_found(
    txn: &impl ConnectionTrait,
    guest: &Guest,
    reason: &str,
    now: Timestamp,
) -> Result<bool, DbErr> {
    if welcome::make_read_only(txn, guest.id, reason).await? == Stored::Stale {
        return Ok(false);
    }
    let change = Change {
        organisation: guest.organisation,
        action: "appliance.clone_found",
        kind: "appliance",
        id: guest.id.to_string(),
        before: None,
        after: Some(json!({ "read_only": reason })),
    };
    audit::record(txn, &Actor::local("server"), change, now).await?;
    let alarm = NewAlarm {
        kind: AlarmKind::Clone,
        organisation: guest.organisation,
        appliance: Some(guest.id),
        subject: guest.id.to_string(),
        message: reason,
    };
    let raised = alarms::raise(txn, &alarm, now).await?;
    appliances::changed(txn, guest.id, now).await?;
    if let Some(event) = raised {
        events::append(txn, vec![event], now).await?;
    }
    Ok(true)
}

/// An appliance has joined. The end of a transaction.
pub(super) async fn joined(
    txn: &impl ConnectionTrait,
    entry: &Entry,
    issued: &Issued,
    token: Uuid,
    address: std::net::IpAddr,
    now: Timestamp,
) -> Result<(), DbErr> {
    let actor =
        Actor { id: None, name: "join token".into(), address: Some(address), request_id: None };
    let change = Change {
        organisation: entry.organisation,
        action: "appliance.join",
        kind: "appliance",
        id: entry.appliance.to_string(),
        before: None,
        after: Some(json!({
            "name": entry.name,
            "epoch": entry.epoch,
            "accepted": entry.accepted,
            "join_token": token,
            "key_sha256": issued.spki_sha256,
        })),
    };
    audit::record(txn, &actor, change, now).await?;
    appliances::changed(txn, entry.appliance, now).await
}

/// A server that was restored from a backup has met an appliance, or a key, that is newer than the
/// backup. The end of a transaction.
pub(super) async fn taken_in(
    txn: &impl ConnectionTrait,
    guest: &Guest,
    message: &str,
    now: Timestamp,
) -> Result<(), DbErr> {
    let change = Change {
        organisation: guest.organisation,
        action: "appliance.taken_in",
        kind: "appliance",
        id: guest.id.to_string(),
        before: None,
        after: Some(json!({ "epoch": guest.epoch, "because": message })),
    };
    audit::record(txn, &Actor::local("server"), change, now).await?;
    let alarm = NewAlarm {
        kind: AlarmKind::Unreconciled,
        organisation: guest.organisation,
        appliance: Some(guest.id),
        subject: guest.id.to_string(),
        message,
    };
    let raised = alarms::raise(txn, &alarm, now).await?;
    appliances::changed(txn, guest.id, now).await?;
    if let Some(event) = raised {
        events::append(txn, vec![event], now).await?;
    }
    Ok(())
}
