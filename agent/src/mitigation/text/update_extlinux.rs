//! `/etc/update-extlinux.conf`: with what Alpine writes the boot loader's menu anew when a kernel is
//! upgraded. Shell variables, of which `default_kernel_opts` is the one that counts.

use std::ops::Range;

use super::lines::{lines, split_end};
use super::tokens;

const KEY: &[u8] = b"default_kernel_opts=";

/// Where the value is, without its quotes; nothing where it is not on one line.
fn value(text: &[u8]) -> Option<Range<usize>> {
    let (mut found, mut start) = (None, 0);
    for line in lines(text) {
        let (body, _) = split_end(line);
        let blanks = body.len() - body.trim_ascii_start().len();
        if let Some(rest) = body.trim_ascii_start().strip_prefix(KEY) {
            let at = start + blanks + KEY.len();
            found = Some(match rest.first() {
                Some(quote @ (b'"' | b'\'')) => {
                    let length = rest.get(1..)?.iter().position(|byte| byte == quote)?;
                    at + 1..at + 1 + length
                }
                _ => at..at + rest.iter().take_while(|byte| !byte.is_ascii_whitespace()).count(),
            });
        }
        start += line.len();
    }
    found
}

fn is_quoted(text: &[u8], at: &Range<usize>) -> bool {
    let before = at.start.checked_sub(1).and_then(|before| text.get(before));
    matches!(before, Some(b'"' | b'\''))
}

/// Whether it says with which parameters kernels are booted.
pub(in super::super) fn has_parameters(text: &[u8]) -> bool {
    value(text).is_some()
}

/// `elevator=noop` among the parameters; a text that says nothing of them stays as it is.
pub(in super::super) fn with_noop(text: &[u8]) -> Vec<u8> {
    changed(text, |parameters| tokens::with_noop(parameters, 0))
}

/// `current` with the scheduler that it said in `before`.
pub(in super::super) fn undo(current: &[u8], before: &[u8]) -> Vec<u8> {
    let then = value(before).and_then(|at| before.get(at)).unwrap_or_default();
    changed(current, |parameters| tokens::without_noop(parameters, &tokens::elevators(then)))
}

fn changed(text: &[u8], change: impl Fn(&[u8]) -> Vec<u8>) -> Vec<u8> {
    let Some(at) = value(text) else { return text.to_vec() };
    let parameters = change(text.get(at.clone()).unwrap_or_default());
    // A shell takes several words for one only within quotes.
    let needs_quotes = !is_quoted(text, &at) && parameters.contains(&b' ');
    let quote: &[u8] = if needs_quotes { b"\"" } else { b"" };
    let mut result = text.to_vec();
    result.splice(at, [quote, &parameters, quote].concat());
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noop(text: &str) -> String {
        String::from_utf8(with_noop(text.as_bytes())).unwrap()
    }

    #[test]
    fn the_scheduler_is_among_the_parameters_however_they_are_quoted() {
        for (before, after) in [
            (
                "a=1\ndefault_kernel_opts=\"quiet\"\nb=2\n",
                "a=1\ndefault_kernel_opts=\"elevator=noop quiet\"\nb=2\n",
            ),
            ("default_kernel_opts='nomodeset'", "default_kernel_opts='nomodeset elevator=noop'"),
            ("default_kernel_opts=\"\"\n", "default_kernel_opts=\"elevator=noop\"\n"),
            ("default_kernel_opts=\n", "default_kernel_opts=elevator=noop\n"),
            (
                "default_kernel_opts=\"elevator=cfq quiet\" # x\r\n",
                "default_kernel_opts=\"elevator=noop quiet\" # x\r\n",
            ),
            ("#default_kernel_opts=\"quiet\"\n", "#default_kernel_opts=\"quiet\"\n"),
            ("default_kernel_opts=\"quiet\n  x\"\n", "default_kernel_opts=\"quiet\n  x\"\n"),
            ("overwrite=1\n", "overwrite=1\n"),
        ] {
            assert_eq!(noop(before), after);
            assert_eq!(noop(after), after, "twice");
            assert_eq!(String::from_utf8_lossy(&undo(after.as_bytes(), before.as_bytes())), before);
        }
    }

    #[test]
    fn several_words_are_put_in_quotes_and_the_last_line_counts() {
        let text = "default_kernel_opts=\"a\"\ndefault_kernel_opts=quiet\n";

        let after = noop(text);

        assert_eq!(
            after,
            "default_kernel_opts=\"a\"\ndefault_kernel_opts=\"elevator=noop quiet\"\n"
        );
        assert_eq!(noop(&after), after);
    }
}
