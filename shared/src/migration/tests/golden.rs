//! Journals of every version of the form, as they were written. They are read for ever: never change one,
//! add another.

use super::*;
use crate::migration::event::Record;
use crate::migration::journey::Migration;
use crate::migration::phase::{End, Phase};

/// There and back.
const FIRST: &str = include_str!("journal-1.jsonl");
/// Given up.
const GIVEN_UP: &str = include_str!("journal-1-given-up.jsonl");
/// There, and nearly back.
const STAYED: &str = include_str!("journal-1-stayed.jsonl");
/// Up to the permit, with a copy on a second drive.
const SECOND_DRIVE: &str = include_str!("journal-1-second-drive.jsonl");

fn records(text: &str) -> Vec<Record> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_journal_of_the_first_form_is_read() {
    let (there, given_up, stayed) = (records(FIRST), records(GIVEN_UP), records(STAYED));
    let second = records(SECOND_DRIVE);
    let migration = Migration::of(&there).unwrap();

    assert_eq!(migration.phase(), Phase::Ended(End::RolledBack));
    assert_eq!(migration.plan.vms.len(), 2);
    let end = Migration::of(&given_up).unwrap().phase();
    assert_eq!(end, Phase::Ended(End::Cancelled));
    let end = Migration::of(&stayed).unwrap().phase();
    assert_eq!(end, Phase::Ended(End::Succeeded));
    assert_eq!(Migration::of(&second).unwrap().phase(), Phase::Permitted);
    let events: BTreeSet<String> = there
        .iter()
        .chain(&given_up)
        .chain(&stayed)
        .chain(&second)
        .map(|record| serde_json::to_value(&record.event).unwrap()["event"].to_string())
        .collect();
    assert_eq!(events.len(), 26, "not every kind of event is in it: {events:?}");
}

#[test]
fn it_is_still_written_as_it_was() {
    for text in [FIRST, GIVEN_UP, STAYED, SECOND_DRIVE] {
        let written: Vec<String> =
            records(text).iter().map(|record| serde_json::to_string(record).unwrap()).collect();
        assert_eq!(written.join("\n"), text.trim_end());
    }
}

#[test]
fn a_permit_of_the_first_form_is_read_and_written_as_it_was() {
    let text = include_str!("permit-1.json");
    let permit: Permit = serde_json::from_str(text).unwrap();
    assert_eq!(permit.to_json().unwrap(), text.trim_end());
}
