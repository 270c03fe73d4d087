//! Sets on a drive that is mounted for real, and pulled out.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::io;
use std::sync::Mutex;

use domfleet_shared::Timestamp;
use domfleet_shared::id::DriveId;
use domfleet_shared::usb::Usage;

use crate::backup::cipher::Keyring;
use crate::backup::create;
use crate::backup::drive::Drive;
use crate::backup::duplicate;
use crate::backup::error::BackupError;
use crate::backup::files::DiskFiles;
use crate::backup::list;
use crate::backup::medium::{Medium as _, MediumFile as _};
use crate::backup::on_drive::{DriveError, Failure, on_drive};
use crate::backup::pipeline::Width;
use crate::backup::prepare::{Prepared, prepare};
use crate::backup::tools::Tools;
use crate::clock::Clock;
use crate::meter::{Meter, Unwatched};
use crate::usb::mount::{Access, MountError};
use crate::usb::tests::loops::Loops;
use crate::usb::tests::run;

async fn prepared() -> (Loops, DriveId) {
    let loops = Loops::new();
    let Usage::Ours { drive } = loops.prepare(None, &Unwatched).await.unwrap() else { panic!() };
    (loops, drive)
}

#[derive(Debug)]
enum Wrong {
    Drive(DriveError),
    Medium,
    Else,
}

impl From<DriveError> for Wrong {
    fn from(error: DriveError) -> Self {
        Self::Drive(error)
    }
}

impl Failure for Wrong {
    fn is_of_the_drive(&self) -> bool {
        matches!(self, Self::Medium)
    }
}

/// Plugs the drive in again as soon as somebody waits for it.
struct PlugsIn<'l> {
    loops: &'l Loops,
    told: Mutex<Vec<String>>,
}

impl Meter for PlugsIn<'_> {
    fn begin(&self, what: &str, _total_bytes: u64) {
        self.told.lock().unwrap().push(what.to_owned());
        self.loops.plug("sdc");
    }

    fn advance(&self, _bytes: u64) {}

    fn is_cancelled(&self) -> bool {
        false
    }
}

#[tokio::test]
async fn what_failed_because_the_drive_was_pulled_out_is_done_again_once_it_is_back() {
    let (loops, id) = prepared().await;
    let usb = loops.system.usb();
    let meter = PlugsIn { loops: &loops, told: Mutex::default() };
    let times = Cell::new(0);

    let done = on_drive(&usb, (id, Access::ReadWrite), &meter, |drive| {
        times.set(times.get() + 1);
        if times.get() > 1 {
            return Ok(drive.list("").unwrap());
        }
        let mut file = drive.create("begun").unwrap();
        file.write_at(b"half", 0).unwrap();
        file.sync().unwrap();
        drive.sync_folder("").unwrap();
        loops.unplug("sdb");
        Err(Wrong::Medium)
    });

    assert!(done.unwrap().contains(&"begun".to_owned()));
    assert_eq!(times.get(), 2);
    assert_eq!(*meter.told.lock().unwrap(), ["waiting for the drive to be plugged in again"]);
}

#[tokio::test]
async fn what_failed_though_the_drive_is_there_is_not_done_again() {
    let (loops, id) = prepared().await;
    let usb = loops.system.usb();
    let times = Cell::new(0);
    let fail = |wrong: fn(&Drive) -> Wrong| {
        on_drive(&usb, (id, Access::ReadWrite), &Unwatched, |drive| {
            times.set(times.get() + 1);
            Err::<(), _>(wrong(drive))
        })
        .unwrap_err()
    };

    assert!(matches!(fail(|_| Wrong::Else), Wrong::Else));
    let made_read_only = fail(|drive| {
        // What an error of the drive does.
        let folder = drive.path();
        run("mount", &["-o", "remount,ro", folder.to_str().unwrap()]);
        Wrong::Medium
    });
    assert!(
        matches!(made_read_only, Wrong::Drive(DriveError::Mount(MountError::ReadOnly(_)))),
        "{made_read_only:?}"
    );
    assert_eq!(times.get(), 2);
}

#[tokio::test]
async fn a_drive_that_is_not_there_is_said_not_to_be() {
    let (loops, id) = prepared().await;
    loops.unplug("sdb");

    let done =
        on_drive(&loops.system.usb(), (id, Access::ReadOnly), &Unwatched, |_| Ok::<_, Wrong>(()));

    assert!(matches!(done, Err(Wrong::Drive(DriveError::NotFound(_)))), "{done:?}");
}

#[tokio::test]
async fn a_drive_is_not_said_to_be_mounted_anew_while_something_on_it_is_open() {
    let (loops, _) = prepared().await;
    let mounted = loops.system.usb().mount(&loops.system.only(), Access::ReadWrite).unwrap();
    let drive = Drive::new(mounted, Access::ReadWrite).unwrap();
    let file = drive.create("open").unwrap();

    drive.remount().unwrap_err();

    drop(file);
    // Nothing that was remembered of it is read after that either.
    assert_eq!(drive.list("").unwrap_err().kind(), io::ErrorKind::NotConnected);
}

/// A VM of a few megabytes, and the folder that its disk and its configuration are in.
fn a_vm() -> (tempfile::TempDir, Prepared) {
    let folder = tempfile::tempdir().unwrap();
    let (disk, config) = (folder.path().join("pbx.raw"), folder.path().join("pbx.cfg"));
    let content: Vec<u8> = (0..3_u32 << 20).flat_map(u32::to_le_bytes).collect();
    std::fs::write(&disk, content).unwrap();
    let text =
        format!("name = 'pbx'\ndisk = [ 'format=raw, vdev=xvda, target={}' ]\n", disk.display());
    std::fs::write(&config, text).unwrap();
    (folder, prepare(&[config], Timestamp::from_millis(7)).unwrap())
}

fn tools<'t, M>(medium: &'t M, clock: &'t Clock) -> Tools<'t, M> {
    static KEYS: Keyring = Keyring::EMPTY;
    Tools { medium, keys: &KEYS, clock, meter: &Unwatched, width: Width::threads(2) }
}

#[tokio::test]
async fn a_set_on_a_drive_is_verified_once_it_was_mounted_anew_and_read_back() {
    let (loops, id) = prepared().await;
    let (_folder, prepared) = a_vm();
    let (usb, clock) = (loops.system.usb(), Clock::of_the_machine());

    let listed = on_drive(&usb, (id, Access::ReadWrite), &Unwatched, |medium| {
        let configs: &BTreeMap<_, _> = &prepared.configs;
        create(tools(medium, &clock), &prepared.plan, configs, &DiskFiles).map_err(BackupFailed)?;
        list::list(medium).map_err(BackupFailed)
    });

    let listed = listed.map_err(|BackupFailed(error)| error).unwrap();
    assert!(listed[0].verified.is_some(), "{listed:?}");
    run("e2fsck", &["-fn", loops.devices[1].trim()]);
}

#[tokio::test]
async fn a_set_is_copied_from_one_drive_to_another_and_verified_there_while_both_are_mounted() {
    let ((first, from), (second, to)) = (prepared().await, prepared().await);
    let (_folder, prepared) = a_vm();
    let ((from_usb, to_usb), clock) =
        ((first.system.usb(), second.system.usb()), Clock::of_the_machine());

    let copied = on_drive(&from_usb, (from, Access::ReadWrite), &Unwatched, |medium| {
        let configs: &BTreeMap<_, _> = &prepared.configs;
        let (plan, tools) = (&prepared.plan, tools(medium, &clock));
        create(tools, plan, configs, &DiskFiles).map_err(BackupFailed)?;
        on_drive(&to_usb, (to, Access::ReadWrite), &Unwatched, |second| {
            duplicate(tools, second, plan.set).map_err(BackupFailed)?;
            let sealed = |medium| create::sealed_as(medium, plan.set).map_err(BackupFailed);
            Ok((list::list(second).map_err(BackupFailed)?, sealed(medium)?, sealed(second)?))
        })
    });

    let (there, here, copy) = copied.map_err(|BackupFailed(error)| error).unwrap();
    assert!(there[0].verified.is_some(), "{there:?}");
    assert_eq!(here, copy);
    run("e2fsck", &["-fn", second.devices[1].trim()]);
}

#[derive(Debug)]
struct BackupFailed(BackupError);

impl From<DriveError> for BackupFailed {
    fn from(error: DriveError) -> Self {
        Self(BackupError::Missing(error.to_string()))
    }
}

impl Failure for BackupFailed {
    fn is_of_the_drive(&self) -> bool {
        self.0.is_of_the_medium()
    }
}
