//! A small JSON document in a file of its own, replaced whole.

use std::io;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Files;

/// No document of ours comes near this.
const LIMIT: usize = 1024 * 1024;

/// Why a document could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The file system.
    #[error("{name} in the agent's data directory cannot be accessed")]
    Io {
        /// The file.
        name: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Not what we write.
    #[error("{name} in the agent's data directory is damaged")]
    Damaged {
        /// The file.
        name: String,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
}

/// The document in `name`, nothing where there is none.
pub async fn load<T: DeserializeOwned>(
    files: &impl Files,
    name: &str,
) -> Result<Option<T>, RecordError> {
    let io = |source| RecordError::Io { name: name.to_owned(), source };
    let Some(bytes) = files.read(name, LIMIT).await.map_err(io)? else { return Ok(None) };
    serde_json::from_slice(&bytes)
        .map(Some)
        .map_err(|source| RecordError::Damaged { name: name.to_owned(), source })
}

/// Makes `document` the content of `name`.
pub async fn store<T: Serialize>(
    files: &impl Files,
    name: &str,
    document: &T,
) -> Result<(), RecordError> {
    let bytes = serde_json::to_vec(document)
        .map_err(|source| RecordError::Damaged { name: name.to_owned(), source })?;
    files
        .replace(name, bytes)
        .await
        .map_err(|source| RecordError::Io { name: name.to_owned(), source })
}
