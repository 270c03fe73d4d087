//! This dom0 as what a migration is carried out on: dom0's tools, drives of ours, volumes.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use domfleet_shared::id::{DriveId, MigrationId, VmId};
use domfleet_shared::inventory::{Fingerprint, Vm, VmState};
use domfleet_shared::migration::permit::Release;
use domfleet_shared::usb::Usage;
use tokio::runtime::Handle;

use super::pulse::pulse;
use super::{Layout, Xen};
use crate::backup::appliance::OfAppliance;
use crate::backup::cipher::Keyring;
use crate::backup::documents::{Manifest, Plan};
use crate::backup::drive::Drive;
use crate::backup::folder::Folder;
use crate::backup::geometry::Geometry;
use crate::backup::on_drive::DriveError;
use crate::backup::paced::Paced;
use crate::backup::pipeline::Width;
use crate::backup::volumes::{self, Group};
use crate::clock::Clock;
use crate::dom0::{Dom0 as _, Dom0Error, Domain, Running, Step};
use crate::meter::Meter;
use crate::migration::block::WholeDisk;
use crate::migration::carry::host::{Host, HostError};
use crate::migration::carry::watch::{Pulse, Watch};
use crate::migration::carry::{self, Again, Turn, Wanted};
use crate::migration::kept;
use crate::migration::system_disk::{self, Found, NotFound};
use crate::mitigation::major;
use crate::usb::mount::Access;
use crate::usb::{NotFound as NoDrive, mounted_numbers};

/// A guest gets so long to shut down. Windows installs its updates then.
const SHUT_DOWN_WITHIN: Duration = Duration::from_mins(10);
/// A domain whose plug was pulled is gone after that.
const GONE_WITHIN: Duration = Duration::from_mins(1);
const GLANCE: Duration = Duration::from_secs(1);
/// Where the system is, the first that is on a disk: Alpine may run from memory, and boots from a partition then.
const FOLDERS: [&str; 3] = ["/", "/boot", "/media/root-ro"];

type RunLvm = dyn Fn(&str, &[&str]) -> Result<Vec<u8>, Dom0Error> + Send + Sync;

/// This dom0, from where blocking is fine.
struct OnXen {
    xen: Xen,
    runtime: Handle,
    /// Runs LVM's programs.
    run: Box<RunLvm>,
}

impl Xen {
    /// One turn of a migration.
    pub(super) async fn migrate(
        &self,
        wanted: Wanted,
        keys: Keyring,
        meter: &Arc<dyn Meter>,
    ) -> Turn {
        let runtime = Handle::current();
        let lvm = runtime.clone();
        let run =
            move |program: &str, arguments: &[&str]| lvm.block_on(volumes::run(program, arguments));
        let host = OnXen { xen: self.clone(), runtime, run: Box::new(run) };
        let meter = Arc::clone(meter);
        let turn = move || carry::turn(&host, &wanted, &keys, &*meter);
        match tokio::task::spawn_blocking(turn).await {
            Ok(turn) => turn,
            Err(error) => {
                tracing::error!(%error, "a turn of the migration has ended in the middle");
                let what = "the last step ended in the middle, and is taken again";
                Turn::idle(what, None, Again::After(Duration::from_mins(1)))
            }
        }
    }
}

impl OnXen {
    fn layout(&self) -> &Layout {
        &self.xen.layout
    }

    fn apply(&self, step: &Step) -> Result<(), HostError> {
        Ok(self.runtime.block_on(self.xen.apply(step))?)
    }

    fn domain(&self, vm: VmId) -> Result<Option<Domain>, HostError> {
        let domains = self.runtime.block_on(self.xen.domains())?;
        Ok(domains.into_iter().find(|domain| domain.uuid == vm))
    }

    /// Waits until that domain is gone, or its guest is; says how it is then.
    fn wait_for_end(
        &self,
        (vm, domid): (VmId, u32),
        time: Duration,
        meter: &dyn Meter,
    ) -> Result<Option<VmState>, HostError> {
        let end = Instant::now() + time;
        loop {
            let there = self.domain(vm)?.filter(|domain| domain.domid == domid);
            match there.map(|domain| domain.vm_state()) {
                None => return Ok(None),
                Some(state @ (VmState::Shutdown | VmState::Crashed)) => return Ok(Some(state)),
                Some(state) if Instant::now() >= end => return Ok(Some(state)),
                Some(_) => {}
            }
            meter.go_on()?;
            self.pause(GLANCE);
        }
    }
}

impl Host for OnXen {
    type Disk = WholeDisk;
    type Drive = Drive;
    type Keep = Folder;
    type Sources = OfAppliance;
    type Volumes<'h> = Group<'h>;

    fn release(&self) -> Result<Release, HostError> {
        let release = self.xen.root.text(&self.layout().release_file);
        match release.as_deref().and_then(major) {
            Some(2..) => Ok(Release::Two),
            Some(_) => Ok(Release::One),
            None => {
                let why = "the hypervisor's release is not known: name the file that says it with \
                           release_file in agent.toml";
                Err(HostError::Unfit(why.to_owned()))
            }
        }
    }

    fn clock(&self) -> &Clock {
        &self.xen.place.clock
    }

    fn running(&self) -> Result<Running, HostError> {
        Ok(self.xen.root.running()?)
    }

    fn fingerprint(&self) -> Result<Fingerprint, HostError> {
        Ok(self.xen.root.fingerprint())
    }

    fn vms(&self) -> Result<Vec<Vm>, HostError> {
        let vms = async {
            let domains = self.xen.domains().await?;
            Ok::<_, Dom0Error>(self.xen.vms(&domains).await.0)
        };
        Ok(self.runtime.block_on(vms)?)
    }

    fn shut_down(&self, vm: &Vm, meter: &dyn Meter) -> Result<bool, HostError> {
        let Some(domain) = self.domain(vm.uuid)? else { return Ok(true) };
        let it = (domain.uuid, domain.domid);
        meter.begin(&format!("shutting {} down", vm.name), 0);
        let is_paused = domain.vm_state() == VmState::Paused;
        if is_paused {
            // Whoever stands still hears nobody.
            self.apply(&Step::UnpauseDomain { vm: it.0, domid: it.1 })?;
        }
        let asked = self.apply(&Step::ShutDownDomain { vm: it.0, domid: it.1 });
        if let Err(error) = &asked {
            tracing::warn!(vm = vm.name, %error, "the guest cannot be asked to shut down");
        }
        let time = if asked.is_ok() { SHUT_DOWN_WITHIN } else { Duration::ZERO };
        let clean = match self.wait_for_end(it, time, meter)? {
            None => return Ok(true),
            Some(state) => state == VmState::Shutdown,
        };
        self.apply(&Step::DestroyDomain { vm: it.0, domid: it.1 })?;
        let end = Instant::now() + GONE_WITHIN;
        while self.domain(vm.uuid)?.is_some_and(|domain| domain.domid == it.1) {
            if Instant::now() >= end {
                let why =
                    format!("the domain of {} does not go away: restart the appliance", vm.name);
                return Err(HostError::Unfit(why));
            }
            self.pause(GLANCE);
        }
        Ok(clean)
    }

    fn start(&self, vm: &Vm) -> Result<(), HostError> {
        if self.domain(vm.uuid)?.is_some() {
            return Ok(());
        }
        let config_path = vm.config_path.clone().ok_or_else(|| {
            HostError::Unfit(format!("{} has no configuration to be started from", vm.name))
        })?;
        let said = self.apply(&Step::CreateDomain { vm: vm.uuid, config_path });
        // What the tool says it did is not what counts.
        if self.domain(vm.uuid)?.is_some() { Ok(()) } else { said.and(Err(not_there(vm))) }
    }

    fn set_autostart(&self, vm: &Vm, enabled: bool) -> Result<(), HostError> {
        if vm.autostart == Some(enabled) {
            return Ok(());
        }
        let config_path = vm.config_path.clone().ok_or_else(|| {
            HostError::Unfit(format!("{} has no configuration to be started from", vm.name))
        })?;
        self.apply(&Step::SetAutostart { vm: vm.uuid, config_path, enabled })
    }

    fn install_config(&self, vm: VmId, text: &str) -> Result<(), HostError> {
        let path = self.layout().adopted_dir.join(format!("{vm}.cfg"));
        let replaces = match std::fs::read_to_string(&path) {
            Ok(there) => Some(there),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => {
                return Err(HostError::io("reading the configuration that is there")(error));
            }
        };
        self.apply(&Step::WriteConfig { vm, text: text.to_owned(), replaces })
    }

    fn pulse(&self, vm: &Vm) -> Result<Option<Pulse>, HostError> {
        let Some(domain) = self.domain(vm.uuid)? else { return Ok(None) };
        let up = self.watch().up(vm.uuid, domain.domid, self.running()?.uptime);
        Ok(Some(self.runtime.block_on(pulse(&self.xen.root, vm, &domain, up))))
    }

    fn watch(&self) -> &Watch {
        &self.xen.watch
    }

    fn system_disk(&self, access: Access) -> Result<(Found, WholeDisk), HostError> {
        let root = &self.xen.root;
        let mut last = None;
        for folder in FOLDERS {
            let numbers = mounted_numbers(root, folder);
            let numbers = numbers.as_deref().and_then(|numbers| numbers.split_once(':'));
            let Some((major, minor)) = numbers else { continue };
            let (Ok(major), Ok(minor)) = (major.parse(), minor.parse()) else { continue };
            match system_disk::of_device(&root.0, major, minor) {
                Ok(found) => {
                    let path = root.path(&system_disk::device(&found).to_string_lossy());
                    let disk = match access {
                        Access::ReadOnly => WholeDisk::open_to_read(&path),
                        Access::ReadWrite => WholeDisk::open(&path),
                    };
                    return Ok((found, disk.map_err(HostError::io("opening the system disk"))?));
                }
                // A system in memory is on no disk; what it was booted from is.
                Err(NotFound::Io(error)) => last = Some(NotFound::Io(error)),
                Err(error) => return Err(error.into()),
            }
        }
        let none = || NotFound::Io(io::Error::other("nothing is mounted that is on a disk"));
        Err(last.unwrap_or_else(none).into())
    }

    fn sync(&self) -> Result<(), HostError> {
        let synced = |path: &Path| File::open(path).and_then(|file| Ok(rustix::fs::syncfs(file)?));
        for path in [self.xen.root.path("/"), self.layout().data_dir.clone()] {
            synced(&path).map_err(HostError::io("making the system disk keep what was written"))?;
        }
        Ok(())
    }

    fn drives(&self) -> Result<Vec<DriveId>, HostError> {
        let drives = self.xen.place.usb.drives().into_iter();
        let ours = drives.filter_map(|drive| match drive.usage {
            Usage::Ours { drive } => Some(drive),
            _ => None,
        });
        Ok(ours.collect())
    }

    fn open_drive(&self, drive: DriveId) -> Result<Option<Drive>, HostError> {
        let usb = &self.xen.place.usb;
        let found = match usb.named(&drive.to_string()) {
            Ok(found) => found,
            Err(NoDrive::None { .. }) => return Ok(None),
            Err(error) => return Err(DriveError::from(error).into()),
        };
        let mounted = usb.mount(&found, Access::ReadWrite).map_err(DriveError::from)?;
        Ok(Some(Drive::new(mounted, Access::ReadWrite).map_err(DriveError::from)?))
    }

    fn is_there(&self, drive: &Drive) -> bool {
        drive.state().is_ok()
    }

    fn keep(&self) -> Result<Folder, HostError> {
        let folder = self.layout().data_dir.join(kept::FOLDER);
        std::fs::create_dir_all(&folder)
            .and_then(|()| Folder::open(&folder))
            .map_err(HostError::io("opening the agent's own folder"))
    }

    fn sources(&self) -> OfAppliance {
        OfAppliance::new(&self.xen.root.0)
    }

    /// The only group, or the one with the most room.
    fn volumes(&self) -> Result<Group<'_>, HostError> {
        let storage = self.runtime.block_on(self.xen.storage())?;
        let group = storage.volume_groups.into_iter().max_by_key(|group| group.free_bytes);
        let none = || HostError::Unfit("there is no volume group for the disks of VMs".to_owned());
        Ok(Group::open(&group.ok_or_else(none)?.name, &*self.run)?)
    }

    /// Where the disks were, as far as that is there again: it has the room for them.
    fn image_folder(
        &self,
        migration: MigrationId,
        manifest: &Manifest,
    ) -> Result<PathBuf, HostError> {
        let were = manifest.disks().filter_map(|(_, disk)| Path::new(&disk.planned.path).parent());
        let there = were.map(|folder| self.xen.root.path(&folder.to_string_lossy()));
        let parent = there.into_iter().find(|folder| folder.is_dir());
        let parent = parent.unwrap_or_else(|| self.layout().data_dir.clone());
        let folder = parent.join(format!("domfleet-{migration}"));
        let made = std::fs::create_dir_all(&folder)
            .and_then(|()| File::open(&parent)?.sync_all())
            .map_err(HostError::io("making a folder for the disks of VMs"));
        made.map(|()| folder)
    }

    fn random(&self, bytes: &mut [u8]) -> Result<(), HostError> {
        aws_lc_rs::rand::fill(bytes)
            .map_err(|error| HostError::io("drawing a random number")(io::Error::other(error)))
    }

    fn pause(&self, time: Duration) {
        std::thread::sleep(time);
    }

    fn paced<'m>(&self, meter: &'m dyn Meter, plan: &Plan) -> Paced<'m> {
        Paced::for_plan(meter, plan)
    }

    fn width(&self) -> Width {
        Width::of_the_machine()
    }

    fn geometry(&self) -> Geometry {
        Geometry::USUAL
    }
}

fn not_there(vm: &Vm) -> HostError {
    Dom0Error::refused(format!("starting {}", vm.name), "it has no domain").into()
}
