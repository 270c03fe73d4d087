//! What LVM takes for the name of a volume, and where the volume is then.

/// Parts of names that LVM keeps for its own hidden volumes.
const RESERVED: [&str; 13] = [
    "_cdata", "_cmeta", "_corig", "_cpool", "_cvol", "_mimage", "_mlog", "_pmspare", "_rimage",
    "_rmeta", "_tdata", "_tmeta", "_vorigin",
];

/// Why `name` cannot be a volume's: LVM refuses some names only after it has begun.
pub fn check_name(name: &str) -> Result<(), &'static str> {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "+_.-".contains(letter);
    let fits = (1..=100).contains(&name.len())
        && name.chars().all(plain)
        && !name.starts_with(['-', '.'])
        && !name.starts_with("snapshot")
        && !name.starts_with("pvmove")
        && !RESERVED.iter().any(|part| name.contains(part));
    if fits {
        return Ok(());
    }
    Err("a volume's name is up to 100 letters, digits and + _ . -, begins with a letter or digit, \
         and is none that LVM keeps for itself, such as snapshot…")
}

/// The paths under which a volume is found in dom0.
pub fn paths(volume_group: &str, name: &str) -> [String; 2] {
    let doubled = |text: &str| text.replace('-', "--");
    [
        format!("/dev/{volume_group}/{name}"),
        format!("/dev/mapper/{}-{}", doubled(volume_group), doubled(name)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_lvm_keeps_for_itself_are_none() {
        let long = "a".repeat(101);
        for name in ["", ".", "..", "-x", "a/b", "a b", "snapshot1", "pvmove0", "x_tdata", &long] {
            assert!(check_name(name).is_err(), "{name:?}");
        }
        for name in ["pbx-root", "win.disk0", "_x", "a+b"] {
            assert!(check_name(name).is_ok(), "{name:?}");
        }
    }
}
