//! The beginning and the end of something of any length, in little memory.

use std::collections::VecDeque;

use super::item::HEAD_BYTES;
use super::{Collected, Limit};

/// At a cut a secret may have lost the words by which it is known. It is on the line that was cut, and where there
/// are no lines it is not longer than this.
const BLURRED_BYTES: usize = 4 * 1024;
/// A line that is longer than this is treated as if there were no lines.
const LINE_BYTES: usize = 64 * 1024;
/// What stands for what is left out.
pub const LEFT_OUT: &[u8] = b"\n... left out ...\n";

/// Takes in bytes, and keeps the first and the last.
#[derive(Debug)]
pub struct Excerpt {
    head_bytes: usize,
    tail_bytes: usize,
    head: Vec<u8>,
    tail: VecDeque<u8>,
    left_out: bool,
}

impl Excerpt {
    /// One that keeps `bytes`.
    pub fn of(bytes: usize) -> Self {
        let head_bytes = HEAD_BYTES.min(bytes / 2);
        Self {
            head_bytes,
            tail_bytes: bytes - head_bytes,
            head: Vec::new(),
            tail: VecDeque::new(),
            left_out: false,
        }
    }

    /// Takes in what comes next.
    pub fn push(&mut self, mut bytes: &[u8]) {
        let room = self.head_bytes - self.head.len();
        let (first, rest) = bytes.split_at(room.min(bytes.len()));
        self.head.extend_from_slice(first);
        bytes = rest;
        let excess = bytes.len().saturating_sub(self.tail_bytes);
        self.left_out |= excess > 0;
        let bytes = bytes.get(excess..).unwrap_or_default();
        let over = (self.tail.len() + bytes.len()).saturating_sub(self.tail_bytes);
        self.left_out |= over > 0;
        self.tail.drain(..over);
        self.tail.extend(bytes);
    }

    /// What is to be told of it.
    pub fn finish(self) -> Collected {
        let Self { mut head, tail, left_out, .. } = self;
        let tail: Vec<u8> = tail.into();
        if !left_out {
            head.extend_from_slice(&tail);
            return Collected { bytes: head, ..Collected::default() };
        }
        let near_end = head.len().saturating_sub(LINE_BYTES);
        let line = head.iter().skip(near_end).rposition(|byte| *byte == b'\n');
        let until = line.map_or(head.len().saturating_sub(BLURRED_BYTES), |at| near_end + at);
        head.truncate(until);
        // What stands for the middle needs room, too.
        let skipped = LEFT_OUT.len();
        let first = |skipped: usize, is_end: &dyn Fn(&u8) -> bool| {
            let found = tail.iter().take(LINE_BYTES).skip(skipped).position(is_end);
            found.map(|at| skipped + at + 1)
        };
        // Without lines, behind the end of something: what follows has its own words before it.
        let from = first(skipped, &|byte| *byte == b'\n')
            .or_else(|| first(BLURRED_BYTES, &|byte| b",;}".contains(byte)))
            .unwrap_or(LINE_BYTES.min(tail.len()));
        head.extend_from_slice(LEFT_OUT);
        head.extend_from_slice(tail.get(from..).unwrap_or_default());
        Collected { bytes: head, truncated: true, ..Collected::default() }
    }
}

/// What is kept of `bytes` within `limit`.
pub fn excerpt(bytes: &[u8], limit: Limit) -> Collected {
    let mut excerpt = Excerpt::of(limit.bytes);
    excerpt.push(bytes);
    excerpt.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(pieces: impl IntoIterator<Item = Vec<u8>>, bytes: usize) -> Collected {
        let mut excerpt = Excerpt::of(bytes);
        pieces.into_iter().for_each(|piece| excerpt.push(&piece));
        excerpt.finish()
    }

    #[test]
    fn what_fits_is_kept_whole_however_it_comes() {
        let text = b"first\nsecond\nthird\n".to_vec();
        for size in 1..=text.len() {
            let kept = of(text.chunks(size).map(<[u8]>::to_vec), text.len());
            assert_eq!((kept.bytes, kept.truncated), (text.clone(), false), "{size}");
        }
    }

    #[test]
    fn of_ten_million_lines_the_first_and_the_last_are_kept_whole() {
        let thousand = |first: u32| {
            let lines: Vec<String> =
                (first..first + 1000).map(|line| format!("line {line}\n")).collect();
            lines.concat().into_bytes()
        };
        let lines = (0..10_000_000_u32).step_by(1000).map(thousand);

        let kept = of(lines, 200_000);

        let text = String::from_utf8(kept.bytes).unwrap();
        assert!(kept.truncated && text.len() <= 200_000);
        assert!(text.starts_with("line 0\n") && text.ends_with("line 9999999\n"));
        let (before, after) = text.split_once("\n... left out ...\n").unwrap();
        assert!(before.lines().chain(after.lines()).all(|line| line.starts_with("line ")));
    }

    #[test]
    fn a_line_of_a_hundred_megabytes_leaves_no_more_than_was_asked_for() {
        let piece = vec![b'x'; 1 << 20];

        let kept = of((0..100).map(|_| piece.clone()), 300_000);

        assert!(kept.truncated && kept.bytes.len() <= 300_000 && kept.bytes.len() > 200_000);
    }

    #[test]
    fn what_was_cut_in_two_is_not_kept_in_part() {
        let secret = b"password=C4nary-s3cret";
        for shift in 0..=secret.len() {
            // The cut behind the head, and the one before the tail, go through the secret.
            let mut text = vec![b'.'; HEAD_BYTES - shift];
            text.extend(secret);
            text.extend(vec![b'.'; 1 << 20]);
            text.extend(secret);
            text.extend(vec![b'.'; 3 * HEAD_BYTES - shift]);

            let kept = of([text], 4 * HEAD_BYTES);

            let has = |words: &[u8]| kept.bytes.windows(words.len()).any(|window| window == words);
            assert!(!has(b"C4n") && !has(b"cret"), "{shift}");
        }
    }
}
