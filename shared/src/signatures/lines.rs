//! The lines of a log, none larger in memory than a bound, whatever the log holds.

use std::io::{self, BufRead, BufReader, Read};

/// What is kept of a line. The longest that a kernel prints has 1 KiB.
const KEPT_BYTES: usize = 16 * 1024;
const BUFFER_BYTES: usize = 128 * 1024;
/// The line that is looked at, and those before it.
const REMEMBERED: usize = 4;

/// The lines of a log, one after another.
pub(super) struct Lines<R> {
    input: BufReader<R>,
    remembered: [Vec<u8>; REMEMBERED],
    /// How many there were.
    number: u64,
    bytes: u64,
}

impl<R: Read> Lines<R> {
    pub(super) fn of(input: R) -> Self {
        let input = BufReader::with_capacity(BUFFER_BYTES, input);
        Self { input, remembered: Default::default(), number: 0, bytes: 0 }
    }

    /// Goes on to the next line; false at the end. Where reading fails in a line, what was read of it is a line,
    /// and the next call fails.
    pub(super) fn advance(&mut self) -> io::Result<bool> {
        self.remembered.rotate_right(1);
        let [line, ..] = &mut self.remembered;
        line.clear();
        let limit = KEPT_BYTES as u64;
        let read = self.input.by_ref().take(limit).read_until(b'\n', line);
        if let Err(error) = read
            && line.is_empty()
        {
            self.remembered.rotate_left(1);
            return Err(error);
        }
        if line.is_empty() {
            return Ok(false);
        }
        self.number += 1;
        self.bytes += line.len() as u64;
        if line.last() == Some(&b'\n') {
            line.pop();
        } else if line.len() == KEPT_BYTES {
            // A failure comes again with the next line.
            self.bytes += self.input.skip_until(b'\n').unwrap_or(0) as u64;
        }
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        Ok(true)
    }

    /// The line, or what is kept of it, without its end.
    pub(super) fn line(&self) -> &[u8] {
        let [line, ..] = &self.remembered;
        line
    }

    /// The lines before it, the oldest first.
    pub(super) fn before(&self) -> impl Iterator<Item = &[u8]> {
        let there = usize::try_from(self.number.saturating_sub(1)).unwrap_or(usize::MAX);
        let before = self.remembered.iter().skip(1).take(there);
        before.rev().map(Vec::as_slice)
    }

    /// Its number; the first is 1.
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    /// How much was read.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &[u8]) -> Vec<Vec<u8>> {
        let mut lines = Lines::of(text);
        let mut all = Vec::new();
        while lines.advance().unwrap() {
            all.push(lines.line().to_vec());
        }
        assert_eq!(lines.bytes(), text.len() as u64);
        all
    }

    #[test]
    fn a_line_ends_as_on_any_system_or_with_the_file() {
        assert_eq!(all(b"a\nb\r\n\nc"), [&b"a"[..], b"b", b"", b"c"]);
        assert_eq!(all(b""), Vec::<Vec<u8>>::new());
    }

    #[test]
    fn of_a_line_that_never_ends_the_beginning_is_kept_and_the_next_is_whole() {
        let mut text = vec![b'x'; 3 * KEPT_BYTES];
        text.extend(b"\nnext\n");

        let lines = all(&text);

        assert_eq!(lines[0].len(), KEPT_BYTES);
        assert_eq!(lines[1], b"next");
    }

    #[test]
    fn the_lines_before_are_remembered_in_order() {
        let mut lines = Lines::of(&b"a\nb\nc\nd\ne\n"[..]);
        let before = |lines: &Lines<_>| lines.before().map(<[u8]>::to_vec).collect::<Vec<_>>();

        assert!(lines.advance().unwrap());
        assert_eq!(before(&lines), Vec::<Vec<u8>>::new());
        for _ in 0..4 {
            assert!(lines.advance().unwrap());
        }
        assert_eq!(before(&lines), [b"b", b"c", b"d"]);
    }

    #[test]
    fn what_was_read_before_a_failure_is_a_line() {
        struct Cut(bool);
        impl Read for Cut {
            fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
                if std::mem::replace(&mut self.0, true) {
                    return Err(io::Error::other("cut"));
                }
                into[..4].copy_from_slice(b"a\nbc");
                Ok(4)
            }
        }
        let mut lines = Lines::of(Cut(false));

        assert!(lines.advance().unwrap());
        assert!(lines.advance().unwrap());
        assert_eq!(lines.line(), b"bc");
        assert_eq!(lines.advance().unwrap_err().to_string(), "cut");
    }
}
