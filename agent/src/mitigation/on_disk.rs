//! A system on this machine's disk: the one that runs, or a folder with a fake one in it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{
    DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _, fchown,
};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::runtime::Handle;

use super::system::System;
use crate::dom0::Dom0Error;
use crate::dom0::xen::command;

/// No file of these is longer.
const LIMIT: u64 = 1024 * 1024;
/// What is swapped out has to be read back, from a disk that may be slow.
const ENDS_WITHIN: Duration = Duration::from_mins(10);
/// What a write that was cut off leaves.
const UNFINISHED: &str = ".domfleet-new";

/// One of them. Commands are run from within a runtime, on a thread that may block.
#[derive(Clone, Debug)]
pub struct OnDisk {
    root: PathBuf,
    kept: PathBuf,
    release_file: String,
}

impl OnDisk {
    /// The system at `root`, of which what is to be kept is in the agent's own folder `data`.
    pub fn new(root: &Path, data: &Path, release_file: &str) -> Self {
        Self {
            root: root.to_owned(),
            kept: data.join("mitigations"),
            release_file: release_file.to_owned(),
        }
    }

    fn path(&self, path: &str) -> PathBuf {
        self.root.join(path.trim_start_matches('/'))
    }
}

impl System for OnDisk {
    fn is_live(&self) -> bool {
        self.root == Path::new("/")
    }

    fn release(&self) -> Option<String> {
        if self.release_file.is_empty() {
            return None;
        }
        let bytes = self.read(&self.release_file).ok()??;
        Some(String::from_utf8_lossy(&bytes).into_owned())
    }

    fn read(&self, path: &str) -> io::Result<Option<Vec<u8>>> {
        content(&self.path(path))
    }

    fn names(&self, folder: &str) -> Vec<String> {
        names(&self.path(folder))
    }

    fn resolved(&self, path: &str) -> Option<String> {
        let path = fs::canonicalize(self.path(path)).ok()?;
        Some(path.to_string_lossy().into_owned())
    }

    fn obstacle(&self, path: &str) -> Option<String> {
        let metadata = fs::symlink_metadata(self.path(path)).ok()?;
        if metadata.is_symlink() {
            return Some("is a symbolic link: change what it leads to by hand".into());
        }
        (!metadata.is_file()).then(|| "is no file".into())
    }

    fn replace(&self, path: &str, content: Option<&[u8]>, is_program: bool) -> io::Result<()> {
        let path = self.path(path);
        let Some(content) = content else { return remove(&path) };
        let mode = if is_program { 0o755 } else { 0o644 };
        put(&path, content, mode)
    }

    fn set(&self, path: &str, value: &str) -> io::Result<()> {
        OpenOptions::new().write(true).open(self.path(path))?.write_all(value.as_bytes())
    }

    fn run(&self, program: &str, arguments: &[&str]) -> Result<(), Dom0Error> {
        if !self.is_live() {
            return Err(Dom0Error::not_run(program, "this is a folder and no running system"));
        }
        let output = Handle::current().block_on(command::run(program, arguments, ENDS_WITHIN))?;
        output.success(program).map(|_| ())
    }

    fn kept(&self, name: &str) -> io::Result<Option<Vec<u8>>> {
        content(&self.kept.join(name))
    }

    fn keep(&self, name: &str, content: &[u8]) -> io::Result<()> {
        if !self.kept.is_dir() {
            fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.kept)?;
            sync_folder_of(&self.kept)?;
        }
        put(&self.kept.join(name), content, 0o600)
    }

    fn kept_names(&self) -> Vec<String> {
        names(&self.kept).into_iter().filter(|name| !name.ends_with(UNFINISHED)).collect()
    }

    fn forget(&self, name: &str) -> io::Result<()> {
        remove(&self.kept.join(name))
    }
}

fn content(path: &Path) -> io::Result<Option<Vec<u8>>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if is_absent(&error) => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut bytes = Vec::new();
    // What is no file is told of as one that cannot be replaced.
    if file.metadata()?.is_dir() {
        return Ok(Some(bytes));
    }
    file.take(LIMIT + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LIMIT {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "it is longer than 1 MiB"));
    }
    Ok(Some(bytes))
}

fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

fn names(folder: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

/// Beside the file first, and in its place only once it is whole and flushed.
fn put(path: &Path, content: &[u8], mode_of_new: u32) -> io::Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let draft = path.with_file_name(format!(".{name}{UNFINISHED}"));
    if let Some(folder) = path.parent().filter(|folder| !folder.is_dir()) {
        fs::create_dir_all(folder)?;
        sync_folder_of(folder)?;
    }
    // A draft that an earlier run left may have been put there by somebody: it is not written to.
    remove(&draft)?;
    let old = match fs::symlink_metadata(path) {
        Ok(metadata) => Some(metadata),
        Err(error) if is_absent(&error) => None,
        Err(error) => return Err(error),
    };
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
    let written = (|| {
        file.write_all(content)?;
        if let Some(old) = &old {
            let new = file.metadata()?;
            if (old.uid(), old.gid()) != (new.uid(), new.gid()) {
                fchown(&file, Some(old.uid()), Some(old.gid()))?;
            }
        }
        let mode = old.as_ref().map_or(mode_of_new, |old| old.mode() & 0o7777);
        file.set_permissions(fs::Permissions::from_mode(mode))?;
        file.sync_all()?;
        fs::rename(&draft, path)
    })();
    if written.is_err() {
        fs::remove_file(&draft).ok();
    }
    written.and_then(|()| sync_folder_of(path))
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Ok(()) => sync_folder_of(path),
        Err(error) if is_absent(&error) => Ok(()),
        Err(error) => Err(error),
    }
}

/// A name that is not flushed is gone after a power cut, whatever was flushed into the file.
fn sync_folder_of(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => File::open(folder)?.sync_all(),
        _ => Ok(()),
    }
}
