//! Backups that another program has made.

use std::os::unix::fs::symlink;
use std::path::Path;

use super::*;
use crate::backup::files::DiskFiles;
use crate::backup::folder::Folder;
use crate::backup::import::{Foreign, look};
use crate::backup::prepare::Blockers;
use crate::image::qcow2::{CLUSTER_BITS, NewImage};

/// A folder of somebody's, in one in which there is something else, too.
struct Strange(tempfile::TempDir);

impl Strange {
    fn new() -> Self {
        let strange = Self(tempfile::tempdir().unwrap());
        std::fs::create_dir(strange.path()).unwrap();
        strange
    }

    fn path(&self) -> std::path::PathBuf {
        self.0.path().join("backup")
    }

    fn file(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    fn config(&self, name: &str, disks: &[&str]) {
        let disks: Vec<String> = disks.iter().map(|disk| format!("'{disk}'")).collect();
        let disks = disks.join(", ");
        self.file(
            &format!("{name}.cfg"),
            format!("name = '{name}'\nmemory = 64\ndisk = [{disks}]\n"),
        );
    }

    fn look(&self) -> Result<Foreign, Blockers> {
        look(&self.path(), Timestamp::from_millis(3))
    }

    fn blockers(&self) -> Vec<String> {
        let Blockers(blockers) = self.look().unwrap_err();
        blockers
    }
}

/// A qcow2 image of one cluster full of `byte`.
fn qcow2(byte: u8) -> Vec<u8> {
    let mut file = Vec::new();
    let mut write = |part: &[u8], at: u64| {
        let at = usize::try_from(at).unwrap();
        file.resize(file.len().max(at + part.len()), 0);
        file[at..at + part.len()].copy_from_slice(part);
        Ok(())
    };
    let mut image = NewImage::new(1 << 20, CLUSTER_BITS).unwrap();
    image.put(0, &vec![byte; 65_536], &mut write).unwrap();
    let header = image.finish(&mut write).unwrap();
    write(&header, 0).unwrap();
    file
}

#[test]
fn a_folder_of_images_and_configurations_becomes_a_verified_set_that_says_where_it_came_from() {
    let strange = Strange::new();
    strange.config("pbx", &["/vm/pbx.qcow2,qcow2,xvda,w", "/iso/tools.iso,raw,hdc:cdrom,r"]);
    strange.config("door", &["format=raw, vdev=xvda, access=rw, target=/dev/vg0/door.img"]);
    strange.file("disks/pbx.qcow2", qcow2(7));
    strange.file("disks/door.img", [9; 4_096]);
    strange.file("README", "made by somebody");
    let Foreign { prepared, unused } = strange.look().unwrap();
    let to = tempfile::tempdir().unwrap();
    let folder = Folder::open(to.path()).unwrap();
    let clock = Clock::new(|| Timestamp::from_millis(5));
    let width = Width::threads(1);
    let tools = Tools { medium: &folder, keys: &KEYLESS, clock: &clock, meter: &Unwatched, width };

    create(tools, &prepared.plan, &prepared.configs, &DiskFiles).unwrap();

    let listed = list::list(&folder).unwrap().remove(0);
    assert!(listed.verified.is_some());
    let from = strange.path().canonicalize().unwrap();
    assert_eq!(listed.plan.imported_from.as_deref(), from.to_str());
    assert_eq!(unused, [from.join("README")]);
    let sealed = Sealed::open(tools, listed.set).unwrap();
    let vm = sealed.manifest.vms.iter().find(|vm| vm.name == "pbx").unwrap();
    let text = String::from_utf8(sealed.config(vm).unwrap()).unwrap();
    assert!(text.contains("/vm/pbx.qcow2"), "{text}");
    assert_eq!(vm.left_out[0].vdev, "hdc");
    let disk = crate::image::disk::Disk::open(&from.join("disks/pbx.qcow2"), Some(Format::Qcow2));
    let (mut disk, mut first) = (disk.unwrap(), [0; 4_096]);
    disk.read(0, &mut first).unwrap();
    assert_eq!(first, [7; 4_096]);
    assert_eq!(vm.disks[0].data_bytes, 1 << 20);
}

#[test]
fn an_interrupted_import_goes_on_with_the_set_that_it_has_begun() {
    let strange = Strange::new();
    strange.config("pbx", &["/vm/pbx.raw,raw,xvda,w"]);
    strange.file("pbx.raw", [1; 4_096]);
    let first = strange.look().unwrap().prepared;
    let again = strange.look().unwrap().prepared;

    let begun = again.as_begun(&first.plan).unwrap();

    assert_eq!(begun.plan, first.plan);
}

#[test]
fn two_files_that_may_be_the_same_disk_are_a_question() {
    let strange = Strange::new();
    strange.config("pbx", &["/vm/disk.raw,raw,xvda,w"]);
    strange.file("monday/disk.raw", [1; 512]);
    strange.file("tuesday/disk.raw", [2; 512]);

    let blockers = strange.blockers();

    assert!(blockers[0].contains("monday/disk.raw") && blockers[0].contains("tuesday/disk.raw"));
}

#[test]
fn all_that_is_missing_or_unfit_is_told_at_once() {
    let strange = Strange::new();
    strange.config("a", &["/vm/a.qcow2,qcow2,xvda,w"]);
    strange.config("b", &["/vm/b.raw,raw,xvda,w", "/vm/,raw,xvdb,w", "/vm/..,raw,xvdc,w"]);
    strange.file("a.qcow2", "no image");

    let blockers = strange.blockers();

    assert_eq!(blockers.len(), 4, "{blockers:?}");
    assert!(blockers[0].contains("cannot be backed up as it is"), "{blockers:?}");
    assert!(blockers[1].contains("no file \"b.raw\""), "{blockers:?}");
}

#[test]
fn no_path_and_no_link_leads_out_of_the_folder() {
    let strange = Strange::new();
    let secret = strange.0.path().join("secret");
    std::fs::write(&secret, [5; 512]).unwrap();
    strange.config("a", &[&format!("{},raw,xvda,w", secret.display()), "../secret,raw,xvdb,w"]);
    assert_eq!(strange.blockers().len(), 2);

    symlink(&secret, strange.path().join("secret")).unwrap();
    assert_eq!(strange.blockers().len(), 2);

    std::fs::remove_file(strange.path().join("secret")).unwrap();
    symlink(strange.0.path(), strange.path().join("folder")).unwrap();
    assert_eq!(strange.blockers().len(), 2);

    std::fs::remove_file(strange.path().join("folder")).unwrap();
    std::fs::rename(strange.path().join("a.cfg"), strange.0.path().join("a.cfg")).unwrap();
    symlink(strange.0.path().join("a.cfg"), strange.path().join("a.cfg")).unwrap();
    assert!(strange.blockers()[0].contains("no xl configuration"));
}

/// A qcow2 image whose header says that it is based on `backing`.
fn based_on(backing: &str) -> Vec<u8> {
    let mut image = qcow2(3);
    // The name lies behind the header and its extensions, in the first cluster.
    let at = 4_096;
    image[8..16].copy_from_slice(&(at as u64).to_be_bytes());
    image[16..20].copy_from_slice(&u32::try_from(backing.len()).unwrap().to_be_bytes());
    image[at..at + backing.len()].copy_from_slice(backing.as_bytes());
    image
}

#[test]
fn an_image_is_not_taken_that_reads_from_outside_of_the_folder() {
    let strange = Strange::new();
    let secret = strange.0.path().join("secret.qcow2");
    std::fs::write(&secret, qcow2(5)).unwrap();
    strange.config("a", &["/vm/a.qcow2,qcow2,xvda,w"]);
    for name in [secret.to_str().unwrap(), "../secret.qcow2", "link"] {
        symlink(&secret, strange.path().join("link")).unwrap();
        strange.file("a.qcow2", based_on(name));

        let blockers = strange.blockers();

        assert!(blockers[0].contains("not in the folder"), "{name}: {blockers:?}");
        std::fs::remove_file(strange.path().join("link")).unwrap();
    }
    strange.file("base.qcow2", qcow2(5));
    strange.file("a.qcow2", based_on("base.qcow2"));
    assert_eq!(strange.look().unwrap().unused, Vec::<std::path::PathBuf>::new());
}

#[test]
fn a_configuration_without_end_is_refused_and_costs_little() {
    let strange = Strange::new();
    let disks = "/vm/a.raw,raw,xvda,w";
    strange.config("a", &vec![disks; 9_000]);
    strange.file("a.raw", [1; 512]);
    assert!(strange.blockers()[0].contains("no VM has 9000 disks"));

    let missing = "/vm/missing,raw,xvda,w";
    strange.config("a", &vec![missing; 900]);
    assert_eq!(strange.blockers().len(), 51);
}

#[test]
fn a_folder_that_holds_no_vm_says_so() {
    let strange = Strange::new();
    strange.file("pbx.qcow2", qcow2(1));
    // One without disks is of no use, and one of our sets is ours.
    strange.config("bare", &[]);
    strange.file("DOMFLEET/sets/x/config.xl", "name = 'x'\ndisk = ['/x,raw,xvda,w']\n");

    assert!(strange.blockers()[0].contains("no xl configuration"));
    assert!(look(Path::new("/nonexistent"), Timestamp::from_millis(1)).is_err());
}
