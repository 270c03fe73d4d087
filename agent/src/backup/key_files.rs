//! Keys of encrypted sets in files: those that a person keeps, and those that this dom0 has been given.
//!
//! A file holds a key a line; lines that begin with `#` and empty ones are for people.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use domfleet_shared::backup_key::{BackupKey, KeyTextError};

/// Thousands of keys fit.
const LONGEST: u64 = 1024 * 1024;

/// Why there are no keys.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// The file.
    #[error("{}", .path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// Something in it is no key.
    #[error("{}, line {line}", .path.display())]
    Text {
        /// The file.
        path: PathBuf,
        /// Where in it, from 1 on.
        line: usize,
        /// What is wrong.
        #[source]
        source: KeyTextError,
    },
    /// Nothing is in it.
    #[error("{} holds no backup key", .0.display())]
    Empty(PathBuf),
}

fn failed(path: &Path) -> impl Fn(io::Error) -> KeyFileError + '_ {
    |source| KeyFileError::Io { path: path.to_owned(), source }
}

/// A key that nobody can guess.
pub fn new_key() -> io::Result<BackupKey> {
    let mut bytes = [0; 32];
    aws_lc_rs::rand::fill(&mut bytes).map_err(io::Error::other)?;
    Ok(BackupKey::new(bytes))
}

/// The keys in a file, at least one.
pub fn read(path: &Path) -> Result<Vec<BackupKey>, KeyFileError> {
    let mut text = String::new();
    File::open(path)
        .and_then(|file| file.take(LONGEST).read_to_string(&mut text))
        .map_err(failed(path))?;
    let mut keys = Vec::new();
    for (line, text) in (1..).zip(text.lines()) {
        if text.trim().is_empty() || text.trim_start().starts_with('#') {
            continue;
        }
        let wrong = |source| KeyFileError::Text { path: path.to_owned(), line, source };
        keys.push(text.parse().map_err(wrong)?);
    }
    if keys.is_empty() { Err(KeyFileError::Empty(path.to_owned())) } else { Ok(keys) }
}

/// Writes a key into a new file that only its owner can read. Durable when it returns.
pub fn write_new(path: &Path, key: &BackupKey) -> Result<(), KeyFileError> {
    let text = format!(
        "# The key {} of Domfleet's encrypted backups. Whoever has it can read them;\n\
         # if it is lost, so are they. Keep it where the drives are not.\n{}\n",
        key.id(),
        key.to_text()
    );
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map_err(failed(path))?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(failed(path))?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed(path))
}

/// Those that this dom0 has been given. One that cannot be read is left out, and is missed by whoever wants
/// it.
pub fn held(data: &Path) -> Vec<BackupKey> {
    let Ok(entries) = std::fs::read_dir(data.join(crate::keys::FOLDER)) else { return Vec::new() };
    let mut keys = Vec::new();
    for entry in entries.flatten() {
        match read(&entry.path()) {
            Ok(read) => keys.extend(read),
            Err(error) => tracing::warn!(%error, "a backup key cannot be read"),
        }
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_says_on_which_line_it_holds_no_key_and_is_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let key = new_key().unwrap();
        write_new(&path, &key).unwrap();
        assert!(read(&path).unwrap().contains(&key));

        assert!(write_new(&path, &new_key().unwrap()).is_err());
        assert_eq!(read(&path).unwrap(), [key]);

        std::fs::write(&path, "# a label\n\nhunter2\n").unwrap();
        assert!(matches!(read(&path), Err(KeyFileError::Text { line: 3, .. })));
        std::fs::write(&path, "# a label\n").unwrap();
        assert!(matches!(read(&path), Err(KeyFileError::Empty(_))));
    }
}
