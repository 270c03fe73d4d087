//! The real folder: every write is flushed, every new name too.
//!
//! Each call runs on a blocking thread, because a hung disk must not silence the network: a box
//! that still answers while its storage hangs is the most telling one.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use super::{Entry, Files, Space};

/// What an unfinished [`Files::replace`] leaves; nobody else may use the ending.
const UNFINISHED: &str = ".new";

/// A folder on a file system, for us alone.
#[derive(Clone, Debug)]
pub struct Disk {
    folder: PathBuf,
}

impl Disk {
    /// The folder, made where it is missing.
    pub fn open(folder: &Path) -> io::Result<Self> {
        make_folder(folder)?;
        Ok(Self { folder: folder.to_owned() })
    }

    async fn run<T: Send + 'static>(
        &self,
        name: &str,
        work: impl FnOnce(PathBuf) -> io::Result<T> + Send + 'static,
    ) -> io::Result<T> {
        let path = self.path(name)?;
        tokio::task::spawn_blocking(move || work(path)).await.map_err(io::Error::other)?
    }

    /// Names come from our own code, but also from ids that a server sent.
    fn path(&self, name: &str) -> io::Result<PathBuf> {
        let fine = |part: &str| !part.is_empty() && part != "." && part != "..";
        if name.split('/').all(fine) {
            Ok(self.folder.join(name))
        } else {
            Err(io::Error::new(io::ErrorKind::InvalidInput, "not a name of a file of ours"))
        }
    }
}

impl Files for Disk {
    async fn read(&self, name: &str, limit: usize) -> io::Result<Option<Vec<u8>>> {
        self.run(name, move |path| {
            let file = match File::open(&path) {
                Ok(file) => file,
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
                Err(error) => return Err(error),
            };
            let mut bytes = Vec::new();
            file.take(limit as u64 + 1).read_to_end(&mut bytes)?;
            if bytes.len() > limit {
                return Err(io::Error::new(io::ErrorKind::FileTooLarge, "longer than it can be"));
            }
            Ok(Some(bytes))
        })
        .await
    }

    async fn read_at(&self, name: &str, offset: u64, length: usize) -> io::Result<Vec<u8>> {
        self.run(name, move |path| {
            let mut file = File::open(&path)?;
            file.seek(SeekFrom::Start(offset))?;
            let mut bytes = Vec::new();
            file.take(length as u64).read_to_end(&mut bytes)?;
            Ok(bytes)
        })
        .await
    }

    async fn append(&self, name: &str, at: u64, bytes: Vec<u8>) -> io::Result<()> {
        self.run(name, move |path| {
            let is_new = !path.exists();
            if let (true, Some(parent)) = (is_new, path.parent()) {
                make_folder(parent)?;
            }
            let mut file = private(&path, false)?;
            if file.metadata()?.len() < at {
                return Err(io::Error::new(io::ErrorKind::InvalidInput, "shorter than it was"));
            }
            file.set_len(at)?;
            file.seek(SeekFrom::Start(at))?;
            file.write_all(&bytes)?;
            rustix::fs::fdatasync(&file)?;
            if is_new { sync_parent(&path) } else { Ok(()) }
        })
        .await
    }

    async fn replace(&self, name: &str, bytes: Vec<u8>) -> io::Result<()> {
        self.run(name, move |path| {
            if let Some(parent) = path.parent() {
                make_folder(parent)?;
            }
            let mut unfinished = path.clone().into_os_string();
            unfinished.push(UNFINISHED);
            let unfinished = PathBuf::from(unfinished);
            let written = private(&unfinished, true).and_then(|mut file| {
                file.write_all(&bytes)?;
                file.sync_all()
            });
            if let Err(error) = written {
                // A full disk should not stay fuller for our trying.
                fs::remove_file(&unfinished).ok();
                return Err(error);
            }
            fs::rename(&unfinished, &path)?;
            sync_parent(&path)
        })
        .await
    }

    async fn remove(&self, name: &str) -> io::Result<()> {
        self.run(name, |path| match fs::remove_file(&path) {
            Ok(()) => sync_parent(&path),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        })
        .await
    }

    async fn list(&self, folder: &str) -> io::Result<Vec<Entry>> {
        self.run(folder, |path| {
            let entries = match fs::read_dir(&path) {
                Ok(entries) => entries,
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
                Err(error) => return Err(error),
            };
            let mut found = Vec::new();
            for entry in entries {
                let entry = entry?;
                let metadata = entry.metadata()?;
                let Ok(name) = entry.file_name().into_string() else { continue };
                if metadata.is_file() && !name.ends_with(UNFINISHED) {
                    found.push(Entry { name, bytes: metadata.len() });
                }
            }
            found.sort_by(|a, b| a.name.cmp(&b.name));
            Ok(found)
        })
        .await
    }

    async fn space(&self) -> io::Result<Space> {
        let folder = self.folder.clone();
        let work = move || {
            let room = rustix::fs::statvfs(&folder)?;
            Ok(Space {
                total_bytes: room.f_blocks.saturating_mul(room.f_frsize),
                free_bytes: room.f_bavail.saturating_mul(room.f_frsize),
            })
        };
        tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
    }
}

/// A file that only root reads: keys and logs of customers are in here.
fn private(path: &Path, anew: bool) -> io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(anew).mode(0o600).open(path)
}

fn make_folder(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    sync_parent(folder)
}

/// A name that is not flushed is gone after a power cut, whatever was flushed into the file.
fn sync_parent(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => File::open(parent)?.sync_all(),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn disk() -> (tempfile::TempDir, Disk) {
        let folder = tempfile::tempdir().unwrap();
        let disk = Disk::open(&folder.path().join("data")).unwrap();
        (folder, disk)
    }

    #[tokio::test]
    async fn what_is_appended_cuts_off_what_a_failed_append_left() {
        let (_folder, disk) = disk();
        disk.append("journal", 0, b"one\ntw".to_vec()).await.unwrap();

        disk.append("journal", 4, b"two\n".to_vec()).await.unwrap();

        assert_eq!(disk.read("journal", 100).await.unwrap().unwrap(), b"one\ntwo\n");
    }

    #[tokio::test]
    async fn a_gap_is_never_written() {
        let (_folder, disk) = disk();
        disk.append("journal", 0, b"one\n".to_vec()).await.unwrap();

        assert!(disk.append("journal", 9, b"two\n".to_vec()).await.is_err());
    }

    #[tokio::test]
    async fn a_replaced_file_holds_the_new_content_and_no_other_is_left() {
        let (_folder, disk) = disk();
        disk.replace("a/b", b"old".to_vec()).await.unwrap();

        disk.replace("a/b", b"new".to_vec()).await.unwrap();

        assert_eq!(disk.read("a/b", 100).await.unwrap().unwrap(), b"new");
        assert_eq!(disk.list("a").await.unwrap(), [Entry { name: "b".into(), bytes: 3 }]);
    }

    #[tokio::test]
    async fn what_is_not_there_is_nothing_and_can_be_removed() {
        let (_folder, disk) = disk();

        assert_eq!(disk.read("none", 100).await.unwrap(), None);
        assert!(disk.list("none").await.unwrap().is_empty());
        disk.remove("none").await.unwrap();
    }

    #[tokio::test]
    async fn a_name_cannot_lead_out_of_the_folder() {
        let (_folder, disk) = disk();

        for name in ["../x", "/etc/passwd", "a/../../x", "", "."] {
            assert!(disk.replace(name, Vec::new()).await.is_err(), "{name}");
        }
    }

    #[tokio::test]
    async fn a_file_longer_than_it_can_be_is_an_error_not_a_full_memory() {
        let (_folder, disk) = disk();
        disk.replace("big", vec![0; 11]).await.unwrap();

        assert!(disk.read("big", 10).await.is_err());
        assert_eq!(disk.read_at("big", 8, 10).await.unwrap().len(), 3);
    }
}
