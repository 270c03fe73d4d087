//! A new file that is there under its name only once it is whole.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::{Advice, CWD, FlockOperation, RenameFlags, fadvise, flock, renameat_with};
use rustix::io::Errno;

/// Why there is no new file.
#[derive(Debug, thiserror::Error)]
pub enum PartError {
    /// There is something already.
    #[error("{} is there already: name another, or move it away", .0.display())]
    Exists(PathBuf),
    /// Somebody else makes it just now.
    #[error("{} is being written by someone else", .0.display())]
    Busy(PathBuf),
    /// The file system does not take it.
    #[error("{} cannot be written", path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

impl PartError {
    pub(in crate::image) fn unwritable(path: &Path) -> impl Fn(io::Error) -> Self {
        move |source| Self::Unwritable { path: path.into(), source }
    }
}

/// A file that is not finished yet, under a name that says so. It goes when this does.
#[derive(Debug)]
pub(in crate::image) struct Part {
    pub(in crate::image) path: PathBuf,
    lock: File,
    is_published: bool,
}

impl Part {
    /// Begins what is to become `target`.
    pub(in crate::image) fn begin(target: &Path) -> Result<Self, PartError> {
        let failed = PartError::unwritable(target);
        if target.symlink_metadata().is_ok() {
            return Err(PartError::Exists(target.into()));
        }
        let mut name = target.file_name().map_or_else(OsString::new, OsString::from);
        name.push(".part");
        let path = target.with_file_name(name);
        // What is left of one that was killed is taken over; nobody else holds it then.
        // Only root reads what customers' disks hold.
        let mut options = OpenOptions::new();
        let options = options.write(true).create(true).truncate(false).mode(0o600);
        let lock = options.open(&path).map_err(&failed)?;
        flock(&lock, FlockOperation::NonBlockingLockExclusive)
            .map_err(|_| PartError::Busy(target.into()))?;
        // Whoever held it may have finished meanwhile, and given it its name: it is theirs.
        if !is_at(&lock, &path) {
            return Err(PartError::Busy(target.into()));
        }
        lock.set_len(0).map_err(failed)?;
        Ok(Self { path, lock, is_published: false })
    }

    /// To be written to.
    pub(in crate::image) fn file(&self) -> &File {
        &self.lock
    }

    /// Has everything on the medium, and nothing of it in the cache.
    pub(in crate::image) fn flush(&self) -> Result<(), PartError> {
        let flushed =
            self.lock.sync_all().and_then(|()| Ok(fadvise(&self.lock, 0, None, Advice::DontNeed)?));
        flushed.map_err(PartError::unwritable(&self.path))
    }

    /// Gives it its name, for good.
    pub(in crate::image) fn publish(mut self, target: &Path) -> Result<(), PartError> {
        let failed = PartError::unwritable(target);
        // Does not replace what has appeared there meanwhile.
        renameat_with(CWD, &self.path, CWD, target, RenameFlags::NOREPLACE).map_err(|error| {
            match error {
                Errno::EXIST => PartError::Exists(target.into()),
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
pub(in crate::image) fn is_at(file: &File, path: &Path) -> bool {
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
