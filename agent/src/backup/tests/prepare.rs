//! What stands in the way of a backup, and what it is made of.

use std::io::BufRead as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use domfleet_shared::Timestamp;

use crate::backup::prepare::{Blockers, Prepared, prepare};

fn config(folder: &Path, name: &str, rest: &str) -> PathBuf {
    let path = folder.join(format!("{name}.cfg"));
    std::fs::write(&path, format!("name = '{name}'\nmemory = 64\n{rest}\n")).unwrap();
    path
}

fn raw(folder: &Path, name: &str) -> String {
    let path = folder.join(name);
    std::fs::write(&path, vec![7; 4_096]).unwrap();
    path.display().to_string()
}

fn look(configs: &[PathBuf]) -> Result<Prepared, Blockers> {
    prepare(configs, Timestamp::from_millis(1))
}

#[test]
fn a_disk_that_someone_writes_to_is_not_backed_up() {
    let folder = tempfile::tempdir().unwrap();
    let disk = raw(folder.path(), "disk");
    let vm = config(folder.path(), "a", &format!("disk = ['{disk},raw,xvda,w']"));
    #[expect(
        clippy::disallowed_methods,
        reason = "not on dom0, and it ends with its standard input"
    )]
    let mut writer = std::process::Command::new("sh")
        .args(["-c", &format!("exec 3<>'{disk}' && echo open && read end")])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = String::new();
    std::io::BufReader::new(writer.stdout.take().unwrap()).read_line(&mut said).unwrap();
    assert_eq!(said, "open\n");

    let Blockers(blockers) = look(std::slice::from_ref(&vm)).unwrap_err();

    drop(writer.stdin.take());
    writer.wait().unwrap();
    assert!(blockers[0].contains("writes to"), "{blockers:?}");
    assert!(look(&[vm]).is_ok());
}

#[test]
fn all_that_stands_in_the_way_is_told_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let (one, other) = (raw(folder.path(), "one"), folder.path().join("missing"));
    let a = config(folder.path(), "a", &format!("disk = ['{one},raw,xvda,w']"));
    let missing = format!("disk = ['{},qcow2,xvda,w']", other.display());
    let b = config(folder.path(), "b", &missing);
    let c = config(folder.path(), "c", &format!("disk = ['{one},raw,xvda,w']"));
    let nobody = folder.path().join("nobody.cfg");
    std::fs::write(&nobody, "memory = 64\n").unwrap();

    let Blockers(blockers) = look(&[a, b, c, nobody]).unwrap_err();

    for word in ["missing", "is a disk of a and of c", "is no xl configuration"] {
        assert!(blockers.iter().any(|why| why.contains(word)), "{word}: {blockers:?}");
    }
}

#[test]
fn a_cd_is_left_out_and_the_other_disks_keep_their_places() {
    let folder = tempfile::tempdir().unwrap();
    let (cd, disk) = (raw(folder.path(), "cd.iso"), raw(folder.path(), "disk"));
    let disks = format!("disk = [',hdc:cdrom,r', '{cd},raw,hdd:cdrom,r', '{disk},raw,xvda,w']");
    let vm = config(folder.path(), "a", &disks);

    let plan = look(&[vm]).unwrap().plan;

    let vm = &plan.vms[0];
    assert!(vm.is_uuid_made_up);
    assert_eq!(vm.disks.iter().map(|disk| disk.number).collect::<Vec<_>>(), [2]);
    assert_eq!(
        vm.left_out.iter().map(|disk| disk.vdev.as_str()).collect::<Vec<_>>(),
        ["hdc", "hdd"]
    );
}
