//! The ways through it that are meant.

use domfleet_shared::migration::End;

use super::world::vm;
use super::*;

#[test]
fn all_vms_are_on_2x_at_the_end_with_what_they_held() {
    let mut play = Play::new(2);

    play.ends();

    assert_eq!(play.story().end, Some(End::Succeeded));
    for phase in [
        Phase::BackingUp,
        Phase::Verifying,
        Phase::Sealed,
        Phase::Permitted,
        Phase::Restoring,
        Phase::Validating,
        Phase::Soaking,
    ] {
        assert!(play.phases.contains(&phase), "{phase:?} was never reached");
    }
    let state = play.world.state();
    assert_eq!(state.release(), Release::Two);
    assert_eq!(state.running.len(), 2);
    assert_eq!(state.autostart, BTreeSet::from([vm(0), vm(1)]));
    // Each is on a volume of its own, which says whose it is.
    let names: Vec<&str> = state.volumes.keys().map(String::as_str).collect();
    assert_eq!(names, ["vm0-xvda", "vm0-xvdb", "vm1-xvda", "vm1-xvdb"]);
    let set = play.story().sealed.unwrap().set;
    let tag = format!("domfleet.set.{set}");
    assert!(state.volumes.values().all(|(_, tags)| tags.contains(&tag)));
}

#[test]
fn the_key_for_the_way_to_the_server_lies_on_the_drive_before_there_is_a_permit() {
    let mut play = Play::new(1);

    play.until(|play| play.last().ask.is_some());

    let Some(Ask::Permit { rejoin_key, .. }) = play.last().ask.clone() else { panic!() };
    let carried = book::identity(&play.world.drive(), play.plan.migration).unwrap().unwrap();
    let key = rcgen::KeyPair::from_pem(&carried.key_pem).unwrap();
    assert_eq!(hex::encode(key.public_key_raw()), rejoin_key);
    assert_eq!(carried.appliance, play.plan.appliance);
    assert_eq!(book::permit(&play.world.drive(), play.plan.migration).unwrap(), None);
    // However often it asks.
    play.signs = false;
    for _ in 0..3 {
        play.go_on();
        play.turn();
        let Some(Ask::Permit { rejoin_key: again, .. }) = &play.last().ask else { panic!() };
        assert_eq!(*again, rejoin_key);
    }
}

#[test]
fn what_was_sealed_is_read_back_once_more_before_anything_is_armed() {
    let mut play = Play::new(1);
    play.until(|play| matches!(play.told.last().unwrap().event, Event::Sealed { .. }));
    play.spoils_the_set();

    play.turn();

    let Event::Sealed { generation, .. } = play.told.last().unwrap().event else { panic!() };
    assert!(generation > 1, "it was not written again");
    play.ends();
    assert_eq!(play.story().end, Some(End::Succeeded));
}

#[test]
fn a_migration_that_is_given_up_leaves_everything_as_it_was() {
    for waits in [None, Some(Waits::Permit), Some(Waits::Reset)] {
        let mut play = Play::new(2);
        play.until(|play| match waits {
            None => play.story().sealed.is_some(),
            waits => play.waits() == waits,
        });
        play.gives_up(End::Cancelled);
        play.signs = false;

        play.ends();

        assert_eq!(play.story().end, Some(End::Cancelled), "{waits:?}");
        assert_eq!(play.block(), ResetBlock::Empty, "{waits:?}");
        let state = play.world.state();
        assert_eq!(state.release(), Release::One);
        assert_eq!((state.running.len(), state.autostart.len()), (2, 2), "{waits:?}");
    }
}

#[test]
fn what_a_vm_has_written_that_somebody_started_is_in_the_set_at_the_end() {
    for waits in [Waits::Permit, Waits::Reset] {
        let mut play = Play::new(2);
        play.until(|play| play.waits() == Some(waits));
        let first = play.story().sealed.unwrap();
        play.world.state().start(vm(1));

        // The nonce goes before anything else.
        play.turn_unchecked();
        assert_eq!(play.block(), ResetBlock::Empty, "{waits:?}");
        play.ends();

        let story = play.story();
        assert_eq!(story.end, Some(End::Succeeded));
        let second = story.sealed.unwrap();
        assert_eq!(second.set, first.set);
        assert!(second.generation > first.generation);
    }
}

#[test]
fn what_a_vm_has_written_that_ran_while_nobody_looked_is_in_the_set_at_the_end() {
    for waits in [Waits::Permit, Waits::Reset] {
        let mut play = Play::new(2);
        play.until(|play| play.waits() == Some(waits));
        let first = play.story().sealed.unwrap();
        play.world.state().start(vm(1));
        play.world.state().running.remove(&vm(1));

        play.turn_unchecked();
        assert_eq!(play.block(), ResetBlock::Empty, "{waits:?}");
        play.ends();

        assert_eq!(play.story().end, Some(End::Succeeded));
        assert!(play.story().sealed.unwrap().generation > first.generation);
    }
}

#[test]
fn the_way_back_gives_every_vm_back_as_it_is_in_the_set() {
    let mut play = Play::new(2);
    play.until(|play| play.waits() == Some(Waits::Soaking));
    play.decides(What::RollBack { reason: "the telephones are silent".to_owned() });

    play.ends();

    let story = play.story();
    assert_eq!(story.end, Some(End::RolledBack));
    let state = play.world.state();
    assert_eq!(state.release(), Release::One);
    assert_eq!((state.running.len(), state.autostart.len()), (2, 2));
}

#[test]
fn whoever_stays_after_all_stays() {
    let mut play = Play::new(1);
    play.until(|play| play.waits() == Some(Waits::Soaking));
    play.signs = false;
    play.decides(What::RollBack { reason: "the telephones are silent".to_owned() });
    play.until(|play| play.waits() == Some(Waits::Permit));
    play.decides(What::Stay);

    play.ends();

    assert_eq!(play.story().end, Some(End::Succeeded));
    let decided: Vec<u64> = play.told.iter().filter_map(|record| record.decision).collect();
    assert_eq!(decided, [1, 2], "each is carried out once");
}

#[test]
fn a_set_with_no_second_copy_has_parity() {
    let change = |plan: Plan| Plan {
        copies: Copies::Accepted {
            by: "ada".to_owned(),
            at: domfleet_shared::Timestamp::from_millis(1),
        },
        ..plan
    };
    let mut play = Play::of(World::new(1), change);

    play.until(|play| play.story().sealed.is_some());

    let listed = crate::backup::list::list(&play.world.drive()).unwrap();
    assert!(listed[0].is_protected);
    play.ends();
    assert_eq!(play.story().end, Some(End::Succeeded));
}

#[test]
fn an_appliance_without_a_migration_has_nothing_to_do() {
    let mut play = Play::new(1);
    play.wanted.intent = None;

    play.turn();

    assert_eq!((play.last().again, &play.last().story), (Again::Never, &None));
    assert_eq!(play.world.state().running.len(), 1);
}

#[test]
fn without_a_server_2x_goes_on_ends_by_what_is_on_the_drive() {
    let mut play = Play::new(1);
    play.until(|play| play.waits() == Some(Waits::Reset));
    assert_eq!(play.last().carried, None);
    play.wanted.intent = None;
    play.wanted.home = None;

    play.until(|play| play.waits() == Some(Waits::Soaking));
    let carried = book::identity(&play.world.drive(), play.plan.migration).unwrap();
    assert!(carried.is_some() && play.last().carried == carried);
    play.ends();

    assert_eq!(play.story().end, Some(End::Succeeded));
}
