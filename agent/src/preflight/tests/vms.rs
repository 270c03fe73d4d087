use std::path::Path;

use domfleet_shared::Timestamp;
use domfleet_shared::id::VmId;
use domfleet_shared::image::Verdict;
use domfleet_shared::inventory::{Vm, VmState};
use domfleet_shared::migration::preflight::{Clock, VmFacts};
use tempfile::TempDir;

use super::super::{Where, Whereabouts, clock, vm_facts};
use super::write;
use crate::meter::Unwatched;

struct OnSdb;

impl Whereabouts for OnSdb {
    fn of(&self, path: &Path) -> Vec<Where> {
        let disk = if path.ends_with("large") { "sda" } else { "sdb" };
        vec![Where { disk: disk.into(), partition: None }]
    }
}

pub(super) fn vm(folder: &TempDir, name: &str, config: &str) -> Vm {
    let config = config.replace('@', &folder.path().display().to_string());
    let text = format!("name = '{name}'\nmemory = 64\n{config}\n");
    write(folder.path(), &[(&format!("{name}.cfg"), &text)]);
    Vm {
        uuid: VmId::new(),
        name: name.into(),
        state: VmState::Off,
        domid: None,
        memory_bytes: 0,
        vcpus: 1,
        disks: Vec::new(),
        macs: Vec::new(),
        qemu_running: None,
        config_path: Some(folder.path().join(format!("{name}.cfg")).display().to_string()),
        managed: false,
        autostart: Some(true),
        started_at: None,
    }
}

fn look(folder: &TempDir, vms: &[Vm]) -> Vec<VmFacts> {
    let saved = folder.path().join("save");
    vm_facts(vms, (&saved, Some("sdb")), &OnSdb, &Unwatched).unwrap()
}

#[test]
fn a_vm_is_what_its_configuration_says_and_its_disks_are_what_they_hold() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &[("save/pbx", "memory")]);
    std::fs::write(folder.path().join("pbx.raw"), vec![7; 1 << 20]).unwrap();
    let pbx = vm(
        &folder,
        "pbx",
        "pci = ['0000:03:00.0']\nusbdevice = 'tablet'\ndisk = [ 'format=raw, vdev=xvda, \
         access=rw, target=@/pbx.raw', 'vdev=hdc, cdrom, format=raw, access=ro', \
         'format=raw, vdev=xvdb, access=rw, target=@/gone' ]",
    );

    let facts = look(&folder, &[pbx]).remove(0);

    assert_eq!(facts.passthrough, ["pci 0000:03:00.0"]);
    assert!(facts.save_file.as_ref().unwrap().ends_with("save/pbx"), "{facts:?}");
    assert_eq!(facts.no_config, None);
    assert_eq!(facts.left_out[0].vdev, "hdc");
    let [disk, gone] = facts.disks.as_slice() else { panic!("{facts:?}") };
    assert_eq!((disk.virtual_bytes, disk.data_bytes), (1 << 20, Some(1 << 20)));
    assert_eq!((disk.verdict, disk.is_convertible), (Some(Verdict::Uncheckable), true));
    assert_eq!(disk.is_on_system_disk, Some(true));
    assert!(gone.unreadable.is_some() && gone.verdict.is_none(), "{gone:?}");
}

#[test]
fn of_a_vm_that_runs_no_verdict_is_given_on_what_it_writes_to() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("pbx.raw"), vec![7; 1 << 20]).unwrap();
    let disk = "disk = [ 'format=raw, vdev=xvda, access=rw, target=@/pbx.raw' ]";
    let running = Vm { domid: Some(3), ..vm(&folder, "pbx", disk) };

    let facts = look(&folder, &[running]).remove(0);

    assert!(facts.is_running);
    assert_eq!((facts.disks[0].verdict, facts.disks[0].virtual_bytes), (None, 1 << 20));
}

#[test]
fn a_disk_that_two_vms_have_is_told_of_both_whatever_they_call_it() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("one"), vec![7; 4096]).unwrap();
    std::os::unix::fs::symlink(folder.path().join("one"), folder.path().join("same")).unwrap();
    let disk =
        |name: &str| format!("disk = [ 'format=raw, vdev=xvda, access=rw, target=@/{name}' ]");
    let vms = [vm(&folder, "a", &disk("one")), vm(&folder, "b", &disk("same"))];

    let facts = look(&folder, &vms);

    assert_eq!(facts[0].disks[0].shared_with, ["b"]);
    assert_eq!(facts[1].disks[0].shared_with, ["a"]);
}

#[test]
fn a_vm_without_a_configuration_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let vm = Vm { config_path: None, ..vm(&folder, "a", "") };

    assert!(look(&folder, &[vm])[0].no_config.is_some());
}

#[test]
fn a_clock_that_stands_before_this_program_was_made_is_not_set() {
    assert_eq!(clock(Timestamp::from_millis(0)), Clock::Unset);
    assert_eq!(clock(Timestamp::from_millis(1_795_000_000_000)), Clock::Set);
}
