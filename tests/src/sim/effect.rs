//! What was done to a simulated appliance, and what may go wrong with the next step.

use std::time::Duration;

use domfleet_agent::dom0::{Happened, Step};
use domfleet_shared::id::VmId;

/// Something that was really done, once for each time it was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// A domain was created.
    DomainCreated(VmId),
    /// A guest was asked to shut down.
    ShutdownAsked(VmId),
    /// A domain's plug was pulled.
    DomainDestroyed(VmId),
    /// A domain was paused.
    DomainPaused(VmId),
    /// A domain went on.
    DomainUnpaused(VmId),
    /// A domain has another name.
    DomainRenamed(VmId),
    /// A configuration was written.
    ConfigWritten(VmId),
    /// A configuration was removed.
    ConfigRemoved(VmId),
    /// A VM is started with dom0, or no more.
    AutostartSet(VmId, bool),
    /// A configuration was copied.
    ConfigAdopted(VmId),
    /// A volume was created, by its name.
    VolumeCreated(String),
    /// A thin pool was created, by its name.
    PoolCreated(String),
    /// A volume has grown, by its `lv_uuid`.
    VolumeGrown(String),
    /// A volume was renamed, by its `lv_uuid`.
    VolumeRenamed(String),
    /// A volume was reverted to a snapshot, by the snapshot's `lv_uuid`.
    VolumeReverted(String),
    /// A snapshot was taken, by its name.
    SnapshotTaken(String),
    /// A volume was removed, by its `lv_uuid`.
    VolumeRemoved(String),
    /// A volume was given our tag, by its `lv_uuid`.
    VolumeAdopted(String),
    /// The vendor's tools were told.
    Told(Happened, VmId),
    /// dom0 was restarted.
    Rebooted,
}

/// What goes wrong with a step.
#[derive(Clone, Debug)]
pub enum Fault {
    /// It is refused, without effect.
    Refuse,
    /// It is done, and the answer is lost.
    LoseAnswer,
    /// It succeeds, so it says, and was not done.
    Lie,
    /// It takes so long.
    Slow(Duration),
    /// The agent is killed before it.
    KilledBefore,
    /// The agent is killed after it.
    KilledAfter,
    /// The power goes before it.
    PowerCutBefore,
    /// The power goes after it.
    PowerCutAfter,
}

/// What a step is called in tests and in what the appliance says.
pub(super) fn kind(step: &Step) -> &'static str {
    match step {
        Step::CreateDomain { .. } => "xl create",
        Step::ShutDownDomain { .. } => "xl shutdown",
        Step::DestroyDomain { .. } => "xl destroy",
        Step::PauseDomain { .. } => "xl pause",
        Step::UnpauseDomain { .. } => "xl unpause",
        Step::RenameDomain { .. } => "xl rename",
        Step::WriteConfig { .. } => "write config",
        Step::RemoveConfig { .. } => "remove config",
        Step::SetAutostart { .. } => "ln",
        Step::CreateThinPool { .. } => "lvcreate pool",
        Step::GrowVolume { .. } => "lvextend",
        Step::RevertVolume { .. } => "lvconvert",
        Step::RenameVolume { .. } => "lvrename",
        Step::AdoptConfig { .. } => "cp",
        Step::CreateVolume { .. } => "lvcreate",
        Step::SnapshotVolume { .. } => "lvcreate -s",
        Step::SnapshotDisks { .. } => "lvcreate -s, paused",
        Step::RemoveVolume { .. } => "lvremove",
        Step::AdoptVolume { .. } => "lvchange",
        Step::Reboot => "reboot",
        Step::ForgetKeptLog { .. } => "rm",
    }
}
