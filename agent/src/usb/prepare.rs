//! Makes a drive ours: one partition, ext4, `DRIVE.json`.
//!
//! ```text
//! marker → ends wiped → table → ext4 → DRIVE.json → marker removed
//! ```
//!
//! A power cut anywhere leaves a drive that is unfinished, and is begun again from the table on
//! without being asked about; or one that is what it was, or foreign, about which the person is
//! asked again.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::time::Duration;

use domfleet_shared::Timestamp;
use domfleet_shared::usb::{DriveIdentity, DriveRecord, Usage, UsbDrive};
use tokio::time::sleep;

use super::attached::{Access, Attached, MountError};
use super::gpt::{self, Made};
use super::marker::{self, Marker};
use super::sysfs::{self, Part};
use super::{Usb, ioctl, record};
use crate::dom0::Dom0Error;
use crate::dom0::xen::command;
use crate::meter::{Cancelled, Meter};

/// Where mkfs leaves no room for a journal, and a backup has none either.
const SMALLEST: u64 = 32 * 1024 * 1024;
/// The features are named one by one, and none is left to whichever e2fsprogs is here: what writes
/// today's backup is 2.x's, and what reads it may be a recovery stick with a kernel of 2010. These
/// are in Linux 2.6.28 and later. In particular not `metadata_csum` (3.5), `metadata_csum_seed`
/// (4.4) and `orphan_file` (5.15), which newer ones set by themselves.
const FEATURES: &str = "none,has_journal,ext_attr,resize_inode,dir_index,filetype,extent,flex_bg,\
    sparse_super,large_file,huge_file,uninit_bg,dir_nlink,extra_isize";
/// Block numbers of 32 bits end here, with blocks of 4 KiB.
const NEEDS_64BIT: u64 = 16 << 40;
/// A terabyte by USB 2 takes two minutes; a drive that fails may take longer, and never ends well.
const FORMATTED_WITHIN: Duration = Duration::from_mins(30);
const PARTITION_WITHIN: Duration = Duration::from_secs(10);
const GLANCE: Duration = Duration::from_millis(50);

/// Why a drive is not prepared.
#[derive(Debug, thiserror::Error)]
pub enum PrepareError {
    /// Somebody works with it.
    #[error("{path} is in use and is never touched: {reason}")]
    System {
        /// The device.
        path: String,
        /// Who.
        reason: String,
    },
    /// There is something on it, and nobody said that it may go.
    #[error("{path} holds {what}: to erase all of it, add --erase {consent}")]
    NoConsent {
        /// The device.
        path: String,
        /// For people.
        what: String,
        /// What has to be typed.
        consent: String,
    },
    /// What was typed is about another drive.
    #[error("--erase names another drive: this one is {consent}")]
    OtherConsent {
        /// What has to be typed.
        consent: String,
    },
    /// The kernel or a switch on it says so.
    #[error("{0} is write-protected: there may be a switch on it")]
    ReadOnly(String),
    /// Nothing fits on it.
    #[error("{0} is too small to hold anything")]
    TooSmall(String),
    /// It was there, and is not.
    #[error("{0} is not the drive any more that it was: look at `domfleet-agent usb list`")]
    Changed(String),
    /// It cannot be written or read.
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
    /// What was written is not there.
    #[error("{0} does not hold what is written to it: it is fake or broken, throw it away")]
    Lies(String),
    /// The kernel does not take the table.
    #[error("the kernel does not see the new partition of {0}: unplug it, plug it in, and repeat")]
    NoPartition(String),
    /// `mkfs.ext4` is missing, or failed.
    #[error("no file system could be made: is e2fsprogs installed?")]
    Format(#[from] Dom0Error),
    /// The new file system cannot be mounted.
    #[error("the new file system cannot be mounted")]
    Mount(#[from] MountError),
    /// Nobody wants it any more. Repeating it goes on.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

/// Where preparing begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Begin {
    /// It is done already.
    Nowhere,
    /// With the table: what is on the drive is of an earlier attempt.
    Table(Marker),
    /// With a marker.
    Anew,
}

/// What has to be typed for a drive to be erased: its serial number, or its device where it has
/// none.
pub fn consent_for(drive: &UsbDrive) -> String {
    drive.hardware.serial.clone().unwrap_or_else(|| drive.path.clone())
}

/// Whether all that is on a drive may go, by what a person typed. Where nothing was typed, only
/// what holds nothing.
pub(super) fn may_erase(drive: &UsbDrive, typed: Option<&str>) -> Result<(), PrepareError> {
    let (path, consent) = (drive.path.clone(), consent_for(drive));
    let what = match (&drive.usage, typed) {
        (Usage::System { reason }, _) => {
            return Err(PrepareError::System { path, reason: reason.clone() });
        }
        (_, Some(typed)) if typed == consent || typed == path => return Ok(()),
        (_, Some(_)) => return Err(PrepareError::OtherConsent { consent }),
        (Usage::Empty | Usage::Unfinished { .. }, None) => return Ok(()),
        (Usage::Ours { drive }, None) => format!("our drive {drive} with all its backups"),
        (Usage::Foreign { what }, None) => what.clone(),
        (Usage::Unknown, None) => "something unknown".to_owned(),
    };
    Err(PrepareError::NoConsent { path, what, consent })
}

fn begin(
    drive: &UsbDrive,
    typed: Option<&str>,
    marker: Option<Marker>,
) -> Result<Begin, PrepareError> {
    if matches!(drive.usage, Usage::Ours { .. }) && typed.is_none() {
        return Ok(Begin::Nowhere);
    }
    may_erase(drive, typed)?;
    if drive.read_only {
        return Err(PrepareError::ReadOnly(drive.path.clone()));
    }
    if drive.size_bytes < SMALLEST {
        return Err(PrepareError::TooSmall(drive.path.clone()));
    }
    Ok(match (&drive.usage, marker) {
        (Usage::Unfinished { .. }, Some(marker)) => Begin::Table(marker),
        _ => Begin::Anew,
    })
}

impl Usb {
    /// Makes `drive` ours, and gives it as it is then. One that is ours already stays as it is,
    /// unless `typed` says that it is to be erased.
    pub async fn prepare(
        &self,
        drive: &UsbDrive,
        typed: Option<&str>,
        now: Timestamp,
        meter: &dyn Meter,
    ) -> Result<UsbDrive, PrepareError> {
        // What was seen may be long ago, and the name another drive's by now.
        let current = self.drives().into_iter().find(|other| other.path == drive.path);
        let changed = || PrepareError::Changed(drive.path.clone());
        let drive = current.filter(|current| current == drive).ok_or_else(changed)?;
        let device = self.root.path(&drive.path);
        let whole = super::window::Window::open(&device, 0, drive.size_bytes);
        let marker = whole.and_then(|whole| Marker::read(&whole));
        let failed = |doing: &'static str| {
            let path = drive.path.clone();
            move |source| PrepareError::Io { path, doing, source }
        };
        let marker = marker.map_err(failed("read"))?;
        let (marker, is_new) = match begin(&drive, typed, marker)? {
            Begin::Nowhere => {
                // The marker of an attempt that was cut off at its very end.
                if marker.is_some() {
                    let sector = self.sector(&drive);
                    unmark(&device, sector).map_err(failed("written"))?;
                }
                return Ok(drive);
            }
            Begin::Table(marker) => (marker, false),
            Begin::Anew => (Marker::new(), true),
        };
        meter.go_on()?;
        meter.begin("dividing", 0);
        let sector = self.sector(&drive);
        let made = Made::new(marker.disk, marker.partition, sector, drive.size_bytes);
        let made = made.ok_or_else(|| PrepareError::TooSmall(drive.path.clone()))?;
        {
            let file = exclusive(&device).map_err(failed("opened for us alone"))?;
            if is_new {
                mark(&file, &marker, sector).map_err(failed("written"))?;
                meter.go_on()?;
            }
            wipe(&file, &made, sector, drive.size_bytes).map_err(failed("written"))?;
            meter.go_on()?;
            if !divide(&file, &made).map_err(failed("written"))? {
                return Err(PrepareError::Lies(drive.path.clone()));
            }
            // It says no where a partition of before is held; whether it took it is seen next.
            if let Err(error) = ioctl::read_table(&file) {
                tracing::debug!(%error, "the kernel does not read the table");
            }
        }
        meter.go_on()?;
        let part = self.partition(&drive, &made).await?;
        meter.begin("formatting", 0);
        let partition = self.device(&part.name);
        format(&partition, &marker, made.size_bytes).await?;
        meter.go_on()?;
        meter.begin("recording", 0);
        let identity = DriveIdentity {
            drive: Some(marker.drive),
            file_system: Some(marker.file_system.to_string()),
            partition: Some(marker.partition.to_string()),
            ..drive.identity.clone()
        };
        let record = DriveRecord { format: DriveRecord::FORMAT, identity, prepared_at: now };
        let folder = self.mounts.join(marker.drive.to_string());
        let attached = Attached::new(partition, folder, Access::ReadWrite)?;
        record::write(attached.folder(), &record).map_err(failed("written"))?;
        attached.detach()?;
        meter.go_on()?;
        unmark(&device, sector).map_err(failed("written"))?;
        let ready = Usage::Ours { drive: marker.drive };
        let drives = self.drives().into_iter();
        drives.into_iter().find(|drive| drive.usage == ready).ok_or_else(changed)
    }

    fn sector(&self, drive: &UsbDrive) -> u64 {
        let devices = sysfs::devices(&self.root);
        let name = drive.path.trim_start_matches("/dev/");
        devices.iter().find(|device| device.name == name).map_or(512, |device| device.sector)
    }

    /// The partition, once the kernel has it and its device is there.
    async fn partition(&self, drive: &UsbDrive, made: &Made) -> Result<Part, PrepareError> {
        let name = drive.path.trim_start_matches("/dev/");
        let is_it = |part: &Part| {
            (part.start_bytes, part.size_bytes) == (made.start_bytes, made.size_bytes)
        };
        let end = tokio::time::Instant::now() + PARTITION_WITHIN;
        loop {
            let devices = sysfs::devices(&self.root);
            let device = devices.into_iter().find(|device| device.name == name);
            let part = device.and_then(|device| device.partitions.into_iter().find(is_it));
            match part {
                Some(part) if self.device(&part.name).exists() => return Ok(part),
                _ if tokio::time::Instant::now() > end => {
                    return Err(PrepareError::NoPartition(drive.path.clone()));
                }
                _ => sleep(GLANCE).await,
            }
        }
    }
}

/// The device, which the kernel then gives to nobody else; it refuses where somebody has it.
pub(super) fn exclusive(device: &Path) -> io::Result<File> {
    let flags = rustix::fs::OFlags::EXCL.bits().cast_signed();
    OpenOptions::new().read(true).write(true).custom_flags(flags).open(device)
}

fn mark(file: &File, marker: &Marker, sector: u64) -> io::Result<()> {
    file.write_all_at(&marker.encode(usize::try_from(sector).unwrap_or(512)), marker::AT)?;
    file.sync_all()
}

fn unmark(device: &Path, sector: u64) -> io::Result<()> {
    // Not exclusively: the partition may be mounted, and this is not in it.
    let file = OpenOptions::new().write(true).open(device)?;
    file.write_all_at(&vec![0; usize::try_from(sector).unwrap_or(512)], marker::AT)?;
    file.sync_all()
}

/// Takes away what others know the drive's content by, at both ends and where the partition
/// begins; not the marker.
fn wipe(file: &File, made: &Made, sector: u64, size: u64) -> io::Result<()> {
    let zeros = |from: u64, to: u64| {
        let length = usize::try_from(to.saturating_sub(from)).unwrap_or_default();
        file.write_all_at(&vec![0; length], from)
    };
    zeros(0, marker::AT)?;
    zeros(marker::AT + sector, made.start_bytes + 128 * 1024)?;
    zeros(size - gpt::ALIGNMENT, size)?;
    file.sync_all()
}

/// Leaves nothing at either end that anybody could know the drive's content by.
pub(super) fn blank_ends(file: &File, size: u64) -> io::Result<()> {
    let zeros = vec![0; usize::try_from(gpt::ALIGNMENT).unwrap_or_default()];
    file.write_all_at(&zeros, size.saturating_sub(gpt::ALIGNMENT))?;
    file.write_all_at(&zeros, 0)?;
    file.sync_all()
}

/// Writes the table piece by piece, and says whether all of it is on the drive then: one that is
/// smaller than it says has no end, or has it somewhere else.
fn divide(file: &File, made: &Made) -> io::Result<bool> {
    for (offset, bytes) in &made.pieces {
        file.write_all_at(bytes, *offset)?;
        file.sync_all()?;
    }
    // A file has no such thing, and a device's buffers are what would answer else.
    match ioctl::forget(file) {
        Err(error) if error.raw_os_error() != Some(rustix::io::Errno::NOTTY.raw_os_error()) => {
            return Err(error);
        }
        _ => {}
    }
    for (offset, bytes) in &made.pieces {
        let mut found = vec![0; bytes.len()];
        file.read_exact_at(&mut found, *offset)?;
        if found != *bytes {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Most files of a set are chunks of some MiB.
const BYTES_PER_INODE: u64 = 4 * 1024 * 1024;
/// So many files even the smallest drive holds: a set has some dozen that are small.
const FEWEST_INODES: u64 = 1024;

/// Makes the file system. Nothing is reserved for root, whose folder this is; few inodes, since
/// files are large; and everything is written now, not by the kernel in the background while a
/// backup is written.
async fn format(partition: &Path, marker: &Marker, size: u64) -> Result<(), PrepareError> {
    let features =
        if size > NEEDS_64BIT { format!("{FEATURES},64bit") } else { FEATURES.to_owned() };
    let uuid = marker.file_system.to_string();
    let partition = partition.to_string_lossy();
    let inodes = (size / BYTES_PER_INODE).max(FEWEST_INODES).to_string();
    let arguments = [
        "-q",
        "-F",
        "-b",
        "4096",
        "-m",
        "0",
        "-N",
        &inodes,
        "-L",
        "DOMFLEET",
        "-U",
        &uuid,
        "-O",
        &features,
        // Bridges that claim to discard, and hang, are older than those that do.
        "-E",
        "nodiscard,lazy_itable_init=0,lazy_journal_init=0",
        &partition,
    ];
    command::run("mkfs.ext4", &arguments, FORMATTED_WITHIN).await?.success("mkfs.ext4")?;
    Ok(())
}
