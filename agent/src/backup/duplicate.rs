//! A set on a second drive: the same files, read back there to the last byte.
//!
//! Encrypted or not, the pieces are carried over as they are, so that the manifest and everything that it vouches for
//! is the same on both.

use std::collections::BTreeSet;
use std::io;

use domfleet_shared::id::SetId;

use super::buffer::Buffer;
use super::durable::{self, UNFINISHED};
use super::error::BackupError;
use super::medium::{Medium, MediumFile as _};
use super::names::Folder;
use super::parity::Protection;
use super::tools::Tools;
use super::verify::{Proof, verify};

/// What is read and written at once.
const PART: usize = 1 << 20;
/// A set has a few levels of folders; a stranger could make more.
const DEEPEST: usize = 16;
/// So often a drive may give back something else than what was written.
const MOST_TIMES: usize = 3;

/// Brings a sealed set onto another medium, and reads every byte back there. What is there already, and right, stays;
/// where it is interrupted, the same call goes on.
pub fn duplicate<M: Medium>(tools: Tools<'_, M>, to: &M, set: SetId) -> Result<Proof, BackupError> {
    let folder = Folder::new(set);
    let there = Tools { medium: to, ..tools };
    let mut last = String::new();
    for _ in 0..MOST_TIMES {
        Duplicate { tools, to }.carry_over(&folder)?;
        last = match verify(there, set) {
            Ok(proof) if proof.damages.is_empty() && is_protected(&proof) => return Ok(proof),
            Ok(proof) => proof.damages.first().map_or("its parity".to_owned(), ToString::to_string),
            // What says what belongs to it is damaged itself.
            Err(
                damaged @ (BackupError::Damaged(_)
                | BackupError::Document(_)
                | BackupError::Journal(_)
                | BackupError::NotSealed
                | BackupError::Missing(_)),
            ) => damaged.to_string(),
            Err(error) => return Err(error),
        };
        // What is compared from here on was read back already, and so comes from the medium.
    }
    Err(BackupError::Unreliable(last))
}

fn is_protected(proof: &Proof) -> bool {
    proof.protection.as_ref().is_none_or(Protection::is_whole)
}

struct Duplicate<'t, M> {
    tools: Tools<'t, M>,
    to: &'t M,
}

const READING: &str = "reading what is to be on the second drive";
const WRITING: &str = "writing to the second drive";

impl<M: Medium> Duplicate<'_, M> {
    fn carry_over(&self, folder: &Folder) -> Result<(), BackupError> {
        let mut files = Vec::new();
        files_of(self.tools.medium, folder.path(), DEEPEST, &mut files)
            .map_err(BackupError::medium(READING))?;
        // Of a set there is nothing without its plan, and it is sealed by its journal alone.
        files.sort_by_key(|(name, _)| (is_journal(folder, name), name.clone()));
        let total = files.iter().map(|(_, bytes)| bytes).sum();
        self.forget_others(folder, &files)?;
        self.check_room(folder, total)?;
        self.tools.meter.begin("copying to the second drive", total);
        for (name, bytes) in &files {
            self.carry(name, *bytes)?;
        }
        Ok(())
    }

    /// Refuses what has no room there, before the first byte of it.
    fn check_room(&self, folder: &Folder, total: u64) -> Result<(), BackupError> {
        let failed = BackupError::medium(WRITING);
        let mut there = Vec::new();
        files_of(self.to, folder.path(), DEEPEST, &mut there).map_err(&failed)?;
        let there: u64 = there.iter().map(|(_, bytes)| bytes).sum();
        let (needed, free) = (total.saturating_sub(there), self.to.free_bytes().map_err(&failed)?);
        if needed > free { Err(BackupError::NoRoom { needed, free }) } else { Ok(()) }
    }

    /// What is left of an earlier generation, or of what was cut off.
    fn forget_others(&self, folder: &Folder, files: &[(String, u64)]) -> Result<(), BackupError> {
        let failed = BackupError::medium(WRITING);
        let known: BTreeSet<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
        let mut there = Vec::new();
        files_of(self.to, folder.path(), DEEPEST, &mut there).map_err(&failed)?;
        for (name, _) in there {
            if !known.contains(name.as_str()) {
                durable::remove(self.to, &name).map_err(&failed)?;
            }
        }
        Ok(())
    }

    fn carry(&self, name: &str, bytes: u64) -> Result<(), BackupError> {
        let (reading, writing) = (BackupError::medium(READING), BackupError::medium(WRITING));
        self.tools.meter.go_on()?;
        let from = self.tools.medium.open(name).map_err(&reading)?;
        let from = from.ok_or_else(|| reading(io::ErrorKind::NotFound.into()))?;
        if self.is_equal(&from, name, bytes)? {
            self.tools.meter.advance(bytes);
            return Ok(());
        }
        let (folder, _) = name.rsplit_once('/').unwrap_or_default();
        durable::make_folders(self.to, folder).map_err(&writing)?;
        let unfinished = format!("{name}{UNFINISHED}");
        let mut to = self.to.create(&unfinished).map_err(&writing)?;
        let mut buffer = Buffer::new(PART);
        let mut offset = 0;
        while offset < bytes {
            self.tools.meter.go_on()?;
            let part = part(bytes - offset);
            buffer.resize(part);
            read_all(&from, buffer.as_mut(), offset).map_err(&reading)?;
            to.write_at(buffer.as_ref(), offset).map_err(&writing)?;
            offset += part as u64;
            self.tools.meter.advance(part as u64);
        }
        to.sync().map_err(&writing)?;
        drop(to);
        durable::settle(self.to, &unfinished, name).map_err(&writing)
    }

    /// Whether the second drive has it. What cannot be read there is written again.
    fn is_equal(&self, from: &M::File, name: &str, bytes: u64) -> Result<bool, BackupError> {
        let Ok(Some(to)) = self.to.open(name) else { return Ok(false) };
        if !to.bytes().is_ok_and(|length| length == bytes) {
            return Ok(false);
        }
        let (mut here, mut there) = (Buffer::new(PART), Buffer::new(PART));
        let mut offset = 0;
        while offset < bytes {
            self.tools.meter.go_on()?;
            let part = part(bytes - offset);
            here.resize(part);
            there.resize(part);
            read_all(from, here.as_mut(), offset).map_err(BackupError::medium(READING))?;
            if read_all(&to, there.as_mut(), offset).is_err() || here.as_ref() != there.as_ref() {
                return Ok(false);
            }
            offset += part as u64;
        }
        Ok(true)
    }
}

fn part(left: u64) -> usize {
    usize::try_from(left).map_or(PART, |left| left.min(PART))
}

fn read_all(file: &impl super::medium::MediumFile, part: &mut [u8], offset: u64) -> io::Result<()> {
    if file.read_at(part, offset)? < part.len() {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(())
}

fn is_journal(folder: &Folder, name: &str) -> bool {
    let of_set = name.strip_prefix(folder.path()).unwrap_or(name);
    of_set.starts_with("/journal.")
}

/// The files in a folder and in those in it, with their lengths.
fn files_of(
    medium: &impl Medium,
    folder: &str,
    depth: usize,
    files: &mut Vec<(String, u64)>,
) -> io::Result<()> {
    for name in medium.list(folder)? {
        let path = format!("{folder}/{name}");
        match medium.list(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
                if let Some(file) = medium.open(&path)? {
                    files.push((path, file.bytes()?));
                }
            }
            Err(error) => return Err(error),
            Ok(_) if depth > 0 => files_of(medium, &path, depth - 1, files)?,
            Ok(_) => {}
        }
    }
    Ok(())
}
