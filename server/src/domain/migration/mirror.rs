//! What the server does with what an agent tells of its journal.

use domfleet_shared::migration::Record;
use domfleet_shared::migration::talk::{MOST_RECORDS, Told};

use super::Standing;

/// A journal with more records than this is none of a migration: the longest that are known have hundreds.
pub const MOST: u64 = 20_000;

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Take {
    /// Nothing of it is new.
    Nothing,
    /// They are known already, and the agent goes on with the next.
    Known,
    /// They are known already, up to their end; only the hash of all is another.
    Rechain,
    /// These come after those that are known.
    Append(Vec<Record>),
    /// These are the first, in place of all that are known.
    Replace(Vec<Record>),
    /// It does not fit what is known: the agent is asked to tell it from the beginning.
    Again,
    /// It is longer than any that is kept.
    TooLong,
}

/// The records of `told` that are to be taken, beside what is known: `overlap` are the records after
/// `told.from` that are stored already.
pub fn take(standing: &Standing, told: &Told, overlap: &[Record]) -> Take {
    let told_many = told.records.len() as u64;
    if told.from.saturating_add(told_many) > MOST {
        return Take::TooLong;
    }
    let known = standing.records;
    // The first word of a session asks what is known.
    if told.from == 0 && told.records.is_empty() {
        return Take::Nothing;
    }
    if told.from > known {
        return Take::Again;
    }
    if told.from == 0 && known == 0 {
        return if told.records.is_empty() {
            Take::Nothing
        } else {
            Take::Append(told.records.clone())
        };
    }
    if told.from == known {
        if standing.chain != Some(told.before) {
            return if told.from == 0 { Take::Replace(told.records.clone()) } else { Take::Again };
        }
        return if told.records.is_empty() {
            Take::Nothing
        } else {
            Take::Append(told.records.clone())
        };
    }
    let same = told.records.iter().zip(overlap).all(|(told, stored)| told == stored);
    // All that there is of it came in one, and that is less than what is known.
    let is_whole = told.from == 0 && told.records.len() < MOST_RECORDS;
    let is_shorter = told_many < known - told.from;
    if same && !(is_whole && is_shorter) {
        let beyond = usize::try_from(known - told.from).unwrap_or(usize::MAX);
        let new: Vec<Record> = told.records.iter().skip(beyond).cloned().collect();
        if !new.is_empty() {
            return Take::Append(new);
        }
        // The same records, and yet another hash of them: the agent reckons otherwise than it did.
        let is_end = told_many == known - told.from;
        return match (is_end, standing.chain == Some(told.after)) {
            (false, _) => Take::Known,
            (true, false) => Take::Rechain,
            (true, true) => Take::Nothing,
        };
    }
    if told.from == 0 { Take::Replace(told.records.clone()) } else { Take::Again }
}
