//! A simulated drive: it loses what was not flushed, and has every fault that a drive can have.
//!
//! Each call that changes something counts as one point. The power can be cut at any point; what was
//! not flushed by then is there in full, in part or not at all: a file's writes each for itself, the
//! names in a folder up to some change.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

use crate::backup::medium::{Medium, MediumFile};
use crate::backup::target::Device;

#[derive(Clone)]
pub(super) struct Drive(Arc<Mutex<State>>);

#[derive(Clone, Default)]
struct State {
    files: BTreeMap<u64, Content>,
    /// What the running system sees.
    names: BTreeMap<String, u64>,
    folders: BTreeSet<String>,
    /// What is on the medium.
    kept_names: BTreeMap<String, u64>,
    kept_folders: BTreeSet<String>,
    /// Changes of names that were not flushed, by the folder that they are in.
    changes: BTreeMap<String, Vec<Change>>,
    next_file: u64,
    points: u64,
    cut_at: Option<u64>,
    is_gone: bool,
    /// The flush that stores one byte wrongly without saying so, counted from 1.
    bad_flush: Option<u64>,
    flushes: u64,
    room: Option<u64>,
    /// Whether it says that it has more room than it has.
    is_boastful: bool,
    is_read_only: bool,
    unreadable: BTreeSet<u64>,
}

#[derive(Clone, Default)]
struct Content {
    cached: Vec<u8>,
    kept: Vec<u8>,
    writes: Vec<Write>,
}

#[derive(Clone)]
enum Write {
    Bytes(usize, Vec<u8>),
    Length(usize),
}

#[derive(Clone)]
enum Change {
    Name(String, u64),
    Renamed(String, String, u64),
    Removed(String),
    Folder(String),
    RemovedFolder(String),
}

/// What a power cut leaves of what was not flushed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Left {
    Nothing,
    Everything,
    /// By these dice.
    Some(u64),
}

impl Write {
    fn apply(&self, content: &mut Vec<u8>) {
        match self {
            Self::Bytes(at, bytes) => {
                let end = at + bytes.len();
                if content.len() < end {
                    content.resize(end, 0);
                }
                content[*at..end].copy_from_slice(bytes);
            }
            Self::Length(length) => content.resize(*length, 0),
        }
    }
}

fn folder_of(name: &str) -> String {
    name.rsplit_once('/').map_or(String::new(), |(folder, _)| folder.to_owned())
}

impl Drive {
    pub(super) fn new() -> Self {
        Self(Arc::new(Mutex::new(State::default())))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    pub(super) fn points(&self) -> u64 {
        self.state().points
    }

    /// Cuts the power at that point, counted from now.
    pub(super) fn cut_after(&self, points: u64) {
        let mut state = self.state();
        state.cut_at = Some(state.points + points);
    }

    /// Takes its power, now.
    pub(super) fn cut(&self) {
        self.state().is_gone = true;
    }

    /// Gives it power again.
    pub(super) fn power_up(&self, left: Left) {
        let mut state = self.state();
        state.lose(left);
        state.cut_at = None;
        state.is_gone = false;
    }

    /// From now on, its n-th flush of a file stores a byte wrongly.
    pub(super) fn store_wrongly(&self, flush: u64) {
        let mut state = self.state();
        state.flushes = 0;
        state.bad_flush = Some(flush);
    }

    /// How often a file was flushed since [`Self::store_wrongly`], or ever.
    pub(super) fn flushes(&self) -> u64 {
        self.state().flushes
    }

    pub(super) fn set_room(&self, bytes: Option<u64>) {
        self.state().room = bytes;
    }

    /// Has it say from now on that it has room without end: a quota, or somebody else's files, are in
    /// the way of what was promised.
    pub(super) fn boast(&self) {
        self.state().is_boastful = true;
    }

    pub(super) fn set_read_only(&self, is_read_only: bool) {
        self.state().is_read_only = is_read_only;
    }

    /// Everything that is on it, by name, as it would be read after a replug.
    pub(super) fn kept(&self) -> BTreeMap<String, Vec<u8>> {
        let state = self.state();
        let content = |file: &u64| state.files[file].kept.clone();
        state.kept_names.iter().map(|(name, file)| (name.clone(), content(file))).collect()
    }

    /// Changes what is on it, behind everybody's back.
    pub(super) fn tamper(&self, name: &str, change: impl FnOnce(&mut Vec<u8>)) {
        let mut state = self.state();
        let file = state.names[name];
        let content = state.files.get_mut(&file).unwrap();
        change(&mut content.kept);
        content.cached = content.kept.clone();
    }

    /// Removes a file behind everybody's back.
    pub(super) fn take_away(&self, name: &str) {
        let mut state = self.state();
        state.names.remove(name);
        state.kept_names.remove(name);
    }

    /// Has every read of a file fail.
    pub(super) fn make_unreadable(&self, name: &str) {
        let mut state = self.state();
        let file = state.names[name];
        state.unreadable.insert(file);
    }

    /// A file of that content, as if someone else had left it.
    pub(super) fn leave(&self, name: &str, content: &[u8]) {
        let mut state = self.state();
        let file = state.new_file();
        let kept = content.to_vec();
        state.files.insert(file, Content { cached: kept.clone(), kept, writes: Vec::new() });
        state.names.insert(name.into(), file);
        state.kept_names.insert(name.into(), file);
    }

    /// A copy of the drive as it is, to be used apart from it.
    pub(super) fn cloned(&self) -> Self {
        Self(Arc::new(Mutex::new(self.state().clone())))
    }
}

impl State {
    fn new_file(&mut self) -> u64 {
        self.next_file += 1;
        self.files.insert(self.next_file, Content::default());
        self.next_file
    }

    fn there(&self) -> io::Result<()> {
        if self.is_gone { Err(io::Error::other("the drive is gone")) } else { Ok(()) }
    }

    /// Passes a point. Tells whether the power is cut at it: what is done then is done, but never
    /// flushed, and nobody hears of it.
    fn point(&mut self) -> io::Result<bool> {
        self.there()?;
        if self.is_read_only {
            return Err(io::ErrorKind::ReadOnlyFilesystem.into());
        }
        self.points += 1;
        self.is_gone = self.cut_at.is_some_and(|at| self.points > at);
        Ok(self.is_gone)
    }

    fn change(&mut self, folder: String, change: Change) {
        self.changes.entry(folder).or_default().push(change);
    }

    fn flush_names(&mut self, folder: &str, up_to: usize) {
        let mut changes = self.changes.remove(folder).unwrap_or_default();
        for change in changes.drain(..up_to.min(changes.len())) {
            match change {
                Change::Name(name, file) => {
                    self.kept_names.insert(name, file);
                }
                Change::Renamed(from, to, file) => {
                    self.kept_names.remove(&from);
                    self.kept_names.insert(to, file);
                }
                Change::Removed(name) => {
                    self.kept_names.remove(&name);
                }
                Change::Folder(name) => {
                    self.kept_folders.insert(name);
                }
                Change::RemovedFolder(name) => {
                    self.kept_folders.remove(&name);
                }
            }
        }
    }

    fn flush_file(&mut self, file: u64) {
        self.flushes += 1;
        let is_bad = self.bad_flush == Some(self.flushes);
        let content = self.files.get_mut(&file).unwrap();
        content.writes.clear();
        content.kept = content.cached.clone();
        if is_bad && let Some(byte) = content.kept.last_mut() {
            *byte ^= 0x10;
        }
    }

    fn lose(&mut self, left: Left) {
        let mut dice = match left {
            Left::Some(seed) => seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
            Left::Nothing | Left::Everything => 1,
        };
        let mut roll = |sides: usize| {
            dice ^= dice << 13;
            dice ^= dice >> 7;
            dice ^= dice << 17;
            usize::try_from(dice % sides as u64).unwrap()
        };
        for content in self.files.values_mut() {
            for write in std::mem::take(&mut content.writes) {
                let kept = match (left, &write) {
                    (Left::Nothing, _) => None,
                    (Left::Everything, _) => Some(write),
                    (Left::Some(_), Write::Length(_)) => (roll(2) == 0).then_some(write),
                    (Left::Some(_), Write::Bytes(at, bytes)) => {
                        let length = roll(bytes.len() + 1);
                        (roll(3) > 0).then(|| Write::Bytes(*at, bytes[..length].to_vec()))
                    }
                };
                if let Some(write) = kept {
                    write.apply(&mut content.kept);
                }
            }
        }
        let folders: Vec<(String, usize)> =
            self.changes.iter().map(|(folder, changes)| (folder.clone(), changes.len())).collect();
        for (folder, changes) in folders {
            let up_to = match left {
                Left::Nothing => 0,
                Left::Everything => changes,
                Left::Some(_) => roll(changes + 1),
            };
            self.flush_names(&folder, up_to);
        }
        self.changes.clear();
        self.forget_cache();
    }

    fn forget_cache(&mut self) {
        // What is in a folder that is not there is not there either.
        let is_in = |folders: &BTreeSet<String>, name: &str| {
            let mut folder = folder_of(name);
            while !folder.is_empty() {
                if !folders.contains(&folder) {
                    return false;
                }
                folder = folder_of(&folder);
            }
            true
        };
        let folders = self.kept_folders.clone();
        self.kept_folders.retain(|name| is_in(&folders, name));
        let folders = self.kept_folders.clone();
        self.kept_names.retain(|name, _| is_in(&folders, name) || !name.contains('/'));
        self.names = self.kept_names.clone();
        self.folders = self.kept_folders.clone();
        for content in self.files.values_mut() {
            content.cached = content.kept.clone();
        }
    }

    fn used(&self) -> u64 {
        self.names.values().map(|file| self.files[file].cached.len() as u64).sum()
    }
}

impl Medium for Drive {
    type File = DriveFile;

    fn create(&self, name: &str) -> io::Result<DriveFile> {
        let mut state = self.state();
        let is_cut = state.point()?;
        if !folder_of(name).is_empty() && !state.folders.contains(&folder_of(name)) {
            return Err(io::ErrorKind::NotFound.into());
        }
        let file = state.new_file();
        state.names.insert(name.into(), file);
        state.change(folder_of(name), Change::Name(name.into(), file));
        if is_cut { Err(gone()) } else { Ok(DriveFile { drive: self.clone(), file }) }
    }

    fn extend(&self, name: &str) -> io::Result<DriveFile> {
        match self.open(name)? {
            Some(file) => Ok(file),
            None => self.create(name),
        }
    }

    fn open(&self, name: &str) -> io::Result<Option<DriveFile>> {
        let state = self.state();
        state.there()?;
        let file = state.names.get(name).copied();
        Ok(file.map(|file| DriveFile { drive: self.clone(), file }))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut state = self.state();
        let is_cut = state.point()?;
        let file = state.names.remove(from).ok_or(io::ErrorKind::NotFound)?;
        state.names.insert(to.into(), file);
        state.change(folder_of(to), Change::Renamed(from.into(), to.into(), file));
        if is_cut { Err(gone()) } else { Ok(()) }
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let mut state = self.state();
        if state.folders.contains(name) {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        let is_cut = state.point()?;
        if state.names.remove(name).is_some() {
            state.change(folder_of(name), Change::Removed(name.into()));
        }
        if is_cut { Err(gone()) } else { Ok(()) }
    }

    fn remove_folder(&self, name: &str) -> io::Result<()> {
        let mut state = self.state();
        let mut inside = state.names.keys().chain(&state.folders);
        if inside.any(|inner| folder_of(inner) == name) {
            return Err(io::ErrorKind::DirectoryNotEmpty.into());
        }
        let is_cut = state.point()?;
        if !state.folders.remove(name) {
            return Err(io::ErrorKind::NotFound.into());
        }
        state.change(folder_of(name), Change::RemovedFolder(name.into()));
        if is_cut { Err(gone()) } else { Ok(()) }
    }

    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        let state = self.state();
        state.there()?;
        let names = state.names.keys().chain(&state.folders);
        let within = names.filter(|name| folder_of(name) == folder);
        let mut found: Vec<String> =
            within.filter_map(|name| name.rsplit('/').next()).map(str::to_owned).collect();
        found.sort();
        Ok(found)
    }

    fn make_folder(&self, name: &str) -> io::Result<()> {
        let mut state = self.state();
        let is_cut = state.point()?;
        if state.folders.insert(name.into()) {
            state.change(folder_of(name), Change::Folder(name.into()));
        }
        if is_cut { Err(gone()) } else { Ok(()) }
    }

    fn sync_folder(&self, folder: &str) -> io::Result<()> {
        let mut state = self.state();
        if state.point()? {
            return Err(gone());
        }
        state.flush_names(folder, usize::MAX);
        Ok(())
    }

    fn remount(&self) -> io::Result<()> {
        let mut state = self.state();
        if state.point()? {
            return Err(gone());
        }
        let files: Vec<u64> = state.files.keys().copied().collect();
        for file in files
            .into_iter()
            .filter(|file| !state.files[file].writes.is_empty())
            .collect::<Vec<_>>()
        {
            state.flush_file(file);
        }
        for folder in state.changes.keys().cloned().collect::<Vec<_>>() {
            state.flush_names(&folder, usize::MAX);
        }
        state.forget_cache();
        Ok(())
    }

    fn free_bytes(&self) -> io::Result<u64> {
        let state = self.state();
        let room = state.room.filter(|_| !state.is_boastful);
        Ok(room.map_or(u64::MAX, |room| room.saturating_sub(state.used())))
    }
}

pub(super) struct DriveFile {
    drive: Drive,
    file: u64,
}

fn gone() -> io::Error {
    io::Error::other("the drive is gone")
}

impl DriveFile {
    fn write(&mut self, write: Write) -> io::Result<()> {
        let mut state = self.drive.state();
        let is_cut = state.point()?;
        let (room, used) = (state.room, state.used());
        let content = state.files.get_mut(&self.file).unwrap();
        if let (Some(room), Write::Bytes(at, bytes)) = (room, &write) {
            let more = (at + bytes.len()).saturating_sub(content.cached.len()) as u64;
            if used + more > room {
                return Err(io::ErrorKind::StorageFull.into());
            }
        }
        write.apply(&mut content.cached);
        content.writes.push(write);
        if is_cut { Err(gone()) } else { Ok(()) }
    }
}

impl MediumFile for DriveFile {
    fn bytes(&self) -> io::Result<u64> {
        let state = self.drive.state();
        state.there()?;
        Ok(state.files[&self.file].cached.len() as u64)
    }

    fn read_at(&self, part: &mut [u8], offset: u64) -> io::Result<usize> {
        let state = self.drive.state();
        state.there()?;
        if state.unreadable.contains(&self.file) {
            return Err(io::Error::other("a sector cannot be read"));
        }
        let content = &state.files[&self.file].cached;
        let from = usize::try_from(offset).unwrap().min(content.len());
        let length = part.len().min(content.len() - from);
        part[..length].copy_from_slice(&content[from..from + length]);
        Ok(length)
    }

    fn write_at(&mut self, part: &[u8], offset: u64) -> io::Result<()> {
        self.write(Write::Bytes(usize::try_from(offset).unwrap(), part.to_vec()))
    }

    fn truncate(&mut self, bytes: u64) -> io::Result<()> {
        self.write(Write::Length(usize::try_from(bytes).unwrap()))
    }

    fn sync(&mut self) -> io::Result<()> {
        let mut state = self.drive.state();
        if state.point()? {
            return Err(gone());
        }
        state.flush_file(self.file);
        Ok(())
    }
}

impl Device for DriveFile {
    fn reopen(self) -> io::Result<Self> {
        self.drive.remount()?;
        Ok(self)
    }
}
