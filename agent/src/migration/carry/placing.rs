//! VMs of the set onto this system: a few attempts, and then a person is told.

use std::time::Duration;

use domfleet_shared::id::VmId;
use domfleet_shared::migration::Event;
use domfleet_shared::migration::permit::Release;

use super::error::{TurnError, words};
use super::give_back::{Giving, NotGiven, missing};
use super::host::Host;
use super::ledger::Ledger;
use super::scene::Scene;
use super::shelf::{AnyShelf, InFolder, OnVolumes, Shelf as _};
use crate::backup::restore::Sealed;
use crate::backup::{BackupError, create};

/// So often a VM is tried before it is called failed.
const ATTEMPTS: u32 = 3;
/// Between two of them.
const BETWEEN: Duration = Duration::from_secs(5);

/// What is done with a VM of the set.
#[derive(Clone, Copy)]
pub(super) enum Task {
    Restore,
    Configure,
}

/// Does it; what is answered with words is nothing that another turn would change.
pub(super) fn with_vm<H: Host>(
    scene: &Scene<'_, H>,
    ledger: &Ledger<'_, H>,
    vm: VmId,
    task: Task,
) -> Result<Result<(), String>, TurnError> {
    let drive = scene.drive()?;
    let sealed = open_set(scene, ledger, drive)?;
    let shelf = shelf(scene, ledger, &sealed)?;
    let giving = Giving { scene, sealed: &sealed, shelf: &shelf, records: ledger.records(), vm };
    let mut last = String::new();
    for attempt in 1..=ATTEMPTS {
        if attempt > 1 {
            scene.host.pause(BETWEEN);
        }
        let came_of_it = match task {
            Task::Restore => giving.restore(),
            Task::Configure => giving.configure(),
        };
        match came_of_it {
            Ok(()) => return Ok(Ok(())),
            Err(NotGiven::Unfit(why)) => return Ok(Err(why)),
            // Of a drive that is gone nothing is found out about a VM.
            Err(NotGiven::Failed(error)) if error.is_cancelled() || !scene.host.is_there(drive) => {
                return Err(error);
            }
            Err(NotGiven::Failed(error)) => last = words(&error),
        }
    }
    Ok(Err(last))
}

/// See whether there is room for all that is not there yet, and put it on record.
pub(super) fn find_room<H: Host>(
    scene: &Scene<'_, H>,
    ledger: &mut Ledger<'_, H>,
) -> Result<(), TurnError> {
    let drive = scene.drive()?;
    let sealed = open_set(scene, ledger, drive)?;
    let shelf = shelf(scene, ledger, &sealed)?;
    let (needed, free) = shelf.room_for(&missing(&sealed.manifest, &shelf)?)?;
    if needed > free {
        return Err(BackupError::NoRoom { needed, free }.into());
    }
    ledger.tell(Event::RoomFound { needed, free })
}

fn shelf<'h, H: Host>(
    scene: &Scene<'h, H>,
    ledger: &Ledger<'_, H>,
    sealed: &Sealed<'_, H::Drive>,
) -> Result<AnyShelf<H::Volumes<'h>>, TurnError> {
    match scene.release {
        Release::Two => {
            let tag = format!("domfleet.set.{}", sealed.manifest.set);
            Ok(AnyShelf::Volumes(OnVolumes { volumes: scene.host.volumes()?, tag }))
        }
        Release::One => {
            let folder = scene.host.image_folder(ledger.migration(), &sealed.manifest)?;
            Ok(AnyShelf::Images(InFolder::open(&folder)?))
        }
    }
}

/// The set of the migration, and none else.
fn open_set<'t, H: Host>(
    scene: &'t Scene<'_, H>,
    ledger: &Ledger<'_, H>,
    drive: &'t H::Drive,
) -> Result<Sealed<'t, H::Drive>, TurnError> {
    let sealed = ledger.story().sealed.ok_or(BackupError::NotSealed)?;
    if create::sealed_as(drive, sealed.set)? != Some(sealed.manifest) {
        let why = "the backup set on the drive is not the one that was proved";
        return Err(TurnError::Refused(why.to_owned()));
    }
    Ok(Sealed::open(scene.tools(drive, scene.meter), sealed.set)?)
}
