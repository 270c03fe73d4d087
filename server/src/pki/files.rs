//! Files that must be there after a power cut, and that nobody else may read.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

use super::PkiError;

/// Makes `dir`, for the server alone.
pub(super) fn private_directory(dir: &Path) -> Result<(), PkiError> {
    DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(|error| at(dir, error))
}

/// The text of `path`, if there is such a file.
pub(super) fn read(path: &Path) -> Result<Option<String>, PkiError> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(at(path, error)),
    }
}

/// Puts `text` into `path` as a whole or not at all; when it returns it is on disk.
pub(super) fn write(path: &Path, text: &str) -> Result<(), PkiError> {
    let new = path.with_extension("new");
    write_through(&new, path, text).map_err(|error| at(path, error))
}

fn write_through(new: &Path, path: &Path, text: &str) -> io::Result<()> {
    let mut file =
        OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(new)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(new, path)?;
    path.parent().map_or(Ok(()), |dir| File::open(dir)?.sync_all())
}

fn at(path: &Path, source: io::Error) -> PkiError {
    PkiError::File { path: path.to_owned(), source }
}
