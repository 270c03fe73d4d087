//! Texts as lines that keep their ends.

/// The lines of `text`, each with what ends it; together they are `text`.
pub(super) fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split_inclusive(|byte| *byte == b'\n')
}

/// A line without what ends it, and what ends it: `\n`, `\r\n`, or nothing at the end of a file.
pub(super) fn split_end(line: &[u8]) -> (&[u8], &[u8]) {
    let body = line.strip_suffix(b"\n").unwrap_or(line);
    let body = body.strip_suffix(b"\r").unwrap_or(body);
    line.split_at(body.len())
}

/// What ends the lines of `text`, as far as it has any.
pub(super) fn usual_end(text: &[u8]) -> &[u8] {
    lines(text).map(|line| split_end(line).1).find(|end| !end.is_empty()).unwrap_or(b"\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_the_text_whatever_ends_them() {
        for text in [&b"a\r\n\nb"[..], b"", b"\n", b"a", b"a\n\r\n"] {
            assert_eq!(lines(text).collect::<Vec<_>>().concat(), text);
        }
        assert_eq!(split_end(b"a\r\n"), (&b"a"[..], &b"\r\n"[..]));
        assert_eq!(split_end(b"a"), (&b"a"[..], &b""[..]));
    }
}
