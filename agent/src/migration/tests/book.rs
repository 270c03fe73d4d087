use domfleet_shared::Timestamp;
use domfleet_shared::hash::Hash;
use domfleet_shared::id::{BootId, DriveId, MigrationId, PermitId, SetId};
use domfleet_shared::migration::event::Disarm;
use domfleet_shared::migration::permit::{DiskIdentity, Release, SignedPermit};
use domfleet_shared::migration::{Event, Migration, Phase, Plan, Record};
use uuid::Uuid;

use crate::backup::journal::JournalError;
use crate::backup::tests::drive::{Drive, Left};
use crate::clock::Clock;
use crate::migration::book::{Book, BookError, Writer, list, permit, read, store_permit};

const LEFT: [Left; 4] = [Left::Nothing, Left::Everything, Left::Some(1), Left::Some(2)];

fn plan() -> Plan {
    let text = include_str!("plan-1.json");
    serde_json::from_str(text).unwrap()
}

fn migration() -> MigrationId {
    plan().migration
}

fn writer() -> Writer {
    Writer {
        on: Release::One,
        boot: BootId(Uuid::from_u128(9)),
        agent: "1.0.0".to_owned(),
        clock: Clock::new(|| Timestamp::from_millis(1_790_000_000_000)),
    }
}

fn events() -> Vec<Event> {
    let vm = plan().vms[0].uuid;
    let disk = DiskIdentity {
        wwid: "naa.5".to_owned(),
        bytes: 1 << 37,
        partition_table: Hash::of(b"partitions"),
    };
    vec![
        Event::DriveClaimed { drive: DriveId(Uuid::from_u128(5)) },
        Event::AutostartOff { vms: vec![vm] },
        Event::VmStopped { vm, clean: true },
        Event::Sealed {
            set: SetId(Uuid::from_u128(4)),
            generation: 1,
            manifest: Hash::of(b"manifest"),
        },
        Event::Verified { generation: 1 },
        Event::Armed { disk, nonce: Hash::of(b"nonce") },
        Event::Disarmed { reason: Disarm::Expired },
    ]
}

/// Tells all of it, from wherever it is.
fn tell_all(drive: &Drive) -> Result<(), BookError> {
    let mut book = match read(drive, migration())? {
        None => Book::begin(drive, plan(), writer())?,
        Some(_) => Book::open(drive, migration(), writer())?,
    };
    let (_, told) = read(drive, migration())?.unwrap();
    // The plan is the first record.
    for event in events().into_iter().skip(told.len() - 1) {
        book.tell(event)?;
    }
    Ok(())
}

fn told(drive: &Drive) -> Vec<Record> {
    read(drive, migration()).unwrap().map(|(_, records)| records).unwrap_or_default()
}

#[test]
fn what_was_told_is_on_record_twice_and_goes_on_after_every_cut() {
    let whole = Drive::new();
    tell_all(&whole).unwrap();
    let (all, points) = (told(&whole), whole.points());
    assert_eq!(all.len(), events().len() + 1);
    let kept = whole.kept();
    let copy = |name: &str| &kept[&format!("DOMFLEET/m/{}/{name}", migration())];
    assert_eq!(copy("journal.a"), copy("journal.b"));

    for left in LEFT {
        for point in 0..points {
            let drive = Drive::new();
            drive.cut_after(point);
            tell_all(&drive).unwrap_err();
            drive.power_up(left);
            // A part of the story, and never another.
            let part = told(&drive);
            assert!(all.starts_with(&part), "cut at {point}, {left:?}");
            tell_all(&drive).unwrap();
            assert_eq!(told(&drive), all, "cut at {point}, {left:?}");
        }
    }
}

#[test]
fn what_was_told_is_there_after_a_cut() {
    let drive = Drive::new();
    let mut book = Book::begin(&drive, plan(), writer()).unwrap();
    for (count, event) in events().into_iter().enumerate() {
        book.tell(event).unwrap();
        let after = drive.cloned();
        after.cut();
        after.power_up(Left::Nothing);
        assert_eq!(told(&after).len(), count + 2);
    }
}

#[test]
fn an_event_that_cannot_be_is_not_written() {
    let drive = Drive::new();
    let mut book = Book::begin(&drive, plan(), writer()).unwrap();
    let before = drive.kept();

    let error = book.tell(Event::Verified { generation: 1 }).unwrap_err();
    assert!(matches!(error, BookError::Illegal(_)), "{error}");
    assert_eq!(drive.kept(), before);
    assert_eq!(book.story().phase(), Phase::Preflight);
}

#[test]
fn one_copy_that_is_damaged_is_mended_from_the_other_and_two_stop_everything() {
    let drive = Drive::new();
    tell_all(&drive).unwrap();
    let all = told(&drive);
    let name = |copy: &str| format!("DOMFLEET/m/{}/journal.{copy}", migration());
    let damage = |copy: &str| drive.tamper(&name(copy), |bytes| bytes[900] ^= 1);

    damage("a");
    assert_eq!(told(&drive), all);
    drop(Book::open(&drive, migration(), writer()).unwrap());
    let kept = drive.kept();
    assert_eq!(kept[&name("a")], kept[&name("b")]);

    damage("a");
    damage("b");
    let error = Book::open(&drive, migration(), writer()).err().unwrap();
    assert!(matches!(error, BookError::Journal(JournalError::Damaged(_))), "{error}");
}

#[test]
fn a_story_that_was_put_under_another_s_name_is_not_believed() {
    let drive = Drive::new();
    tell_all(&drive).unwrap();
    let other = MigrationId(Uuid::from_u128(77));
    for (name, content) in drive.kept() {
        let moved = name.replace(&migration().to_string(), &other.to_string());
        drive.leave(&moved, &content);
    }
    assert!(read(&drive, other).is_err());
}

#[test]
fn a_migration_is_begun_once_and_found_again() {
    let drive = Drive::new();
    assert!(list(&drive).unwrap().is_empty());
    drop(Book::begin(&drive, plan(), writer()).unwrap());
    assert_eq!(list(&drive).unwrap(), [migration()]);
    let again = Book::begin(&drive, plan(), writer()).err().unwrap();
    assert!(matches!(again, BookError::Begun(_)), "{again}");
    let none = Book::open(&drive, MigrationId(Uuid::from_u128(77)), writer()).err().unwrap();
    assert!(matches!(none, BookError::None(_)), "{none}");
}

#[test]
fn a_permit_is_there_whole_or_as_it_was_before() {
    let signed = |id: u128| SignedPermit {
        permit: PermitId(Uuid::from_u128(id)).to_string(),
        key: "0123456789abcdef".to_owned(),
        signature: "ab".repeat(64),
    };
    let begun = Drive::new();
    drop(Book::begin(&begun, plan(), writer()).unwrap());
    assert_eq!(permit(&begun, migration()).unwrap(), None);
    store_permit(&begun, migration(), &signed(1)).unwrap();

    let counted = begun.cloned();
    let before = counted.points();
    store_permit(&counted, migration(), &signed(2)).unwrap();
    for left in LEFT {
        for point in 0..counted.points() - before {
            let drive = begun.cloned();
            drive.cut_after(point);
            store_permit(&drive, migration(), &signed(2)).unwrap_err();
            drive.power_up(left);
            let there = permit(&drive, migration()).unwrap().unwrap();
            assert!([signed(1), signed(2)].contains(&there), "cut at {point}, {left:?}");
        }
    }
    assert_eq!(permit(&counted, migration()).unwrap(), Some(signed(2)));
}

#[test]
fn a_story_is_what_its_records_come_to() {
    let drive = Drive::new();
    tell_all(&drive).unwrap();
    let (story, records) = read(&drive, migration()).unwrap().unwrap();
    assert_eq!(story, Migration::of(&records).unwrap());
    assert_eq!(story.phase(), Phase::Sealed);
}
