//! The machine's watchdog: `/dev/watchdog` (Linux, `watchdog-api`).
#![expect(
    unsafe_code,
    reason = "there is no safe call for either; each reads or writes one `int` of ours"
)]

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustix::ioctl::{Getter, Opcode, Updater, ioctl, opcode};

use crate::dom0::Dom0Error;

const WDIOC_SETTIMEOUT: Opcode = opcode::read_write::<i32>(b'W', 6);
const WDIOC_GETTIMEOUT: Opcode = opcode::read::<i32>(b'W', 7);
/// A disk that is only slow must not reset the machine.
const WANTED_SECONDS: i32 = 60;
/// Of a device that does not say: hardly any waits less.
const UNTOLD: Duration = Duration::from_secs(30);
/// A device that is closed after this stops; else it goes on, and bites.
const MAGIC_CLOSE: &[u8] = b"V";

/// The device; nothing where there is to be none.
#[derive(Debug)]
pub(super) struct Device {
    path: Option<PathBuf>,
    opened: Mutex<Option<File>>,
}

impl Device {
    pub(super) fn new(path: Option<PathBuf>) -> Self {
        Self { path, opened: Mutex::new(None) }
    }

    fn opened(&self) -> MutexGuard<'_, Option<File>> {
        self.opened.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn arm(&self) -> Result<Option<Duration>, Dom0Error> {
        let Some(path) = &self.path else { return Ok(None) };
        let mut opened = self.opened();
        if opened.is_none() {
            let file = OpenOptions::new().write(true).open(path).map_err(|error| {
                Dom0Error::not_run(format!("opening {}", path.display()), error.to_string())
            })?;
            *opened = Some(file);
        }
        let Some(file) = opened.as_ref() else { return Ok(None) };
        let told = set_timeout(file).or_else(|_| timeout(file)).ok();
        let told = told.and_then(|seconds| u64::try_from(seconds).ok()).filter(|told| *told > 0);
        Ok(Some(told.map_or(UNTOLD, Duration::from_secs)))
    }

    pub(super) fn feed(&self) -> Result<(), Dom0Error> {
        let what = "feeding the watchdog";
        match self.opened().as_mut() {
            None => Err(Dom0Error::refused(what, "it is not armed")),
            Some(file) => {
                file.write_all(b"\0").map_err(|error| Dom0Error::unknown(what, error.to_string()))
            }
        }
    }

    pub(super) fn disarm(&self) -> Result<(), Dom0Error> {
        let Some(mut file) = self.opened().take() else { return Ok(()) };
        file.write_all(MAGIC_CLOSE)
            .map_err(|error| Dom0Error::unknown("stopping the watchdog", error.to_string()))
    }
}

/// Asks for the time that we want; gives what there is.
fn set_timeout(file: &File) -> io::Result<i32> {
    let mut seconds = WANTED_SECONDS;
    // SAFETY: WDIOC_SETTIMEOUT reads and writes one `int`.
    unsafe { ioctl(file, Updater::<WDIOC_SETTIMEOUT, i32>::new(&mut seconds)) }?;
    Ok(seconds)
}

fn timeout(file: &File) -> io::Result<i32> {
    // SAFETY: WDIOC_GETTIMEOUT writes one `int`.
    Ok(unsafe { ioctl(file, Getter::<WDIOC_GETTIMEOUT, i32>::new()) }?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_that_nobody_wants_is_never_opened() {
        let device = Device::new(None);

        assert_eq!(device.arm(), Ok(None));
        assert!(device.feed().is_err());
        assert_eq!(device.disarm(), Ok(()));
    }

    #[test]
    fn the_last_that_it_is_told_is_that_it_is_to_stop() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("watchdog");
        std::fs::write(&path, b"").unwrap();
        let device = Device::new(Some(path.clone()));

        assert_eq!(device.arm(), Ok(Some(UNTOLD)));
        device.feed().unwrap();
        device.feed().unwrap();
        device.disarm().unwrap();

        assert_eq!(std::fs::read(&path).unwrap(), b"\0\0V");
        assert!(device.feed().is_err());
    }

    #[test]
    fn one_that_is_missing_is_told() {
        let error = Device::new(Some("/no/such/device".into())).arm().unwrap_err();

        assert!(error.to_string().contains("/no/such/device"), "{error}");
    }
}
