//! What is on the system disk, and the box as the recovery has it: the real one lays out what is simulated here.

use std::collections::BTreeSet;
use std::io;

use domfleet_shared::Timestamp;
use domfleet_shared::inventory::Fingerprint;
use domfleet_shared::migration::permit::Release;
use domfleet_shared::migration::reset_block::ResetBlock;

use super::host::{WorldDisk, WorldSources};
use super::world::{State, World, system_disk};
use crate::backup::appliance::ApplianceFile;
use crate::backup::tests::drive::Drive;
use crate::migration::block;
use crate::migration::partition_table;
use crate::migration::permit::Trusted;
use crate::migration::system_disk::Found;
use crate::recover::machine::{Machine, NotSeen, Stage, StageFailed};
use crate::recover::{Ended, Stick, recover};

/// The id of a disk that is being laid out, and of one that was (`deploy/image/recovery/lay-out`).
const UNDER_WAY: u32 = 0x444f_4d30;
const LAID_OUT: u32 = 0x444f_4d32;

/// What is on the system disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum System {
    /// A system, all of it.
    Whole(Release),
    /// These parts of one: nothing that could be started.
    Parts(Release, BTreeSet<Stage>),
}

/// What comes of switching it on.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Up {
    /// A system runs: the recovery has just laid it out, or it was there, and the recovery said why it stays.
    Runs { was_laid_out: bool, refused: Option<String> },
    /// Nothing is started, and a person has to do something.
    Stands,
    /// The power went.
    Off,
}

impl State {
    pub(super) fn release(&self) -> Release {
        match self.system {
            System::Whole(release) => release,
            System::Parts(..) => panic!("nothing runs on a disk that is laid out in part"),
        }
    }
}

impl World {
    /// Switches it on, with whatever is plugged in.
    pub(super) fn switch_on(&self, trusted: &Trusted) -> Up {
        let stick = self.state().stick;
        let (mut was_laid_out, mut refused) = (false, None);
        if let Some(lays_out) = stick {
            let drives = self.state().plugged_in();
            let kept = || drives.iter().map(|(_, drive)| drive.kept()).collect::<Vec<_>>();
            let before = kept();
            let ended = recover(self, &Stick { lays_out, trusted: trusted.clone() });
            assert!(before == kept(), "the recovery has written to the backup drive");
            for (_, drive) in &drives {
                drive.set_read_only(false);
            }
            if self.power.is_off() {
                return Up::Off;
            }
            match ended {
                Ended::LaidOut => was_laid_out = true,
                Ended::Refused(why) => refused = Some(why),
                Ended::BrokenOff(_) => return Up::Stands,
            }
        }
        let system = self.state().system.clone();
        let id = partition_table::disk_id(&WorldDisk::of(self)).unwrap();
        match system {
            // As its boot loader finds it.
            System::Whole(_) if id != UNDER_WAY => {
                self.boot();
                Up::Runs { was_laid_out, refused }
            }
            _ => {
                let of_stick = stick.is_some();
                assert!(!of_stick, "the recovery has what is not whole started: {system:?}");
                Up::Stands
            }
        }
    }
}

impl Machine for World {
    type Drive = Drive;
    type Disk = WorldDisk;
    type Sources = WorldSources;

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn fingerprint(&self) -> Fingerprint {
        self.state().plan.clone().unwrap().fingerprint
    }

    fn say(&self, _words: &str) {}

    fn wait(&self, _why: &str) -> bool {
        false
    }

    fn drives(&self) -> Vec<Drive> {
        let drives = self.state().plugged_in().into_iter().map(|(_, drive)| drive);
        drives.inspect(|drive| drive.set_read_only(true)).collect()
    }

    fn disks(&self) -> Vec<(Found, WorldDisk)> {
        vec![(WorldDisk::of(self).found(), WorldDisk::of(self))]
    }

    fn open_to_write(&self, _disk: &Found) -> io::Result<WorldDisk> {
        Ok(WorldDisk::of(self))
    }

    fn at_system_before<T>(
        &self,
        _disk: &Found,
        look: impl FnOnce(&WorldSources) -> T,
    ) -> Result<T, NotSeen> {
        if matches!(self.state().system, System::Whole(_)) {
            Ok(look(&WorldSources::of(self)))
        } else {
            Err(NotSeen("there is none any more".to_owned()))
        }
    }

    fn lay_out(
        &self,
        stage: Stage,
        _disk: &Found,
        _settings: &[ApplianceFile],
    ) -> Result<(), StageFailed> {
        let failed = |why: &dyn ToString| StageFailed { stage, why: why.to_string() };
        let stick = self.state().stick.ok_or_else(|| failed(&"the stick is gone"))?;
        let put = |change: &dyn Fn(&mut State)| self.change(change).map_err(|error| failed(&error));
        let part = |state: &mut State| {
            if let System::Parts(_, parts) = &mut state.system {
                parts.insert(stage);
            }
        };
        match stage {
            Stage::Check => {}
            Stage::Partition => {
                put(&|state| state.wipe(stick))?;
                put(&|state| {
                    state.set_table(if stick == Release::Two { 4096 } else { 2048 }, UNDER_WAY);
                    part(state);
                })?;
            }
            Stage::Verify => {
                let all = Stage::WRITING.iter().filter(|stage| **stage != Stage::Verify);
                let whole = System::Parts(stick, all.copied().collect());
                if self.state().system != whole {
                    return Err(failed(&"something does not read back"));
                }
                self.state().system = System::Whole(stick);
            }
            Stage::Finish => put(&|state| state.set_id(LAID_OUT))?,
            Stage::Root => {
                // Of many files, some.
                put(&|_| ())?;
                put(&part)?;
            }
            Stage::Volumes | Stage::Settings | Stage::Boot => put(&part)?,
        }
        Ok(())
    }
}

impl World {
    /// Somebody has overwritten the system disk, and left that there.
    pub(super) fn put_there(&self, release: Release, block: ResetBlock) {
        let mut state = self.state();
        state.wipe(release);
        state.set_table(4096, LAID_OUT);
        state.system = System::Whole(release);
        block::write(&mut state.disk, block).unwrap();
        drop(state);
        self.boot();
    }
}

impl State {
    /// From here on nothing of the system before is left.
    fn wipe(&mut self, lays_out: Release) {
        if lays_out == Release::One {
            // What VMs have written since is given up, and the page says so.
            self.current = self.in_set.clone();
        } else {
            self.in_set = self.current.clone();
        }
        self.set_id(UNDER_WAY);
        self.system = System::Parts(lays_out, BTreeSet::new());
        self.keep = self.keep.emptied();
        self.store = self.store.emptied();
        self.volumes.clear();
        self.configs.clear();
        self.autostart.clear();
        self.images.clear();
        self.folder = None;
    }

    fn set_id(&mut self, id: u32) {
        self.disk.bytes[440..444].copy_from_slice(&id.to_le_bytes());
    }

    /// A table whose first partition begins elsewhere; what is in the gap before it stays.
    fn set_table(&mut self, first_sector: u32, id: u32) {
        self.disk.bytes[..512].copy_from_slice(&system_disk(first_sector).bytes[..512]);
        self.set_id(id);
    }
}
