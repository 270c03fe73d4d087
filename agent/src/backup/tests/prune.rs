//! Sets that are removed, and the power is cut at every point.

use std::collections::BTreeSet;

use super::drive::Left;
use super::*;
use crate::backup::files::DiskFiles;
use crate::backup::prepare::prepare;
use crate::backup::prune::{Pruned, preview, prune};
use crate::backup::retention::{Fate, Keep};

const LAST: Keep = Keep { last: 1, daily: 0, weekly: 0, monthly: 0 };
const SETS: &str = "DOMFLEET/sets";

fn plan_of(set: u128) -> Plan {
    Plan { set: SetId(Uuid::from_u128(set)), ..plan() }
}

/// Three sets of the same VMs, one a day: 1, 2 and 3.
fn three_sets() -> (Drive, Guests) {
    let (drive, guests) = (Drive::new(), Guests::new());
    for set in 1..=3 {
        let day = i64::try_from(set).unwrap() * 86_400_000;
        let clock = Clock::new(move || Timestamp::from_millis(day));
        let width = Width::threads(1);
        let tools =
            Tools { medium: &drive, keys: &KEYLESS, clock: &clock, meter: &Unwatched, width };
        create(tools, &plan_of(set), &configs(), &guests).unwrap();
    }
    (drive, guests)
}

fn prune_to(drive: &Drive, keep: Keep) -> Result<Pruned, BackupError> {
    with_tools(drive, |tools| prune(tools, keep, &BTreeSet::new()))
}

/// The sets that are listed, and whether each is called verified, which has to be so.
fn listed(drive: &Drive) -> Vec<(u128, bool)> {
    let sets = list::list(drive).unwrap().into_iter().map(|listed| {
        let is_verified = listed.verified.is_some();
        if is_verified {
            let copy = drive.cloned();
            let proof = with_tools(&copy, |tools| verify(tools, listed.set)).unwrap();
            assert_eq!(proof.damages, [], "a set that is called verified is damaged");
        }
        (listed.set.0.as_u128(), is_verified)
    });
    sets.collect()
}

#[test]
fn a_removal_cut_at_any_point_leaves_whole_sets_and_is_gone_on_with() {
    let (three, guests) = three_sets();
    let points = {
        let drive = three.cloned();
        let before = drive.points();
        prune_to(&drive, LAST).unwrap();
        drive.points() - before
    };
    assert!(points > 40, "{points}");
    for left in [Left::Nothing, Left::Everything, Left::Some(1), Left::Some(2), Left::Some(3)] {
        for point in 0..points {
            let drive = three.cloned();
            drive.cut_after(point);
            prune_to(&drive, LAST).unwrap_err();
            drive.power_up(left);

            // A set is whole and verified, or there is none.
            let sets = listed(&drive);
            assert!(sets.iter().all(|(_, is_verified)| *is_verified), "cut at {point}, {left:?}");
            assert!(sets.contains(&(3, true)), "cut at {point}, {left:?}");
            prune_to(&drive, LAST).unwrap();

            assert_eq!(listed(&drive), [(3, true)], "cut at {point}, {left:?}");
            drive.power_up(Left::Nothing);
            let only = SetId(Uuid::from_u128(3)).to_string();
            assert_eq!(drive.list(SETS).unwrap(), [only.as_str()], "cut at {point}, {left:?}");
            let prefix = format!("{SETS}/{only}/");
            assert!(drive.kept().keys().all(|name| name.starts_with(&prefix)));
        }
    }
    drop(guests);
}

#[test]
fn what_is_kept_can_be_restored() {
    let (drive, guests) = three_sets();

    let pruned = prune_to(&drive, Keep { daily: 2, ..Keep::default() }).unwrap();

    let fates: Vec<Fate> = pruned.sets.iter().map(|set| set.fate).collect();
    assert_eq!(fates, [Fate::Removed, Fate::KeptForDay, Fate::KeptForDay]);
    assert!(pruned.freed_bytes > 0);
    drive.power_up(Left::Nothing);
    assert_eq!(listed(&drive), [(2, true), (3, true)]);
    for set in [2, 3] {
        let volume = used_volume();
        let restored = with_tools(&drive, |tools| {
            let sealed = Sealed::open(tools, plan_of(set).set)?;
            let vm = &sealed.manifest.vms[0];
            let disk = vm.disks().next().unwrap();
            let device = volume.open(VOLUME).unwrap().unwrap();
            sealed.restore(vm, disk, Whole::used(device, VOLUME.to_owned()))
        });
        drop(restored.unwrap());
        assert!(volume.kept()[VOLUME].starts_with(&guests.content("/a0")));
    }
}

#[test]
fn a_damaged_set_takes_no_other_sets_place() {
    let (drive, _guests) = three_sets();
    let newest = SetId(Uuid::from_u128(3)).to_string();
    let chunk =
        drive.kept().into_keys().find(|name| name.contains(&newest) && name.contains("/c/"));
    drive.tamper(&chunk.unwrap(), |content| content[0] ^= 1);
    with_tools(&drive, |tools| verify(tools, plan_of(3).set)).unwrap();

    let pruned = prune_to(&drive, LAST).unwrap();

    let fates: Vec<Fate> = pruned.sets.iter().map(|set| set.fate).collect();
    assert_eq!(fates, [Fate::Removed, Fate::KeptAsLast, Fate::KeptUnfinished]);
    assert_eq!(listed(&drive), [(2, true), (3, false)]);
}

#[test]
fn a_look_at_what_would_go_writes_nothing_and_to_keep_nothing_is_refused() {
    let (drive, _guests) = three_sets();
    drive.set_read_only(true);

    let looked = preview(&drive, LAST, &BTreeSet::new()).unwrap();
    let refused = prune_to(&drive, Keep::default()).unwrap_err();

    assert_eq!(looked.sets.iter().filter(|set| set.fate == Fate::Removed).count(), 2);
    assert!(matches!(refused, BackupError::Refused(_)), "{refused:?}");
    drive.set_read_only(false);
    assert_eq!(listed(&drive).len(), 3);
}

#[test]
fn room_is_made_on_a_drive_that_is_full() {
    let (drive, _guests) = three_sets();
    let used = drive.kept().values().map(|content| content.len() as u64).sum();
    drive.set_room(Some(used));

    prune_to(&drive, LAST).unwrap();

    assert_eq!(listed(&drive), [(3, true)]);
}

#[test]
fn a_set_that_has_lost_its_plan_and_what_a_stranger_left_are_not_touched() {
    let (drive, _guests) = three_sets();
    let lost = format!("{SETS}/{}", SetId(Uuid::from_u128(1)));
    drive.take_away(&format!("{lost}/plan.json"));
    drive.leave(&format!("{SETS}/notes"), b"mine");
    let before = drive.kept();

    prune_to(&drive, LAST).unwrap();

    drive.power_up(Left::Nothing);
    let after = drive.kept();
    let stays = |name: &&String| name.starts_with(&lost) || name.ends_with("/notes");
    assert!(before.keys().filter(stays).count() > 10);
    assert!(before.keys().filter(stays).all(|name| after.contains_key(name)));
    assert_eq!(listed(&drive), [(3, true)]);
}

#[test]
fn a_vm_that_has_no_uuid_of_its_own_is_the_same_from_set_to_set() {
    let there = tempfile::tempdir().unwrap();
    let (disk, config) = (there.path().join("a.raw"), there.path().join("a.cfg"));
    std::fs::write(&disk, [7; 512]).unwrap();
    std::fs::write(&config, format!("name = 'a'\ndisk = ['{},raw,xvda,w']\n", disk.display()))
        .unwrap();
    let drive = Drive::new();
    for _ in 0..2 {
        with_tools(&drive, |tools| {
            let prepared = prepare(std::slice::from_ref(&config), tools.clock.now()).unwrap();
            create(tools, &prepared.plan, &prepared.configs, &DiskFiles).unwrap();
        });
    }
    assert_eq!(listed(&drive).len(), 2);

    prune_to(&drive, LAST).unwrap();

    assert_eq!(listed(&drive).len(), 1);
}

#[test]
fn a_removal_goes_through_a_real_file_system() {
    let there = tempfile::tempdir().unwrap();
    let folder = crate::backup::folder::Folder::open(there.path()).unwrap();
    let (drive, guests) = (folder, Guests::new());
    for set in 1..=2 {
        let at = Timestamp::from_millis(i64::try_from(set).unwrap());
        let clock = Clock::new(move || at);
        let width = Width::threads(1);
        let tools =
            Tools { medium: &drive, keys: &KEYLESS, clock: &clock, meter: &Unwatched, width };
        create(tools, &plan_of(set), &configs(), &guests).unwrap();
    }
    // No link in a set is followed when it is removed.
    let outside = tempfile::tempdir().unwrap();
    std::fs::write(outside.path().join("mine"), "mine").unwrap();
    let set = there.path().join(SETS).join(plan_of(1).set.to_string());
    std::os::unix::fs::symlink(outside.path(), set.join("link")).unwrap();
    let clock = Clock::new(|| Timestamp::from_millis(5));
    let width = Width::threads(1);
    let tools = Tools { medium: &drive, keys: &KEYLESS, clock: &clock, meter: &Unwatched, width };

    prune(tools, LAST, &BTreeSet::new()).unwrap();

    assert_eq!(drive.list(SETS).unwrap(), [plan_of(2).set.to_string()]);
    assert!(outside.path().join("mine").exists());
}
