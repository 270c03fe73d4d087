//! Finding out which migration it is, and where its drive.

use std::time::Duration;

use domfleet_shared::id::{DriveId, MigrationId, PermitId};
use domfleet_shared::migration::permit::Release;
use domfleet_shared::migration::reset_block::{Marker, ResetBlock, Stage};
use domfleet_shared::migration::talk::{Now, Waits};
use domfleet_shared::migration::{Migration, Permit};

use super::error::{TurnError, words};
use super::host::Host;
use super::ledger::Ledger;
use super::scene::{Said, Scene, SystemDisk, TRIED_AGAIN_AFTER, planned};
use super::turn::{Again, Turn};
use super::wanted::Wanted;
use super::{after, before};
use crate::backup::cipher::Keyring;
use crate::backup::medium::Medium;
use crate::meter::Meter;
use crate::migration::book;

/// A drive is looked for so often.
const GLANCE: Duration = Duration::from_secs(15);

/// Looks, decides, does one step, and says what came of it. Remembers nothing.
pub fn turn<H: Host>(host: &H, wanted: &Wanted, keys: &Keyring, meter: &dyn Meter) -> Turn {
    let tried = find(host, wanted).and_then(|found| match found {
        None => Ok(Turn::idle("there is no migration here", None, Again::Never)),
        Some(Found::Away) => {
            let what = "this system was put here by a migration: plug its backup drive in";
            Ok(Turn::idle(what, Some(Waits::Drive), Again::After(GLANCE)))
        }
        Some(Found::Migration(which)) => take(host, &which, (wanted, keys, meter)),
    });
    tried.unwrap_or_else(|error| {
        let what = "looking for the migration";
        let again = Again::After(TRIED_AGAIN_AFTER);
        let idle = Turn::idle(what, None, again);
        Turn { now: Now { trouble: Some(words(&error)), ..idle.now }, ..idle }
    })
}

/// Which migration is this appliance's.
enum Found {
    Migration(Which),
    /// The marker tells of one, whose drive is not here.
    Away,
}

struct Which {
    migration: MigrationId,
    drive: Option<DriveId>,
    /// The one that holds the copy.
    second: Option<DriveId>,
    /// Whether the copy stands in for a drive that is away: only once the system that it was made on is gone.
    stands_in: bool,
}

fn find<H: Host>(host: &H, wanted: &Wanted) -> Result<Option<Found>, TurnError> {
    let keep = host.keep()?;
    let stories = kept(&keep)?;
    let open = stories.iter().find(|story| story.end.is_none());
    if let Some(story) = open {
        let migration = story.plan.migration;
        let intent = wanted.intent.as_ref().filter(|intent| intent.migration == migration);
        let drive = story.drive.or(intent.map(|intent| intent.drive));
        let copied = story.copied.map(|copied| copied.drive);
        let second = copied.or(intent.and_then(|intent| intent.second_drive));
        let stands_in = story.adopted.is_some() || host.release()? != Release::One;
        return Ok(Some(Found::Migration(Which { migration, drive, second, stands_in })));
    }
    if let Some(intent) = &wanted.intent {
        let (migration, drive, second) = (intent.migration, intent.drive, intent.second_drive);
        let stands_in = host.release()? != Release::One;
        let which = Which { migration, drive: Some(drive), second, stands_in };
        return Ok(Some(Found::Migration(which)));
    }
    if !stories.is_empty() {
        return Ok(None);
    }
    // Whoever has neither a story nor a server may just have been put here.
    let disk = match SystemDisk::look(host) {
        Ok(disk) => disk,
        // A way back is known of by the server, too; and most have never heard of any of this.
        Err(_) if host.release().is_ok_and(|release| release == Release::One) => return Ok(None),
        Err(error) => return Err(error),
    };
    match disk.block {
        ResetBlock::Marker(Marker { permit, .. }) => {
            let which = search(host, &|drive, migration| {
                // Whether it is to be believed is seen later.
                stored_permit(drive, migration).is_some_and(|stored| stored.id == permit)
            })?;
            Ok(Some(which.map_or(Found::Away, Found::Migration)))
        }
        _ => Ok(None),
    }
}

/// The stories of which there is a copy here.
fn kept(keep: &impl Medium) -> Result<Vec<Migration>, TurnError> {
    let migrations = book::list(keep).map_err(TurnError::io("looking into the agent's folder"))?;
    let stories =
        migrations.into_iter().filter_map(|migration| match book::read(keep, migration) {
            Ok(story) => story.map(|(story, _)| story),
            Err(error) => {
                tracing::warn!(error = words(&error), "the copy of a story cannot be read");
                None
            }
        });
    Ok(stories.collect())
}

/// The drive and the migration on it that `is_it` finds; of two copies the one that tells more.
fn search<H: Host>(
    host: &H,
    is_it: &dyn Fn(&H::Drive, MigrationId) -> bool,
) -> Result<Option<Which>, TurnError> {
    let mut found = None;
    for id in host.drives()? {
        let drive = match host.open_drive(id) {
            Ok(Some(drive)) => drive,
            Ok(None) => continue,
            Err(error) => {
                tracing::warn!(%id, error = words(&error), "a drive cannot be looked into");
                continue;
            }
        };
        let migrations = book::list(&drive).unwrap_or_default();
        if let Some(migration) = migrations.into_iter().find(|m| is_it(&drive, *m)) {
            let told = book::read(&drive, migration).ok().flatten();
            let told = told.map_or(0, |(_, records)| records.len());
            if found.as_ref().is_none_or(|(most, _)| *most < told) {
                let drive = Some(id);
                found = Some((told, Which { migration, drive, second: None, stands_in: false }));
            }
        }
    }
    Ok(found.map(|(_, which)| which))
}

/// A drive that is plugged in and can be read, or what is wrong with it.
struct Opened<D> {
    id: Option<DriveId>,
    drive: Option<D>,
    trouble: Option<String>,
}

/// A story that cannot be read is as good as a drive that is not there: VMs must not wait for it.
fn open<H: Host>(host: &H, id: Option<DriveId>, migration: MigrationId) -> Opened<H::Drive> {
    let (mut drive, mut trouble) = match id.map(|id| host.open_drive(id)) {
        Some(Ok(drive)) => (drive, None),
        Some(Err(error)) => (None, Some(words(&error))),
        None => (None, None),
    };
    if let Some(unreadable) = drive.as_ref().and_then(|drive| book::read(drive, migration).err()) {
        (drive, trouble) = (None, Some(words(&unreadable)));
    }
    Opened { id, drive, trouble }
}

/// The drive that counts, and the other one.
fn drives<H: Host>(
    host: &H,
    which: &Which,
    used: Option<PermitId>,
) -> (Opened<H::Drive>, Opened<H::Drive>) {
    let first = open(host, which.drive, which.migration);
    let second = open(host, which.second, which.migration);
    // The one with the permit that was used is the one that the reset was done with.
    let is_used = |opened: &Opened<H::Drive>| {
        let drive = opened.drive.as_ref()?;
        Some(used.is_some() && stored_permit(drive, which.migration).map(|it| it.id) == used)
    };
    match (is_used(&first), is_used(&second)) {
        (None | Some(false), Some(true)) => (second, first),
        (None, Some(_)) if which.stands_in => (second, first),
        _ => (first, second),
    }
}

fn stored_permit(drive: &impl Medium, migration: MigrationId) -> Option<Permit> {
    let signed = book::permit(drive, migration).ok().flatten()?;
    serde_json::from_str(&signed.permit).ok()
}

fn take<H: Host>(
    host: &H,
    which: &Which,
    (wanted, keys, meter): (&Wanted, &Keyring, &dyn Meter),
) -> Result<Turn, TurnError> {
    let keep = host.keep()?;
    let disk = SystemDisk::look(host);
    let used = match disk.as_ref().map(|disk| disk.block) {
        Ok(ResetBlock::Marker(Marker { permit, .. })) => Some(permit),
        _ => None,
    };
    let (drive, second) = drives(host, which, used);
    let mut trouble = drive.trouble.or(second.trouble);
    if let Err(error) = &disk {
        trouble = trouble.or(Some(words(error)));
    }
    let scene = Scene {
        host,
        wanted,
        keys,
        meter,
        drive: drive.drive.as_ref(),
        second: second.id.zip(second.drive.as_ref()),
        keep: &keep,
        release: host.release()?,
        running: host.running()?,
        fingerprint: host.fingerprint()?,
        disk: disk.ok(),
    };
    let Some(mut ledger) = ledger(&scene, which.migration)? else {
        let what = "the backup drive is not plugged in";
        let idle = Turn::idle(what, Some(Waits::Drive), Again::After(GLANCE));
        return Ok(Turn { now: Now { trouble, ..idle.now }, ..idle });
    };
    let is_source = is_source(&scene, &ledger)?;
    let said = if is_source {
        before::take(&scene, &mut ledger)
    } else {
        after::take(&scene, &mut ledger)
    };
    // Only the system after the reset has a use for it, and only where the drive was proved to belong here.
    let is_adopted = ledger.story().adopted.is_some_and(|(on, _)| on == scene.release);
    let carried = scene.drive.filter(|_| is_adopted).map(|on| book::identity(on, which.migration));
    let Said { what, waits, ask, refused, trouble, again } = said.with_trouble(trouble);
    let drive = drive.id.filter(|_| scene.drive.is_some());
    let now = Now { waits, what, done: None, total: None, trouble };
    let carried = carried.and_then(|carried| carried.ok().flatten());
    Ok(Turn { story: Some(ledger.into_records()), now, ask, refused, drive, carried, again })
}

/// The story that there is; a new one where it is to begin.
fn ledger<'l, H: Host>(
    scene: &Scene<'l, H>,
    migration: MigrationId,
) -> Result<Option<Ledger<'l, H>>, TurnError> {
    let places = (scene.drive, scene.keep);
    if let Some(ledger) = Ledger::open(places, migration, scene.writer())? {
        return Ok(Some(ledger));
    }
    let Some(intent) = &scene.wanted.intent else { return Ok(None) };
    // What is given up before there was a drive has to end all the same.
    let is_to_begin = scene.drive.is_some() || intent.give_up.is_some();
    if scene.release != Release::One || !is_to_begin {
        return Ok(None);
    }
    Ledger::begin(places, intent.plan.clone(), scene.writer()).map(Some)
}

/// Whether it is the system that is to go. One that a way back has put here is not: VMs are given back on it.
fn is_source<H: Host>(scene: &Scene<'_, H>, ledger: &Ledger<'_, H>) -> Result<bool, TurnError> {
    let story = ledger.story();
    if scene.release != Release::One || story.adopted.is_some() {
        return Ok(false);
    }
    let Some(ResetBlock::Marker(Marker { permit, stage: Stage::Done })) =
        scene.disk.as_ref().map(|disk| disk.block)
    else {
        return Ok(true);
    };
    let stored = scene.drive.and_then(|drive| stored_permit(drive, ledger.migration()));
    if stored.is_some_and(|stored| stored.id == permit && stored.to == Release::One) {
        return Ok(false);
    }
    // The marker is of a migration before this one, or the drive is a copy of one that tells more. A system that was
    // just put here has none of the VMs that the plan was made of.
    let vms = scene.host.vms()?;
    Ok(story.plan.vms.iter().any(|vm| planned(&vms, &story.plan, vm.uuid).is_some()))
}
