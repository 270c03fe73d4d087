//! A box with a disk, a drive and a stick, whose power can be cut between any two things that last.

mod cuts;
mod refusals;

use std::io;
use std::sync::{Arc, Mutex, OnceLock};

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use domfleet_shared::Timestamp;
use domfleet_shared::hash::Hash;
use domfleet_shared::id::{BootId, DriveId, PermitId};
use domfleet_shared::inventory::Fingerprint;
use domfleet_shared::migration::event::Event;
use domfleet_shared::migration::permit::{DiskIdentity, Proof, Release, SignedPermit, key_id};
use domfleet_shared::migration::plan::PlannedVm;
use domfleet_shared::migration::reset_block::{Marker, Nonce, ResetBlock, Stage as Reset};
use domfleet_shared::migration::{Permit, Plan};
use uuid::Uuid;

use super::layout::UNDER_WAY;
use super::machine::{Machine, NotSeen, Stage, StageFailed};
use super::{Ended, Stick, recover};
use crate::backup::appliance::ApplianceFile;
use crate::backup::source::Sources as _;
use crate::backup::tests::drive::Drive;
use crate::backup::tests::{self as set, Guests};
use crate::clock::Clock;
use crate::migration::block::{self, Disk};
use crate::migration::book::{self, Book, Writer};
use crate::migration::permit::Trusted;
use crate::migration::system_disk::{self, Found};

const WWID: &str = "naa.5000c500a1b2c3d4";
const BYTES: usize = 1 << 20;
const NONCE: Nonce = Nonce([7; 32]);
const ID_BEFORE: u32 = 0x1a2b_3c4d;
const ID_AFTER: u32 = 0x444f_4d32;

/// Where the simulated layout puts what it writes, and where the system before was.
const VOLUMES: usize = 70_000;
const ROOT: usize = 80_000;
const SETTINGS: usize = 90_000;
const BOOT: usize = 100_000;
const BEFORE: std::ops::Range<usize> = 64 * 1024..BYTES;

/// What a power cut leaves of the write in which it comes.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Left {
    All,
    Nothing,
}

struct Platter {
    bytes: Vec<u8>,
    points: u64,
    cut_at: Option<(u64, Left)>,
    is_gone: bool,
}

#[derive(Clone)]
struct SimulatedDisk {
    platter: Arc<Mutex<Platter>>,
    is_writable: bool,
}

fn gone() -> io::Error {
    io::Error::other("the power is gone")
}

impl SimulatedDisk {
    fn put(&self, at: usize, bytes: &[u8]) -> io::Result<()> {
        let mut platter = self.platter.lock().unwrap();
        if platter.is_gone {
            return Err(gone());
        }
        let point = platter.points;
        platter.points += 1;
        let cut = platter.cut_at.filter(|(cut, _)| *cut == point);
        if cut.is_none_or(|(_, left)| left == Left::All) {
            platter.bytes[at..at + bytes.len()].copy_from_slice(bytes);
        }
        platter.is_gone = cut.is_some();
        if cut.is_some() { Err(gone()) } else { Ok(()) }
    }

    fn get(&self, at: usize, length: usize) -> Vec<u8> {
        self.platter.lock().unwrap().bytes[at..at + length].to_vec()
    }

    fn id(&self) -> u32 {
        u32::from_le_bytes(self.get(440, 4).try_into().unwrap())
    }
}

impl Disk for SimulatedDisk {
    fn read(&self, part: &mut [u8], offset: u64) -> io::Result<()> {
        if self.platter.lock().unwrap().is_gone {
            return Err(gone());
        }
        part.copy_from_slice(&self.get(usize::try_from(offset).unwrap(), part.len()));
        Ok(())
    }

    fn write(&mut self, part: &[u8], offset: u64) -> io::Result<()> {
        assert!(self.is_writable, "a disk that was opened to be read was written to");
        self.put(usize::try_from(offset).unwrap(), part)
    }
}

struct Appliance {
    disk: SimulatedDisk,
    /// The WWIDs of the disks; the system disk is the first.
    wwids: Vec<String>,
    drives: Vec<Drive>,
    guests: Guests,
    fingerprint: Fingerprint,
    now: Timestamp,
    is_stick_damaged: bool,
    can_be_looked_at: bool,
    waited: Mutex<u32>,
    stages: Mutex<Vec<Stage>>,
}

fn key(seed: u8) -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap()
}

fn sign(key: &Ed25519KeyPair, permit: &Permit) -> SignedPermit {
    let text = permit.to_json().unwrap();
    SignedPermit {
        key: key_id(key.public_key().as_ref()),
        signature: hex::encode(key.sign(&Permit::signed_bytes(&text))),
        permit: text,
    }
}

fn stick(lays_out: Release) -> Stick {
    let keys = hex::encode(key(1).public_key().as_ref());
    Stick { lays_out, trusted: Trusted::parse(&keys).unwrap() }
}

fn example() -> Permit {
    let text = include_str!("../../../../shared/src/migration/tests/permit-1.json");
    serde_json::from_str(text).unwrap()
}

fn plan() -> Plan {
    let text = include_str!("../../migration/tests/plan-1.json");
    let plan: Plan = serde_json::from_str(text).unwrap();
    let of = |vm: &crate::backup::documents::PlannedVm| PlannedVm {
        uuid: vm.uuid,
        name: vm.name.clone(),
        was_running: true,
        autostart: true,
    };
    Plan { vms: set::plan().vms.iter().map(of).collect(), ..plan }
}

/// As 1.x is: two partitions, and something in them.
fn platter() -> SimulatedDisk {
    let mut bytes = vec![0; BYTES];
    bytes[440..444].copy_from_slice(&ID_BEFORE.to_le_bytes());
    bytes[450] = 0x83;
    bytes[454..458].copy_from_slice(&2048_u32.to_le_bytes());
    bytes[458..462].copy_from_slice(&4096_u32.to_le_bytes());
    bytes[510..512].copy_from_slice(&[0x55, 0xaa]);
    bytes[BEFORE].fill(0x11);
    let platter = Platter { bytes, points: 0, cut_at: None, is_gone: false };
    SimulatedDisk { platter: Arc::new(Mutex::new(platter)), is_writable: false }
}

fn found(wwid: &str) -> Found {
    Found { name: "sda".to_owned(), wwid: wwid.to_owned(), bytes: BYTES as u64 }
}

impl Appliance {
    /// One that has come to its permit.
    fn permitted() -> Self {
        // Made once: the set is the same each time.
        static BACKED_UP: OnceLock<Drive> = OnceLock::new();
        let drive = BACKED_UP.get_or_init(|| {
            let drive = Drive::new();
            set::back_up(&drive, &Guests::new()).unwrap();
            drive
        });
        let (drive, guests, disk) = (drive.cloned(), Guests::new(), platter());
        let mut writable = SimulatedDisk { is_writable: true, ..disk.clone() };
        block::write(&mut writable, ResetBlock::Nonce(NONCE)).unwrap();
        let identity = system_disk::identity(&found(WWID), &disk).unwrap();
        disk.platter.lock().unwrap().points = 0;

        let set_name = format!("DOMFLEET/sets/{}/set.json", set::plan().set);
        let manifest = Hash::of(&drive.kept()[&set_name]);
        let permit = Permit {
            set: set::plan().set,
            generation: 1,
            manifest,
            disk: identity.clone(),
            proof: Proof::Nonce { nonce: NONCE },
            migration: plan().migration,
            ..example()
        };
        let appliance = Self {
            disk,
            wwids: vec![WWID.to_owned()],
            drives: vec![drive],
            guests,
            fingerprint: permit.fingerprint.clone(),
            now: permit.issued_at,
            is_stick_damaged: false,
            can_be_looked_at: true,
            waited: Mutex::new(0),
            stages: Mutex::default(),
        };
        appliance.tell(&permit, identity);
        appliance.store(&sign(&key(1), &permit));
        appliance
    }

    fn tell(&self, permit: &Permit, disk: DiskIdentity) {
        let writer = Writer {
            on: Release::One,
            boot: BootId(Uuid::from_u128(9)),
            agent: "1".to_owned(),
            clock: Clock::new(|| Timestamp::from_millis(1)),
        };
        let vms: Vec<_> = plan().vms.iter().map(|vm| vm.uuid).collect();
        let stopped = vms.iter().map(|vm| Event::VmStopped { vm: *vm, clean: true });
        let (set, generation, manifest) = (permit.set, permit.generation, permit.manifest);
        let mut events = vec![
            Event::DriveClaimed { drive: DriveId(Uuid::from_u128(5)) },
            Event::AutostartOff { vms: vms.clone() },
        ];
        events.extend(stopped);
        events.extend([
            Event::Sealed { set, generation, manifest },
            Event::Verified { generation },
            Event::Armed { disk, nonce: Hash::of(&NONCE.0) },
            Event::Permitted { permit: permit.id, not_after: permit.not_after },
        ]);
        let mut book = Book::begin(&self.drives[0], plan(), writer).unwrap();
        for event in events {
            book.tell(event).unwrap();
        }
    }

    fn store(&self, permit: &SignedPermit) {
        book::store_permit(&self.drives[0], plan().migration, permit).unwrap();
    }

    fn permit(&self) -> Permit {
        let signed = book::permit(&self.drives[0], plan().migration).unwrap().unwrap();
        serde_json::from_str(&signed.permit).unwrap()
    }

    fn block(&self) -> ResetBlock {
        block::read(&self.disk).unwrap()
    }

    fn set_block(&self, block: ResetBlock) {
        let mut disk = SimulatedDisk { is_writable: true, ..self.disk.clone() };
        block::write(&mut disk, block).unwrap();
    }

    fn bytes(&self) -> Vec<u8> {
        self.disk.get(0, BYTES)
    }

    fn cut_after(&self, points: u64, left: Left) {
        let mut platter = self.disk.platter.lock().unwrap();
        platter.cut_at = Some((platter.points + points, left));
    }

    fn power_up(&self) {
        let mut platter = self.disk.platter.lock().unwrap();
        (platter.cut_at, platter.is_gone) = (None, false);
    }

    /// Starts the recovery, whose drives must be as they were afterwards.
    fn recover(&self, lays_out: Release) -> Ended {
        let before: Vec<_> = self.drives.iter().map(Drive::kept).collect();
        let ended = recover(self, &stick(lays_out));
        let after: Vec<_> = self.drives.iter().map(Drive::kept).collect();
        assert!(before == after, "the recovery has written to a drive");
        for drive in &self.drives {
            drive.set_read_only(false);
        }
        ended
    }

    fn is_before_whole(&self) -> bool {
        self.disk.get(BEFORE.start, BEFORE.len()).iter().all(|byte| *byte == 0x11)
    }

    fn is_after_whole(&self) -> bool {
        let wants = [(VOLUMES, 0x21), (ROOT, 0x22), (BOOT, 0x24)];
        wants.iter().all(|(at, byte)| self.disk.get(*at, 4096).iter().all(|one| one == byte))
            && self.disk.get(SETTINGS, 4) == settings_mark(&self.guests.appliance())
    }
}

fn settings_mark(files: &[ApplianceFile]) -> Vec<u8> {
    let paths: String = files.iter().map(|file| file.path.as_str()).collect();
    Hash::of(paths.as_bytes()).0[..4].to_vec()
}

impl Machine for Appliance {
    type Drive = Drive;
    type Disk = SimulatedDisk;
    type Sources = Guests;

    fn now(&self) -> Timestamp {
        self.now
    }

    fn fingerprint(&self) -> Fingerprint {
        self.fingerprint.clone()
    }

    fn say(&self, _words: &str) {}

    fn wait(&self, _why: &str) -> bool {
        let mut waited = self.waited.lock().unwrap();
        *waited += 1;
        *waited < 3
    }

    fn drives(&self) -> Vec<Drive> {
        for drive in &self.drives {
            drive.set_read_only(true);
        }
        self.drives.clone()
    }

    fn disks(&self) -> Vec<(Found, SimulatedDisk)> {
        self.wwids.iter().map(|wwid| (found(wwid), self.disk.clone())).collect()
    }

    fn open_to_write(&self, disk: &Found) -> io::Result<SimulatedDisk> {
        assert_eq!(disk.wwid, self.permit().disk.wwid, "another disk was opened to be written to");
        Ok(SimulatedDisk { is_writable: true, ..self.disk.clone() })
    }

    fn at_system_before<T>(
        &self,
        _disk: &Found,
        look: impl FnOnce(&Guests) -> T,
    ) -> Result<T, NotSeen> {
        if self.can_be_looked_at && self.is_before_whole() {
            Ok(look(&self.guests))
        } else {
            Err(NotSeen("none is found on its partitions".to_owned()))
        }
    }

    fn lay_out(
        &self,
        stage: Stage,
        _disk: &Found,
        settings: &[ApplianceFile],
    ) -> Result<(), StageFailed> {
        self.stages.lock().unwrap().push(stage);
        let failed = |why: String| StageFailed { stage, why };
        let put = |at: usize, bytes: &[u8]| {
            self.disk.put(at, bytes).map_err(|error| failed(error.to_string()))
        };
        match stage {
            Stage::Check if self.is_stick_damaged => {
                return Err(failed("it is damaged".to_owned()));
            }
            Stage::Check => {}
            Stage::Partition => {
                put(440, &UNDER_WAY.to_le_bytes())?;
                put(512, &vec![0; 31_744])?;
                put(446, &[1; 16])?;
            }
            Stage::Volumes => put(VOLUMES, &[0x21; 4096])?,
            Stage::Root => {
                put(ROOT, &[0x22; 1024])?;
                put(ROOT + 1024, &[0x22; 3072])?;
            }
            Stage::Settings => put(SETTINGS, &settings_mark(settings))?,
            Stage::Boot => put(BOOT, &[0x24; 4096])?,
            Stage::Verify if self.is_after_whole() => {}
            Stage::Verify => return Err(failed("files do not read back".to_owned())),
            Stage::Finish => put(440, &ID_AFTER.to_le_bytes())?,
        }
        Ok(())
    }
}

fn done(permit: PermitId) -> ResetBlock {
    ResetBlock::Marker(Marker { permit, stage: Reset::Done })
}

#[test]
fn an_appliance_with_a_permit_is_laid_out_and_has_its_network() {
    let appliance = Appliance::permitted();

    assert_eq!(appliance.recover(Release::Two), Ended::LaidOut);

    assert!(appliance.is_after_whole());
    assert_eq!(appliance.disk.id(), ID_AFTER);
    assert_eq!(appliance.block(), done(appliance.permit().id));
}

#[test]
fn the_way_back_is_laid_out_over_a_system_that_never_came_up() {
    let mut appliance = Appliance::permitted();
    assert_eq!(appliance.recover(Release::Two), Ended::LaidOut);
    let first = appliance.permit();
    // The table is another by now, and so is the set's room: the marker alone is what it is bound to.
    let back = Permit {
        id: PermitId(Uuid::from_u128(33)),
        to: Release::One,
        proof: Proof::Marker { after: first.id },
        ..first
    };
    appliance.store(&sign(&key(1), &back));
    appliance.can_be_looked_at = false;

    assert!(matches!(appliance.recover(Release::Two), Ended::Refused(_)));
    assert_eq!(appliance.recover(Release::One), Ended::LaidOut);
    assert_eq!(appliance.block(), done(back.id));
    assert!(matches!(appliance.recover(Release::One), Ended::Refused(_)));
}

#[test]
fn a_drive_that_comes_late_is_waited_for() {
    let mut appliance = Appliance::permitted();
    appliance.drives.clear();

    assert!(matches!(appliance.recover(Release::Two), Ended::Refused(_)));
    assert_eq!(*appliance.waited.lock().unwrap(), 3);
}
