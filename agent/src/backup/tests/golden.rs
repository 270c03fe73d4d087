//! Sets that were written by builds before this one.

use std::fs;
use std::path::{Path, PathBuf};

use super::*;
use crate::backup::compare::compare as compare_with;
use crate::backup::parity::{protect, repair};

/// The documents of a set of the first build that wrote any, which knew nothing of the appliance's own
/// files and of foreign backups.
const DOCUMENTS: [(&str, &[u8]); 4] = [
    ("plan.json", include_bytes!("../../../testdata/backup-set-1/plan.json")),
    ("set.json", include_bytes!("../../../testdata/backup-set-1/set.json")),
    ("journal.a", include_bytes!("../../../testdata/backup-set-1/journal.a")),
    ("journal.b", include_bytes!("../../../testdata/backup-set-1/journal.b")),
];

#[test]
fn the_documents_of_the_first_build_are_read_and_count_as_before() {
    let drive = Drive::new();
    for folder in ["DOMFLEET", "DOMFLEET/sets"] {
        drive.make_folder(folder).unwrap();
    }
    for (name, content) in DOCUMENTS {
        drive.leave(&format!("DOMFLEET/sets/{}/{name}", plan().set), content);
    }
    drive.make_folder(&format!("DOMFLEET/sets/{}", plan().set)).unwrap();

    let listed = list::list(&drive).unwrap().remove(0);

    assert!(listed.verified.is_some(), "{:?}", listed.trouble);
    let manifest = listed.manifest.unwrap();
    assert_eq!(manifest.appliance, []);
    assert_eq!(manifest.disks().count(), 4);
    assert_eq!((listed.plan.imported_from, listed.plan.vms), (None, plan().vms));
    // What is written of them again is what was there, byte by byte.
    let again = serde_json::to_vec_pretty(&manifest).unwrap();
    assert!(again == DOCUMENTS[1].1);
}

/// All files of the sets, with parity: one that everybody can read, and one that is encrypted.
const WHOLE: [(&str, bool); 2] = [("backup-set-1-whole", false), ("backup-set-2", true)];
/// Set to write anew what builds from now on are held against.
const WRITE: &str = "DOMFLEET_WRITE_GOLDEN";

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata").join(name)
}

fn write_golden(name: &str, is_encrypted: bool) {
    let (drive, guests) = (Drive::new(), Guests::new());
    let key = is_encrypted.then(|| key().name());
    let plan = Plan { key, format: documents::format(key), parity: true, ..plan() };
    with_tools(&drive, |tools| {
        create(tools, &plan, &configs(), &guests).unwrap();
        protect(tools, plan.set).unwrap();
    });
    // Nothing of what was written before stays among it.
    fs::remove_dir_all(folder(name)).ok();
    for (path, content) in drive.kept() {
        let path = folder(name).join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
}

/// Puts what is in the folder onto the drive.
fn lay(drive: &Drive, root: &Path, folder: &Path) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.strip_prefix(root).unwrap().to_str().unwrap();
        if path.is_dir() {
            drive.make_folder(name).unwrap();
            lay(drive, root, &path);
        } else {
            drive.leave(name, &fs::read(&path).unwrap());
        }
    }
}

#[test]
fn sets_of_earlier_builds_are_read_back_mended_and_restored() {
    for (name, is_encrypted) in WHOLE {
        if std::env::var_os(WRITE).is_some() {
            write_golden(name, is_encrypted);
        }
        let drive = Drive::new();
        lay(&drive, &folder(name), &folder(name));
        let guests = Guests::new();
        let whole = drive.kept();

        let listed = list::list(&drive).unwrap().remove(0);
        assert!(listed.is_protected && listed.verified.is_some(), "{name}: {:?}", listed.trouble);
        assert_eq!(prove(&drive).unwrap().damages, [], "{name}");
        with_tools(&drive, |tools| {
            let sealed = Sealed::open(tools, plan().set).unwrap();
            assert!(compare_with(&sealed, None, &guests).unwrap().same, "{name}");
            assert_eq!(sealed.appliance().unwrap(), guests.appliance());
        });

        let chunk = whole.keys().find(|name| name.contains("/c/")).unwrap();
        drive.tamper(chunk, |content| content[100] ^= 1);
        assert_ne!(prove(&drive).unwrap().damages, [], "{name}");
        with_tools(&drive, |tools| repair(tools, plan().set)).unwrap();
        assert_eq!(prove(&drive).unwrap().damages, [], "{name}");
        with_tools(&drive, |tools| {
            let sealed = Sealed::open(tools, plan().set).unwrap();
            assert!(compare_with(&sealed, None, &guests).unwrap().same, "{name}");
        });
    }
}
