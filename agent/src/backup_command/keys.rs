//! Keys of encrypted sets, and `domfleet-agent backup key`.

use std::path::{Path, PathBuf};

use domfleet_agent::backup::cipher::Keyring;
use domfleet_agent::backup::key_files;
use domfleet_shared::backup_key::{BackupKey, KeyName};
use serde_json::json;

use super::Answer;

/// The keys at hand, and the one that a new set is encrypted with.
pub(super) struct Keys {
    pub(super) ring: Keyring,
    pub(super) new: Option<KeyName>,
}

impl Keys {
    /// Those that were given, and those that this dom0 has.
    pub(super) fn read(files: &[PathBuf], data: Option<&Path>) -> anyhow::Result<Self> {
        let mut keys = Vec::new();
        for file in files {
            keys.extend(key_files::read(file)?);
        }
        let new = keys.first().map(BackupKey::name);
        keys.extend(data.map(key_files::held).unwrap_or_default());
        Ok(Self { ring: Keyring::new(keys), new })
    }
}

/// Makes a key in a new file.
pub(super) fn new_key(file: &Path) -> anyhow::Result<Answer> {
    let key = key_files::new_key()?;
    key_files::write_new(file, &key)?;
    let text = format!(
        "the key {} is in {}: keep a copy of it where the drives are not, for without it nothing of a \
         backup can be read",
        key.id(),
        file.display()
    );
    Ok(Answer::good(json!({ "key": key.id(), "file": file }), text))
}
