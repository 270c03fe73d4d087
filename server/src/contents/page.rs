//! A part of a file as text.

/// A part of a file as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    pub text: String,
    /// How many bytes of the file it is.
    pub bytes: u64,
    /// Whether the file goes on behind it.
    pub goes_on: bool,
}

/// Makes text of what was read: of one byte more than `limit`, if there are as many. It ends with a line
/// where it can, so that pages put together are the file; what is no UTF-8 is shown as such.
pub fn page(mut bytes: Vec<u8>, limit: usize) -> Page {
    let goes_on = bytes.len() > limit;
    if goes_on {
        let line = bytes[..limit].iter().rposition(|byte| *byte == b'\n').map(|at| at + 1);
        bytes.truncate(line.unwrap_or_else(|| whole_letters(&bytes[..limit])));
    }
    let text = match String::from_utf8(bytes) {
        Ok(text) => return Page { bytes: text.len() as u64, text, goes_on },
        Err(error) => error,
    };
    let bytes = text.as_bytes();
    let read = bytes.len() as u64;
    Page { text: String::from_utf8_lossy(bytes).into_owned(), bytes: read, goes_on }
}

/// How much of it ends with a whole letter. At least something, so that there is a way on.
fn whole_letters(bytes: &[u8]) -> usize {
    const LONGEST: usize = 4;
    for back in 1..=LONGEST.min(bytes.len()) {
        let at = bytes.len() - back;
        let needs = match bytes[at] {
            0x00..0x80 => 1,
            0xc2..0xe0 => 2,
            0xe0..0xf0 => 3,
            0xf0..0xf5 => 4,
            // In the middle of one, or of none.
            _ => continue,
        };
        return if needs > back && at > 0 { at } else { bytes.len() };
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_page_ends_with_a_line_where_it_can() {
        let found = page(b"one\ntwo\nthr".to_vec(), 10);

        assert_eq!((found.text.as_str(), found.bytes, found.goes_on), ("one\ntwo\n", 8, true));
    }

    #[test]
    fn a_letter_is_not_cut_in_two() {
        let found = page("aé".as_bytes().to_vec(), 2);

        assert_eq!((found.text.as_str(), found.bytes, found.goes_on), ("a", 1, true));
    }

    #[test]
    fn what_is_no_text_is_shown_as_such() {
        let found = page(vec![b'a', 0xff, b'b'], 10);

        assert_eq!((found.text.as_str(), found.bytes, found.goes_on), ("a\u{fffd}b", 3, false));
    }

    proptest! {
        #[test]
        fn pages_put_together_are_the_file(text in "[a-c\u{e9}\u{4e2d}\u{1f600}\n]{0,200}", limit in 4..40_usize) {
            let (mut offset, mut all) = (0, String::new());
            loop {
                let end = (offset + limit + 1).min(text.len());
                let found = page(text.as_bytes()[offset..end].to_vec(), limit);
                offset += usize::try_from(found.bytes).unwrap();
                all += &found.text;
                if !found.goes_on {
                    break;
                }
                prop_assert!(found.bytes > 0);
            }
            prop_assert_eq!(all, text);
        }
    }
}
