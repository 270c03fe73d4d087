//! What a step is carried out with.

use std::time::Duration;

use domfleet_shared::id::{DriveId, MigrationId, VmId};
use domfleet_shared::inventory::{Fingerprint, Vm};
use domfleet_shared::migration::permit::{DiskIdentity, Release, SignedPermit};
use domfleet_shared::migration::reset_block::ResetBlock;
use domfleet_shared::migration::talk::{Ask, RefusedDecision, Waits};
use domfleet_shared::migration::{Plan, Record};

use super::error::{TurnError, words};
use super::host::Host;
use super::turn::Again;
use super::wanted::Wanted;
use crate::backup::cipher::Keyring;
use crate::backup::medium::Medium as _;
use crate::backup::tools::Tools;
use crate::dom0::Running;
use crate::meter::Meter;
use crate::migration::book::{BookError, Writer};
use crate::migration::{block, book, system_disk};
use crate::usb::mount::Access;

/// What a step is carried out with.
pub(super) struct Scene<'s, H: Host> {
    pub(super) host: &'s H,
    pub(super) wanted: &'s Wanted,
    pub(super) keys: &'s Keyring,
    pub(super) meter: &'s dyn Meter,
    pub(super) drive: Option<&'s H::Drive>,
    /// The one that holds the copy, where there is one.
    pub(super) second: Option<(DriveId, &'s H::Drive)>,
    pub(super) keep: &'s H::Keep,
    pub(super) release: Release,
    pub(super) running: Running,
    pub(super) fingerprint: Fingerprint,
    pub(super) disk: Option<SystemDisk>,
}

/// What was found on the system disk.
pub(super) struct SystemDisk {
    pub(super) identity: DiskIdentity,
    pub(super) block: ResetBlock,
}

impl SystemDisk {
    pub(super) fn look(host: &impl Host) -> Result<Self, TurnError> {
        let (found, disk) = host.system_disk(Access::ReadOnly)?;
        let identity = system_disk::identity(&found, &disk)
            .map_err(TurnError::io("reading the partition table of the system disk"))?;
        let block = block::read(&disk)
            .map_err(TurnError::io("reading the reset block of the system disk"))?;
        Ok(Self { identity, block })
    }
}

impl<'s, H: Host> Scene<'s, H> {
    pub(super) fn writer(&self) -> Writer {
        Writer {
            on: self.release,
            boot: self.running.boot_id,
            agent: env!("CARGO_PKG_VERSION").to_owned(),
            clock: self.host.clock().clone(),
        }
    }

    /// The drive. A step that needs it is not decided on without it.
    pub(super) fn drive(&self) -> Result<&'s H::Drive, TurnError> {
        self.drive.ok_or_else(|| TurnError::Refused("the backup drive is not here".to_owned()))
    }

    /// The second one. A step that needs it is not decided on without it.
    pub(super) fn second(&self) -> Result<(DriveId, &'s H::Drive), TurnError> {
        self.second.ok_or_else(|| TurnError::Refused("the second drive is not here".to_owned()))
    }

    /// Puts a permit on the drives, on the one that counts last: whoever finds it there finds both as they should be.
    pub(super) fn store_permit(
        &self,
        told: &[Record],
        migration: MigrationId,
        permit: &SignedPermit,
    ) -> Result<(), TurnError> {
        let drive = self.drive()?;
        if let Some((_, second)) = self.second {
            book::mirror((drive, second), migration, told, Some(permit))?;
        }
        Ok(book::store_permit(drive, migration, permit)?)
    }

    pub(super) fn tools<'t>(
        &'t self,
        drive: &'t H::Drive,
        meter: &'t dyn Meter,
    ) -> Tools<'t, H::Drive> {
        let (keys, clock, width) = (self.keys, self.host.clock(), self.host.width());
        Tools { medium: drive, keys, clock, meter, width }
    }

    /// Writes the reset block.
    pub(super) fn write_block(&self, block: ResetBlock) -> Result<(), TurnError> {
        let (_, mut disk) = self.host.system_disk(Access::ReadWrite)?;
        Ok(block::write(&mut disk, block)?)
    }

    /// Has everything durable that was written so far, on the system disk and on the drive, and what is read from
    /// the drive come from itself. `told` is what must be there then.
    pub(super) fn settle(&self, migration: MigrationId, told: &[Record]) -> Result<(), TurnError> {
        self.host.sync()?;
        let drive = self.drive()?;
        drive
            .remount()
            .map_err(TurnError::io("having the backup drive keep what was written to it"))?;
        match book::read(drive, migration)? {
            Some((_, there)) if there == told => Ok(()),
            _ => Err(BookError::Differs(migration).into()),
        }
    }
}

/// The VM of the plan on this system: by its UUID, and by its name where its configuration says none.
pub(super) fn planned<'v>(vms: &'v [Vm], plan: &Plan, vm: VmId) -> Option<&'v Vm> {
    let by_id = vms.iter().find(|there| there.uuid == vm);
    by_id.or_else(|| {
        let name = &plan.vms.iter().find(|planned| planned.uuid == vm)?.name;
        let is_another = |there: &Vm| plan.vms.iter().any(|planned| planned.uuid == there.uuid);
        vms.iter().find(|there| there.name == *name && !is_another(there))
    })
}

/// What came of a step.
#[derive(Debug)]
pub(super) struct Said {
    pub(super) what: String,
    pub(super) waits: Option<Waits>,
    pub(super) ask: Option<Ask>,
    pub(super) refused: Vec<RefusedDecision>,
    pub(super) trouble: Option<String>,
    pub(super) again: Again,
}

impl Said {
    /// It was done.
    pub(super) fn done(what: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            waits: None,
            ask: None,
            refused: Vec::new(),
            trouble: None,
            again: Again::AtOnce,
        }
    }

    /// Nothing is done until something else is seen.
    pub(super) fn waits(waits: Waits, what: impl Into<String>, time: Duration) -> Self {
        Self { waits: Some(waits), again: Again::After(time), ..Self::done(what) }
    }

    /// It is over.
    pub(super) fn over(what: impl Into<String>) -> Self {
        Self { again: Again::Never, ..Self::done(what) }
    }

    /// It did not work, and is tried again.
    pub(super) fn failed(what: impl Into<String>, error: &TurnError) -> Self {
        let again = Again::After(TRIED_AGAIN_AFTER);
        Self { trouble: Some(words(error)), again, ..Self::done(what) }
    }

    /// The same, with what is wrong although it goes on.
    pub(super) fn with_trouble(self, trouble: Option<String>) -> Self {
        Self { trouble: trouble.or(self.trouble), ..self }
    }
}

/// What did not work is tried again after that.
pub(super) const TRIED_AGAIN_AFTER: Duration = Duration::from_mins(1);
