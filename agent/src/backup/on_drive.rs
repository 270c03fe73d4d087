//! Work on a drive that someone may pull out in the middle of it.

use std::thread::sleep;
use std::time::{Duration, Instant};

use domfleet_shared::id::DriveId;

use super::drive::Drive;
use crate::meter::{Cancelled, Meter};
use crate::usb::mount::{Access, MountError};
use crate::usb::{NotFound, Usb};

/// Between two looks for a drive.
const GLANCE: Duration = Duration::from_secs(1);
/// A drive that was plugged in is there at once, and can be mounted once the kernel has read its table.
const MOUNTED_WITHIN: Duration = Duration::from_secs(30);
/// So often a drive goes away, and it is no accident any more.
const ACCIDENTS: usize = 10;

/// Why a drive cannot be worked on.
#[derive(Debug, thiserror::Error)]
pub enum DriveError {
    /// It is not plugged in, or there are two of it.
    #[error(transparent)]
    NotFound(#[from] NotFound),
    /// It cannot be mounted, or is not mounted any more.
    #[error(transparent)]
    Mount(#[from] MountError),
    /// It is mounted, and cannot be opened.
    #[error("the mounted drive cannot be read")]
    Unreadable(#[from] std::io::Error),
    /// It went away again and again.
    #[error("the drive went away {ACCIDENTS} times: try another port or another cable")]
    Loose,
    /// Nobody wants it any more.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

/// Why work on a drive failed.
pub trait Failure: From<DriveError> {
    /// Whether the drive may be the trouble.
    fn is_of_the_drive(&self) -> bool;
}

/// Does `work` on a drive of ours. Where it fails because the drive is gone, waits until it is plugged
/// in again, and does it once more: so it has to be something that goes on from where it was.
///
/// Blocks. Where the drive is there and in order, the error of `work` is what is answered.
pub fn on_drive<T, E: Failure>(
    usb: &Usb,
    (id, access): (DriveId, Access),
    meter: &dyn Meter,
    mut work: impl FnMut(&Drive) -> Result<T, E>,
) -> Result<T, E> {
    let mut drive = open(usb, id, access)?;
    for _ in 0..ACCIDENTS {
        let error = match work(&drive) {
            Ok(done) => return Ok(done),
            Err(error) if meter.is_cancelled() || !error.is_of_the_drive() => return Err(error),
            Err(error) => error,
        };
        match drive.state() {
            Ok(()) => return Err(error),
            Err(MountError::Gone(_)) => {}
            Err(other) => return Err(DriveError::from(other).into()),
        }
        tracing::warn!(%id, "the drive is gone in the middle of work, which goes on once it is back");
        drop(drive);
        drive = wait(usb, id, access, meter)?;
    }
    Err(DriveError::Loose.into())
}

fn open(usb: &Usb, id: DriveId, access: Access) -> Result<Drive, DriveError> {
    let mounted = usb.mount(&usb.named(&id.to_string())?, access)?;
    Ok(Drive::new(mounted, access)?)
}

fn wait(usb: &Usb, id: DriveId, access: Access, meter: &dyn Meter) -> Result<Drive, DriveError> {
    meter.begin("waiting for the drive to be plugged in again", 0);
    let mut seen: Option<Instant> = None;
    loop {
        meter.go_on()?;
        match open(usb, id, access) {
            Ok(drive) => return Ok(drive),
            Err(DriveError::NotFound(NotFound::None { .. })) => seen = None,
            Err(error) if seen.get_or_insert_with(Instant::now).elapsed() > MOUNTED_WITHIN => {
                return Err(error);
            }
            Err(error) => tracing::debug!(%error, "the drive is there and not ready yet"),
        }
        sleep(GLANCE);
    }
}
