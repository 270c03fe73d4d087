//! What a drive is worth: how much it really holds, and how fast it is, by writing and reading.
//!
//! Nothing on it is lost: an empty drive is written to where it is blank; one of ours in files that
//! take its free space; any other only once a person has said that it may be erased.

mod judge;
mod pattern;
mod run;
mod smart;
#[cfg(test)]
mod tests;

use std::io;

use domfleet_shared::usb::{Qualification, QualifyMode, Smart, Usage, UsbDrive};
use uuid::Uuid;

use self::judge::{Tried, judge};
use self::run::{Stopped, Test};
use super::Usb;
use super::device::{BLOCK, Direct};
use super::gpt::ALIGNMENT;
use super::mount::{Access, MountError, Mounted};
use super::prepare::{self, PrepareError, exclusive, may_erase};
use super::record;
use crate::meter::{Cancelled, Meter};

/// What is left free on a drive of ours.
const SPARE: u64 = 64 * 1024 * 1024;

/// Why nothing can be said of a drive.
#[derive(Debug, thiserror::Error)]
pub enum QualifyError {
    /// It may not be written to.
    #[error(transparent)]
    Refused(#[from] PrepareError),
    /// It looks empty, and is not.
    #[error("{path} is not blank at byte {at}: to erase all of it, add --erase {consent}")]
    NotBlank {
        /// The device.
        path: String,
        /// Where.
        at: u64,
        /// What has to be typed.
        consent: String,
    },
    /// A drive of ours that cannot be used.
    #[error(transparent)]
    Mount(#[from] MountError),
    /// It is full.
    #[error("{0} has no free space that could be tried: remove a backup, or erase it")]
    Full(String),
    /// It was pulled out.
    #[error("{0} was unplugged meanwhile: plug it in and repeat")]
    Gone(String),
    /// It takes nothing.
    #[error("{path} cannot be {doing}")]
    Io {
        /// The device.
        path: String,
        /// What was tried.
        doing: &'static str,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// Nobody wants it any more. What was written stays, on a drive that was blank there.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

impl Usb {
    /// What the drive thinks of its own health, where it can be asked.
    pub async fn smart(&self, drive: &UsbDrive) -> Option<Smart> {
        self.smart_of(&drive.path).await
    }

    /// The same of any disk of this dom0, by its device.
    pub async fn smart_of(&self, device: &str) -> Option<Smart> {
        smart::ask(&self.root.path(device).to_string_lossy()).await
    }

    /// Writes to `drive` and reads back, and says what it is worth. Blocks: minutes, or hours where
    /// the mode is [`QualifyMode::Full`].
    pub fn qualify(
        &self,
        drive: &UsbDrive,
        mode: QualifyMode,
        typed: Option<&str>,
        smart: Option<Smart>,
        meter: &dyn Meter,
    ) -> Result<Qualification, QualifyError> {
        let path = || drive.path.clone();
        let current = self.drives().into_iter().find(|other| other.path == drive.path);
        if current.as_ref() != Some(drive) {
            return Err(PrepareError::Changed(path()).into());
        }
        if drive.read_only {
            return Err(PrepareError::ReadOnly(path()).into());
        }
        let is_full = mode == QualifyMode::Full;
        let run = Uuid::new_v4().as_u128();
        if let (Usage::Ours { .. }, None) = (&drive.usage, typed) {
            return self.qualify_free_space(drive, Attempt { mode, run, smart }, meter);
        }
        may_erase(drive, typed)?;
        let device = self.root.path(&drive.path);
        let failed = |doing: &'static str| {
            move |source| QualifyError::Io { path: drive.path.clone(), doing, source }
        };
        // Table and marker stay: what is empty before is empty after.
        let end = drive.size_bytes.saturating_sub(ALIGNMENT) / BLOCK as u64 * BLOCK as u64;
        if end <= ALIGNMENT {
            return Err(PrepareError::TooSmall(path()).into());
        }
        if typed.is_some() && drive.usage != Usage::Empty {
            let file = exclusive(&device).map_err(failed("opened for us alone"))?;
            prepare::blank_ends(&file, drive.size_bytes).map_err(failed("written"))?;
        }
        let mut device = Direct::drive(&device).map_err(failed("opened for us alone"))?;
        let may_overwrite = drive.usage != Usage::Empty || typed.is_some();
        let test = Test { is_full, run, range: ALIGNMENT..end, may_overwrite };
        let findings = run::run(&mut device, &test, meter).map_err(|why| stopped(drive, why))?;
        let tried = Tried { mode, claimed_bytes: drive.size_bytes, is_raw: true };
        Ok(judge(tried, &findings, smart))
    }

    fn qualify_free_space(
        &self,
        drive: &UsbDrive,
        attempt: Attempt,
        meter: &dyn Meter,
    ) -> Result<Qualification, QualifyError> {
        let failed = |source| {
            let path = drive.path.clone();
            QualifyError::Io { path, doing: "written", source }
        };
        let mounted: Mounted = self.mount(drive, Access::ReadWrite)?;
        let folder = mounted.folder().join(record::FOLDER);
        let room = rustix::fs::statvfs(&folder).map_err(|error| failed(error.into()))?;
        let free = room.f_bavail.saturating_mul(room.f_frsize);
        let length = free.saturating_sub(SPARE.min(free / 8)) / ALIGNMENT * ALIGNMENT;
        if length < 2 * ALIGNMENT {
            return Err(QualifyError::Full(drive.path.clone()));
        }
        let device = self.root.path(&drive.path);
        let mut file = Direct::file(&folder, length, &device).map_err(failed)?;
        let Attempt { mode, run, smart } = attempt;
        let is_full = mode == QualifyMode::Full;
        let test = Test { is_full, run, range: 0..length, may_overwrite: true };
        let findings = run::run(&mut file, &test, meter).map_err(|why| stopped(drive, why))?;
        drop(file);
        let tried = Tried { mode, claimed_bytes: drive.size_bytes, is_raw: false };
        let mut verdict = judge(tried, &findings, smart);
        let complaints = mounted.complaints().unwrap_or_default();
        if let Some(last) = complaints.last() {
            verdict.is_fit = false;
            verdict.reasons.push(format!("the kernel complains of it: {last}"));
        }
        mounted.check()?;
        mounted.unmount()?;
        Ok(verdict)
    }
}

struct Attempt {
    mode: QualifyMode,
    run: u128,
    smart: Option<Smart>,
}

fn stopped(drive: &UsbDrive, why: Stopped) -> QualifyError {
    let path = drive.path.clone();
    match why {
        Stopped::Gone => QualifyError::Gone(path),
        Stopped::NotBlank(at) => {
            let consent = prepare::consent_for(drive);
            QualifyError::NotBlank { path, at, consent }
        }
        Stopped::Cancelled(cancelled) => cancelled.into(),
        Stopped::Flush(source) => QualifyError::Io { path, doing: "flushed", source },
    }
}
