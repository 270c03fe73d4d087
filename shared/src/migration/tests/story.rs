//! What a journal may tell.

use super::*;
use crate::id::DriveId;
use crate::migration::event::{Disarm, Event, Record};
use crate::migration::journey::{Illegal, Migration};
use crate::migration::phase::{End, Phase};
use crate::migration::vm::Progress;

fn record(on: Release, event: Event) -> Record {
    let boot = crate::id::BootId(uuid(9));
    Record { at: hour(0), boot, on, agent: "1.0.0".to_owned(), decision: None, event }
}

fn sealed() -> Event {
    Event::Sealed { set: SetId(uuid(4)), generation: 1, manifest: Hash::of(b"manifest") }
}

fn armed() -> Event {
    Event::Armed { disk: disk(), nonce: Hash::of(&[7; 32]) }
}

fn permitted() -> Event {
    Event::Permitted { permit: PermitId(uuid(3)), not_after: hour(24) }
}

fn going_back() -> Event {
    Event::GoingBack { end: End::FailedSafe, reason: "the drive is full".to_owned() }
}

/// Of a migration of one VM, from its plan to its permit.
fn way() -> Vec<Event> {
    vec![
        Event::DriveClaimed { drive: DriveId(uuid(5)) },
        Event::AutostartOff { vms: vec![vm(0)] },
        Event::VmStopped { vm: vm(0), clean: true },
        sealed(),
        Event::Verified { generation: 1 },
        Event::Copied { drive: DriveId(uuid(6)), generation: 1 },
        armed(),
        permitted(),
    ]
}

/// From its adoption to its end.
fn way_on() -> Vec<Event> {
    let vm = vm(0);
    vec![
        Event::Adopted { permit: PermitId(uuid(3)), after: None },
        Event::RoomFound { needed: 1, free: 2 },
        Event::VmRestored { vm },
        Event::VmConfigured { vm },
        Event::TrialBoot { vm },
        Event::VmHealthy { vm, evidence: vec!["it answers".to_owned()] },
        Event::AutostartRestored,
        Event::Soaking { until: hour(200) },
        Event::Ended { end: End::Succeeded },
    ]
}

fn told(on_one: &[Event], on_two: &[Event]) -> Result<Migration, Illegal> {
    let mut migration = Migration::begin(plan(1)).unwrap();
    for event in on_one {
        migration.add(&record(Release::One, event.clone()))?;
    }
    for event in on_two {
        migration.add(&record(Release::Two, event.clone()))?;
    }
    Ok(migration)
}

#[test]
fn a_story_goes_through_the_phases_in_their_order() {
    let mut phases = Vec::new();
    let (one, two) = (way(), way_on());
    for count in 0..=one.len() {
        phases.push(told(&one[..count], &[]).unwrap().phase());
    }
    for count in 1..=two.len() {
        phases.push(told(&one, &two[..count]).unwrap().phase());
    }
    phases.dedup();
    assert_eq!(
        phases,
        [
            Phase::Preflight,
            Phase::BackingUp,
            Phase::Verifying,
            Phase::Sealed,
            Phase::Permitted,
            Phase::Restoring,
            Phase::Validating,
            Phase::Soaking,
            Phase::Ended(End::Succeeded)
        ]
    );
}

#[test]
fn no_step_can_be_left_out() {
    // All but the last are needed by one of those behind them.
    let (one, two) = (way(), way_on());
    for gap in 0..one.len() {
        let mut events = one.clone();
        events.remove(gap);
        assert!(told(&events, &two).is_err(), "without {:?}", one[gap]);
    }
    for gap in 0..two.len() - 1 {
        let mut events = two.clone();
        events.remove(gap);
        assert!(told(&one, &events).is_err(), "without {:?}", two[gap]);
    }
}

#[test]
fn a_second_drive_is_another_one_and_holds_what_was_proved() {
    let with = |copied: Event| {
        let events: Vec<Event> = way()
            .into_iter()
            .map(|event| if matches!(event, Event::Copied { .. }) { copied.clone() } else { event })
            .collect();
        told(&events, &[])
    };
    let (first, second) = (DriveId(uuid(5)), DriveId(uuid(6)));

    assert_eq!(
        with(Event::Copied { drive: second, generation: 1 }).unwrap().phase(),
        Phase::Permitted
    );
    assert!(with(Event::Copied { drive: first, generation: 1 }).is_err(), "it is the same drive");
    assert!(with(Event::Copied { drive: second, generation: 2 }).is_err(), "another generation");
}

#[test]
fn a_vm_that_ran_makes_the_set_worth_nothing() {
    let mut events = way();
    events.push(Event::VmRan { vm: vm(0) });
    let migration = told(&events, &[]).unwrap();

    assert!(!migration.is_proved());
    assert_eq!(migration.sealed, None);
    assert!(told(&events, &way_on()).is_err(), "it is adopted");
}

#[test]
fn until_the_nonce_is_gone_nothing_is_undone() {
    let mut events = way();
    events.push(going_back());
    assert!(told(&events, &[]).unwrap().is_past_the_point());
    for undone in [Event::AutostartRestored, Event::Ended { end: End::FailedSafe }] {
        let mut early = events.clone();
        early.push(undone.clone());
        assert!(told(&early, &[]).is_err(), "{undone:?}");
    }
    events.push(Event::Disarmed { reason: Disarm::GoingBack });
    assert!(!told(&events, &[]).unwrap().is_past_the_point());
    events.extend([Event::AutostartRestored, Event::Ended { end: End::FailedSafe }]);
    assert_eq!(told(&events, &[]).unwrap().phase(), Phase::Ended(End::FailedSafe));
}

#[test]
fn a_vm_that_failed_is_tried_again_from_where_it_failed_or_afresh() {
    let on = |count: usize, events: &[Event]| {
        let mut story = way_on()[..count].to_vec();
        story.extend_from_slice(events);
        told(&way(), &story).unwrap().vms[&vm(0)].clone()
    };
    let failed = Event::VmFailed { vm: vm(0), reason: "it does not answer".to_owned() };
    let again = |afresh| Event::VmRetried { vm: vm(0), by: "ada".to_owned(), afresh };

    assert_eq!(on(5, &[failed.clone(), again(false)]), Progress::Configured);
    assert_eq!(on(5, &[failed.clone(), again(true)]), Progress::Waiting);
    assert_eq!(on(2, &[failed.clone(), again(false)]), Progress::Waiting);
    let waived = Event::VmWaived { vm: vm(0), by: "ada".to_owned() };
    assert!(on(5, &[failed, waived]).is_settled());
}

#[test]
fn the_way_back_is_open_until_and_after_the_end_and_gives_all_vms_back() {
    let used = PermitId(uuid(3));
    let back = PermitId(uuid(6));
    let rolling = Event::RollingBack { reason: "no sound".to_owned(), after: used };
    for count in 1..=way_on().len() {
        let mut story = way_on()[..count].to_vec();
        story.push(rolling.clone());
        let mut migration = told(&way(), &story).unwrap();
        let adopted = Event::Adopted { permit: back, after: Some(used) };
        migration.add(&record(Release::One, adopted)).unwrap();
        assert_eq!(migration.phase(), Phase::Restoring);
        assert_eq!(migration.vms[&vm(0)], Progress::Waiting);
    }
    let mut migration = told(&way(), &way_on()).unwrap();
    let elsewhere = Event::Adopted { permit: back, after: Some(PermitId(uuid(77))) };
    assert!(migration.add(&record(Release::One, elsewhere)).is_err());
}

#[test]
fn what_is_told_on_the_wrong_system_is_no_part_of_it() {
    let mut migration = Migration::begin(plan(1)).unwrap();
    assert!(migration.add(&record(Release::Two, way()[0].clone())).is_err());
    let before = told(&way(), &way_on()[..2]).unwrap();
    let mut after = before.clone();
    assert!(after.add(&record(Release::One, way_on()[2].clone())).is_err());
    assert_eq!(after, before, "what cannot be changes nothing");
}

#[test]
fn whoever_wanted_to_go_back_may_stay_and_the_appliance_is_watched_on() {
    let used = PermitId(uuid(3));
    let back = Event::Permitted { permit: PermitId(uuid(6)), not_after: hour(48) };
    let mut story = way_on()[..8].to_vec();
    story.extend([
        Event::RollingBack { reason: "no sound".to_owned(), after: used },
        back,
        Event::WayBackWithdrawn { by: "ada".to_owned() },
    ]);
    assert_eq!(told(&way(), &story).unwrap().phase(), Phase::Soaking);
    story.push(Event::Ended { end: End::Succeeded });
    assert_eq!(told(&way(), &story).unwrap().phase(), Phase::Ended(End::Succeeded));
}

#[test]
fn a_disk_is_armed_only_for_a_set_that_was_read_back_with_every_vm_off() {
    let arms = |events: &[Event]| {
        let mut story = events.to_vec();
        story.push(armed());
        told(&story, &[]).is_ok()
    };
    let way = way();
    assert!(arms(&way[..6]));
    for short in 0..6 {
        assert!(!arms(&way[..short]), "after {short} events");
    }
    let mut ran = way[..6].to_vec();
    ran.push(Event::VmRan { vm: vm(0) });
    assert!(!arms(&ran));
}
