//! What the recovery does not do: in each case the disk is, byte for byte, as it was.

use std::time::Duration;

use domfleet_shared::migration::event::Event;
use domfleet_shared::migration::phase::End;

use super::*;

/// Changes what makes the permit good, and sees it refused in those words.
#[track_caller]
fn refuses(change: impl FnOnce(&mut Appliance), words: &str) {
    refuses_with(Release::Two, change, words);
}

#[track_caller]
fn refuses_with(lays_out: Release, change: impl FnOnce(&mut Appliance), words: &str) {
    let mut appliance = Appliance::permitted();
    change(&mut appliance);
    let before = appliance.bytes();
    let Ended::Refused(why) = appliance.recover(lays_out) else { panic!("it is not refused") };
    assert!(why.contains(words), "{why}");
    assert!(appliance.bytes() == before, "something was written");
    let written: Vec<_> = appliance.stages.lock().unwrap().clone();
    assert!(written.iter().all(|stage| *stage == Stage::Check), "{written:?}");
}

fn resigned(appliance: &Appliance, seed: u8, change: impl FnOnce(&mut Permit)) {
    let mut permit = appliance.permit();
    change(&mut permit);
    appliance.store(&sign(&key(seed), &permit));
}

#[test]
fn without_a_drive_or_a_permit() {
    refuses(|appliance| appliance.drives.clear(), "plug the backup drive in");
    refuses(
        |appliance| {
            let name = format!("DOMFLEET/m/{}/permit.json", plan().migration);
            appliance.drives[0].take_away(&name);
        },
        "there is no permit on the drive",
    );
    refuses(
        |appliance| {
            let name = format!("DOMFLEET/m/{}/permit.json", plan().migration);
            appliance.drives[0].tamper(&name, |bytes| bytes.truncate(10));
        },
        "cannot be understood",
    );
}

#[test]
fn with_a_permit_of_another_appliance() {
    refuses(
        |appliance| appliance.fingerprint.system_uuid = Some("another".to_owned()),
        "the permit is for another appliance",
    );
}

#[test]
fn with_a_permit_that_a_stranger_has_signed() {
    refuses(|appliance| resigned(appliance, 2, |_| ()), "which this stick does not know");
    refuses(
        |appliance| {
            // Who has signed it himself, and says that it was the server.
            let by_us = sign(&key(1), &appliance.permit());
            let by_them = sign(&key(2), &appliance.permit());
            appliance.store(&SignedPermit { key: by_us.key, ..by_them });
        },
        "the signature of the permit is wrong",
    );
}

#[test]
fn with_a_permit_that_has_run_out_or_a_clock_that_cannot_say() {
    let late = Duration::from_secs(1);
    refuses(|appliance| appliance.now = appliance.permit().not_after + late, "has run out");
    refuses(|appliance| appliance.now = Timestamp::from_millis(0), "clock is wrong");
}

#[test]
fn with_a_permit_that_was_used_where_the_stick_and_the_drive_stay_on_a_healthy_system() {
    refuses(
        |appliance| {
            assert_eq!(appliance.recover(Release::Two), Ended::LaidOut);
            appliance.stages.lock().unwrap().clear();
        },
        "this permit was used: 2.x is on the disk already",
    );
}

#[test]
fn where_a_vm_was_started_since() {
    refuses(|appliance| appliance.guests.write("/a0", 7, 0x42), "/a0 has changed");
    refuses(|appliance| appliance.guests.write("/b1", 7, 0x42), "/b1 has changed");
    // By the agent, which has taken the nonce back before.
    refuses(|appliance| appliance.set_block(ResetBlock::Empty), "a VM was started");
}

#[test]
fn with_a_flipped_bit_anywhere_in_the_set() {
    let names = Appliance::permitted().drives[0].kept().into_keys();
    let names: Vec<_> = names.filter(|name| name.starts_with("DOMFLEET/sets/")).collect();
    assert!(names.len() > 10, "{names:?}");
    for name in names.iter().filter(|name| !name.contains("/journal.")) {
        refuses(
            |appliance| {
                appliance.drives[0].tamper(name, |bytes| {
                    let middle = bytes.len() / 2;
                    bytes[middle] ^= 1;
                });
            },
            "the backup set is damaged",
        );
    }
}

#[test]
fn with_two_drives() {
    refuses(
        |appliance| appliance.drives.push(appliance.drives[0].cloned()),
        "unplug the wrong one",
    );
}

#[test]
fn with_the_wrong_stick() {
    refuses_with(Release::One, |_| (), "take the other stick");
    refuses(|appliance| appliance.is_stick_damaged = true, "it is damaged");
}

#[test]
fn where_the_disk_is_another_or_carries_another_number() {
    refuses(|appliance| appliance.wwids = vec!["naa.other".to_owned()], "is not here");
    refuses(|appliance| appliance.wwids.push(WWID.to_owned()), "is not here");
    let other = ResetBlock::Nonce(Nonce([8; 32]));
    refuses(|appliance| appliance.set_block(other), "does not carry the number");
    let stranger = done(PermitId(Uuid::from_u128(77)));
    refuses(|appliance| appliance.set_block(stranger), "reset under another permit");
    refuses(
        |appliance| resigned(appliance, 1, |permit| permit.disk.partition_table = Hash::of(b"")),
        "partitions of the system disk have changed",
    );
}

#[test]
fn where_the_migration_was_given_up_or_is_not_that_of_the_permit() {
    refuses(
        |appliance| {
            let drive = &appliance.drives[0];
            let writer = Writer {
                on: Release::One,
                boot: BootId(Uuid::from_u128(9)),
                agent: "1".to_owned(),
                clock: Clock::new(|| Timestamp::from_millis(1)),
            };
            let mut book = Book::open(drive, plan().migration, writer).unwrap();
            let reason = "no".to_owned();
            book.tell(Event::GoingBack { end: End::Cancelled, reason }).unwrap();
        },
        "given up",
    );
    let other = PermitId(Uuid::from_u128(78));
    refuses(|appliance| resigned(appliance, 1, |permit| permit.id = other), "the journal");
}

#[test]
fn where_the_system_before_cannot_be_looked_at() {
    refuses(|appliance| appliance.can_be_looked_at = false, "cannot be looked at");
}

#[test]
fn of_several_migrations_on_a_drive_the_one_of_this_disk_is_meant() {
    let appliance = Appliance::permitted();
    // What an earlier one has left, its permit long used.
    let old = Permit { proof: Proof::Nonce { nonce: Nonce([1; 32]) }, ..appliance.permit() };
    let folder = format!("DOMFLEET/m/{}", Uuid::from_u128(1234));
    let signed = serde_json::to_vec(&sign(&key(1), &old)).unwrap();
    crate::backup::durable::make_folders(&appliance.drives[0], &folder).unwrap();
    appliance.drives[0].leave(&format!("{folder}/permit.json"), &signed);

    assert_eq!(appliance.recover(Release::Two), Ended::LaidOut);
}
