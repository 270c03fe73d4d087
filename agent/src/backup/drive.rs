//! A drive of ours as a [`Medium`]: a folder that can really be mounted anew.

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::direct::DirectFile;
use super::folder::Folder;
use super::medium::Medium;
use crate::usb::mount::{Access, MountError, Mounted};

/// A mounted drive. It is unmounted when it goes.
pub struct Drive {
    mounted: Mutex<Mounted>,
    access: Access,
    /// Nothing once it could not be mounted anew.
    folder: RwLock<Option<Arc<Folder>>>,
}

/// From an error of a drive that was pulled out, until the kernel has let go of it.
const NOTICED_WITHIN: Duration = Duration::from_secs(5);
const GLANCE: Duration = Duration::from_millis(100);

impl Drive {
    /// A drive that was mounted with `access`.
    pub fn new(mounted: Mounted, access: Access) -> io::Result<Self> {
        let folder = RwLock::new(Some(Arc::new(Folder::open(mounted.folder())?)));
        Ok(Self { mounted: Mutex::new(mounted), access, folder })
    }

    /// What has become of it, once something on it has failed: nothing is wrong with the drive, or it
    /// is gone, or made read-only.
    pub fn state(&self) -> Result<(), MountError> {
        let end = Instant::now() + NOTICED_WITHIN;
        loop {
            let mounted = self.mounted.lock().unwrap_or_else(PoisonError::into_inner);
            let state = mounted.check();
            drop(mounted);
            match state {
                // Reading fails before the device is taken away, and the file system is read-only by
                // then.
                Ok(()) | Err(MountError::ReadOnly(_)) if Instant::now() < end => sleep(GLANCE),
                state => return state,
            }
        }
    }

    #[cfg(test)]
    pub(super) fn path(&self) -> std::path::PathBuf {
        self.mounted.lock().unwrap_or_else(PoisonError::into_inner).folder().to_owned()
    }

    fn folder(&self) -> io::Result<Arc<Folder>> {
        let folder = self.folder.read().unwrap_or_else(PoisonError::into_inner);
        let gone = || io::Error::new(io::ErrorKind::NotConnected, "it could not be mounted anew");
        folder.clone().ok_or_else(gone)
    }
}

impl Medium for Drive {
    type File = DirectFile;

    fn create(&self, name: &str) -> io::Result<DirectFile> {
        self.folder()?.create(name)
    }

    fn extend(&self, name: &str) -> io::Result<DirectFile> {
        self.folder()?.extend(name)
    }

    fn open(&self, name: &str) -> io::Result<Option<DirectFile>> {
        self.folder()?.open(name)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.folder()?.rename(from, to)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.folder()?.remove(name)
    }

    fn remove_folder(&self, name: &str) -> io::Result<()> {
        self.folder()?.remove_folder(name)
    }

    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        self.folder()?.list(folder)
    }

    fn make_folder(&self, name: &str) -> io::Result<()> {
        self.folder()?.make_folder(name)
    }

    fn sync_folder(&self, folder: &str) -> io::Result<()> {
        self.folder()?.sync_folder(folder)
    }

    /// Nothing on it may be open. What is read from then on is read past the cache as well: a drive
    /// that is mounted somewhere else too keeps it.
    fn remount(&self) -> io::Result<()> {
        // What is open on the drive is in the way of unmounting it.
        self.folder.write().unwrap_or_else(PoisonError::into_inner).take();
        let mut mounted = self.mounted.lock().unwrap_or_else(PoisonError::into_inner);
        mounted.remount(self.access).map_err(io::Error::other)?;
        let folder = read_directly(mounted.folder())?;
        *self.folder.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(folder));
        Ok(())
    }

    fn free_bytes(&self) -> io::Result<u64> {
        self.folder()?.free_bytes()
    }
}

fn read_directly(path: &Path) -> io::Result<Folder> {
    let folder = Folder::open(path)?;
    folder.remount()?;
    Ok(folder)
}

impl Drop for Drive {
    fn drop(&mut self) {
        // Before the drive is unmounted.
        self.folder.write().unwrap_or_else(PoisonError::into_inner).take();
    }
}
