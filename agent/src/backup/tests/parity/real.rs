//! Parity through a real file system.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use super::*;
use crate::backup::files::DiskFiles;
use crate::backup::folder;
use crate::backup::identity::Identity;
use crate::backup::prepare::prepare;
use crate::backup::to_folder;

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
    let tools = Tools { medium: &medium, clock: &clock, meter: &Unwatched, width };
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
