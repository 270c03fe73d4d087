//! A folder of a file system as a [`Medium`].
//!
//! What is on a drive that someone plugged in is not to be trusted: no link in it is followed, so
//! that whatever it holds, nothing outside of the folder is read or written.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fs::{
    AtFlags, CWD, Dir, FlockOperation, Mode, OFlags, RenameFlags, flock, fstatvfs, fsync, mkdirat,
    openat, renameat, renameat_with, syncfs, unlinkat,
};
use rustix::io::Errno;

use super::direct::DirectFile;
use super::medium::{Medium, MediumFile as _};

/// A folder.
pub struct Folder {
    root: OwnedFd,
    /// Whether what is read must come from the medium.
    is_read_directly: AtomicBool,
}

/// Nobody else writes to the sets of the folder while this is there.
#[must_use = "it is given up when it goes"]
pub struct Lock {
    _file: File,
}

const LOCK: &str = "DOMFLEET/lock";

impl Folder {
    /// Opens a folder that is there.
    pub fn open(path: &Path) -> io::Result<Self> {
        let root = openat(CWD, path, FOLDER, Mode::empty())?;
        Ok(Self { root, is_read_directly: AtomicBool::new(false) })
    }

    /// A new file of so many bytes, all of them zeros, to be written and then read.
    pub(crate) fn create_sized(&self, name: &str, bytes: u64) -> io::Result<DirectFile> {
        let (folder, name) = self.place(name)?;
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::TRUNC;
        let mut file = DirectFile::open(folder, name, flags, false)?;
        file.truncate(bytes)?;
        Ok(file)
    }

    /// The same as [`Medium::rename`], and an error where there is something of that name.
    pub(crate) fn rename_new(&self, from: &str, to: &str) -> io::Result<()> {
        let ((from_folder, from), (to_folder, to)) = (self.place(from)?, self.place(to)?);
        Ok(renameat_with(from_folder, from, to_folder, to, RenameFlags::NOREPLACE)?)
    }

    /// Waits for nobody: nothing where another process has it.
    pub fn lock(&self) -> io::Result<Option<Lock>> {
        self.make_folder("DOMFLEET")?;
        let (folder, name) = self.place(LOCK)?;
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        let file = File::from(openat(folder, name, flags, Mode::RUSR | Mode::WUSR)?);
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Some(Lock { _file: file })),
            Err(Errno::WOULDBLOCK) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// The folder that `name` is in, opened link by link, and its last part.
    fn place<'n>(&self, name: &'n str) -> io::Result<(OwnedFd, &'n str)> {
        if name.split('/').any(|part| matches!(part, "" | "." | "..")) {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a name of ours"));
        }
        let mut folder = self.root.try_clone()?;
        let Some((folders, last)) = name.rsplit_once('/') else { return Ok((folder, name)) };
        for part in folders.split('/') {
            folder = openat(&folder, part, FOLDER | OFlags::NOFOLLOW, Mode::empty())?;
        }
        Ok((folder, last))
    }

    fn folder(&self, name: &str) -> io::Result<OwnedFd> {
        if name.is_empty() {
            return self.root.try_clone();
        }
        let (folder, name) = self.place(name)?;
        Ok(openat(folder, name, FOLDER | OFlags::NOFOLLOW, Mode::empty())?)
    }
}

const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

impl Medium for Folder {
    type File = DirectFile;

    fn create(&self, name: &str) -> io::Result<DirectFile> {
        let (folder, name) = self.place(name)?;
        DirectFile::open(folder, name, OFlags::WRONLY | OFlags::CREATE | OFlags::TRUNC, false)
    }

    fn extend(&self, name: &str) -> io::Result<DirectFile> {
        let (folder, name) = self.place(name)?;
        DirectFile::open(folder, name, OFlags::WRONLY | OFlags::CREATE, false)
    }

    fn open(&self, name: &str) -> io::Result<Option<DirectFile>> {
        let found = self.place(name).and_then(|(folder, name)| {
            let is_read_directly = self.is_read_directly.load(Ordering::Relaxed);
            // Not waiting for whoever may be at the other end of a pipe.
            DirectFile::open(folder, name, OFlags::RDONLY | OFlags::NONBLOCK, is_read_directly)
        });
        match found {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            found => found.map(Some),
        }
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let ((from_folder, from), (to_folder, to)) = (self.place(from)?, self.place(to)?);
        Ok(renameat(from_folder, from, to_folder, to)?)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let (folder, name) = self.place(name)?;
        match unlinkat(folder, name, AtFlags::empty()) {
            Err(error) if error != Errno::NOENT => Err(error.into()),
            _ => Ok(()),
        }
    }

    fn remove_folder(&self, name: &str) -> io::Result<()> {
        let (folder, name) = self.place(name)?;
        Ok(unlinkat(folder, name, AtFlags::REMOVEDIR)?)
    }

    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        let folder = match self.folder(folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            folder => folder?,
        };
        let mut names = Vec::new();
        for entry in Dir::read_from(folder)? {
            // What is no text is none of ours.
            match entry?.file_name().to_str() {
                Ok("." | "..") | Err(_) => {}
                Ok(name) => names.push(name.to_owned()),
            }
        }
        names.sort();
        Ok(names)
    }

    fn make_folder(&self, name: &str) -> io::Result<()> {
        let (folder, name) = self.place(name)?;
        match mkdirat(folder, name, Mode::RWXU) {
            Err(error) if error != Errno::EXIST => Err(error.into()),
            _ => Ok(()),
        }
    }

    fn sync_folder(&self, folder: &str) -> io::Result<()> {
        Ok(fsync(self.folder(folder)?)?)
    }

    /// Mounting a folder anew is not ours to do; reading past the cache comes to the same.
    fn remount(&self) -> io::Result<()> {
        syncfs(self.root.as_fd())?;
        self.is_read_directly.store(true, Ordering::Relaxed);
        Ok(())
    }

    fn free_bytes(&self) -> io::Result<u64> {
        let room = fstatvfs(&self.root)?;
        Ok(room.f_bavail.saturating_mul(room.f_frsize))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backup::durable;

    fn folder() -> (tempfile::TempDir, Folder) {
        let outside = tempfile::tempdir().unwrap();
        std::fs::create_dir(outside.path().join("drive")).unwrap();
        let folder = Folder::open(&outside.path().join("drive")).unwrap();
        (outside, folder)
    }

    #[test]
    fn what_is_published_is_read_back_past_the_cache_whatever_its_length() {
        let (_outside, folder) = folder();
        durable::make_folders(&folder, "a/b").unwrap();
        for length in [0, 1, 4_095, 4_096, 100_001] {
            let content: Vec<u8> = (0..=250).cycle().take(length).collect();
            durable::publish(&folder, "a/b/c", &content).unwrap();
            folder.remount().unwrap();

            assert!(durable::read(&folder, "a/b/c", 1 << 20).unwrap().unwrap() == content);
            let file = folder.open("a/b/c").unwrap().unwrap();
            let mut part = [0; 10];
            let read = file.read_at(&mut part, 4_090).unwrap();
            assert_eq!(part[..read], content[content.len().min(4_090)..content.len().min(4_100)]);
        }
        assert_eq!(folder.list("a/b").unwrap(), ["c"]);
    }

    #[test]
    fn no_link_on_a_drive_leads_out_of_it() {
        let (outside, folder) = folder();
        let secret = outside.path().join("secret");
        std::fs::write(&secret, "mine").unwrap();
        let drive = outside.path().join("drive");
        std::os::unix::fs::symlink(&secret, drive.join("file")).unwrap();
        std::os::unix::fs::symlink(outside.path(), drive.join("folder")).unwrap();

        assert!(folder.open("file").is_err());
        assert!(folder.create("file").is_err());
        assert!(folder.extend("file").is_err());
        assert!(folder.open("folder/secret").is_err());
        assert!(folder.list("folder").is_err());
        for name in ["../secret", "/etc/passwd", "", "a//b", "./a"] {
            assert!(folder.open(name).is_err(), "{name}");
        }
        assert_eq!(std::fs::read(&secret).unwrap(), b"mine");
    }

    #[test]
    fn one_at_a_time_writes_to_the_sets_of_a_folder() {
        let (outside, folder) = folder();
        let lock = folder.lock().unwrap().unwrap();
        let again = Folder::open(&outside.path().join("drive")).unwrap();

        assert!(again.lock().unwrap().is_none());
        drop(lock);
        assert!(again.lock().unwrap().is_some());
    }
}
