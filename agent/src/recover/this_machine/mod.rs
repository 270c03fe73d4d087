//! The box that the stick is in.

mod beside;
mod ext;
mod fstab;
mod system_before;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::thread::sleep;
use std::time::{Duration, Instant};

use domfleet_shared::Timestamp;
use domfleet_shared::inventory::Fingerprint;
use domfleet_shared::usb::{Usage, UsbDrive};

use self::beside::Beside;
use super::look::chain;
use super::machine::{Machine, NotSeen, Stage, StageFailed};
use crate::backup::appliance::ApplianceFile;
use crate::backup::drive::Drive;
use crate::backup::files::DiskFiles;
use crate::backup::medium::Medium as _;
use crate::clock::Clock;
use crate::dom0::Dom0Error;
use crate::dom0::xen::{Root, command};
use crate::install;
use crate::migration::block::WholeDisk;
use crate::migration::permit::PERMIT_KEYS;
use crate::migration::system_disk::{self, Found};
use crate::usb::Usb;
use crate::usb::mount::Access;

/// Between two looks for what is missing.
const GLANCE: Duration = Duration::from_secs(1);
/// A stage writes what is on a stick that may be slow.
const STAGE_WITHIN: Duration = Duration::from_hours(1);
/// Everything else is done in a moment.
const COMMAND_WITHIN: Duration = Duration::from_mins(1);

/// It.
pub struct ThisMachine {
    usb: Usb,
    /// A folder in memory.
    work: PathBuf,
    lay_out: String,
    artifact: String,
    keys: PathBuf,
    clock: Clock,
    began: Instant,
    patience: Duration,
    said: Mutex<String>,
    /// What stands in for drives whose journal was not closed.
    besides: Mutex<Vec<Beside>>,
    console: fn(&str),
}

impl ThisMachine {
    /// `lay_out` is the script, `artifact` what it lays out, `keys` the list of those whose permits are believed,
    /// here and by the system that is laid out, and `console` where words go. What is not plugged in
    /// is waited for as long as `patience`.
    pub fn new(
        (lay_out, artifact, keys): (&Path, &Path, &Path),
        patience: Duration,
        console: fn(&str),
    ) -> Self {
        let work = PathBuf::from("/run/domfleet-recover");
        Self {
            usb: Usb::new(Path::new("/"), &work),
            work,
            lay_out: lay_out.to_string_lossy().into_owned(),
            artifact: artifact.to_string_lossy().into_owned(),
            keys: keys.to_owned(),
            clock: Clock::of_the_machine(),
            began: Instant::now(),
            patience,
            said: Mutex::default(),
            besides: Mutex::default(),
            console,
        }
    }

    /// A drive of which nothing can be changed: not by us, not by the kernel that replays a journal.
    fn keep(&self, drive: &UsbDrive) -> Result<Drive, NotSeen> {
        let failed = |error: &dyn std::error::Error| NotSeen(chain(error));
        let device = self.usb.file_system_of(drive).map_err(|error| failed(&error))?;
        for path in [Path::new(&drive.path), &device] {
            set_read_only(path)?;
        }
        let mut device = device;
        if ext::read(&device).map_err(|error| failed(&error))?.is_some_and(|ext| ext.is_unclosed) {
            let beside = Beside::new(&device, &self.work)?;
            device = beside.device();
            self.besides.lock().unwrap_or_else(PoisonError::into_inner).push(beside);
        }
        let mounted =
            self.usb.mount_by(drive, &device, Access::ReadOnly).map_err(|error| failed(&error))?;
        let drive = Drive::new(mounted, Access::ReadOnly).map_err(|error| failed(&error))?;
        // What is read from here on is read from the drive itself.
        drive.remount().map_err(|error| failed(&error))?;
        Ok(drive)
    }

    /// What goes on top of the system's own files: its network, and this program, which goes on with the migration.
    fn write_settings(&self, settings: &[ApplianceFile]) -> Result<PathBuf, NotSeen> {
        let folder = self.work.join("settings");
        for file in settings {
            let failed = |error: io::Error| NotSeen(format!("{}: {error}", file.path));
            let path = folder.join(within(&file.path)?);
            if let Some(above) = path.parent() {
                std::fs::create_dir_all(above).map_err(failed)?;
            }
            std::fs::write(&path, &file.content).map_err(failed)?;
        }
        // Whom it is to believe, as this medium was told.
        let failed = |error: io::Error| NotSeen(format!("the permit keys: {error}"));
        std::fs::create_dir_all(folder.join("etc/domfleet")).map_err(failed)?;
        std::fs::copy(&self.keys, folder.join(PERMIT_KEYS)).map_err(failed)?;
        let own = std::env::current_exe().map_err(|error| NotSeen(error.to_string()))?;
        install::put_into(&folder, &own).map_err(|error| NotSeen(error.to_string()))?;
        Ok(folder)
    }
}

/// A path below `/etc`, without its first `/`. A set comes from a drive that anybody may have had.
fn within(path: &str) -> Result<&str, NotSeen> {
    let parts = path.strip_prefix("/etc/").map(|rest| rest.split('/'));
    let is_plain =
        |mut parts: std::str::Split<'_, char>| !parts.any(|part| matches!(part, "" | "." | ".."));
    match path.strip_prefix('/') {
        Some(relative) if parts.is_some_and(is_plain) => Ok(relative),
        _ => Err(NotSeen(format!("the set has a file {path}, which is no setting"))),
    }
}

fn set_read_only(device: &Path) -> Result<(), NotSeen> {
    let path = device.to_string_lossy();
    run("blockdev", &["--setro", &path], COMMAND_WITHIN)?;
    let said = run("blockdev", &["--getro", &path], COMMAND_WITHIN)?;
    if said.trim() == "1" {
        return Ok(());
    }
    Err(NotSeen(format!("{path} cannot be kept from being written to")))
}

/// Runs a program of the stick to its end; gives what it said.
fn run(program: &str, arguments: &[&str], limit: Duration) -> Result<String, NotSeen> {
    let failed = |error: Dom0Error| NotSeen(error.to_string());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| NotSeen(format!("{program}: {error}")))?;
    let output = runtime.block_on(command::run(program, arguments, limit)).map_err(failed)?;
    Ok(output.success(program).map_err(failed)?.text())
}

impl Machine for ThisMachine {
    type Drive = Drive;
    type Disk = WholeDisk;
    type Sources = DiskFiles;

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn fingerprint(&self) -> Fingerprint {
        Root("/".into()).fingerprint()
    }

    fn say(&self, words: &str) {
        (self.console)(words);
    }

    fn wait(&self, why: &str) -> bool {
        if self.began.elapsed() >= self.patience {
            return false;
        }
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        if *said != why {
            self.say(&format!("{why} (waiting for {} s)", self.patience.as_secs()));
            why.clone_into(&mut said);
        }
        sleep(GLANCE);
        true
    }

    fn drives(&self) -> Vec<Drive> {
        self.besides.lock().unwrap_or_else(PoisonError::into_inner).clear();
        let ours = |drive: &UsbDrive| matches!(drive.usage, Usage::Ours { .. });
        let drives = self.usb.drives().into_iter().filter(ours);
        let kept = drives.filter_map(|drive| match self.keep(&drive) {
            Ok(kept) => Some(kept),
            Err(error) => {
                self.say(&format!("the drive {} cannot be used: {error}", drive.path));
                None
            }
        });
        kept.collect()
    }

    fn disks(&self) -> Vec<(Found, WholeDisk)> {
        let found = system_disk::all(Path::new("/")).unwrap_or_default();
        let opened = found.into_iter().filter_map(|found| {
            let disk = WholeDisk::open_to_read(&system_disk::device(&found)).ok()?;
            Some((found, disk))
        });
        opened.collect()
    }

    fn open_to_write(&self, disk: &Found) -> io::Result<WholeDisk> {
        WholeDisk::open(&system_disk::device(disk))
    }

    fn at_system_before<T>(
        &self,
        disk: &Found,
        look: impl FnOnce(&DiskFiles) -> T,
    ) -> Result<T, NotSeen> {
        let system = system_before::SystemBefore::mount(&Root("/".into()), disk, &self.work)?;
        for told in system.left_out() {
            self.say(told);
        }
        system.inside(|| look(&DiskFiles))
    }

    fn lay_out(
        &self,
        stage: Stage,
        disk: &Found,
        settings: &[ApplianceFile],
    ) -> Result<(), StageFailed> {
        let failed = |error: NotSeen| StageFailed { stage, why: error.to_string() };
        let folder = self.write_settings(settings).map_err(failed)?;
        let (stage, folder) = (stage.to_string(), folder.to_string_lossy());
        let arguments = [stage.as_str(), &disk.wwid, &self.artifact, &folder];
        run(&self.lay_out, &arguments, STAGE_WITHIN).map_err(failed)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_settings_of_the_system_are_written_onto_it() {
        assert_eq!(within("/etc/network/interfaces").unwrap(), "etc/network/interfaces");
        for path in ["/bin/sh", "/etc/../bin/sh", "etc/hosts", "/etc/", "/etc//hosts", "/etc/./a"] {
            assert!(within(path).is_err(), "{path}");
        }
    }
}
