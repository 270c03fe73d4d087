//! Sets that were written by builds before this one.

use super::*;

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
