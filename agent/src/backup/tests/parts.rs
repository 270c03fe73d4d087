//! On real parts: `qemu-img` makes the disks, LVM2 the volumes, ext4 holds the set.
//!
//! This kernel may have no device-mapper. LVM's own programs work all the same, and say where on its
//! disk a volume lies: a loop device of that part is the volume then.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use crate::backup::cipher::Keyring;
use crate::backup::direct::DirectFile;
use crate::backup::files::DiskFiles;
use crate::backup::folder::Folder;
use crate::backup::identity::Identity;
use crate::backup::prepare::prepare;
use crate::backup::restore::Sealed;
use crate::backup::tools::Tools;
use crate::backup::volumes::{Group, VolumeError, Volumes};
use crate::backup::{create, pipeline::Width, to_folder, to_volumes, verify};
use crate::clock::Clock;
use crate::dom0::Dom0Error;
use crate::dom0::xen::command::{self, Output};
use crate::meter::Unwatched;

/// So many disks, each of another kind; `make prove` takes more.
fn disks() -> u64 {
    std::env::var("DOMFLEET_PROVE_DISKS").ok().and_then(|count| count.parse().ok()).unwrap_or(20)
}

fn run(program: &str, arguments: &[&str]) -> Result<Output, Dom0Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(command::run(program, arguments, std::time::Duration::from_mins(2)))
}

fn succeed(program: &str, arguments: &[&str]) -> String {
    run(program, arguments).unwrap().success(program).unwrap().text()
}

/// A disk that is a file; it goes when this does.
struct Loop(String);

impl Loop {
    fn of(file: &Path, part: Option<(u64, u64)>) -> Self {
        let file = file.to_str().unwrap();
        let device = match part {
            None => succeed("losetup", &["--find", "--show", file]),
            Some((offset, bytes)) => {
                let (offset, bytes) = (offset.to_string(), bytes.to_string());
                let part = ["--offset", offset.as_str(), "--sizelimit", bytes.as_str()];
                succeed("losetup", &[&["--find", "--show"], part.as_slice(), &[file]].concat())
            }
        };
        Self(device.trim().to_owned())
    }
}

impl Drop for Loop {
    fn drop(&mut self) {
        drop(run("losetup", &["--detach", &self.0]));
    }
}

/// A volume group on a file full of what someone else left there.
struct Lvm {
    folder: tempfile::TempDir,
    disk: Loop,
    volumes: Mutex<Vec<Loop>>,
}

const GROUP: &str = "domfleet_test";

impl Lvm {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("disk");
        std::fs::write(&file, vec![0xa5; 96 << 20]).unwrap();
        let lvm = Self { disk: Loop::of(&file, None), folder, volumes: Mutex::default() };
        lvm.run("pvcreate", &["-y", &lvm.disk.0]).unwrap();
        lvm.run("vgcreate", &["-s", "1m", GROUP, &lvm.disk.0]).unwrap();
        lvm
    }

    /// Sees this disk and no other, and asks the kernel for nothing.
    fn run(&self, program: &str, arguments: &[&str]) -> Result<Vec<u8>, Dom0Error> {
        let system = self.folder.path().display();
        let config = format!(
            "devices {{ filter=[\"a|^{}$|\",\"r|.*|\"] use_devicesfile=0 }} global {{ \
             locking_dir=\"{system}/lock\" }} activation {{ udev_sync=0 monitoring=0 }} backup {{ \
             backup=0 archive=0 }}",
            self.disk.0
        );
        let common = ["--driverloaded", "n", "--config", &config];
        let arguments: Vec<&str> = common.into_iter().chain(arguments.iter().copied()).collect();
        Ok(run(program, &arguments)?.success(program)?.stdout)
    }
}

/// LVM's volumes, as loop devices.
struct OnLoops<'l> {
    lvm: &'l Lvm,
    group: Group<'l>,
}

impl Volumes for OnLoops<'_> {
    type Device = DirectFile;

    fn tags(&self, name: &str) -> Result<Option<BTreeSet<String>>, VolumeError> {
        self.group.tags(name)
    }

    fn room_for(&self, sizes: &[u64]) -> Result<(u64, u64), VolumeError> {
        self.group.room_for(sizes)
    }

    fn create(&self, name: &str, bytes: u64, tag: &str) -> Result<PathBuf, VolumeError> {
        self.group.create(name, bytes, tag)?;
        let plain = ["--noheadings", "--units", "b", "--nosuffix", "--separator", "|", "-o"];
        let ask = |program: &str, rest: &[&str]| -> Result<Vec<String>, VolumeError> {
            let said = self.lvm.run(program, &[plain.as_slice(), rest].concat())?;
            let said = String::from_utf8(said).unwrap();
            Ok(said.trim().split('|').map(str::to_owned).collect())
        };
        let which = format!("{GROUP}/{name}");
        let segment = ask("lvs", &["seg_size,seg_pe_ranges", "--segments", &which])?;
        let disk = ask("pvs", &["pe_start,vg_extent_size", &self.lvm.disk.0])?;
        let number = |text: &str| text.parse::<u64>().unwrap();
        // `/dev/loop3:5-8`: the extents from 5 to 8.
        let first = segment[1].rsplit_once(':').unwrap().1.split_once('-').unwrap().0;
        let (start, extent) = (number(&disk[0]), number(&disk[1]));
        let part = (start + number(first) * extent, number(&segment[0]));
        let device = Loop::of(Path::new(&self.lvm.disk.0), Some(part));
        let path = PathBuf::from(&device.0);
        self.lvm.volumes.lock().unwrap().push(device);
        Ok(path)
    }

    fn remove(&self, name: &str, tag: &str) -> Result<(), VolumeError> {
        self.group.remove(name, tag)
    }

    fn discard(&self, name: &str, tag: &str) -> Result<(), VolumeError> {
        self.group.discard(name, tag)
    }

    fn open(&self, path: &Path) -> io::Result<DirectFile> {
        self.group.open(path)
    }

    fn publish(&self, draft: &str, name: &str) -> Result<(), VolumeError> {
        self.group.publish(draft, name)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.group.path(name)
    }
}

/// A disk of the `n`-th kind.
fn make_disk(folder: &Path, n: u64) -> PathBuf {
    let path = folder.join(format!("{n}.qcow2"));
    let image = path.to_str().unwrap();
    let bytes = [3 << 20, (5 << 20) + 512, 8 << 20, (1 << 20) - 512, 4_096]
        [usize::try_from(n % 5).unwrap()];
    let size = bytes.to_string();
    let compat = if n.is_multiple_of(2) { "compat=1.1" } else { "compat=0.10" };
    let base = folder.join(format!("{n}.base"));
    if n % 4 == 3 {
        let base = base.to_str().unwrap();
        succeed("qemu-img", &["create", "-q", "-f", "qcow2", base, &size]);
        succeed("qemu-io", &["-c", &format!("write -P 3 0 {}", bytes.min(1 << 20)), base]);
        succeed(
            "qemu-img",
            &["create", "-q", "-f", "qcow2", "-b", base, "-F", "qcow2", image, &size],
        );
    } else {
        let cluster = format!("{compat},cluster_size={}", 512 << (n % 8));
        succeed("qemu-img", &["create", "-q", "-f", "qcow2", "-o", &cluster, image, &size]);
    }
    // Sparse, fragmented, dense, compressed: by a few dice.
    let mut dice = n.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut roll = |sides: u64| {
        dice ^= dice << 13;
        dice ^= dice >> 7;
        dice ^= dice << 17;
        dice % sides
    };
    for write in 0..(n % 7) * 3 {
        let at = roll(bytes / 512) * 512;
        let length = (roll(200) * 512 + 512).min(bytes - at);
        let pattern = roll(256);
        let command = match (n % 6, write % 3) {
            (4, 0) => {
                format!("write -c -P {pattern} {} 64k", at / 65_536 * 65_536 % bytes.max(65_537))
            }
            (_, 2) => format!("write -z {at} {length}"),
            _ => format!("write -P {pattern} {at} {length}"),
        };
        // Some do not fit, as a compressed write does not into a small disk: then it is not made.
        drop(run("qemu-io", &["-c", &command, image]));
    }
    path
}

#[test]
fn disks_of_every_kind_come_back_from_a_set_onto_volumes_and_into_images_byte_by_byte() {
    let drive = tempfile::tempdir().unwrap();
    let file = drive.path().join("drive");
    succeed("truncate", &["-s", "300M", file.to_str().unwrap()]);
    succeed("mkfs.ext4", &["-q", file.to_str().unwrap()]);
    let mounted = drive.path().join("mounted");
    std::fs::create_dir(&mounted).unwrap();
    succeed("mount", &["-o", "loop", file.to_str().unwrap(), mounted.to_str().unwrap()]);
    let _unmount = Unmount(mounted.clone());

    for round in 0..disks().div_ceil(5) {
        let (lvm, images) = (Lvm::new(), tempfile::tempdir().unwrap());
        let paths: Vec<PathBuf> =
            (round * 5..round * 5 + 5).map(|n| make_disk(images.path(), n)).collect();
        let specs = paths.iter().enumerate().map(|(n, path)| {
            format!("'format=qcow2,vdev=xvd{n},access=rw,target={}'", path.display())
        });
        let specs = specs.collect::<Vec<_>>().join(", ");
        let config = images.path().join("vm.cfg");
        std::fs::write(&config, format!("name = 'vm{round}'\nmemory = 64\ndisk = [ {specs} ]\n"))
            .unwrap();
        let folder = Folder::open(&mounted).unwrap();
        let clock = Clock::of_the_machine();
        let width = Width::of_the_machine();
        let tools = Tools {
            medium: &folder,
            keys: &Keyring::EMPTY,
            clock: &clock,
            meter: &Unwatched,
            width,
        };
        let prepared = prepare(&[config], clock.now()).unwrap();

        create(tools, &prepared.plan, &prepared.configs, &DiskFiles).unwrap();

        assert!(verify(tools, prepared.plan.set).unwrap().damages.is_empty());
        let sealed = Sealed::open(tools, prepared.plan.set).unwrap();
        let vm = &sealed.manifest.vms[0];
        let in_lvm = |program: &str, arguments: &[&str]| lvm.run(program, arguments);
        let mut group = Group::open(GROUP, &in_lvm).unwrap();
        group.activation = "-an";
        let on_loops = OnLoops { lvm: &lvm, group };
        let identity = Identity::own(vm);
        to_volumes::restore(&sealed, vm, &on_loops, images.path(), &identity).unwrap();
        for (path, volume) in paths.iter().zip(lvm.volumes.lock().unwrap().iter()) {
            let (path, volume) = (path.to_str().unwrap(), volume.0.as_str());
            let said = run("qemu-img", &["compare", "-f", "qcow2", "-F", "raw", path, volume]);
            assert_eq!(said.unwrap().code, Some(0), "{path} is not what is on its volume");
            // And back into an image.
            let back = format!("{path}.back");
            succeed("qemu-img", &["convert", "-f", "raw", "-O", "qcow2", volume, &back]);
            let said = run("qemu-img", &["compare", "-f", "qcow2", "-F", "qcow2", path, &back]);
            assert_eq!(said.unwrap().code, Some(0), "{path} is not what came back");
        }
        let restored = tempfile::tempdir().unwrap();
        let restored = to_folder::restore(&sealed, vm, restored.path(), None, &identity)
            .map(|done| (done, restored));
        let (restored, _folder) = restored.unwrap();
        for (path, image) in paths.iter().zip(&restored.disks) {
            let (path, image) = (path.to_str().unwrap(), image.to_str().unwrap());
            succeed("qemu-img", &["check", "-q", "-f", "qcow2", image]);
            let said = run("qemu-img", &["compare", "-f", "qcow2", "-F", "qcow2", path, image]);
            assert_eq!(said.unwrap().code, Some(0), "{path} is not what is in {image}");
        }
        assert_eq!(on_loops.tags("vm").unwrap(), None);
        let name = format!("vm{round}-xvd0");
        let tags = on_loops.tags(&name).unwrap().unwrap();
        assert!(
            tags.contains("domfleet.state.verified") && tags.contains("domfleet.managed"),
            "{tags:?}"
        );
    }
}

struct Unmount(PathBuf);

impl Drop for Unmount {
    fn drop(&mut self) {
        drop(run("umount", &[self.0.to_str().unwrap()]));
    }
}
