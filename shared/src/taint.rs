//! What a kernel says of itself in `/proc/sys/kernel/tainted`.
//!
//! A number, a bit for each thing that happened since it booted or that was loaded into it; none is taken back
//! before the next boot. So what counts is which came when. After the kernel's own
//! `Documentation/admin-guide/tainted-kernels.rst`.

use serde::Serialize;
use utoipa::ToSchema;

use crate::severity::Severity;

/// A bit that is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Flag {
    /// Its number.
    pub bit: u32,
    /// As the kernel prints it; a question mark where this build does not know the bit.
    pub letter: char,
    /// What has happened.
    pub meaning: &'static str,
    /// How grave it is when it is new.
    pub severity: Severity,
}

/// Letter, meaning and severity, by bit.
const KNOWN: [(char, &str, Severity); 20] = [
    ('P', "a proprietary module was loaded", Severity::Info),
    ('F', "a module was loaded by force", Severity::Info),
    ('S', "the kernel runs on hardware that it does not support", Severity::Info),
    ('R', "a module was unloaded by force", Severity::Info),
    ('M', "the processor reported a machine check", Severity::Crit),
    ('B', "a page of memory was in a state in which it cannot be", Severity::Crit),
    ('U', "a program asked for it", Severity::Info),
    ('D', "the kernel died in part: there was an oops or a BUG", Severity::Crit),
    ('A', "an ACPI table was overridden", Severity::Info),
    ('W', "the kernel warned of something that it did not expect", Severity::Warn),
    ('C', "a staging driver was loaded", Severity::Info),
    ('I', "a fault of the firmware is worked around", Severity::Info),
    ('O', "a module from outside the kernel's tree was loaded", Severity::Info),
    ('E', "an unsigned module was loaded", Severity::Info),
    ('L', "a processor was stuck in the kernel: there was a soft lockup", Severity::Crit),
    ('K', "the kernel was patched while it ran", Severity::Info),
    ('X', "the distribution says something by it", Severity::Info),
    ('T', "the kernel was built with randomised structures", Severity::Info),
    ('N', "a test of the kernel was run in it", Severity::Info),
    ('J', "a program changed devices behind their drivers (fwctl)", Severity::Info),
];

/// What is set in `value`, by bit.
pub fn decode(value: u64) -> Vec<Flag> {
    (0..u64::BITS).filter(|bit| value >> bit & 1 == 1).map(flag).collect()
}

/// What is set in `after` and was not in `before`, the gravest first.
///
/// Where `after` lacks what `before` had, there was a boot in between: all of it is new then.
pub fn news(before: u64, after: u64) -> Vec<Flag> {
    let is_same_boot = before & !after == 0;
    let mut new = decode(if is_same_boot { after & !before } else { after });
    new.sort_by_key(|flag| std::cmp::Reverse(flag.severity));
    new
}

/// The letters of `value` in a row, such as `PWO`; nothing where no bit is set.
pub fn letters(value: u64) -> String {
    decode(value).iter().map(|flag| flag.letter).collect()
}

fn flag(bit: u32) -> Flag {
    let unknown = ('?', "a bit that this version does not know", Severity::Info);
    let (letter, meaning, severity) = KNOWN.get(bit as usize).copied().unwrap_or(unknown);
    Flag { bit, letter, meaning, severity }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_kernels_own_documentation_reads_as_it_says() {
        assert_eq!(letters(4609), "PWO");
        assert_eq!(letters(0), "");
    }

    #[test]
    fn an_oops_a_lockup_a_bad_page_and_a_machine_check_alarm_and_a_warning_warns() {
        for (letter, severity) in [
            ('D', Severity::Crit),
            ('L', Severity::Crit),
            ('B', Severity::Crit),
            ('M', Severity::Crit),
            ('W', Severity::Warn),
        ] {
            let flag = decode(u64::MAX).into_iter().find(|flag| flag.letter == letter).unwrap();
            assert_eq!(flag.severity, severity, "{letter}");
        }
        let grave = decode(u64::MAX).iter().filter(|flag| flag.severity > Severity::Info).count();
        assert_eq!(grave, 5);
    }

    #[test]
    fn only_what_was_not_there_before_is_new_and_the_gravest_comes_first() {
        let (out_of_tree, warned, oops, lockup) = (1 << 12, 1 << 9, 1 << 7, 1 << 14);
        let new =
            |before, after| news(before, after).iter().map(|flag| flag.letter).collect::<String>();

        assert_eq!(new(out_of_tree, out_of_tree), "");
        assert_eq!(new(out_of_tree, out_of_tree | warned), "W");
        assert_eq!(new(warned, warned | oops | out_of_tree | lockup), "DLO");
    }

    #[test]
    fn after_a_boot_everything_is_new() {
        let (warned, oops) = (1 << 9, 1 << 7);

        assert_eq!(news(warned | oops, oops), decode(oops));
    }

    #[test]
    fn a_bit_of_a_kernel_to_come_is_told_and_alarms_nobody() {
        let flag = decode(1 << 40)[0];

        assert_eq!((flag.bit, flag.letter, flag.severity), (40, '?', Severity::Info));
    }
}
