//! What stays on the drive while a migration stands on it.

use std::path::PathBuf;

use domfleet_shared::migration::End;
use domfleet_shared::operation::keep::Keep;
use domfleet_shared::set_answers::Fate;

use super::host::WorldSources;
use super::world::config_file;
use super::*;
use crate::backup::pipeline::Width;
use crate::backup::prepare::prepare_for;
use crate::backup::prune::prune;
use crate::backup::tests::drive::{Drive, Left};
use crate::backup::tools::Tools;
use crate::backup::{create, list};
use crate::migration::holds::{HoldError, held, tell_ends};

static KEYLESS: Keyring = Keyring::EMPTY;
const LAST: Keep = Keep { last: 1, daily: 0, weekly: 0, monthly: 0 };

/// Another backup of the same VMs, which is newer.
fn back_up(world: &World) {
    let files: Vec<PathBuf> =
        world.state().configs.values().map(|text| config_file(text)).collect();
    let sources = WorldSources::of(world);
    let prepared = prepare_for(&files, world.clock.now(), &sources).unwrap();
    let drive = world.drive();
    create(tools(world, &drive), &prepared.plan, &prepared.configs, &sources).unwrap();
}

fn tools<'t>(world: &'t World, drive: &'t Drive) -> Tools<'t, Drive> {
    Tools {
        medium: drive,
        keys: &KEYLESS,
        clock: &world.clock,
        meter: &Unwatched,
        width: Width::threads(1),
    }
}

#[test]
fn the_set_of_a_migration_stays_on_the_drive_until_it_is_over() {
    let mut play = Play::new(1);
    play.until(|play| play.waits() == Some(Waits::Reset));
    let set = play.story().sealed.unwrap().set;
    back_up(&play.world);

    let drive = play.world.drive();
    let kept = held(&play.world.drive()).unwrap();
    let pruned = prune(tools(&play.world, &drive), LAST, &kept).unwrap();

    let fates: Vec<Fate> = pruned.sets.iter().map(|set| set.fate).collect();
    assert_eq!(fates, [Fate::KeptForMigration, Fate::KeptAsLast]);
    assert_eq!(pruned.freed_bytes, 0);
    play.ends();
    assert_eq!(play.story().end, Some(End::Succeeded));
    assert!(held(&play.world.drive()).unwrap().is_empty());
    prune(tools(&play.world, &drive), LAST, &BTreeSet::new()).unwrap();
    assert!(list::list(&play.world.drive()).unwrap().iter().all(|listed| listed.set != set));
}

#[test]
fn a_second_drive_holds_its_set_until_it_is_told_that_it_is_over() {
    let mut play = Play::of(World::new(1), |plan| Plan { copies: Copies::SecondDrive, ..plan });
    play.until(|play| play.waits() == Some(Waits::Reset));
    let (set, second) = (play.story().sealed.unwrap().set, play.world.state().second.clone());
    play.world.state().has_second = false;
    play.ends();
    assert_eq!(play.story().end, Some(End::Succeeded));
    assert_eq!(held(&second).unwrap(), BTreeSet::from([set]));

    tell_ends(&second, &play.world.state().keep);

    assert_eq!(held(&second).unwrap(), BTreeSet::new());
}

#[test]
fn a_drive_is_told_nothing_of_a_migration_that_goes_on() {
    let mut play = Play::new(1);
    play.until(|play| play.waits() == Some(Waits::Reset));
    let before = play.world.drive().kept();

    tell_ends(&play.world.drive(), &play.world.state().keep);

    assert!(play.world.drive().kept() == before);
}

#[test]
fn a_set_that_is_not_sealed_yet_is_held_as_well() {
    let mut play = Play::new(1);
    play.until(|play| play.story().sealed.is_some());
    let points = play.world.power.points();
    let mut play = Play::new(1);
    play.world.power.cut_after(points * 3 / 4);
    while play.turn() == Came::On {
        play.go_on();
    }
    play.starts_again(Left::Everything);
    let begun = list::list(&play.world.drive()).unwrap();
    assert!(begun[0].manifest.is_none(), "the cut was to come while something is copied");

    assert_eq!(held(&play.world.drive()).unwrap(), BTreeSet::from([begun[0].set]));
}

#[test]
fn no_room_is_made_on_a_drive_that_cannot_say_what_has_to_stay() {
    let mut play = Play::new(1);
    play.until(|play| play.waits() == Some(Waits::Reset));
    for copy in ["journal.a", "journal.b"] {
        let name = format!("DOMFLEET/m/{}/{copy}", play.plan.migration);
        play.world.drive().make_unreadable(&name);
    }

    let error = held(&play.world.drive()).unwrap_err();

    assert!(
        matches!(error, HoldError::Unreadable { migration, .. } if migration == play.plan.migration)
    );
    assert!(error.to_string().contains("move that folder away"), "{error}");
}
