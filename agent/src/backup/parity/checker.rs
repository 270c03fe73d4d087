//! Whether the bytes of a chunk's file are those that the set says, told from front to back.
//!
//! Parity is made only of what passes here, and a rebuilt chunk takes its place only then: so parity never
//! makes anything last that was wrong already.

use super::super::frame::Record;
use super::layout::KnownChunk;

/// Takes the bytes of a chunk's file in their order.
pub(super) struct Checker<'c> {
    head: Vec<u8>,
    /// Those that are still to come.
    frames: std::slice::Iter<'c, Record>,
    /// The part that is under way, and how much of it was taken.
    part: Part<'c>,
    taken: u64,
    hasher: blake3::Hasher,
    wrong: Option<&'static str>,
}

#[derive(Clone, Copy)]
enum Part<'c> {
    Head,
    Frame(&'c Record),
    /// Behind the last frame.
    End,
}

impl<'c> Checker<'c> {
    pub(super) fn new(known: &'c KnownChunk) -> Self {
        Self {
            head: known.head(),
            frames: known.records.iter(),
            part: Part::Head,
            taken: 0,
            hasher: blake3::Hasher::new(),
            wrong: None,
        }
    }

    /// The next bytes.
    pub(super) fn take(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() && self.wrong.is_none() {
            let room = match self.part {
                Part::Head => self.head.len() as u64,
                Part::Frame(record) => record.room(),
                Part::End => return self.wrong = Some("it is longer than it was"),
            };
            let left = usize::try_from(room - self.taken).unwrap_or(bytes.len());
            let (now, later) = bytes.split_at(left.min(bytes.len()));
            self.look(now);
            self.taken += now.len() as u64;
            bytes = later;
            if self.taken == room {
                self.finish_part();
            }
        }
    }

    fn look(&mut self, bytes: &[u8]) {
        let from = usize::try_from(self.taken).unwrap_or(usize::MAX);
        match self.part {
            Part::Head => {
                if self.head.get(from..).is_none_or(|head| !head.starts_with(bytes)) {
                    self.wrong = Some("its head is not the one that was written");
                }
            }
            Part::Frame(record) => {
                let stored = usize::try_from(record.stored_bytes).unwrap_or(0);
                let (stored, padding) =
                    bytes.split_at(stored.saturating_sub(from).min(bytes.len()));
                self.hasher.update(stored);
                if padding.iter().any(|byte| *byte != 0) {
                    self.wrong = Some("something was written between frames");
                }
            }
            Part::End => {}
        }
    }

    fn finish_part(&mut self) {
        if let Part::Frame(record) = self.part
            && *self.hasher.finalize().as_bytes() != record.stored
        {
            self.wrong = Some("the stored bytes are not those that were written");
        }
        self.hasher.reset();
        self.taken = 0;
        let next = self.frames.find(|record| record.room() > 0);
        self.part = next.map_or(Part::End, Part::Frame);
    }

    /// What is wrong, once all of the file was taken.
    pub(super) fn finish(self) -> Result<(), &'static str> {
        match (self.wrong, self.part) {
            (Some(wrong), _) => Err(wrong),
            (None, Part::End) => Ok(()),
            (None, _) => Err("it is shorter than it was"),
        }
    }
}
