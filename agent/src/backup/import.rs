//! A backup that another program has made: a folder of disk images, and of the xl configurations of the
//! VMs that they are of.
//!
//! The configurations say where the disks were on the machine that they come from, which says nothing
//! here: an image is found by its name alone, among the files of the folder. Who made the folder is
//! not known. No link in it is followed, and no image that reads from elsewhere is taken.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use domfleet_shared::Timestamp;
use domfleet_shared::xl_config::LONGEST;

use super::config;
use super::documents::PlannedDisk;
use super::names;
use super::prepare::{Blockers, Prepared, prepare_from};
use super::snapshots::Found;
use crate::image::disk::Disk;

/// Backups of more files than that are of something else.
const MOST_FILES: usize = 10_000;
const DEEPEST: usize = 8;
/// So many reasons are told: a person looks at some, and mends the cause.
const MOST_BLOCKERS: usize = 50;

/// What was found in a folder.
#[derive(Clone, Debug)]
pub struct Foreign {
    /// The VMs and their disks, to be brought into a set as any others.
    pub prepared: Prepared,
    /// Files that nothing names.
    pub unused: Vec<PathBuf>,
}

/// Finds the VMs in a folder, and judges each of their images. Everything that stands in the way is told
/// at once, before anything is written: a disk that is not there, and one that two files may be.
pub fn look(folder: &Path, now: Timestamp) -> Result<Foreign, Blockers> {
    let unreadable =
        |error: io::Error| Blockers(vec![format!("{} cannot be read: {error}", folder.display())]);
    let folder = std::fs::canonicalize(folder).map_err(unreadable)?;
    let mut files = Files::default();
    files.add(&folder, 0).map_err(unreadable)?;
    let configs: Vec<PathBuf> =
        files.paths().filter(|path| is_config(path)).map(Path::to_owned).collect();
    if configs.is_empty() {
        let why = "no xl configuration of a VM with disks is in it: put those of its VMs there";
        return Err(Blockers(vec![format!("{}: {why}", folder.display())]));
    }
    let found = prepare_from(&configs, now, &|target| files.find(target).map(Found::itself));
    let mut prepared = found.map_err(|Blockers(mut blockers)| {
        let more = blockers.len().saturating_sub(MOST_BLOCKERS);
        blockers.truncate(MOST_BLOCKERS);
        blockers.extend((more > 0).then(|| format!("and {more} more")));
        Blockers(blockers)
    })?;
    let (mut used, mut blockers) = (BTreeSet::new(), Vec::new());
    for (.., disk) in prepared.plan.disks() {
        match files.all_of(disk) {
            Ok(read) => used.extend(read),
            Err(why) => blockers.push(why),
        }
    }
    if !blockers.is_empty() {
        return Err(Blockers(blockers));
    }
    let unused = files
        .entries
        .iter()
        .filter(|(path, _, inode)| !used.contains(inode) && !configs.contains(path));
    let unused = unused.map(|(path, ..)| path.clone()).collect();
    prepared.plan.imported_from = Some(folder.display().to_string());
    Ok(Foreign { prepared, unused })
}

/// A file, whatever its names.
type Inode = (u64, u64);

/// The files of a folder and of those in it.
#[derive(Default)]
struct Files {
    entries: Vec<(PathBuf, u64, Inode)>,
    by_name: BTreeMap<String, Vec<PathBuf>>,
}

impl Files {
    fn add(&mut self, folder: &Path, depth: usize) -> io::Result<()> {
        let mut entries = std::fs::read_dir(folder)?.collect::<io::Result<Vec<_>>>()?;
        entries.sort_by_key(std::fs::DirEntry::file_name);
        for entry in entries {
            // Of a link it is that of the link.
            let data = entry.metadata()?;
            let (path, name) = (entry.path(), entry.file_name());
            // What is no text is in no configuration.
            let Some(name) = name.to_str() else { continue };
            if data.is_dir() && name != names::OURS && depth < DEEPEST {
                self.add(&path, depth + 1)?;
            } else if data.is_file() {
                if self.entries.len() >= MOST_FILES {
                    let why = format!("more than {MOST_FILES} files are in it: this is no backup");
                    return Err(io::Error::other(why));
                }
                self.by_name.entry(name.to_owned()).or_default().push(path.clone());
                self.entries.push((path, data.len(), (data.dev(), data.ino())));
            }
        }
        Ok(())
    }

    /// Those that may be configurations by their length.
    fn paths(&self) -> impl Iterator<Item = &Path> {
        let short = self.entries.iter().filter(|(_, bytes, _)| *bytes <= LONGEST as u64);
        short.map(|(path, ..)| path.as_path())
    }

    /// The one file of that name.
    fn find(&self, target: &str) -> Result<PathBuf, String> {
        let name = target.rsplit('/').next().unwrap_or_default();
        match self.by_name.get(name).map(Vec::as_slice).unwrap_or_default() {
            [path] => Ok(path.clone()),
            [] => Err(format!("{target} was there, and no file {name:?} is in the folder")),
            several => {
                let paths: Vec<String> =
                    several.iter().map(|path| path.display().to_string()).collect();
                let (count, paths) = (paths.len(), paths.join(", "));
                Err(format!(
                    "{target} was there, and {count} files may be it: {paths}; leave one of them"
                ))
            }
        }
    }

    /// Every file that something of a disk is read from, which must be among these.
    fn all_of(&self, disk: &PlannedDisk) -> Result<Vec<Inode>, String> {
        let opened = Disk::open(Path::new(&disk.path), Some(disk.format));
        let opened = opened.map_err(|error| format!("{}: {error}", disk.path))?;
        let mut read = Vec::new();
        for file in opened.files() {
            let data = file.metadata().map_err(|error| format!("{}: {error}", disk.path))?;
            let inode = (data.dev(), data.ino());
            if !self.entries.iter().any(|(.., known)| *known == inode) {
                return Err(format!(
                    "{} is based on a file that is not in the folder: put it there, and have the \
                     image name it without a path",
                    disk.path
                ));
            }
            read.push(inode);
        }
        Ok(read)
    }
}

/// Whether it is the configuration of a VM that has disks.
fn is_config(path: &Path) -> bool {
    let mut text = Vec::new();
    let read = File::open(path).and_then(|file| file.take(LONGEST as u64).read_to_end(&mut text));
    let text = read.ok().and_then(|_| std::str::from_utf8(&text).ok());
    text.and_then(config::parse).is_some_and(|config| !config.disks.is_empty())
}
