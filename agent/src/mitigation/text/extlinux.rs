//! The boot loader's menu (`extlinux.conf`): `elevator=noop` for the kernel of each entry that boots
//! Xen.
//!
//! Such an entry's `APPEND` has parts between ` --- `: Xen with its arguments, the kernel with its
//! own, the initramfs. Only the second is the kernel's; Xen would not know `elevator=`.

use std::ops::Range;

use super::lines::{lines, split_end};
use super::tokens;

/// The parameters of a kernel that Xen boots.
struct Entry<'t> {
    /// The entry's label; nothing before the first one.
    label: &'t [u8],
    /// Where they are in the text, the kernel's file first.
    at: Range<usize>,
}

fn entries(text: &[u8]) -> Vec<Entry<'_>> {
    let mut found = Vec::new();
    let (mut label, mut start): (&[u8], usize) = (b"", 0);
    for line in lines(text) {
        let (body, _) = split_end(line);
        let words = tokens::words(body);
        let word = |at: usize| words.get(at).and_then(|range| body.get(range.clone()));
        match word(0) {
            Some(key) if key.eq_ignore_ascii_case(b"label") => {
                label = words.get(1).and_then(|name| body.get(name.start..)).unwrap_or_default();
            }
            Some(key) if key.eq_ignore_ascii_case(b"append") && word(1).is_some_and(is_xen) => {
                let is_break = |at: &usize| word(*at) == Some(b"---");
                let mut breaks = (0..words.len()).filter(is_break);
                if let Some(first) = breaks.next()
                    && let Some(kernel) = words.get(first + 1)
                {
                    let last = breaks.next().unwrap_or(words.len()) - 1;
                    let end = words.get(last).map_or(kernel.start, |word| word.end);
                    if end > kernel.start {
                        found.push(Entry { label, at: start + kernel.start..start + end });
                    }
                }
            }
            _ => {}
        }
        start += line.len();
    }
    found
}

/// Whether the first file of an `APPEND` is Xen: `xen.gz`, `/boot/xen-4.4.1.gz`.
fn is_xen(file: &[u8]) -> bool {
    file.rsplit(|byte| *byte == b'/').next().is_some_and(|name| name.starts_with(b"xen"))
}

/// Whether any entry boots Xen.
pub(in super::super) fn boots_xen(text: &[u8]) -> bool {
    !entries(text).is_empty()
}

/// Every entry that boots Xen with `elevator=noop`.
pub(in super::super) fn with_noop(text: &[u8]) -> Vec<u8> {
    changed(text, |_, parameters| tokens::with_noop(parameters, 1))
}

/// `current` with the schedulers that its entries had in `before`. An entry that was not there then
/// has none.
pub(in super::super) fn undo(current: &[u8], before: &[u8]) -> Vec<u8> {
    let then = entries(before);
    changed(current, |label, parameters| {
        let entry = then.iter().find(|entry| entry.label == label);
        let was = entry.and_then(|entry| before.get(entry.at.clone()));
        tokens::without_noop(parameters, &was.map(tokens::elevators).unwrap_or_default())
    })
}

fn changed(text: &[u8], change: impl Fn(&[u8], &[u8]) -> Vec<u8>) -> Vec<u8> {
    let mut result = text.to_vec();
    // From the end, so that what comes before stays where it is.
    for Entry { label, at } in entries(text).into_iter().rev() {
        let parameters = text.get(at.clone()).unwrap_or_default();
        result.splice(at, change(label, parameters));
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The line that the vendor's page shows.
    const PAGE: &str = "APPEND xen.gz dom0_mem=1024M --- vmlinuz-grsec root=UUID=f75fac6a-cf4d-48bd-89c5-5a9fffd0e23f modules=sd-mod,usb-storage,ext4 elevator=noop quiet --- initramfs-grsec";

    fn noop(text: &str) -> String {
        String::from_utf8(with_noop(text.as_bytes())).unwrap()
    }

    #[test]
    fn the_line_becomes_the_one_of_the_vendor_s_page() {
        let before = PAGE.replace(" elevator=noop", "");

        assert_eq!(noop(&before), PAGE);
        assert_eq!(noop(PAGE), PAGE);
        assert_eq!(undo(PAGE.as_bytes(), before.as_bytes()), before.as_bytes());
    }

    #[test]
    fn only_the_kernel_of_entries_that_boot_xen_is_told() {
        for (before, after) in [
            ("APPEND xen.gz --- k quiet\n", "APPEND xen.gz --- k elevator=noop quiet\n"),
            (
                "\tappend /boot/xen-4.4.gz a\t---\tk a=b\t---\ti\r\n",
                "\tappend /boot/xen-4.4.gz a\t---\tk a=b elevator=noop\t---\ti\r\n",
            ),
            (
                "APPEND xen.gz quiet --- k --- i quiet",
                "APPEND xen.gz quiet --- k elevator=noop --- i quiet",
            ),
            (
                "APPEND xen.gz elevator=x --- k elevator=cfq --- i",
                "APPEND xen.gz elevator=x --- k elevator=noop --- i",
            ),
            ("APPEND initrd=i root=/dev/sda1 quiet\n", "APPEND initrd=i root=/dev/sda1 quiet\n"),
            ("APPEND xen.gz dom0_mem=1M\n", "APPEND xen.gz dom0_mem=1M\n"),
            ("APPEND xen.gz --- --- i\n", "APPEND xen.gz --- --- i\n"),
            ("# APPEND xen.gz --- k --- i\n", "# APPEND xen.gz --- k --- i\n"),
            (
                "APPEND tboot.gz --- xen.gz --- k --- i\n",
                "APPEND tboot.gz --- xen.gz --- k --- i\n",
            ),
        ] {
            assert_eq!(noop(before), after);
            assert_eq!(noop(after), after, "twice");
            assert_eq!(undo(after.as_bytes(), before.as_bytes()), before.as_bytes());
        }
    }

    #[test]
    fn every_label_that_boots_xen_is_changed_and_each_gets_its_own_back() {
        let before = "DEFAULT xen\n\nLABEL xen\n  KERNEL mboot.c32\n  APPEND xen.gz --- k root=a quiet --- i\n\
                      LABEL old\n  APPEND xen.gz --- k elevator=deadline --- i\nLABEL plain\n  APPEND root=a quiet\n";
        let after = noop(before);
        assert_eq!(after.matches("elevator=noop").count(), 2);

        let regenerated = after
            .replace(
                "LABEL plain",
                "LABEL new\n  APPEND xen.gz --- n elevator=noop quiet --- i\nLABEL plain",
            )
            .replace(" k ", " k2 ");
        let back = String::from_utf8(undo(regenerated.as_bytes(), before.as_bytes())).unwrap();

        assert!(!back.contains("noop"), "{back}");
        assert!(
            back.contains("k2 elevator=deadline ---") && back.contains("--- n quiet ---"),
            "{back}"
        );
    }
}
