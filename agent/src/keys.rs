//! The keys of encrypted backup sets that this dom0 has been given, one a file.
//!
//! On dom0, whose guests' disks are in the clear beside them, they give nothing away: what they keep from
//! being read is a drive that is carried out of the house.

use std::io;

use domfleet_shared::backup_key::BackupKey;

use crate::backup::cipher::Keyring;
use crate::storage::Files;

pub(crate) const FOLDER: &str = "keys";
const LONGEST: usize = 1024;

/// Keeps a key, for good.
pub(crate) async fn hold(files: &impl Files, key: &BackupKey) -> io::Result<()> {
    let name = format!("{FOLDER}/{}", key.id());
    let text = format!("{}\n", key.to_text());
    if files.read(&name, LONGEST).await?.as_deref() == Some(text.as_bytes()) {
        return Ok(());
    }
    files.replace(&name, text.into_bytes()).await
}

/// All that are held. One that cannot be read is left out, and is missed by whoever wants it.
pub(crate) async fn held(files: &impl Files) -> io::Result<Keyring> {
    let mut keys = Vec::new();
    for entry in files.list(FOLDER).await? {
        let text = files.read(&format!("{FOLDER}/{}", entry.name), LONGEST).await;
        let text = text.ok().flatten().and_then(|text| String::from_utf8(text).ok());
        if let Some(key) = text.and_then(|text| text.parse().ok()) {
            keys.push(key);
        } else {
            tracing::warn!(file = entry.name, "a backup key cannot be read");
        }
    }
    Ok(Keyring::new(keys))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Memory;
    use domfleet_shared::backup_key::KeyName;

    #[tokio::test]
    async fn what_a_dom0_is_given_it_has_and_what_is_damaged_hides_no_other() {
        let files = Memory::default();
        let keys = [BackupKey::new([1; 32]), BackupKey::new([2; 32])];
        for key in &keys {
            hold(&files, key).await.unwrap();
            hold(&files, key).await.unwrap();
        }
        let opens = async |key: &BackupKey| {
            held(&files).await.unwrap().opens(Some(KeyName { id: key.id(), salt: None }))
        };
        assert!(opens(&keys[0]).await && opens(&keys[1]).await);

        let damaged = format!("{FOLDER}/{}", keys[0].id());
        files.replace(&damaged, keys[0].to_text().as_bytes()[..30].to_vec()).await.unwrap();

        assert!(!opens(&keys[0]).await && opens(&keys[1]).await);
        hold(&files, &keys[0]).await.unwrap();
        assert!(opens(&keys[0]).await);
    }
}
