//! A second drive that holds a copy of everything.

use domfleet_shared::migration::End;

use super::*;
use crate::backup::medium::Medium as _;
use crate::backup::tests::drive::Left;

fn with_second_drive(vms: u128) -> Play {
    Play::of(World::new(vms), |plan| Plan { copies: Copies::SecondDrive, ..plan })
}

fn second(play: &Play) -> crate::backup::tests::drive::Drive {
    play.world.state().second.clone()
}

#[test]
fn before_there_is_a_permit_a_second_drive_holds_all_that_the_first_does() {
    let mut play = with_second_drive(2);

    play.until(|play| play.waits() == Some(Waits::Reset));

    let of_migration = |drive: &crate::backup::tests::drive::Drive| {
        let kept = drive.kept().into_iter();
        // That a set was verified is told by the drive on which it was.
        let of_set = |name: &str| name.contains("/sets/") && name.contains("/journal.");
        kept.filter(|(name, _)| !of_set(name)).collect::<Vec<_>>()
    };
    let (first, second) = (of_migration(&play.world.drive()), of_migration(&second(&play)));
    let names = |files: &[(String, Vec<u8>)]| {
        files.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>()
    };
    assert_eq!(names(&first), names(&second));
    for ((name, here), (_, there)) in first.iter().zip(&second) {
        assert!(here == there, "{name} is another on the second drive");
    }
}

#[test]
fn no_vm_is_shut_down_before_the_second_drive_is_there() {
    let mut play = with_second_drive(2);
    play.world.state().has_second = false;
    play.helps = false;

    play.until(|play| play.waits() == Some(Waits::SecondDrive));

    assert_eq!(play.world.state().running.len(), 2);
    assert_eq!(play.story().autostart_off, None);
    play.helps = true;
    play.ends();
    assert_eq!(play.story().end, Some(End::Succeeded));
}

#[test]
fn a_drive_that_breaks_after_the_reset_is_replaced_by_the_second_one() {
    for waits in [None, Some(Waits::Soaking)] {
        let mut play = with_second_drive(2);
        play.until(|play| play.waits() == Some(Waits::Reset));
        // As people are told: it lies in a drawer.
        play.world.state().has_second = false;
        play.reset();
        if waits.is_some() {
            play.until(|play| play.waits() == waits);
        }
        play.breaks_the_drive();
        play.decides(What::RollBack { reason: "the telephones are silent".to_owned() });

        play.ends();

        assert_eq!(play.story().end, Some(End::RolledBack), "{waits:?}");
        assert!(play.world.state().has_second);
    }
}

#[test]
fn both_drives_may_be_plugged_in_when_it_is_reset() {
    let mut play = with_second_drive(1);
    play.until(|play| play.waits() == Some(Waits::Reset));

    play.reset();

    assert_eq!(play.refused, None);
    play.ends();
    assert_eq!(play.story().end, Some(End::Succeeded));
}

#[test]
fn two_drives_that_tell_different_stories_are_not_chosen_between() {
    let mut play = with_second_drive(1);
    play.until(|play| play.waits() == Some(Waits::Permit));
    let before = second(&play).cloned();
    play.until(|play| play.waits() == Some(Waits::Reset));
    // Somebody has made something of it elsewhere.
    let permit = book::permit(&play.world.drive(), play.plan.migration).unwrap().unwrap();
    let mut other: Vec<_> = play.told[..play.told.len() - 2].to_vec();
    other[1].boot = domfleet_shared::id::BootId(Uuid::from_u128(0x999));
    book::bring_up(&before, play.plan.migration, &other).unwrap();
    book::store_permit(&before, play.plan.migration, &permit).unwrap();
    before.plug_into(&play.world.power);
    play.world.state().second = before;

    play.reset();

    assert!(play.refused.clone().unwrap().contains("unplug the wrong one"), "{:?}", play.refused);
}

#[test]
fn what_the_first_drive_tells_without_the_second_is_told_to_it_later() {
    let mut play = with_second_drive(1);
    play.until(|play| play.waits() == Some(Waits::Reset));
    play.world.state().start(world::vm(0));
    play.world.state().has_second = false;
    play.helps = false;
    play.turn_unchecked();

    play.until(|play| play.waits() == Some(Waits::SecondDrive));
    assert_eq!(play.block(), ResetBlock::Empty);
    play.helps = true;
    play.ends();

    assert_eq!(play.story().end, Some(End::Succeeded));
    assert_eq!(play.story().copied.map(|copied| copied.drive), Some(SECOND));
}

#[test]
fn a_copy_that_the_second_drive_stores_wrongly_is_written_again() {
    let mut play = with_second_drive(1);
    play.until(|play| play.story().is_proved());
    second(&play).store_wrongly(3);

    play.until(|play| play.waits() == Some(Waits::Reset));

    assert!(second(&play).list("").is_ok());
    play.world.state().has_second = false;
    play.reset();
    play.breaks_the_drive();
    play.ends();
    assert_eq!(play.story().end, Some(End::Succeeded));
}

#[test]
fn a_second_drive_that_goes_while_it_is_written_to_goes_on_when_it_is_back() {
    for point in (0..60).step_by(7) {
        let mut play = with_second_drive(1);
        play.until(|play| play.story().is_proved());
        let drive = second(&play);
        drive.cut_after(point);
        play.turn();
        drive.power_up(Left::Some(point));
        play.world.state().has_second = false;

        play.ends();

        assert_eq!(play.story().end, Some(End::Succeeded), "cut at {point}");
    }
}
