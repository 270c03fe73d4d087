//! The world as what a turn works with. Each call that changes something is a point at which the power can be cut.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use domfleet_shared::id::{DriveId, MigrationId, VmId};
use domfleet_shared::inventory::{Fingerprint, Vm, VmState};
use domfleet_shared::migration::permit::Release;

use super::world::{GROUP, State, World, stand_in};
use crate::backup::documents::{Manifest, Plan, PlannedDisk};
use crate::backup::geometry::Geometry;
use crate::backup::hash::Hash;
use crate::backup::medium::Medium as _;
use crate::backup::paced::Paced;
use crate::backup::pipeline::Width;
use crate::backup::source::{Source, Sources};
use crate::backup::tests::drive::{Drive, DriveFile};
use crate::backup::volumes::{STATE_VERIFIED, VolumeError, Volumes};
use crate::clock::Clock;
use crate::dom0::Running;
use crate::dom0::step::MANAGED_TAG;
use crate::meter::Meter;
use crate::migration::block::Disk;
use crate::migration::carry::host::{Host, HostError};
use crate::migration::carry::watch::{Pulse, Watch};
use crate::migration::system_disk::Found;
use crate::usb::mount::Access;

const STATE_RESTORING: &str = "domfleet.state.restoring";

impl World {
    /// A change. Where the power is cut with it, it is done or not, and nobody hears of it.
    pub(super) fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> io::Result<T> {
        let is_cut = self.power.point()?;
        if is_cut && self.state().loses {
            return Err(no_power());
        }
        let done = change(&mut self.state());
        if is_cut { Err(no_power()) } else { Ok(done) }
    }

    fn there(&self) -> io::Result<()> {
        if self.power.is_off() { Err(no_power()) } else { Ok(()) }
    }
}

fn no_power() -> io::Error {
    io::Error::other("there is no power")
}

fn io(error: io::Error) -> HostError {
    HostError::io("doing that")(error)
}

/// The system disk.
pub(super) struct WorldDisk(World);

impl WorldDisk {
    pub(super) fn of(world: &World) -> Self {
        Self(world.clone())
    }

    pub(super) fn found(&self) -> Found {
        let bytes = self.0.state().disk.bytes.len() as u64;
        Found { name: "sda".to_owned(), wwid: "naa.5000c500a1b2c3d4".to_owned(), bytes }
    }
}

impl Disk for WorldDisk {
    fn read(&self, part: &mut [u8], offset: u64) -> io::Result<()> {
        self.0.there()?;
        self.0.state().disk.read(part, offset)
    }

    fn write(&mut self, part: &[u8], offset: u64) -> io::Result<()> {
        self.0.change(|state| state.disk.write(part, offset))?
    }
}

/// The images of 1.x.
#[derive(Clone)]
pub(super) struct WorldSources(World);

impl WorldSources {
    pub(super) fn of(world: &World) -> Self {
        Self(world.clone())
    }
}

/// One of them, open.
pub(super) struct Image {
    content: Vec<u8>,
    times: u64,
}

impl Sources for WorldSources {
    type Source = Image;

    fn open(&self, disk: &PlannedDisk) -> io::Result<Image> {
        self.0.there()?;
        let state = self.0.state();
        let (content, times) = state.images.get(&disk.path).ok_or(io::ErrorKind::NotFound)?;
        Ok(Image { content: content.clone(), times: *times })
    }

    fn stand_in(&self, target: &str) -> Option<PathBuf> {
        stand_in(target)
    }
}

impl Source for Image {
    fn virtual_bytes(&self) -> u64 {
        self.content.len() as u64
    }

    fn read(&mut self, offset: u64, part: &mut [u8]) -> io::Result<()> {
        let from = usize::try_from(offset).unwrap();
        part.copy_from_slice(&self.content[from..from + part.len()]);
        Ok(())
    }

    fn zeros(&mut self, _offset: u64, _most: u64) -> io::Result<u64> {
        Ok(0)
    }

    fn fingerprint(&self) -> io::Result<Option<Hash>> {
        Ok(Some(Hash::of(&self.times.to_le_bytes())))
    }
}

impl Host for World {
    type Disk = WorldDisk;
    type Drive = Drive;
    type Keep = Drive;
    type Sources = WorldSources;
    type Volumes<'h> = WorldVolumes;

    fn release(&self) -> Result<Release, HostError> {
        Ok(self.state().release())
    }

    fn clock(&self) -> &Clock {
        &self.clock
    }

    fn running(&self) -> Result<Running, HostError> {
        let state = self.state();
        Ok(Running { boot_id: state.boot, uptime: state.uptime, taint: None })
    }

    fn fingerprint(&self) -> Result<Fingerprint, HostError> {
        Ok(self.state().plan.clone().unwrap().fingerprint)
    }

    fn vms(&self) -> Result<Vec<Vm>, HostError> {
        self.there().map_err(io)?;
        Ok(self.state().vms())
    }

    fn shut_down(&self, vm: &Vm, _meter: &dyn Meter) -> Result<bool, HostError> {
        let clean = |state: &mut State| {
            state.running.remove(&vm.uuid);
            !state.deaf.contains(&vm.uuid)
        };
        self.change(clean).map_err(io)
    }

    fn start(&self, vm: &Vm) -> Result<(), HostError> {
        self.change(|state| state.start(vm.uuid)).map_err(io)
    }

    fn set_autostart(&self, vm: &Vm, enabled: bool) -> Result<(), HostError> {
        let set = |state: &mut State| {
            if enabled {
                state.autostart.insert(vm.uuid);
            } else {
                state.autostart.remove(&vm.uuid);
            }
        };
        self.change(set).map_err(io)
    }

    fn install_config(&self, vm: VmId, text: &str) -> Result<(), HostError> {
        self.change(|state| state.configs.insert(vm, text.to_owned())).map_err(io)?;
        Ok(())
    }

    fn pulse(&self, vm: &Vm) -> Result<Option<Pulse>, HostError> {
        let (domid, uptime, is_sick) = {
            let state = self.state();
            let is_sick = state.sick.contains(&vm.uuid);
            (state.running.get(&vm.uuid).copied(), state.uptime, is_sick)
        };
        let Some(domid) = domid else { return Ok(None) };
        Ok(Some(Pulse {
            domid,
            state: if is_sick { VmState::Crashed } else { VmState::Running },
            up: self.watch.up(vm.uuid, domid, uptime),
            cpu: uptime / 10,
            disk_requests: Some(uptime.as_secs()),
            is_connected: Some(true),
            says: None,
        }))
    }

    fn watch(&self) -> &Watch {
        &self.watch
    }

    fn system_disk(&self, _access: Access) -> Result<(Found, WorldDisk), HostError> {
        self.there().map_err(io)?;
        let disk = WorldDisk::of(self);
        Ok((disk.found(), disk))
    }

    fn sync(&self) -> Result<(), HostError> {
        self.there().map_err(io)
    }

    fn drives(&self) -> Result<Vec<DriveId>, HostError> {
        Ok(self.state().plugged_in().into_iter().map(|(id, _)| id).collect())
    }

    fn open_drive(&self, drive: DriveId) -> Result<Option<Drive>, HostError> {
        self.there().map_err(io)?;
        let found = self.state().plugged_in().into_iter().find(|(id, _)| *id == drive);
        Ok(found.map(|(_, drive)| drive))
    }

    fn is_there(&self, drive: &Drive) -> bool {
        drive.list("").is_ok()
    }

    fn keep(&self) -> Result<Drive, HostError> {
        Ok(self.state().keep.clone())
    }

    fn sources(&self) -> WorldSources {
        WorldSources::of(self)
    }

    fn volumes(&self) -> Result<WorldVolumes, HostError> {
        Ok(WorldVolumes(self.clone()))
    }

    fn image_folder(
        &self,
        _migration: MigrationId,
        _manifest: &Manifest,
    ) -> Result<PathBuf, HostError> {
        Ok(self.state().folder())
    }

    fn random(&self, bytes: &mut [u8]) -> Result<(), HostError> {
        let mut state = self.state();
        // Nobody is given the same twice.
        state.dice += 1;
        let dice = blake3::hash(&state.dice.to_le_bytes());
        bytes.copy_from_slice(&dice.as_bytes()[..bytes.len()]);
        Ok(())
    }

    fn pause(&self, time: Duration) {
        self.pass(time);
    }

    fn paced<'m>(&self, meter: &'m dyn Meter, _plan: &Plan) -> Paced<'m> {
        Paced::not(meter)
    }

    fn width(&self) -> Width {
        Width::threads(1)
    }

    fn geometry(&self) -> Geometry {
        Geometry { frame_bytes: 512, chunk_frames: 4 }
    }
}

/// The volumes of 2.x.
pub(super) struct WorldVolumes(World);

const EXTENT: u64 = 1024;

impl WorldVolumes {
    fn file(state: &State, name: &str) -> io::Result<String> {
        let found = state.volumes.get(name).map(|(file, _)| file.clone());
        found.ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn check_not_in_use(state: &State, name: &str) {
        let path = format!("{GROUP}/{name}");
        let in_use = |vm: &VmId| state.targets(*vm).contains(&path);
        assert!(!state.running.keys().any(in_use), "{name} is changed while its VM runs");
    }

    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> Result<T, VolumeError> {
        self.0.change(change).map_err(|error| VolumeError::NotSo(error.to_string()))
    }
}

impl Volumes for WorldVolumes {
    type Device = DriveFile;

    fn tags(&self, name: &str) -> Result<Option<BTreeSet<String>>, VolumeError> {
        self.0.there().map_err(|error| VolumeError::NotSo(error.to_string()))?;
        Ok(self.0.state().volumes.get(name).map(|(_, tags)| tags.clone()))
    }

    fn room_for(&self, sizes: &[u64]) -> Result<(u64, u64), VolumeError> {
        let needed = sizes.iter().map(|bytes| bytes.next_multiple_of(EXTENT)).sum();
        Ok((needed, self.0.state().room))
    }

    fn create(&self, name: &str, bytes: u64, tag: &str) -> Result<PathBuf, VolumeError> {
        self.change(|state| {
            let file = format!("v{}", state.next_volume);
            state.next_volume += 1;
            // What somebody else has left there, and more than is asked for.
            let length = usize::try_from(bytes.next_multiple_of(EXTENT)).unwrap();
            state.store.leave(&file, &vec![0xee; length]);
            let tags = [MANAGED_TAG, STATE_RESTORING, tag].map(str::to_owned);
            assert!(!state.volumes.contains_key(name), "{name} is there already");
            state.volumes.insert(name.to_owned(), (file, tags.into()));
        })?;
        Ok(self.path(name))
    }

    fn remove(&self, name: &str, tag: &str) -> Result<(), VolumeError> {
        self.discard(name, tag)
    }

    fn discard(&self, name: &str, tag: &str) -> Result<(), VolumeError> {
        self.change(|state| {
            if let Some((_, tags)) = state.volumes.get(name) {
                assert!(tags.contains(tag), "{name} is somebody else's, and was to be removed");
                Self::check_not_in_use(state, name);
                state.volumes.remove(name);
            }
        })
    }

    fn open(&self, path: &Path) -> io::Result<DriveFile> {
        let name = path.strip_prefix(GROUP).unwrap().to_str().unwrap();
        let (store, file) = {
            let state = self.0.state();
            Self::check_not_in_use(&state, name);
            (state.store.clone(), Self::file(&state, name)?)
        };
        store.open(&file)?.ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn publish(&self, draft: &str, name: &str) -> Result<(), VolumeError> {
        self.change(|state| {
            let (_, tags) = state.volumes.get_mut(draft).unwrap();
            tags.remove(STATE_RESTORING);
            tags.insert(STATE_VERIFIED.to_owned());
        })?;
        self.change(|state| {
            let volume = state.volumes.remove(draft).unwrap();
            assert!(!state.volumes.contains_key(name), "{name} is there already");
            state.volumes.insert(name.to_owned(), volume);
        })
    }

    fn path(&self, name: &str) -> PathBuf {
        PathBuf::from(GROUP).join(name)
    }
}
