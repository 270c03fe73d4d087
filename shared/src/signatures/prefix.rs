//! What stands before a message in a log: time, level, number, host and program.
//!
//! Logs are layered. A line of `/var/log/messages` has syslog's time, the host and `kernel:`, then the kernel's own
//! time; one that our agent persisted has its number, the level and the time. Layers are taken off one after
//! another, until nothing looks like one.

use super::log_time::LogTime;

/// More layers than any log has.
const LAYERS: usize = 5;

/// A line, taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Prefix<'l> {
    /// What is said.
    pub(super) text: &'l [u8],
    /// When; the innermost, which is the kernel's own.
    pub(super) at: Option<LogTime>,
    /// The program that said it, where syslog names one.
    pub(super) program: Option<&'l [u8]>,
}

impl<'l> Prefix<'l> {
    /// Takes a line apart. What is no prefix stays.
    pub(super) fn of(line: &'l [u8]) -> Self {
        let mut all = Self { text: trim_start(line), at: None, program: None };
        for _ in 0..LAYERS {
            let Some(first) = all.text.first() else { break };
            let taken = match first {
                b'<' => level(all.text).map(|rest| (rest, None, None)),
                b'[' => bracket(all.text).map(|(rest, at)| (rest, at, None)),
                b'0'..=b'9' => numbered(all.text),
                b'A'..=b'Z' => month(all.text),
                b'a'..=b'z' => facility(all.text).map(|rest| (rest, None, None)),
                _ => None,
            };
            let Some((rest, at, program)) = taken else { break };
            all = Self {
                text: trim_start(rest),
                at: at.or(all.at),
                program: program.or(all.program),
            };
        }
        Self { at: xen_time(all.text).or(all.at), ..all }
    }
}

type Taken<'l> = (&'l [u8], Option<LogTime>, Option<&'l [u8]>);

fn trim_start(text: &[u8]) -> &[u8] {
    // A log that a reset cut short begins again after zeros.
    let start = text.iter().position(|byte| !matches!(byte, b' ' | b'\t' | 0));
    text.get(start.unwrap_or(text.len())..).unwrap_or_default()
}

fn is_digit(byte: u8) -> bool {
    byte.is_ascii_digit()
}

/// Splits digits off.
fn digits(text: &[u8]) -> Option<(u64, &[u8])> {
    let end = text.iter().position(|byte| !is_digit(*byte)).unwrap_or(text.len());
    let (number, rest) = text.split_at_checked(end)?;
    if end == 0 || end > 18 {
        return None;
    }
    let number = number.iter().fold(0, |sum: u64, digit| sum * 10 + u64::from(digit - b'0'));
    Some((number, rest))
}

/// `<4>`, as in pstore and at the beginning of syslog's packets.
fn level(text: &[u8]) -> Option<&[u8]> {
    let (number, rest) = digits(text.strip_prefix(b"<")?)?;
    if number < 1000 { rest.strip_prefix(b">") } else { None }
}

/// `[  123.456789]`, `[T1234]`, `[Sat Nov 29 07:38:16 2026]`.
fn bracket(text: &[u8]) -> Option<(&[u8], Option<LogTime>)> {
    let end = text.iter().take(64).position(|byte| *byte == b']')?;
    let (inner, rest) = (text.get(1..end)?, text.get(end + 1..)?);
    if let Some(at) = seconds(trim_start(inner)) {
        return Some((rest, Some(LogTime::since_boot(at))));
    }
    let thread = trim_start(inner);
    if let Some(number) = thread.strip_prefix(b"T").or_else(|| thread.strip_prefix(b"C"))
        && digits(number).is_some_and(|(_, after)| after.is_empty())
    {
        return Some((rest, None));
    }
    // As `dmesg -T` prints it: by a clock that was not right when it was said, so its time is not taken.
    let is_date = inner.len() == 24 && inner.get(13) == Some(&b':') && inner.get(16) == Some(&b':');
    is_date.then_some((rest, None))
}

/// `123.456789`, in milliseconds.
fn seconds(text: &[u8]) -> Option<u64> {
    let (whole, rest) = digits(text)?;
    let fraction = rest.strip_prefix(b".")?;
    let (_, after) = digits(fraction)?;
    if !after.is_empty() {
        return None;
    }
    let digit = |at: usize| fraction.get(at).map_or(0, |byte| u64::from(byte - b'0'));
    whole.checked_mul(1000)?.checked_add(digit(0) * 100 + digit(1) * 10 + digit(2))
}

/// What begins with a digit: a number of ours, a record of `/dev/kmsg`, or a date.
fn numbered(text: &[u8]) -> Option<Taken<'_>> {
    let (_, rest) = digits(text)?;
    match rest.first()? {
        b' ' => persisted(rest).map(|rest| (rest, None, None)),
        b',' => record(rest),
        b'-' => date(text),
        _ => None,
    }
}

/// `7 <4>[0.007000] text`, as our agent writes it down: the number is all that is taken here.
fn persisted(rest: &[u8]) -> Option<&[u8]> {
    let rest = rest.strip_prefix(b" ")?;
    level(rest).filter(|after| after.starts_with(b"[")).map(|_| rest)
}

/// `6,1234,5678901,-;text`, of `/dev/kmsg`.
fn record(rest: &[u8]) -> Option<Taken<'_>> {
    let (_, rest) = digits(rest.strip_prefix(b",")?)?;
    let (microseconds, rest) = digits(rest.strip_prefix(b",")?)?;
    let end = rest.iter().take(200).position(|byte| *byte == b';')?;
    let is_record = rest.first() == Some(&b',') || end == 0;
    let at = LogTime::since_boot(microseconds / 1000);
    is_record.then(|| (rest.get(end + 1..).unwrap_or_default(), Some(at), None))
}

/// `2026-11-29T07:38:16.123456+00:00 host kernel: text`.
fn date(text: &[u8]) -> Option<Taken<'_>> {
    let end = text.iter().take(40).position(|byte| *byte == b' ')?;
    let (stamp, rest) = text.split_at_checked(end)?;
    let at = LogTime::from_date(std::str::from_utf8(stamp).ok()?)?;
    let (rest, program) = host_and_program(trim_start(rest))?;
    Some((rest, Some(at), Some(program)))
}

/// `Nov 29 07:38:16 host kernel: text`. It lacks the year, so its time is not taken.
fn month(text: &[u8]) -> Option<Taken<'_>> {
    const MONTHS: &[u8] = b"JanFebMarAprMayJunJulAugSepOctNovDec";
    let name = text.get(..3)?;
    let time = text.get(7..15)?;
    let is_time = time.get(2) == Some(&b':')
        && time.get(5) == Some(&b':')
        && time.iter().enumerate().all(|(at, byte)| at % 3 == 2 || is_digit(*byte));
    if !is_time || !MONTHS.chunks_exact(3).any(|month| month == name) {
        return None;
    }
    let (rest, program) = host_and_program(trim_start(text.get(15..)?))?;
    Some((rest, None, Some(program)))
}

/// `host kernel: `, `host kern.warn kernel: ` or `kern.warn kernel[12]: `: the program is the last of at most three
/// words, and has a colon behind it.
fn host_and_program(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut rest = text;
    for _ in 0..3 {
        let end = rest.iter().take(256).position(|byte| *byte == b' ')?;
        let (word, after) = rest.split_at_checked(end)?;
        if let Some(program) = word.strip_suffix(b":") {
            let end = program.iter().position(|byte| *byte == b'[').unwrap_or(program.len());
            return Some((after, program.get(..end)?));
        }
        rest = trim_start(after);
    }
    None
}

/// `(XEN) [2026-11-02 03:12:44.120] text` or `(XEN) [  201.120331] text`. Whose line it is, is part of the message:
/// nothing is taken off.
fn xen_time(text: &[u8]) -> Option<LogTime> {
    let text = text.strip_prefix(b"(XEN) [")?;
    let end = text.iter().take(40).position(|byte| *byte == b']')?;
    let inner = trim_start(text.get(..end)?);
    if let Some(at) = seconds(inner) {
        return Some(LogTime::since_boot(at));
    }
    // By the clock of the hardware, which Xen keeps in UTC.
    LogTime::from_date(&format!("{}Z", std::str::from_utf8(inner).ok()?.replacen(' ', "T", 1)))
}

/// `kern  :warn  : text`, of `dmesg -x`.
fn facility(text: &[u8]) -> Option<&[u8]> {
    let rest = text.strip_prefix(b"kern")?;
    let rest = trim_start(rest).strip_prefix(b":")?;
    let end = rest.iter().take(10).position(|byte| *byte == b':')?;
    let is_level = rest.get(..end)?.iter().all(|byte| byte.is_ascii_lowercase() || *byte == b' ');
    if is_level { rest.get(end + 1..) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAID: &str = "INFO: task jbd2/sda2-8:311 blocked for more than 120 seconds.";

    #[track_caller]
    fn assert_peeled(line: &str, at: Option<LogTime>, program: Option<&str>) {
        let found = Prefix::of(line.as_bytes());
        assert_eq!(std::str::from_utf8(found.text).unwrap(), SAID, "{line}");
        assert_eq!(found.at, at, "{line}");
        assert_eq!(found.program, program.map(str::as_bytes), "{line}");
    }

    #[test]
    fn whatever_wrote_the_log_the_message_is_the_same() {
        let at = Some(LogTime::since_boot(91_200_551));
        let wall = LogTime::from_date("2026-11-29T07:38:16.123+00:00");

        for prefix in [
            "[91200.551201] ",
            "<3>[91200.551201] ",
            "9412 <3>[91200.551201] ",
            "[91200.551201][  T311] ",
            "3,9412,91200551201,-;",
            "3,9412,91200551201,-,caller=T311;",
            "kern  :err   : [91200.551201] ",
            "\0\0\0[91200.551201] ",
        ] {
            assert_peeled(&format!("{prefix}{SAID}"), at, None);
        }
        for prefix in [
            "Nov 29 07:38:16 pbx-12 kernel: [91200.551201] ",
            "Nov  9 07:38:16 pbx-12 kern.err kernel: [91200.551201] ",
            "Nov 29 07:38:16 kern.err kernel: [91200.551201] ",
            "2026-11-29T07:38:16.123456+00:00 pbx-12 kernel: [91200.551201] ",
            "<3>Nov 29 07:38:16 pbx-12 kernel: [91200.551201] ",
        ] {
            assert_peeled(&format!("{prefix}{SAID}"), at, Some("kernel"));
        }
        assert_peeled(&format!("[Sun Nov 29 07:38:16 2026] {SAID}"), None, None);
        assert_peeled(&format!("Nov 29 07:38:16 pbx-12 kernel: {SAID}"), None, Some("kernel"));
        assert_peeled(
            &format!("2026-11-29T07:38:16.123+0000 p kernel: {SAID}"),
            wall,
            Some("kernel"),
        );
        assert_peeled(SAID, None, None);
    }

    #[test]
    fn a_line_of_xen_keeps_whose_it_is() {
        let lines = [
            (
                "(XEN) [2026-11-29 07:38:16.120] Panic on CPU 2:",
                LogTime::from_date("2026-11-29T07:38:16.12Z"),
            ),
            ("(XEN) [  201.120331] Panic on CPU 2:", Some(LogTime::since_boot(201_120))),
            ("(XEN) [here] Panic on CPU 2:", None),
            ("(XEN) Panic on CPU 2:", None),
        ];
        for (line, at) in lines {
            assert_eq!(
                Prefix::of(line.as_bytes()),
                Prefix { text: line.as_bytes(), at, program: None }
            );
        }
    }

    #[test]
    fn a_program_loses_its_number() {
        let found = Prefix::of(b"Nov 29 07:38:16 pbx-12 domfleet-agent[811]: started");

        assert_eq!(found.program, Some(&b"domfleet-agent"[..]));
        assert_eq!(found.text, b"started");
    }

    #[test]
    fn what_only_looks_like_a_prefix_stays() {
        for line in [
            "",
            "[",
            "<",
            "<4",
            "[sda] Write Protect is off",
            "1 of 3 disks",
            "6,7",
            "2026-99-99T00:00:00Z a b: c",
            "Nov 29 is a date",
            "May be",
            "kernel BUG at mm/slub.c:321!",
            "kern",
            "123456789012345678901234567890 <4>[1.0] x",
        ] {
            assert_eq!(Prefix::of(line.as_bytes()).text, line.as_bytes());
        }
        assert_eq!(Prefix::of(b"[    1.5] \xff\xfe").text, b"\xff\xfe");
    }
}
