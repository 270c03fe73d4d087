//! From one format to another: a verified result, or nothing.
//!
//! `qemu-img` writes, and [`Disk`] reads both sides again and compares: that `qemu-img` ends with 0
//! proves nothing (`docs/decisions/0009-our-own-look-at-images.md`).

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use domfleet_shared::image::{Format, Judgement};
use rustix::fs::{Advice, CWD, FlockOperation, RenameFlags, fadvise, flock, renameat_with};
use rustix::io::Errno;

use super::disk::{Disk, DiskError};
use super::{ImageError, check};
use crate::dom0::Dom0Error;
use crate::dom0::xen::command;

/// Nothing that a box of this kind holds takes longer, at the rate of the slowest of drives.
const LONGEST: Duration = Duration::from_hours(48);
/// What is read at once to compare.
const PIECE: usize = 1 << 20;

/// Why there is no result.
#[derive(Debug, thiserror::Error)]
pub enum ConvertError {
    /// The source cannot be read.
    #[error(transparent)]
    Source(#[from] ImageError),
    /// It may not be converted as it is.
    #[error("{} may not be converted as it is: {}", path.display(), reasons.join("; "))]
    Unfit {
        /// The source.
        path: PathBuf,
        /// What the judgement says.
        reasons: Vec<String>,
    },
    /// Only these are written.
    #[error("images are converted to raw, qcow2 or qcow, not to {0}")]
    Format(Format),
    /// There is something already.
    #[error("{} is there already: name another, or move it away", .0.display())]
    Exists(PathBuf),
    /// Another conversion writes it.
    #[error("{} is being written by someone else", .0.display())]
    Busy(PathBuf),
    /// The file system does not take it.
    #[error("{} cannot be written", path.display())]
    Target {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// `qemu-img` did not do it.
    #[error("the conversion did not come to its end")]
    Tool(#[from] Dom0Error),
    /// One of the two cannot be read to be compared.
    #[error("the result cannot be compared with what it was made of")]
    Unreadable(#[source] io::Error),
    /// The same.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// The result is not what it was made of.
    #[error("the result differs from {} at byte {at} of the disk, and is removed", path.display())]
    Differs {
        /// The source.
        path: PathBuf,
        /// The first byte that differs is in the megabyte that begins there.
        at: u64,
    },
}

/// Converts `source` into the new file `target`, which is there under its name only once everything
/// in it has been read back and found equal. Gives what was thought of the source.
pub async fn convert(
    source: &Path,
    source_format: Option<Format>,
    target: &Path,
    target_format: Format,
) -> Result<Judgement, ConvertError> {
    if !matches!(target_format, Format::Raw | Format::Qcow | Format::Qcow2) {
        return Err(ConvertError::Format(target_format));
    }
    let path = source.to_owned();
    let judgement = apart(move || check(&path, source_format)).await??;
    if !judgement.convertible {
        let reasons = judgement.reasons;
        return Err(ConvertError::Unfit { path: source.into(), reasons });
    }
    let part = Part::begin(target)?;
    write(source, judgement.format, &part.path, target_format).await?;
    part.flush()?;
    let mut sides =
        (Disk::open(source, Some(judgement.format))?, Disk::open(&part.path, Some(target_format))?);
    let differs = apart(move || compare(&mut sides.0, &mut sides.1)).await?;
    match differs.map_err(ConvertError::Unreadable)? {
        None => part.publish(target)?,
        Some(at) => return Err(ConvertError::Differs { path: source.into(), at }),
    }
    Ok(judgement)
}

/// Runs what takes long and cannot be interrupted where it is in nobody's way.
async fn apart<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, ConvertError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| ConvertError::Unreadable(io::Error::other(error)))
}

async fn write(
    source: &Path,
    source_format: Format,
    target: &Path,
    target_format: Format,
) -> Result<(), ConvertError> {
    // A name that begins like an option, or like a protocol, is a path once it begins with a dot.
    let absolute = |path: &Path| {
        std::path::absolute(path)
            .map(|path| path.to_string_lossy().into_owned())
            .map_err(|error| ConvertError::Target { path: path.into(), source: error })
    };
    let (source, target) = (absolute(source)?, absolute(target)?);
    let from = ["convert", "-f", source_format.name(), "-O", target_format.name()];
    let rest = [source.as_str(), target.as_str()];
    // Past the cache, so that dom0, which has little memory, keeps what it has in it. Not every
    // file system can do that.
    let direct = [from.as_slice(), &["-t", "none", "-T", "none"], &rest].concat();
    let done = command::run("qemu-img", &direct, LONGEST).await?;
    if done.code == Some(0) {
        return Ok(());
    }
    if !done.stderr.contains("O_DIRECT") {
        done.success("qemu-img convert")?;
    }
    let cached = [from.as_slice(), &rest].concat();
    command::run("qemu-img", &cached, LONGEST).await?.success("qemu-img convert")?;
    Ok(())
}

/// Where the two differ, if they do. The second may be longer, by zeros.
fn compare(first: &mut Disk, second: &mut Disk) -> io::Result<Option<u64>> {
    let (mut ours, mut theirs) = (vec![0; PIECE], vec![0; PIECE]);
    if second.virtual_bytes() < first.virtual_bytes() {
        return Ok(Some(second.virtual_bytes()));
    }
    let mut at = 0;
    while at < second.virtual_bytes() {
        let most = second.virtual_bytes() - at;
        let known = first.zeros(at, most)?.min(second.zeros(at, most)?);
        if known > 0 {
            at += known;
            continue;
        }
        let length = usize::try_from(most).unwrap_or(PIECE).min(PIECE);
        first.read(at, &mut ours[..length])?;
        second.read(at, &mut theirs[..length])?;
        if ours[..length] != theirs[..length] {
            return Ok(Some(at));
        }
        at += length as u64;
    }
    Ok(None)
}

/// A file that is not finished yet, under a name that says so. It goes when this does.
struct Part {
    path: PathBuf,
    lock: File,
    is_published: bool,
}

impl Part {
    fn begin(target: &Path) -> Result<Self, ConvertError> {
        let failed = |source| ConvertError::Target { path: target.into(), source };
        if target.symlink_metadata().is_ok() {
            return Err(ConvertError::Exists(target.into()));
        }
        let mut name = target.file_name().map_or_else(OsString::new, OsString::from);
        name.push(".part");
        let path = target.with_file_name(name);
        // What is left of one that was killed is taken over; nobody else holds it then.
        let lock = OpenOptions::new().write(true).create(true).truncate(false).open(&path);
        let lock = lock.map_err(failed)?;
        flock(&lock, FlockOperation::NonBlockingLockExclusive)
            .map_err(|_| ConvertError::Busy(target.into()))?;
        // Whoever held it may have finished meanwhile, and given it its name: it is theirs.
        if !is_at(&lock, &path) {
            return Err(ConvertError::Busy(target.into()));
        }
        lock.set_len(0).map_err(failed)?;
        Ok(Self { path, lock, is_published: false })
    }

    /// Has everything on the medium, and nothing of it in the cache.
    fn flush(&self) -> Result<(), ConvertError> {
        let flushed =
            self.lock.sync_all().and_then(|()| Ok(fadvise(&self.lock, 0, None, Advice::DontNeed)?));
        flushed.map_err(|source| ConvertError::Target { path: self.path.clone(), source })
    }

    /// Gives it its name, for good.
    fn publish(mut self, target: &Path) -> Result<(), ConvertError> {
        let failed = |source| ConvertError::Target { path: target.into(), source };
        // Does not replace what has appeared there meanwhile.
        renameat_with(CWD, &self.path, CWD, target, RenameFlags::NOREPLACE).map_err(|error| {
            match error {
                Errno::EXIST => ConvertError::Exists(target.into()),
                error => failed(error.into()),
            }
        })?;
        self.is_published = true;
        let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new("."));
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)
    }
}

/// Whether `path` still leads to `file`.
pub(super) fn is_at(file: &File, path: &Path) -> bool {
    let (Ok(open), Ok(named)) = (file.metadata(), path.symlink_metadata()) else { return false };
    (open.dev(), open.ino()) == (named.dev(), named.ino())
}

impl Drop for Part {
    fn drop(&mut self) {
        if self.is_published {
            return;
        }
        if let Err(error) = std::fs::remove_file(&self.path) {
            let path = self.path.display();
            tracing::warn!(%path, error = &error as &dyn std::error::Error, "left behind");
        }
    }
}
