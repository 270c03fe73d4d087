//! What is asked about backup sets that there are already, or that another program has made.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::keep::Keep;
use crate::backup_key::KeyName;
use crate::id::{DriveId, SetId, VmId};

/// A set to be held against the disks that it was made of, where they are now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BackupCompare {
    /// The drive, which must be plugged in.
    pub drive: DriveId,
    /// The set; the newest finished one (that holds the VM) where none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub set: Option<SetId>,
    /// The disks of this VM alone, which must be off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vm: Option<VmId>,
}

/// Sets of a drive that need not be kept, to be removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BackupPrune {
    /// The drive, which must be plugged in.
    pub drive: DriveId,
    /// What is kept. It must keep something.
    pub keep: Keep,
    /// Only say what would be removed.
    #[serde(default)]
    pub dry_run: bool,
}

/// A backup that another program has made, to be taken over as a set of ours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BackupImport {
    /// The drive that the set is made on, which must be plugged in.
    pub drive: DriveId,
    /// The folder in dom0, by its absolute path: disk images, and the xl configurations of their VMs.
    pub from: String,
    /// Encrypt the set, as for a new backup.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub encrypted: bool,
    /// The key, where the set is encrypted. The server settles it, whatever is asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(read_only)]
    pub key: Option<KeyName>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operation::{Class, Lock, Operation};

    #[test]
    fn only_what_removes_sets_is_destructive_and_all_of_it_holds_the_drives() {
        let (drive, vm) = (DriveId::new(), VmId::new());
        let keep = Keep { last: 1, ..Keep::default() };
        let prune = |dry_run| Operation::BackupPrune(BackupPrune { drive, keep, dry_run });
        let compare = Operation::BackupCompare(BackupCompare { drive, set: None, vm: Some(vm) });
        let from = "/old".to_owned();
        let import =
            Operation::BackupImport(BackupImport { drive, from, encrypted: false, key: None });

        assert_eq!(prune(false).class(), Class::Destructive);
        assert_eq!(prune(true).class(), Class::Read);
        assert_eq!((compare.class(), import.class()), (Class::Read, Class::Mutate));
        assert_eq!(compare.locks(), [Lock::Usb, Lock::Vm(vm)]);
        for operation in [prune(false), prune(true), compare, import] {
            assert!(operation.is_work() && operation.locks().contains(&Lock::Usb));
            let json = serde_json::to_value(&operation).unwrap();
            assert_eq!(json["kind"], operation.kind());
            assert_eq!(serde_json::from_value::<Operation>(json).unwrap(), operation);
        }
    }
}
