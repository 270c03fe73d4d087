//! What is on a simulated drive, what the system believes to be on it, and what a power cut leaves.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::{Arc, Mutex};

#[expect(clippy::struct_excessive_bools, reason = "each is a fault of its own")]
#[derive(Clone, Default)]
pub(super) struct State {
    pub(super) files: BTreeMap<u64, Content>,
    /// What the running system sees.
    pub(super) names: BTreeMap<String, u64>,
    pub(super) folders: BTreeSet<String>,
    /// What is on the medium.
    pub(super) kept_names: BTreeMap<String, u64>,
    pub(super) kept_folders: BTreeSet<String>,
    /// Changes of names that were not flushed, by the folder that they are in.
    pub(super) changes: BTreeMap<String, Vec<Change>>,
    pub(super) next_file: u64,
    pub(super) points: u64,
    pub(super) cut_at: Option<u64>,
    pub(super) is_gone: bool,
    /// The flush that stores one byte wrongly without saying so, counted from 1.
    pub(super) bad_flush: Option<u64>,
    pub(super) flushes: u64,
    /// Whether of what is larger than a little a part is lost.
    pub(super) keeps_nothing_large: bool,
    pub(super) room: Option<u64>,
    /// Whether it says that it has more room than it has.
    pub(super) is_boastful: bool,
    pub(super) is_read_only: bool,
    pub(super) unreadable: BTreeSet<u64>,
    /// Blocks of files that cannot be read.
    pub(super) bad_blocks: BTreeSet<(u64, usize)>,
    /// What it shares with other parts of the machine that it is plugged into.
    pub(super) power: Option<Power>,
}

/// The power of a machine, which can be cut at any point of any of its parts.
#[derive(Clone, Default)]
pub(crate) struct Power(Arc<Mutex<Supply>>);

#[derive(Default)]
struct Supply {
    points: u64,
    cut_at: Option<u64>,
    is_off: bool,
}

impl Power {
    pub(crate) fn points(&self) -> u64 {
        self.0.lock().unwrap().points
    }

    /// Cuts it at that point, counted from now.
    pub(crate) fn cut_after(&self, points: u64) {
        let mut supply = self.0.lock().unwrap();
        supply.cut_at = Some(supply.points + points);
    }

    /// Cuts it, now.
    pub(crate) fn cut(&self) {
        self.0.lock().unwrap().is_off = true;
    }

    pub(crate) fn is_off(&self) -> bool {
        self.0.lock().unwrap().is_off
    }

    pub(crate) fn restore(&self) {
        let mut supply = self.0.lock().unwrap();
        (supply.is_off, supply.cut_at) = (false, None);
    }

    /// Passes a point. Tells whether it is cut there: what is done then is done, and nobody hears of it.
    pub(crate) fn point(&self) -> io::Result<bool> {
        let mut supply = self.0.lock().unwrap();
        if supply.is_off {
            return Err(io::Error::other("there is no power"));
        }
        supply.points += 1;
        supply.is_off = supply.cut_at.is_some_and(|at| supply.points > at);
        Ok(supply.is_off)
    }
}

#[derive(Clone, Default)]
pub(super) struct Content {
    pub(super) cached: Vec<u8>,
    pub(super) kept: Vec<u8>,
    pub(super) writes: Vec<Write>,
}

#[derive(Clone)]
pub(super) enum Write {
    Bytes(usize, Vec<u8>),
    Length(usize),
}

#[derive(Clone)]
pub(super) enum Change {
    Name(String, u64),
    Renamed(String, String, u64),
    Removed(String),
    Folder(String),
    RemovedFolder(String),
}

/// What a power cut leaves of what was not flushed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Left {
    Nothing,
    Everything,
    /// By these dice.
    Some(u64),
}

impl Write {
    pub(super) fn apply(&self, content: &mut Vec<u8>) {
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

pub(super) fn folder_of(name: &str) -> String {
    name.rsplit_once('/').map_or(String::new(), |(folder, _)| folder.to_owned())
}

impl State {
    pub(super) fn new_file(&mut self) -> u64 {
        self.next_file += 1;
        self.files.insert(self.next_file, Content::default());
        self.next_file
    }

    pub(super) fn there(&self) -> io::Result<()> {
        let is_off = self.power.as_ref().is_some_and(Power::is_off);
        if self.is_gone || is_off { Err(io::Error::other("the drive is gone")) } else { Ok(()) }
    }

    /// Passes a point. Tells whether the power is cut at it: what is done then is done, but never
    /// flushed, and nobody hears of it.
    pub(super) fn point(&mut self) -> io::Result<bool> {
        self.there()?;
        if self.is_read_only {
            return Err(io::ErrorKind::ReadOnlyFilesystem.into());
        }
        self.points += 1;
        self.is_gone = self.cut_at.is_some_and(|at| self.points > at);
        let is_cut = self.power.as_ref().map_or(Ok(false), Power::point)?;
        Ok(self.is_gone || is_cut)
    }

    pub(super) fn change(&mut self, folder: String, change: Change) {
        self.changes.entry(folder).or_default().push(change);
    }

    pub(super) fn flush_names(&mut self, folder: &str, up_to: usize) {
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

    pub(super) fn flush_file(&mut self, file: u64) {
        self.flushes += 1;
        let is_bad = self.bad_flush == Some(self.flushes) || self.loses(file);
        let content = self.files.get_mut(&file).unwrap();
        content.writes.clear();
        content.kept = content.cached.clone();
        if is_bad && let Some(byte) = content.kept.last_mut() {
            *byte ^= 0x10;
        }
    }

    /// Whether it is a file whose data is where a drive has nothing that says that it has.
    fn loses(&self, file: u64) -> bool {
        let is_data = |name: &str| name.contains("/c/") || name.contains("/p/");
        self.keeps_nothing_large
            && self.names.iter().any(|(name, other)| *other == file && is_data(name))
    }

    pub(super) fn lose(&mut self, left: Left) {
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

    pub(super) fn forget_cache(&mut self) {
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

    pub(super) fn used(&self) -> u64 {
        self.names.values().map(|file| self.files[file].cached.len() as u64).sum()
    }
}
