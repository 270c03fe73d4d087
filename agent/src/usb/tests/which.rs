//! Which drive is meant.

use domfleet_shared::id::DriveId;
use domfleet_shared::usb::DriveIdentity;
use proptest::prelude::*;
use uuid::Uuid;

use super::super::which::{Which, telling, which};

fn drive() -> DriveIdentity {
    DriveIdentity {
        drive: Some(DriveId::new()),
        file_system: Some(Uuid::new_v4().to_string()),
        partition: Some(Uuid::new_v4().to_string()),
        size_bytes: 64_000_000_000,
        vendor_id: "0781".into(),
        product_id: "5583".into(),
        serial: Some("4C530001230811116471".into()),
    }
}

#[test]
fn the_same_drive_is_found_among_others() {
    let wanted = drive();
    let other = DriveIdentity { serial: Some("AA00000000000489".into()), ..drive() };

    assert_eq!(which(&[other.clone(), wanted.clone()], &wanted), Which::One(1));
    assert_eq!(which(&[other], &wanted), Which::None, "of the same label, and the same make");
    assert_eq!(which(&[], &wanted), Which::None);
}

#[test]
fn a_copy_is_a_question_with_and_without_the_drive_that_it_is_of() {
    let wanted = drive();
    let copy = DriveIdentity {
        serial: Some("AA00000000000489".into()),
        size_bytes: 64_100_000_000,
        ..wanted.clone()
    };

    let Which::Ask(both) = which(&[copy.clone(), wanted.clone()], &wanted) else { panic!() };
    let Which::Ask(alone) = which(&[copy], &wanted) else { panic!() };

    assert_eq!(both.len(), 2);
    assert!(both[1].differences.is_empty());
    assert_eq!(alone[0].differences.len(), 2, "{:?}", alone[0].differences);
}

#[test]
fn hardware_that_lost_its_content_is_a_question_and_prepared_anew_it_is_another_drive() {
    let wanted = drive();
    let wiped = DriveIdentity { drive: None, file_system: None, partition: None, ..wanted.clone() };
    let anew = DriveIdentity { serial: wanted.serial.clone(), ..drive() };

    assert!(matches!(which(&[wiped], &wanted), Which::Ask(_)));
    assert_eq!(which(&[anew], &wanted), Which::None);
}

#[test]
fn a_serial_that_all_have_tells_nothing() {
    for serial in
        ["", "0", "0123456789ABCDEF", "1234567890", "000000000000", "FFFFFFFF", "123456789012"]
    {
        assert_eq!(telling(Some(serial)), None, "{serial}");
        // Prepared, it is known by what is on it; as it comes, by nothing.
        let named = DriveIdentity { serial: Some(serial.into()), ..drive() };
        let other = DriveIdentity { serial: Some(serial.into()), ..drive() };
        assert_eq!(which(&[other, named.clone()], &named), Which::One(1), "{serial}");
        let bare = DriveIdentity { drive: None, file_system: None, partition: None, ..named };
        assert!(matches!(which(std::slice::from_ref(&bare), &bare), Which::Ask(_)), "{serial}");
    }
    assert!(telling(Some("4C530001230811116471")).is_some());
    assert!(telling(Some("AA00000000000489")).is_some());
}

fn any_identity() -> impl Strategy<Value = DriveIdentity> {
    let pick =
        |seed: u128| prop::option::of((1_u128..4).prop_map(move |n| Uuid::from_u128(seed + n)));
    let serial =
        prop::option::of(prop::sample::select(vec!["0123456789ABCDEF", "4C530001", "AA01"]));
    (pick(0), pick(10), pick(20), 1_u64..3, serial).prop_map(
        |(drive, fs, partition, size, serial)| DriveIdentity {
            drive: drive.map(DriveId),
            file_system: fs.map(|uuid| uuid.to_string()),
            partition: partition.map(|uuid| uuid.to_string()),
            size_bytes: size,
            vendor_id: "0781".into(),
            product_id: "5583".into(),
            serial: serial.map(str::to_owned),
        },
    )
}

proptest! {
    #[test]
    fn one_is_said_only_of_a_drive_that_is_the_same_in_everything_and_of_the_only_one(
        candidates in prop::collection::vec(any_identity(), 0..5),
        wanted in any_identity(),
    ) {
        let answer = which(&candidates, &wanted);
        if let Which::One(at) = &answer {
            prop_assert_eq!(&candidates[*at], &wanted);
            let shares = |other: &DriveIdentity| {
                other.file_system.is_some() && other.file_system == wanted.file_system
                    || other.drive.is_some() && other.drive == wanted.drive
            };
            for (other, candidate) in candidates.iter().enumerate() {
                prop_assert!(other == *at || !shares(candidate));
            }
        }
        // The order in which they are found says nothing.
        let mut turned = candidates.clone();
        turned.reverse();
        let kinds = |answer: &Which| match answer {
            Which::One(_) => 1,
            Which::None => 0,
            Which::Ask(doubts) => 1 + doubts.len(),
        };
        prop_assert_eq!(kinds(&answer), kinds(&which(&turned, &wanted)));
    }
}
