//! Which of the drives that are plugged in is the one that is meant.

use domfleet_shared::usb::DriveIdentity;

/// Which one it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Which {
    /// This one, by its place among the candidates.
    One(usize),
    /// None of them.
    None,
    /// A person has to say.
    Ask(Vec<Doubt>),
}

/// One that it might be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doubt {
    /// Its place among the candidates.
    pub candidate: usize,
    /// What is otherwise about it, for people. Nothing where it is just as good as another.
    pub differences: Vec<String>,
}

/// Which of `candidates` is `wanted`, as it was when it was last seen.
///
/// Two that might be are a question, and so is one that differs: a copy of a drive has its file
/// system's UUID, its partition's and its `DRIVE.json`. The label is no part of this: all of ours
/// have the same.
pub fn which(candidates: &[DriveIdentity], wanted: &DriveIdentity) -> Which {
    let might = |(_, candidate): &(usize, &DriveIdentity)| might_be(candidate, wanted);
    let doubts: Vec<_> = candidates
        .iter()
        .enumerate()
        .filter(might)
        .map(|(at, candidate)| Doubt { candidate: at, differences: differences(candidate, wanted) })
        .collect();
    match doubts.as_slice() {
        [] => Which::None,
        [one] if one.differences.is_empty() => Which::One(one.candidate),
        _ => Which::Ask(doubts),
    }
}

/// Whether anything that should be there only once is on both.
fn might_be(candidate: &DriveIdentity, wanted: &DriveIdentity) -> bool {
    let is_same = |ours: &Option<String>, theirs: &Option<String>| ours.is_some() && ours == theirs;
    if is_same(&candidate.file_system, &wanted.file_system)
        || is_same(&candidate.partition, &wanted.partition)
        || (wanted.drive.is_some() && candidate.drive == wanted.drive)
    {
        return true;
    }
    // The same hardware, prepared anew, is another drive, and says so.
    let is_another = candidate.drive.is_some() && wanted.drive.is_some();
    let is_same_kind =
        (&candidate.vendor_id, &candidate.product_id) == (&wanted.vendor_id, &wanted.product_id);
    let is_same_one = match telling(wanted.serial.as_deref()) {
        Some(serial) => candidate.serial.as_deref() == Some(serial),
        // Nothing else is known of it: any of its kind might be it.
        None => {
            wanted.drive.is_none()
                && wanted.file_system.is_none()
                && wanted.partition.is_none()
                && candidate.size_bytes == wanted.size_bytes
        }
    };
    is_same_kind && is_same_one && !is_another
}

fn differences(candidate: &DriveIdentity, wanted: &DriveIdentity) -> Vec<String> {
    let or_none = |text: Option<&str>| text.unwrap_or("none").to_owned();
    let drive = |of: &DriveIdentity| or_none(of.drive.map(|drive| drive.to_string()).as_deref());
    let kind = |of: &DriveIdentity| format!("{}:{}", of.vendor_id, of.product_id);
    let parts = [
        ("its DRIVE.json names", drive(candidate), drive(wanted)),
        (
            "its file system is",
            or_none(candidate.file_system.as_deref()),
            or_none(wanted.file_system.as_deref()),
        ),
        (
            "its partition is",
            or_none(candidate.partition.as_deref()),
            or_none(wanted.partition.as_deref()),
        ),
        ("its size is", candidate.size_bytes.to_string(), wanted.size_bytes.to_string()),
        ("its hardware is", kind(candidate), kind(wanted)),
        (
            "its serial number is",
            or_none(candidate.serial.as_deref()),
            or_none(wanted.serial.as_deref()),
        ),
    ];
    let mut differences: Vec<_> = parts
        .into_iter()
        .filter(|(_, is, was)| is != was)
        .map(|(what, is, was)| format!("{what} {is}, and was {was}"))
        .collect();
    let is_nameless = wanted.drive.is_none() && wanted.file_system.is_none();
    if is_nameless && telling(wanted.serial.as_deref()).is_none() {
        differences.push("nothing tells it apart from others of its kind".to_owned());
    }
    differences
}

/// A serial number, unless it is one that a factory gives to all.
pub fn telling(serial: Option<&str>) -> Option<&str> {
    let serial = serial?;
    let plain: Vec<char> = serial.chars().filter(|c| c.is_alphanumeric()).collect();
    let digit = |c: &char| c.to_digit(16);
    let is_run = |pair: &[char]| match pair {
        [a, b] => {
            let step = (digit(a), digit(b));
            matches!(step, (Some(a), Some(b)) if b == a || b == (a + 1) % 16 || (a, b) == (9, 0))
        }
        _ => false,
    };
    let is_same = |pair: &[char]| matches!(pair, [a, b] if a == b);
    let pairs = || plain.windows(2);
    let is_given_to_all = plain.len() < 4 || pairs().all(is_run) || pairs().all(is_same);
    (!is_given_to_all).then_some(serial)
}
