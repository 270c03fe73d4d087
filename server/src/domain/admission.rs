//! Whether an operation may be asked of an appliance: the one check for operators, schedules and
//! campaigns.

use domfleet_shared::id::{OperationId, VmId};
use domfleet_shared::inventory::{Storage, Vm};
use domfleet_shared::operation::{Class, Lock, Operation, conflicts};

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
    /// What is held, and by whom.
    pub locks: &'a [Held],
    /// Operations that have not ended.
    pub unfinished: usize,
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
    #[error("{0} operations of the appliance have not ended")]
    TooManyWaiting(usize),
    #[error("there is no operation of that kind")]
    UnknownKind,
    #[error("the appliance has reported no {0} {1}")]
    NoSuch(&'static str, String),
    #[error("the volume {0} is not managed")]
    NotOurs(String),
    #[error("this must be confirmed")]
    Confirm(String),
    #[error("{0} cannot be used: {1}")]
    Value(&'static str, String),
}

impl Refusal {
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
            Self::TooManyWaiting(_) => "Wait until some have ended, or cancel some.".into(),
            Self::UnknownKind => "See /api/v1/openapi.json for the kinds.".into(),
            Self::NoSuch(..) => "Choose one that the appliance has reported.".into(),
            Self::NotOurs(_) => "Take it under management first (volume_adopt).".into(),
            Self::Confirm(text) => format!("Send {text:?} in confirm."),
            Self::Value(field, _) => format!("Correct {field}."),
        }
    }
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
    if situation.unfinished >= MOST_UNFINISHED {
        return Err(Refusal::TooManyWaiting(situation.unfinished));
    }
    check_object(operation, situation)?;
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

/// Whether what it is about is there, as far as the appliance has reported.
fn check_object(operation: &Operation, situation: &Situation<'_>) -> Result<(), Refusal> {
    match operation {
        Operation::VmStart { vm }
        | Operation::VmShutdown { vm, .. }
        | Operation::VmReboot { vm, .. }
        | Operation::VmDestroy { vm }
        | Operation::VmAdopt { vm } => match find_vm(situation, *vm) {
            Some(_) => Ok(()),
            None => Err(Refusal::NoSuch("VM", vm.to_string())),
        },
        Operation::VolumeCreate { volume_group, name, size_bytes } => {
            check_volume_name(name)?;
            let group = situation.storage.and_then(|storage| {
                storage.volume_groups.iter().find(|group| group.name == *volume_group)
            });
            let group =
                group.ok_or_else(|| Refusal::NoSuch("volume group", volume_group.clone()))?;
            if *size_bytes == 0 || *size_bytes > group.size_bytes {
                return Err(Refusal::Value(
                    "size_bytes",
                    format!("the volume group has {} bytes", group.size_bytes),
                ));
            }
            Ok(())
        }
        Operation::VolumeSnapshot { volume, name, .. } => {
            check_volume_name(name)?;
            managed(situation, volume).map(|_| ())
        }
        Operation::VolumeRemove { volume } => {
            if managed(situation, volume)? {
                Ok(())
            } else {
                Err(Refusal::NotOurs(volume.clone()))
            }
        }
        Operation::VolumeAdopt { volume } => managed(situation, volume).map(|_| ()),
        Operation::ApplianceReboot | Operation::DebugBundle { .. } | Operation::Unknown => Ok(()),
    }
}

/// What LVM takes for a name, less what it keeps for itself.
fn check_volume_name(name: &str) -> Result<(), Refusal> {
    let fits = !name.is_empty()
        && name.len() <= 127
        && !name.starts_with(['-', '.'])
        && name.chars().all(|letter| letter.is_ascii_alphanumeric() || "+_.-".contains(letter));
    if fits {
        return Ok(());
    }
    Err(Refusal::Value(
        "name",
        "up to 127 letters, digits and + _ . -, beginning with a letter or digit".into(),
    ))
}

fn find_vm<'a>(situation: &Situation<'a>, vm: VmId) -> Option<&'a Vm> {
    situation.vms?.iter().find(|known| known.uuid == vm)
}

fn managed(situation: &Situation<'_>, volume: &str) -> Result<bool, Refusal> {
    situation
        .storage
        .and_then(|storage| storage.volumes.iter().find(|known| known.lv_uuid == volume))
        .map(|known| known.managed)
        .ok_or_else(|| Refusal::NoSuch("volume", volume.to_owned()))
}

/// What must be typed before something is ended or destroyed: the name of what it is.
pub fn confirmation(operation: &Operation, situation: &Situation<'_>) -> Option<String> {
    if operation.class() != Class::Destructive {
        return None;
    }
    let name = match operation {
        Operation::VmDestroy { vm } => find_vm(situation, *vm).map(|vm| vm.name.clone()),
        Operation::VolumeRemove { volume } => situation
            .storage
            .and_then(|storage| storage.volumes.iter().find(|known| known.lv_uuid == *volume))
            .map(|volume| volume.name.clone()),
        Operation::VmStart { .. }
        | Operation::VmShutdown { .. }
        | Operation::VmReboot { .. }
        | Operation::VmAdopt { .. }
        | Operation::VolumeCreate { .. }
        | Operation::VolumeSnapshot { .. }
        | Operation::VolumeAdopt { .. }
        | Operation::ApplianceReboot
        | Operation::DebugBundle { .. }
        | Operation::Unknown => None,
    };
    Some(name.unwrap_or_else(|| situation.name.to_owned()))
}

/// A lock by the name that it has in the database.
pub fn lock_named(name: &str) -> Option<Lock> {
    match name {
        "os" => Some(Lock::Os),
        "storage" => Some(Lock::Storage),
        "power" => Some(Lock::Power),
        other => other.strip_prefix("vm:")?.parse().ok().map(Lock::Vm),
    }
}

#[cfg(test)]
mod tests;
