//! The keys of encrypted backup sets: who has one, and for whom.
//!
//! None is stored. A key is the BLAKE3, keyed with a secret of the server's, of the organisation and of
//! a salt that is written on the drive with the set: so whatever becomes of the database, the key is
//! there as long as that secret is, which is in every backup of the server. Appliances of another
//! organisation that get hold of a drive are given another key, which opens nothing.

use std::sync::Arc;

use domfleet_shared::backup_key::{BackupKey, KeyName};
use domfleet_shared::id::{DriveId, OrganisationId};
use domfleet_shared::operation::Operation;
use domfleet_shared::operation::backup::{BackupCreate, BackupRestore};
use domfleet_shared::operation::sets::{BackupCompare, BackupImport};
use uuid::Uuid;

/// Makes keys.
#[derive(Clone)]
pub struct SetKeys(Arc<[u8; 32]>);

/// Says nothing of the secret.
impl std::fmt::Debug for SetKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SetKeys").finish_non_exhaustive()
    }
}

impl SetKeys {
    /// Of this secret.
    pub fn new(secret: [u8; 32]) -> Self {
        Self(Arc::new(secret))
    }

    /// The key that a new set of `organisation` is encrypted with, by name.
    pub fn new_name(&self, organisation: OrganisationId) -> KeyName {
        let salt = Uuid::new_v4();
        KeyName { id: self.key(organisation, salt).id(), salt: Some(salt) }
    }

    /// The key of that salt.
    pub fn key(&self, organisation: OrganisationId, salt: Uuid) -> BackupKey {
        let mut hasher = blake3::Hasher::new_keyed(&self.0);
        hasher.update(b"domfleet backup set key 1");
        hasher.update(organisation.0.as_bytes());
        hasher.update(salt.as_bytes());
        BackupKey::new(*hasher.finalize().as_bytes())
    }

    /// The operation with the key that it is to have: one of ours, whatever was asked for.
    pub fn settle(&self, operation: Operation, organisation: OrganisationId) -> Operation {
        match operation {
            Operation::BackupCreate(create) => {
                let key = create.encrypted.then(|| self.new_name(organisation));
                Operation::BackupCreate(BackupCreate { key, ..create })
            }
            Operation::BackupImport(import) => {
                let key = import.encrypted.then(|| self.new_name(organisation));
                Operation::BackupImport(BackupImport { key, ..import })
            }
            other => other,
        }
    }
}

/// The drive on which an operation may need the keys of sets, and the key that it makes a set with.
pub fn needed(operation: &Operation) -> Option<(DriveId, Option<KeyName>)> {
    match operation {
        // It goes on with what was begun.
        Operation::BackupCreate(BackupCreate { drive, key, .. })
        | Operation::BackupImport(BackupImport { drive, key, .. }) => Some((*drive, *key)),
        Operation::BackupVerify { drive, .. }
        | Operation::BackupCompare(BackupCompare { drive, .. })
        | Operation::BackupRestore(BackupRestore { drive, .. }) => Some((*drive, None)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_the_same_whenever_it_is_asked_for_and_another_for_every_organisation_and_salt() {
        let keys = SetKeys::new([7; 32]);
        let (ours, theirs) = (OrganisationId::new(), OrganisationId::new());
        let name = keys.new_name(ours);
        let salt = name.salt.unwrap();

        assert_eq!(SetKeys::new([7; 32]).key(ours, salt).id(), name.id);
        assert_ne!(keys.key(theirs, salt), keys.key(ours, salt));
        assert_ne!(keys.key(ours, Uuid::new_v4()), keys.key(ours, salt));
        assert_ne!(SetKeys::new([8; 32]).key(ours, salt), keys.key(ours, salt));
        assert_ne!(keys.new_name(ours), name);
    }

    #[test]
    fn whoever_asks_chooses_whether_a_set_is_encrypted_and_never_with_which_key() {
        let (keys, organisation) = (SetKeys::new([7; 32]), OrganisationId::new());
        let theirs = BackupKey::new([0; 32]).name();
        let asked = |encrypted| {
            let create = BackupCreate {
                drive: DriveId::new(),
                vms: Vec::new(),
                shut_down: false,
                encrypted,
                parity: false,
                key: Some(theirs),
                snapshot: false,
                keep: None,
            };
            match keys.settle(Operation::BackupCreate(create), organisation) {
                Operation::BackupCreate(create) => create.key,
                other => panic!("{other:?}"),
            }
        };

        assert_eq!(asked(false), None);
        let key = asked(true).unwrap();
        assert_ne!(key, theirs);
        assert_eq!(keys.key(organisation, key.salt.unwrap()).id(), key.id);
    }
}
