//! The pieces in which the server is told a story.

use domfleet_shared::Timestamp;
use domfleet_shared::hash::Hash;
use domfleet_shared::id::{BootId, VmId};
use domfleet_shared::migration::permit::Release;
use domfleet_shared::migration::talk::MOST_RECORDS;
use domfleet_shared::migration::{Event, Record};
use domfleet_shared::protocol::MAX_FRAME_BYTES;

use crate::migration::told::Told;

fn record(reason: &str) -> Record {
    Record {
        at: Timestamp::from_millis(7),
        boot: BootId::new(),
        on: Release::Two,
        agent: "1".into(),
        decision: None,
        event: Event::VmFailed { vm: VmId::new(), reason: reason.to_owned() },
    }
}

#[test]
fn the_pieces_of_a_story_are_the_story_and_their_hashes_meet() {
    let records: Vec<Record> = (0..MOST_RECORDS + 3).map(|_| record("no")).collect();
    let told = Told::of(records.clone()).unwrap();

    let (first, second) = (told.after(0), told.after(MOST_RECORDS as u64));

    assert_eq!([first.records.clone(), second.records.clone()].concat(), records);
    assert_eq!((first.from, second.from), (0, MOST_RECORDS as u64));
    assert_eq!(first.before, Hash::of(b""));
    assert_eq!(first.after, second.before);
    let lines = records.iter().map(|record| serde_json::to_string(record).unwrap() + "\n");
    assert_eq!(second.after, Hash::of(lines.collect::<String>().as_bytes()));
}

#[test]
fn a_piece_fits_into_a_frame_however_much_its_records_say() {
    let records = vec![record(&"x".repeat(MAX_FRAME_BYTES / 5)); 5];
    let told = Told::of(records).unwrap();

    let piece = told.after(0);

    assert_eq!(piece.records.len(), 2);
    assert_eq!(told.after(2).before, piece.after);
}

#[test]
fn another_story_is_found_out_and_whoever_heard_more_than_there_is_hears_it_anew() {
    let told = Told::of(vec![record("a"), record("b")]).unwrap();
    let other = Told::of(vec![record("a"), record("b")]).unwrap();

    assert_ne!(told.after(2).before, other.after(2).before);
    assert_eq!(told.after(3), told.after(0));
    assert!(told.after(2).records.is_empty());
}
