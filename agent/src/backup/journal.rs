//! What was done, twice on the same medium: `journal.a` and `journal.b` of a set, or of a migration.
//!
//! One line per record: the hash of the line before and of this record, a space, and the record in
//! JSON. A line that a power cut tore has the wrong hash, and so has everything that is put behind
//! a line that is not its own: one mechanism for both. `docs/decisions/0010-backup-sets.md`.

use std::io;

use domfleet_shared::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::durable;
use super::medium::{Medium, MediumFile};

/// No journal is longer: a record is some hundred bytes, and there are a few per disk.
const LIMIT: u64 = 64 * 1024 * 1024;
const COPIES: [&str; 2] = ["journal.a", "journal.b"];
const HASH_DIGITS: usize = 64;
/// What a power cut leaves of one is shorter.
const LONGEST_RECORD: usize = 64 * 1024;

/// Where a journal is, and of what: a line of another does not continue it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// The folder that both copies are in.
    pub(crate) folder: String,
    /// The set or the migration.
    pub(crate) of: Uuid,
}

/// One line of a set's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Record<E> {
    /// The clock's time, which may be wrong by years.
    pub(super) at: Timestamp,
    #[serde(flatten)]
    pub(super) event: E,
}

/// Why a journal says nothing.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The medium.
    #[error("the journal on the drive cannot be read or written")]
    Io(#[from] io::Error),
    /// Both copies are damaged before their end, or they tell different stories.
    #[error(
        "the journal on the drive is damaged in both of its copies: {0}; what is in a set can still \
         be restored, but not added to"
    )]
    Damaged(&'static str),
    /// Whole, and of a kind that this version has never heard of.
    #[error(
        "the journal on the drive was written by a newer version: update this one to add to it"
    )]
    Newer(#[from] serde_json::Error),
}

/// A journal that can be added to.
pub(crate) struct Journal<F> {
    copies: [F; 2],
    length: u64,
    chain: Chain,
}

/// What is on record, read without changing anything.
pub(crate) struct Read<R> {
    pub(crate) records: Vec<R>,
    /// The lines of the records, and nothing behind them.
    lines: Vec<u8>,
    chain: Chain,
    /// Which copies are not just that.
    is_to_be_mended: [bool; 2],
}

/// The hash of everything up to some line.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Chain(blake3::Hash);

impl Chain {
    fn begin(of: Uuid) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(b"domfleet journal 1\n").update(of.as_bytes());
        Self(hasher.finalize())
    }

    /// The line of a record, up to which this is the hash.
    fn line(self, json: &[u8]) -> Vec<u8> {
        [self.0.to_hex().as_bytes(), b" ", json, b"\n"].concat()
    }

    fn after(self, json: &[u8]) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(self.0.as_bytes()).update(json);
        Self(hasher.finalize())
    }
}

impl Place {
    fn file(&self, name: &str) -> String {
        format!("{}/{name}", self.folder)
    }
}

/// Reads both copies; what either has whole, counts.
pub(crate) fn read<R: for<'r> Deserialize<'r>>(
    medium: &impl Medium,
    place: &Place,
) -> Result<Read<R>, JournalError> {
    let contents = COPIES.map(|copy| durable::read(medium, &place.file(copy), LIMIT));
    let [first, second] = contents;
    // One that cannot be read is as good as none, as long as there is the other.
    let contents = match (first, second) {
        (Err(error), Err(_)) => return Err(error.into()),
        (first, second) => {
            [first.ok().flatten(), second.ok().flatten()].map(Option::unwrap_or_default)
        }
    };
    combine(place.of, contents.each_ref().map(Vec::as_slice))
}

/// What two copies say together.
pub(super) fn combine<R: for<'r> Deserialize<'r>>(
    of: Uuid,
    copies: [&[u8]; 2],
) -> Result<Read<R>, JournalError> {
    let whole = copies.map(|content| whole_lines(of, content));
    let longest = whole.iter().max_by_key(|(lines, _)| lines.len()).copied();
    let Some((lines, chain)) = longest else { return Err(JournalError::Damaged("there is none")) };
    for (content, (own, _)) in copies.iter().zip(whole) {
        if !lines.starts_with(own) {
            return Err(JournalError::Damaged("they tell different stories"));
        }
        // Damage that hides records is harmless only where the other copy has them.
        if own.len() == lines.len() && !is_torn(content.get(own.len()..).unwrap_or_default()) {
            return Err(JournalError::Damaged("records in the middle cannot be read"));
        }
    }
    let records = lines.split_inclusive(|byte| *byte == b'\n').filter_map(parts);
    let records =
        records.map(|(_, json)| serde_json::from_slice(json)).collect::<Result<_, _>>()?;
    let is_to_be_mended = copies.map(|content| content != lines);
    Ok(Read { records, lines: lines.to_vec(), chain, is_to_be_mended })
}

/// Whether that is what a power cut leaves of one record.
fn is_torn(rest: &[u8]) -> bool {
    rest.len() <= LONGEST_RECORD && rest.split_inclusive(|byte| *byte == b'\n').count() <= 1
}

/// The lines from the beginning on that continue each other.
fn whole_lines(of: Uuid, content: &[u8]) -> (&[u8], Chain) {
    let mut chain = Chain::begin(of);
    let mut whole = 0;
    for line in content.split_inclusive(|byte| *byte == b'\n') {
        let Some((hash, json)) = parts(line) else { break };
        let after = chain.after(json);
        if hash != after.0.to_hex().as_bytes() {
            break;
        }
        chain = after;
        whole += line.len();
    }
    (content.get(..whole).unwrap_or_default(), chain)
}

/// A journal of these records, whatever they are.
#[cfg(any(test, feature = "fuzzing"))]
pub(super) fn chained<'r>(of: Uuid, records: impl Iterator<Item = &'r [u8]>) -> Vec<u8> {
    let mut chain = Chain::begin(of);
    let mut lines = Vec::new();
    for json in records {
        chain = chain.after(json);
        lines.extend(chain.line(json));
    }
    lines
}

/// The hash and the record of a line that has its end.
fn parts(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let (hash, rest) = line.split_at_checked(HASH_DIGITS)?;
    Some((hash, rest.strip_prefix(b" ")?.strip_suffix(b"\n")?))
}

impl<F: MediumFile> Journal<F> {
    /// Mends what a power cut left, and goes on behind the last record of `read`.
    pub(crate) fn open<M: Medium<File = F>, R>(
        medium: &M,
        place: &Place,
        read: &Read<R>,
    ) -> Result<Self, JournalError> {
        for (copy, is_to_be_mended) in COPIES.iter().zip(read.is_to_be_mended) {
            if is_to_be_mended || read.lines.is_empty() {
                durable::publish(medium, &place.file(copy), &read.lines)?;
            }
        }
        let [first, second] = COPIES.map(|copy| medium.extend(&place.file(copy)));
        let length = read.lines.len() as u64;
        Ok(Self { copies: [first?, second?], length, chain: read.chain })
    }

    /// Adds a record. Durable, twice, when it returns.
    pub(crate) fn record<R: Serialize>(&mut self, record: &R) -> Result<(), JournalError> {
        let json = serde_json::to_vec(record).map_err(io::Error::other)?;
        let chain = self.chain.after(&json);
        let line = chain.line(&json);
        // One after the other, so that a power cut tears one of them at most.
        for copy in &mut self.copies {
            copy.write_at(&line, self.length)?;
            copy.sync()?;
        }
        self.length += line.len() as u64;
        self.chain = chain;
        Ok(())
    }
}
