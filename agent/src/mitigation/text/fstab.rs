//! `/etc/fstab` without swap: a `#` before each line that mounts some.

use super::Conflict;
use super::lines::{lines, split_end};

/// Whether the line turns swap on: its third field says so, and it is no comment.
fn is_swap(line: &[u8]) -> bool {
    let (body, _) = split_end(line);
    let is_blank = |byte: &u8| *byte == b' ' || *byte == b'\t';
    let mut fields = body.split(is_blank).filter(|field| !field.is_empty());
    let first = fields.next();
    first.is_some_and(|device| !device.starts_with(b"#")) && fields.nth(1) == Some(b"swap")
}

/// Whether any of it turns swap on.
pub(in super::super) fn has_swap(text: &[u8]) -> bool {
    lines(text).any(is_swap)
}

/// Every line that turns swap on made a comment.
pub(in super::super) fn off(text: &[u8]) -> Vec<u8> {
    let line = |line: &[u8]| if is_swap(line) { commented(line) } else { line.to_vec() };
    lines(text).flat_map(line).collect()
}

fn commented(line: &[u8]) -> Vec<u8> {
    [b"#", line].concat()
}

/// `current` with those lines turned on again that [`off`] has turned off in `before`.
///
/// A line that somebody has removed, or turned on again, is left so.
pub(in super::super) fn undo(current: &[u8], before: &[u8]) -> Result<Vec<u8>, Conflict> {
    let mut result: Vec<Vec<u8>> = lines(current).map(<[u8]>::to_vec).collect();
    let mut wanted: Vec<&[u8]> =
        lines(before).filter(|line| is_swap(line)).map(|line| split_end(line).0).collect();
    wanted.sort_unstable();
    wanted.dedup();
    for body in wanted {
        let ours = commented(body);
        let body_of = |line: &[u8]| split_end(line).0.to_vec();
        let made = lines(before).filter(|line| split_end(line).0 == body).count();
        let were_comments = lines(before).filter(|line| split_end(line).0 == ours).count();
        let there: Vec<usize> = (0..result.len())
            .filter(|at| result.get(*at).is_some_and(|l| body_of(l) == ours))
            .collect();
        let expected = made + were_comments;
        let are_fewer = were_comments > 0 && !there.is_empty() && there.len() < expected;
        if are_fewer || there.len() > expected {
            let line = String::from_utf8_lossy(&ours).into_owned();
            return Err(Conflict(format!(
                "the line {line:?} is there {} times, and which of them was turned off cannot be told",
                there.len()
            )));
        }
        // Ours are where they were among lines of the same text.
        let order = lines(before).filter(|line| {
            let own = split_end(line).0;
            own == body || own == ours
        });
        let is_ours: Vec<bool> = order.map(|line| split_end(line).0 == body).collect();
        for (nth, at) in there.into_iter().enumerate() {
            let is_one = were_comments == 0 || is_ours.get(nth).copied().unwrap_or(false);
            if let (true, Some(line)) = (is_one, result.get_mut(at)) {
                line.remove(0);
            }
        }
    }
    Ok(result.concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn off_text(text: &str) -> String {
        String::from_utf8(off(text.as_bytes())).unwrap()
    }

    #[test]
    fn the_line_of_the_vendor_s_page_becomes_the_page_s_line() {
        assert_eq!(
            off_text("/dev/sda2 swap swap defaults 0 0\n"),
            "#/dev/sda2 swap swap defaults 0 0\n"
        );
    }

    #[test]
    fn every_way_to_name_swap_is_found_and_every_other_line_stays_as_it_is() {
        for (before, after) in [
            ("UUID=0a-1b none swap sw 0 0\n", "#UUID=0a-1b none swap sw 0 0\n"),
            ("LABEL=sw\tnone\tswap\tsw\t0\t0\n", "#LABEL=sw\tnone\tswap\tsw\t0\t0\n"),
            ("/swapfile   none   swap", "#/swapfile   none   swap"),
            (
                "  /dev/sda2 none swap sw\r\n/dev/sda1 / ext4 rw\r\n",
                "#  /dev/sda2 none swap sw\r\n/dev/sda1 / ext4 rw\r\n",
            ),
            ("/dev/swap /swap ext4 rw 0 0\n", "/dev/swap /swap ext4 rw 0 0\n"),
            ("swap swap tmpfs rw\n", "swap swap tmpfs rw\n"),
            ("#/dev/sda2 swap swap defaults 0 0\n", "#/dev/sda2 swap swap defaults 0 0\n"),
            (" # /dev/sda2 swap swap\n", " # /dev/sda2 swap swap\n"),
            ("\n\t\n\u{e9}\n", "\n\t\n\u{e9}\n"),
            ("/dev/sda2 none swap,rw sw\n", "/dev/sda2 none swap,rw sw\n"),
        ] {
            assert_eq!(off_text(before), after);
            assert_eq!(off_text(after), after, "twice");
            assert_eq!(undo(after.as_bytes(), before.as_bytes()).unwrap(), before.as_bytes());
        }
    }

    #[test]
    fn bytes_that_are_no_text_stay_as_they_are() {
        let before = b"\xff\xfe x swap\n//nas/\xe9 /mnt cifs password=\x80 0 0\n";

        let after = off(before);

        assert_eq!(after, [&b"#"[..], before].concat());
        assert_eq!(undo(&after, before).unwrap(), before);
    }

    #[test]
    fn what_others_changed_since_stays_when_ours_is_taken_back() {
        let before =
            "/dev/sda1 / ext4 rw 0 1\n/dev/sda2 swap swap sw 0 0\n/dev/sdb2 none swap sw\n";
        let now =
            "# edited by hand\n/dev/sda1 / ext4 rw,noatime 0 1\n#/dev/sda2 swap swap sw 0 0\n";

        let back = undo(now.as_bytes(), before.as_bytes()).unwrap();

        let expected =
            "# edited by hand\n/dev/sda1 / ext4 rw,noatime 0 1\n/dev/sda2 swap swap sw 0 0\n";
        assert_eq!(String::from_utf8(back).unwrap(), expected);
    }

    #[test]
    fn a_comment_that_was_there_before_is_told_from_ours_or_nothing_is_done() {
        let before = "#/swap none swap\n/swap none swap\n";
        let after = off_text(before);
        let longer = format!("{after}# more\n");
        let doubled = format!("#/swap none swap\n{after}");

        let back = undo(longer.as_bytes(), before.as_bytes()).unwrap();

        assert_eq!(String::from_utf8(back).unwrap(), format!("{before}# more\n"));
        let conflict = undo(doubled.as_bytes(), before.as_bytes()).unwrap_err();
        assert!(conflict.0.contains("3 times"), "{conflict:?}");
    }
}
