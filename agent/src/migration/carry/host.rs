//! What a turn needs of the appliance, call by call.
//!
//! It blocks: whoever calls it is where blocking is fine. The real one is in `dom0/xen/migration.rs`.

use std::path::PathBuf;
use std::time::Duration;

use domfleet_shared::id::{DriveId, MigrationId, VmId};
use domfleet_shared::inventory::{Fingerprint, Vm};
use domfleet_shared::migration::permit::Release;

use super::watch::{Pulse, Watch};
use crate::backup::documents::{Manifest, Plan};
use crate::backup::geometry::Geometry;
use crate::backup::medium::Medium;
use crate::backup::on_drive::DriveError;
use crate::backup::paced::Paced;
use crate::backup::pipeline::Width;
use crate::backup::source::Sources;
use crate::backup::volumes::{VolumeError, Volumes};
use crate::clock::Clock;
use crate::dom0::{Dom0Error, Running};
use crate::meter::{Cancelled, Meter};
use crate::migration::block::Disk;
use crate::migration::system_disk::{Found, NotFound};
use crate::usb::mount::Access;

/// An appliance, as far as a migration is concerned.
pub trait Host: Send + Sync {
    /// Its system disk.
    type Disk: Disk;
    /// A backup drive. It is let go of when it goes.
    type Drive: Medium;
    /// The agent's own folder, on the system disk.
    type Keep: Medium;
    /// The disks of its VMs, to be read.
    type Sources: Sources;
    /// Where disks of VMs go on 2.x.
    type Volumes<'h>: Volumes
    where
        Self: 'h;

    /// The system that runs.
    fn release(&self) -> Result<Release, HostError>;

    /// The time of day, which may be wrong by years.
    fn clock(&self) -> &Clock;

    /// This run of dom0.
    fn running(&self) -> Result<Running, HostError>;

    /// What the hardware is known by.
    fn fingerprint(&self) -> Result<Fingerprint, HostError>;

    /// Every VM, with a domain or without one.
    fn vms(&self) -> Result<Vec<Vm>, HostError>;

    /// Asks the guest to shut down, and pulls its plug where it does not within some minutes. The domain is gone
    /// when it returns; says whether the guest went by itself.
    fn shut_down(&self, vm: &Vm, meter: &dyn Meter) -> Result<bool, HostError>;

    /// Creates the VM's domain.
    fn start(&self, vm: &Vm) -> Result<(), HostError>;

    /// Has dom0 start the VM when it boots, or no more. Durable when it returns.
    fn set_autostart(&self, vm: &Vm, enabled: bool) -> Result<(), HostError>;

    /// Puts a VM's configuration in its place, in place of one of ours that is there. Durable when it returns.
    fn install_config(&self, vm: VmId, text: &str) -> Result<(), HostError>;

    /// How a VM's domain is; nothing where it has none.
    fn pulse(&self, vm: &Vm) -> Result<Option<Pulse>, HostError>;

    /// What was seen of VMs that are watched.
    fn watch(&self) -> &Watch;

    /// The disk that the running system is on. It is opened to be written only by whoever writes: closing it has
    /// the system look at its partitions anew.
    fn system_disk(&self, access: Access) -> Result<(Found, Self::Disk), HostError>;

    /// Makes durable whatever was written to the system disk.
    fn sync(&self) -> Result<(), HostError>;

    /// The drives of ours that are plugged in.
    fn drives(&self) -> Result<Vec<DriveId>, HostError>;

    /// Takes a drive in hand, to be read and written; nothing where it is not plugged in.
    fn open_drive(&self, drive: DriveId) -> Result<Option<Self::Drive>, HostError>;

    /// Whether a drive is still there and in order: asked when something with it has failed.
    fn is_there(&self, drive: &Self::Drive) -> bool;

    /// The agent's own folder.
    fn keep(&self) -> Result<Self::Keep, HostError>;

    /// The disks of its VMs.
    fn sources(&self) -> Self::Sources;

    /// Where disks of VMs go on 2.x.
    fn volumes(&self) -> Result<Self::Volumes<'_>, HostError>;

    /// Where images go on the way back to 1.x: a folder that is this migration's alone. `manifest` says where they
    /// were. It is made where it is not there.
    fn image_folder(
        &self,
        migration: MigrationId,
        manifest: &Manifest,
    ) -> Result<PathBuf, HostError>;

    /// Fills `bytes` with what nobody can guess.
    fn random(&self, bytes: &mut [u8]) -> Result<(), HostError>;

    /// Waits.
    fn pause(&self, time: Duration);

    /// A meter that has the copying of these disks give way to whoever else uses them.
    fn paced<'m>(&self, meter: &'m dyn Meter, plan: &Plan) -> Paced<'m>;

    /// How many threads compress and hash.
    fn width(&self) -> Width;

    /// Into what pieces the set is divided.
    fn geometry(&self) -> Geometry;
}

/// Why the appliance did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// dom0's tools.
    #[error(transparent)]
    Dom0(#[from] Dom0Error),
    /// The backup drive.
    #[error(transparent)]
    Drive(#[from] DriveError),
    /// The system disk.
    #[error("the system disk cannot be told: {0}")]
    SystemDisk(#[from] NotFound),
    /// The volume manager.
    #[error(transparent)]
    Volumes(#[from] VolumeError),
    /// Files of the appliance.
    #[error("{what} is not possible")]
    Io {
        /// What was being done.
        what: &'static str,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// It is not as it has to be.
    #[error("{0}")]
    Unfit(String),
    /// Nobody wants it any more.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

impl HostError {
    /// For a call that does `what`.
    pub fn io(what: &'static str) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self::Io { what, source }
    }
}
