//! The story as the server is told it: in pieces that fit into a frame, each with the hash of everything before
//! it, so that a server that was told otherwise finds out and has it told from the beginning.

use domfleet_shared::hash::Hash;
use domfleet_shared::migration::Record;
use domfleet_shared::migration::talk::MOST_RECORDS;
use domfleet_shared::protocol::MAX_FRAME_BYTES;

/// Records of one piece take no more, so that what is told beside them fits into the frame, too.
const MOST_BYTES: usize = MAX_FRAME_BYTES / 2;

/// A story with the hash of everything up to each record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    records: Vec<Record>,
    /// The length of each record's line, and the hash of all lines up to its end.
    lines: Vec<(usize, Hash)>,
}

impl Piece {
    /// Only where it is.
    #[must_use]
    pub fn without_records(self) -> Self {
        Self { records: Vec::new(), after: self.before, ..self }
    }
}

/// A piece of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// How many records come before it.
    pub from: u64,
    /// Its records.
    pub records: Vec<Record>,
    /// The hash of everything before it.
    pub before: Hash,
    /// The hash of everything up to its end.
    pub after: Hash,
}

impl Told {
    /// That story.
    pub fn of(records: Vec<Record>) -> Result<Self, serde_json::Error> {
        let mut hasher = blake3::Hasher::new();
        let mut lines = Vec::with_capacity(records.len());
        for record in &records {
            let mut line = serde_json::to_vec(record)?;
            line.push(b'\n');
            hasher.update(&line);
            lines.push((line.len(), Hash(*hasher.finalize().as_bytes())));
        }
        Ok(Self { records, lines })
    }

    /// Its records.
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// How many records it has.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// What comes after the first `heard` records. Whoever heard more than there is has heard another story,
    /// and gets this one from the beginning.
    pub fn after(&self, heard: u64) -> Piece {
        let from = usize::try_from(heard).unwrap_or(usize::MAX);
        let from = if from > self.len() { 0 } else { from };
        let mut bytes = 0;
        let fitting = self.lines.iter().skip(from).take(MOST_RECORDS).take_while(|(length, _)| {
            // One goes alone, however long it is.
            let is_first = bytes == 0;
            bytes += length;
            is_first || bytes <= MOST_BYTES
        });
        let end = from + fitting.count();
        Piece {
            from: from as u64,
            records: self.records.get(from..end).unwrap_or_default().to_vec(),
            before: self.hash(from),
            after: self.hash(end),
        }
    }

    /// The hash of the first `count` records.
    fn hash(&self, count: usize) -> Hash {
        let last = count.checked_sub(1).and_then(|last| self.lines.get(last));
        last.map_or_else(|| Hash::of(b""), |(_, hash)| *hash)
    }
}
