//! Where bytes come in that a stranger may have written: what the fuzzer feeds (`tests/fuzz`), and what the
//! tests feed again with everything that it has found.

use domfleet_shared::id::VmId;
use domfleet_shared::xl_config::{Document, VmConfig};
use uuid::Uuid;

use crate::backup::fuzzing as set;
use crate::dom0::xen::{lvm, xl};

/// Its name, and what takes the bytes.
type Target = (&'static str, fn(&[u8]));

const TARGETS: [Target; 8] = [
    ("xl_config", xl_config),
    ("xl_list", xl_list),
    ("lvm_json", lvm_json),
    ("image", image),
    ("set_index", set::index),
    ("set_manifest", set::manifest),
    ("set_journal", set::journal),
    ("set_parity", set::parity),
];

/// Feeds one of them.
pub fn feed(target: &str, bytes: &[u8]) {
    if let Some((_, take)) = TARGETS.iter().find(|(name, _)| *name == target) {
        take(bytes);
    }
}

/// A VM's configuration. What we write of it must say the same.
fn xl_config(bytes: &[u8]) {
    let Ok(document) = Document::read(bytes) else { return };
    drop(document.check_new());
    let Some(config) = VmConfig::of(&document) else { return };
    let uuid = VmId(Uuid::from_u128(7));
    let Ok(pinned) = document.pinned(uuid, &[]) else { return };
    let again = VmConfig::of(&pinned).map(|again| (again.name, again.disks));
    assert_eq!(again, Some((config.name, config.disks)), "an identity changed what it is for");
    assert_eq!(pinned.pinned(uuid, &[]), Ok(pinned.clone()), "the same twice is not the same");
    drop(document.with_disks(&["xvda".to_owned()], &[]));
}

/// What `xl list` and `xl list -l` print.
fn xl_list(bytes: &[u8]) {
    drop(xl::domains(&String::from_utf8_lossy(bytes)));
    drop(xl::info(&String::from_utf8_lossy(bytes)));
    drop(xl::devices(bytes));
}

/// What `lvs` and `vgs` print: both in one input, cut at the first zero byte.
fn lvm_json(bytes: &[u8]) {
    let cut = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    let (volumes, groups) = bytes.split_at(cut);
    drop(lvm::storage(volumes, groups.get(1..).unwrap_or_default()));
    drop(lvm::storage(bytes, bytes));
}

/// A disk image. One that may be converted must be readable from its first byte to its last.
fn image(bytes: &[u8]) {
    use std::io::Write as _;
    let Ok(memory) = rustix::fs::memfd_create("image", rustix::fs::MemfdFlags::empty()) else {
        return;
    };
    let mut file = std::fs::File::from(memory);
    if file.write_all(bytes).is_err() {
        return;
    }
    let path = format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&file));
    let path = std::path::Path::new(&path);
    let Ok(judgement) = crate::image::check(path, None) else { return };
    if !judgement.convertible || judgement.virtual_bytes > 1 << 26 {
        return;
    }
    let mut disk = crate::image::disk::Disk::open(path, Some(judgement.format))
        .unwrap_or_else(|error| panic!("convertible, and cannot be opened: {error}"));
    let (mut at, mut part) = (0, vec![0; 1 << 16]);
    while at < disk.virtual_bytes() {
        let zeros = disk.zeros(at, disk.virtual_bytes() - at).unwrap_or(0);
        if zeros == 0 {
            let read = disk.read(at, &mut part);
            assert!(read.is_ok(), "convertible, and cannot be read: {read:?}");
        }
        at += zeros.max(part.len() as u64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_the_fuzzer_has_found_is_taken() {
        let corpus = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fuzz/corpus");
        let mut fed = 0;
        for (name, take) in TARGETS {
            let files = std::fs::read_dir(format!("{corpus}/{name}")).unwrap();
            for file in files {
                take(&std::fs::read(file.unwrap().path()).unwrap());
                fed += 1;
            }
        }
        assert!(fed > 7, "there is no corpus");
    }
}
