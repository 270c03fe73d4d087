//! A power cut between any two things that last, and then another.

use super::*;

const LEFT: [Left; 2] = [Left::All, Left::Nothing];

/// What must hold whatever has happened: as long as the system before is not whole, the disk says under which
/// permit that is so; and it is one that is started only if all of the new one is there.
fn nothing_is_lost(appliance: &Appliance, at: &str) {
    let (block, id) = (appliance.block(), appliance.disk.id());
    let is_ours =
        matches!(block, ResetBlock::Marker(marker) if marker.permit == appliance.permit().id);
    assert!(is_ours || (appliance.is_before_whole() && id == ID_BEFORE), "{at}: {block:?}");
    let is_done = block == done(appliance.permit().id);
    assert!(!is_done || appliance.is_after_whole(), "{at}: done, and it is not");
    assert!(id != ID_AFTER || is_done, "{at}: it is started, and is not done");
}

/// What is started by a refusal is whole.
fn what_is_started_is_whole(appliance: &Appliance, ended: &Ended, at: &str) {
    if matches!(ended, Ended::Refused(_)) {
        let is_before = appliance.is_before_whole() && appliance.disk.id() == ID_BEFORE;
        assert!(is_before || appliance.is_after_whole(), "{at}: {ended:?}");
    }
}

fn points() -> u64 {
    let appliance = Appliance::permitted();
    assert_eq!(appliance.recover(Release::Two), Ended::LaidOut);
    let points = appliance.disk.platter.lock().unwrap().points;
    // Two markers, three writes of the table, and the rest.
    assert!(points >= 10, "{points}");
    points
}

#[test]
fn a_layout_that_is_cut_anywhere_twice_goes_on_to_its_end() {
    let points = points();
    for (first, left) in (0..points).flat_map(|point| LEFT.map(|left| (point, left))) {
        for (second, then) in (0..points).flat_map(|point| LEFT.map(|left| (point, left))) {
            let at = format!("{first} {left:?}, then {second} {then:?}");
            let appliance = Appliance::permitted();
            for (point, left) in [(first, left), (second, then)] {
                appliance.cut_after(point, left);
                let ended = appliance.recover(Release::Two);
                appliance.power_up();
                nothing_is_lost(&appliance, &at);
                what_is_started_is_whole(&appliance, &ended, &at);
            }
            let ended = appliance.recover(Release::Two);
            let is_used = matches!(&ended, Ended::Refused(why) if why.contains("was used"));
            assert!(ended == Ended::LaidOut || is_used, "{at}: {ended:?}");
            assert!(appliance.is_after_whole(), "{at}");
            assert_eq!(
                (appliance.disk.id(), appliance.block()),
                (ID_AFTER, done(appliance.permit().id))
            );
        }
    }
}

/// The point of the write that has the disk laid out in part.
const FIRST_OF_THE_LAYOUT: u64 = 1;

#[test]
fn what_was_begun_goes_on_whatever_has_become_of_what_was_looked_at() {
    let mut appliance = Appliance::permitted();
    appliance.cut_after(FIRST_OF_THE_LAYOUT, Left::All);
    appliance.recover(Release::Two);
    appliance.power_up();
    appliance.now = Timestamp::from_millis(4_000_000_000_000);
    appliance.guests.write("/a0", 7, 0x42);
    appliance.can_be_looked_at = false;

    assert_eq!(appliance.recover(Release::Two), Ended::LaidOut);
}

#[test]
fn what_was_marked_and_not_begun_is_looked_at_anew() {
    let appliance = Appliance::permitted();
    appliance.cut_after(FIRST_OF_THE_LAYOUT, Left::Nothing);
    appliance.recover(Release::Two);
    appliance.power_up();
    assert!(matches!(appliance.block(), ResetBlock::Marker(_)));
    // The stick was pulled out, 1.x was started, and a VM by hand.
    appliance.guests.write("/a0", 7, 0x42);
    let before = appliance.bytes();

    let Ended::Refused(why) = appliance.recover(Release::Two) else { panic!("it went on") };

    assert!(why.contains("has changed"), "{why}");
    assert!(appliance.bytes() == before);
}

#[test]
fn a_disk_that_is_laid_out_in_part_is_never_started() {
    let points = points();
    for point in FIRST_OF_THE_LAYOUT..points {
        let mut appliance = Appliance::permitted();
        appliance.cut_after(point, Left::All);
        appliance.recover(Release::Two);
        appliance.power_up();
        let is_done = appliance.block() == done(appliance.permit().id);
        appliance.drives.clear();

        let ended = recover(&appliance, &stick(Release::Two));

        assert_eq!(matches!(ended, Ended::BrokenOff(_)), !is_done, "{point}: {ended:?}");
    }
}

#[test]
fn a_stage_that_fails_is_told_of_and_done_again() {
    let appliance = Appliance::permitted();
    appliance.cut_after(6, Left::Nothing);
    let Ended::BrokenOff(why) = appliance.recover(Release::Two) else { panic!("it went on") };
    assert!(why.contains("stage"), "{why}");
    appliance.power_up();
    appliance.stages.lock().unwrap().clear();

    assert_eq!(appliance.recover(Release::Two), Ended::LaidOut);

    let stages = appliance.stages.lock().unwrap().clone();
    let all = [[Stage::Check].as_slice(), &Stage::WRITING, &[Stage::Finish]].concat();
    assert_eq!(stages, all);
}
