//! What goes wrong, and is found out.

use domfleet_shared::migration::End;
use domfleet_shared::migration::vm::{FailedAt, Progress};

use super::world::{GROUP, vm};
use super::*;

/// One whose first VM has failed.
fn with_hands(play: &mut Play) -> String {
    play.until(|play| play.waits() == Some(Waits::Hands));
    let story = play.story();
    let Progress::Failed { reason, .. } = &story.vms[&vm(0)] else { panic!("{story:?}") };
    // The other one is none the worse for it.
    assert_eq!(story.vms[&vm(1)], Progress::Healthy);
    reason.clone()
}

#[test]
fn a_drive_that_stays_away_has_vms_run_again_and_is_told_once_it_is_back() {
    for waits in [None, Some(Waits::Permit)] {
        let mut play = Play::new(2);
        play.until(|play| match waits {
            None => play.story().sealed.is_some(),
            waits => play.waits() == waits,
        });
        play.world.state().has_drive = false;
        (play.helps, play.signs) = (false, false);

        play.ends();

        assert_eq!(play.story().end, Some(End::FailedSafe), "{waits:?}");
        assert_eq!(play.block(), ResetBlock::Empty);
        assert_eq!(play.world.state().running.len(), 2);
        let on_drive =
            |play: &Play| book::read(&play.world.drive(), play.plan.migration).unwrap().unwrap().1;
        assert!(on_drive(&play).len() < play.told.len());
        play.world.state().has_drive = true;
        play.turn();
        assert_eq!(on_drive(&play), play.told);
    }
}

#[test]
fn a_drive_that_is_soon_back_is_gone_on_with() {
    let mut play = Play::new(1);
    play.until(|play| play.waits() == Some(Waits::Permit));
    play.world.state().has_drive = false;
    play.helps = false;
    play.until(|play| play.waits() == Some(Waits::Drive));
    play.world.pass(Duration::from_mins(20));
    play.helps = true;

    play.ends();

    assert_eq!(play.story().end, Some(End::Succeeded));
}

#[test]
fn vms_that_are_off_for_too_long_run_again() {
    let mut play = Play::new(1);
    play.signs = false;

    play.ends_slowly();

    assert_eq!(play.story().end, Some(End::FailedSafe));
    let (_, reason) = play.story().going_back.unwrap();
    assert!(reason.contains("for as long as they may be"), "{reason}");
    assert_eq!(play.world.state().running.len(), 1);
}

#[test]
fn an_appliance_that_freezes_again_and_again_is_left_as_it_is() {
    let mut play = Play::new(1);
    play.until(|play| play.waits() == Some(Waits::Permit));
    play.signs = false;
    for _ in 0..3 {
        play.world.boot();
        play.turn();
    }

    play.ends();

    assert_eq!(play.story().end, Some(End::FailedSafe));
    assert_eq!(play.world.state().running.len(), 1);
}

#[test]
fn a_vm_that_is_on_2x_already_and_is_another_stays_and_is_told_of() {
    let mut play = Play::new(2);
    play.until(|play| play.waits() == Some(Waits::Reset));
    play.reset();
    // Somebody has made it by hand, from another backup.
    let text = format!(
        "name = 'vm0'\nuuid = '{}'\nmemory = 64\ndisk = [ '{GROUP}/own,raw,xvda,w' ]\n",
        vm(0)
    );
    play.world.state().configs.insert(vm(0), text.clone());

    let reason = with_hands(&mut play);

    assert!(reason.contains("/dev/vg0/own"), "{reason}");
    assert_eq!(play.world.state().configs[&vm(0)], text);
    play.decides(What::Waive { vm: vm(0) });
    play.ends();
    assert_eq!(play.story().end, Some(End::Succeeded));
}

#[test]
fn a_volume_of_that_name_without_the_sets_tag_is_not_written_to() {
    let mut play = Play::new(2);
    play.until(|play| play.waits() == Some(Waits::Reset));
    play.reset();
    play.world.state().store.leave("theirs", b"somebody's");
    let theirs = ("theirs".to_owned(), BTreeSet::from(["domfleet.managed".to_owned()]));
    play.world.state().volumes.insert("vm0-xvda".to_owned(), theirs.clone());

    let reason = with_hands(&mut play);

    assert!(reason.contains("/dev/vg0/vm0-xvda is there already"), "{reason}");
    assert_eq!(play.world.state().volumes["vm0-xvda"], theirs);
    assert_eq!(play.world.state().store.kept()["theirs"], b"somebody's");
    // Once that is out of the way it is tried again.
    play.world.state().volumes.remove("vm0-xvda");
    play.decides(What::Retry { vm: vm(0), afresh: false });
    play.ends();
    assert_eq!(play.story().end, Some(End::Succeeded));
}

#[test]
fn a_vm_that_does_not_come_up_is_tried_again_and_afresh() {
    for afresh in [false, true] {
        let mut play = Play::new(2);
        play.world.state().sick.insert(vm(0));
        let reason = with_hands(&mut play);
        assert!(reason.contains("crashed"), "{reason}");
        let Progress::Failed { at: FailedAt::Boot, .. } = play.story().vms[&vm(0)] else {
            panic!()
        };
        play.world.state().sick.clear();
        if afresh {
            // What it has written since is lost, and the person who asks for that knows.
            let before = play.world.state().in_set[&vm(0)].clone();
            play.world.state().current.insert(vm(0), before);
        }
        play.decides(What::Retry { vm: vm(0), afresh });

        play.ends();

        assert_eq!(play.story().end, Some(End::Succeeded), "{afresh}");
    }
}

#[test]
fn a_vm_that_is_healthy_does_not_wait_for_one_that_is_not_after_a_restart() {
    let mut play = Play::new(2);
    play.world.state().sick.insert(vm(0));
    with_hands(&mut play);
    play.world.boot();
    assert!(play.world.state().running.is_empty(), "dom0 starts it by itself");

    play.until(|play| play.waits() == Some(Waits::Hands));

    let running = |play: &Play| play.world.state().running.keys().copied().collect::<Vec<_>>();
    assert_eq!(running(&play), [vm(1)]);
    // Whoever shuts it down then wants it off.
    play.world.state().running.clear();
    for _ in 0..3 {
        play.turn();
    }
    assert!(running(&play).is_empty());
}

#[test]
fn a_decision_that_cannot_be_carried_out_is_refused_with_words() {
    let mut play = Play::new(1);
    play.decides(What::Waive { vm: vm(0) });
    play.until(|play| play.waits() == Some(Waits::Permit));
    assert_eq!(play.last().refused[0].number, 1);

    play.until(|play| play.waits() == Some(Waits::Soaking));

    let refused = &play.last().refused;
    assert_eq!((refused.len(), refused[0].number), (1, 1));
    assert!(refused[0].why.contains("has not failed"), "{}", refused[0].why);
}

#[test]
fn a_permit_that_is_not_for_this_is_not_taken() {
    type Spoil = fn(&mut Permit);
    let spoils: [Spoil; 6] = [
        |permit| permit.appliance = domfleet_shared::id::ApplianceId(Uuid::from_u128(77)),
        |permit| permit.fingerprint.board_serial = Some("another".to_owned()),
        |permit| permit.manifest = domfleet_shared::hash::Hash::of(b"another"),
        |permit| permit.disk.wwid = "naa.9".to_owned(),
        |permit| permit.to = Release::One,
        |permit| permit.epoch += 1,
    ];
    for (which, spoil) in spoils.into_iter().enumerate() {
        let mut play = Play::new(1);
        play.until(|play| play.waits() == Some(Waits::Permit));
        let Some(Ask::Permit { nonce, .. }) = play.last().ask.clone() else { panic!() };
        let mut permit = play.permit(Release::Two, Proof::Nonce { nonce });
        spoil(&mut permit);
        play.intent().permit = Some(sign(&key(1), &permit.to_json().unwrap()));

        play.turn();

        assert_eq!(play.waits(), Some(Waits::Permit), "{which}");
        assert!(play.last().now.trouble.is_some(), "{which}");
        assert!(play.story().permit.is_none(), "{which}");
    }
    let mut play = Play::new(1);
    play.until(|play| play.waits() == Some(Waits::Permit));
    let Some(Ask::Permit { nonce, .. }) = play.last().ask.clone() else { panic!() };
    let permit = play.permit(Release::Two, Proof::Nonce { nonce });
    play.intent().permit = Some(sign(&key(9), &permit.to_json().unwrap()));
    play.turn();
    let trouble = play.last().now.trouble.clone().unwrap();
    assert!(trouble.contains("does not know"), "{trouble}");
}

#[test]
fn a_drive_that_nothing_here_belongs_to_is_not_restored_from() {
    let mut play = Play::new(1);
    play.until(|play| play.waits() == Some(Waits::Reset));
    // Reset under another permit than the one on the drive.
    let other = Marker { permit: PermitId(Uuid::from_u128(77)), stage: Stage::Done };
    play.world.put_there(Release::Two, ResetBlock::Marker(other));
    play.helps = false;

    play.until(|play| play.waits() == Some(Waits::Proof));

    assert!(play.world.state().volumes.is_empty());
    assert!(play.story().adopted.is_none());
    // And one that whoever made it was not trusted here.
    let mut play = Play::new(1);
    play.until(|play| play.waits() == Some(Waits::Reset));
    play.reset();
    play.wanted.trusted = trusted(&[2]);
    play.until(|play| play.waits() == Some(Waits::Proof));
    assert!(play.last().now.trouble.clone().unwrap().contains("does not know"));
    assert!(play.world.state().volumes.is_empty());
}

#[test]
fn vms_are_not_taken_over_where_the_set_of_the_permit_is_gone() {
    let mut play = Play::new(1);
    play.until(|play| play.waits() == Some(Waits::Reset));
    play.reset();
    let set = play.story().sealed.unwrap().set;
    let of_set = format!("DOMFLEET/sets/{set}/");
    for name in play.world.drive().kept().into_keys().filter(|name| name.starts_with(&of_set)) {
        play.world.drive().take_away(&name);
    }

    play.turn();

    assert_eq!((play.waits(), play.story().adopted), (Some(Waits::Proof), None));
    let trouble = play.last().now.trouble.clone().unwrap();
    assert!(trouble.contains("is not on the drive"), "{trouble}");
}

#[test]
fn a_group_without_room_is_told_of_before_anything_is_written() {
    let mut play = Play::new(1);
    play.until(|play| play.waits() == Some(Waits::Reset));
    play.reset();
    play.world.state().room = 1024;

    play.until(|play| play.last().now.trouble.is_some());

    let trouble = play.last().now.trouble.clone().unwrap();
    assert!(trouble.contains("more bytes are needed"), "{trouble}");
    assert!(play.world.state().volumes.is_empty());
    play.world.state().room = 1 << 30;
    play.ends();
    assert_eq!(play.story().end, Some(End::Succeeded));
}

#[test]
fn a_guest_that_does_not_listen_is_put_on_record() {
    let mut play = Play::new(1);
    play.world.state().deaf.insert(vm(0));
    play.until(|play| play.story().all_stopped());
    assert!(
        play.told.iter().any(|record| record.event == Event::VmStopped { vm: vm(0), clean: false })
    );
}

#[test]
fn a_permit_that_has_run_out_by_the_appliances_clock_says_that_the_clock_is_to_be_set() {
    let mut play = Play::new(1);
    play.until(|play| play.waits() == Some(Waits::Permit));
    play.set_clock(10 * 365 * 24 * 3_600_000);
    play.turn();
    play.go_on();

    play.turn();

    assert_eq!(play.waits(), Some(Waits::Permit));
    let trouble = play.last().now.trouble.clone().unwrap();
    assert!(trouble.contains("set the clock"), "{trouble}");
    play.set_clock(0);
    play.ends();
    assert_eq!(play.story().end, Some(End::Succeeded));
}

#[test]
fn the_way_back_waits_for_the_drive_and_says_so() {
    let mut play = Play::new(1);
    play.until(|play| play.waits() == Some(Waits::Soaking));
    play.world.state().has_drive = false;
    play.helps = false;
    play.decides(What::RollBack { reason: "the telephones are silent".to_owned() });
    play.world.state().has_drive = true;
    play.turn();
    play.world.state().has_drive = false;

    play.turn();

    assert_eq!(play.waits(), Some(Waits::Drive));
    play.helps = true;
    play.ends();
    assert_eq!(play.story().end, Some(End::RolledBack));
}

#[test]
fn whoever_wants_the_way_back_while_the_drive_is_away_is_asked_for_it_and_nothing_ends_meanwhile() {
    let mut play = Play::new(1);
    play.until(|play| play.waits() == Some(Waits::Soaking));
    play.world.state().has_drive = false;
    play.helps = false;
    play.decides(What::RollBack { reason: "the telephones are silent".to_owned() });
    play.world.pass(Duration::from_hours(48));

    play.turn();

    assert_eq!((play.waits(), play.story().end), (Some(Waits::Drive), None));
    play.decides(What::Stay);
    play.turn();
    assert_eq!(play.story().end, Some(End::Succeeded));
}

#[test]
fn a_copy_of_the_drive_from_before_is_not_begun_with_on_a_system_that_the_way_back_has_put_there() {
    let mut play = Play::new(1);
    play.until(|play| play.waits() == Some(Waits::Permit));
    let before = play.world.drive().cloned();
    play.until(|play| play.waits() == Some(Waits::Soaking));
    play.decides(What::RollBack { reason: "the telephones are silent".to_owned() });
    play.until(|play| play.waits() == Some(Waits::ResetBack));
    play.reset();
    let marker = play.block();
    before.plug_into(&play.world.power);
    play.pocket = Some(std::mem::replace(&mut play.world.state().drive, before));

    play.turn();

    assert_eq!(play.waits(), Some(Waits::Proof));
    assert_eq!(play.block(), marker, "what proves the reset is gone");
    play.world.state().drive = play.pocket.take().unwrap();
    play.ends();
    assert_eq!(play.story().end, Some(End::RolledBack));
}
