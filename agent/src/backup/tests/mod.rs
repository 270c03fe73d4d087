//! A backup on a simulated drive, cut at every point, and on one with every fault.

mod compare;
mod cuts;
pub(crate) mod drive;
mod duplicate;
mod encrypted;
mod faults;
mod golden;
mod identity;
mod import;
mod last_look;
mod on_drive;
mod parity;
mod parts;
mod prepare;
mod prune;
mod room;
mod snapshots;

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex};

use domfleet_shared::Timestamp;
use domfleet_shared::backup_key::{BackupKey, KeyName};
use domfleet_shared::id::{SetId, VmId};
use domfleet_shared::image::Format;
use uuid::Uuid;

use self::drive::Drive;
use super::appliance::ApplianceFile;
use super::chunk::ChunkId;
use super::cipher::Keyring;
use super::documents::{self, Manifest, Plan, PlannedDisk, PlannedVm};
use super::error::BackupError;
use super::frame::Packer;
use super::geometry::Geometry;
use super::hash::Hash;
use super::medium::Medium as _;
use super::names::DiskId;
use super::pipeline::Width;
use super::restore::Sealed;
use super::source::{Source, Sources};
use super::target::Whole;
use super::tools::Tools;
use super::verify::Proof;
use super::{create, durable, list, verify};
use crate::clock::Clock;
use crate::meter::Unwatched;

static KEYLESS: Keyring = Keyring::EMPTY;

const GEOMETRY: Geometry = Geometry { frame_bytes: 512, chunk_frames: 4 };

/// The disks of all VMs, by path.
#[derive(Clone, Default)]
pub(crate) struct Guests(Arc<Mutex<BTreeMap<String, Guest>>>);

#[derive(Clone, Default)]
struct Guest {
    content: Vec<u8>,
    version: u64,
    /// Whether it looks the same whatever is written to it, as a volume does.
    is_volume: bool,
    /// Once so many frames have been read from it, a VM writes to that disk.
    then_written: Option<(u32, String)>,
}

pub(crate) struct Reading {
    guests: Guests,
    path: String,
    content: Vec<u8>,
}

impl Guests {
    /// Two VMs with two disks each: dense, sparse, odd in size, empty.
    pub(crate) fn new() -> Self {
        let dense: Vec<u8> =
            (0..6_000_u32).map(|n| (n.wrapping_mul(n) >> 3).to_le_bytes()[0]).collect();
        let mut sparse = vec![0; 9_000];
        sparse[4_100..4_200].fill(7);
        sparse[8_990] = 1;
        let text = b"a guest wrote this. ".repeat(180);
        let disks = [
            ("/a0", dense, false),
            ("/a1", sparse, true),
            ("/b0", text, false),
            ("/b1", vec![0; 2_048], true),
        ];
        let guests = disks.map(|(path, content, is_volume)| {
            (path.to_owned(), Guest { content, version: 0, is_volume, then_written: None })
        });
        Self(Arc::new(Mutex::new(guests.into())))
    }

    fn content(&self, path: &str) -> Vec<u8> {
        self.0.lock().unwrap()[path].content.clone()
    }

    pub(crate) fn write(&self, path: &str, at: usize, byte: u8) {
        let mut guests = self.0.lock().unwrap();
        let guest = guests.get_mut(path).unwrap();
        guest.content[at] = byte;
        guest.version += 1;
    }
}

impl Guests {
    /// Has a VM write to `written` once so many frames of `path` have been read.
    fn run_after(&self, frames: u32, path: &str, written: &str) {
        let mut guests = self.0.lock().unwrap();
        guests.get_mut(path).unwrap().then_written = Some((frames, written.to_owned()));
    }

    fn was_read(&self, path: &str) {
        let mut guests = self.0.lock().unwrap();
        let guest = guests.get_mut(path).unwrap();
        match guest.then_written.take() {
            Some((0, written)) => {
                drop(guests);
                self.write(&written, 0, 0xdd);
            }
            Some((frames, written)) => guest.then_written = Some((frames - 1, written)),
            None => {}
        }
    }
}

impl Sources for Guests {
    type Source = Reading;

    fn open(&self, disk: &PlannedDisk) -> io::Result<Reading> {
        let content = self.content(&disk.path);
        Ok(Reading { guests: self.clone(), path: disk.path.clone(), content })
    }

    fn appliance(&self) -> Vec<ApplianceFile> {
        let file = |path: &str, content: &[u8]| ApplianceFile {
            path: path.to_owned(),
            content: content.to_vec(),
        };
        vec![
            file("/etc/network/interfaces", b"auto eth0\niface eth0 inet dhcp\n"),
            file("/etc/hostname", b"pbx-12\n"),
        ]
    }
}

impl Source for Reading {
    fn virtual_bytes(&self) -> u64 {
        self.content.len() as u64
    }

    fn read(&mut self, offset: u64, part: &mut [u8]) -> io::Result<()> {
        let from = usize::try_from(offset).unwrap();
        part.copy_from_slice(&self.guests.content(&self.path)[from..from + part.len()]);
        self.guests.was_read(&self.path);
        Ok(())
    }

    fn zeros(&mut self, offset: u64, most: u64) -> io::Result<u64> {
        let from = usize::try_from(offset).unwrap();
        let zeros = self.content[from..].iter().take_while(|byte| **byte == 0).count() as u64;
        // As a map of clusters tells it: not every zero is known.
        Ok(zeros.min(most) / 1_024 * 1_024)
    }

    fn fingerprint(&self) -> io::Result<Option<Hash>> {
        let guests = self.guests.0.lock().unwrap();
        let guest = &guests[&self.path];
        Ok((!guest.is_volume).then(|| Hash::of(&guest.version.to_le_bytes())))
    }
}

pub(crate) fn plan() -> Plan {
    let guests = Guests::new();
    let disk = |number, path: &str| PlannedDisk {
        number,
        vdev: format!("xvd{number}"),
        path: path.to_owned(),
        format: Format::Qcow2,
        virtual_bytes: guests.content(path).len() as u64,
    };
    let vm = |n: u128, name: &str, disks| PlannedVm {
        uuid: VmId(Uuid::from_u128(n)),
        is_uuid_made_up: false,
        name: name.to_owned(),
        disks,
        left_out: Vec::new(),
    };
    Plan {
        format: documents::format(None),
        key: None,
        set: SetId(Uuid::from_u128(9)),
        created_at: Timestamp::from_millis(1),
        agent: "1".to_owned(),
        geometry: GEOMETRY,
        imported_from: None,
        parity: false,
        vms: vec![
            vm(1, "a", vec![disk(0, "/a0"), disk(1, "/a1")]),
            vm(2, "b", vec![disk(0, "/b0"), disk(1, "/b1")]),
        ],
    }
}

fn configs() -> BTreeMap<VmId, Vec<u8>> {
    [(1, "name='a'\n"), (2, "name='b'\n")]
        .map(|(n, text)| (VmId(Uuid::from_u128(n)), text.as_bytes().to_vec()))
        .into()
}

/// Sets that are not encrypted do not mind the key.
fn with_tools<T>(drive: &Drive, work: impl FnOnce(Tools<'_, Drive>) -> T) -> T {
    with_keys(&Keyring::new(vec![key()]), drive, work)
}

fn with_keys<T>(keys: &Keyring, drive: &Drive, work: impl FnOnce(Tools<'_, Drive>) -> T) -> T {
    let clock = Clock::new(|| Timestamp::from_millis(5));
    let (meter, width) = (&Unwatched, Width::threads(1));
    work(Tools { medium: drive, keys, clock: &clock, meter, width })
}

fn key() -> BackupKey {
    BackupKey::new([0x5a; 32])
}

pub(crate) fn back_up(drive: &Drive, guests: &Guests) -> Result<Proof, BackupError> {
    with_tools(drive, |tools| create(tools, &plan(), &configs(), guests))
}

fn prove(drive: &Drive) -> Result<Proof, BackupError> {
    with_tools(drive, |tools| verify(tools, plan().set))
}

fn is_called_verified(drive: &Drive) -> bool {
    let listed = list::list(drive).unwrap();
    listed.iter().any(|set| set.verified.is_some())
}

fn packer(keys: &Keyring, key: Option<KeyName>, disk: DiskId) -> Packer {
    Packer::new(keys.cipher(key).unwrap().of_disk(plan().set, disk)).unwrap()
}

const VOLUME: &str = "volume";

/// Restores a disk to a volume that is longer than it, full of what someone else left there.
fn restore(from: &Drive, to: &Drive, path: &str) -> Result<Vec<u8>, BackupError> {
    with_tools(from, |tools| {
        let sealed = Sealed::open(tools, plan().set)?;
        let mut all =
            sealed.manifest.vms.iter().flat_map(|vm| vm.disks().map(move |disk| (vm, disk)));
        let (vm, disk) = all.find(|(_, (_, disk))| disk.planned.path == path).unwrap();
        let device = to.open(VOLUME).unwrap().unwrap();
        sealed.restore(vm, disk, Whole::used(device, VOLUME.to_owned()))?;
        Ok(to.kept()[VOLUME].clone())
    })
}

fn used_volume() -> Drive {
    let drive = Drive::new();
    drive.leave(VOLUME, &[0xee; 10_240]);
    drive
}

/// What must hold in every state: what is called verified can be read back, every byte, and is what the
/// guests wrote.
fn nothing_is_claimed_that_is_not_so(drive: &Drive, guests: &Guests) {
    if !is_called_verified(drive) {
        return;
    }
    // As after pulling the plug and another look: what is only remembered does not count.
    let drive = drive.cloned();
    drive.power_up(drive::Left::Nothing);
    let proof = prove(&drive).unwrap();
    assert_eq!(proof.damages, [], "a set that is called verified is damaged");
    assert_restores(&drive, guests);
}

/// What must hold in every state: a file has its name only once all of it is durable.
fn what_has_its_name_is_whole(drive: &Drive) {
    for (name, content) in &drive.kept() {
        let parts: Vec<&str> = name.split('/').collect();
        match parts.as_slice() {
            [.., file] if file.ends_with(durable::UNFINISHED) || file.starts_with("journal.") => {}
            [.., vm, disk, "c", number] => {
                let id = DiskId { vm: vm.parse().unwrap(), number: disk[1..].parse().unwrap() };
                assert_whole_chunk(id, number.parse().unwrap(), content);
            }
            [.., _, _, "p", _] => parity::assert_whole(drive, name, content),
            [.., "parity.json"] => assert!(content.ends_with(b"}"), "{name}"),
            [.., vm, disk, "index"] => {
                let id = DiskId { vm: vm.parse().unwrap(), number: disk[1..].parse().unwrap() };
                let disk = disk_of(id);
                let frames = GEOMETRY.frames(disk.virtual_bytes);
                assert_eq!(content.len() as u64, 64 + frames * 72, "{name} is cut off");
                assert!(content.starts_with(b"domfleet index 1"), "{name} has no beginning");
                assert!(content.len() < 72 || content[content.len() - 64..] != [0; 64], "{name}");
            }
            [.., "plan.json"] => assert!(Plan::decode(content).is_ok(), "{name}"),
            [.., "set.json"] => assert!(Manifest::decode(content).is_ok(), "{name}"),
            [.., vm, "config.xl"] => {
                assert_eq!(*content, configs()[&vm.parse().unwrap()], "{name}")
            }
            [.., "appliance", number] => {
                let files = Guests::new().appliance();
                assert_eq!(*content, files[number.parse::<usize>().unwrap()].content, "{name}");
            }
            other => panic!("what is {other:?}?"),
        }
    }
}

fn disk_of(id: DiskId) -> PlannedDisk {
    let plan = plan();
    let mut disks = plan.disks();
    disks.find(|(_, other, _)| *other == id).map(|(.., disk)| disk.clone()).unwrap()
}

fn assert_whole_chunk(disk: DiskId, number: u64, content: &[u8]) {
    let virtual_bytes = disk_of(disk).virtual_bytes;
    let id = ChunkId { set: plan().set, disk, number, virtual_bytes, geometry: GEOMETRY };
    let mut at = usize::try_from(id.head_bytes()).unwrap();
    let records = content.get(..at).and_then(|head| id.read_head(head));
    let records = records.expect("a chunk has its name and no head");
    for (frame, record) in id.frames().zip(records) {
        let mut stored = content[at..at + usize::try_from(record.stored_bytes).unwrap()].to_vec();
        let mut plain = vec![0; GEOMETRY.place(frame, virtual_bytes).1];
        let unpacked = packer(&KEYLESS, None, disk).unpack(frame, &record, &mut stored, &mut plain);
        assert_eq!(unpacked, Ok(()), "a chunk has its name, and frame {frame} is not in it");
        at += usize::try_from(record.room()).unwrap();
    }
    assert_eq!(at, content.len());
}

fn assert_restores(drive: &Drive, guests: &Guests) {
    for path in ["/a0", "/a1", "/b0", "/b1"] {
        let content = guests.content(path);
        let restored = restore(drive, &used_volume(), path).unwrap();
        assert!(restored[..content.len()] == content, "{path} is not what it was");
        assert!(restored[content.len()..].iter().all(|byte| *byte == 0), "{path} has a tail");
    }
}

#[test]
fn what_was_backed_up_is_verified_listed_and_restored() {
    let (drive, guests) = (Drive::new(), Guests::new());

    let proof = back_up(&drive, &guests).unwrap();

    assert_eq!(proof.damages, []);
    assert!(is_called_verified(&drive));
    assert_restores(&drive, &guests);
}

#[test]
fn the_appliances_own_files_come_back_from_the_set() {
    let (drive, guests) = (Drive::new(), Guests::new());
    back_up(&drive, &guests).unwrap();

    let files = with_tools(&drive, |tools| Sealed::open(tools, plan().set)?.appliance());

    assert_eq!(files.unwrap(), guests.appliance());
}

#[test]
fn a_sealed_set_is_gone_on_with_only_while_its_disks_are_as_they_were() {
    let (drive, guests) = (Drive::new(), Guests::new());
    back_up(&drive, &guests).unwrap();
    let is_as_copied = || create::is_as_copied(&drive, &plan(), &guests).unwrap();

    // Of the volumes nobody can tell.
    assert!(!is_as_copied());

    for guest in guests.0.lock().unwrap().values_mut() {
        guest.is_volume = false;
    }
    let drive = Drive::new();
    back_up(&drive, &guests).unwrap();
    let is_as_copied = || create::is_as_copied(&drive, &plan(), &guests).unwrap();
    assert!(is_as_copied());
    guests.write("/b0", 0, 0xcc);
    assert!(!is_as_copied());
}
