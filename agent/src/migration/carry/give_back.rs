//! A VM out of the set onto this system: its disks, and then its configuration.
//!
//! It goes only where there is nothing, or where what is there is this migration's own. Whatever else is there of
//! the VM, or of the name of one of its disks, stays as it is, and a person is told.

use std::collections::BTreeSet;

use domfleet_shared::id::VmId;
use domfleet_shared::inventory::Vm;
use domfleet_shared::migration::{Event, Record};

use super::error::TurnError;
use super::host::Host;
use super::scene::Scene;
use super::shelf::{Shelf, There};
use crate::backup::BackupError;
use crate::backup::config;
use crate::backup::documents::{Manifest, SavedDisk, SavedVm};
use crate::backup::draft::file_name;
use crate::backup::identity::Identity;
use crate::backup::names::DiskId;
use crate::backup::restore::Sealed;

/// Why a VM is not given back.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotGiven {
    /// It would be wrong, and stays so until a person does something.
    #[error("{0}")]
    Unfit(String),
    /// Something does not work, and may the next time.
    #[error(transparent)]
    Failed(#[from] TurnError),
}

impl From<BackupError> for NotGiven {
    fn from(error: BackupError) -> Self {
        match error {
            error @ (BackupError::Refused(_) | BackupError::KeyMissing(_)) => {
                Self::Unfit(super::error::words(&error))
            }
            error => Self::Failed(error.into()),
        }
    }
}

impl From<super::host::HostError> for NotGiven {
    fn from(error: super::host::HostError) -> Self {
        Self::Failed(error.into())
    }
}

/// A disk with the name that it gets here.
struct Named<'m> {
    id: DiskId,
    disk: &'m SavedDisk,
    name: String,
}

/// A VM of the set.
pub(super) struct Giving<'g, 's, H: Host, S: Shelf> {
    pub(super) scene: &'g Scene<'s, H>,
    pub(super) sealed: &'g Sealed<'s, H::Drive>,
    pub(super) shelf: &'g S,
    pub(super) records: &'g [Record],
    pub(super) vm: VmId,
}

impl<H: Host, S: Shelf> Giving<'_, '_, H, S> {
    fn saved(&self) -> Result<&SavedVm, NotGiven> {
        let saved = self.sealed.manifest.vms.iter().find(|saved| saved.uuid == self.vm);
        saved.ok_or_else(|| NotGiven::Unfit("it is not in the backup set".to_owned()))
    }

    fn disks<'m>(&self, saved: &'m SavedVm) -> Vec<Named<'m>> {
        let base = base(&self.sealed.manifest, saved);
        let named = saved.disks().map(|(id, disk)| {
            let vdev = file_name(&disk.planned.vdev);
            let name = format!("{base}-{vdev}");
            Named { id, disk, name }
        });
        named.collect()
    }

    /// Writes its disks, as far as they are not there, and reads them back.
    pub(super) fn restore(&self) -> Result<(), NotGiven> {
        let saved = self.saved()?;
        let disks = self.disks(saved);
        let is_afresh = is_wanted_afresh(self.records, self.vm);
        self.make_way(&disks, is_afresh)?;
        for Named { id, disk, name } in &disks {
            self.scene.meter.go_on().map_err(TurnError::from)?;
            match self.shelf.look(name)? {
                There::Nothing => {}
                There::Ours if is_afresh => self.shelf.discard(name)?,
                There::Ours => continue,
                There::Other => return Err(NotGiven::Unfit(is_taken(&self.shelf.path(name)))),
            }
            self.shelf.write(self.sealed, saved, (*id, disk), name)?;
        }
        Ok(())
    }

    /// Nobody may write to what is written to here, and what is not ours stays.
    fn make_way(&self, disks: &[Named<'_>], is_afresh: bool) -> Result<(), NotGiven> {
        let Some(there) = self.there()? else { return Ok(()) };
        self.is_ours(&there, disks)?;
        if there.domid.is_none() {
            return Ok(());
        }
        if !is_afresh {
            let why = "it runs, and has not been given back yet: shut it down and try again";
            return Err(NotGiven::Unfit(why.to_owned()));
        }
        self.scene.host.shut_down(&there, self.scene.meter)?;
        Ok(())
    }

    /// The VM of that identity that is on this system.
    fn there(&self) -> Result<Option<Vm>, NotGiven> {
        Ok(self.scene.host.vms()?.into_iter().find(|vm| vm.uuid == self.vm))
    }

    /// Whether the VM that is there is the one that was given back, by its disks.
    fn is_ours(&self, there: &Vm, disks: &[Named<'_>]) -> Result<(), NotGiven> {
        let ours: BTreeSet<String> =
            disks.iter().map(|disk| self.shelf.path(&disk.name).display().to_string()).collect();
        let theirs = there.disks.iter().filter(|disk| disk.writable);
        let mut foreign =
            theirs.filter_map(|disk| disk.target.clone()).filter(|t| !ours.contains(t));
        match foreign.next() {
            None => Ok(()),
            Some(target) => Err(NotGiven::Unfit(format!(
                "there is a VM of its UUID already, with the disk {target}, which is not of this \
                 migration: remove that one and try again, or go without this one"
            ))),
        }
    }

    /// Puts its configuration in place, which says where its disks are now.
    pub(super) fn configure(&self) -> Result<(), NotGiven> {
        let saved = self.saved()?;
        let disks = self.disks(saved);
        if let Some(there) = self.there()? {
            self.is_ours(&there, &disks)?;
        }
        for disk in &disks {
            match self.shelf.look(&disk.name)? {
                There::Ours => {}
                There::Other => {
                    return Err(NotGiven::Unfit(is_taken(&self.shelf.path(&disk.name))));
                }
                There::Nothing => {
                    let path = self.shelf.path(&disk.name).display().to_string();
                    let why = format!("{path} is gone: have its disks written afresh");
                    return Err(NotGiven::Unfit(why));
                }
            }
        }
        let text = self.sealed.config(saved)?;
        let moved = disks.iter().map(|disk| {
            let path = self.shelf.path(&disk.name).display().to_string();
            (disk.id.number, path, self.shelf.format(disk.disk))
        });
        let text = Identity::own(saved).config(&text, moved)?;
        let said = config::parse(&text).map(|config| config.disks).unwrap_or_default();
        for disk in &disks {
            let path = self.shelf.path(&disk.name).display().to_string();
            if !said.iter().any(|said| said.target.as_deref() == Some(path.as_str())) {
                let why =
                    format!("its configuration cannot be made to name the disk {path}: mend it");
                return Err(NotGiven::Unfit(why));
            }
        }
        Ok(self.scene.host.install_config(self.vm, &text)?)
    }
}

/// What room the VMs need whose disks are not all here.
pub(super) fn missing<'m>(
    manifest: &'m Manifest,
    shelf: &impl Shelf,
) -> Result<Vec<&'m SavedDisk>, BackupError> {
    let mut missing = Vec::new();
    for vm in &manifest.vms {
        let base = base(manifest, vm);
        for (_, disk) in vm.disks() {
            let name = format!("{base}-{}", file_name(&disk.planned.vdev));
            if shelf.look(&name)? == There::Nothing {
                missing.push(disk);
            }
        }
    }
    Ok(missing)
}

/// What the names of a VM's disks begin with: its own name, unless another VM's comes to the same.
fn base(manifest: &Manifest, vm: &SavedVm) -> String {
    let name = file_name(&vm.name);
    let mut others = manifest.vms.iter().filter(|other| other.uuid != vm.uuid);
    if others.any(|other| file_name(&other.name) == name) {
        let id = vm.uuid.to_string();
        format!("{name}-{}", id.get(..8).unwrap_or(&id))
    } else {
        name
    }
}

fn is_taken(path: &std::path::Path) -> String {
    let path = path.display();
    format!("{path} is there already, and is not of this migration: rename it or remove it")
}

/// Whether a person wants the VM's disks written anew, and they have not been since.
fn is_wanted_afresh(records: &[Record], vm: VmId) -> bool {
    let last = records.iter().rev().find_map(|record| match &record.event {
        Event::VmRetried { vm: of, afresh: true, .. } if *of == vm => Some(true),
        Event::VmRestored { vm: of } if *of == vm => Some(false),
        Event::Adopted { .. } => Some(false),
        _ => None,
    });
    last.unwrap_or(false)
}
