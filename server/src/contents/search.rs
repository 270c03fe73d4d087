//! Where a text is in a bundle.

use std::io::{self, BufRead as _, BufReader, Read};
use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::bounds::Bounds;
use super::walk::walk;

/// What is in memory of a line. A longer one is read in pieces, each with the end of the one before.
const LINE_BYTES: usize = 64 * 1024;
/// What is shown of a line around the text.
const SHOWN_BYTES: usize = 300;

/// A line in which a text is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = BundleHit)]
pub struct Hit {
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: u64,
    /// The line itself, or the part of it around the text.
    pub text: String,
}

/// What a search has found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = BundleSearch)]
pub struct Found {
    /// The lines, in their order.
    pub hits: Vec<Hit>,
    /// Whether there may be more: as many as were asked for were found.
    pub more: bool,
    /// How much was searched.
    pub searched_bytes: u64,
    /// Why not all of the bundle was searched.
    pub troubles: Vec<String>,
}

/// Looks for `text`, capital or not, in every line; stops at `limit` lines.
pub fn search(source: impl Read, bounds: Bounds, text: &str, limit: usize) -> io::Result<Found> {
    let wanted = text.as_bytes().to_ascii_lowercase();
    let mut found =
        Found { hits: Vec::new(), more: false, searched_bytes: 0, troubles: Vec::new() };
    let walked = walk(source, bounds, |entry| {
        let mut lines = Lines::new(BufReader::new(&mut *entry.data), wanted.len());
        while lines.next(&mut found.searched_bytes)? {
            let Some(at) = position(&lines.piece, &wanted) else { continue };
            if lines.is_seen {
                continue;
            }
            lines.is_seen = true;
            if found.hits.len() == limit {
                found.more = true;
                return Ok(ControlFlow::Break(()));
            }
            let text = around(&lines.piece, at, wanted.len());
            found.hits.push(Hit { file: entry.path.clone(), line: lines.number, text });
        }
        Ok(ControlFlow::Continue(()))
    })?;
    found.troubles.extend(walked.trouble);
    Ok(found)
}

/// Lines, of which long ones come in pieces.
struct Lines<R> {
    source: R,
    /// What is kept of a piece for the next: a text may lie across.
    overlap: usize,
    piece: Vec<u8>,
    number: u64,
    /// Whether the piece is the end of its line.
    is_end: bool,
    /// Whether the line has been found already.
    is_seen: bool,
}

impl<R: io::BufRead> Lines<R> {
    fn new(source: R, wanted: usize) -> Self {
        let overlap = wanted.saturating_sub(1);
        Self { source, overlap, piece: Vec::new(), number: 0, is_end: true, is_seen: false }
    }

    /// Reads the next piece; says whether there is one.
    fn next(&mut self, searched: &mut u64) -> io::Result<bool> {
        if self.is_end {
            self.piece.clear();
            self.number += 1;
            self.is_seen = false;
        } else {
            let kept = self.piece.len().saturating_sub(self.overlap);
            self.piece.drain(..kept);
        }
        let read = (&mut self.source).take(LINE_BYTES as u64).read_until(b'\n', &mut self.piece)?;
        *searched += read as u64;
        self.is_end = self.piece.last() == Some(&b'\n');
        Ok(read > 0)
    }
}

fn position(line: &[u8], wanted: &[u8]) -> Option<usize> {
    let first = *wanted.first()?;
    let starts = |at: usize| {
        line[at].to_ascii_lowercase() == first
            && line[at..].get(..wanted.len()).is_some_and(|part| part.eq_ignore_ascii_case(wanted))
    };
    (0..(line.len() + 1).saturating_sub(wanted.len())).find(|at| starts(*at))
}

/// The line, or the part of it around the text, in one line.
fn around(line: &[u8], at: usize, length: usize) -> String {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    let from = if line.len() <= SHOWN_BYTES { 0 } else { at.saturating_sub(SHOWN_BYTES / 3) };
    let to = (from + SHOWN_BYTES.max(at - from + length)).min(line.len());
    let shown = |letter: char| if letter.is_control() { ' ' } else { letter };
    String::from_utf8_lossy(&line[from..to]).trim_end().chars().map(shown).collect()
}
