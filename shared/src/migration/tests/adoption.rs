//! What the other system believes.

use super::*;
use crate::migration::event::Event;
use crate::migration::journey::{Migration, Permitted};
use crate::migration::next::after::{Proved, Seen, Step, Wait, step};
use crate::migration::reset_block::{Marker, ResetBlock, Stage};

const USED: u128 = 3;

fn seen() -> Seen {
    let marker = Marker { permit: PermitId(uuid(USED)), stage: Stage::Done };
    Seen {
        release: Release::Two,
        now: hour(2),
        block: Some(ResetBlock::Marker(marker)),
        permit: Some(Proved { permit: PermitId(uuid(USED)), to: Release::Two, after: None }),
        way_back: None,
        has_drive: true,
        running: BTreeSet::new(),
        health: std::collections::BTreeMap::new(),
    }
}

fn decides(spoil: impl FnOnce(&mut Seen)) -> Step {
    let mut migration = Migration::begin(plan(1)).unwrap();
    migration.permit = Some(Permitted { permit: PermitId(uuid(USED)), not_after: hour(24) });
    let mut seen = seen();
    spoil(&mut seen);
    step(&migration, &seen)
}

#[test]
fn marker_permit_and_story_of_one_reset_are_believed() {
    let adopted = Event::Adopted { permit: PermitId(uuid(USED)), after: None };
    assert_eq!(decides(|_| {}), Step::Record(adopted));
}

#[test]
fn a_drive_that_does_not_belong_to_this_reset_is_not_restored_from() {
    let other = Some(Proved { permit: PermitId(uuid(77)), to: Release::Two, after: None });
    assert_eq!(decides(|seen| seen.permit = other), Step::Wait(Wait::Proof));
    assert_eq!(decides(|seen| seen.permit = None), Step::Wait(Wait::Proof));
    let elsewhere = Marker { permit: PermitId(uuid(77)), stage: Stage::Done };
    let reset_by_another = |seen: &mut Seen| seen.block = Some(ResetBlock::Marker(elsewhere));
    assert_eq!(decides(reset_by_another), Step::Wait(Wait::Proof));
    assert_eq!(decides(|seen| seen.block = None), Step::Wait(Wait::Proof));
    assert_eq!(decides(|seen| seen.block = Some(ResetBlock::Empty)), Step::Wait(Wait::Proof));
    let back = Some(Proved { permit: PermitId(uuid(USED)), to: Release::One, after: None });
    assert_eq!(decides(|seen| seen.permit = back), Step::Wait(Wait::Proof));
}

#[test]
fn a_layout_that_is_not_whole_and_a_drive_that_is_away_are_waited_for() {
    let begun = Marker { permit: PermitId(uuid(USED)), stage: Stage::Begun };
    let half = |seen: &mut Seen| seen.block = Some(ResetBlock::Marker(begun));
    assert_eq!(decides(half), Step::Wait(Wait::Reset));
    assert_eq!(decides(|seen| seen.has_drive = false), Step::Wait(Wait::Drive));
}
