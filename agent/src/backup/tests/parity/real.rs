//! Parity through a real file system.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use domfleet_shared::id::DriveId;
use domfleet_shared::operation::backup::{RestoreFolder, RestoreTo};
use serde_json::Value;

use super::*;
use crate::backup::cipher::Keyring;
use crate::backup::files::DiskFiles;
use crate::backup::folder;
use crate::backup::identity::Identity;
use crate::backup::prepare::prepare;
use crate::backup::to_folder;
use crate::works::Work;
use crate::works::backups::carry_out_on;

fn chunks(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(chunks(&path)),
            false if path.parent().unwrap().ends_with("c") => found.push(path),
            false => {}
        }
    }
    found.sort();
    found
}

#[test]
fn a_disk_of_several_chunks_is_mended_through_a_real_file_system() {
    let there = tempfile::tempdir().unwrap();
    let (disk, config) = (there.path().join("a.raw"), there.path().join("a.cfg"));
    let noise = |at: u32| *blake3::hash(&at.to_le_bytes()).as_bytes();
    let content: Vec<u8> = (0..).flat_map(noise).take((70 << 20) + 512).collect();
    fs::write(&disk, &content).unwrap();
    let text = format!("name = 'a'\ndisk = ['{},raw,xvda,w']\n", disk.display());
    fs::write(&config, text).unwrap();
    fs::create_dir(there.path().join("drive")).unwrap();
    let medium = folder::Folder::open(&there.path().join("drive")).unwrap();
    let clock = Clock::new(|| Timestamp::from_millis(5));
    let width = Width::of_the_machine();
    let tools =
        Tools { medium: &medium, keys: &Keyring::EMPTY, clock: &clock, meter: &Unwatched, width };
    let prepared = prepare(std::slice::from_ref(&config), clock.now()).unwrap();
    let set = prepared.plan.set;
    create(tools, &prepared.plan, &prepared.configs, &DiskFiles).unwrap();

    let protected = protect(tools, set).unwrap();

    // A tenth, and the hashes of the blocks.
    assert!((7 << 20..8 << 20).contains(&protected.bytes), "{}", protected.bytes);
    let chunks = chunks(&there.path().join("drive"));
    assert_eq!(chunks.len(), 2);
    for chunk in &chunks {
        let file = OpenOptions::new().write(true).open(chunk).unwrap();
        let bytes = file.metadata().unwrap().len();
        // A stretch of a tenth but for one block, from an odd place on.
        let stretch = usize::try_from(bytes / 10).unwrap() / BLOCK * BLOCK - BLOCK;
        file.write_all_at(&vec![0x5a; stretch], bytes / 3).unwrap();
    }
    let sealed = Sealed::open(tools, set).unwrap();
    let vm = &sealed.manifest.vms[0];
    let to = tempfile::tempdir().unwrap();
    let restored = to_folder::restore(&sealed, vm, to.path(), None, &Identity::own(vm)).unwrap();
    assert!(fs::read(&restored.disks[0]).unwrap() == content);
    assert_eq!(sealed.mended.places().len(), 2, "{:?}", sealed.mended.places());

    let repaired = repair(tools, set).unwrap();

    assert_eq!((repaired.proof.damages.len(), repaired.mended.len()), (0, 2), "{repaired:?}");
    let sealed = Sealed::open(tools, set).unwrap();
    let to = tempfile::tempdir().unwrap();
    let restored = to_folder::restore(&sealed, vm, to.path(), None, &Identity::own(vm)).unwrap();
    assert!(fs::read(&restored.disks[0]).unwrap() == content);
    assert!(sealed.verified.is_some() && sealed.mended.places().is_empty());
}

#[test]
fn what_an_operation_has_protected_it_restores_from_a_damaged_drive_and_says_so() {
    let there = tempfile::tempdir().unwrap();
    let (disk, config) = (there.path().join("a.raw"), there.path().join("a.cfg"));
    let content: Vec<u8> =
        (0_u32..).flat_map(|at| (at ^ (at >> 5)).to_le_bytes()).take(9 << 20).collect();
    fs::write(&disk, &content).unwrap();
    fs::write(&config, format!("name = 'a'\ndisk = ['{},raw,xvda,w']\n", disk.display())).unwrap();
    let root = there.path().join("drive");
    fs::create_dir(&root).unwrap();
    let medium = folder::Folder::open(&root).unwrap();
    let clock = Clock::new(|| Timestamp::from_millis(5));
    let (drive, to) = (DriveId::new(), there.path().join("restored"));
    let work = |work: &Work| {
        let said = carry_out_on(
            &medium,
            (drive, there.path()),
            work,
            (&Keyring::EMPTY, &clock, &Unwatched),
        );
        said.unwrap()
    };
    let set = work(&Work::BackUp {
        drive,
        configs: vec![config.clone()],
        key: None,
        parity: true,
        snapshots: Vec::new(),
        keep: None,
    });
    let set = &set["sets"][0];
    assert_eq!(set["is_protected"], true, "{set:#}");
    for chunk in chunks(&root) {
        let file = OpenOptions::new().write(true).open(chunk).unwrap();
        let bytes = file.metadata().unwrap().len();
        file.write_all_at(&[0x5a; 10], bytes / 2).unwrap();
    }

    let vm = set["vms"][0]["uuid"].as_str().unwrap().parse().unwrap();
    let path = to.display().to_string();
    let to_folder = RestoreTo::Folder(RestoreFolder { path, format: None });
    let restored = work(&Work::RestoreVm { drive, set: None, vm, to: to_folder, as_other: None });
    let verified = work(&Work::VerifySets { drive, set: None });

    assert!(fs::read(to.join("a-xvda.raw")).unwrap() == content);
    assert_eq!(restored["mended"].as_array().unwrap().len(), 1, "{restored:#}");
    let set = &verified["sets"][0];
    // Damaged, and to be repaired.
    assert_eq!((&set["verified_at"], &set["is_protected"]), (&Value::Null, &Value::Bool(true)));
    assert_eq!(set["troubles"].as_array().unwrap().len(), 1, "{set:#}");
}
