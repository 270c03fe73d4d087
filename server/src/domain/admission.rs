//! Whether an operation may be asked of an appliance: the one check for operators, schedules and
//! campaigns.

mod objects;
mod settle;
mod works;

use domfleet_shared::Timestamp;
use domfleet_shared::id::{MigrationId, OperationId, VmId};
use domfleet_shared::inventory::{Storage, Vm};
use domfleet_shared::operation::{Class, Lock, Operation, conflicts};
use domfleet_shared::usb::UsbDrive;

pub use self::objects::confirmation;
pub use self::settle::{for_one_of_many, settle};
use super::appliance::ApplianceState;

/// How many operations of one appliance may be under way or waiting.
pub const MOST_UNFINISHED: usize = 50;

/// What is known of the appliance.
#[derive(Clone, Debug)]
pub struct Situation<'a> {
    /// Its name.
    pub name: &'a str,
    /// Whether it belongs to the fleet.
    pub state: ApplianceState,
    /// Why nothing that changes anything is asked of it.
    pub read_only: Option<&'a str>,
    /// Whether the server was restored from a backup and waits.
    pub held: bool,
    /// Its VMs, where it has reported them.
    pub vms: Option<&'a [Vm]>,
    /// Its storage, where it has reported it.
    pub storage: Option<&'a Storage>,
    /// The USB drives that are plugged in, where it has reported them.
    pub usb: Option<&'a [UsbDrive]>,
    /// Verified backups of its VMs that are still there.
    pub backups: &'a [Backup],
    /// What is held, and by whom.
    pub locks: &'a [Held],
    /// The migration that is under way, and where it is.
    pub migration: Option<(MigrationId, &'a str)>,
    /// Operations that have not ended.
    pub unfinished: usize,
    /// Whether it may be changed at this time.
    pub window: Window,
    /// Whether whoever must agree has.
    pub consent: Consent,
}

/// Whether this is a time at which an appliance may be changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Window {
    /// It is, or none was ever set.
    #[default]
    Open,
    /// It is not.
    Closed {
        /// When the next one opens, where that is known.
        opens_at: Option<Timestamp>,
    },
}

/// Whether whoever must agree to a change has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Consent {
    /// They have, or nobody must.
    #[default]
    Given,
    /// They have not.
    Missing {
        /// Whose it is.
        whose: String,
    },
}

/// A verified backup of a VM.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backup {
    pub vm: VmId,
    /// When it was begun, by the appliance's clock.
    pub created_at: Timestamp,
}

/// A lock and its holder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    pub lock: Lock,
    pub holder: OperationId,
    /// The holder's kind.
    pub kind: String,
}

/// Why an operation is not admitted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("the server was restored from a backup and is held")]
    Held,
    #[error("the appliance is {}", .0.as_str())]
    NotAccepted(ApplianceState),
    #[error("the appliance is read-only: {0}")]
    ReadOnly(String),
    #[error("{lock} is held by operation {holder} ({kind})")]
    Locked { lock: String, holder: OperationId, kind: String },
    #[error("the appliance is held by migration {id} ({phase})")]
    Migrating { id: MigrationId, phase: String },
    #[error("{0} operations of the appliance have not ended")]
    TooManyWaiting(usize),
    #[error("there is no operation of that kind")]
    UnknownKind,
    #[error("the appliance has reported no {0} {1}")]
    NoSuch(&'static str, String),
    #[error("the {0} {1} is not managed")]
    NotOurs(&'static str, String),
    #[error("there is a {0} {1} already")]
    Taken(&'static str, String),
    #[error("this is outside of the appliance's maintenance window")]
    OutsideWindow(Option<Timestamp>),
    #[error("{0} has not agreed")]
    NoConsent(String),
    #[error("this must be confirmed")]
    Confirm(String),
    #[error("{0} cannot be used: {1}")]
    Value(&'static str, String),
}

impl Refusal {
    /// A word for programs, which never changes.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::NotAccepted(_) => "not_accepted",
            Self::ReadOnly(_) => "read_only",
            Self::Locked { .. } => "locked",
            Self::Migrating { .. } => "migrating",
            Self::TooManyWaiting(_) => "too_many_waiting",
            Self::UnknownKind => "unknown_kind",
            Self::NoSuch(..) => "no_such_object",
            Self::NotOurs(..) => "not_ours",
            Self::Taken(..) => "taken",
            Self::OutsideWindow(_) => "outside_window",
            Self::NoConsent(_) => "no_consent",
            Self::Confirm(_) => "confirm_required",
            Self::Value(..) => "invalid",
        }
    }

    /// What a person can do about it.
    pub fn what_to_do(&self) -> String {
        match self {
            Self::Held => "Wait until the appliances have reported, or let an admin release the \
                           hold."
                .into(),
            Self::NotAccepted(_) => "Accept the appliance first.".into(),
            Self::ReadOnly(_) => "Resolve that first; only operations that read are done.".into(),
            Self::Locked { holder, .. } => {
                format!("Wait until operation {holder} has ended, or cancel it.")
            }
            Self::Migrating { id, .. } => {
                format!("Wait until migration {id} has ended, or cancel it.")
            }
            Self::TooManyWaiting(_) => "Wait until some have ended, or cancel some.".into(),
            Self::UnknownKind => "See /api/v1/openapi.json for the kinds.".into(),
            Self::NoSuch(..) => "Choose one that the appliance has reported.".into(),
            Self::NotOurs("VM", _) => "Take it under management first (vm_adopt).".into(),
            Self::NotOurs(..) => "Take it under management first (volume_adopt).".into(),
            Self::Taken(what, _) => format!("Choose another name for the {what}."),
            Self::OutsideWindow(Some(opens_at)) => format!("Ask again from {opens_at} on."),
            Self::OutsideWindow(None) => "Set a maintenance window first.".into(),
            Self::NoConsent(whose) => format!("Ask {whose} to agree first."),
            Self::Confirm(text) => format!("Send {text:?} in confirm."),
            Self::Value(field, _) => format!("Correct {field}."),
        }
    }
}

/// What the agent does, too, while a migration is under way: a person restarts the appliance into the recovery.
fn goes_beside_a_migration(operation: &Operation) -> bool {
    let harmless = matches!(operation, Operation::DebugBundle { .. } | Operation::ApplianceReboot);
    harmless || operation.class() == Class::Read
}

/// The locks of `operation`, if it may be asked for.
pub fn admit(
    operation: &Operation,
    confirm: Option<&str>,
    situation: &Situation<'_>,
) -> Result<Vec<Lock>, Refusal> {
    if *operation == Operation::Unknown {
        return Err(Refusal::UnknownKind);
    }
    if situation.held {
        return Err(Refusal::Held);
    }
    if situation.state != ApplianceState::Accepted {
        return Err(Refusal::NotAccepted(situation.state));
    }
    if let Some(reason) = situation.read_only
        && operation.class() != Class::Read
    {
        return Err(Refusal::ReadOnly(reason.to_owned()));
    }
    if let Some((id, phase)) = situation.migration
        && !goes_beside_a_migration(operation)
    {
        return Err(Refusal::Migrating { id, phase: phase.to_owned() });
    }
    if situation.unfinished >= MOST_UNFINISHED {
        return Err(Refusal::TooManyWaiting(situation.unfinished));
    }
    if operation.class() != Class::Read {
        if let Window::Closed { opens_at } = situation.window {
            return Err(Refusal::OutsideWindow(opens_at));
        }
        if let Consent::Missing { whose } = &situation.consent {
            return Err(Refusal::NoConsent(whose.clone()));
        }
    }
    objects::check(operation, situation)?;
    if let Some(text) = confirmation(operation, situation)
        && confirm != Some(text.as_str())
    {
        return Err(Refusal::Confirm(text));
    }
    let locks = operation.locks();
    for wanted in &locks {
        if let Some(held) = situation.locks.iter().find(|held| conflicts(wanted, &held.lock)) {
            return Err(Refusal::Locked {
                lock: held.lock.to_string(),
                holder: held.holder,
                kind: held.kind.clone(),
            });
        }
    }
    Ok(locks)
}

/// A lock by the name that it has in the database.
pub fn lock_named(name: &str) -> Option<Lock> {
    match name {
        "os" => Some(Lock::Os),
        "storage" => Some(Lock::Storage),
        "usb" => Some(Lock::Usb),
        "power" => Some(Lock::Power),
        other => other.strip_prefix("vm:")?.parse().ok().map(Lock::Vm),
    }
}

#[cfg(test)]
mod tests;
