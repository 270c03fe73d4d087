//! A simulated drive: it loses what was not flushed, and has every fault that a drive can have.
//!
//! Each call that changes something counts as one point. The power can be cut at any point; what was
//! not flushed by then is there in full, in part or not at all: a file's writes each for itself, the
//! names in a folder up to some change.

mod state;

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

use self::state::{Change, Content, State, Write, folder_of};
pub(crate) use self::state::{Left, Power};
use crate::backup::medium::{ALIGNMENT, Medium, MediumFile};
use crate::backup::target::Device;

#[derive(Clone)]
pub(crate) struct Drive(Arc<Mutex<State>>);

impl Drive {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Mutex::new(State::default())))
    }

    /// One that is plugged into a machine.
    pub(crate) fn plugged_into(power: &Power) -> Self {
        let drive = Self::new();
        drive.state().power = Some(power.clone());
        drive
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    pub(crate) fn points(&self) -> u64 {
        self.state().points
    }

    /// Cuts the power at that point, counted from now.
    pub(crate) fn cut_after(&self, points: u64) {
        let mut state = self.state();
        state.cut_at = Some(state.points + points);
    }

    /// Takes its power, now.
    pub(crate) fn cut(&self) {
        self.state().is_gone = true;
    }

    /// Gives it power again.
    pub(crate) fn power_up(&self, left: Left) {
        let mut state = self.state();
        state.lose(left);
        state.cut_at = None;
        state.is_gone = false;
    }

    /// From now on, its n-th flush of a file stores a byte wrongly.
    pub(crate) fn store_wrongly(&self, flush: u64) {
        let mut state = self.state();
        state.flushes = 0;
        state.bad_flush = Some(flush);
    }

    /// It stores again what it is given.
    pub(crate) fn store_rightly(&self) {
        self.state().bad_flush = None;
    }

    /// From now on it has lost of what is larger than a little, as one does that says it is larger than it is.
    pub(crate) fn keep_nothing_large(&self) {
        self.state().keeps_nothing_large = true;
    }

    /// Whether its power was cut.
    pub(crate) fn is_cut(&self) -> bool {
        self.state().is_gone
    }

    /// It is in that machine from now on.
    pub(crate) fn plug_into(&self, power: &Power) {
        self.state().power = Some(power.clone());
    }

    /// How often a file was flushed since [`Self::store_wrongly`], or ever.
    pub(crate) fn flushes(&self) -> u64 {
        self.state().flushes
    }

    pub(crate) fn set_room(&self, bytes: Option<u64>) {
        self.state().room = bytes;
    }

    /// Has it say from now on that it has room without end: a quota, or somebody else's files, are in
    /// the way of what was promised.
    pub(crate) fn boast(&self) {
        self.state().is_boastful = true;
    }

    pub(crate) fn set_read_only(&self, is_read_only: bool) {
        self.state().is_read_only = is_read_only;
    }

    /// Everything that is on it, by name, as it would be read after a replug.
    pub(crate) fn kept(&self) -> BTreeMap<String, Vec<u8>> {
        let state = self.state();
        let content = |file: &u64| state.files[file].kept.clone();
        state.kept_names.iter().map(|(name, file)| (name.clone(), content(file))).collect()
    }

    /// Changes what is on it, behind everybody's back.
    pub(crate) fn tamper(&self, name: &str, change: impl FnOnce(&mut Vec<u8>)) {
        let mut state = self.state();
        let file = state.names[name];
        let content = state.files.get_mut(&file).unwrap();
        change(&mut content.kept);
        content.cached = content.kept.clone();
    }

    /// Removes a file behind everybody's back.
    pub(crate) fn take_away(&self, name: &str) {
        let mut state = self.state();
        state.names.remove(name);
        state.kept_names.remove(name);
    }

    /// Has every read of a file fail.
    pub(crate) fn make_unreadable(&self, name: &str) {
        let mut state = self.state();
        let file = state.names[name];
        state.unreadable.insert(file);
    }

    /// Has every read fail that touches that block of a file.
    pub(crate) fn make_block_unreadable(&self, name: &str, block: usize) {
        let mut state = self.state();
        let file = state.names[name];
        state.bad_blocks.insert((file, block));
    }

    /// A file of that content, as if someone else had left it.
    pub(crate) fn leave(&self, name: &str, content: &[u8]) {
        let mut state = self.state();
        let file = state.new_file();
        let kept = content.to_vec();
        state.files.insert(file, Content { cached: kept.clone(), kept, writes: Vec::new() });
        state.names.insert(name.into(), file);
        state.kept_names.insert(name.into(), file);
    }

    /// The same in another machine, of which nothing is shared with this one.
    pub(crate) fn copied_into(&self, power: &Power) -> Self {
        let mut state = self.state().clone();
        state.power = state.power.map(|_| power.clone());
        Self(Arc::new(Mutex::new(state)))
    }

    /// Not in any machine any more.
    pub(crate) fn unplugged(&self) -> &Self {
        self.state().power = None;
        self
    }

    /// What is on it, a line for each file: what is in it, or, of those that hold times, how many lines that has. And
    /// what of it is not flushed.
    pub(crate) fn outline(&self, text: &mut String, holds_times: impl Fn(&str) -> bool) {
        use std::fmt::Write as _;
        let state = self.state();
        for (name, file) in &state.names {
            let content = &state.files[file];
            let bad = state.unreadable.contains(file)
                || state.bad_blocks.iter().any(|(bad, _)| bad == file);
            let kept = state.kept_names.get(name) == Some(file);
            let flushed = content.writes.is_empty() && content.kept == content.cached;
            if holds_times(name) {
                let lines = content.cached.split(|byte| *byte == b'\n').count();
                writeln!(text, "{name} {lines} {kept} {flushed} {bad}").unwrap();
            } else {
                let hash = blake3::hash(&content.cached);
                writeln!(text, "{name} {hash} {kept} {flushed} {bad}").unwrap();
            }
        }
        let gone = state.kept_names.keys().filter(|name| !state.names.contains_key(*name));
        writeln!(text, "{:?} {}", gone.collect::<Vec<_>>(), state.keeps_nothing_large).unwrap();
    }

    /// An empty one in its place.
    pub(crate) fn emptied(&self) -> Self {
        let power = self.state().power.clone();
        Self(Arc::new(Mutex::new(State { power, ..State::default() })))
    }

    /// A copy of the drive as it is, to be used apart from it.
    pub(crate) fn cloned(&self) -> Self {
        Self(Arc::new(Mutex::new(self.state().clone())))
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
        if state.names.contains_key(folder) {
            return Err(io::ErrorKind::NotADirectory.into());
        }
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

pub(crate) struct DriveFile {
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
        let blocks = from / ALIGNMENT..(from + length).div_ceil(ALIGNMENT);
        if blocks.into_iter().any(|block| state.bad_blocks.contains(&(self.file, block))) {
            return Err(io::Error::other("a sector cannot be read"));
        }
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
