//! Small files that are there whole or not at all, whatever is cut, and when.

use std::io;

use super::medium::{Medium, MediumFile as _};

/// What the name of a file ends with until it is whole.
pub(super) const UNFINISHED: &str = ".new";

/// Puts `bytes` under `name`, in place of what is there. Durable when it returns.
pub(crate) fn publish(medium: &impl Medium, name: &str, bytes: &[u8]) -> io::Result<()> {
    let unfinished = format!("{name}{UNFINISHED}");
    let mut file = medium.create(&unfinished)?;
    file.write_at(bytes, 0)?;
    file.sync()?;
    drop(file);
    settle(medium, &unfinished, name)
}

/// Gives a file that is durable its name, for good.
pub(super) fn settle(medium: &impl Medium, unfinished: &str, name: &str) -> io::Result<()> {
    medium.rename(unfinished, name)?;
    medium.sync_folder(folder_of(name))
}

/// Gives files of one folder that are durable their names, for good.
pub(super) fn settle_all(medium: &impl Medium, files: &[(String, String)]) -> io::Result<()> {
    for (unfinished, name) in files {
        medium.rename(unfinished, name)?;
    }
    files.first().map_or(Ok(()), |(_, name)| medium.sync_folder(folder_of(name)))
}

/// Removes a file, for good.
pub(crate) fn remove(medium: &impl Medium, name: &str) -> io::Result<()> {
    medium.remove(name)?;
    medium.sync_folder(folder_of(name))
}

/// Makes a folder and all that it is in, for good.
pub(crate) fn make_folders(medium: &impl Medium, name: &str) -> io::Result<()> {
    for (at, _) in name.match_indices('/').chain([(name.len(), "")]) {
        let folder = name.get(..at).unwrap_or(name);
        medium.make_folder(folder)?;
        medium.sync_folder(folder_of(folder))?;
    }
    Ok(())
}

/// The whole file, nothing where there is none. One longer than `most` is an error: it is not ours.
pub(crate) fn read(medium: &impl Medium, name: &str, most: u64) -> io::Result<Option<Vec<u8>>> {
    let Some(file) = medium.open(name)? else { return Ok(None) };
    let bytes = file.bytes()?;
    if bytes > most {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "longer than it can be"));
    }
    let length = usize::try_from(bytes).map_err(|_| io::ErrorKind::OutOfMemory)?;
    let mut content = vec![0; length];
    if file.read_at(&mut content, 0)? < length {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(Some(content))
}

/// The folder that something is in; the medium's own is the empty name.
fn folder_of(name: &str) -> &str {
    name.rsplit_once('/').map_or("", |(folder, _)| folder)
}
