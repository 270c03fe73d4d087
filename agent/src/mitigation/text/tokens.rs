//! Words that are separated by blanks, as kernel parameters are, and `elevator=` among them.

use std::ops::Range;

const ELEVATOR: &[u8] = b"elevator=";

fn is_blank(byte: u8) -> bool {
    byte == b' ' || byte == b'\t'
}

/// Where the words of `text` are.
pub(super) fn words(text: &[u8]) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    for (at, byte) in text.iter().enumerate() {
        if is_blank(*byte) {
            continue;
        }
        match found.last_mut() {
            Some(last) if last.end == at => last.end = at + 1,
            _ => found.push(at..at + 1),
        }
    }
    found
}

/// The values of all `elevator=` in `parameters`, in their order; the kernel takes the last.
pub(super) fn elevators(parameters: &[u8]) -> Vec<&[u8]> {
    let words = words(parameters).into_iter().filter_map(|word| parameters.get(word));
    words.filter_map(|word| word.strip_prefix(ELEVATOR)).collect()
}

/// `parameters` with `elevator=noop`: in place of every other one, else before `quiet`, else last.
/// The words up to `first` are none of the kernel's parameters.
pub(super) fn with_noop(parameters: &[u8], first: usize) -> Vec<u8> {
    if !elevators(parameters).is_empty() {
        return with_values(parameters, |_| Some(b"noop"));
    }
    let words = words(parameters);
    let own = words.get(first..).unwrap_or_default();
    let quiet = own.iter().find(|word| parameters.get((*word).clone()) == Some(b"quiet"));
    let (at, text): (usize, &[u8]) = match (quiet, words.last()) {
        (Some(quiet), _) => (quiet.start, b"elevator=noop "),
        (None, Some(last)) => (last.end, b" elevator=noop"),
        (None, None) => (0, b"elevator=noop"),
    };
    let (before, after) = parameters.split_at(at);
    [before, text, after].concat()
}

/// `parameters` with `elevator=noop` taken back: the value that it had `before`, or none.
pub(super) fn without_noop(parameters: &[u8], before: &[&[u8]]) -> Vec<u8> {
    with_values(parameters, |at| before.get(at).copied())
}

/// Every `elevator=noop` or, where there is a value for it, other `elevator=`, with that value; it is
/// removed where there is none.
fn with_values<'v>(parameters: &[u8], value: impl Fn(usize) -> Option<&'v [u8]>) -> Vec<u8> {
    let mut kept = parameters.to_vec();
    let all = words(parameters);
    let is_elevator = |word: &Range<usize>| {
        parameters.get(word.clone()).is_some_and(|word| word.starts_with(ELEVATOR))
    };
    let found: Vec<(usize, &Range<usize>)> =
        all.iter().enumerate().filter(|(_, word)| is_elevator(word)).collect();
    // From the end, so that what comes before stays where it is.
    for (nth, (at, word)) in found.iter().enumerate().rev() {
        match value(nth) {
            Some(value) => {
                kept.splice(word.start + ELEVATOR.len()..word.end, value.iter().copied());
            }
            None if parameters.get((*word).clone()) == Some(b"elevator=noop") => {
                // With the one blank that came with it: behind it, or before it at the end.
                let is_last = at + 1 == all.len();
                let blank_before = is_last && word.start > 0;
                let start = if blank_before { word.start - 1 } else { word.start };
                let end = if is_last { word.end } else { word.end + 1 };
                kept.splice(start..end, []);
            }
            None => {}
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noop_goes_before_quiet_else_last_and_takes_the_place_of_another() {
        for (before, after) in [
            ("k root=a quiet x", "k root=a elevator=noop quiet x"),
            ("k root=a", "k root=a elevator=noop"),
            ("k\tquiet", "k\televator=noop quiet"),
            ("k elevator=cfq quiet", "k elevator=noop quiet"),
            ("k elevator=cfq a elevator=deadline", "k elevator=noop a elevator=noop"),
            ("quiet", "quiet elevator=noop"),
            ("k notquiet ", "k notquiet elevator=noop "),
        ] {
            let changed = with_noop(before.as_bytes(), 1);

            assert_eq!(String::from_utf8_lossy(&changed), after);
            assert_eq!(with_noop(&changed, 1), changed, "{before}");
            let back = without_noop(&changed, &elevators(before.as_bytes()));
            assert_eq!(String::from_utf8_lossy(&back), before);
        }
    }

    #[test]
    fn another_s_choice_is_not_taken_back() {
        assert_eq!(without_noop(b"k elevator=deadline", &[]), b"k elevator=deadline");
    }
}
