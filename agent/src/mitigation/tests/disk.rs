//! Files on a real disk.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use super::super::{OnDisk, System as _};

#[test]
fn a_file_keeps_its_mode_and_leaves_no_other_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    let disk = OnDisk::new(folder.path(), &folder.path().join("data"), "");
    let path = folder.path().join("etc/fstab");
    fs::create_dir(folder.path().join("etc")).unwrap();
    fs::write(&path, "old").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    fs::write(folder.path().join("etc/.fstab.domfleet-new"), "cut off").unwrap();

    disk.replace("/etc/fstab", Some(b"new"), false).unwrap();

    assert_eq!(fs::read(&path).unwrap(), b"new");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
    assert_eq!(disk.names("/etc"), ["fstab"]);
}

#[test]
fn what_is_kept_is_for_nobody_else_and_what_is_removed_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let disk = OnDisk::new(folder.path(), &folder.path().join("data"), "");

    disk.keep("a", b"secret").unwrap();

    let kept = folder.path().join("data/mitigations");
    assert_eq!(fs::metadata(kept.join("a")).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::metadata(&kept).unwrap().permissions().mode() & 0o777, 0o700);
    disk.forget("a").unwrap();
    disk.forget("a").unwrap();
    assert_eq!(disk.kept("a").unwrap(), None);
    assert_eq!(disk.read("/none").unwrap(), None);
}

#[test]
fn in_a_folder_no_command_is_run() {
    let folder = tempfile::tempdir().unwrap();
    let disk = OnDisk::new(folder.path(), folder.path(), "");

    assert!(disk.run("sysctl", &["-a"]).is_err() && !disk.is_live());
}
