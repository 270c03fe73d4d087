//! Backup sets, as operators see them.

use domfleet_shared::Timestamp;
use domfleet_shared::backup_set::SetSummary;
use domfleet_shared::id::DriveId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::people::Named;

/// A backup set on a drive, as the appliance last told of it that had the drive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = BackupSetView)]
pub struct BackupSet {
    /// The appliance.
    pub appliance: Named,
    /// The drive.
    pub drive: DriveId,
    /// What is in it, and when it was verified.
    #[serde(flatten)]
    pub summary: SetSummary,
    /// When that was told.
    pub told_at: Timestamp,
    /// When it was told that it is not on the drive any more; nothing while it is.
    pub gone_at: Option<Timestamp>,
}

/// What is known of a set after `told`, of which `before` was known.
///
/// A list of sets says when one was verified, and not what was found to be damaged in it: that is
/// kept until it is written to, or read back, again.
pub fn after(before: Option<SetSummary>, told: SetSummary) -> SetSummary {
    let Some(before) = before else { return told };
    let is_as_damaged = told.verified_at.is_none()
        && told.troubles.is_empty()
        && told.sealed_at == before.sealed_at;
    if is_as_damaged { SetSummary { troubles: before.troubles, ..told } } else { told }
}

#[cfg(test)]
mod tests {
    use domfleet_shared::id::SetId;

    use super::*;

    fn set(verified: Option<i64>, sealed: i64, troubles: &[&str]) -> SetSummary {
        SetSummary {
            set: SetId(uuid::Uuid::from_u128(1)),
            created_at: Timestamp::from_millis(0),
            sealed_at: Some(Timestamp::from_millis(sealed)),
            verified_at: verified.map(Timestamp::from_millis),
            key: None,
            stored_bytes: 1,
            is_protected: false,
            troubles: troubles.iter().map(|&trouble| trouble.into()).collect(),
            vms: Vec::new(),
        }
    }

    #[test]
    fn damage_that_was_found_is_known_until_the_set_is_whole_or_another_one() {
        let damaged = set(None, 5, &["chunk 3 is not what it was"]);
        let known = |told| after(Some(damaged.clone()), told).troubles.len();

        assert_eq!(known(set(None, 5, &[])), 1);
        assert_eq!(known(set(Some(9), 5, &[])), 0);
        assert_eq!(known(set(None, 8, &[])), 0);
        assert_eq!(after(None, set(None, 5, &[])).troubles.len(), 0);
    }
}
