//! `/etc/sysctl.d/01-overcommit.conf`: no memory is promised that is not there.

use super::lines::{lines, split_end, usual_end};

const COMMENT: &[u8] = b"# Written by domfleet-agent: do not overcommit memory.";
const MODE: &[u8] = b"vm.overcommit_memory";
const RATIO: &[u8] = b"vm.overcommit_ratio";

/// What a line says of `key`; nothing where it is about something else.
fn value_of<'l>(line: &'l [u8], key: &[u8]) -> Option<&'l [u8]> {
    let text = split_end(line).0.trim_ascii();
    let at = text.iter().position(|byte| *byte == b'=')?;
    let (name, value) = text.split_at(at);
    let name = name.trim_ascii();
    // A minus means that an error of the key is passed over.
    let name = name.strip_prefix(b"-").unwrap_or(name);
    let is_it = name.len() == key.len()
        && name.iter().zip(key).all(|(a, b)| a == b || (*a == b'/' && *b == b'.'));
    is_it.then(|| value.get(1..).unwrap_or_default().trim_ascii())
}

fn last_number(text: &[u8], key: &[u8]) -> Option<u64> {
    let value = lines(text).filter_map(|line| value_of(line, key)).last()?;
    std::str::from_utf8(value).ok()?.parse().ok()
}

/// The mode that it sets.
pub(in super::super) fn mode(text: &[u8]) -> Option<u64> {
    last_number(text, MODE)
}

/// The ratio that it sets.
pub(in super::super) fn ratio(text: &[u8]) -> Option<u64> {
    last_number(text, RATIO)
}

/// A text that sets mode 2 and, where one is given, that ratio. Lines of `before` that say otherwise
/// are replaced; all others stay.
pub(in super::super) fn strict(before: Option<&[u8]>, wanted_ratio: Option<u64>) -> Vec<u8> {
    let text = before.unwrap_or_default();
    let end = usual_end(text);
    let mut result = replaced(text, MODE, b"2");
    let mut new: Vec<u8> = Vec::new();
    if let Some(percent) = wanted_ratio {
        let number = percent.to_string();
        result = replaced(&result, RATIO, number.as_bytes());
        if ratio(&result).is_none() {
            new.extend([RATIO, b"=", number.as_bytes(), end].concat());
        }
    }
    if mode(&result).is_none() {
        new.extend([MODE, b"=2", end].concat());
        new = [COMMENT, end, new.as_slice()].concat();
        if !result.is_empty() && !result.ends_with(b"\n") {
            result.extend(end);
        }
        result.extend(new);
        return result;
    }
    // The ratio first: with the old one, mode 2 may not let the next program begin.
    let at: usize =
        lines(&result).take_while(|line| value_of(line, MODE).is_none()).map(<[u8]>::len).sum();
    result.splice(at..at, new);
    result
}

fn replaced(text: &[u8], key: &[u8], value: &[u8]) -> Vec<u8> {
    let line = |line: &[u8]| match value_of(line, key) {
        Some(said) if said != value => [key, b"=", value, split_end(line).1].concat(),
        _ => line.to_vec(),
    };
    lines(text).flat_map(line).collect()
}

/// `current` with what `before` said of mode and ratio; nothing where nothing else is left of a file
/// that was not there before.
pub(in super::super) fn undo(current: &[u8], before: Option<&[u8]>) -> Option<Vec<u8>> {
    let then = before.unwrap_or_default();
    let had_comment = lines(then).any(|line| split_end(line).0 == COMMENT);
    let is_strict = mode(current) == Some(2);
    let mut result = Vec::new();
    for line in lines(current) {
        let (body, end) = split_end(line);
        let ours = [MODE, RATIO].into_iter().find(|key| value_of(line, key).is_some());
        match ours {
            None if body == COMMENT && !had_comment => {}
            Some(key) if is_strict => {
                let was = lines(then).filter(|line| value_of(line, key).is_some()).last();
                if let Some(was) = was {
                    result.extend([split_end(was).0, end].concat());
                }
            }
            _ => result.extend(line),
        }
    }
    let is_gone = before.is_none() && result.trim_ascii().is_empty();
    (!is_gone).then_some(result)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strict_text(before: Option<&str>, ratio: Option<u64>) -> String {
        String::from_utf8(strict(before.map(str::as_bytes), ratio)).unwrap()
    }

    #[test]
    fn a_new_file_has_a_comment_and_one_line_or_two() {
        let one = strict_text(None, None);
        let two = strict_text(None, Some(70));

        assert_eq!(
            one,
            "# Written by domfleet-agent: do not overcommit memory.\nvm.overcommit_memory=2\n"
        );
        assert_eq!(
            two,
            "# Written by domfleet-agent: do not overcommit memory.\n\
             vm.overcommit_ratio=70\nvm.overcommit_memory=2\n"
        );
        for text in [&one, &two] {
            assert_eq!(&strict_text(Some(text), ratio(text.as_bytes())), text, "twice");
            assert_eq!(undo(text.as_bytes(), None), None);
        }
    }

    #[test]
    fn a_file_that_is_there_keeps_what_is_not_ours() {
        for (before, after) in [
            (
                "vm.swappiness=0",
                "vm.swappiness=0\n# Written by domfleet-agent: do not overcommit memory.\nvm.overcommit_memory=2\n",
            ),
            (
                "a=1\r\nvm.overcommit_memory = 0\r\nb=2\r\n",
                "a=1\r\nvm.overcommit_memory=2\r\nb=2\r\n",
            ),
            ("-vm/overcommit_memory=1\n", "vm.overcommit_memory=2\n"),
            ("vm.overcommit_memory = 2\n", "vm.overcommit_memory = 2\n"),
            (
                "# vm.overcommit_memory=0\n",
                "# vm.overcommit_memory=0\n# Written by domfleet-agent: do not overcommit memory.\nvm.overcommit_memory=2\n",
            ),
        ] {
            let changed = strict_text(Some(before), None);
            assert_eq!(changed, after);
            assert_eq!(strict_text(Some(&changed), None), after, "twice");
        }
        assert_eq!(
            strict_text(Some("vm.overcommit_memory=0\n"), Some(80)),
            "vm.overcommit_ratio=80\nvm.overcommit_memory=2\n"
        );
    }

    #[test]
    fn what_others_added_stays_and_what_the_file_said_before_comes_back() {
        let before = "a=1\nvm.overcommit_memory = 0\n";
        let now = format!("{}b=2\n", strict_text(Some(before), Some(60)));

        let back = undo(now.as_bytes(), Some(before.as_bytes())).unwrap();
        let of_new = undo(format!("{}b=2\n", strict_text(None, None)).as_bytes(), None).unwrap();

        assert_eq!(String::from_utf8(back).unwrap(), format!("{before}b=2\n"));
        assert_eq!(of_new, b"b=2\n");
    }
}
